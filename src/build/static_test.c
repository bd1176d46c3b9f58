/* Builds that are found again, repeated to the byte, or killed: stored plans under a key of
 * content, replays, SIGKILL at any moment. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/digits.h"
#include "support/net.h"

static void note(void *user, scull_severity_t severity, const char *text) {
  (void)severity;
  scull_base_text_print(user, "%s\n", text);
}

static void copy_file(const char *from, const char *to, const char *name) {
  char a[256], b[256];
  scull_file_t file;
  snprintf(a, sizeof a, "%s/%s", from, name);
  snprintf(b, sizeof b, "%s/%s", to, name);
  assert_int_equal(scull_base_file_open(a, &file, NULL), SCULL_OK);
  assert_int_equal(scull_base_file_write(b, file.bytes.data, file.bytes.size, NULL), SCULL_OK);
  scull_base_file_close(&file);
}

/* A folder of its own with the digits model in it. */
static void copy_model(char *folder) {
  net_temporary("model", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  copy_file(SCULL_SOURCE_DIR "/zoo/digits", folder, "model.pdmodel");
  copy_file(SCULL_SOURCE_DIR "/zoo/digits", folder, "model.pdiparams");
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  (void)at;
  return remove(path);
}

static void remove_tree(const char *folder) {
  assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A static build; the log goes to `log`, the plan's path to `path` (256 bytes). */
static void build_static(const char *folder, scull_build_options_t *o, scull_text_t *log,
                         char *path) {
  scull_builder_t *b = NULL;
  o->model.model_path = folder;
  o->use_static = true;
  o->logger = (scull_logger_t){note, log, SCULL_SEVERITY_INFO};
  scull_base_text_deinit(log);
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  if (scull_builder_build(b, o, NULL) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  snprintf(path, 256, "%s", scull_builder_static_path(b));
  assert_non_null(strstr(scull_builder_report(b), "\"layers\""));
  scull_builder_destroy(b);
}

static void stored_plans_are_found(void **state) {
  (void)state;
  char folder[128], moved[128], first[256], second[256];
  scull_build_options_t o;
  scull_text_t log = {0};
  copy_model(folder);
  digits_options(&o);
  build_static(folder, &o, &log, first);
  assert_non_null(strstr(log.data, "none is stored"));
  build_static(folder, &o, &log, second);
  assert_string_equal(first, second);
  assert_non_null(strstr(log.data, "the stored plan is used"));
  /* the folder moves: the key holds no path */
  net_temporary("moved", moved);
  assert_int_equal(rename(folder, moved), 0);
  build_static(moved, &o, &log, second);
  assert_non_null(strstr(log.data, "the stored plan is used"));
  assert_string_equal(strrchr(first, '/'), strrchr(second, '/'));
  /* other options are another plan */
  o.max_batch = 4;
  build_static(moved, &o, &log, first);
  assert_non_null(strstr(log.data, "none is stored"));
  assert_string_not_equal(strrchr(first, '/'), strrchr(second, '/'));
  scull_base_text_deinit(&log);
  remove_tree(moved);
}

static void damaged_ones_are_built_again(void **state) {
  (void)state;
  char folder[128], path[256];
  scull_build_options_t o;
  scull_text_t log = {0};
  copy_model(folder);
  digits_options(&o);
  build_static(folder, &o, &log, path);
  assert_int_equal(scull_base_file_write(path, "rubbish", 7, NULL), SCULL_OK);
  build_static(folder, &o, &log, path);
  assert_non_null(strstr(log.data, "damaged"));
  build_static(folder, &o, &log, path);
  assert_non_null(strstr(log.data, "the stored plan is used"));
  scull_base_text_deinit(&log);
  remove_tree(folder);
}

static void another_model_is_another_plan(void **state) {
  (void)state;
  char folder[128], first[256], second[256], params[160];
  scull_build_options_t o;
  scull_text_t log = {0};
  scull_file_t file;
  copy_model(folder);
  digits_options(&o);
  build_static(folder, &o, &log, first);
  snprintf(params, sizeof params, "%s/model.pdiparams", folder);
  assert_int_equal(scull_base_file_open(params, &file, NULL), SCULL_OK);
  size_t size = file.bytes.size;
  uint8_t *bytes = malloc(size);
  assert_non_null(bytes);
  memcpy(bytes, file.bytes.data, size);
  scull_base_file_close(&file);
  bytes[size - 3] ^= 1; /* one weight, a little */
  assert_int_equal(scull_base_file_write(params, bytes, size, NULL), SCULL_OK);
  free(bytes);
  build_static(folder, &o, &log, second);
  assert_non_null(strstr(log.data, "none is stored"));
  assert_string_not_equal(first, second);
  scull_base_text_deinit(&log);
  remove_tree(folder);
}

/* --- calibration as Paddle's interface to TensorRT has it
 * -----------------------------------------
 */

/* One life of a program: returns whether it is to collect; int8 layers go to *int8. */
static bool live_once(const char *folder, bool *int8, char *table) {
  static const scull_layer_precision_t all = {"*", SCULL_PRECISION_INT8};
  scull_builder_t *b = NULL;
  scull_build_options_t o;
  digits_options(&o);
  o.model.model_path = folder;
  o.precisions = SCULL_PRECISION_INT8;
  o.layer_precisions = &all; /* nothing is timed: permission alone would leave it to the order */
  o.layer_precision_count = 1;
  o.prefer_layer_precisions = true;
  o.use_static = o.use_calib_mode = true;
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  if (scull_builder_build(b, &o, NULL) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  const bool wants = scull_builder_wants_calibration(b);
  snprintf(table, 256, "%s", scull_builder_calibration_path(b));
  *int8 = strstr(scull_builder_report(b), "\"int8\": 0}") == NULL;
  scull_builder_destroy(b);
  return wants;
}

static void collect(const char *folder) {
  scull_collector_t *c = NULL;
  scull_build_options_t o;
  digits_options(&o);
  o.model.model_path = folder;
  assert_int_equal(scull_collector_create(&o, &c), SCULL_OK);
  assert_int_equal(scull_collector_write(c, SCULL_CALIBRATION_ENTROPY, NULL),
                   SCULL_INVALID_ARGUMENT); /* nothing was added */
  scull_tensor_info_t info;
  scull_engine_t *e = digits_engine();
  assert_int_equal(scull_engine_input(e, 0, &info), SCULL_OK);
  scull_named_tensor_t t = {.name = info.name, .rank = info.rank};
  memcpy(t.dims, info.opt, sizeof t.dims);
  t.dims[0] = 8;
  t.size = 8 * DIGITS_PIXELS * sizeof(float);
  for (int i = 0; i < 4; i++) {
    t.data = digits_pictures() + (ptrdiff_t)i * 8 * DIGITS_PIXELS;
    assert_int_equal(scull_collector_add(c, &t, 1), SCULL_OK);
  }
  assert_int_equal(scull_collector_count(c), 32);
  t.size /= 2;
  assert_int_not_equal(scull_collector_add(c, &t, 1), SCULL_OK);
  t.name = "nobody";
  assert_int_equal(scull_collector_add(c, &t, 1), SCULL_NOT_FOUND);
  assert_int_equal(scull_collector_write(c, SCULL_CALIBRATION_ENTROPY, NULL), SCULL_OK);
  scull_engine_destroy(e);
  scull_collector_destroy(c);
}

static void the_second_life_is_int8(void **state) {
  (void)state;
  char folder[128], table[256];
  bool int8 = true;
  copy_model(folder);
  assert_true(live_once(folder, &int8, table));
  assert_false(int8);
  assert_non_null(strstr(table, "_opt_cache/trt_calib_"));
  collect(folder);
  assert_false(live_once(folder, &int8, table));
  assert_true(int8);
  assert_int_equal(scull_base_file_write(table, "rubbish", 7, NULL), SCULL_OK);
  assert_true(live_once(folder, &int8, table));
  assert_false(int8);
  remove_tree(folder);
}

/* --- repeating -----------------------------------------------------------------------------------
 */

static void build_to(scull_build_options_t *o, const char *path) {
  scull_builder_t *b = NULL;
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  if (scull_builder_build(b, o, path) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  scull_builder_destroy(b);
}

static void same_bytes(const char *a, const char *b) {
  scull_file_t x, y;
  assert_int_equal(scull_base_file_open(a, &x, NULL), SCULL_OK);
  assert_int_equal(scull_base_file_open(b, &y, NULL), SCULL_OK);
  assert_int_equal(x.bytes.size, y.bytes.size);
  assert_memory_equal(x.bytes.data, y.bytes.data, x.bytes.size);
  scull_base_file_close(&x);
  scull_base_file_close(&y);
}

static void replays_are_the_same_to_the_byte(void **state) {
  (void)state;
  char choices[128], a[128], b[128];
  scull_build_options_t o;
  net_temporary("choices", choices);
  net_temporary("a", a);
  net_temporary("b", b);
  digits_options(&o);
  o.tune = SCULL_TUNE_FAST;
  o.save_replay = choices;
  build_to(&o, a);
  o.save_replay = NULL;
  o.replay = choices;
  build_to(&o, a);
  build_to(&o, b);
  same_bytes(a, b);
  unlink(choices);
  unlink(a);
  unlink(b);
}

/* --- killed --------------------------------------------------------------------------------------
 */

static void kill_one_build(scull_build_options_t *o, const char *path, long microseconds) {
  const struct timespec pause = {.tv_nsec = microseconds * 1000};
  int status = 0;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    scull_builder_t *b = NULL;
    if (scull_builder_create(&b) == SCULL_OK)
      (void)!scull_builder_build(b, o, path);
    _exit(0);
  }
  nanosleep(&pause, NULL);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, &status, 0), child);
}

static void killed_builds_leave_everything_whole(void **state) {
  (void)state;
  char folder[128], plan[160], cache[160];
  scull_build_options_t o;
  scull_text_t log = {0};
  net_temporary("killed", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  snprintf(plan, sizeof plan, "%s/net.plan", folder);
  snprintf(cache, sizeof cache, "%s/cache", folder);
  digits_options(&o);
  o.threads = 1; /* a forked child's builds are */
  o.tune = SCULL_TUNE_FAST;
  o.timing_cache = cache;
  build_to(&o, plan); /* the cache is warm then: builds are short, writing is much of them */
  o.logger = (scull_logger_t){note, &log, SCULL_SEVERITY_WARNING};
  for (long i = 0; i < 30; i++) {
    scull_engine_t *e = NULL;
    scull_engine_options_t strict;
    scull_engine_options_init(&strict);
    strict.strict = true;
    kill_one_build(&o, plan, i * 1700);
    assert_int_equal(scull_engine_open(plan, &strict, &e), SCULL_OK);
    scull_engine_destroy(e);
  }
  build_to(&o, plan);
  assert_null(log.data); /* no warning: the cache is whole */
  scull_base_text_deinit(&log);
  remove_tree(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stored_plans_are_found),
      cmocka_unit_test(damaged_ones_are_built_again),
      cmocka_unit_test(another_model_is_another_plan),
      cmocka_unit_test(the_second_life_is_int8),
      cmocka_unit_test(replays_are_the_same_to_the_byte),
      cmocka_unit_test(killed_builds_leave_everything_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
