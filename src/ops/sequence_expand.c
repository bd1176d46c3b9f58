/* sequence_expand: x [R,...], offsets [N+1] (how often: as many times as sequence n has rows), y
 * (of which the rows count only), offsets of x [N+1]? -> row n of x, or its sequence n, so many
 * times, and the offsets of the result (i64): those of each copy. How many rows is known after the
 * run. */
#include <string.h>

#include "base/checked.h"
#include "ops/box.h"
#include "ops/rows_of.h"

enum { X, TIMES, Y, OWN };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *y = &call->inputs[Y].type.shape;
  int64_t rows = 0, copies = 0;
  bool own = scull_ops_has_input(call, OWN);
  SCULL_TRY(scull_ops_rows_check(call, TIMES));
  if (y->rank < 1)
    return scull_ops_fail(call, "y has no rows");
  if (own)
    SCULL_TRY(scull_ops_rows_check(call, OWN));
  copies = y->dim[0];
  rows = copies;
  if (own && !scull_base_i64_mul(copies, call->inputs[X].type.shape.dim[0], &rows))
    return scull_ops_fail(call, "too many rows");
  call->outputs[0].type = call->inputs[X].type;
  call->outputs[0].type.shape.dim[0] = rows;
  scull_ops_open(call, 0, 0);
  if (call->output_count > 1) {
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I64, {1, {copies + 1}}};
    scull_ops_open(call, 1, 0);
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *x = &call->inputs[X];
  int64_t size = scull_ops_row_size(&x->type.shape), rows = 0, copies = 0;
  int64_t *offsets = call->output_count > 1 ? call->outputs[1].data : NULL;
  size_t bytes = (size_t)size * scull_tensor_dtype_size(x->type.dtype);
  bool own = scull_ops_has_input(call, OWN);
  /* how many there are may change from run to run, so the rule does not hold this */
  if ((own ? scull_ops_rows_count(call, OWN) : x->type.shape.dim[0]) !=
      scull_ops_rows_count(call, TIMES))
    return scull_ops_fail(call, "x must have %lld %s", (long long)scull_ops_rows_count(call, TIMES),
                          own ? "sequences" : "rows");
  if (offsets != NULL)
    offsets[0] = 0;
  for (int64_t n = 0; n < scull_ops_rows_count(call, TIMES); n++) {
    int64_t begin = 0, end = 0, first = n, last = n + 1;
    SCULL_TRY(scull_ops_rows_of(call, TIMES, n, call->inputs[Y].type.shape.dim[0], &begin, &end));
    if (own)
      SCULL_TRY(scull_ops_rows_of(call, OWN, n, x->type.shape.dim[0], &first, &last));
    if (end - begin > call->inputs[Y].type.shape.dim[0] - copies)
      return scull_ops_fail(call, "sequences of more rows than y has");
    for (int64_t k = begin; k < end; k++) {
      if (bytes > 0 && last > first)
        memcpy(scull_ops_element(&call->outputs[0], rows * size),
               scull_ops_element(x, first * size), (size_t)(last - first) * bytes);
      rows += last - first;
      copies++;
      if (offsets != NULL)
        offsets[copies] = rows;
    }
  }
  call->outputs[0].type.shape.dim[0] = rows;
  if (offsets != NULL)
    call->outputs[1].type.shape.dim[0] = copies + 1;
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_sequence_expand = {.name = "sequence_expand",
                                                   .inputs_min = 3,
                                                   .inputs_max = 4,
                                                   .outputs_min = 1,
                                                   .outputs_max = 2,
                                                   .traits =
                                                       SCULL_OP_DATA_SHAPE | SCULL_OP_MOVES_DATA,
                                                   .infer = infer,
                                                   .reference = reference,
                                                   .flops = scull_ops_flops_none};
