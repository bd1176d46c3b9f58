/* ONNX models in memory and in files: what they become, and that whatever is wrong with one is
 * told in words that name it. */
#define _POSIX_C_SOURCE 200809L
#include "import/onnx/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "support/onnx_writer.h"

typedef struct {
  onnx_writer_t writer;
  scull_text_t model;
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
  scull_base_diag_deinit(&w->diag);
}

static scull_status_t import_with(world_t *w, int64_t opset, scull_import_options_t options) {
  onnx_writer_end(&w->writer, opset, &w->model);
  options.model = proto_get(&w->model);
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

static scull_status_t import(world_t *w, int64_t opset) {
  return import_with(w, opset, (scull_import_options_t){0});
}

static bool told(const world_t *w, const char *words) {
  for (const scull_message_t *m = w->diag.first; m != NULL; m = m->next) {
    if (strstr(m->text, words) != NULL)
      return true;
  }
  return false;
}

/* One input x: f32[2x3], one node, one output y. */
static scull_status_t one_node(world_t *w, const char *node, int64_t opset) {
  begin(w);
  onnx_writer_input(&w->writer, "x f32 2x3");
  onnx_writer_node(&w->writer, node);
  onnx_writer_output(&w->writer, "y");
  return import(w, opset);
}

static void refused(const char *node, int64_t opset, scull_status_t status, const char *words) {
  world_t w;
  assert_int_equal(one_node(&w, node, opset), status);
  if (!told(&w, words))
    print_error("'%s' was told instead of '%s'\n", scull_base_diag_first_error(&w.diag), words);
  assert_true(told(&w, words));
  end(&w);
}

/* The result of the model on x = 1, 2, ... */
static void gives(world_t *w, size_t count, const float *wanted) {
  static float x[64];
  scull_tensor_t out,
      in = {.type = scull_graph_type(w->graph, w->graph->inputs.data[0], 0), .data = x};
  for (size_t i = 0; i < 64; i++)
    x[i] = (float)(i + 1);
  assert_int_equal(scull_graph_verify(w->graph), SCULL_OK);
  assert_int_equal(scull_graph_evaluate(w->graph, &in, &out, NULL), SCULL_OK);
  assert_int_equal(scull_tensor_count(&out.type.shape), count);
  for (size_t i = 0; i < count; i++)
    assert_float_equal(((const float *)out.data)[i], wanted[i], 1e-5);
  scull_base_free(out.data);
}

/* --- what is read ---------------------------------------------------------------------------- */

static void test_weights_are_borrowed(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 nx3x8x8");
  onnx_writer_input(&w.writer, "w f32 8x3x3x3"); /* an initializer is no input */
  onnx_writer_tensor(&w.writer, "w f32 8x3x3x3");
  onnx_writer_node(&w.writer, "Conv x,w > y ; pads=1,1,1,1");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import_with(&w, 11, (scull_import_options_t){.max_batch = 4}), SCULL_OK);
  assert_int_equal(w.graph->inputs.size, 1);
  assert_int_equal(w.graph->points, SCULL_POINTS);
  const uint8_t *data = scull_graph_value(w.graph, scull_graph_find_value(w.graph, "w"))->data;
  assert_true(data > proto_get(&w.model).data && data < proto_get(&w.model).data + w.model.size);
  assert_string_equal(w.graph->origins.data[0].type, "Conv");
  assert_string_equal(w.graph->outputs.data[0].name, "y");
  end(&w);
}

