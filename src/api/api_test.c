/* The public functions with good and bad arguments, and what they promise: words, order of
 * destruction, waiting, cancelling, looking in. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/digits.h"
#include "support/net.h"

/* The call was refused, and says who refused it. */
static void refused(scull_status_t status, const char *words) {
  assert_int_equal(status, SCULL_INVALID_ARGUMENT);
  if (strstr(scull_last_error(), words) == NULL)
    fail_msg("'%s' does not say '%s'", scull_last_error(), words);
}

static void collect(void *user, const char *text, size_t size) {
  assert_int_equal(strlen(text), size);
  scull_base_text_add(user, text, size);
}

static void library(void **state) {
  (void)state;
  assert_string_equal(scull_version(), "0.1.0");
  assert_string_equal(scull_status_name(SCULL_OUT_OF_RANGE), "OUT_OF_RANGE");
  assert_true(scull_status_text((scull_status_t)999)[0] != '\0');
  scull_device_info_t info;
  size_t count = 0;
  while (scull_device_get(count, &info) == SCULL_OK) {
    assert_true(info.backend[0] != '\0');
    assert_true(info.absent != NULL || info.facts[0] != '\0');
    count++;
  }
  assert_true(count >= 2);
  assert_int_equal(scull_device_get(count, &info), SCULL_NOT_FOUND);
  assert_true(scull_last_error()[0] != '\0');
  refused(scull_device_get(0, NULL), "scull_device_get");
}

static void builders_refuse(void **state) {
  (void)state;
  scull_build_options_t o;
  scull_builder_t *b = NULL;
  static const char *const ops[] = {"conv2d", "sotfmax"}; /* the first is the model's word */
  static const char *const passes[] = {"fold_bach_norm"};
  static const char *const tactics[] = {"other.build.*", "cpu.cpoy"};
  static const scull_shape_range_t nameless = {.rank = 1};
  static const scull_shape_range_t deep = {.name = "x", .rank = 99};
  static const scull_fixed_input_t unnamed = {.dtype = SCULL_DTYPE_F32};
  static const scull_fixed_input_t typeless = {.name = "x", .data = "", .size = 1};
  static const scull_fixed_input_t short_one = {
      .name = "x", .dtype = SCULL_DTYPE_F32, .rank = 1, .dims = {2}, .data = "12", .size = 2};
  static const scull_layer_precision_t two_types = {"x", 3};
  refused(scull_builder_create(NULL), "scull_builder_create");
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  assert_string_equal(scull_builder_report(b), "");
  assert_string_equal(scull_builder_report(NULL), "");
  assert_string_equal(scull_builder_static_path(NULL), "");
  scull_builder_destroy(NULL);
  scull_builder_cancel(NULL);
  scull_build_options_init(NULL);
  scull_build_options_init(&o);
  refused(scull_builder_build(b, &o, "x"), "no model");
  digits_options(&o);
  refused(scull_builder_build(NULL, &o, "x"), "builder is NULL");
  refused(scull_builder_build(b, NULL, "x"), "options are NULL");
#define REFUSE(change, words)                                                                      \
  digits_options(&o);                                                                              \
  change;                                                                                          \
  refused(scull_builder_build(b, &o, "x"), words)
  REFUSE(o.struct_size--, "another version");
  REFUSE(o.model.struct_size--, "another version");
  REFUSE(o.input_count = 1, "inputs are NULL");
  REFUSE((o.input_count = 1, o.inputs = &nameless), "no name");
  REFUSE((o.input_count = 1, o.inputs = &deep), "dimensions");
  REFUSE((o.input_count = 1, o.inputs = &deep, o.use_static = true), "dimensions");
  REFUSE(o.fixed_input_count = 1, "fixed_inputs are NULL");
  REFUSE((o.fixed_input_count = 1, o.fixed_inputs = &unnamed), "no name");
  REFUSE((o.fixed_input_count = 1, o.fixed_inputs = &short_one), "another size");
  REFUSE((o.fixed_input_count = 1, o.fixed_inputs = &typeless), "no dtype");
  REFUSE(o.threads = -1, "out of range");
  REFUSE(o.max_batch = -1, "out of range");
  REFUSE(o.tune = (scull_tune_t)9, "out of range");
  REFUSE(o.stop_after = (scull_stage_t)9, "out of range");
  REFUSE(o.disabled_op_count = 1, "NULL");
  REFUSE(o.precisions = 1u << 9, "unknown bit");
  REFUSE(o.layer_precision_count = 1, "layer_precisions are NULL");
  REFUSE((o.layer_precision_count = 1, o.layer_precisions = &two_types), "not one precision");
  REFUSE((o.disabled_ops = ops, o.disabled_op_count = 2), "did you mean 'softmax'?");
  REFUSE((o.disabled_passes = passes, o.disabled_pass_count = 1),
         "did you mean 'fold_batch_norm'?");
  REFUSE((o.disabled_tactics = tactics, o.disabled_tactic_count = 2), "did you mean 'cpu.copy'?");
  digits_options(&o);
  o.device = "abacus";
  assert_int_equal(scull_builder_build(b, &o, "x"), SCULL_DEVICE);
  assert_non_null(strstr(scull_last_error(), "abacus"));
  digits_options(&o);
  o.model.model_path = "/nowhere/at/all";
  assert_int_equal(scull_builder_build(b, &o, "x"), SCULL_NOT_FOUND);
  assert_non_null(strstr(scull_last_error(), "/nowhere/at/all"));
  scull_builder_destroy(b);
}

