/* What a run settles: extents that depend on data, branches, loops. Answers are held against the
 * evaluator; limits, memory that stays flat, and shapes that change from run to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "support/net.h"

/* A cut whose end is data, and what stands behind it: element-wise, a product, shape arithmetic. */
static const char cut[] = "input %x: f32[9x8]\n"
                          "input %n: i64[1]\n"
                          "const %w: f32[8x16] ~normal:1\n"
                          "const %four: i64[1]={4}\n"
                          "%k = abs(%n)\n"
                          "%a = slice(%x, -, %k) axes=0 starts=0\n"
                          "%r = relu(%a)\n"
                          "%m = matmul(%r, %w)\n"
                          "%t = tanh(%m)\n"
                          "%s = shape(%t)\n"
                          "%rows = slice(%s) axes=0 starts=0 ends=1\n"
                          "%both = concat(%rows, %four, %four) axis=0\n"
                          "%v = reshape(%t, %both)\n"
                          "%p = transpose(%v) perm=2,0,1\n"
                          "output %p\n"
                          "output %s\n"
                          "output %t\n";

static const char branch[] = "input %c: bool[]\n"
                             "input %x: f32[4x6]\n"
                             "const %w: f32[6x6] ~normal:3\n"
                             "%b = relu(%x)\n"
                             "%y, %same = if(%c, %b, %x, %w) {\n"
                             "  input %a: f32[4x6]\n"
                             "  input %u: f32[4x6]\n"
                             "  input %k: f32[6x6]\n"
                             "  %m = matmul(%a, %k)\n"
                             "  %t = sigmoid(%m)\n"
                             "  output %t\n"
                             "  output %u\n"
                             "} {\n"
                             "  input %a: f32[4x6]\n"
                             "  input %u: f32[4x6]\n"
                             "  input %k: f32[6x6]\n"
                             "  %h = slice(%u) axes=0 starts=1 ends=3\n"
                             "  output %h\n"
                             "  output %a\n"
                             "}\n"
                             "%z = abs(%y)\n"
                             "%q = exp(%same)\n"
                             "output %y\n"
                             "output %z\n"
                             "output %q\n";

/* Two carried values that change places, one that grows, all trips gathered; a loop within. */
static const char loops[] = "input %n: i64[]\n"
                            "input %a: f32[2x3]\n"
                            "input %b: f32[2x3]\n"
                            "%p, %q, %long, %all = loop(%n, -, %a, %b, %a) carried=3 {\n"
                            "  input %i: i64[]\n"
                            "  input %go: bool[]\n"
                            "  input %u: f32[2x3]\n"
                            "  input %v: f32[2x3]\n"
                            "  input %g: f32[2x3]\n"
                            "  const %two: i64[]={2}\n"
                            "  const %half: f32[2x3]={.5,.5,.5,.5,.5,.5}\n"
                            "  %grown = concat(%g, %u) axis=0\n"
                            "  %inner = loop(%two, -, %u, %half) carried=1 {\n"
                            "    input %j: i64[]\n"
                            "    input %on: bool[]\n"
                            "    input %x: f32[2x3]\n"
                            "    input %h: f32[2x3]\n"
                            "    %y = add(%x, %h)\n"
                            "    output %on\n"
                            "    output %y\n"
                            "  }\n"
                            "  output %go\n"
                            "  output %v\n"
                            "  output %inner\n"
                            "  output %grown\n"
                            "  output %i\n"
                            "}\n"
                            "%d = sub(%p, %q)\n"
                            "output %d\n"
                            "output %long\n"
                            "output %all\n";

/* A network, its engine, one context, and the tensors that it is fed. */
typedef struct {
  net_t net;
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
  void *fed[2];
  size_t fed_count;
} rig_t;

static scull_runtime_context_t *context_of(const scull_runtime_engine_t *engine,
                                           const scull_runtime_options_t *options) {
  scull_runtime_context_t *context = NULL;
  assert_int_equal(scull_runtime_context_create(engine, options, &context, NULL), SCULL_OK);
  return context;
}

static void rig_open(rig_t *rig, const char *text) {
  *rig = (rig_t){0};
  net_open(&rig->net, text, "cpu");
  rig->engine = net_engine(&rig->net);
  rig->context = context_of(rig->engine, &(scull_runtime_options_t){0});
}