/* 40 MB of weights cost next to nothing. */
static void test_import_copies_nothing(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  scull_text_t tensor = {0};
  size_t side = 3200, bytes = side * side * sizeof(float);
  void *zeros = calloc(1, bytes);
  assert_non_null(zeros);
  proto_int(&tensor, 1, (int64_t)side);
  proto_int(&tensor, 1, (int64_t)side);
  proto_int(&tensor, 2, 1);
  proto_text(&tensor, 8, "w");
  proto_bytes(&tensor, 9, zeros, bytes);
  proto_message(&w.writer.graph, 5, &tensor);
  free(zeros);
  onnx_writer_input(&w.writer, "x f32 1x3200");
  onnx_writer_node(&w.writer, "MatMul x,w > y");
  onnx_writer_output(&w.writer, "y");
  onnx_writer_end(&w.writer, 13, &w.model);
  uint64_t before = scull_base_memory_stats().live_bytes;
  scull_import_options_t options = {.model = proto_get(&w.model)};
  assert_int_equal(scull_import_model(&options, &w.files, &w.diag, &w.graph), SCULL_OK);
  assert_true(scull_base_memory_stats().live_bytes - before < 1 << 20);
  end(&w);
}

static void test_functions_are_written_out(void **state) {
  (void)state;
  static const char *const inner[] = {"Elu x > t ; alpha=rslope", "Add t,x > out"};
  static const char *const outer[] = {"test:Inner x > y ; slope=rslope"};
  static const float wanted[] = {2, 4, 6, 8, 10, 12};
  world_t w;
  begin(&w);
  onnx_writer_function(&w.writer, "test:Inner x > out ; slope", inner, 2);
  onnx_writer_function(&w.writer, "test:Outer x > y ; slope", outer, 1);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_node(&w.writer, "test:Outer x > z ; slope=f0.25");
  onnx_writer_output(&w.writer, "z");
  assert_int_equal(import(&w, 17), SCULL_OK);
  assert_int_not_equal(scull_graph_find_value(w.graph, "z"), SCULL_NO_ID);
  gives(&w, 6, wanted);
  scull_text_t text = {0};
  scull_graph_print(w.graph, &text);
  assert_non_null(strstr(scull_base_text_get(&text), "alpha=0.25"));
  scull_base_text_deinit(&text);
  end(&w);
}

static void test_operands_may_be_left_out(void **state) {
  (void)state;
  static const float wanted[] = {1, 2, 3, 3, 3, 3};
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_tensor(&w.writer, "three f32 =3");
  onnx_writer_node(&w.writer, "Clip x,-,three > y");
  onnx_writer_node(&w.writer, "Dropout y > z,-");
  onnx_writer_output(&w.writer, "z");
  assert_int_equal(import(&w, 12), SCULL_OK);
  gives(&w, 6, wanted);
  end(&w);
}

static void test_versions(void **state) {
  (void)state;
  static const float sums[] = {1, 3, 6, 4, 6, 9};
  world_t w;
  begin(&w); /* Add of opset 6: the second operand lies along an axis */
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_tensor(&w.writer, "b f32 3=0,1,3");
  onnx_writer_node(&w.writer, "Add x,b > y ; broadcast=i1 axis=i1");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 6), SCULL_OK);
  gives(&w, 6, sums);
  end(&w);
  refused("Softmax x > y ; axis=i7", 11, SCULL_CORRUPT, "axis 7 of 2 dimensions");
  refused("LessOrEqual x,x > y", 11, SCULL_UNSUPPORTED, "Scull reads it in other versions only");
}

