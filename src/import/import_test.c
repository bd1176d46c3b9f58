/* The whole import, on a small model in memory: what it gives, and that no damage to the bytes and
 * no failing allocation does more than give a status with words. */
#define _POSIX_C_SOURCE 200809L
#include "import/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/paddle_writer.h"

typedef struct {
  scull_text_t model, params;
  scull_diag_t diag;
  scull_import_files_t files;
  scull_graph_t *graph;
} world_t;

static void begin(world_t *w) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
}

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_import_files_deinit(&w->files);
  scull_base_text_deinit(&w->model);
  scull_base_text_deinit(&w->params);
  scull_base_diag_deinit(&w->diag);
}

static scull_status_t import(world_t *w, scull_import_options_t options) {
  options.model = proto_get(&w->model);
  if (w->params.size > 0)
    options.params = proto_get(&w->params);
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

static bool told(const world_t *w, const char *words) {
  return strstr(scull_base_diag_first_error(&w->diag), words) != NULL;
}

static scull_shape_t shape_of(const world_t *w, const char *value, scull_point_t point) {
  return scull_graph_type(w->graph, scull_graph_find_value(w->graph, value), point).shape;
}

static void test_small_model(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_OK);
  assert_int_equal(scull_graph_verify(w.graph), SCULL_OK);
  assert_int_equal(w.graph->points, 1);
  assert_int_equal(w.graph->origins.size, 6); /* the file's operators but feed and fetch */
  assert_string_equal(w.graph->origins.data[1].type, "elementwise_add");
  assert_string_equal(w.graph->outputs.data[0].name, "z");
  assert_int_equal(shape_of(&w, "z", 0).dim[1], 3);
  assert_int_equal(shape_of(&w, "x", 0).dim[0], 1);
  scull_value_id_t filter = scull_graph_find_value(w.graph, "w");
  const uint8_t *data = scull_graph_value(w.graph, filter)->data; /* borrowed from the file */
  assert_true(data > proto_get(&w.params).data && data < proto_get(&w.params).data + w.params.size);
  end(&w);
}

static void test_max_batch(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  assert_int_equal(import(&w, (scull_import_options_t){.max_batch = 5}), SCULL_OK);
  assert_int_equal(w.graph->points, SCULL_POINTS);
  assert_int_equal(shape_of(&w, "z", SCULL_POINT_OPT).dim[0], 5);
  assert_int_equal(shape_of(&w, "z", SCULL_POINT_MIN).dim[0], 1);
  assert_int_equal(shape_of(&w, "z", SCULL_POINT_MAX).dim[0], 5);
  assert_int_equal(shape_of(&w, "z", SCULL_POINT_PROBE).dim[0], 3);
  end(&w);
}

static void test_given_shapes(void **state) {
  (void)state;
  world_t w;
  scull_import_shape_t shape = {"x", scull_tensor_shape(4, (int64_t[]){1, 1, 6, 6}),
                                scull_tensor_shape(4, (int64_t[]){2, 1, 6, 6}),
                                scull_tensor_shape(4, (int64_t[]){8, 1, 6, 6})};
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  scull_import_options_t options = {.shapes = &shape, .shape_count = 1};
  assert_int_equal(import(&w, options), SCULL_OK);
  assert_int_equal(shape_of(&w, "z", SCULL_POINT_PROBE).dim[0], 4);
  end(&w);
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  shape.name = "y";
  assert_int_equal(import(&w, options), SCULL_INVALID_ARGUMENT);
  assert_true(told(&w, "'y', which is no input"));
  end(&w);
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  shape.name = "x";
  shape.max.dim[0] = 1;
  assert_int_equal(import(&w, options), SCULL_INVALID_ARGUMENT);
  assert_true(told(&w, "input 'x', dimension 0: 1:2:1 is no range"));
  end(&w);
}

