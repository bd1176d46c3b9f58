/* Shape arithmetic at build time: what shape, slice, concat, gather, range and fill compute is
 * known while the graph is built, at each point of the input shapes, so that reshape, expand and
 * their like have types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "ops/concat.h"
#include "ops/fill.h"
#include "ops/gather.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/squeeze.h"

typedef struct {
  scull_graph_t *graph;
  scull_diag_t diag;
} fixture_t;

static void begin(fixture_t *f, int points) {
  scull_base_diag_init(&f->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_graph_create(points, &f->diag, &f->graph), SCULL_OK);
}

static void end(fixture_t *f) {
  assert_int_equal(scull_graph_verify(f->graph), SCULL_OK);
  scull_graph_destroy(f->graph);
  scull_base_diag_deinit(&f->diag);
}

static scull_status_t try_add(fixture_t *f, const scull_opdef_t *op, const void *attrs,
                              const scull_value_id_t *inputs, size_t count, scull_value_id_t *out) {
  scull_node_spec_t spec = {.op = op,
                            .name = op->name,
                            .attrs = attrs,
                            .inputs = inputs,
                            .input_count = count,
                            .output_count = op->outputs_min};
  scull_node_id_t id = 0;
  SCULL_TRY(scull_graph_add_node(f->graph, &spec, &id));
  *out = scull_graph_node(f->graph, id)->outputs[0];
  return SCULL_OK;
}

static scull_value_id_t add(fixture_t *f, const scull_opdef_t *op, const void *attrs,
                            const scull_value_id_t *inputs, size_t count) {
  scull_value_id_t out = SCULL_NO_ID;
  assert_int_equal(try_add(f, op, attrs, inputs, count, &out), SCULL_OK);
  return out;
}

static scull_value_id_t constant(fixture_t *f, scull_dtype_t dtype, scull_shape_t shape,
                                 const void *data) {
  scull_type_t type = {dtype, shape};
  scull_value_id_t out = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_constant(f->graph, "k", &type, data, &out), SCULL_OK);
  return out;
}

/* x: f32[n x 6 x h x w] with n and h different at each point. */
static scull_value_id_t add_picture(fixture_t *f) {
  const scull_shape_t shapes[SCULL_POINTS] = {
      [SCULL_POINT_OPT] = {4, {4, 6, 8, 5}},
      [SCULL_POINT_MIN] = {4, {1, 6, 2, 5}},
      [SCULL_POINT_MAX] = {4, {8, 6, 16, 5}},
      [SCULL_POINT_PROBE] = {4, {3, 6, 7, 5}},
  };
  scull_value_id_t x = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_input(f->graph, "x", SCULL_DTYPE_F32, shapes, &x), SCULL_OK);
  return x;
}

static int64_t extent(const fixture_t *f, scull_value_id_t value, int axis, int point) {
  return scull_graph_value(f->graph, value)->shape[point].dim[axis];
}

static void expect_known(const fixture_t *f, scull_value_id_t value, int point, size_t count,
                         const int64_t *want) {
  const scull_value_t *v = scull_graph_value(f->graph, value);
  assert_int_equal(v->dtype, SCULL_DTYPE_I64);
  assert_int_equal(scull_tensor_count(&v->shape[point]), count);
  assert_non_null(v->known[point]);
  assert_memory_equal(v->known[point], want, count * sizeof *want);
}

/* The ladder that frameworks export for x.reshape(batch, -1) and its like. */
static void climb(int points) {
  static const int64_t minus_one = -1;
  fixture_t f;
  begin(&f, points);
  scull_value_id_t x = add_picture(&f);
  scull_value_id_t shape = add(&f, &scull_opdef_shape, NULL, &x, 1);
  const scull_slice_attrs_t first = {.starts = {(const int64_t[]){0}, 1},
                                     .ends = {(const int64_t[]){1}, 1}};
  scull_value_id_t batch = add(&f, &scull_opdef_slice, &first, &shape, 1);
  scull_value_id_t rest = constant(&f, SCULL_DTYPE_I64, (scull_shape_t){1, {1}}, &minus_one);
  scull_value_id_t target =
      add(&f, &scull_opdef_concat, NULL, (scull_value_id_t[]){batch, rest}, 2);
  scull_value_id_t y = add(&f, &scull_opdef_reshape, NULL, (scull_value_id_t[]){x, target}, 2);
  for (int p = 0; p < points; p++) {
    int64_t n = extent(&f, x, 0, p), h = extent(&f, x, 2, p);
    expect_known(&f, shape, p, 4, (const int64_t[]){n, 6, h, 5});
    expect_known(&f, batch, p, 1, &n);
    expect_known(&f, target, p, 2, (const int64_t[]){n, -1});
    assert_int_equal(scull_graph_value(f.graph, y)->shape[p].rank, 2);
    assert_int_equal(extent(&f, y, 0, p), n);
    assert_int_equal(extent(&f, y, 1, p), 6 * h * 5);
    assert_null(scull_graph_value(f.graph, y)->known[p]);
  }
  assert_int_equal(scull_graph_is_fixed(f.graph, y), points == 1);
  assert_true(scull_graph_is_fixed(f.graph, target)); /* its shape; its values are not */
  end(&f);
}