static void take_port(void *user, const scull_port_info_t *port) {
  scull_base_text_print(user, "%s %s rank %d,", port->is_output ? "out" : "in",
                        scull_tensor_dtype_name(port->dtype), port->rank);
  for (int32_t i = 0; i < port->rank; i++)
    scull_base_text_print(user, " %lld", (long long)port->dims[i]);
  scull_base_text_print(user, "\n");
}

/* what the file declares, the batch open */
static void declared_ports(void **state) {
  (void)state;
  scull_build_options_t o;
  scull_text_t text = {0};
  digits_options(&o);
  assert_int_equal(scull_model_ports(&o, take_port, &text), SCULL_OK);
  assert_string_equal(text.data, "in f32 rank 4, -1 1 8 8\nout f32 rank 2, -1 10\n");
  refused(scull_model_ports(&o, NULL, NULL), "take");
  refused(scull_model_ports(NULL, take_port, &text), "options");
  o.model.model_path = "/nowhere/at/all";
  assert_int_equal(scull_model_ports(&o, take_port, &text), SCULL_NOT_FOUND);
  scull_base_text_deinit(&text);
}

static void descriptions(void **state) {
  (void)state;
  scull_build_options_t o;
  scull_text_t text = {0};
  digits_options(&o);
  assert_int_equal(scull_model_describe(&o, collect, &text), SCULL_OK);
  assert_non_null(strstr(text.data, "\"conv2d\""));
  refused(scull_model_describe(&o, NULL, NULL), "sink");
  refused(scull_model_describe(NULL, collect, &text), "options");
  scull_base_text_deinit(&text);
  /* what is not supported is described, not refused */
  static const char net[] = "input: 'x' input_shape { dim: 1 dim: 2 }\n"
                            "layer { name: 'a' type: 'TanH' bottom: 'x' top: 'a' }\n"
                            "layer { name: 'b' type: 'Sigmiod' bottom: 'a' top: 'b' }\n"
                            "layer { name: 'c' type: 'Pooling' bottom: 'a' top: 'c' pooling_param "
                            "{ pool: STOCHASTIC } }\n";
  o.model = (scull_model_source_t)SCULL_MODEL_SOURCE_INIT;
  o.model.model_data = net;
  o.model.model_size = sizeof net - 1;
  assert_int_equal(scull_model_describe(&o, collect, &text), SCULL_OK);
  assert_non_null(strstr(text.data, "\"TanH\": 1"));
  assert_non_null(strstr(text.data, "\"type\": \"Sigmiod\", \"count\": 1"));
  assert_non_null(strstr(text.data, "\"nearest\": \"Sigmoid\""));
  assert_non_null(strstr(text.data, "\"nearest\": \"the same operator in another form\""));
  scull_base_text_deinit(&text);
  assert_int_equal(scull_ops_describe("paddle", collect, &text), SCULL_OK);
  assert_non_null(strstr(text.data, "\"softmax\""));
  refused(scull_ops_describe(NULL, NULL, NULL), "sink");
  refused(scull_ops_describe("papyrus", collect, &text), "papyrus");
  scull_base_text_deinit(&text);
}

