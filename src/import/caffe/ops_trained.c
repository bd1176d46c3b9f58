/* Layers with trained blobs. */
#include <string.h>

#include "import/caffe/call.h"

static scull_status_t no_memory(const scull_caffe_call_t *call) {
  return scull_base_fail_memory(call->graph->diag, "a graph");
}

/* --- convolutions ---------------------------------------------------------------------------- */

/* One number a spatial axis from "NAME_h" and "NAME_w", or from the repeated field of the name,
 * where one number stands for all axes; `otherwise` where there is none. */
static scull_status_t window(scull_caffe_call_t *call, const char *name, const char *h,
                             const char *w, int32_t spatial, int64_t otherwise, scull_ints_t *out) {
  scull_ints_t given = scull_caffe_ints(call, name);
  int64_t *list = SCULL_ARENA_ARRAY(&call->graph->arena, int64_t, (size_t)spatial);
  if (list == NULL)
    return no_memory(call);
  if (given.size > 1 && given.size != (size_t)spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s: %zu numbers for %d axes", name,
                           given.size, spatial);
  for (int32_t i = 0; i < spatial; i++)
    list[i] = given.size == 0 ? otherwise : given.data[given.size == 1 ? 0 : i];
  if (spatial == 2 && (scull_caffe_has(call, h) || scull_caffe_has(call, w))) {
    list[0] = scull_caffe_int(call, h, list[0]);
    list[1] = scull_caffe_int(call, w, list[1]);
  }
  *out = (scull_ints_t){list, (size_t)spatial};
  return call->status;
}

typedef struct {
  scull_value_id_t x;
  int64_t channels, outputs, groups;
  int32_t spatial;
  scull_ints_t kernel, strides, pads, dilations;
} conv_t;

static scull_status_t read_conv(scull_caffe_call_t *call, conv_t *conv) {
  SCULL_TRY(scull_caffe_bottom(call, 0, &conv->x));
  const scull_shape_t *x = &scull_graph_value(call->graph, conv->x)->shape[0];
  conv->spatial = x->rank - 2;
  if (x->rank < 3 || x->rank > 5)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its bottom has %d dimensions",
                           x->rank);
  conv->channels = x->dim[1];
  conv->outputs = scull_caffe_int(call, "num_output", 0);
  conv->groups = scull_caffe_int(call, "group", 1);
  if (scull_caffe_int(call, "axis", 1) != 1)
    return scull_import_unsupported(&call->emitter, "its axis is not 1");
  SCULL_TRY(window(call, "kernel_size", "kernel_h", "kernel_w", conv->spatial, 0, &conv->kernel));
  SCULL_TRY(window(call, "stride", "stride_h", "stride_w", conv->spatial, 1, &conv->strides));
  SCULL_TRY(window(call, "pad", "pad_h", "pad_w", conv->spatial, 0, &conv->pads));
  SCULL_TRY(
      window(call, "dilation", "dilation_h", "dilation_w", conv->spatial, 1, &conv->dilations));
  if (conv->groups < 1 || conv->outputs < 1 || conv->channels % conv->groups != 0 ||
      conv->outputs % conv->groups != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld to %lld channels in %lld groups",
                           (long long)conv->channels, (long long)conv->outputs,
                           (long long)conv->groups);
  return SCULL_OK;
}

static scull_status_t emit_conv(scull_caffe_call_t *call, const conv_t *conv, const char *op,
                                int64_t rows, int64_t columns) {
  int64_t shape[SCULL_MAX_RANK] = {rows, columns};
  scull_value_id_t filter = SCULL_NO_ID, bias = SCULL_NO_ID;
  for (int32_t i = 0; i < conv->spatial; i++)
    shape[2 + i] = conv->kernel.data[i];
  SCULL_TRY(scull_caffe_blob(call, 0, (scull_ints_t){shape, (size_t)conv->spatial + 2}, &filter));
  scull_emit_t emit = scull_import_emit(&call->emitter, op, conv->x);
  scull_import_emit_input(&emit, filter);
  if (scull_caffe_bool(call, "bias_term", true)) {
    SCULL_TRY(scull_caffe_blob(call, 1, SCULL_INTS(conv->outputs), &bias));
    scull_import_emit_input(&emit, bias);
  }
  scull_import_emit_ints(&emit, "strides", conv->strides);
  scull_import_emit_ints(&emit, "pads", conv->pads);
  scull_import_emit_ints(&emit, "dilations", conv->dilations);
  scull_import_emit_int(&emit, "groups", conv->groups);
  return scull_caffe_end(call, &emit);
}

