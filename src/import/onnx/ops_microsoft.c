/* com.microsoft: what ONNX Runtime's optimizer writes in the place of several operators of ai.onnx.
 * They are written out again; our own passes fuse what pays. */
#include <math.h>
#include <string.h>

#include "import/onnx/matmul.h"
#include "import/onnx/window.h"

/* --- activations ----------------------------------------------------------------------------- */

static double parameter(const scull_onnx_call_t *call, size_t index, double otherwise) {
  scull_floats_t list = scull_onnx_floats(call, "activation_params");
  return index < list.size ? list.data[index] : otherwise;
}

/* Ends with the function that the attribute `activation` names, as output 0. */
static scull_status_t end_activation(scull_onnx_call_t *call, scull_value_id_t x) {
  static const struct {
    const char *theirs, *ours;
  } plain[] = {{"Relu", "relu"}, {"Tanh", "tanh"}, {"Sigmoid", "sigmoid"}, {"", "identity"}};
  const char *name = scull_onnx_text(call, "activation", "");
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    if (strcmp(plain[i].theirs, name) == 0)
      return scull_onnx_end_simple(call, plain[i].ours, x, SCULL_NO_ID);
  }
  bool leaky = strcmp(name, "LeakyRelu") == 0, clip = strcmp(name, "Clip") == 0;
  if (!leaky && !clip && strcmp(name, "HardSigmoid") != 0)
    return scull_import_unsupported(&call->emitter, "activation '%.40s'", name);
  scull_emit_t emit = scull_import_emit(&call->emitter,
                                        leaky  ? "leaky_relu"
                                        : clip ? "clip"
                                               : "hard_sigmoid",
                                        x);
  if (clip) {
    scull_import_emit_float(&emit, "min", parameter(call, 0, -INFINITY));
    scull_import_emit_float(&emit, "max", parameter(call, 1, INFINITY));
    return scull_onnx_end(call, &emit);
  }
  double alpha = scull_onnx_float(call, "activation_alpha", leaky ? 0.01 : 0.2);
  scull_import_emit_float(&emit, "alpha", parameter(call, 0, alpha));
  if (!leaky)
    scull_import_emit_float(&emit, "beta",
                            parameter(call, 1, scull_onnx_float(call, "activation_beta", 0.5)));
  return scull_onnx_end(call, &emit);
}

static scull_status_t fused_conv(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID, z = scull_onnx_in(call, 3);
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &filter));
  SCULL_TRY(scull_onnx_emit_conv(call, x, filter, scull_onnx_in(call, 2), NULL, &x));
  if (z != SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", x, z, NULL, &x));
  return end_activation(call, x);
}

static scull_status_t fused_gemm(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &a));
  SCULL_TRY(scull_onnx_need(call, 1, &b));
  SCULL_TRY(scull_onnx_emit_gemm(call, a, b, scull_onnx_in(call, 2), NULL, &a));
  return end_activation(call, a);
}

static scull_status_t fused_matmul(scull_onnx_call_t *call) {
  scull_value_id_t a = SCULL_NO_ID, b = SCULL_NO_ID;
  double alpha = scull_onnx_float(call, "alpha", 1);
  SCULL_TRY(scull_onnx_need(call, 0, &a));
  SCULL_TRY(scull_onnx_need(call, 1, &b));
  if (scull_onnx_int(call, "transBatchA", 0) != 0 || scull_onnx_int(call, "transBatchB", 0) != 0)
    return scull_import_unsupported(&call->emitter, "transBatchA or transBatchB");
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", a);
  scull_import_emit_input(&emit, b);
  scull_import_emit_bool(&emit, "trans_x", scull_onnx_int(call, "transA", 0) != 0);
  scull_import_emit_bool(&emit, "trans_y", scull_onnx_int(call, "transB", 0) != 0);
  if (alpha >= 1 && alpha <= 1)
    return scull_onnx_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &a));
  scull_emit_t scale = scull_import_emit(&call->emitter, "scale", a);
  scull_import_emit_float(&scale, "scale", alpha);
  return scull_onnx_end(call, &scale);
}