/* An input whose value is given is a constant; what is given must fit. */
static void test_given_values(void **state) {
  (void)state;
  static float picture[36];
  const scull_shape_t shape = {4, {1, 1, 6, 6}};
  const scull_import_shape_t range = {"x", shape, shape, shape};
  const struct {
    scull_import_value_t value;
    size_t shapes;
    const char *words; /* NULL: it is taken */
  } cases[] = {
      {{"x", {.type = {SCULL_DTYPE_F32, shape}, .data = picture}}, 0, NULL},
      {{"q", {.type = {SCULL_DTYPE_F32, shape}, .data = picture}}, 0, "'q', which is no input"},
      {{"x", {.type = {SCULL_DTYPE_I32, shape}, .data = picture}}, 0, "a value of i32, and is f32"},
      {{"x", {.type = {SCULL_DTYPE_F32, shape}, .data = picture}}, 1, "a shape, and a value"},
      {{.name = "x"}, 0, "is to be left out, and is no optional"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    world_t w;
    begin(&w);
    paddle_writer_small(&w.model, &w.params);
    const scull_import_options_t options = {.shapes = &range,
                                            .shape_count = cases[i].shapes,
                                            .values = &cases[i].value,
                                            .value_count = 1};
    scull_status_t status = import(&w, options);
    assert_int_equal(status, cases[i].words == NULL ? SCULL_OK : SCULL_INVALID_ARGUMENT);
    if (cases[i].words == NULL)
      assert_int_equal(w.graph->inputs.size, 0);
    else
      assert_true(told(&w, cases[i].words));
    end(&w);
  }
}

static void test_open_dimension(void **state) {
  (void)state;
  world_t w;
  paddle_writer_t writer = {0};
  begin(&w);
  paddle_writer_var(&writer, "x f32 -1x3x-1");
  paddle_writer_op(&writer, "feed > Out=x ; col=i0");
  paddle_writer_op(&writer, "fetch X=x > ; col=i0");
  paddle_writer_end(&writer, 0, &w.model);
  assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_INVALID_ARGUMENT);
  assert_true(told(&w, "input 'x': dimension 2 is open"));
  end(&w);
}

static void test_extra_outputs(void **state) {
  (void)state;
  world_t w;
  const char *const names[] = {"r", "c"}, *const wrong[] = {"nothing"};
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  assert_int_equal(
      import(&w, (scull_import_options_t){.extra_outputs = names, .extra_output_count = 2}),
      SCULL_OK);
  assert_int_equal(w.graph->outputs.size, 3);
  assert_string_equal(w.graph->outputs.data[2].name, "c");
  end(&w);
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  assert_int_equal(
      import(&w, (scull_import_options_t){.extra_outputs = wrong, .extra_output_count = 1}),
      SCULL_INVALID_ARGUMENT);
  assert_true(told(&w, "no operator gives 'nothing'"));
  end(&w);
}

/* Inputs and outputs stand in the order of their columns, not of the file. */
static void test_columns(void **state) {
  (void)state;
  world_t w;
  paddle_writer_t writer = {0};
  begin(&w);
  paddle_writer_var(&writer, "b f32 2");
  paddle_writer_var(&writer, "a f32 3");
  paddle_writer_op(&writer, "feed > Out=b ; col=i1");
  paddle_writer_op(&writer, "feed > Out=a ; col=i0");
  paddle_writer_op(&writer, "relu X=b > Out=c");
  paddle_writer_op(&writer, "relu X=a > Out=d");
  paddle_writer_op(&writer, "fetch X=c > ; col=i1");
  paddle_writer_op(&writer, "fetch X=d > ; col=i0");
  paddle_writer_end(&writer, 0, &w.model);
  assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_OK);
  assert_string_equal(scull_graph_value(w.graph, w.graph->inputs.data[0])->name, "a");
  assert_string_equal(w.graph->outputs.data[0].name, "d");
  assert_string_equal(w.graph->outputs.data[1].name, "c");
  end(&w);
}

