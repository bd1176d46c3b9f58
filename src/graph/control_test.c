/* Regions: types across their borders, text, evaluation; and extents that only a run settles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"

static const char branch[] = "input %c: bool[]\n"
                             "input %x: f32[3]\n"
                             "%y: f32[3] = if(%c, %x) \"pick\" {\n"
                             "  input %a: f32[3]\n"
                             "  %b: f32[3] = relu(%a)\n"
                             "  output %b\n"
                             "} {\n"
                             "  input %a: f32[3]\n"
                             "  %n: f32[3] = neg(%a)\n"
                             "  output %n\n"
                             "}\n"
                             "%z: f32[3] = abs(%y)\n"
                             "output %y\n"
                             "output %z\n";

/* s becomes s + s while it has trips; each s is gathered. */
static const char loop[] = "input %n: i64[]\n"
                           "input %s: f32[2]\n"
                           "%last, %all = loop(%n, -, %s) carried=1 {\n"
                           "  input %i: i64[]\n"
                           "  input %go: bool[]\n"
                           "  input %v: f32[2]\n"
                           "  %next = add(%v, %v)\n"
                           "  output %go\n"
                           "  output %next\n"
                           "  output %v\n"
                           "}\n"
                           "output %last\n"
                           "output %all\n";

static scull_graph_t *parse(const char *text, scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  scull_base_diag_init(diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  if (scull_graph_parse(text, diag, &graph) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(diag));
  if (scull_graph_verify(graph) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(diag));
  return graph;
}

static void close_graph(scull_graph_t *graph, scull_diag_t *diag) {
  scull_graph_destroy(graph);
  scull_base_diag_deinit(diag);
}

static const scull_value_t *value_of(const scull_graph_t *graph, const char *name) {
  scull_value_id_t id = scull_graph_find_value(graph, name);
  assert_int_not_equal(id, SCULL_NO_ID);
  return scull_graph_value(graph, id);
}

static void refuses(const char *text, const char *words) {
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_not_equal(scull_graph_parse(text, &diag, &graph), SCULL_OK);
  assert_null(graph);
  if (strstr(scull_base_diag_first_error(&diag), words) == NULL)
    fail_msg("'%s' where '%s' is wanted", scull_base_diag_first_error(&diag), words);
  scull_base_diag_deinit(&diag);
}

static void text_goes_round(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(branch, &diag);
  scull_text_t text = {0};
  scull_graph_print(graph, &text);
  assert_string_equal(text.data, branch);
  scull_base_text_deinit(&text);
  close_graph(graph, &diag);
}

static void branches_agree_or_are_late(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(branch, &diag);
  assert_false(value_of(graph, "y")->late);
  assert_int_equal(graph->points, 1);
  close_graph(graph, &diag);
  graph = parse("input %c: bool[]\n"
                "input %x: f32[4x6]\n"
                "%y = if(%c, %x) {\n"
                "  input %a: f32[4x6]\n"
                "  %b = slice(%a) axes=0 starts=0 ends=2\n"
                "  output %b\n"
                "} {\n"
                "  input %a: f32[4x6]\n"
                "  output %a\n"
                "}\n"
                "%s = shape(%y)\n"
                "%t = transpose(%y)\n"
                "output %s\n"
                "output %t\n",
                &diag);
  assert_true(value_of(graph, "y")->late);
  assert_true(value_of(graph, "s")->late);
  assert_null(value_of(graph, "s")->known[0]);
  assert_int_equal(graph->points, SCULL_POINTS);
  assert_int_equal(value_of(graph, "t")->shape[SCULL_POINT_MAX].dim[1], 4);
  assert_int_equal(value_of(graph, "t")->shape[SCULL_POINT_MIN].dim[1], 2);
  close_graph(graph, &diag);
}

static void loops_settle(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(loop, &diag);
  assert_false(value_of(graph, "last")->late);
  assert_true(value_of(graph, "all")->late); /* the number of trips is data */
  close_graph(graph, &diag);
  graph = parse("const %n: i64[]={5}\n"
                "input %s: f32[1x2]\n"
                "%last, %all = loop(%n, -, %s) carried=1 {\n"
                "  input %i: i64[]\n"
                "  input %go: bool[]\n"
                "  input %v: f32[1x2]\n"
                "  %next = concat(%v, %v) axis=0\n"
                "  %yes = identity(%go)\n"
                "  output %yes\n"
                "  output %next\n"
                "  output %i\n"
                "}\n"
                "output %last\n"
                "output %all\n",
                &diag);
  assert_true(value_of(graph, "last")->late);
  assert_false(value_of(graph, "all")->late); /* five trips, whatever happens */
  assert_int_equal(value_of(graph, "all")->shape[0].dim[0], 5);
  close_graph(graph, &diag);
}

static void evaluates_branches(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(branch, &diag);
  float data[] = {-1, 2, -3};
  for (uint8_t c = 0; c < 2; c++) {
    const scull_tensor_t inputs[] = {{{SCULL_DTYPE_BOOL, {0}}, &c},
                                     {{SCULL_DTYPE_F32, {.rank = 1, .dim = {3}}}, data}};
    scull_tensor_t outputs[2];
    assert_int_equal(scull_graph_evaluate(graph, inputs, outputs, NULL), SCULL_OK);
    const float *y = outputs[0].data, *z = outputs[1].data;
    assert_float_equal(y[0], c == 1 ? 0 : 1, 0);
    assert_float_equal(y[1], c == 1 ? 2 : -2, 0);
    assert_float_equal(z[1], 2, 0);
    scull_base_free(outputs[0].data);
    scull_base_free(outputs[1].data);
  }
  close_graph(graph, &diag);
}

static void evaluates_loops(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse(loop, &diag);
  float data[] = {1, -3};
  for (int64_t n = 0; n < 12; n += 3) {
    const scull_tensor_t inputs[] = {{{SCULL_DTYPE_I64, {0}}, &n},
                                     {{SCULL_DTYPE_F32, {.rank = 1, .dim = {2}}}, data}};
    scull_tensor_t outputs[2];
    assert_int_equal(scull_graph_evaluate(graph, inputs, outputs, NULL), SCULL_OK);
    assert_float_equal(((float *)outputs[0].data)[1], -3.0F * (float)(1 << n), 0);
    assert_int_equal(outputs[1].type.shape.dim[0], n);
    assert_int_equal(outputs[1].type.shape.dim[1], 2);
    for (int64_t i = 0; i < n; i++)
      assert_float_equal(((float *)outputs[1].data)[2 * i], (float)(1 << i), 0);
    scull_base_free(outputs[0].data);
    scull_base_free(outputs[1].data);
  }
  close_graph(graph, &diag);
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  refuses("input %c: bool[]\n%y = if(%c) {\n}\noutput %y\n", "it has 1 regions, not two");
  refuses("input %c: bool[2]\ninput %x: f32[2]\n%y = if(%c, %x) {\ninput %a: f32[2]\noutput %a\n} "
          "{\ninput %a: f32[2]\noutput %a\n}\noutput %y\n",
          "not one truth value");
  refuses("input %c: bool[]\ninput %x: f32[2]\n%y = if(%c, %x) {\ninput %a: f32[2]\noutput %a\n} "
          "{\ninput %a: f32[2]\n%i = cast(%a) to=i64\noutput %i\n}\noutput %y\n",
          "output 0 is f32");
  refuses("input %c: bool[]\n%y = if(%c) {\nconst %a: f32[1]={1}\noutput %a\n", "not closed");
  refuses("input %x: f32[2]\n%y = loop(-, -, %x) carried=1 {\ninput %i: i64[]\n}\noutput %y\n",
          "parameters");
  refuses("input %x: f32[2]\n%y = loop(-, -, %x) carried=7 {\n}\noutput %y\n", "carried");
}

/* Bounds computed from data: what is known of them, and what nobody may rely on. */
static void computed_bounds_are_late(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse("input %x: f32[10x4]\n"
                               "input %n: i64[1]\n"
                               "%k = abs(%n)\n"
                               "%a = slice(%x, -, %k) axes=0 starts=0\n"
                               "%r = relu(%a)\n"
                               "%f = reshape(%r) shape=-1\n"
                               "%s = shape(%r)\n"
                               "%b, %i = top_k(%x, %k) axis=0\n"
                               "output %f\n"
                               "output %s\n"
                               "output %b\n",
                               &diag);
  const scull_value_t *a = value_of(graph, "a");
  assert_true(a->late);
  assert_int_equal(a->shape[SCULL_POINT_MAX].dim[0], 10);
  assert_int_equal(a->shape[SCULL_POINT_MIN].dim[0], 1);
  assert_int_equal(a->shape[SCULL_POINT_MIN].dim[1], 4);
  assert_int_equal(value_of(graph, "f")->shape[0].dim[0], 40);
  assert_int_equal(value_of(graph, "b")->shape[0].dim[0], 10);
  assert_true(value_of(graph, "b")->late);
  assert_false(scull_graph_is_fixed(graph, scull_graph_find_value(graph, "s")));
  assert_int_equal(scull_graph_infer(graph), SCULL_OK);
  close_graph(graph, &diag);
}

/* A branch put in place of its node, a loop inside included. */
static void inlines_regions(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = parse("input %c: bool[]\n"
                               "const %n: i64[]={3}\n"
                               "input %x: f32[1]\n"
                               "%y = if(%c, %x, %n) {\n"
                               "input %a: f32[1]\n"
                               "input %t: i64[]\n"
                               "%z = loop(%t, -, %a) carried=1 {\n"
                               "input %i: i64[]\n"
                               "input %go: bool[]\n"
                               "input %v: f32[1]\n"
                               "const %k: f32[1]={2}\n"
                               "%w = mul(%v, %k)\n"
                               "output %go\n"
                               "output %w\n"
                               "}\n"
                               "output %z\n"
                               "} {\n"
                               "input %a: f32[1]\n"
                               "input %t: i64[]\n"
                               "output %a\n"
                               "}\n"
                               "output %y\n",
                               &diag);
  const scull_node_t *node = scull_graph_producer(graph, scull_graph_find_value(graph, "y"));
  scull_node_id_t id = scull_graph_node_id(graph, node);
  const scull_graph_t *region = node->regions[0];
  scull_value_id_t result = SCULL_NO_ID, y = node->outputs[0];
  assert_int_equal(scull_graph_inline(graph, region, node->inputs + 1, &result), SCULL_OK);
  assert_int_equal(scull_graph_replace(graph, y, result), SCULL_OK);
  scull_graph_remove(graph, id);
  if (scull_graph_verify(graph) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&diag));
  uint8_t no = 0;
  float one = 1;
  const scull_tensor_t inputs[] = {{{SCULL_DTYPE_BOOL, {0}}, &no},
                                   {{SCULL_DTYPE_F32, {.rank = 1, .dim = {1}}}, &one}};
  scull_tensor_t output;
  assert_int_equal(scull_graph_evaluate(graph, inputs, &output, NULL), SCULL_OK);
  assert_float_equal(*(float *)output.data, 8, 0);
  scull_base_free(output.data);
  close_graph(graph, &diag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_goes_round),
      cmocka_unit_test(branches_agree_or_are_late),
      cmocka_unit_test(loops_settle),
      cmocka_unit_test(evaluates_branches),
      cmocka_unit_test(evaluates_loops),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(computed_bounds_are_late),
      cmocka_unit_test(inlines_regions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