/* --- GELU and its kin ------------------------------------------------------------------------ */

/* x + bias, where there is one. */
static scull_status_t biased(scull_onnx_call_t *call, scull_value_id_t *out) {
  SCULL_TRY(scull_onnx_need(call, 0, out));
  scull_value_id_t bias = scull_onnx_in(call, 1);
  return bias == SCULL_NO_ID
             ? SCULL_OK
             : scull_import_emit_simple(&call->emitter, "add", *out, bias, NULL, out);
}

static scull_status_t gelu(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(biased(call, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gelu", x);
  scull_import_emit_bool(&emit, "approximate", strcmp(call->node->type, "FastGelu") == 0);
  return scull_onnx_end(call, &emit);
}

static scull_status_t quick_gelu(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "swish", scull_onnx_in(call, 0));
  scull_import_emit_float(&emit, "beta", scull_onnx_float(call, "alpha", 1.702));
  return scull_onnx_end(call, &emit);
}

/* --- norms ----------------------------------------------------------------------------------- */

/* x / sqrt(mean of squares + epsilon) * gamma, over the last axis. */
static scull_status_t end_rms(scull_onnx_call_t *call, scull_value_id_t x, scull_value_id_t gamma) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t t = SCULL_NO_ID;
  SCULL_TRY(scull_import_emit_simple(to, "square", x, SCULL_NO_ID, NULL, &t));
  scull_emit_t mean = scull_import_emit(to, "reduce_mean", t);
  scull_import_emit_ints(&mean, "axes", SCULL_INTS(-1));
  scull_import_emit_bool(&mean, "keep_dims", true);
  SCULL_TRY(scull_import_emit_end(&mean, NULL, &t));
  SCULL_TRY(scull_import_emit_scale(to, t, 1, scull_onnx_float(call, "epsilon", 1e-5), NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "rsqrt", t, SCULL_NO_ID, NULL, &t));
  SCULL_TRY(scull_import_emit_simple(to, "mul", x, t, NULL, &t));
  return scull_onnx_end_simple(call, "mul", t, gamma);
}

/* input + skip + bias, also as output 3. */
static scull_status_t skip_sum(scull_onnx_call_t *call, scull_value_id_t bias,
                               scull_value_id_t *out) {
  scull_value_id_t x = SCULL_NO_ID, skip = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &skip));
  if (bias != SCULL_NO_ID)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "add", skip, bias, NULL, &skip));
  SCULL_TRY(
      scull_import_emit_simple(&call->emitter, "add", x, skip, scull_onnx_out_name(call, 3), out));
  scull_onnx_set(call, 3, *out);
  return SCULL_OK;
}

static scull_status_t skip_layer_norm(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, gamma = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 2, &gamma));
  SCULL_TRY(skip_sum(call, scull_onnx_in(call, 4), &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "layer_norm", x);
  scull_import_emit_input(&emit, gamma);
  scull_import_emit_input(&emit, scull_onnx_in(call, 3));
  scull_import_emit_int(&emit, "axis", -1);
  scull_import_emit_float(&emit, "epsilon", scull_onnx_float(call, "epsilon", 1e-12));
  return scull_onnx_end(call, &emit);
}

static scull_status_t skip_rms_norm(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, gamma = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 2, &gamma));
  SCULL_TRY(skip_sum(call, scull_onnx_in(call, 3), &x));
  return end_rms(call, x, gamma);
}

static scull_status_t rms_norm(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, gamma = SCULL_NO_ID;
  int64_t axis = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &gamma));
  SCULL_TRY(scull_onnx_axis(call, "axis", -1, scull_onnx_in_rank(call, 0), &axis));
  if (axis != scull_onnx_in_rank(call, 0) - 1)
    return scull_import_unsupported(&call->emitter, "an axis that is not the last");
  return end_rms(call, x, gamma);
}