static void test_all_gaps_are_told(void **state) {
  (void)state;
  world_t w;
  paddle_writer_t writer = {0};
  scull_text_t all = {0};
  begin(&w);
  paddle_writer_var(&writer, "x f32 2x3");
  paddle_writer_op(&writer, "feed > Out=x ; col=i0");
  paddle_writer_op(&writer, "strange X=x > Out=a");
  paddle_writer_op(&writer, "relu X=a > Out=b"); /* cannot be had, but is no gap */
  paddle_writer_op(&writer, "strange X=b > Out=c");
  paddle_writer_op(&writer, "while X=c > Out=d ; sub_block=B1");
  paddle_writer_op(&writer, "sequence_pool X=x > Out=e ; pooltype=sMEDIAN");
  paddle_writer_op(&writer, "fetch X=d > ; col=i0");
  paddle_writer_end(&writer, 0, &w.model);
  assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_UNSUPPORTED);
  assert_null(w.graph);
  for (const scull_message_t *m = w.diag.first; m != NULL; m = m->next)
    scull_base_text_print(&all, "%s\n", m->text);
  const char *text = scull_base_text_get(&all);
  assert_int_equal(w.diag.errors, 2);
  assert_non_null(strstr(text,
                         "operator strange is not supported: Scull does not know it; 2 times: "
                         "block 0, operator 1 (strange, output 'a'); block 0, operator 3 (strange, "
                         "output 'c')"));
  assert_null(strstr(text, "operator while")); /* what it reads cannot be had: no gap of its own */
  assert_non_null(
      strstr(text, "operator sequence_pool is not supported: a pooling type of MEDIAN"));
  scull_base_text_deinit(&all);
  end(&w);
}

/* A program whose operators read each other in a circle. */
static void test_cycle(void **state) {
  (void)state;
  world_t w;
  paddle_writer_t writer = {0};
  begin(&w);
  paddle_writer_op(&writer, "relu X=b > Out=a");
  paddle_writer_op(&writer, "relu X=a > Out=b");
  paddle_writer_op(&writer, "fetch X=b > ; col=i0");
  paddle_writer_end(&writer, 0, &w.model);
  assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_CORRUPT);
  assert_true(told(&w, "block 0, operator 0 (relu, output 'a'): it reads 'b', which nothing"));
  end(&w);
}

static void test_faults_name_the_operator(void **state) {
  (void)state;
  world_t w;
  paddle_writer_t writer = {0};
  begin(&w);
  paddle_writer_var(&writer, "x f32 2x3");
  paddle_writer_op(&writer, "feed > Out=x ; col=i0");
  paddle_writer_op(&writer, "transpose2 X=x > Out=y ; axis=0,7");
  paddle_writer_op(&writer, "fetch X=y > ; col=i0");
  paddle_writer_end(&writer, 0, &w.model);
  assert_int_not_equal(import(&w, (scull_import_options_t){.model_path = "some.pdmodel"}),
                       SCULL_OK);
  assert_true(told(&w, "some.pdmodel: block 0, operator 1 (transpose2, output 'y'): "));
  end(&w);
}

/* Extents of inputs that cannot be: below -1 they are open, like -1. */
static void test_extents_of_inputs(void **state) {
  (void)state;
  static const struct {
    const char *var, *words;
  } cases[] = {{"x f32 4000000000x4000000000x9", "input 'x' is too large"},
               {"x f32 2x-5", "input 'x': dimension 1 is open"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    world_t w;
    paddle_writer_t writer = {0};
    begin(&w);
    paddle_writer_var(&writer, cases[i].var);
    paddle_writer_op(&writer, "feed > Out=x ; col=i0");
    paddle_writer_op(&writer, "relu X=x > Out=y");
    paddle_writer_op(&writer, "fetch X=y > ; col=i0");
    paddle_writer_end(&writer, 0, &w.model);
    assert_int_equal(import(&w, (scull_import_options_t){0}), SCULL_INVALID_ARGUMENT);
    assert_true(told(&w, cases[i].words));
    end(&w);
  }
}

static void test_huge_dimensions(void **state) {
  (void)state;
  static const char *const lines[] = {
      "reshape2 X=x > Out=y ; shape=2147483647,2147483647,2147483647",
      "tile X=x > Out=y ; repeat_times=2147483647,2147483647",
      "fill_constant > Out=y ; shape=2147483647,2147483647,2147483647,2147483647 value=f1 dtype=i5",
      "fill_constant > Out=y ; shape=2147483647,2147483647 value=f1 dtype=i5",
      "pad X=x > Out=y ; paddings=2147483647,2147483647,2147483647,2147483647",
      "one_hot_v2 X=x > Out=y ; depth=i2147483647",
  };
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    world_t w;
    paddle_writer_t writer = {0};
    uint64_t before = scull_base_memory_stats().live_bytes;
    begin(&w);
    paddle_writer_var(&writer, "x f32 2x3");
    paddle_writer_op(&writer, "feed > Out=x ; col=i0");
    paddle_writer_op(&writer, lines[i]);
    paddle_writer_op(&writer, "fetch X=y > ; col=i0");
    paddle_writer_end(&writer, 0, &w.model);
    (void)import(&w, (scull_import_options_t){0}); /* a type is cheap; memory is what counts */
    assert_true(scull_base_memory_stats().live_bytes - before < 1 << 20);
    end(&w);
  }
}

