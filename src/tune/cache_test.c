/* The timing cache: damage costs lines, never a build; other devices' lines are carried along; it
 * is written whole or not at all. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/net.h"

static const scull_device_t *device(const char *name) {
  static scull_device_t one;
  one = (scull_device_t){.backend = scull_backend_find("null")};
  snprintf(one.name, sizeof one.name, "%s", name);
  return &one;
}

static scull_tune_cache_t *open_cache(const char *path, const char *name, size_t warnings) {
  scull_tune_cache_t *cache = NULL;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  assert_int_equal(scull_tune_cache_open(path, device(name), &cache, &diag), SCULL_OK);
  assert_int_equal(diag.warnings, warnings);
  scull_base_diag_deinit(&diag);
  return cache;
}

static double found(const scull_tune_cache_t *cache, const char *key) {
  double time = -77;
  return scull_tune_cache_find(cache, key, &time) ? time : -77;
}

static void close_cache(scull_tune_cache_t *cache) {
  assert_int_equal(scull_tune_cache_write(cache, NULL), SCULL_OK);
  scull_tune_cache_destroy(cache);
}

/* A file with ten lines of device "a". */
static void make_file(const char *path) {
  scull_tune_cache_t *cache = open_cache(path, "a", 0);
  for (int i = 0; i < 10; i++) {
    char key[16];
    snprintf(key, sizeof key, "key %d", i);
    assert_true(scull_tune_cache_add(cache, key, i == 9 ? -1 : 10.5 + i));
  }
  close_cache(cache);
}

static void times_come_back(void **state) {
  (void)state;
  char path[128];
  net_temporary("cache", path);
  make_file(path);
  scull_tune_cache_t *cache = open_cache(path, "a", 0);
  assert_true(found(cache, "key 3") == 13.5);
  assert_true(found(cache, "key 9") == -1); /* cannot run */
  assert_true(found(cache, "key 10") == -77);
  assert_true(scull_tune_cache_add(cache, "key 3", 2));
  assert_true(found(cache, "key 3") == 2);
  close_cache(cache);
  cache = open_cache(path, "a", 0);
  assert_true(found(cache, "key 3") == 2);
  scull_tune_cache_destroy(cache);
  unlink(path);
}

static void other_devices_lines_are_kept_and_not_used(void **state) {
  (void)state;
  char path[128];
  net_temporary("cache", path);
  make_file(path);
  scull_tune_cache_t *cache = open_cache(path, "b", 0);
  assert_true(found(cache, "key 3") == -77);
  assert_true(scull_tune_cache_add(cache, "key 3", 99));
  close_cache(cache);
  cache = open_cache(path, "a", 0);
  assert_true(found(cache, "key 3") == 13.5);
  scull_tune_cache_destroy(cache);
  cache = open_cache(path, "b", 0);
  assert_true(found(cache, "key 3") == 99);
  scull_tune_cache_destroy(cache);
  unlink(path);
}

static void no_path_is_no_file(void **state) {
  (void)state;
  scull_tune_cache_t *cache = open_cache(NULL, "a", 0);
  assert_true(scull_tune_cache_add(cache, "k", 1));
  assert_true(found(cache, "k") == 1);
  close_cache(cache);
  scull_tune_cache_destroy(NULL);
}

static void put(const char *path, const char *text, size_t size) {
  assert_int_equal(scull_base_file_write(path, text, size, NULL), SCULL_OK);
}

static void strangers_are_replaced(void **state) {
  (void)state;
  static const char *const strangers[] = {"", "scull", "scull timing cache 9\n"};
  char path[128];
  net_temporary("cache", path);
  for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
    put(path, strangers[i], strlen(strangers[i]));
    scull_tune_cache_t *cache = open_cache(path, "a", 1);
    assert_true(scull_tune_cache_add(cache, "k", 1));
    close_cache(cache);
    cache = open_cache(path, "a", 0);
    assert_true(found(cache, "k") == 1);
    scull_tune_cache_destroy(cache);
  }
  unlink(path);
}

/* A file named by mistake keeps its content. */
static void other_files_are_left_alone(void **state) {
  static const char content[] = "\x7f"
                                "ELF\nnot a cache, whatever stands in its second line\n";
  char path[128];
  scull_file_t file;
  scull_tune_cache_t *cache = NULL;
  scull_diag_t diag;
  (void)state;
  net_temporary("cache", path);
  put(path, content, sizeof content);
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_tune_cache_open(path, device("a"), &cache, &diag), SCULL_CORRUPT);
  assert_null(cache);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), path));
  scull_base_diag_deinit(&diag);
  assert_int_equal(scull_base_file_open(path, &file, NULL), SCULL_OK);
  assert_int_equal(file.bytes.size, sizeof content);
  assert_memory_equal(file.bytes.data, content, sizeof content);
  scull_base_file_close(&file);
  unlink(path);
}

