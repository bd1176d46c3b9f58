/* sequence_split: x, sizes (optional: one integer, or a list that adds up) -> pieces of x along an
 * axis. Without sizes they are of one element each, and may lose the axis. */
#include <string.h>

#include "ops/sequences.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_sequence_split_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_sequence_split_attrs_t, BOOL, keep, "true"),
};

/* How x is cut: `sizes` NULL: into pieces of `size`. */
typedef struct {
  int32_t axis;
  const scull_tensor_t *sizes;
  int64_t size, extent;
  bool drops;
} cut_t;

static scull_status_t read_cut(const scull_op_call_t *call, cut_t *cut) {
  const scull_sequence_split_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  *cut = (cut_t){.size = 1};
  if (!scull_tensor_axis(attrs->axis, x->shape.rank, &cut->axis))
    return scull_ops_fail(call, "axis %lld of a tensor of %d dimensions", (long long)attrs->axis,
                          x->shape.rank);
  cut->extent = x->shape.dim[cut->axis];
  cut->drops = !attrs->keep && !scull_ops_has_input(call, 1);
  if (!scull_ops_has_input(call, 1))
    return SCULL_OK;
  const scull_tensor_t *sizes = &call->inputs[1];
  if (!scull_tensor_dtype_is_integer(sizes->type.dtype) || sizes->type.shape.rank > 1)
    return scull_ops_fail(call, "the sizes are no list of integers");
  cut->sizes = sizes->type.shape.rank == 1 ? sizes : NULL;
  cut->size = cut->extent;
  if (cut->sizes != NULL || sizes->data == NULL)
    return SCULL_OK;
  cut->size = scull_tensor_load_i64(sizes->data, sizes->type.dtype, 0);
  return cut->size > 0 ? SCULL_OK : scull_ops_fail(call, "pieces of %lld", (long long)cut->size);
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_type_t *x = &call->inputs[0].type;
  scull_type_t *y = &call->outputs[0].type;
  cut_t cut;
  if (scull_tensor_dtype_is_sequence(x->dtype))
    return scull_ops_fail(call, "input 0 is a sequence, a tensor is wanted");
  SCULL_TRY(read_cut(call, &cut));
  *y = (scull_type_t){scull_tensor_dtype_sequence_of(x->dtype), x->shape};
  y->shape.dim[cut.axis] = cut.size < cut.extent ? cut.size : cut.extent;
  if (!cut.drops)
    return SCULL_OK;
  y->shape.rank--;
  for (int32_t i = cut.axis; i < y->shape.rank; i++)
    y->shape.dim[i] = x->shape.dim[i + 1];
  return SCULL_OK;
}

/* The piece [begin, begin + size) of the axis, as the next element. `piece` is room for it. */
static scull_status_t add_piece(const scull_op_call_t *call, const cut_t *cut, int64_t begin,
                                int64_t size, char *piece) {
  const scull_tensor_t *x = &call->inputs[0];
  scull_sequence_t *y = call->outputs[0].data;
  scull_tensor_t item = {.type = x->type, .data = piece};
  int64_t outer = 1, inner = (int64_t)scull_tensor_dtype_size(x->type.dtype);
  for (int32_t i = 0; i < x->type.shape.rank; i++) {
    outer *= i < cut->axis ? x->type.shape.dim[i] : 1;
    inner *= i > cut->axis ? x->type.shape.dim[i] : 1;
  }
  for (int64_t o = 0; o < outer && size * inner > 0; o++)
    memcpy(piece + o * size * inner, (const char *)x->data + (o * cut->extent + begin) * inner,
           (size_t)(size * inner));
  item.type.shape.dim[cut->axis] = size;
  if (cut->drops) {
    item.type.shape.rank--;
    for (int32_t i = cut->axis; i < item.type.shape.rank; i++)
      item.type.shape.dim[i] = x->type.shape.dim[i + 1];
  }
  return scull_ops_sequence_end(call, scull_tensor_sequence_insert(y, y->count, &item));
}

static scull_status_t reference(const scull_op_call_t *call) {
  cut_t cut;
  int64_t at = 0;
  SCULL_TRY(read_cut(call, &cut));
  scull_tensor_sequence_clear(call->outputs[0].data);
  int64_t listed = cut.sizes == NULL ? 0 : scull_tensor_count(&cut.sizes->type.shape);
  for (int64_t i = 0; cut.sizes == NULL ? at < cut.extent : i < listed; i++) {
    int64_t size = cut.sizes == NULL
                       ? cut.size
                       : scull_tensor_load_i64(cut.sizes->data, cut.sizes->type.dtype, i);
    if (cut.sizes == NULL && size > cut.extent - at)
      size = cut.extent - at; /* the last may be smaller */
    if (size < 0 || size > cut.extent - at)
      return scull_ops_fail(call, "the sizes do not add up to %lld", (long long)cut.extent);
    SCULL_TRY(add_piece(call, &cut, at, size, call->scratch));
    at += size;
  }
  return at == cut.extent
             ? SCULL_OK
             : scull_ops_fail(call, "the sizes do not add up to %lld", (long long)cut.extent);
}

static size_t scratch(const scull_op_call_t *call) {
  return scull_tensor_bytes(&call->inputs[0].type);
}

const scull_opdef_t scull_opdef_sequence_split = {
    .name = "sequence_split",
    .inputs_min = 1,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .traits = SCULL_OP_SEQUENCES,
    .attrs = SCULL_SCHEMA(scull_sequence_split_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