static void test_values_given_as_constants(void **state) {
  (void)state;
  static const float wanted[] = {1, 2, 3, 4, 5, 6};
  int64_t list[] = {3, 2};
  const scull_import_value_t value = {
      "l", {.type = {SCULL_DTYPE_I64, {.rank = 1, .dim = {2}}}, .data = list}};
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_input(&w.writer, "l i64 2");
  onnx_writer_node(&w.writer, "Reshape x,l > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(
      import_with(&w, 13, (scull_import_options_t){.values = &value, .value_count = 1}), SCULL_OK);
  assert_int_equal(w.graph->inputs.size, 1);
  gives(&w, 6, wanted);
  end(&w);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void test_all_that_is_missing_is_told_at_once(void **state) {
  (void)state;
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_node(&w.writer, "Unheard x > a");
  onnx_writer_node(&w.writer, "Relu a > b");
  onnx_writer_node(&w.writer, "other.domain:Thing b > c");
  onnx_writer_node(&w.writer, "RandomNormalLike x > d");
  onnx_writer_node(&w.writer, "Add c,d > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), SCULL_UNSUPPORTED);
  assert_true(told(&w, "operator Unheard is not supported: Scull does not know it"));
  assert_true(told(&w, "node 0 'a' (Unheard, opset 13)"));
  assert_true(told(&w, "(other.domain.Thing, opset 1)"));
  assert_true(told(&w, "it draws random numbers"));
  assert_false(told(&w, "Relu"));
  end(&w);
}

static void test_wrong_graphs(void **state) {
  (void)state;
  refused("Relu x > y", 99, SCULL_UNSUPPORTED, "the model is of opset 99");
  refused("Relu nothing > y", 13, SCULL_CORRUPT, "reads 'nothing', which nothing before it gives");
  refused("Add x,y > y", 13, SCULL_CORRUPT, "reads 'y', which nothing before it gives");
  refused("Relu x > x", 13, SCULL_CORRUPT, "the name 'x' is given twice");
  refused("Relu x > z", 13, SCULL_CORRUPT, "nothing gives output 'y'");
  refused("Relu - > y", 13, SCULL_CORRUPT, "operand 0 is missing");
  refused("Cast x > y ; to=i8", 13, SCULL_UNSUPPORTED, "a tensor of type STRING");
  refused("Cast x > y ; to=i77", 13, SCULL_UNSUPPORTED, "of an unknown number");
  refused("Transpose x > y ; perm=0,0", 13, SCULL_INVALID_ARGUMENT, "node 0 'y' (Transpose");
  refused("Split x > y,y", 13, SCULL_CORRUPT, "given twice");
}

/* Two nodes that read each other; inputs of no size, and of more than there is. */
static void test_wrong_inputs(void **state) {
  (void)state;
  static const struct {
    const char *input, *words;
  } cases[] = {{"x f32 4000000000x4000000000x9", "input 'x' is too large"},
               {"x f32 2x-5", "input 'x': dimension 1 is open in the model"}};
  world_t w;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin(&w);
    onnx_writer_input(&w.writer, cases[i].input);
    onnx_writer_node(&w.writer, "Relu x > y");
    onnx_writer_output(&w.writer, "y");
    assert_int_equal(import(&w, 13), SCULL_INVALID_ARGUMENT);
    assert_true(told(&w, cases[i].words));
    end(&w);
  }
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2");
  onnx_writer_input(&w.writer, "x f32 2");
  onnx_writer_node(&w.writer, "Relu x > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), SCULL_INVALID_ARGUMENT);
  assert_true(told(&w, "'x'"));
  end(&w);
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2");
  onnx_writer_node(&w.writer, "Add x,b > y");
  onnx_writer_node(&w.writer, "Relu y > b");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), SCULL_CORRUPT);
  assert_true(told(&w, "reads 'b', which nothing before it gives"));
  end(&w);
}

