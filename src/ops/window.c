/* window: size (one integer) -> [size], a window for the frames of a signal: a0 - a1 cos(2 pi i /
 * n)
 * + a2 cos(4 pi i / n), n being the size, or one less when it is not periodic. */
#include "ops/window.h"

#include <math.h>

#include "ops/lists.h"

static const char *const kinds[] = {"hann", "hamming", "blackman", NULL};
static const double factors[][3] = {
    {0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}}; /* of ONNX's definition */

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_window_attrs_t, kind, "hann", kinds),
    SCULL_FIELD(scull_window_attrs_t, BOOL, periodic, "true"),
    SCULL_FIELD(scull_window_attrs_t, DTYPE, to, "f32"),
};

enum { GUESS = 256 }; /* a size that only a run knows */

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_window_attrs_t *attrs = call->attrs;
  const scull_tensor_t *size = &call->inputs[0];
  int64_t count = GUESS;
  SCULL_TRY(scull_ops_check_index(call, 0));
  if (scull_tensor_count(&size->type.shape) != 1 || !scull_tensor_dtype_is_float(attrs->to))
    return scull_ops_fail(call, "one size, and a float type are wanted");
  if (scull_ops_must_guess(call, 0))
    scull_ops_open(call, 0, 0);
  else if (size->data == NULL)
    return scull_ops_fail(call, "the size is computed from data, so the length is not known");
  else
    count = scull_tensor_load_i64(size->data, size->type.dtype, 0);
  if (count < 0)
    return scull_ops_fail(call, "a size of %lld", (long long)count);
  call->outputs[0].type = (scull_type_t){attrs->to, {1, {count}}};
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_window_attrs_t *attrs = call->attrs;
  const scull_tensor_t *y = &call->outputs[0];
  const double *factor = factors[attrs->kind];
  int64_t count = y->type.shape.dim[0], span = attrs->periodic ? count : count - 1;
  for (int64_t i = 0; i < count; i++) {
    double angle = 6.283185307179586476925 * (double)i / (double)(span < 1 ? 1 : span);
    scull_tensor_store(y->data, y->type.dtype, i,
                       factor[0] - factor[1] * cos(angle) + factor[2] * cos(2 * angle));
  }
  return SCULL_OK;
}

const scull_opdef_t scull_opdef_window = {.name = "window",
                                          .inputs_min = 1,
                                          .inputs_max = 1,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .value_inputs = 1,
                                          .attrs = SCULL_SCHEMA(scull_window_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference};
