/* Normalizations and softmax. */
#include <string.h>

#include "import/onnx/call.h"

static scull_status_t reduce_keep(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                                  scull_ints_t axes, const char *name, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_ints(&emit, "axes", axes);
  scull_import_emit_bool(&emit, "keep_dims", true);
  return scull_import_emit_end(&emit, name, out);
}

/* --- batches --------------------------------------------------------------------------------- */

/* moving * momentum + now * (1 - momentum), as output `index`. */
static scull_status_t set_moving(scull_onnx_call_t *call, size_t index, scull_value_id_t moving,
                                 scull_value_id_t now) {
  scull_emitter_t *to = &call->emitter;
  double momentum = scull_onnx_float(call, "momentum", 0.9);
  if (scull_onnx_out_name(call, index) == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_scale(to, moving, momentum, 0, NULL, &moving));
  SCULL_TRY(scull_import_emit_scale(to, now, 1 - momentum, 0, NULL, &now));
  return scull_import_emit_simple(to, "add", moving, now, scull_onnx_out_name(call, index),
                                  &call->out[index]);
}

/* With the statistics of the batch itself. */
static scull_status_t train_batch_norm(scull_onnx_call_t *call, scull_value_id_t in[5]) {
  scull_emitter_t *to = &call->emitter;
  int64_t axes[SCULL_MAX_RANK] = {0};
  scull_value_id_t mean = SCULL_NO_ID, variance = SCULL_NO_ID, t = SCULL_NO_ID;
  int32_t rank = scull_onnx_in_rank(call, 0);
  for (int32_t d = 1; d + 1 < rank; d++)
    axes[d] = d + 1;
  scull_ints_t all = {axes, rank < 2 ? 0 : (size_t)rank - 1};
  SCULL_TRY(reduce_keep(call, "reduce_mean", in[0], all, NULL, &mean));
  SCULL_TRY(scull_import_emit_simple(to, "sub", in[0], mean, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "square", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(reduce_keep(call, "reduce_mean", t, all, NULL, &variance));
  SCULL_TRY(scull_import_emit_reshape(to, mean, SCULL_INTS(-1), NULL, &mean));
  SCULL_TRY(scull_import_emit_reshape(to, variance, SCULL_INTS(-1), NULL, &variance));
  SCULL_TRY(set_moving(call, 1, in[3], mean));
  SCULL_TRY(set_moving(call, 2, in[4], variance));
  in[3] = mean;
  in[4] = variance;
  return SCULL_OK;
}

static scull_status_t batch_norm(scull_onnx_call_t *call) {
  scull_value_id_t in[5];
  for (size_t i = 0; i < 5; i++)
    SCULL_TRY(scull_onnx_need(call, i, &in[i]));
  if (scull_onnx_int(call, "spatial", 1) == 0)
    return scull_import_unsupported(&call->emitter, "spatial 0: statistics of each element");
  if (call->version >= 14 && scull_onnx_int(call, "training_mode", 0) != 0)
    SCULL_TRY(train_batch_norm(call, in));
  scull_emit_t emit = scull_import_emit(&call->emitter, "batch_norm", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, in, 5);
  scull_import_emit_float(&emit, "epsilon", scull_onnx_float(call, "epsilon", 1e-5));
  return scull_onnx_end(call, &emit);
}

/* --- layers ---------------------------------------------------------------------------------- */

/* Mean and 1 / deviation, where somebody wants them. */
static scull_status_t layer_statistics(scull_onnx_call_t *call, scull_value_id_t x, int64_t axis) {
  scull_emitter_t *to = &call->emitter;
  int64_t axes[SCULL_MAX_RANK];
  scull_value_id_t mean = SCULL_NO_ID, t = SCULL_NO_ID;
  size_t count = 0;
  if (scull_onnx_out_name(call, 1) == NULL && scull_onnx_out_name(call, 2) == NULL)
    return SCULL_OK;
  for (int32_t d = (int32_t)axis; d < scull_onnx_in_rank(call, 0); d++)
    axes[count++] = d;
  SCULL_TRY(reduce_keep(call, "reduce_mean", x, (scull_ints_t){axes, count},
                        scull_onnx_out_name(call, 1), &mean));
  scull_onnx_set(call, 1, mean);
  if (scull_onnx_out_name(call, 2) == NULL)
    return SCULL_OK;
  SCULL_TRY(scull_import_emit_simple(to, "sub", x, mean, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "square", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(reduce_keep(call, "reduce_mean", t, (scull_ints_t){axes, count}, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(to, t, 1, scull_onnx_float(call, "epsilon", 1e-5), NULL, &t));
  return scull_import_emit_simple(to, "rsqrt", t, SCULL_NO_ID, scull_onnx_out_name(call, 2),
                                  &call->out[2]);
}

static scull_status_t layer_norm(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, scale = SCULL_NO_ID, bias = scull_onnx_in(call, 2);
  int64_t axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &scale));
  SCULL_TRY(scull_onnx_axis(call, "axis", -1, scull_onnx_in_rank(call, 0), &axis));
  if (scull_import_rank(call->graph, scale) != 1)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, scale, SCULL_INTS(-1), NULL, &scale));
  if (bias != SCULL_NO_ID && scull_import_rank(call->graph, bias) != 1)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, bias, SCULL_INTS(-1), NULL, &bias));
  scull_emit_t emit = scull_import_emit(&call->emitter, "layer_norm", x);
  scull_import_emit_input(&emit, scale);
  scull_import_emit_input(&emit, bias);
  scull_import_emit_int(&emit, "axis", axis);
  scull_import_emit_float(&emit, "epsilon", scull_onnx_float(call, "epsilon", 1e-5));
  SCULL_TRY(scull_onnx_end(call, &emit));
  return layer_statistics(call, x, axis);
}