static scull_status_t convolution(scull_caffe_call_t *call) {
  conv_t conv;
  SCULL_TRY(read_conv(call, &conv));
  return emit_conv(call, &conv, "conv", conv.outputs, conv.channels / conv.groups);
}

/* A fork's layer: the number of groups may be left out. */
static scull_status_t depthwise(scull_caffe_call_t *call) {
  conv_t conv;
  SCULL_TRY(read_conv(call, &conv));
  if (conv.groups == 1 && conv.channels > 0 && conv.outputs % conv.channels == 0)
    conv.groups = conv.channels;
  return emit_conv(call, &conv, "conv", conv.outputs, conv.channels / conv.groups);
}

static scull_status_t deconvolution(scull_caffe_call_t *call) {
  conv_t conv;
  SCULL_TRY(read_conv(call, &conv));
  return emit_conv(call, &conv, "conv_transpose", conv.channels, conv.outputs / conv.groups);
}

/* --- products -------------------------------------------------------------------------------- */

static scull_status_t inner_product(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, weights = SCULL_NO_ID, bias = SCULL_NO_ID;
  int32_t axis = 0;
  int64_t outputs = scull_caffe_int(call, "num_output", 0);
  bool transpose = scull_caffe_bool(call, "transpose", false);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  int32_t rank = scull_import_rank(call->graph, x);
  SCULL_TRY(scull_caffe_axis(call, "axis", 1, rank, &axis));
  if (outputs < 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "num_output %lld", (long long)outputs);
  if (axis + 1 < rank) {
    scull_emit_t flat = scull_import_emit(&call->emitter, "flatten", x);
    scull_import_emit_int(&flat, "start", axis);
    SCULL_TRY(scull_import_emit_end(&flat, NULL, &x));
  }
  SCULL_TRY(scull_caffe_blob(call, 0, transpose ? SCULL_INTS(-1, outputs) : SCULL_INTS(outputs, -1),
                             &weights));
  scull_emit_t emit = scull_import_emit(&call->emitter, "matmul", x);
  scull_import_emit_input(&emit, weights);
  scull_import_emit_bool(&emit, "trans_y", !transpose);
  if (scull_caffe_bool(call, "bias_term", true)) {
    SCULL_TRY(scull_caffe_blob(call, 1, SCULL_INTS(outputs), &bias));
    scull_import_emit_input(&emit, bias);
  }
  return scull_caffe_end(call, &emit);
}

static scull_status_t embed(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, table = SCULL_NO_ID, bias = SCULL_NO_ID;
  int64_t outputs = scull_caffe_int(call, "num_output", 0);
  int64_t inputs = scull_caffe_int(call, "input_dim", 0);
  bool has_bias = scull_caffe_bool(call, "bias_term", true);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_caffe_blob(call, 0, SCULL_INTS(inputs, outputs), &table));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, x, SCULL_DTYPE_I64, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gather", table);
  scull_import_emit_input(&emit, x);
  if (!has_bias)
    return scull_caffe_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  SCULL_TRY(scull_caffe_blob(call, 1, SCULL_INTS(outputs), &bias));
  scull_emit_t sum = scull_import_emit(&call->emitter, "add", x);
  scull_import_emit_input(&sum, bias);
  return scull_caffe_end(call, &sum);
}

/* --- one number a channel -------------------------------------------------------------------- */

/* Element `i` of a blob, which lies at any address. */
static double element(const scull_caffe_call_t *call, size_t index, int64_t i) {
  float value = 0;
  memcpy(&value, (const char *)call->blobs.data[index].data + i * (int64_t)sizeof value,
         sizeof value);
  return (double)value;
}

