/* The evaluator: values, lifetimes, watches, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "graph/evaluate.h"

static scull_graph_t *make_graph(scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  scull_base_diag_init(diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_create(1, diag, &graph), SCULL_OK);
  return graph;
}

static scull_value_id_t add_input(scull_graph_t *graph, const char *name, int64_t count) {
  const scull_shape_t shape = scull_tensor_shape(1, &count);
  scull_value_id_t out = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_input(graph, name, SCULL_DTYPE_F32, &shape, &out), SCULL_OK);
  return out;
}

static scull_value_id_t add_node(scull_graph_t *graph, const scull_opdef_t *op, const char *name,
                                 scull_value_id_t a, scull_value_id_t b) {
  const scull_value_id_t inputs[] = {a, b};
  scull_node_id_t out = SCULL_NO_ID;
  const scull_node_spec_t spec = {.op = op,
                                  .name = name,
                                  .inputs = inputs,
                                  .input_count = b == SCULL_NO_ID ? 1 : 2,
                                  .output_count = 1};
  assert_int_equal(scull_graph_add_node(graph, &spec, &out), SCULL_OK);
  return scull_graph_node(graph, out)->outputs[0];
}

static scull_tensor_t tensor_of(float *data, int64_t count) {
  return (scull_tensor_t){{SCULL_DTYPE_F32, {.rank = 1, .dim = {count}}}, data};
}

static void assert_floats(const scull_tensor_t *tensor, const float *expected, int64_t count) {
  assert_int_equal(scull_tensor_count(&tensor->type.shape), count);
  for (int64_t i = 0; i < count; i++)
    assert_float_equal(((const float *)tensor->data)[i], expected[i], 0);
}

/* Counts what it sees and sums the first elements. */
typedef struct {
  int seen;
  float sum;
} seen_t;

static void see(void *user, scull_value_id_t value, const scull_tensor_t *tensor) {
  seen_t *seen = user;
  (void)value;
  seen->seen++;
  seen->sum += ((const float *)tensor->data)[0];
}