static void one_point(void **state) {
  (void)state;
  climb(1);
}

static void four_points(void **state) {
  (void)state;
  climb(SCULL_POINTS);
}

/* gather, reduce_prod, squeeze, fill and expand on the way, too. */
static void every_step_of_arithmetic(void **state) {
  (void)state;
  static const int64_t zero = 0, spatial[] = {2, 3};
  fixture_t f;
  begin(&f, SCULL_POINTS);
  scull_value_id_t x = add_picture(&f);
  scull_value_id_t shape = add(&f, &scull_opdef_shape, NULL, &x, 1);
  scull_value_id_t index = constant(&f, SCULL_DTYPE_I64, (scull_shape_t){1, {2}}, spatial);
  scull_value_id_t zeroth = constant(&f, SCULL_DTYPE_I64, (scull_shape_t){0}, &zero);
  scull_value_id_t plane =
      add(&f, &scull_opdef_gather, NULL, (scull_value_id_t[]){shape, index}, 2);
  const scull_reduce_attrs_t keep = {.keep_dims = true};
  scull_value_id_t area = add(&f, &scull_opdef_reduce_prod, &keep, &plane, 1);
  scull_value_id_t batch =
      add(&f, &scull_opdef_gather, NULL, (scull_value_id_t[]){shape, zeroth}, 2);
  const scull_squeeze_attrs_t front = {.axes = {&zero, 1}};
  scull_value_id_t row = add(&f, &scull_opdef_unsqueeze, &front, &batch, 1);
  scull_value_id_t target = add(&f, &scull_opdef_concat, NULL, (scull_value_id_t[]){row, area}, 2);
  scull_value_id_t ones = add(&f, &scull_opdef_fill, NULL, &target, 1);
  const int64_t bound = 1;
  scull_value_id_t step = constant(&f, SCULL_DTYPE_I64, (scull_shape_t){0}, &bound);
  scull_value_id_t count =
      add(&f, &scull_opdef_range, NULL, (scull_value_id_t[]){zeroth, batch, step}, 3);
  for (int p = 0; p < SCULL_POINTS; p++) {
    int64_t n = extent(&f, x, 0, p), h = extent(&f, x, 2, p), want[8];
    expect_known(&f, target, p, 2, (const int64_t[]){n, h * 5});
    assert_int_equal(extent(&f, ones, 0, p), n);
    assert_int_equal(extent(&f, ones, 1, p), h * 5);
    for (int64_t i = 0; i < n; i++)
      want[i] = i;
    expect_known(&f, count, p, (size_t)n, want);
  }
  end(&f);
}

/* A shape that is read from data is settled by a run; a refused node leaves the graph as before. */
static void shape_from_data_is_late(void **state) {
  (void)state;
  fixture_t f;
  begin(&f, 1);
  scull_value_id_t x = add_picture(&f), y = SCULL_NO_ID;
  const scull_shape_t two = {1, {2}};
  scull_value_id_t target = SCULL_NO_ID;
  assert_int_equal(scull_graph_add_input(f.graph, "s", SCULL_DTYPE_I64, &two, &target), SCULL_OK);
  const scull_value_id_t operands[] = {x, target};
  assert_int_equal(try_add(&f, &scull_opdef_add, NULL, operands, 2, &y), SCULL_INVALID_ARGUMENT);
  assert_non_null(strstr(scull_base_diag_first_error(&f.diag), "node 'add' (add): "));
  assert_int_equal(scull_graph_value(f.graph, x)->users.size, 0);
  assert_int_equal(scull_graph_find_value(f.graph, "add"), SCULL_NO_ID);
  assert_int_equal(try_add(&f, &scull_opdef_reshape, NULL, operands, 2, &y), SCULL_OK);
  assert_true(scull_graph_value(f.graph, y)->late);
  assert_int_equal(scull_graph_value(f.graph, y)->shape[0].rank, 2);
  assert_int_equal(f.graph->points, SCULL_POINTS);
  end(&f);
}

