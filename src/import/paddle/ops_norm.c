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

static scull_status_t layer_norm(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = begin(call, "layer_norm", x);
  scull_import_emit_int(&emit, "axis", scull_paddle_int(call, "begin_norm_axis", 1));
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
  scull_emit_t emit = begin(call, "group_norm", x);
  scull_import_emit_int(&emit, "groups", scull_paddle_int(call, "groups", 1));
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
    {"batch_norm", batch_norm, NULL, NULL, NULL},
    {"sync_batch_norm", batch_norm, NULL, NULL, NULL},
    {"layer_norm", layer_norm, NULL, NULL, NULL},
    {"instance_norm", instance_norm, NULL, NULL, NULL},
    {"group_norm", group_norm, NULL, NULL, NULL},
    {"lrn", lrn, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(norm, rows);
