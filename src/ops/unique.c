/* unique: x -> its different slices along an axis, then (each optional, i64) the index in x of the
 * first of each, the number in the result of every slice of x, and how many there are of each. Not
 * more than x has; how many is known after the run. Slices are sorted as indices, by the value of
 * their elements, then by where they stand, so equal ones become neighbours. */
#include "ops/unique.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lines.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_unique_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_unique_attrs_t, BOOL, flat, "true"),
    SCULL_FIELD(scull_unique_attrs_t, BOOL, sorted, "true"),
    SCULL_FIELD(scull_unique_attrs_t, BOOL, neighbours, "false"),
};

static scull_status_t lines_of(const scull_op_call_t *call, scull_shape_t *shape,
                               scull_lines_t *lines) {
  const scull_unique_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  bool flat = attrs->flat || x->rank == 0;
  *shape = flat ? (scull_shape_t){1, {scull_tensor_count(x)}} : *x;
  return scull_ops_lines(call, shape, flat ? 0 : attrs->axis, lines);
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_shape_t shape;
  scull_lines_t lines;
  SCULL_TRY(lines_of(call, &shape, &lines));
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, shape};
  for (size_t i = 1; i < call->output_count; i++)
    call->outputs[i].type = (scull_type_t){SCULL_DTYPE_I64, {1, {lines.extent}}};
  scull_ops_open(call, 0, lines.axis);
  for (size_t i = 1; i < call->output_count; i += 2) /* the second has one for every slice of x */
    scull_ops_open(call, i, 0);
  return SCULL_OK;
}

/* A slice of x, to be sorted. */
typedef struct {
  int64_t index;
  const scull_tensor_t *x;
  const scull_lines_t *lines;
} slice_t;

static int compare_elements(const scull_tensor_t *x, int64_t a, int64_t b) {
  if (scull_tensor_dtype_is_float(x->type.dtype)) {
    double left = scull_tensor_load(x->data, x->type.dtype, a);
    double right = scull_tensor_load(x->data, x->type.dtype, b);
    return left < right ? -1 : left > right;
  }
  int64_t left = scull_tensor_load_i64(x->data, x->type.dtype, a);
  int64_t right = scull_tensor_load_i64(x->data, x->type.dtype, b);
  return left < right ? -1 : left > right;
}

static int compare_values(const slice_t *a, const slice_t *b) {
  const scull_lines_t *l = a->lines;
  for (int64_t o = 0; o < l->outer; o++) {
    for (int64_t i = 0; i < l->inner; i++) {
      int order = compare_elements(a->x, (o * l->extent + a->index) * l->inner + i,
                                   (o * l->extent + b->index) * l->inner + i);
      if (order != 0)
        return order;
    }
  }
  return 0;
}

static int compare_slices(const void *a, const void *b) {
  const slice_t *x = a, *y = b;
  int order = compare_values(x, y);
  return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

static int compare_first(const void *a, const void *b) {
  int64_t x = ((const int64_t *)a)[0], y = ((const int64_t *)b)[0];
  return x < y ? -1 : x > y;
}

static int64_t *output(const scull_op_call_t *call, size_t index) {
  return index < call->output_count ? call->outputs[index].data : NULL;
}

/* Groups of equal slices in result order: pairs (index of the first, place among the sorted). */
static int64_t find_groups(const scull_op_call_t *call, slice_t *slices, int64_t count,
                           int64_t *groups) {
  const scull_unique_attrs_t *attrs = call->attrs;
  int64_t found = 0;
  if (!attrs->neighbours)
    qsort(slices, (size_t)count, sizeof *slices, compare_slices);
  for (int64_t i = 0; i < count; i++) {
    if (i > 0 && compare_values(&slices[i - 1], &slices[i]) == 0)
      continue;
    groups[2 * found] = slices[i].index;
    groups[2 * found++ + 1] = i;
  }
  if (!attrs->sorted && !attrs->neighbours)
    qsort(groups, (size_t)found, 2 * sizeof *groups, compare_first);
  return found;
}

static void copy_slice(const scull_op_call_t *call, const scull_lines_t *l, int64_t from,
                       int64_t to, int64_t count) {
  size_t bytes = (size_t)l->inner * scull_tensor_dtype_size(call->inputs[0].type.dtype);
  for (int64_t o = 0; o < l->outer && bytes > 0; o++)
    memcpy(scull_ops_element(&call->outputs[0], (o * count + to) * l->inner),
           scull_ops_element(&call->inputs[0], (o * l->extent + from) * l->inner), bytes);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_shape_t shape;
  scull_lines_t lines;
  SCULL_TRY(lines_of(call, &shape, &lines));
  slice_t *slices = call->scratch;
  int64_t *groups = (int64_t *)(slices + lines.extent), *first = output(call, 1);
  int64_t *inverse = output(call, 2), *counts = output(call, 3);
  for (int64_t i = 0; i < lines.extent; i++)
    slices[i] = (slice_t){i, &call->inputs[0], &lines};
  int64_t found = find_groups(call, slices, lines.extent, groups);
  for (int64_t g = 0; g < found; g++) {
    int64_t begin = groups[2 * g + 1], end = begin + 1;
    while (end < lines.extent && compare_values(&slices[begin], &slices[end]) == 0)
      end++;
    for (int64_t i = begin; i < end && inverse != NULL; i++)
      inverse[slices[i].index] = g;
    if (first != NULL)
      first[g] = groups[2 * g];
    if (counts != NULL)
      counts[g] = end - begin;
    copy_slice(call, &lines, groups[2 * g], g, found);
  }
  call->outputs[0].type.shape.dim[lines.axis] = found;
  if (first != NULL)
    call->outputs[1].type.shape.dim[0] = found;
  if (counts != NULL)
    call->outputs[3].type.shape.dim[0] = found;
  return SCULL_OK;
}

/* A slice and a group for each slice of x. */
static size_t scratch(const scull_op_call_t *call) {
  scull_shape_t shape;
  scull_lines_t lines;
  size_t bytes = 0;
  if (lines_of(call, &shape, &lines) != SCULL_OK ||
      !scull_base_size_mul((size_t)lines.extent, sizeof(slice_t) + 2 * sizeof(int64_t), &bytes))
    return SIZE_MAX; /* more than any machine has */
  return bytes;
}

const scull_opdef_t scull_opdef_unique = {.name = "unique",
                                          .inputs_min = 1,
                                          .inputs_max = 1,
                                          .outputs_min = 1,
                                          .outputs_max = 4,
                                          .traits = SCULL_OP_DATA_SHAPE,
                                          .attrs = SCULL_SCHEMA(scull_unique_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .scratch = scratch};
