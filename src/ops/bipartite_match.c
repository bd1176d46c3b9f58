/* bipartite_match: nearness f32 [R,M], offsets of its rows [N+1]? -> i32 [N,M], f32 [N,M]: which
 * row of each sequence of rows every column is matched with (counted in that sequence, -1: none)
 * and how near it is (0). The nearest pair is matched first, then the nearest of the rows and
 * columns that are left, and so on. */
#include "ops/bipartite_match.h"

#include <stdlib.h>

#include "base/checked.h"
#include "ops/boxes.h"
#include "ops/rows_of.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_bipartite_match_attrs_t, BOOL, every, "false"),
    SCULL_FIELD(scull_bipartite_match_attrs_t, FLOAT, threshold, "0.5"),
};

enum { NEAR, OFFSETS };
static const float least_near = 1e-6F; /* less is not near at all */

static int64_t sequences(const scull_op_call_t *call) {
  return scull_ops_has_input(call, OFFSETS) ? scull_ops_rows_count(call, OFFSETS) : 1;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *near = &call->inputs[NEAR].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 1));
  if (near->rank != 2)
    return scull_ops_fail(call, "the nearness must be [R,M]");
  if (scull_ops_has_input(call, OFFSETS))
    SCULL_TRY(scull_ops_rows_check(call, OFFSETS));
  const scull_shape_t shape = {2, {sequences(call), near->dim[1]}};
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_I32, shape};
  if (call->output_count > 1)
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_F32, shape};
  return SCULL_OK;
}

/* A pair that may be matched. */
typedef struct {
  float near;
  int64_t row, column;
} pair_t;

static int compare(const void *a, const void *b) { /* nearest first; else by column, then row */
  const pair_t *x = a, *y = b;
  if (x->near != y->near)
    return x->near > y->near ? -1 : 1;
  if (x->column != y->column)
    return x->column < y->column ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* One sequence of rows; its matches, and how near they are where that is asked for. */
typedef struct {
  const float *near;
  int64_t rows, columns;
  pair_t *pairs;
  uint8_t *taken; /* rows */
  int32_t *match;
} run_t;

static void match_pairs(const run_t *r) {
  int64_t count = 0;
  for (int64_t i = 0; i < r->rows * r->columns; i++) {
    if (r->near[i] >= least_near)
      r->pairs[count++] = (pair_t){r->near[i], i / r->columns, i % r->columns};
  }
  if (count > 1)
    qsort(r->pairs, (size_t)count, sizeof *r->pairs, compare);
  for (int64_t i = 0; i < r->rows; i++)
    r->taken[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    const pair_t *pair = &r->pairs[i];
    if (r->taken[pair->row] != 0 || r->match[pair->column] >= 0)
      continue;
    r->taken[pair->row] = 1;
    r->match[pair->column] = (int32_t)pair->row;
  }
}

static void match_rest(const run_t *r, float threshold) {
  for (int64_t column = 0; column < r->columns; column++) {
    float most = -1;
    for (int64_t row = 0; row < r->rows && (r->match[column] < 0 || most >= 0); row++) {
      float near = r->near[row * r->columns + column];
      if (near < least_near || near < threshold || near <= most)
        continue;
      most = near;
      r->match[column] = (int32_t)row;
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_bipartite_match_attrs_t *attrs = call->attrs;
  const scull_shape_t *shape = &call->inputs[NEAR].type.shape;
  int64_t columns = shape->dim[1];
  for (int64_t n = 0; n < sequences(call); n++) {
    int64_t begin = 0, end = shape->dim[0];
    if (scull_ops_has_input(call, OFFSETS))
      SCULL_TRY(scull_ops_rows_of(call, OFFSETS, n, shape->dim[0], &begin, &end));
    run_t r = {.near = (const float *)call->inputs[NEAR].data + begin * columns,
               .rows = end - begin,
               .columns = columns,
               .pairs = call->scratch,
               .match = (int32_t *)call->outputs[0].data + n * columns};
    r.taken = (uint8_t *)(r.pairs + shape->dim[0] * columns);
    for (int64_t i = 0; i < columns; i++)
      r.match[i] = -1;
    match_pairs(&r);
    if (attrs->every)
      match_rest(&r, (float)attrs->threshold);
    for (int64_t i = 0; i < columns && call->output_count > 1; i++)
      ((float *)call->outputs[1].data)[n * columns + i] =
          r.match[i] < 0 ? 0 : r.near[r.match[i] * columns + i];
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *shape = &call->inputs[NEAR].type.shape;
  size_t pairs = scull_ops_scratch_of(scull_tensor_count(shape), sizeof(pair_t)), sum = 0;
  return scull_base_size_add(pairs, (size_t)shape->dim[0], &sum) ? sum : SIZE_MAX;
}

const scull_opdef_t scull_opdef_bipartite_match = {
    .name = "bipartite_match",
    .inputs_min = 1,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 2,
    .attrs = SCULL_SCHEMA(scull_bipartite_match_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