/* Each byte in turn: at most the line that it stands in is lost. */
static void damage_costs_lines(void **state) {
  (void)state;
  static const uint8_t changes[] = {0x01, 0x80, 0x0a, 0xff};
  char path[128];
  scull_file_t file;
  net_temporary("cache", path);
  make_file(path);
  assert_int_equal(scull_base_file_open(path, &file, NULL), SCULL_OK);
  size_t size = file.bytes.size, head = strlen("scull timing cache 1\n");
  char *bytes = malloc(size);
  assert_non_null(bytes);
  for (size_t at = head; at < size; at++) {
    scull_tune_cache_t *cache = NULL;
    int kept = 0;
    memcpy(bytes, file.bytes.data, size);
    bytes[at] = (char)(bytes[at] ^ changes[at % 4]);
    put(path, bytes, size);
    assert_int_equal(scull_tune_cache_open(path, device("a"), &cache, NULL), SCULL_OK);
    for (int i = 0; i < 10; i++) {
      char key[16];
      snprintf(key, sizeof key, "key %d", i);
      kept += found(cache, key) != -77;
    }
    assert_true(kept >= 8); /* a newline that is gone costs two */
    scull_tune_cache_destroy(cache);
  }
  for (size_t cut = 0; cut < size; cut++) {
    scull_tune_cache_t *cache = NULL;
    put(path, (const char *)file.bytes.data, cut);
    assert_int_equal(scull_tune_cache_open(path, device("a"), &cache, NULL), SCULL_OK);
    scull_tune_cache_destroy(cache);
  }
  free(bytes);
  scull_base_file_close(&file);
  unlink(path);
}

static void damaged_lines_are_warned_of(void **state) {
  (void)state;
  static const char text[] = "scull timing cache 1\n"
                             "0123456789abcdef0123456789abcdef 0123456789abcdef 1.5\n"
                             "0123456789abcdef0123456789abcdeg 0123456789abcdef 1.5\n"
                             "0123456789abcdef0123456789abcde0 0123456789abcdef 1,5\n"
                             "0123456789abcdef0123456789abcde0 0123456789abcdef nan\n"
                             "0123456789abcdef0123456789abcde0 0123456789abcdef 1e99\n"
                             "short\n";
  char path[128];
  scull_diag_t diag;
  scull_tune_cache_t *cache = NULL;
  net_temporary("cache", path);
  put(path, text, sizeof text - 1);
  scull_base_diag_init(&diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  assert_int_equal(scull_tune_cache_open(path, device("a"), &cache, &diag), SCULL_OK);
  assert_int_equal(diag.warnings, 1);
  assert_non_null(strstr(diag.first->text, "5 damaged lines"));
  scull_base_diag_deinit(&diag);
  scull_tune_cache_destroy(cache);
  unlink(path);
}

/* A folder that cannot be written: words, and the old file as it was. */
static void it_is_written_whole_or_not_at_all(void **state) {
  (void)state;
  char folder[128], path[160];
  scull_diag_t diag;
  net_temporary("folder", folder);
  snprintf(path, sizeof path, "%s/cache", folder);
  assert_int_equal(mkdir(folder, 0700), 0);
  make_file(path);
  scull_tune_cache_t *cache = open_cache(path, "a", 0);
  assert_true(scull_tune_cache_add(cache, "key 3", 1));
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  for (uint64_t n = 1; n <= 6; n++) {
    scull_base_memory_fail_at(n);
    scull_status_t status = scull_tune_cache_write(cache, &diag);
    scull_base_memory_fail_at(0);
    if (status == SCULL_OK)
      break;
    assert_int_equal(status, SCULL_OUT_OF_MEMORY);
    scull_tune_cache_t *again = open_cache(path, "a", 0);
    assert_true(found(again, "key 3") == 13.5);
    scull_tune_cache_destroy(again);
  }
  scull_base_diag_clear(&diag);
  unlink(path);
  rmdir(folder);
  assert_int_equal(scull_tune_cache_write(cache, &diag), SCULL_NOT_FOUND);
  net_says(&diag, path);
  scull_base_diag_deinit(&diag);
  scull_tune_cache_destroy(cache);
}

static void keys_tell_measurements_apart(void **state) {
  (void)state;
  net_t net;
  scull_site_t site;
  scull_value_id_t *values = NULL;
  net_open(&net, "input %x: f32[1x8x4x4]\n%y = relu(%x)\noutput %y\n", "null");
  scull_node_id_t node = 0;
  assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                   SCULL_OK);
  const scull_tactic_t *tactic = net.device->backend->tactics[0];
  scull_tactic_t newer = *tactic;
  newer.version++;
  scull_config_t config = {0}, knob = {.knob = {0, 0, 1}};
  const char *key = scull_tune_cache_key(&net.arena, &site, tactic, &config);
  assert_string_equal(key, scull_tune_cache_key(&net.arena, &site, tactic, &config));
  assert_string_not_equal(key, scull_tune_cache_key(&net.arena, &site, &newer, &config));
  assert_string_not_equal(key, scull_tune_cache_key(&net.arena, &site, tactic, &knob));
  site.threads++;
  assert_string_not_equal(key, scull_tune_cache_key(&net.arena, &site, tactic, &config));
  site.threads--;
  site.values[0].layout = SCULL_LAYOUT_NHWC;
  assert_string_not_equal(key, scull_tune_cache_key(&net.arena, &site, tactic, &config));
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_come_back),
      cmocka_unit_test(other_devices_lines_are_kept_and_not_used),
      cmocka_unit_test(no_path_is_no_file),
      cmocka_unit_test(strangers_are_replaced),
      cmocka_unit_test(other_files_are_left_alone),
      cmocka_unit_test(damage_costs_lines),
      cmocka_unit_test(damaged_lines_are_warned_of),
      cmocka_unit_test(it_is_written_whole_or_not_at_all),
      cmocka_unit_test(keys_tell_measurements_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
