/* top_k: x, k (one element, optional, wins) -> values and their indices (i64), best first. Of equal
 * values the earlier comes first; NaN counts as the largest of all (Paddle's rule). Each line is
 * made a heap of indices, from which the best are taken. */
#include "ops/top_k.h"

#include <math.h>

#include "ops/lines.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_top_k_attrs_t, INT, k, "1"),
    SCULL_FIELD(scull_top_k_attrs_t, INT, axis, "-1"),
    SCULL_FIELD(scull_top_k_attrs_t, BOOL, largest, "true"),
    SCULL_FIELD(scull_top_k_attrs_t, BOOL, sorted, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_top_k_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  scull_lines_t lines;
  scull_list_t k;
  SCULL_TRY(scull_ops_lines(call, &x->shape, attrs->axis, &lines));
  if (scull_ops_must_guess(call, 1)) /* no more than all of them */
    k = (scull_list_t){.item = {lines.extent}, .size = 1};
  else
    SCULL_TRY(scull_ops_list_read(call, 1, "k", (scull_ints_t){&attrs->k, 1}, &k));
  bool guessed = (call->guessed & 1) != 0; /* where x may be longer in the run */
  if (k.size != 1 || k.item[0] < 0 || (k.item[0] > lines.extent && !guessed))
    return scull_ops_fail(call, "the best %lld of %lld", (long long)(k.size < 1 ? -1 : k.item[0]),
                          (long long)lines.extent);
  if (x->shape.rank == 0 && k.item[0] != 1)
    return scull_ops_fail(call, "a scalar has one best element");
  for (size_t i = 0; i < call->output_count; i++) {
    scull_type_t *y = &call->outputs[i].type;
    *y = (scull_type_t){i == 0 ? x->dtype : SCULL_DTYPE_I64, x->shape};
    if (x->shape.rank > 0)
      y->shape.dim[lines.axis] = k.item[0];
    if (scull_ops_must_guess(call, 1))
      scull_ops_open(call, i, lines.axis);
  }
  return SCULL_OK;
}

typedef struct {
  const scull_tensor_t *x;
  int64_t first, step; /* element i of the line lies at first + i * step */
  bool largest;
  int64_t *heap; /* indices into the line, the best on top */
  int64_t size;
} line_t;

static int compare(const line_t *line, int64_t a, int64_t b) {
  scull_dtype_t dtype = line->x->type.dtype;
  int64_t at_a = line->first + a * line->step, at_b = line->first + b * line->step;
  if (scull_tensor_dtype_is_integer(dtype)) {
    int64_t x = scull_tensor_load_i64(line->x->data, dtype, at_a);
    int64_t y = scull_tensor_load_i64(line->x->data, dtype, at_b);
    return (x > y) - (x < y);
  }
  double x = scull_tensor_load(line->x->data, dtype, at_a);
  double y = scull_tensor_load(line->x->data, dtype, at_b);
  if (isnan(x) || isnan(y))
    return (isnan(x) != 0) - (isnan(y) != 0);
  return (x > y) - (x < y);
}

static bool is_better(const line_t *line, int64_t a, int64_t b) {
  int order = compare(line, a, b);
  order = line->largest ? order : -order;
  return order > 0 || (order == 0 && a < b);
}

static void sink(line_t *line, int64_t at) {
  int64_t moved = line->heap[at];
  for (int64_t child = 2 * at + 1; child < line->size; child = 2 * at + 1) {
    if (child + 1 < line->size && is_better(line, line->heap[child + 1], line->heap[child]))
      child++;
    if (!is_better(line, line->heap[child], moved))
      break;
    line->heap[at] = line->heap[child];
    at = child;
  }
  line->heap[at] = moved;
}

static void heapify(line_t *line, int64_t extent) {
  line->size = extent;
  for (int64_t i = 0; i < extent; i++)
    line->heap[i] = i;
  for (int64_t i = extent / 2; i-- > 0;)
    sink(line, i);
}

static int64_t take_best(line_t *line) {
  int64_t best = line->heap[0];
  line->heap[0] = line->heap[--line->size];
  if (line->size > 0)
    sink(line, 0);
  return best;
}

static void copy_best(const scull_op_call_t *call, const line_t *line, int64_t best, int64_t to) {
  const scull_tensor_t *y = &call->outputs[0], *x = line->x;
  int64_t from = line->first + best * line->step;
  if (scull_tensor_dtype_is_float(x->type.dtype))
    scull_tensor_store(y->data, y->type.dtype, to, scull_tensor_load(x->data, x->type.dtype, from));
  else
    scull_tensor_store_i64(y->data, y->type.dtype, to,
                           scull_tensor_load_i64(x->data, x->type.dtype, from));
  ((int64_t *)call->outputs[1].data)[to] = best;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_top_k_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0];
  const scull_shape_t *y = &call->outputs[0].type.shape;
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &x->type.shape, attrs->axis, &lines));
  int64_t k = y->rank == 0 ? 1 : y->dim[lines.axis];
  for (int64_t o = 0; o < lines.outer && k > 0; o++) {
    for (int64_t i = 0; i < lines.inner; i++) {
      line_t line = {.x = x,
                     .first = o * lines.extent * lines.inner + i,
                     .step = lines.inner,
                     .largest = attrs->largest,
                     .heap = call->scratch};
      heapify(&line, lines.extent);
      for (int64_t n = 0; n < k; n++)
        copy_best(call, &line, take_best(&line), (o * k + n) * lines.inner + i);
    }
  }
  return SCULL_OK;
}

/* One line of indices. */
static size_t scratch(const scull_op_call_t *call) {
  const scull_top_k_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  int32_t axis = 0;
  bool has_axis = scull_tensor_axis(attrs->axis, x->rank, &axis);
  return sizeof(int64_t) * (has_axis ? (size_t)x->dim[axis] : 1);
}

const scull_opdef_t scull_opdef_top_k = {.name = "top_k",
                                         .inputs_min = 1,
                                         .inputs_max = 2,
                                         .outputs_min = 2,
                                         .outputs_max = 2,
                                         .attrs = SCULL_SCHEMA(scull_top_k_attrs_t, fields),
                                         .value_inputs = 1u << 1,
                                         .infer = infer,
                                         .reference = reference,
                                         .scratch = scratch};
