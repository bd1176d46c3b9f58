/* Operators that choose by index: gathers, the best of a line, one-hot rows. */
#include <string.h>

#include "import/tensorflow/call.h"

/* Gather takes rows, GatherV2 along an axis. */
static scull_status_t gather(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID;
  int64_t given = 0;
  int32_t axis = 0;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_plain(call, 1, &index));
  if (scull_tf_int(call, "batch_dims", 0) != 0)
    return scull_import_unsupported(&call->emitter, "it has batch_dims");
  if (call->node->input_count > 2)
    SCULL_TRY(scull_tf_fixed_int(call, 2, "axis", &given));
  SCULL_TRY(scull_tf_axis(call, 0, given, &axis));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gather", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_tf_end(call, &emit, false);
}

static scull_status_t gather_nd(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_plain(call, 1, &index));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gather_nd", x);
  scull_import_emit_input(&emit, index);
  return scull_tf_end(call, &emit, false);
}

static scull_status_t arg(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_dtype_t to = SCULL_DTYPE_NONE;
  int64_t given = 0;
  int32_t axis = 0;
  bool first = false, gone[SCULL_MAX_RANK] = {false};
  SCULL_TRY(scull_tf_any(call, 0, &first, &x));
  SCULL_TRY(scull_tf_type(call, "output_type", SCULL_DTYPE_I64, &to));
  if (call->node->input_count > 1)
    SCULL_TRY(scull_tf_fixed_int(call, 1, "axis", &given));
  SCULL_TRY(scull_tf_axis(call, 0, given, &axis));
  gone[axis] = true;
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_int(&emit, "axis", first ? scull_tf_axis_first(axis) : axis);
  scull_import_emit_dtype(&emit, "to", to);
  return scull_tf_end_without(call, &emit, first, gone);
}

/* Values and their places along the last axis; TensorFlow's places are i32. */
static scull_status_t top_k(scull_tf_call_t *call) {
  const char *const names[2] = {call->node->name, NULL};
  scull_value_id_t x = SCULL_NO_ID, outs[2] = {SCULL_NO_ID, SCULL_NO_ID};
  int64_t k = scull_tf_int(call, "k", 1);
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  if (call->node->input_count > 1)
    SCULL_TRY(scull_tf_fixed_int(call, 1, "k", &k));
  scull_emit_t emit = scull_import_emit(&call->emitter, "top_k", x);
  scull_import_emit_int(&emit, "k", k);
  scull_import_emit_bool(&emit, "sorted", scull_tf_bool(call, "sorted", true));
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  scull_tf_set(call, 0, outs[0], false);
  if (call->node->outputs > 1)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, outs[1], SCULL_DTYPE_I32, NULL, &outs[1]));
  scull_tf_set(call, 1, outs[1], false);
  return SCULL_OK;
}

/* indices, depth, the value on, the value off; the new axis is the last. */
static scull_status_t one_hot(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t depth = 0, axis = scull_tf_int(call, "axis", -1);
  double on = 1, off = 0;
  SCULL_TRY(scull_tf_plain(call, 0, &x));
  SCULL_TRY(scull_tf_fixed_int(call, 1, "depth", &depth));
  SCULL_TRY(scull_tf_fixed_float(call, 2, "on_value", &on));
  SCULL_TRY(scull_tf_fixed_float(call, 3, "off_value", &off));
  scull_dtype_t dtype = scull_tf_input_dtype(call, 2);
  if (axis != -1 && axis != scull_tf_rank(call, 0))
    return scull_import_unsupported(&call->emitter, "its axis is not the last");
  scull_emit_t emit = scull_import_emit(&call->emitter, "one_hot", x);
  scull_import_emit_int(&emit, "depth", depth);
  scull_import_emit_dtype(&emit, "to", dtype);
  if (on == 1 && off == 0)
    return scull_tf_end(call, &emit, false);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  scull_emit_t scaled = scull_import_emit(&call->emitter, "scale", x);
  scull_import_emit_float(&scaled, "scale", on - off);
  scull_import_emit_float(&scaled, "bias", off);
  return scull_tf_end(call, &scaled, false);
}