static void engines_refuse(void **state) {
  (void)state;
  char path[128];
  scull_engine_t *e = (scull_engine_t *)path;
  scull_engine_options_t o;
  net_temporary("plan", path);
  refused(scull_engine_open(NULL, NULL, &e), "no plan");
  assert_null(e);
  refused(scull_engine_open(path, NULL, NULL), "out_engine");
  assert_int_equal(scull_engine_open(path, NULL, &e), SCULL_NOT_FOUND);
  assert_non_null(strstr(scull_last_error(), path));
  scull_engine_options_init(&o);
  scull_engine_options_init(NULL);
  o.struct_size = 3;
  refused(scull_engine_open(path, &o, &e), "another version");
  refused(scull_engine_open_memory(NULL, 10, NULL, &e), "no plan");
  static _Alignas(64) const char junk[4096];
  assert_int_equal(scull_engine_open_memory(junk, sizeof junk, NULL, &e), SCULL_CORRUPT);
  assert_non_null(strstr(scull_last_error(), "no plan file"));
  digits_build(path);
  scull_engine_options_init(&o);
  o.device = "abacus";
  assert_int_equal(scull_engine_open(path, &o, &e), SCULL_DEVICE);
  o.device = "null";
  o.strict = true;
  assert_int_equal(scull_engine_open(path, &o, &e), SCULL_NEEDS_BUILD);
  assert_null(e);
  unlink(path);
  scull_engine_destroy(NULL);
  assert_int_equal(scull_engine_input_count(NULL) + scull_engine_output_count(NULL) +
                       scull_engine_arena_size(NULL),
                   0);
  assert_string_equal(scull_engine_report(NULL), "");
}

static void ports(void **state) {
  (void)state;
  scull_engine_t *e = digits_engine();
  scull_tensor_info_t info;
  size_t index = 9;
  assert_int_equal(scull_engine_input_count(e), 1);
  assert_int_equal(scull_engine_output_count(e), 1);
  assert_int_equal(scull_engine_input(e, 0, &info), SCULL_OK);
  assert_int_equal(info.rank, 4);
  assert_int_equal(info.min[0], 1);
  assert_int_equal(info.max[0], 8);
  assert_int_equal(info.dtype, SCULL_DTYPE_F32);
  assert_int_equal(scull_engine_find_input(e, info.name, &index), SCULL_OK);
  assert_int_equal(index, 0);
  assert_int_equal(scull_engine_output(e, 0, &info), SCULL_OK);
  assert_int_equal(scull_engine_find_output(e, info.name, &index), SCULL_OK);
  assert_int_equal(scull_engine_input(e, 1, &info), SCULL_OUT_OF_RANGE);
  assert_int_equal(scull_engine_output(e, SIZE_MAX, &info), SCULL_OUT_OF_RANGE);
  assert_int_equal(scull_engine_find_input(e, "nobody", &index), SCULL_NOT_FOUND);
  assert_non_null(strstr(scull_last_error(), "no input 'nobody'"));
  refused(scull_engine_input(NULL, 0, &info), "NULL");
  refused(scull_engine_output(e, 0, NULL), "NULL");
  refused(scull_engine_find_output(e, NULL, &index), "NULL");
  assert_non_null(strstr(scull_engine_report(e), "\"layers\""));
  scull_engine_destroy(e);
}