static void test_no_model(void **state) {
  (void)state;
  world_t w;
  static const uint8_t junk[] = "hello";
  begin(&w);
  scull_import_options_t options = {.model = {junk, 5}, .model_path = "junk.bin"};
  assert_int_equal(scull_import_model(&options, &w.files, &w.diag, &w.graph), SCULL_CORRUPT);
  assert_true(told(&w, "junk.bin: not a model"));
  options.model.size = 0;
  assert_int_equal(scull_import_model(&options, &w.files, &w.diag, &w.graph), SCULL_CORRUPT);
  end(&w);
  begin(&w);
  options = (scull_import_options_t){.model_path = "/nonexistent/net.pdmodel"};
  assert_int_equal(scull_import_model(&options, &w.files, &w.diag, &w.graph), SCULL_NOT_FOUND);
  end(&w);
}

/* --- files ----------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const scull_text_t *bytes) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(scull_base_file_write(path, scull_base_text_get(bytes), bytes->size, NULL),
                   SCULL_OK);
}

/* The pair of names, and what the user may say to mean it. */
static void try_names(const char *model, const char *params, const char *say) {
  char folder[] = "/tmp/scull_import_XXXXXX", path[300];
  world_t w;
  begin(&w);
  assert_non_null(mkdtemp(folder));
  paddle_writer_small(&w.model, &w.params);
  write_file(folder, model, &w.model);
  write_file(folder, params, &w.params);
  snprintf(path, sizeof path, "%s%s", folder, say);
  scull_import_options_t options = {.model_path = path};
  assert_int_equal(scull_import_model(&options, &w.files, &w.diag, &w.graph), SCULL_OK);
  end(&w);
  snprintf(path, sizeof path, "%s/%s", folder, model);
  unlink(path);
  snprintf(path, sizeof path, "%s/%s", folder, params);
  unlink(path);
  rmdir(folder);
}

static void test_usual_names(void **state) {
  (void)state;
  try_names("inference.pdmodel", "inference.pdiparams", "");
  try_names("model.pdmodel", "model.pdiparams", "/");
  try_names("__model__", "__params__", "");
  try_names("__model__", "params", "");
  try_names("__model__", "params", "/__model__");
  try_names("net.v2.pdmodel", "net.v2.pdiparams", "/net.v2.pdmodel");
}

/* --- damage ---------------------------------------------------------------------------------- */