/* Values for an input; they are the rig's. */
static scull_tensor_t rig_input(rig_t *rig, size_t input, scull_shape_t shape, uint64_t seed) {
  scull_tensor_t tensor = net_input(&rig->net, input, &shape, seed);
  rig->fed[rig->fed_count++] = tensor.data;
  return tensor;
}

static void rig_close(rig_t *rig) {
  for (size_t i = 0; i < rig->fed_count; i++)
    scull_base_free(rig->fed[i]);
  scull_runtime_context_destroy(rig->context);
  scull_runtime_engine_destroy(rig->engine);
  net_close(&rig->net);
}

/* Runs with these inputs and holds all outputs against the evaluator, shapes included. */
static void check(rig_t *rig, const scull_tensor_t *inputs) {
  net_t *net = &rig->net;
  scull_runtime_context_t *context = rig->context;
  size_t outputs = net->graph->outputs.size;
  scull_tensor_t expected[8], got;
  for (size_t i = 0; i < net->graph->inputs.size; i++)
    assert_int_equal(scull_runtime_set_input(context, i, inputs[i].data,
                                             scull_tensor_bytes(&inputs[i].type), &net->diag),
                     SCULL_OK);
  if (scull_runtime_run(context, &net->diag) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&net->diag));
  assert_int_equal(scull_graph_evaluate(net->graph, inputs, expected, NULL), SCULL_OK);
  for (size_t i = 0; i < outputs; i++) {
    assert_int_equal(scull_runtime_output(context, i, &got, NULL), SCULL_OK);
    assert_int_equal(got.type.dtype, expected[i].type.dtype);
    if (!scull_tensor_shape_equal(&got.type.shape, &expected[i].type.shape))
      fail_msg("output %zu has %lld rows, not %lld", i, (long long)got.type.shape.dim[0],
               (long long)expected[i].type.shape.dim[0]);
    scull_difference_t difference =
        scull_tensor_compare(&got, &expected[i], (scull_tolerance_t){1e-5, 1e-5});
    assert_int_equal(difference.outside, 0);
    scull_base_free(expected[i].data);
  }
}

static void cuts(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, cut);
  scull_tensor_t x = rig_input(&rig, 0, (scull_shape_t){.rank = 2, .dim = {9, 8}}, 5);
  static const int64_t counts[] = {3, 9, 1, 0, -4, 20, 3};
  uint64_t allocations = 0;
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
      int64_t n = counts[i];
      const scull_tensor_t inputs[] = {x, {{SCULL_DTYPE_I64, {.rank = 1, .dim = {1}}}, &n}};
      check(&rig, inputs);
    }
  }
  int64_t n = 20; /* seen before: nothing is asked for */
  for (int i = 0; i < 2; i++) {
    scull_tensor_t out;
    allocations = scull_base_memory_stats().allocations;
    assert_int_equal(scull_runtime_set_input(rig.context, 1, &n, sizeof n, NULL), SCULL_OK);
    assert_int_equal(scull_runtime_run(rig.context, NULL), SCULL_OK);
    assert_int_equal(scull_base_memory_stats().allocations, allocations);
    assert_int_equal(scull_runtime_output(rig.context, 0, &out, NULL), SCULL_OK);
    assert_int_equal(out.type.shape.dim[1], 9);
  }
  rig_close(&rig);
}

static void branches(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, branch);
  scull_tensor_t x = rig_input(&rig, 1, (scull_shape_t){.rank = 2, .dim = {4, 6}}, 7);
  static const uint8_t conditions[] = {1, 0, 0, 1, 1, 0};
  for (size_t i = 0; i < sizeof conditions; i++) {
    uint8_t c = conditions[i];
    const scull_tensor_t inputs[] = {{{SCULL_DTYPE_BOOL, {0}}, &c}, x};
    check(&rig, inputs);
  }
  rig_close(&rig);
}

static void runs_loops(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, loops);
  const scull_shape_t shape = {.rank = 2, .dim = {2, 3}};
  scull_tensor_t a = rig_input(&rig, 1, shape, 1), b = rig_input(&rig, 2, shape, 2);
  for (int64_t n = 1; n < 9; n++) { /* of no trip the evaluator guesses another shape of nothing */
    const scull_tensor_t inputs[] = {{{SCULL_DTYPE_I64, {0}}, &n}, a, b};
    check(&rig, inputs);
  }
  rig_close(&rig);
}

