/* bitwise: and, or, xor and shifts of integers (and of BOOL, but for the shifts) with NumPy
 * broadcast. A shift by the width of the type or more, or by a negative number, leaves nothing but
 * the sign; shifts to the right keep the sign. ~x is x xor -1. */
#include "ops/bitwise.h"

#include "ops/binary.h"

enum { AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT };

static const char *const names[] = {"and", "or", "xor", "shift_left", "shift_right", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD_ENUM(scull_bitwise_attrs_t, fn, "and", names),
};

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_bitwise_attrs_t *attrs = call->attrs;
  scull_dtype_t dtype = call->inputs[0].type.dtype;
  bool truth = dtype == SCULL_DTYPE_BOOL && attrs->fn <= XOR;
  if (!truth && !scull_tensor_dtype_is_integer(dtype))
    return scull_ops_fail(call, "operands are %s where integers are wanted",
                          scull_tensor_dtype_name(dtype));
  return scull_ops_infer_broadcast(call);
}

static int64_t bits_and(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return a & b;
}

static int64_t bits_or(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return a | b;
}

static int64_t bits_xor(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return a ^ b;
}

/* What a shift pushes out of the type is cut when it is stored. */
static int64_t shift_left(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b);
}

static int64_t shift_right(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return b < 0 || b > 63 ? (a < 0 ? -1 : 0) : a >> b;
}

static int64_t shift_right_u64(int64_t a, int64_t b, bool *fits) {
  (void)fits;
  return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a >> b);
}

static scull_status_t reference(const scull_op_call_t *call) {
  static int64_t (*const functions[])(int64_t, int64_t, bool *) = {bits_and, bits_or, bits_xor,
                                                                   shift_left, shift_right};
  const scull_bitwise_attrs_t *attrs = call->attrs;
  bool u64 = call->inputs[0].type.dtype == SCULL_DTYPE_U64 && attrs->fn == SHIFT_RIGHT;
  return scull_ops_binary(
      call, (scull_binary_body_t){.whole = u64 ? shift_right_u64 : functions[attrs->fn]});
}

const scull_opdef_t scull_opdef_bitwise = {.name = "bitwise",
                                           .inputs_min = 2,
                                           .inputs_max = 2,
                                           .outputs_min = 1,
                                           .outputs_max = 1,
                                           .traits = SCULL_OP_BINARY,
                                           .attrs = SCULL_SCHEMA(scull_bitwise_attrs_t, fields),
                                           .infer = infer,
                                           .reference = reference};