/* Imports from exact-size copies, so that the sanitizer sees every byte read beyond the end. */
static scull_status_t import_copy(const uint8_t *model, size_t model_size, const uint8_t *params,
                                  size_t params_size) {
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_diag_t diag;
  scull_import_options_t options = {.max_batch = 2};
  uint8_t *a = scull_base_alloc_raw(model_size), *b = scull_base_alloc_raw(params_size);
  assert_non_null(a);
  assert_non_null(b);
  memcpy(a, model, model_size);
  memcpy(b, params, params_size);
  options.model = (scull_bytes_t){a, model_size};
  options.params = (scull_bytes_t){b, params_size};
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_status_t status = scull_import_model(&options, &files, &diag, &graph);
  assert_int_equal(graph == NULL, status != SCULL_OK);
  if (status != SCULL_OK)
    assert_true(strlen(scull_base_diag_first_error(&diag)) > 0);
  else
    assert_int_equal(scull_graph_verify(graph), SCULL_OK);
  scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  scull_base_diag_deinit(&diag);
  scull_base_free(a);
  scull_base_free(b);
  return status;
}

static void test_every_truncation(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  scull_bytes_t model = proto_get(&w.model), params = proto_get(&w.params);
  uint64_t before = scull_base_memory_stats().live_blocks;
  for (size_t size = 0; size < model.size; size++)
    assert_int_not_equal(import_copy(model.data, size, params.data, params.size), SCULL_OK);
  for (size_t size = 0; size < params.size; size++)
    assert_int_not_equal(import_copy(model.data, model.size, params.data, size), SCULL_OK);
  assert_int_equal(import_copy(params.data, params.size, model.data, model.size), SCULL_CORRUPT);
  assert_int_equal(scull_base_memory_stats().live_blocks, before);
  end(&w);
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void test_mutations(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  world_t w;
  uint64_t seed = 88172645463325252ull;
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  scull_bytes_t model = proto_get(&w.model), params = proto_get(&w.params);
  uint8_t *a = scull_base_alloc(model.size), *b = scull_base_alloc(params.size);
  uint64_t before = scull_base_memory_stats().live_blocks;
  for (int i = 0; i < COUNT; i++) {
    memcpy(a, model.data, model.size);
    memcpy(b, params.data, params.size);
    for (uint64_t flips = 1 + next_random(&seed) % 4; flips > 0; flips--) {
      uint64_t r = next_random(&seed);
      uint8_t *at = r % 4 == 0 ? &b[r / 4 % params.size] : &a[r / 4 % model.size];
      *at = (uint8_t)((r & 1 << 20) != 0 ? r >> 32 : *at ^ (uint64_t)1 << (r >> 40) % 8);
    }
    (void)import_copy(a, model.size, b, params.size);
  }
  assert_int_equal(scull_base_memory_stats().live_blocks, before);
  scull_base_free(a);
  scull_base_free(b);
  end(&w);
}

static void test_failing_allocations(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  paddle_writer_small(&w.model, &w.params);
  scull_import_options_t options = {
      .model = proto_get(&w.model), .params = proto_get(&w.params), .max_batch = 3};
  uint64_t before = scull_base_memory_stats().live_blocks;
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  uint64_t n = 1;
  for (; status != SCULL_OK; n++) {
    scull_import_files_t files = {0};
    scull_graph_t *graph = NULL;
    scull_base_memory_fail_at(n);
    status = scull_import_model(&options, &files, NULL, &graph);
    scull_base_memory_fail_at(0);
    assert_true(status == SCULL_OK || status == SCULL_OUT_OF_MEMORY);
    scull_graph_destroy(graph);
    scull_import_files_deinit(&files);
    assert_int_equal(scull_base_memory_stats().live_blocks, before);
  }
  assert_true(n > 20);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_model),
      cmocka_unit_test(test_max_batch),
      cmocka_unit_test(test_given_shapes),
      cmocka_unit_test(test_given_values),
      cmocka_unit_test(test_open_dimension),
      cmocka_unit_test(test_extra_outputs),
      cmocka_unit_test(test_columns),
      cmocka_unit_test(test_all_gaps_are_told),
      cmocka_unit_test(test_cycle),
      cmocka_unit_test(test_faults_name_the_operator),
      cmocka_unit_test(test_huge_dimensions),
      cmocka_unit_test(test_extents_of_inputs),
      cmocka_unit_test(test_no_model),
      cmocka_unit_test(test_usual_names),
      cmocka_unit_test(test_every_truncation),
      cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