static void contexts_refuse(void **state) {
  (void)state;
  static const int64_t nine[] = {9, 1, 8, 8};
  scull_engine_t *e = digits_engine();
  scull_context_t *c = NULL;
  scull_context_options_t o;
  scull_tensor_view_t view;
  refused(scull_context_create(NULL, NULL, &c), "NULL");
  refused(scull_context_create(e, NULL, NULL), "NULL");
  scull_context_options_init(NULL);
  scull_context_options_init(&o);
  o.struct_size++;
  refused(scull_context_create(e, &o, &c), "another header");
  scull_context_options_init(&o);
  o.threads = -2;
  refused(scull_context_create(e, &o, &c), "threads");
  scull_context_options_init(&o);
  o.arena = &o;
  o.arena_size = 3;
  refused(scull_context_create(e, &o, &c), "arena");
  assert_null(c);
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  assert_int_equal(scull_context_set_input_shape(c, 0, 4, nine), SCULL_OUT_OF_RANGE);
  assert_non_null(strstr(scull_last_error(), "9 lies outside 1..8"));
  refused(scull_context_set_input_shape(c, 0, 4, NULL), "dims is NULL");
  refused(scull_context_set_input_shape(c, 0, 99, nine), "rank");
  refused(scull_context_set_input_shape(NULL, 0, 4, nine), "NULL");
  refused(scull_context_set_input(c, 0, NULL, 10), "where");
  refused(scull_context_set_input(NULL, 0, nine, 10), "NULL");
  refused(scull_context_set_output(NULL, 0, NULL, 0), "NULL");
  assert_int_equal(scull_context_set_output(c, 5, NULL, 0), SCULL_OUT_OF_RANGE);
  assert_int_equal(scull_context_output(c, 5, &view), SCULL_OUT_OF_RANGE);
  refused(scull_context_output(c, 0, NULL), "NULL");
  refused(scull_context_run(c), "is not set");
  refused(scull_context_run(NULL), "NULL");
  refused(scull_context_prepare(NULL), "NULL");
  refused(scull_context_enqueue(NULL), "NULL");
  refused(scull_context_wait(NULL), "NULL");
  refused(scull_context_set_profiler(NULL, NULL, NULL), "NULL");
  refused(scull_context_watch(c, "x", NULL, NULL), "NULL");
  assert_int_equal(scull_context_prepare(c), SCULL_OK);
  assert_string_equal(scull_last_error(), ""); /* of the last call only */
  assert_int_equal(scull_context_output(c, 0, &view), SCULL_OK);
  assert_null(view.data);
  assert_int_equal(view.dims[0], 8);
  scull_context_destroy(c);
  scull_context_destroy(NULL);
  scull_engine_destroy(e);
}

static void answers_are_paddles(void **state) {
  (void)state;
  scull_engine_t *e = digits_engine();
  scull_context_t *c = NULL;
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  for (int first = 0, n = 1; first + n <= DIGITS_PICTURES; first += n, n = n % 8 + 1)
    assert_int_equal(digits_run(c, first, n), 0);
  scull_context_destroy(c);
  scull_engine_destroy(e);
}

static void enqueue_and_wait(void **state) {
  (void)state;
  scull_engine_t *e = digits_engine();
  scull_context_t *c = NULL;
  scull_tensor_view_t view;
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  assert_int_equal(scull_context_wait(c), SCULL_OK); /* nothing under way */
  assert_int_equal(scull_context_enqueue(c), SCULL_OK);
  refused(scull_context_wait(c), "is not set"); /* the words come with the status */
  assert_int_equal(scull_context_set_input(c, 0, digits_pictures(), 8 * 64 * sizeof(float)),
                   SCULL_OK);
  for (int i = 0; i < 20; i++)
    assert_int_equal(scull_context_enqueue(c), SCULL_OK);
  assert_int_equal(scull_context_wait(c), SCULL_OK);
  assert_int_equal(scull_context_output(c, 0, &view), SCULL_OK);
  for (int i = 0; i < 80; i++)
    assert_float_equal(((const float *)view.data)[i], digits_expected()[i], 1e-4);
  assert_int_equal(scull_context_enqueue(c), SCULL_OK);
  scull_context_destroy(c); /* waits */
  scull_engine_destroy(e);
}

