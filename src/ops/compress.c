/* compress: x, condition [k] -> the slices of x along an axis whose condition is true; slices
 * without one go (numpy.compress). Not more than x has; how many is known after the run. */
#include "ops/compress.h"

#include <string.h>

#include "ops/box.h"
#include "ops/lines.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_compress_attrs_t, INT, axis, "0"),
    SCULL_FIELD(scull_compress_attrs_t, BOOL, flat, "false"),
};

/* x as the rule sees it. */
static scull_shape_t shape_of(const scull_op_call_t *call) {
  const scull_compress_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  return attrs->flat ? (scull_shape_t){1, {scull_tensor_count(x)}} : *x;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_compress_attrs_t *attrs = call->attrs;
  const scull_type_t *condition = &call->inputs[1].type;
  scull_shape_t y = shape_of(call);
  scull_lines_t lines;
  if (y.rank == 0)
    return scull_ops_fail(call, "a scalar has no slices");
  SCULL_TRY(scull_ops_lines(call, &y, attrs->flat ? 0 : attrs->axis, &lines));
  if (condition->dtype != SCULL_DTYPE_BOOL || condition->shape.rank != 1)
    return scull_ops_fail(call, "the condition must be a list of bool");
  if (condition->shape.dim[0] < lines.extent)
    y.dim[lines.axis] = condition->shape.dim[0];
  call->outputs[0].type = (scull_type_t){call->inputs[0].type.dtype, y};
  scull_ops_open(call, 0, lines.axis);
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_compress_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *condition = &call->inputs[1];
  scull_tensor_t *y = &call->outputs[0];
  const bool *wanted = condition->data;
  scull_shape_t shape = shape_of(call);
  int64_t at = 0, kept = 0;
  scull_lines_t lines;
  SCULL_TRY(scull_ops_lines(call, &shape, attrs->flat ? 0 : attrs->axis, &lines));
  int64_t looked = condition->type.shape.dim[0];
  looked = looked < lines.extent ? looked : lines.extent;
  for (int64_t i = 0; i < looked; i++)
    kept += wanted[i];
  size_t bytes = (size_t)lines.inner * scull_tensor_dtype_size(x->type.dtype);
  for (int64_t o = 0; o < lines.outer && bytes > 0; o++) {
    for (int64_t i = 0; i < looked; i++) {
      if (!wanted[i])
        continue;
      memcpy(scull_ops_element(y, at), scull_ops_element(x, (o * lines.extent + i) * lines.inner),
             bytes);
      at += lines.inner;
    }
  }
  y->type.shape.dim[lines.axis] = kept;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_compress = {.name = "compress",
                                            .inputs_min = 2,
                                            .inputs_max = 2,
                                            .outputs_min = 1,
                                            .outputs_max = 1,
                                            .traits = SCULL_OP_DATA_SHAPE | SCULL_OP_MOVES_DATA,
                                            .attrs = SCULL_SCHEMA(scull_compress_attrs_t, fields),
                                            .infer = infer,
                                            .reference = reference,
                                            .flops = scull_ops_flops_none};
