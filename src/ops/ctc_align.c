/* ctc_align: labels [R] or [R,1] (integers), offsets [N+1] -> [K,1], the labels of each sequence
 * without blanks and repetitions, and their offsets (i64 [N+1]). Where nothing is left at all there
 * is one row of -1. How many rows is known after the run. */
#include "ops/ctc_align.h"

#include "ops/rows_of.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_ctc_align_attrs_t, INT, blank, "0"),
    SCULL_FIELD(scull_ctc_align_attrs_t, BOOL, merge, "true"),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_type_t *x = &call->inputs[0].type;
  SCULL_TRY(scull_ops_rows_check(call, 1));
  if (!scull_tensor_dtype_is_integer(x->dtype) || scull_ops_row_size(&x->shape) != 1)
    return scull_ops_fail(call, "labels must be integers, one a row");
  int64_t rows = x->shape.dim[0] < 1 ? 1 : x->shape.dim[0];
  call->outputs[0].type = (scull_type_t){x->dtype, {2, {rows, 1}}};
  scull_ops_open(call, 0, 0);
  if (call->output_count > 1)
    call->outputs[1].type =
        (scull_type_t){SCULL_DTYPE_I64, {1, {scull_ops_rows_count(call, 1) + 1}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_ctc_align_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[0], *y = &call->outputs[0];
  int64_t *offsets = call->output_count > 1 ? call->outputs[1].data : NULL, rows = 0;
  if (offsets != NULL)
    offsets[0] = 0;
  for (int64_t n = 0; n < scull_ops_rows_count(call, 1); n++) {
    int64_t begin = 0, end = 0, before = attrs->blank;
    SCULL_TRY(scull_ops_rows_of(call, 1, n, x->type.shape.dim[0], &begin, &end));
    if (end - begin > y->type.shape.dim[0] - rows)
      return scull_ops_fail(call, "sequences overlap");
    for (int64_t r = begin; r < end; r++) {
      int64_t label = scull_tensor_load_i64(x->data, x->type.dtype, r);
      bool repeated = attrs->merge && r > begin && label == before;
      if (label != attrs->blank && !repeated)
        scull_tensor_store_i64(y->data, y->type.dtype, rows++, label);
      before = label;
    }
    if (offsets != NULL)
      offsets[n + 1] = rows;
  }
  if (rows == 0)
    scull_tensor_store_i64(y->data, y->type.dtype, 0, -1);
  call->outputs[0].type.shape.dim[0] = rows == 0 ? 1 : rows;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_ctc_align = {.name = "ctc_align",
                                             .inputs_min = 2,
                                             .inputs_max = 2,
                                             .outputs_min = 1,
                                             .outputs_max = 2,
                                             .traits = SCULL_OP_DATA_SHAPE,
                                             .attrs = SCULL_SCHEMA(scull_ctc_align_attrs_t, fields),
                                             .infer = infer,
                                             .reference = reference};