/* --- attention ------------------------------------------------------------------------------- */

typedef struct {
  scull_value_id_t q, k, v, mask; /* [batch, tokens, heads * depth]; mask to add, or SCULL_NO_ID */
  int64_t heads;
} attention_t;

/* [batch, tokens, heads * depth] -> [batch, heads, tokens, depth] */
static scull_status_t split_heads(scull_onnx_call_t *call, const attention_t *a,
                                  scull_value_id_t *x) {
  const scull_shape_t shape = scull_graph_value(call->graph, *x)->shape[0];
  if (shape.rank != 3 || a->heads < 1 || shape.dim[2] % a->heads != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld heads of rank %d",
                           (long long)a->heads, shape.rank);
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, *x, SCULL_INTS(0, 0, a->heads, -1), NULL, x));
  return scull_import_emit_transpose(&call->emitter, *x, SCULL_INTS(0, 2, 1, 3), NULL, x);
}

static scull_status_t end_attention(scull_onnx_call_t *call, attention_t *a) {
  const scull_value_t *q = scull_graph_value(call->graph, a->q);
  double depth =
      (double)q->shape[0].dim[q->shape[0].rank - 1] / (double)(a->heads < 1 ? 1 : a->heads);
  double scale = scull_onnx_float(call, "scale", 0);
  scull_value_id_t t = SCULL_NO_ID;
  SCULL_TRY(split_heads(call, a, &a->q));
  SCULL_TRY(split_heads(call, a, &a->k));
  SCULL_TRY(split_heads(call, a, &a->v));
  scull_emit_t emit = scull_import_emit(&call->emitter, "attention", a->q);
  scull_import_emit_input(&emit, a->k);
  scull_import_emit_input(&emit, a->v);
  scull_import_emit_input(&emit, a->mask);
  scull_import_emit_float(&emit, "scale", scale > 0 ? scale : 1 / sqrt(depth));
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &t));
  SCULL_TRY(scull_import_emit_transpose(&call->emitter, t, SCULL_INTS(0, 2, 1, 3), NULL, &t));
  scull_emit_t join = scull_import_emit(&call->emitter, "reshape", t);
  scull_import_emit_ints(&join, "shape", SCULL_INTS(0, 0, -1));
  return scull_onnx_end(call, &join);
}

/* A mask of 0 and 1 for each key, [batch, keys], as numbers to add, [batch, 1, 1, keys]. */
static scull_status_t read_mask(scull_onnx_call_t *call, size_t index, attention_t *a) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t mask = scull_onnx_in(call, index);
  double low = scull_onnx_float(call, "mask_filter_value", -10000);
  if (mask == SCULL_NO_ID)
    return SCULL_OK;
  if (scull_onnx_in_rank(call, index) != 2)
    return scull_import_unsupported(to, "a mask of %d dimensions", scull_onnx_in_rank(call, index));
  SCULL_TRY(scull_import_emit_cast(to, mask, SCULL_DTYPE_F32, NULL, &mask));
  SCULL_TRY(scull_import_emit_scale(to, mask, -low, low, NULL, &mask));
  return scull_import_emit_unsqueeze(to, mask, SCULL_INTS(1, 2), NULL, &a->mask);
}

/* What is written in no case here; *bad names it. */
static bool has_other(const scull_onnx_call_t *call, size_t first) {
  for (size_t i = first; i < call->in_count; i++) {
    if (call->in[i] != SCULL_NO_ID)
      return true;
  }
  return scull_onnx_out_name(call, 1) != NULL || scull_onnx_int(call, "unidirectional", 0) != 0 ||
         scull_onnx_int(call, "do_rotary", 0) != 0;
}