static void runs_nodes_and_shows_values(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = make_graph(&diag);
  scull_value_id_t x = add_input(graph, "x", 3);
  scull_value_id_t sum = add_node(graph, &scull_opdef_add, "sum", x, x);
  scull_value_id_t y = add_node(graph, &scull_opdef_relu, "y", sum, SCULL_NO_ID);
  assert_int_equal(scull_graph_add_output(graph, y, "y"), SCULL_OK);
  seen_t seen = {0};
  const scull_graph_watch_t watch = {see, &seen};
  scull_tensor_t in = tensor_of((float[]){-1, 2, 3}, 3), out;
  assert_int_equal(scull_graph_evaluate(graph, &in, &out, &watch), SCULL_OK);
  assert_floats(&out, (const float[]){0, 4, 6}, 3);
  assert_int_equal(seen.seen, 2);
  assert_float_equal(seen.sum, -2, 0);
  scull_base_free(out.data);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

/* One value that is two outputs, an input that is an output, a constant that is not aligned, and a
 * batch that no point of the graph names. */
static void gives_every_output_its_own_block(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = make_graph(&diag);
  float one = 1;
  char bytes[8] = {0};
  for (size_t i = 0; i < 4; i++)
    bytes[i + 1] = ((const char *)&one)[i];
  const scull_type_t scalar = {SCULL_DTYPE_F32, {.rank = 1, .dim = {1}}};
  scull_value_id_t c = SCULL_NO_ID, x = add_input(graph, "x", 1);
  assert_int_equal(scull_graph_add_constant(graph, "c", &scalar, bytes + 1, &c), SCULL_OK);
  scull_value_id_t y = add_node(graph, &scull_opdef_add, "y", x, c);
  (void)add_node(graph, &scull_opdef_relu, "unused", y, SCULL_NO_ID);
  const scull_value_id_t outputs[] = {y, y, x, c};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(scull_graph_add_output(graph, outputs[i], "out"), SCULL_OK);
  scull_tensor_t in = tensor_of((float[]){5, 7}, 2), out[4];
  uint64_t live = scull_base_memory_stats().live_blocks;
  assert_int_equal(scull_graph_evaluate(graph, &in, out, NULL), SCULL_OK);
  assert_floats(&out[0], (const float[]){6, 8}, 2);
  assert_floats(&out[1], (const float[]){6, 8}, 2);
  assert_floats(&out[2], (const float[]){5, 7}, 2);
  assert_floats(&out[3], (const float[]){1}, 1);
  assert_ptr_not_equal(out[0].data, out[1].data);
  assert_ptr_not_equal(out[2].data, in.data);
  for (size_t i = 0; i < 4; i++)
    scull_base_free(out[i].data);
  assert_true(scull_base_memory_stats().live_blocks <= live + 1); /* the arena may have grown */
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

static void refuses_other_types_and_survives_short_memory(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = make_graph(&diag);
  scull_value_id_t x = add_input(graph, "x", 3), y = add_input(graph, "y", 3);
  scull_value_id_t z = add_node(graph, &scull_opdef_add, "z", x, y);
  assert_int_equal(scull_graph_add_output(graph, z, "z"), SCULL_OK);
  float data[3] = {1, 2, 3};
  scull_tensor_t in[2] = {tensor_of(data, 3), tensor_of(data, 3)}, out;
  in[1].type.dtype = SCULL_DTYPE_I32;
  assert_int_equal(scull_graph_evaluate(graph, in, &out, NULL), SCULL_INVALID_ARGUMENT);
  in[1] = tensor_of(data, 2); /* does not broadcast */
  assert_int_equal(scull_graph_evaluate(graph, in, &out, NULL), SCULL_INVALID_ARGUMENT);
  assert_null(out.data);
  in[1] = tensor_of(data, 3);
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  for (uint64_t n = 1; n < 100 && status != SCULL_OK; n++) {
    scull_base_memory_fail_at(n);
    status = scull_graph_evaluate(graph, in, &out, NULL);
    scull_base_memory_fail_at(0);
    assert_true(status == SCULL_OK || (status == SCULL_OUT_OF_MEMORY && out.data == NULL));
  }
  assert_int_equal(status, SCULL_OK);
  scull_base_free(out.data);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

/* Three halves of a chain: the middle is given, so the first is not run; without it and without the
 * input nothing can be. */
static void computes_one_value_from_given_ones(void **state) {
  (void)state;
  scull_diag_t diag;
  scull_graph_t *graph = make_graph(&diag);
  scull_value_id_t x = add_input(graph, "x", 2), z = add_input(graph, "z", 2);
  scull_value_id_t a = add_node(graph, &scull_opdef_add, "a", x, z);
  scull_value_id_t b = add_node(graph, &scull_opdef_relu, "b", a, SCULL_NO_ID);
  scull_value_id_t c = add_node(graph, &scull_opdef_add, "c", b, z);
  scull_value_id_t d = add_node(graph, &scull_opdef_add, "d", c, b);
  assert_int_equal(scull_graph_add_output(graph, d, "d"), SCULL_OK);
  const scull_graph_given_t given[] = {{z, tensor_of((float[]){10, 20}, 2)},
                                       {b, tensor_of((float[]){1, 2}, 2)}};
  scull_tensor_t out;
  assert_int_equal(scull_graph_evaluate_value(graph, given, 2, d, &out), SCULL_OK);
  assert_floats(&out, (const float[]){12, 24}, 2);
  scull_base_free(out.data);
  assert_int_equal(scull_graph_evaluate_value(graph, given, 2, b, &out), SCULL_OK);
  assert_ptr_not_equal(out.data, given[1].tensor.data);
  assert_floats(&out, (const float[]){1, 2}, 2);
  scull_base_free(out.data);
  assert_int_equal(scull_graph_evaluate_value(graph, given, 1, d, &out), SCULL_INVALID_ARGUMENT);
  assert_null(out.data);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_nodes_and_shows_values),
      cmocka_unit_test(gives_every_output_its_own_block),
      cmocka_unit_test(refuses_other_types_and_survives_short_memory),
      cmocka_unit_test(computes_one_value_from_given_ones),
  };
  return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