static void wrong_tensor(const char *line, scull_status_t status, const char *words) {
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_tensor(&w.writer, line);
  onnx_writer_node(&w.writer, "Add x,w > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), status);
  assert_true(told(&w, words));
  end(&w);
}

static void test_wrong_tensors(void **state) {
  (void)state;
  wrong_tensor("w f32 -2x3", SCULL_CORRUPT, "tensor 'w': a negative extent");
  wrong_tensor("w f32 0x4611686018427387904x8", SCULL_CORRUPT, "tensor 'w': a negative extent");
  wrong_tensor("w text 2", SCULL_UNSUPPORTED, "a tensor of type STRING");
  wrong_tensor("w 23 2", SCULL_UNSUPPORTED, "a tensor of type FLOAT4E2M1");
  wrong_tensor("w f32 1x1x1x1x1x1x1x1x1", SCULL_UNSUPPORTED, "a tensor of 9 dimensions");
}

static void test_functions_without_an_end(void **state) {
  (void)state;
  static const char *const nodes[] = {"test:Again x > t", "test:Again t > y"};
  world_t w;
  begin(&w);
  onnx_writer_function(&w.writer, "test:Again x > y ;", nodes, 2);
  onnx_writer_input(&w.writer, "x f32 2x3");
  onnx_writer_node(&w.writer, "test:Again x > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 17), SCULL_CORRUPT);
  assert_true(told(&w, "functions call functions without an end"));
  end(&w);
}

/* Graphs in attributes of nodes of graphs, 100 deep. */
static void test_deep_nesting(void **state) {
  (void)state;
  world_t w;
  scull_text_t graph = {0};
  begin(&w);
  proto_text(&graph, 2, "inner");
  for (int i = 0; i < 100; i++) {
    scull_text_t attr = {0}, node = {0}, outer = {0};
    proto_text(&attr, 1, "body");
    proto_message(&attr, 6, &graph);
    proto_text(&node, 4, "Loop");
    proto_message(&node, 5, &attr);
    proto_message(&outer, 1, &node);
    graph = outer;
  }
  w.writer.graph = graph;
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), SCULL_CORRUPT);
  assert_true(told(&w, "messages are nested more than 64 deep"));
  end(&w);
}

static void test_inputs_without_a_shape(void **state) {
  (void)state;
  scull_shape_t given = scull_tensor_shape(2, (int64_t[]){2, 3});
  const scull_import_shape_t shape = {"x", given, given, given};
  for (int with = 0; with < 2; with++) {
    world_t w;
    begin(&w);
    onnx_writer_input(&w.writer, "x f32");
    onnx_writer_node(&w.writer, "Relu x > y");
    onnx_writer_output(&w.writer, "y");
    scull_import_options_t options = {.shapes = &shape, .shape_count = (size_t)with};
    assert_int_equal(import_with(&w, 13, options), with ? SCULL_OK : SCULL_INVALID_ARGUMENT);
    assert_int_equal(told(&w, "does not say how many dimensions"), !with);
    end(&w);
  }
  world_t w;
  begin(&w);
  onnx_writer_input(&w.writer, "x text 2");
  onnx_writer_node(&w.writer, "Relu x > y");
  onnx_writer_output(&w.writer, "y");
  assert_int_equal(import(&w, 13), SCULL_UNSUPPORTED);
  assert_true(told(&w, "input 'x' is not supported: STRING"));
  end(&w);
}

/* --- external data --------------------------------------------------------------------------- */

typedef struct {
  char folder[64], model[96], data[96], link[96];
} place_t;

static void make_place(place_t *p) {
  static const float numbers[] = {7, 1, 2, 3, 4, 5, 6};
  snprintf(p->folder, sizeof p->folder, "/tmp/scull-onnx-XXXXXX");
  assert_non_null(mkdtemp(p->folder));
  snprintf(p->model, sizeof p->model, "%s/model.onnx", p->folder);
  snprintf(p->data, sizeof p->data, "%s/w.bin", p->folder);
  snprintf(p->link, sizeof p->link, "%s/link.bin", p->folder);
  assert_int_equal(scull_base_file_write(p->data, numbers, sizeof numbers, NULL), SCULL_OK);
  assert_int_equal(symlink("/etc/passwd", p->link), 0);
}

static void remove_place(const place_t *p) {
  (void)remove(p->model);
  (void)remove(p->data);
  (void)remove(p->link);
  (void)rmdir(p->folder);
}

