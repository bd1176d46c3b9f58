/* reshape: x, shape [rank] (optional, wins over the attribute) -> the same elements in another
 * shape. A dimension copied by 0 takes no part in what -1 stands for, so that a batch of none
 * reshapes like any other. */
#include "ops/reshape.h"

#include "base/checked.h"
#include "ops/box.h"
#include "ops/lists.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_reshape_attrs_t, INTS, shape, ""),
    SCULL_FIELD(scull_reshape_attrs_t, BOOL, allow_zero, "false"),
};

typedef struct {
  scull_shape_t shape; /* the result; the unknown dimension is 1 */
  scull_shape_t left;  /* of x: what was not copied */
  int64_t known;       /* product of the stated dimensions */
  int32_t unknown;     /* position of -1, or -1 */
} target_t;

static scull_status_t read_dim(const scull_op_call_t *call, int64_t want, bool copies,
                               target_t *t) {
  int32_t at = t->shape.rank++;
  t->shape.dim[at] = want;
  if (want == 0 && copies) {
    if (at >= t->left.rank)
      return scull_ops_fail(call, "shape[%d] = 0 copies a dimension that the input lacks", at);
    t->shape.dim[at] = t->left.dim[at];
    t->left.dim[at] = 1;
  } else if (want == -1 && t->unknown < 0) {
    t->unknown = at;
    t->shape.dim[at] = 1;
  } else if (want < 0) {
    return scull_ops_fail(call, "shape[%d] = %lld", at, (long long)want);
  } else if (!scull_base_i64_mul(t->known, want, &t->known)) {
    return scull_ops_fail(call, "the shape is too large");
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_reshape_attrs_t *attrs = call->attrs;
  const scull_type_t *x = &call->inputs[0].type;
  scull_list_t want;
  int64_t count = 0;
  char text[128];
  if (scull_ops_must_guess(call, 1))
    return scull_ops_infer_open(call, 1, x->dtype, scull_tensor_count(&x->shape));
  SCULL_TRY(scull_ops_list_read(call, 1, "shape", attrs->shape, &want));
  if (want.size > SCULL_MAX_RANK)
    return scull_ops_fail(call, "a shape of %d dimensions", want.size);
  target_t t = {.left = x->shape, .known = 1, .unknown = -1};
  for (int32_t i = 0; i < want.size; i++)
    SCULL_TRY(read_dim(call, want.item[i], !attrs->allow_zero, &t));
  if (t.unknown >= 0) {
    int64_t left = scull_tensor_count(&t.left);
    if (t.known == 0 || left % t.known != 0)
      return scull_ops_fail(call, "-1 has no solution: %lld elements over %lld", (long long)left,
                            (long long)t.known);
    t.shape.dim[t.unknown] = left / t.known;
  }
  if (!scull_tensor_shape_count(&t.shape, &count) || count != scull_tensor_count(&x->shape))
    return scull_ops_fail(call, "%s does not fit into a shape of %lld elements",
                          scull_tensor_type_text(x, text, sizeof text), (long long)count);
  call->outputs[0].type = (scull_type_t){x->dtype, t.shape};
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_reshape = {.name = "reshape",
                                           .inputs_min = 1,
                                           .inputs_max = 2,
                                           .outputs_min = 1,
                                           .outputs_max = 1,
                                           .traits = SCULL_OP_VIEW | SCULL_OP_MOVES_DATA,
                                           .attrs = SCULL_SCHEMA(scull_reshape_attrs_t, fields),
                                           .value_inputs = 1u << 1,
                                           .infer = infer,
                                           .reference = scull_ops_reference_view,
                                           .flops = scull_ops_flops_none};