/* A model that never ends, and one that wants ever more. */
static void limits_hold(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, loops);
  const scull_shape_t shape = {.rank = 2, .dim = {2, 3}};
  scull_tensor_t a = rig_input(&rig, 1, shape, 1), b = rig_input(&rig, 2, shape, 2);
  int64_t n = INT64_MAX;
  const scull_runtime_options_t options[] = {{.trip_limit = 300}, {.growth_limit = 20000}};
  for (size_t i = 0; i < 2; i++) {
    scull_runtime_context_t *context = context_of(rig.engine, &options[i]);
    const scull_tensor_t inputs[] = {{{SCULL_DTYPE_I64, {0}}, &n}, a, b};
    for (size_t k = 0; k < 3; k++)
      assert_int_equal(scull_runtime_set_input(context, k, inputs[k].data,
                                               scull_tensor_bytes(&inputs[k].type), NULL),
                       SCULL_OK);
    assert_int_equal(scull_runtime_run(context, &rig.net.diag),
                     i == 0 ? SCULL_OUT_OF_RANGE : SCULL_OUT_OF_MEMORY);
    net_says(&rig.net.diag, i == 0 ? "300 trips" : "may take 20000");
    scull_base_diag_clear(&rig.net.diag);
    scull_runtime_context_destroy(context);
  }
  rig_close(&rig);
}

/* The caller's memory for an output whose size is not known: taken when it suffices. */
static void gives_late_outputs(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, cut);
  scull_tensor_t x = rig_input(&rig, 0, (scull_shape_t){.rank = 2, .dim = {9, 8}}, 5), out;
  int64_t n = 2, dims[2] = {0};
  float room[3 * 16];
  assert_int_equal(scull_runtime_output(rig.context, 2, &out, NULL), SCULL_OK);
  assert_int_equal(out.type.shape.dim[0], 9); /* the bound */
  assert_null(out.data);
  assert_int_equal(
      scull_runtime_set_input(rig.context, 0, x.data, scull_tensor_bytes(&x.type), NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_input(rig.context, 1, &n, sizeof n, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(rig.context, 2, room, sizeof room, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(rig.context, 1, dims, sizeof dims, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(rig.context, NULL), SCULL_OK);
  assert_int_equal(dims[0], 2);
  assert_int_equal(dims[1], 16);
  n = 4;
  assert_int_equal(scull_runtime_run(rig.context, &rig.net.diag), SCULL_INVALID_ARGUMENT);
  net_says(&rig.net.diag, "where this run gave 256");
  rig_close(&rig);
}

/* One try with the n-th allocation failing; the status is what the run said. */
static scull_status_t try_run(const scull_runtime_engine_t *engine, const scull_tensor_t *inputs,
                              uint64_t n) {
  scull_runtime_context_t *context = NULL;
  scull_base_memory_fail_at(n);
  scull_status_t status =
      scull_runtime_context_create(engine, &(scull_runtime_options_t){0}, &context, NULL);
  for (size_t i = 0; i < 3 && status == SCULL_OK; i++)
    status = scull_runtime_set_input(context, i, inputs[i].data,
                                     scull_tensor_bytes(&inputs[i].type), NULL);
  if (status == SCULL_OK)
    status = scull_runtime_run(context, NULL);
  scull_base_memory_fail_at(0);
  if (status != SCULL_OK && context != NULL) { /* it goes on as if nothing had been */
    assert_int_equal(scull_runtime_run(context, NULL), SCULL_OK);
  }
  scull_runtime_context_destroy(context);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  rig_t rig;
  rig_open(&rig, loops);
  const scull_shape_t shape = {.rank = 2, .dim = {2, 3}};
  scull_tensor_t a = rig_input(&rig, 1, shape, 1), b = rig_input(&rig, 2, shape, 2);
  int64_t trips = 4;
  const scull_tensor_t inputs[] = {{{SCULL_DTYPE_I64, {0}}, &trips}, a, b};
  uint64_t live = scull_base_memory_stats().live_blocks, n = 1;
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  for (; status != SCULL_OK; n++) {
    status = try_run(rig.engine, inputs, n);
    assert_true(status == SCULL_OK || status == SCULL_OUT_OF_MEMORY);
    assert_int_equal(scull_base_memory_stats().live_blocks, live);
  }
  assert_true(n > 20);
  rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuts),
      cmocka_unit_test(branches),
      cmocka_unit_test(runs_loops),
      cmocka_unit_test(limits_hold),
      cmocka_unit_test(gives_late_outputs),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