/* squeeze without axes would drop the batch only where it is 1. */
static void rank_that_depends_on_the_extent_is_refused(void **state) {
  (void)state;
  fixture_t f;
  begin(&f, SCULL_POINTS);
  scull_value_id_t x = add_picture(&f), y = SCULL_NO_ID;
  assert_int_equal(try_add(&f, &scull_opdef_squeeze, NULL, &x, 1, &y), SCULL_INVALID_ARGUMENT);
  assert_non_null(strstr(scull_base_diag_first_error(&f.diag), "dimensions at one input shape"));
  end(&f);
}

/* A value worth knowing is small; larger ones are left to the run. */
static void large_values_are_not_computed(void **state) {
  (void)state;
  fixture_t f;
  begin(&f, 1);
  const scull_fill_attrs_t small = {.shape = {(const int64_t[]){1024}, 1}, .to = SCULL_DTYPE_F32};
  const scull_fill_attrs_t large = {.shape = {(const int64_t[]){1025}, 1}, .to = SCULL_DTYPE_F32};
  scull_value_id_t a = add(&f, &scull_opdef_fill, &small, NULL, 0);
  scull_value_id_t b = add(&f, &scull_opdef_fill, &large, NULL, 0);
  assert_non_null(scull_graph_value(f.graph, a)->known[0]);
  assert_null(scull_graph_value(f.graph, b)->known[0]);
  end(&f);
}

/* After an edit the known values follow. */
static void known_values_follow_edits(void **state) {
  (void)state;
  fixture_t f;
  begin(&f, 1);
  scull_value_id_t x = add_picture(&f), z = SCULL_NO_ID;
  const scull_shape_t other = {2, {9, 2}};
  assert_int_equal(scull_graph_add_input(f.graph, "z", SCULL_DTYPE_F32, &other, &z), SCULL_OK);
  scull_value_id_t shape = add(&f, &scull_opdef_shape, NULL, &x, 1);
  assert_int_equal(
      scull_graph_set_input(f.graph, scull_graph_value(f.graph, shape)->producer, 0, z), SCULL_OK);
  assert_int_equal(scull_graph_infer(f.graph), SCULL_OK);
  expect_known(&f, shape, 0, 2, (const int64_t[]){9, 2});
  end(&f);
}

static bool peeked[2];

static scull_status_t peek(const scull_op_call_t *call) {
  for (int i = 0; i < 2; i++)
    peeked[i] = call->inputs[i].data != NULL;
  call->outputs[0].type = call->inputs[0].type;
  return SCULL_OK;
}

/* A rule cannot read what its descriptor does not name. */
static void rules_see_what_they_name(void **state) {
  (void)state;
  float x = 1;
  const scull_opdef_t op = {.name = "peek",
                            .inputs_min = 2,
                            .inputs_max = 2,
                            .outputs_min = 1,
                            .outputs_max = 1,
                            .value_inputs = 1u << 1,
                            .infer = peek};
  const scull_tensor_t inputs[2] = {{.type.dtype = SCULL_DTYPE_F32, .data = &x},
                                    {.type.dtype = SCULL_DTYPE_F32, .data = &x}};
  scull_tensor_t output = {.data = NULL};
  const scull_op_call_t call = {
      .def = &op, .inputs = inputs, .input_count = 2, .outputs = &output, .output_count = 1};
  assert_int_equal(scull_ops_infer(&call), SCULL_OK);
  assert_false(peeked[0]);
  assert_true(peeked[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_point),
      cmocka_unit_test(four_points),
      cmocka_unit_test(every_step_of_arithmetic),
      cmocka_unit_test(shape_from_data_is_late),
      cmocka_unit_test(rank_that_depends_on_the_extent_is_refused),
      cmocka_unit_test(large_values_are_not_computed),
      cmocka_unit_test(known_values_follow_edits),
      cmocka_unit_test(rules_see_what_they_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