/* A one-element input as another type, for an operator that wants it so. */
static scull_status_t number(scull_tf_call_t *call, size_t index, scull_dtype_t as,
                             scull_value_id_t *out) {
  SCULL_TRY(scull_tf_plain(call, index, out));
  if (scull_tf_input_dtype(call, index) == as)
    return SCULL_OK;
  return scull_import_emit_cast(&call->emitter, *out, as, NULL, out);
}

/* boxes [N,4], scores [N], the most boxes, the overlap, the least score -> places (i32). */
static scull_status_t suppress(scull_tf_call_t *call) {
  static const char *const names[] = {"max_output_size", "iou_threshold", "score_threshold"};
  scull_value_id_t boxes = SCULL_NO_ID, scores = SCULL_NO_ID, x = SCULL_NO_ID;
  bool old = strcmp(call->node->op, "NonMaxSuppression") == 0;
  double sigma = 0;
  SCULL_TRY(scull_tf_plain(call, 0, &boxes));
  SCULL_TRY(scull_tf_plain(call, 1, &scores));
  if (call->node->outputs > 1)
    return scull_import_unsupported(&call->emitter, "more than its places are used");
  if (call->node->input_count > 5)
    SCULL_TRY(scull_tf_fixed_float(call, 5, "soft_nms_sigma", &sigma));
  if (sigma != 0)
    return scull_import_unsupported(&call->emitter, "it lowers scores (soft_nms_sigma)");
  SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, boxes, SCULL_INTS(0), NULL, &boxes));
  SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, scores, SCULL_INTS(0, 1), NULL, &scores));
  scull_emit_t emit = scull_import_emit(&call->emitter, "non_max_suppression", boxes);
  scull_import_emit_input(&emit, scores);
  for (size_t i = 0; i < 3 && (i + 2 < call->node->input_count || (old && i == 1)); i++) {
    if (old && i == 1)
      SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_F32,
                                         scull_tf_float(call, names[i], 0.5), &x));
    else
      SCULL_TRY(number(call, i + 2, i == 0 ? SCULL_DTYPE_I64 : SCULL_DTYPE_F32, &x));
    scull_import_emit_input(&emit, x);
  }
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  scull_emit_t column = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&column, "axes", SCULL_INTS(1));
  scull_import_emit_ints(&column, "starts", SCULL_INTS(2));
  scull_import_emit_ints(&column, "ends", SCULL_INTS(3));
  SCULL_TRY(scull_import_emit_end(&column, NULL, &x));
  SCULL_TRY(scull_import_emit_squeeze(&call->emitter, x, SCULL_INTS(1), NULL, &x));
  scull_emit_t narrow = scull_import_emit(&call->emitter, "cast", x);
  scull_import_emit_dtype(&narrow, "to", SCULL_DTYPE_I32);
  return scull_tf_end(call, &narrow, false);
}

static const scull_tf_row_t rows[] = {
    {"NonMaxSuppression", suppress, "non_max_suppression", NULL},
    {"NonMaxSuppressionV2", suppress, "non_max_suppression", NULL},
    {"NonMaxSuppressionV3", suppress, "non_max_suppression", NULL},
    {"NonMaxSuppressionV5", suppress, "non_max_suppression", NULL},
    {"Gather", gather, "gather", NULL},
    {"GatherV2", gather, "gather", NULL},
    {"GatherNd", gather_nd, "gather_nd", NULL},
    {"ArgMax", arg, "arg_max", NULL},
    {"ArgMin", arg, "arg_min", NULL},
    {"TopK", top_k, "top_k", NULL},
    {"TopKV2", top_k, "top_k", NULL},
    {"OneHot", one_hot, "one_hot", NULL},
};

SCULL_TF_ROWS(index, rows);
