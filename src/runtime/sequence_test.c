/* Sequences through a plan and through the evaluator: values written down by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "support/net.h"

/* A list is made, changed in all ways, and taken apart again. */
static const char edits[] = "input %x: f32[3x2]\n"
                            "input %a: f32[1x2]\n"
                            "const %zero: i64[]={0}\n"
                            "const %last: i64[]={-1}\n"
                            "const %two: i64[]={2}\n"
                            "%s = sequence_split(%x, -) axis=0 keep=true\n"
                            "%t = sequence_insert(%s, %a, %zero)\n"
                            "%u = sequence_erase(%t, %two)\n"
                            "%v = sequence_set(%u, %a, %last)\n"
                            "%w = sequence_insert(%v, %x)\n"
                            "%n = sequence_length(%w)\n"
                            "%at = sequence_at(%w, %last)\n"
                            "%all, %sizes = sequence_concat(%w) axis=0\n"
                            "%pair = sequence_make(%a, %a)\n"
                            "%stack = sequence_concat(%pair) axis=1 stack=true\n"
                            "output %n\n"
                            "output %at\n"
                            "output %all\n"
                            "output %sizes\n"
                            "output %stack\n";

/* An array that a loop fills from nothing. */
static const char filled[] = "input %x: f32[3x2]\n"
                             "input %a: f32[1x2]\n"
                             "const %three: i64[]={3}\n"
                             "%none = sequence_make() to=f32\n"
                             "%s, %y = loop(%three, -, %none, %a) carried=2 {\n"
                             "  input %i: i64[]\n"
                             "  input %go: bool[]\n"
                             "  input %list: seq_f32[]\n"
                             "  input %v: f32[1x2]\n"
                             "  %w = add(%v, %v)\n"
                             "  %longer = sequence_set(%list, %w, %i)\n"
                             "  output %go\n"
                             "  output %longer\n"
                             "  output %w\n"
                             "}\n"
                             "%n = sequence_length(%s)\n"
                             "%all = sequence_concat(%s) axis=0\n"
                             "output %n\n"
                             "output %all\n"
                             "output %y\n";

typedef struct {
  int32_t rank;
  int64_t dims[3];
  double values[24];
} expected_t;

static const expected_t edits_give[] = {
    {0, {0}, {4}},
    {2, {3, 2}, {1, 2, 3, 4, 5, 6}},
    {2, {6, 2}, {7, 8, 1, 2, 7, 8, 1, 2, 3, 4, 5, 6}},
    {1, {4}, {1, 1, 1, 3}},
    {3, {1, 2, 2}, {7, 8, 7, 8}},
};

static const expected_t filled_give[] = {
    {0, {0}, {3}},
    {2, {3, 2}, {14, 16, 28, 32, 56, 64}},
    {2, {1, 2}, {56, 64}},
};

static void same(const scull_tensor_t *got, const expected_t *want) {
  const scull_shape_t shape = scull_tensor_shape(want->rank, want->dims);
  assert_true(scull_tensor_shape_equal(&got->type.shape, &shape));
  for (int64_t i = 0; i < scull_tensor_count(&shape); i++)
    assert_float_equal(scull_tensor_load(got->data, got->type.dtype, i), want->values[i], 0);
}

static void run(const char *text, const expected_t *want, size_t count) {
  net_t net;
  float x[] = {1, 2, 3, 4, 5, 6}, a[] = {7, 8};
  const scull_tensor_t inputs[] = {{{SCULL_DTYPE_F32, {.rank = 2, .dim = {3, 2}}}, x},
                                   {{SCULL_DTYPE_F32, {.rank = 2, .dim = {1, 2}}}, a}};
  scull_tensor_t outputs[8], got;
  scull_runtime_context_t *context = NULL;
  net_open(&net, text, "cpu");
  if (scull_graph_evaluate(net.graph, inputs, outputs, NULL) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&net.diag));
  for (size_t i = 0; i < count; i++) {
    same(&outputs[i], &want[i]);
    scull_base_free(outputs[i].data);
  }
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(
      scull_runtime_context_create(engine, &(scull_runtime_options_t){0}, &context, NULL),
      SCULL_OK);
  uint64_t allocations = 0;
  for (int round = 0; round < 4; round++) {
    allocations = scull_base_memory_stats().allocations;
    for (size_t i = 0; i < 2; i++)
      assert_int_equal(scull_runtime_set_input(context, i, inputs[i].data,
                                               scull_tensor_bytes(&inputs[i].type), NULL),
                       SCULL_OK);
    if (scull_runtime_run(context, &net.diag) != SCULL_OK)
      fail_msg("%s", scull_base_diag_first_error(&net.diag));
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(scull_runtime_output(context, i, &got, NULL), SCULL_OK);
      same(&got, &want[i]);
    }
  }
  assert_int_equal(scull_base_memory_stats().allocations, allocations);
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
}

static void edits_in_order(void **state) {
  (void)state;
  run(edits, edits_give, sizeof edits_give / sizeof edits_give[0]);
}

static void a_loop_fills(void **state) {
  (void)state;
  run(filled, filled_give, sizeof filled_give / sizeof filled_give[0]);
}

static void refusals(void **state) {
  (void)state;
  static const char *const texts[] = {
      "input %x: f32[2]\n%s = sequence_make(%x)\n%y = relu(%s)\noutput %y\n",
      ("input %x: f32[2]\ninput %i: i64[2]\n%s = sequence_make(%x)\n%t = sequence_insert(%s, %i)\n"
       "output %t\n"),
      "input %x: f32[2]\ninput %y: f32[2x2]\n%s = sequence_make(%x, %y)\noutput %s\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    scull_graph_t *graph = NULL;
    assert_int_equal(scull_graph_parse(texts[i], NULL, &graph), SCULL_CORRUPT);
    assert_null(graph);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(edits_in_order),
      cmocka_unit_test(a_loop_fills),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