/* One number a group as one a channel, which is what they are since opset 21. */
static scull_status_t spread_groups(scull_onnx_call_t *call, int64_t groups, int64_t each,
                                    scull_value_id_t *x) {
  scull_emitter_t *to = &call->emitter;
  SCULL_TRY(scull_import_emit_reshape(to, *x, SCULL_INTS(groups, 1), NULL, x));
  scull_emit_t emit = scull_import_emit(to, "expand", *x);
  scull_import_emit_ints(&emit, "shape", SCULL_INTS(groups, each));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, x));
  return scull_import_emit_reshape(to, *x, SCULL_INTS(groups * each), NULL, x);
}

static scull_status_t group_norm(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, affine[2];
  int64_t groups = scull_onnx_int(call, "num_groups", 0);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if (shape.rank < 2 || groups < 1 || shape.dim[1] % groups != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld groups of channels",
                           (long long)groups);
  for (size_t i = 0; i < 2; i++) {
    SCULL_TRY(scull_onnx_need(call, i + 1, &affine[i]));
    if (call->version < 21)
      SCULL_TRY(spread_groups(call, groups, shape.dim[1] / groups, &affine[i]));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "group_norm", x);
  scull_import_emit_input(&emit, affine[0]);
  scull_import_emit_input(&emit, affine[1]);
  scull_import_emit_int(&emit, "groups", groups);
  scull_import_emit_float(&emit, "epsilon", scull_onnx_float(call, "epsilon", 1e-5));
  return scull_onnx_end(call, &emit);
}

/* (x - mean) / (deviation + 1e-9) over some axes. */
static scull_status_t mean_variance(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, mean = SCULL_NO_ID, t = SCULL_NO_ID, d = SCULL_NO_ID;
  static const int64_t usual[] = {0, 2, 3};
  scull_ints_t axes = scull_onnx_ints(call, "axes");
  if (axes.size == 0)
    axes = (scull_ints_t){usual, 3};
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(reduce_keep(call, "reduce_mean", x, axes, NULL, &mean));
  SCULL_TRY(scull_import_emit_simple(to, "sub", x, mean, NULL, &d));
  SCULL_TRY(scull_import_emit_simple(to, "square", d, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(reduce_keep(call, "reduce_mean", t, axes, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "sqrt", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(to, t, 1, 1e-9, NULL, &t));
  return scull_onnx_end_simple(call, "div", d, t);
}

/* ONNX divides alpha by the number of neighbours. */
static scull_status_t lrn(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t size = scull_onnx_int(call, "size", 0);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  if (size < 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "size %lld", (long long)size);
  scull_emit_t emit = scull_import_emit(&call->emitter, "lrn", x);
  scull_import_emit_int(&emit, "size", size);
  scull_import_emit_float(&emit, "k", scull_onnx_float(call, "bias", 1));
  scull_import_emit_float(&emit, "alpha", scull_onnx_float(call, "alpha", 1e-4) / (double)size);
  scull_import_emit_float(&emit, "beta", scull_onnx_float(call, "beta", 0.75));
  return scull_onnx_end(call, &emit);
}

/* --- softmax --------------------------------------------------------------------------------- */

/* Until opset 12 all dimensions from the axis on were one. */
static scull_status_t old_softmax(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, shape = SCULL_NO_ID, t = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  int32_t rank = scull_onnx_in_rank(call, 0);
  SCULL_TRY(scull_onnx_axis(call, "axis", 1, rank, &axis));
  bool last = axis == rank - 1;
  if (!last) {
    SCULL_TRY(scull_import_emit_simple(to, "shape", x, SCULL_NO_ID, NULL, &shape));
    scull_emit_t flat = scull_import_emit(to, "flatten", x);
    scull_import_emit_int(&flat, "start", axis);
    scull_import_emit_int(&flat, "stop", rank - 1);
    SCULL_TRY(scull_import_emit_end(&flat, NULL, &x));
  }
  scull_emit_t emit = scull_import_emit(to, call->row->op, x);
  scull_import_emit_int(&emit, "axis", axis);
  if (last)
    return scull_onnx_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &t));
  return scull_onnx_end_simple(call, "reshape", t, shape);
}

static const scull_onnx_row_t rows[] = {
    {"BatchNormalization", 1, 0, batch_norm, "batch_norm", NULL},
    {"InstanceNormalization", 1, 0, scull_onnx_map_plain, "instance_norm", "epsilon=1e-5"},
    {"LayerNormalization", 1, 0, layer_norm, "layer_norm", NULL},
    {"GroupNormalization", 18, 0, group_norm, "group_norm", NULL},
    {"MeanVarianceNormalization", 9, 0, mean_variance, NULL, NULL},
    {"LRN", 1, 0, lrn, "lrn", NULL},
    {"Softmax", 13, 0, scull_onnx_map_plain, "softmax", "axis=-1"},
    {"Softmax", 1, 12, old_softmax, "softmax", NULL},
    {"Hardmax", 13, 0, scull_onnx_map_plain, "hardmax", "axis=-1"},
    {"Hardmax", 1, 12, old_softmax, "hardmax", NULL},
    {"LogSoftmax", 13, 0, scull_onnx_map_plain, "log_softmax", "axis=-1"},
    {"LogSoftmax", 1, 12, old_softmax, "log_softmax", NULL},
};

SCULL_ONNX_ROWS(norm, "", rows);
