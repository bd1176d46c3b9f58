/* Element-wise functions of several tensors: arithmetic, comparisons, logic. Before opset 7 the
 * second operand was laid along an axis of the first, and only when an attribute said so. */
#include <string.h>

#include "import/onnx/call.h"

/* The form of opsets 1 to 6. */
static scull_status_t old_binary(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &y));
  int32_t rank_x = scull_import_rank(call->graph, x), rank_y = scull_import_rank(call->graph, y);
  int64_t axis = scull_onnx_int(call, "axis", rank_x - rank_y), dims[SCULL_MAX_RANK];
  if (scull_onnx_int(call, "broadcast", 0) != 0 && rank_y > 0) {
    axis = axis < 0 ? axis + rank_x : axis;
    if (axis < 0 || axis > rank_x - rank_y)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld of ranks %d and %d",
                             (long long)axis, rank_x, rank_y);
    size_t behind = (size_t)(rank_x - rank_y - axis);
    for (size_t i = 0; i < behind; i++)
      dims[i] = rank_y + (int64_t)i;
    if (behind > 0)
      SCULL_TRY(
          scull_import_emit_unsqueeze(&call->emitter, y, (scull_ints_t){dims, behind}, NULL, &y));
  }
  return scull_onnx_end_simple(call, call->row->op, x, y);
}

static scull_status_t binary(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &y));
  return scull_onnx_end_simple(call, call->row->op, x, y);
}

/* The rest has the sign of the divisor, or with `fmod` that of the dividend. */
static scull_status_t mod(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &y));
  return scull_onnx_end_simple(call, scull_onnx_int(call, "fmod", 0) == 0 ? "mod" : "fmod", x, y);
}

/* The exponent may be of another type than the base, which is the result's. */
static scull_status_t power(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, y = SCULL_NO_ID, out = SCULL_NO_ID;
  scull_emitter_t *to = &call->emitter;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &y));
  scull_dtype_t base = scull_onnx_in_dtype(call, 0), exponent = scull_onnx_in_dtype(call, 1);
  if (base == exponent)
    return scull_onnx_end_simple(call, "pow", x, y);
  if (scull_tensor_dtype_is_float(base)) {
    SCULL_TRY(scull_import_emit_cast(to, y, base, NULL, &y));
    return scull_onnx_end_simple(call, "pow", x, y);
  }
  scull_dtype_t wide = SCULL_DTYPE_F64; /* whole numbers stay exact */
  SCULL_TRY(scull_import_emit_cast(to, x, wide, NULL, &x));
  SCULL_TRY(scull_import_emit_cast(to, y, wide, NULL, &y));
  SCULL_TRY(scull_import_emit_simple(to, "pow", x, y, NULL, &out));
  SCULL_TRY(scull_import_emit_cast(to, out, base, scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* Sum, Max, Min: any number of operands. */
static scull_status_t fold(scull_onnx_call_t *call) {
  scull_value_id_t total = SCULL_NO_ID, next = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &total));
  if (call->in_count == 1)
    return scull_onnx_end_simple(call, "identity", total, SCULL_NO_ID);
  for (size_t i = 1; i < call->in_count; i++) {
    SCULL_TRY(scull_onnx_need(call, i, &next));
    if (i + 1 < call->in_count)
      SCULL_TRY(scull_import_emit_simple(&call->emitter, call->row->op, total, next, NULL, &total));
  }
  return scull_onnx_end_simple(call, call->row->op, total, next);
}

static scull_status_t mean(scull_onnx_call_t *call) {
  scull_value_id_t total = SCULL_NO_ID, next = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &total));
  for (size_t i = 1; i < call->in_count; i++) {
    SCULL_TRY(scull_onnx_need(call, i, &next));
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", total, next, NULL, &total));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "scale", total);
  scull_import_emit_float(&emit, "scale", 1 / (double)call->in_count);
  return scull_onnx_end(call, &emit);
}

static scull_status_t bit_shift(scull_onnx_call_t *call) {
  bool left = strcmp(scull_onnx_text(call, "direction", ""), "LEFT") == 0;
  scull_emit_t emit = scull_import_emit(&call->emitter, "bitwise", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_emit_word(&emit, "fn", left ? "shift_left" : "shift_right");
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"Add", 7, 0, binary, "add", NULL},
    {"Add", 1, 6, old_binary, "add", NULL},
    {"Sub", 7, 0, binary, "sub", NULL},
    {"Sub", 1, 6, old_binary, "sub", NULL},
    {"Mul", 7, 0, binary, "mul", NULL},
    {"Mul", 1, 6, old_binary, "mul", NULL},
    {"Div", 7, 0, binary, "div", NULL},
    {"Div", 1, 6, old_binary, "div", NULL},
    {"Pow", 7, 0, power, "pow", NULL},
    {"Pow", 1, 6, old_binary, "pow", NULL},
    {"And", 7, 0, binary, "logical_and", NULL},
    {"And", 1, 6, old_binary, "logical_and", NULL},
    {"Or", 7, 0, binary, "logical_or", NULL},
    {"Or", 1, 6, old_binary, "logical_or", NULL},
    {"Xor", 7, 0, binary, "logical_xor", NULL},
    {"Xor", 1, 6, old_binary, "logical_xor", NULL},
    {"Equal", 7, 0, binary, "equal", NULL},
    {"Equal", 1, 6, old_binary, "equal", NULL},
    {"Greater", 7, 0, binary, "greater", NULL},
    {"Greater", 1, 6, old_binary, "greater", NULL},
    {"Less", 7, 0, binary, "less", NULL},
    {"Less", 1, 6, old_binary, "less", NULL},
    {"GreaterOrEqual", 12, 0, binary, "greater_equal", NULL},
    {"LessOrEqual", 12, 0, binary, "less_equal", NULL},
    {"Mod", 10, 0, mod, "mod", NULL},
    {"Sum", 1, 0, fold, "add", NULL},
    {"Max", 1, 0, fold, "max", NULL},
    {"Min", 1, 0, fold, "min", NULL},
    {"Mean", 1, 0, mean, NULL, NULL},
    {"BitShift", 11, 0, bit_shift, "bitwise", NULL},
    {"BitwiseAnd", 18, 0, scull_onnx_map_plain, "bitwise", "fn=and"},
    {"BitwiseOr", 18, 0, scull_onnx_map_plain, "bitwise", "fn=or"},
    {"BitwiseXor", 18, 0, scull_onnx_map_plain, "bitwise", "fn=xor"},
    {"Where", 9, 0, scull_onnx_map_plain, "where", NULL},
    {"Not", 1, 0, scull_onnx_map_plain, "logical_not", NULL},
};

SCULL_ONNX_ROWS(math, "", rows);