static void a_child_of_a_fork_enqueues(void **state) {
  (void)state;
  scull_engine_t *e = digits_engine();
  scull_context_t *c = NULL;
  int status = -1;
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  assert_int_equal(digits_run(c, 0, 8), 0);
  assert_int_equal(scull_context_enqueue(c), SCULL_OK);
  assert_int_equal(scull_context_wait(c), SCULL_OK);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool good = digits_run(c, 8, 8) == 0 && scull_context_enqueue(c) == SCULL_OK &&
                scull_context_wait(c) == SCULL_OK;
    scull_context_destroy(c);
    _exit(good ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  scull_context_destroy(c);
  scull_engine_destroy(e);
}

/* --- cancelling ----------------------------------------------------------------------------------
 */

typedef struct {
  scull_builder_t *builder;
  pthread_t thread;
  size_t calls;
} cancel_t;

static void *cancel_now(void *user) {
  scull_builder_cancel(((cancel_t *)user)->builder);
  return NULL;
}

static bool cancel_at_first(void *user, const scull_progress_t *progress) {
  cancel_t *c = user;
  assert_true(progress->done < progress->total);
  if (c->calls++ == 0) {
    pthread_create(&c->thread, NULL, cancel_now, c);
    pthread_join(c->thread, NULL);
  }
  return true;
}

static bool refuse_at_third(void *user, const scull_progress_t *progress) {
  (void)progress;
  return ++((cancel_t *)user)->calls < 3;
}

static void builds_are_cancelled(void **state) {
  (void)state;
  scull_build_options_t o;
  cancel_t c = {0};
  char path[128];
  net_temporary("cancelled", path);
  assert_int_equal(scull_builder_create(&c.builder), SCULL_OK);
  digits_options(&o);
  o.progress = cancel_at_first;
  o.progress_user = &c;
  assert_int_equal(scull_builder_build(c.builder, &o, path), SCULL_CANCELLED);
  assert_int_equal(c.calls, 1);
  assert_non_null(strstr(scull_last_error(), "cancelled"));
  c.calls = 0;
  o.progress = refuse_at_third;
  assert_int_equal(scull_builder_build(c.builder, &o, path), SCULL_CANCELLED);
  assert_int_equal(c.calls, 3);
  assert_false(scull_base_file_exists(path));
  o.progress = NULL;
  assert_int_equal(scull_builder_build(c.builder, &o, path), SCULL_OK); /* it can build again */
  assert_non_null(strstr(scull_builder_report(c.builder), "\"plan\": {"));
  unlink(path);
  scull_builder_destroy(c.builder);
}

/* --- looking in ----------------------------------------------------------------------------------
 */

typedef struct {
  size_t calls;
  double time;
  scull_tensor_info_t seen;
  float first[DIGITS_CLASSES];
} look_t;

static void see(void *user, const char *name, const scull_tensor_view_t *tensor) {
  look_t *look = user;
  look->calls++;
  assert_true(name[0] != '\0');
  assert_non_null(tensor->data);
  look->seen.rank = tensor->rank;
  memcpy(look->seen.opt, tensor->dims, sizeof tensor->dims);
  memcpy(look->first, tensor->data, sizeof look->first);
}

static void profile(void *user, const scull_layer_time_t *time) {
  look_t *look = user;
  look->calls++;
  look->time += time->microseconds;
  assert_true(time->layer[0] != '\0' && time->tactic[0] != '\0');
}

static void layers_and_tensors_are_seen(void **state) {
  (void)state;
  static const char fused[] = "batch_norm_1.tmp_2"; /* its relu follows in one step */
  scull_engine_t *e = digits_engine();
  scull_context_t *c = NULL;
  scull_tensor_info_t in, out;
  look_t layers = {0}, input = {0}, inner = {0}, output = {0};
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  assert_int_equal(scull_engine_input(e, 0, &in), SCULL_OK);
  assert_int_equal(scull_engine_output(e, 0, &out), SCULL_OK);
  assert_int_equal(scull_context_watch(c, "no such tensor", see, &inner), SCULL_NOT_FOUND);
  assert_non_null(strstr(scull_last_error(), "no such tensor"));
  assert_int_equal(scull_context_set_profiler(c, profile, &layers), SCULL_OK);
  assert_int_equal(scull_context_watch(c, in.name, see, &input), SCULL_OK);
  assert_int_equal(scull_context_watch(c, fused, see, &inner), SCULL_OK);
  assert_int_equal(scull_context_watch(c, out.name, see, &output), SCULL_OK);
  assert_int_equal(digits_run(c, 0, 3), 0);
  assert_true(layers.calls > 5 && layers.time > 0);
  assert_int_equal(input.calls, 1);
  assert_int_equal(inner.calls, 1);
  assert_int_equal(output.calls, 1);
  assert_memory_equal(input.first, digits_pictures(), sizeof input.first);
  assert_int_equal(inner.seen.rank, 4);
  assert_int_equal(inner.seen.opt[0], 3);
  for (int i = 0; i < DIGITS_CLASSES; i++)
    assert_float_equal(output.first[i], digits_expected()[i], 1e-4);
  scull_context_destroy(c);
  scull_engine_destroy(e);
}

/* One tensor of a run, in full. */
typedef struct {
  float values[8 * 16 * 64];
  size_t count;
} whole_t;

static void see_whole(void *user, const char *name, const scull_tensor_view_t *tensor) {
  whole_t *whole = user;
  (void)name;
  assert_int_equal(tensor->dtype, SCULL_DTYPE_F32);
  assert_true(tensor->size <= sizeof whole->values);
  memcpy(whole->values, tensor->data, tensor->size);
  whole->count = tensor->size / sizeof(float);
}

static scull_engine_t *engine_with_outputs(const char *const *names, size_t count) {
  char path[128];
  scull_build_options_t o;
  scull_builder_t *b = NULL;
  scull_engine_t *e = NULL;
  net_temporary("outputs", path);
  digits_options(&o);
  o.extra_outputs = names;
  o.extra_output_count = count;
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  assert_int_equal(scull_builder_build(b, &o, path), SCULL_OK);
  assert_int_equal(scull_engine_open(path, NULL, &e), SCULL_OK);
  scull_builder_destroy(b);
  unlink(path);
  return e;
}

/* What passes folded (a convolution before its batch norm), dropped (dropout), or wrote in place (a
 * concat), and what tactics fused, comes out of a watch as out of a build that has it as output. */
static void removed_tensors_are_watched(void **state) {
  (void)state;
  enum { COUNT = 5 };
  static const char *const names[COUNT] = {"conv2d_0.tmp_0", "batch_norm_5.tmp_2", "concat_0.tmp_0",
                                           "dropout_0.tmp_0", "tmp_1"};
  static whole_t seen[COUNT];
  scull_engine_t *plain = digits_engine(), *marked = engine_with_outputs(names, COUNT);
  scull_context_t *c = NULL, *wanted = NULL;
  assert_int_equal(scull_context_create(plain, NULL, &c), SCULL_OK);
  assert_int_equal(scull_context_create(marked, NULL, &wanted), SCULL_OK);
  for (int i = 0; i < COUNT; i++)
    assert_int_equal(scull_context_watch(c, names[i], see_whole, &seen[i]), SCULL_OK);
  assert_int_equal(digits_run(c, 0, 3), 0);
  assert_int_equal(digits_run(wanted, 0, 3), 0);
  for (size_t i = 0; i < COUNT; i++) {
    scull_tensor_view_t view;
    assert_int_equal(scull_context_output(wanted, 1 + i, &view), SCULL_OK);
    assert_int_equal(view.size, seen[i].count * sizeof(float));
    for (size_t k = 0; k < seen[i].count; k++)
      assert_float_equal(seen[i].values[k], ((const float *)view.data)[k], 1e-4);
  }
  assert_int_equal(scull_context_watch(c, "conv2d_0.tmp_1", see_whole, &seen[0]), SCULL_NOT_FOUND);
  assert_non_null(strstr(scull_last_error(), "did you mean 'conv2d_0.tmp_0'?"));
  scull_context_destroy(c);
  scull_context_destroy(wanted);
  scull_engine_destroy(plain);
  scull_engine_destroy(marked);
}

static void take_layer(void *user, const scull_layer_difference_t *d) {
  look_t *look = user;
  look->calls++;
  assert_true(d->error >= 0 && d->error < 1e-4 && d->introduced <= d->error);
}

static void plans_are_compared(void **state) {
  (void)state;
  char path[128];
  bool equal = false;
  look_t look = {0};
  scull_text_t text = {0};
  scull_compare_options_t o;
  scull_named_tensor_t input = {
      .data = digits_pictures(), .size = 8 * 64 * sizeof(float), .rank = 4, .dims = {8, 1, 8, 8}};
  scull_tensor_info_t info;
  scull_engine_t *e = digits_engine();
  assert_int_equal(scull_engine_input(e, 0, &info), SCULL_OK);
  net_temporary("compare", path);
  digits_build(path);
  scull_compare_options_init(&o);
  input.name = info.name;
  o.plan_path = path;
  o.inputs = &input;
  o.input_count = 1;
  assert_int_equal(scull_compare(&o, take_layer, &look), SCULL_OK);
  assert_true(look.calls > 5);
  look.calls = 0;
  o.against_path = path;
  assert_int_equal(scull_compare(&o, take_layer, &look), SCULL_OK);
  assert_true(look.calls > 5);
  refused(scull_compare(&o, NULL, NULL), "take");
  refused(scull_compare(NULL, take_layer, NULL), "options");
  input.name = "nobody";
  assert_int_equal(scull_compare(&o, take_layer, &look), SCULL_NOT_FOUND);
  assert_int_equal(scull_plan_diff(path, path, &equal, collect, &text), SCULL_OK);
  assert_true(equal);
  refused(scull_plan_diff(path, NULL, &equal, collect, &text), "paths");
  assert_int_equal(scull_plan_describe(path, collect, &text), SCULL_OK);
  assert_non_null(strstr(text.data, "\"steps\""));
  refused(scull_plan_describe(NULL, collect, &text), "path");
  scull_base_text_deinit(&text);
  scull_engine_destroy(e);
  unlink(path);
}

/* --- tuning again --------------------------------------------------------------------------------
 */

static void note_warning(void *user, scull_severity_t severity, const char *text) {
  if (severity == SCULL_SEVERITY_WARNING && strstr(text, "tuned again") != NULL)
    ++*(int *)user;
}

/* A plan for the null device becomes one for the processor, and is right there. */
static void plans_of_other_devices_are_tuned_again(void **state) {
  (void)state;
  char path[128];
  static const char *const passes[] = {"fold_batch_norm"}, *const tactics[] = {"cpu.onednn.*"};
  int warnings = 0;
  scull_build_options_t o;
  scull_builder_t *b = NULL;
  scull_engine_t *e = NULL;
  scull_context_t *c = NULL;
  scull_engine_options_t eo;
  net_temporary("other", path);
  digits_options(&o);
  o.device = "null";
  assert_int_equal(scull_builder_create(&b), SCULL_OK);
  assert_int_equal(scull_builder_build(b, &o, path), SCULL_OK);
  scull_engine_options_init(&eo);
  eo.device = "cpu";
  eo.logger = (scull_logger_t){note_warning, &warnings, SCULL_SEVERITY_WARNING};
  if (scull_engine_open(path, &eo, &e) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  assert_int_equal(warnings, 1);
  assert_int_equal(scull_context_create(e, NULL, &c), SCULL_OK);
  assert_int_equal(digits_run(c, 5, 8), 0);
  scull_context_destroy(c);
  scull_engine_destroy(e);
  o.disabled_passes = passes;
  o.disabled_tactics = tactics;
  o.disabled_pass_count = o.disabled_tactic_count = 1;
  assert_int_equal(scull_builder_build(b, &o, path), SCULL_OK);
  assert_int_equal(scull_engine_open(path, &eo, &e), SCULL_OK);
  assert_non_null(
      strstr(scull_engine_report(e), "batch_norm_0.tmp_2")); /* not folded here, either */
  assert_null(strstr(scull_engine_report(e), "cpu.onednn"));
  scull_engine_destroy(e);
  o.no_sources = true;
  assert_int_equal(scull_builder_build(b, &o, path), SCULL_OK);
  assert_int_equal(scull_engine_open(path, &eo, &e), SCULL_NEEDS_BUILD);
  assert_non_null(strstr(scull_last_error(), "without its sources"));
  unlink(path);
  scull_builder_destroy(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(library),
      cmocka_unit_test(builders_refuse),
      cmocka_unit_test(declared_ports),
      cmocka_unit_test(descriptions),
      cmocka_unit_test(engines_refuse),
      cmocka_unit_test(ports),
      cmocka_unit_test(contexts_refuse),
      cmocka_unit_test(answers_are_paddles),
      cmocka_unit_test(enqueue_and_wait),
      cmocka_unit_test(a_child_of_a_fork_enqueues),
      cmocka_unit_test(builds_are_cancelled),
      cmocka_unit_test(layers_and_tensors_are_seen),
      cmocka_unit_test(removed_tensors_are_watched),
      cmocka_unit_test(plans_are_compared),
      cmocka_unit_test(plans_of_other_devices_are_tuned_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