/* Mean or variance: blob `index` over the moving average's weight, which is blob 2. */
static scull_status_t statistic(scull_caffe_call_t *call, size_t index, double weight,
                                int64_t channels, scull_value_id_t *out) {
  scull_type_t type = {.dtype = SCULL_DTYPE_F32, .shape = {.rank = 1, .dim = {channels}}};
  if (weight == 1)
    return scull_caffe_blob(call, index, SCULL_INTS(channels), out);
  float *data = SCULL_ARENA_ARRAY(&call->graph->arena, float, (size_t)channels);
  const char *name =
      scull_base_arena_format(&call->graph->arena, "%s.%zu", call->emitter.name, index);
  if (data == NULL || name == NULL)
    return no_memory(call);
  double factor = weight == 0 ? 0 : 1 / weight;
  for (int64_t i = 0; i < channels; i++)
    data[i] = (float)(element(call, index, i) * factor);
  return scull_graph_add_constant(call->graph, name, &type, data, out);
}

/* `channels` times the same number. */
static scull_status_t constant(scull_caffe_call_t *call, float value, int64_t channels,
                               scull_value_id_t *out) {
  scull_type_t type = {.dtype = SCULL_DTYPE_F32, .shape = {.rank = 1, .dim = {channels}}};
  float *data = SCULL_ARENA_ARRAY(&call->graph->arena, float, (size_t)channels);
  const char *name =
      scull_base_arena_format(&call->graph->arena, "%s.%g", call->emitter.name, (double)value);
  if (data == NULL || name == NULL)
    return no_memory(call);
  for (int64_t i = 0; i < channels; i++)
    data[i] = value;
  return scull_graph_add_constant(call->graph, name, &type, data, out);
}

static scull_status_t batch_norm(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, operand[4];
  double epsilon = scull_caffe_float(call, "eps", 1e-5), weight = 1;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (!scull_caffe_bool(call, "use_global_stats", true))
    return scull_import_unsupported(&call->emitter,
                                    "it normalizes by the batch (use_global_stats: false)");
  const scull_shape_t *shape = &scull_graph_value(call->graph, x)->shape[0];
  int64_t channels = shape->rank < 2 ? 1 : shape->dim[1];
  if (scull_caffe_blob_count(call, 0) != channels || scull_caffe_blob_count(call, 1) != channels)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "its trained blobs are not for %lld channels", (long long)channels);
  if (scull_caffe_blob_count(call, 2) == 1)
    weight = element(call, 2, 0);
  SCULL_TRY(constant(call, 1, channels, &operand[0]));
  SCULL_TRY(constant(call, 0, channels, &operand[1]));
  SCULL_TRY(statistic(call, 0, weight, channels, &operand[2]));
  SCULL_TRY(statistic(call, 1, weight, channels, &operand[3]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "batch_norm", x);
  for (size_t i = 0; i < 4; i++)
    scull_import_emit_input(&emit, operand[i]);
  scull_import_emit_float(&emit, "epsilon", epsilon);
  return scull_caffe_end(call, &emit);
}

/* Blob `index` for the axes [axis, axis + its own) of a bottom of `rank`, with ones behind it so
 * that it broadcasts. */
static scull_status_t along(scull_caffe_call_t *call, size_t index, scull_value_id_t x,
                            int32_t axis, int64_t axes, scull_value_id_t *out) {
  const scull_shape_t *shape = &scull_graph_value(call->graph, x)->shape[0];
  int32_t end = axes < 0 || axes > shape->rank - axis ? shape->rank : axis + (int32_t)axes;
  int64_t dims[SCULL_MAX_RANK];
  for (int32_t d = axis; d < shape->rank; d++)
    dims[d - axis] = d < end ? shape->dim[d] : 1;
  return scull_caffe_blob(call, index, (scull_ints_t){dims, (size_t)(shape->rank - axis)}, out);
}

/* The other operand of Scale and Bias: blob 0, or the second bottom with ones behind it. */
static scull_status_t operand_of(scull_caffe_call_t *call, scull_value_id_t x, int32_t axis,
                                 scull_value_id_t *out) {
  int64_t axes[SCULL_MAX_RANK], at = 0;
  if (call->layer->bottoms.size < 2)
    return along(call, 0, x, axis, scull_caffe_int(call, "num_axes", 1), out);
  *out = call->bottoms[1];
  int32_t rank = scull_import_rank(call->graph, *out);
  int32_t more = scull_import_rank(call->graph, x) - axis - rank;
  for (int32_t i = 0; i < more; i++)
    axes[at++] = rank + i;
  if (more <= 0)
    return SCULL_OK;
  return scull_import_emit_unsqueeze(&call->emitter, *out, (scull_ints_t){axes, (size_t)at}, NULL,
                                     out);
}

