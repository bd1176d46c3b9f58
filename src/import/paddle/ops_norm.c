/* Normalizations. */
#include "import/paddle/call.h"

static scull_status_t batch_norm(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Scale", "Bias", "Mean", "Variance"};
  scull_value_id_t x = SCULL_NO_ID;
  bool last = scull_paddle_channels_last(call, "data_layout");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  last = last && scull_import_rank(call->graph, x) > 2;
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "batch_norm", x);
  for (size_t i = 0; i < 4; i++) {
    scull_value_id_t operand = SCULL_NO_ID;
    SCULL_TRY(scull_paddle_need(call, slots[i], &operand));
    scull_import_emit_input(&emit, operand);
  }
  scull_import_emit_float(&emit, "epsilon", scull_paddle_float(call, "epsilon", 1e-5));
  return scull_paddle_end_first(call, &emit, last, "Y");
}

/* Begins a norm with optional scale and bias. */
static scull_emit_t begin(scull_paddle_call_t *call, const char *op, scull_value_id_t x) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_input(&emit, scull_paddle_in(call, "Scale"));
  scull_import_emit_input(&emit, scull_paddle_in(call, "Bias"));
  scull_import_emit_float(&emit, "epsilon", scull_paddle_float(call, "epsilon", 1e-5));
  return emit;
}

static scull_status_t emit_mean(scull_paddle_call_t *call, scull_value_id_t x, bool keep,
                                const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_mean", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(-1));
  scull_import_emit_bool(&emit, "keep_dims", keep);
  return scull_import_emit_end(&emit, name, out);
}

/* The outputs Mean and Variance, where somebody reads them: of x in the shape `groups`, over its
 * last axis. */
static scull_status_t moments(scull_paddle_call_t *call, scull_value_id_t x, scull_ints_t groups) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t mean = SCULL_NO_ID, variance = SCULL_NO_ID, centred = SCULL_NO_ID;
  if (!scull_paddle_out_used(call, "Mean") && !scull_paddle_out_used(call, "Variance"))
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_reshape(to, x, groups, NULL, &x));
  SCULL_TRY(emit_mean(call, x, false, scull_paddle_out_name(call, "Mean", 0), &mean));
  scull_paddle_set(call, "Mean", 0, mean);
  SCULL_TRY(emit_mean(call, x, true, NULL, &mean));
  SCULL_TRY(scull_import_emit_simple(to, "sub", x, mean, NULL, &centred));
  SCULL_TRY(scull_import_emit_simple(to, "square", centred, SCULL_NO_ID, NULL, &centred));
  SCULL_TRY(emit_mean(call, centred, false, scull_paddle_out_name(call, "Variance", 0), &variance));
  scull_paddle_set(call, "Variance", 0, variance);
  return SCULL_OK;
}

static scull_status_t layer_norm(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t begin_axis = scull_paddle_int(call, "begin_norm_axis", 1);
  int64_t groups[SCULL_MAX_RANK + 1] = {0}; /* the extents before the axis stay */
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  if (begin_axis < 1 || begin_axis >= SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "begin_norm_axis is %lld",
                           (long long)begin_axis);
  groups[begin_axis] = -1;
  SCULL_TRY(moments(call, x, (scull_ints_t){groups, (size_t)begin_axis + 1}));
  scull_emit_t emit = begin(call, "layer_norm", x);
  scull_import_emit_int(&emit, "axis", begin_axis);
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t instance_norm(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = begin(call, "instance_norm", x);
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t group_norm(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool last = scull_paddle_channels_last(call, "data_layout");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  int64_t groups = scull_paddle_int(call, "groups", 1);
  SCULL_TRY(moments(call, x, SCULL_INTS(0, groups, -1)));
  scull_emit_t emit = begin(call, "group_norm", x);
  scull_import_emit_int(&emit, "groups", groups);
  return scull_paddle_end_first(call, &emit, last, "Y");
}

static scull_status_t lrn(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  if (scull_paddle_out_used(call, "MidOut"))
    return scull_import_unsupported(&call->emitter, "its MidOut is used");
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "lrn", x);
  scull_import_emit_int(&emit, "size", scull_paddle_int(call, "n", 5));
  scull_import_emit_float(&emit, "k", scull_paddle_float(call, "k", 2));
  scull_import_emit_float(&emit, "alpha", scull_paddle_float(call, "alpha", 1e-4));
  scull_import_emit_float(&emit, "beta", scull_paddle_float(call, "beta", 0.75));
  return scull_paddle_end_first(call, &emit, last, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"batch_norm", batch_norm, "batch_norm", NULL, NULL},
    {"sync_batch_norm", batch_norm, "batch_norm", NULL, NULL},
    {"layer_norm", layer_norm, "layer_norm", NULL, NULL},
    {"instance_norm", instance_norm, "instance_norm", NULL, NULL},
    {"group_norm", group_norm, "group_norm", NULL, NULL},
    {"lrn", lrn, "lrn", NULL, NULL},
};

SCULL_PADDLE_ROWS(norm, rows);