/* x + w, with w in the file `location`. */
static scull_status_t import_external(world_t *w, const place_t *p, const char *location,
                                      int64_t offset, int64_t length) {
  begin(w);
  onnx_writer_input(&w->writer, "x f32 2x3");
  onnx_writer_external(&w->writer, "w f32 2x3", location, offset, length);
  onnx_writer_node(&w->writer, "Add x,w > y");
  onnx_writer_output(&w->writer, "y");
  onnx_writer_end(&w->writer, 13, &w->model);
  assert_int_equal(
      scull_base_file_write(p->model, scull_base_text_get(&w->model), w->model.size, NULL),
      SCULL_OK);
  scull_import_options_t options = {.model_path = p->model};
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

static void test_external_data(void **state) {
  (void)state;
  static const struct {
    const char *location;
    int64_t offset, length;
    scull_status_t status;
    const char *words;
  } cases[] = {
      {"w.bin", 4, 20, SCULL_CORRUPT, "20 bytes of external data for 24"},
      {"w.bin", 8, -1, SCULL_CORRUPT, "ends past 'w.bin'"},
      {"w.bin", INT64_MAX, -1, SCULL_CORRUPT, "ends past 'w.bin'"},
      {"../w.bin", 4, 24, SCULL_UNSUPPORTED, "'../w.bin' lies outside of the model's folder"},
      {"a/../../w.bin", 4, 24, SCULL_UNSUPPORTED, "lies outside of the model's folder"},
      {"/etc/passwd", 4, 24, SCULL_UNSUPPORTED, "lies outside of the model's folder"},
      {"link.bin", 4, 24, SCULL_UNSUPPORTED, "is a link out of the model's folder"},
      {"absent.bin", 4, 24, SCULL_NOT_FOUND, "absent.bin"},
      {"", 4, 24, SCULL_UNSUPPORTED, "lies outside of the model's folder"},
  };
  static const float wanted[] = {2, 4, 6, 8, 10, 12};
  place_t p;
  world_t w;
  make_place(&p);
  assert_int_equal(import_external(&w, &p, "w.bin", 4, 24), SCULL_OK);
  gives(&w, 6, wanted);
  end(&w);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scull_status_t status =
        import_external(&w, &p, cases[i].location, cases[i].offset, cases[i].length);
    assert_int_equal(status, cases[i].status);
    assert_true(told(&w, cases[i].words));
    end(&w);
  }
  remove_place(&p);
  begin(&w);
  onnx_writer_external(&w.writer, "w f32 2x3", "w.bin", 4, 24);
  onnx_writer_output(&w.writer, "w");
  assert_int_equal(import(&w, 13), SCULL_UNSUPPORTED);
  assert_true(told(&w, "of a model in memory"));
  end(&w);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void test_failing_allocations(void **state) {
  (void)state;
  static const char *const inner[] = {"Elu x > t ; alpha=rslope", "Add t,x > y"};
  world_t w;
  begin(&w);
  onnx_writer_function(&w.writer, "test:Inner x > y ; slope", inner, 2);
  onnx_writer_input(&w.writer, "x f32 nx3x8x8");
  onnx_writer_tensor(&w.writer, "w f32 4x3x3x3");
  onnx_writer_tensor(&w.writer, "l i64 2=0,-1");
  onnx_writer_node(&w.writer, "Conv x,w > c ; auto_pad=sSAME_LOWER");
  onnx_writer_node(&w.writer, "Reshape c,l > r");
  onnx_writer_node(&w.writer, "test:Inner r > f ; slope=f0.5");
  onnx_writer_node(&w.writer, "ReduceLogSumExp f > y ; axes=1");
  onnx_writer_output(&w.writer, "y");
  onnx_writer_end(&w.writer, 13, &w.model);
  scull_import_options_t options = {.model = proto_get(&w.model), .max_batch = 3};
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
  assert_true(n > 10);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_weights_are_borrowed),
      cmocka_unit_test(test_import_copies_nothing),
      cmocka_unit_test(test_functions_are_written_out),
      cmocka_unit_test(test_operands_may_be_left_out),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_values_given_as_constants),
      cmocka_unit_test(test_all_that_is_missing_is_told_at_once),
      cmocka_unit_test(test_wrong_graphs),
      cmocka_unit_test(test_wrong_inputs),
      cmocka_unit_test(test_wrong_tensors),
      cmocka_unit_test(test_functions_without_an_end),
      cmocka_unit_test(test_deep_nesting),
      cmocka_unit_test(test_inputs_without_a_shape),
      cmocka_unit_test(test_external_data),
      cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