/* Query, key and value out of one product. */
static scull_status_t attention(scull_onnx_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t x = SCULL_NO_ID, w = SCULL_NO_ID, parts[3];
  attention_t a = {.mask = SCULL_NO_ID, .heads = scull_onnx_int(call, "num_heads", 0)};
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &w));
  if (has_other(call, 4))
    return scull_import_unsupported(to, "past states, added scores or a causal mask");
  scull_emit_t product = scull_import_emit(to, "matmul", x);
  scull_import_emit_input(&product, w);
  scull_import_emit_input(&product, scull_onnx_in(call, 2));
  SCULL_TRY(scull_import_emit_end(&product, NULL, &x));
  scull_emit_t split = scull_import_emit(to, "split", x);
  scull_import_emit_int(&split, "axis", 2);
  scull_import_emit_ints(&split, "sections", scull_onnx_ints(call, "qkv_hidden_sizes"));
  SCULL_TRY(scull_import_emit_end_many(&split, NULL, 3, parts));
  a.q = parts[0];
  a.k = parts[1];
  a.v = parts[2];
  SCULL_TRY(read_mask(call, 3, &a));
  return end_attention(call, &a);
}

/* Adds its part of the bias [q, k, v] to an operand. */
static scull_status_t add_part(scull_onnx_call_t *call, scull_value_id_t bias, int64_t from,
                               int64_t size, scull_value_id_t *x) {
  if (bias == SCULL_NO_ID)
    return SCULL_OK;
  scull_emit_t slice = scull_import_emit(&call->emitter, "slice", bias);
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(from));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(from + size));
  SCULL_TRY(scull_import_emit_end(&slice, NULL, &bias));
  return scull_import_emit_simple(&call->emitter, "add", *x, bias, NULL, x);
}

/* query, key, value, bias, key_padding_mask. */
static scull_status_t multi_head_attention(scull_onnx_call_t *call) {
  attention_t a = {.mask = SCULL_NO_ID, .heads = scull_onnx_int(call, "num_heads", 0)};
  scull_value_id_t *parts[3] = {&a.q, &a.k, &a.v}, bias = scull_onnx_in(call, 3);
  int64_t from = 0;
  if (has_other(call, 5))
    return scull_import_unsupported(&call->emitter, "past states, added scores or a causal mask");
  for (size_t i = 0; i < 3; i++) {
    SCULL_TRY(scull_onnx_need(call, i, parts[i]));
    const scull_shape_t shape = scull_graph_value(call->graph, *parts[i])->shape[0];
    if (shape.rank != 3)
      return scull_import_unsupported(&call->emitter, "operand %zu has %d dimensions", i,
                                      shape.rank);
    SCULL_TRY(add_part(call, bias, from, shape.dim[2], parts[i]));
    from += shape.dim[2];
  }
  SCULL_TRY(read_mask(call, 4, &a));
  return end_attention(call, &a);
}

static const scull_onnx_row_t rows[] = {
    {"FusedConv", 1, 0, fused_conv, "conv", NULL},
    {"FusedGemm", 1, 0, fused_gemm, "matmul", NULL},
    {"FusedMatMul", 1, 0, fused_matmul, "matmul", NULL},
    {"TransposeMatMul", 1, 0, fused_matmul, "matmul", NULL},
    {"Gelu", 1, 0, gelu, "gelu", NULL},
    {"BiasGelu", 1, 0, gelu, NULL, NULL},
    {"FastGelu", 1, 0, gelu, "gelu", NULL},
    {"QuickGelu", 1, 0, quick_gelu, "swish", NULL},
    {"SkipLayerNormalization", 1, 0, skip_layer_norm, NULL, NULL},
    {"SkipSimplifiedLayerNormalization", 1, 0, skip_rms_norm, NULL, NULL},
    {"Attention", 1, 0, attention, NULL, NULL},
    {"MultiHeadAttention", 1, 0, multi_head_attention, NULL, NULL},
};

SCULL_ONNX_ROWS(microsoft, "com.microsoft", rows);

/* ONNX Runtime writes it into ai.onnx. */
static const scull_onnx_row_t plain_rows[] = {
    {"SimplifiedLayerNormalization", 1, 0, rms_norm, NULL, NULL},
};

SCULL_ONNX_ROWS(microsoft_plain, "", plain_rows);