/* Scale and Bias, whose parameters have the same names. */
static scull_status_t scale(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, other = SCULL_NO_ID;
  int32_t axis = 0;
  bool bias_term = scull_caffe_bool(call, "bias_term", false);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_caffe_axis(call, "axis", 1, scull_import_rank(call->graph, x), &axis));
  SCULL_TRY(operand_of(call, x, axis, &other));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_input(&emit, other);
  if (!bias_term)
    return scull_caffe_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &other));
  scull_emit_t sum = scull_import_emit(&call->emitter, "add", other);
  bool own = call->layer->bottoms.size < 2;
  int64_t axes =
      own ? scull_caffe_int(call, "num_axes", 1) : scull_import_rank(call->graph, call->bottoms[1]);
  SCULL_TRY(along(call, own ? 1 : 0, x, axis, axes, &other));
  scull_import_emit_input(&sum, other);
  return scull_caffe_end(call, &sum);
}

static scull_status_t prelu(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, slope = SCULL_NO_ID;
  bool shared = scull_caffe_bool(call, "channel_shared", false);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (shared || scull_import_rank(call->graph, x) < 2)
    SCULL_TRY(scull_caffe_blob(call, 0, SCULL_INTS(1), &slope));
  else
    SCULL_TRY(along(call, 0, x, 1, 1, &slope));
  scull_emit_t emit = scull_import_emit(&call->emitter, "prelu", x);
  scull_import_emit_input(&emit, slope);
  return scull_caffe_end(call, &emit);
}

/* SSD's: x over its Euclidean norm, times a scale. */
static scull_status_t normalize(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, norm = SCULL_NO_ID, factor = SCULL_NO_ID;
  bool across = scull_caffe_bool(call, "across_spatial", true);
  bool shared = scull_caffe_bool(call, "channel_shared", true);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (scull_import_rank(call->graph, x) != 4)
    return scull_import_unsupported(&call->emitter, "its bottom is not four-dimensional");
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "square", x, SCULL_NO_ID, NULL, &norm));
  scull_emit_t sum = scull_import_emit(&call->emitter, "reduce_sum", norm);
  scull_import_emit_ints(&sum, "axes", across ? SCULL_INTS(1, 2, 3) : SCULL_INTS(1));
  scull_import_emit_bool(&sum, "keep_dims", true);
  SCULL_TRY(scull_import_emit_end(&sum, NULL, &norm));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, norm, 1, scull_caffe_float(call, "eps", 1e-10),
                                    NULL, &norm));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "sqrt", norm, SCULL_NO_ID, NULL, &norm));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "div", x, norm, NULL, &norm));
  SCULL_TRY(shared ? scull_caffe_blob(call, 0, SCULL_INTS(1), &factor)
                   : along(call, 0, x, 1, 1, &factor));
  scull_emit_t emit = scull_import_emit(&call->emitter, "mul", norm);
  scull_import_emit_input(&emit, factor);
  return scull_caffe_end(call, &emit);
}

static const scull_caffe_row_t rows[] = {
    {"Convolution", convolution, "conv", "convolution_param", 0},
    {"DepthwiseConvolution", depthwise, "conv", "convolution_param", 0},
    {"ConvolutionDepthwise", depthwise, "conv", "convolution_param", 0},
    {"Deconvolution", deconvolution, "conv_transpose", "convolution_param", 0},
    {"InnerProduct", inner_product, "matmul", "inner_product_param", 0},
    {"Embed", embed, "gather", "embed_param", 0},
    {"BatchNorm", batch_norm, "batch_norm", "batch_norm_param", 0},
    {"Scale", scale, "mul", "scale_param", 0},
    {"Bias", scale, "add", "bias_param", 0},
    {"PReLU", prelu, "prelu", "prelu_param", 0},
    {"Normalize", normalize, NULL, "norm_param", 0},
};

SCULL_CAFFE_ROWS(trained, rows);
