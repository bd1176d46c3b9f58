/* Convolutions, pooling, batch norm and sizes: what works on pictures. All of it is channels first
 * on our side; a file may say data_format NCHW, too, and then its own order is ours. */
#include <string.h>

#include "import/tensorflow/call.h"

/* True when the node's pictures are [N,H,W,C]. */
static bool is_last(const scull_tf_call_t *call) {
  return strcmp(scull_tf_text(call, "data_format", "NHWC"), "NCHW") != 0;
}

/* Input `index` as [N,C,H,W]. */
static scull_status_t picture(scull_tf_call_t *call, size_t index, scull_value_id_t *out) {
  SCULL_TRY(is_last(call) ? scull_tf_first(call, index, out) : scull_tf_plain(call, index, out));
  if (scull_tf_rank(call, index) == 4)
    return SCULL_OK;
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "input %zu is no picture", index);
}

/* Two numbers of a list of four in the file's order; `otherwise` when there is none. */
static scull_status_t spatial(const scull_tf_call_t *call, const char *name, int64_t out[2]) {
  scull_ints_t list = scull_tf_ints(call, name);
  int first = is_last(call) ? 1 : 2;
  out[0] = out[1] = 1;
  if (list.size == 0)
    return SCULL_OK;
  if (list.size != 4)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s has %zu numbers", name, list.size);
  if (list.data[0] != 1 || list.data[is_last(call) ? 3 : 1] != 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s over batch or channels", name);
  out[0] = list.data[first];
  out[1] = list.data[first + 1];
  return SCULL_OK;
}

/* --- padding --------------------------------------------------------------------------------- */

typedef struct {
  int64_t kernel[2], strides[2], dilations[2], pads[4]; /* pads: begins, then ends */
  const char *automatic;                                /* "same", "valid", "explicit" */
} window_t;

static scull_status_t explicit_pads(const scull_tf_call_t *call, window_t *w) {
  scull_ints_t pads = scull_tf_ints(call, "explicit_paddings");
  size_t h = is_last(call) ? 2 : 4;
  if (pads.size != 8)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "explicit_paddings has %zu numbers",
                           pads.size);
  w->pads[0] = pads.data[h];
  w->pads[2] = pads.data[h + 1];
  w->pads[1] = pads.data[h + 2];
  w->pads[3] = pads.data[h + 3];
  return SCULL_OK;
}

/* SAME with dilation, which Scull's own "same" has not: the padding follows from the extents. */
static scull_status_t same_dilated(scull_tf_call_t *call, scull_value_id_t x, window_t *w) {
  const scull_shape_t *shape = &scull_graph_value(call->graph, x)->shape[0];
  w->automatic = "explicit";
  for (int i = 0; i < 2; i++) {
    int64_t reach = (w->kernel[i] - 1) * w->dilations[i] + 1, sum = reach - 1;
    if (w->kernel[i] < 1 || w->strides[i] < 1 || w->dilations[i] < 1 ||
        w->dilations[i] > INT32_MAX || w->kernel[i] > INT32_MAX)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a window of %lld, stride %lld",
                             (long long)w->kernel[i], (long long)w->strides[i]);
    if (w->strides[i] > 1 && !scull_graph_is_fixed(call->graph, x))
      return scull_import_unsupported(&call->emitter,
                                      "SAME with strides and dilations over a changing shape");
    if (w->strides[i] > 1)
      sum = ((shape->dim[2 + i] - 1) / w->strides[i]) * w->strides[i] + reach - shape->dim[2 + i];
    w->pads[i] = sum > 0 ? sum / 2 : 0;
    w->pads[2 + i] = sum > 0 ? sum - w->pads[i] : 0;
  }
  return SCULL_OK;
}

static scull_status_t read_window(scull_tf_call_t *call, scull_value_id_t x, window_t *w) {
  const char *padding = scull_tf_text(call, "padding", "VALID");
  SCULL_TRY(spatial(call, "strides", w->strides));
  SCULL_TRY(spatial(call, "dilations", w->dilations));
  memset(w->pads, 0, sizeof w->pads);
  w->automatic = strcmp(padding, "SAME") == 0 ? "same" : "explicit"; /* VALID: no pads */
  if (strcmp(padding, "EXPLICIT") == 0)
    return explicit_pads(call, w);
  if (strcmp(padding, "SAME") == 0 && (w->dilations[0] != 1 || w->dilations[1] != 1))
    return same_dilated(call, x, w);
  return SCULL_OK;
}

static void emit_window(scull_emit_t *emit, const window_t *w) {
  scull_import_emit_ints(emit, "strides", (scull_ints_t){w->strides, 2});
  scull_import_emit_word(emit, "auto_pad", w->automatic);
  if (strcmp(w->automatic, "same") != 0)
    scull_import_emit_ints(emit, "pads", (scull_ints_t){w->pads, 4});
}

/* --- convolutions ---------------------------------------------------------------------------- */

/* The filter [H,W,a,b] in another order of axes. */
static scull_status_t filter_of(scull_tf_call_t *call, const int64_t perm[4], window_t *w,
                                int64_t dims[4], scull_value_id_t *out) {
  SCULL_TRY(scull_tf_plain(call, 1, out));
  const scull_value_t *value = scull_graph_value(call->graph, *out);
  if (value->shape[0].rank != 4 || !scull_graph_is_fixed(call->graph, *out))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its filter has %d dimensions",
                           value->shape[0].rank);
  memcpy(dims, value->shape[0].dim, 4 * sizeof *dims);
  w->kernel[0] = dims[0];
  w->kernel[1] = dims[1];
  return scull_import_emit_transpose(&call->emitter, *out, (scull_ints_t){perm, 4}, NULL, out);
}

static scull_status_t conv(scull_tf_call_t *call) {
  static const int64_t perm[4] = {3, 2, 0, 1};
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  window_t w = {0};
  int64_t dims[4];
  SCULL_TRY(picture(call, 0, &x));
  SCULL_TRY(filter_of(call, perm, &w, dims, &filter));
  SCULL_TRY(read_window(call, x, &w));
  int64_t channels = scull_graph_value(call->graph, x)->shape[0].dim[1];
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv", x);
  scull_import_emit_input(&emit, filter);
  emit_window(&emit, &w);
  scull_import_emit_ints(&emit, "dilations", (scull_ints_t){w.dilations, 2});
  if (dims[2] > 0 && channels % dims[2] == 0)
    scull_import_emit_int(&emit, "groups", channels / dims[2]);
  return scull_tf_end(call, &emit, is_last(call));
}

/* Channel c gives channels c * m to c * m + m - 1. */
static scull_status_t depthwise(scull_tf_call_t *call) {
  static const int64_t perm[4] = {2, 3, 0, 1};
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  window_t w = {0};
  int64_t dims[4];
  SCULL_TRY(picture(call, 0, &x));
  SCULL_TRY(filter_of(call, perm, &w, dims, &filter));
  SCULL_TRY(read_window(call, x, &w));
  if (dims[2] > INT32_MAX || dims[3] > INT32_MAX)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld times %lld channels",
                           (long long)dims[2], (long long)dims[3]);
  SCULL_TRY(scull_import_emit_reshape(
      &call->emitter, filter, SCULL_INTS(dims[2] * dims[3], 1, dims[0], dims[1]), NULL, &filter));
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv", x);
  scull_import_emit_input(&emit, filter);
  emit_window(&emit, &w);
  scull_import_emit_ints(&emit, "dilations", (scull_ints_t){w.dilations, 2});
  scull_import_emit_int(&emit, "groups", dims[2]);
  return scull_tf_end(call, &emit, is_last(call));
}

/* The padding of the convolution that goes from `out` elements to `in`. */
static void same_pads(window_t *w, int i, int64_t in, int64_t out) {
  int64_t sum = (in - 1) * w->strides[i] + w->kernel[i] - out;
  w->pads[i] = sum > 0 ? sum / 2 : 0;
  w->pads[2 + i] = sum > 0 ? sum - w->pads[i] : 0;
}

/* Is the size that the file computes, at every point, what the windows give without being told? */
static bool size_follows(const scull_tf_call_t *call, scull_value_id_t size, scull_value_id_t x,
                         const window_t *w, bool same) {
  const scull_value_t *wanted = scull_graph_value(call->graph, size);
  const scull_value_t *from = scull_graph_value(call->graph, x);
  int at = is_last(call) ? 1 : 2;
  for (int p = 0; p < call->graph->points; p++) {
    if (wanted->known[p] == NULL || scull_tensor_count(&wanted->shape[p]) != 4)
      return false;
    for (int i = 0; i < 2; i++) {
      int64_t in = from->shape[p].dim[2 + i];
      int64_t out = same ? in * w->strides[i] : (in - 1) * w->strides[i] + w->kernel[i];
      if (scull_tensor_load_i64(wanted->known[p], wanted->dtype, at + i) != out)
        return false;
    }
  }
  return true;
}

static scull_status_t deconv_size(scull_tf_call_t *call, scull_value_id_t x, window_t *w,
                                  int64_t size[2], bool *sized) {
  scull_ints_t list = {0};
  scull_value_id_t wanted = SCULL_NO_ID;
  const scull_shape_t *shape = &scull_graph_value(call->graph, x)->shape[0];
  bool same = strcmp(w->automatic, "same") == 0;
  SCULL_TRY(scull_tf_list(call, 0, &list, sized));
  SCULL_TRY(scull_tf_plain(call, 0, &wanted));
  *sized = *sized && scull_graph_is_fixed(call->graph, x);
  if (*sized && list.size != 4 && list.size != 2)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "input_sizes has %zu numbers",
                           list.size);
  if (!*sized)
    return size_follows(call, wanted, x, w, same)
               ? SCULL_OK
               : scull_import_unsupported(&call->emitter,
                                          "its input_sizes are computed while the network runs");
  for (int i = 0; i < 2; i++) {
    size[i] = list.data[list.size == 2 ? i : (is_last(call) ? 1 : 2) + i];
    if (same)
      same_pads(w, i, shape->dim[2 + i], size[i]);
  }
  if (same)
    w->automatic = "explicit";
  return SCULL_OK;
}

static scull_status_t deconv(scull_tf_call_t *call) {
  static const int64_t perm[4] = {3, 2, 0, 1};
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  window_t w = {0};
  int64_t dims[4], size[2] = {0, 0};
  bool sized = false;
  SCULL_TRY(picture(call, 2, &x));
  SCULL_TRY(filter_of(call, perm, &w, dims, &filter));
  SCULL_TRY(read_window(call, x, &w));
  if (w.dilations[0] != 1 || w.dilations[1] != 1)
    return scull_import_unsupported(&call->emitter, "it has dilations");
  SCULL_TRY(deconv_size(call, x, &w, size, &sized));
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv_transpose", x);
  scull_import_emit_input(&emit, filter);
  emit_window(&emit, &w);
  if (sized)
    scull_import_emit_ints(&emit, "output_size", (scull_ints_t){size, 2});
  return scull_tf_end(call, &emit, is_last(call));
}

/* --- pooling and normalization --------------------------------------------------------------- */

static scull_status_t pool(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  window_t w = {0};
  SCULL_TRY(picture(call, 0, &x));
  SCULL_TRY(read_window(call, x, &w));
  SCULL_TRY(spatial(call, "ksize", w.kernel));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_ints(&emit, "kernel", (scull_ints_t){w.kernel, 2});
  emit_window(&emit, &w);
  return scull_tf_end(call, &emit, is_last(call));
}

static scull_status_t bias_add(scull_tf_call_t *call) {
  scull_value_id_t x[2] = {SCULL_NO_ID, SCULL_NO_ID};
  bool first = false;
  if (is_last(call)) {
    SCULL_TRY(scull_tf_pair(call, 0, 1, x, &first));
  } else {
    SCULL_TRY(scull_tf_plain(call, 0, &x[0]));
    SCULL_TRY(scull_tf_plain(call, 1, &x[1]));
    SCULL_TRY(scull_import_emit_unsqueeze(&call->emitter, x[1], SCULL_INTS(1, 2), NULL, &x[1]));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "add", x[0]);
  scull_import_emit_input(&emit, x[1]);
  return scull_tf_end(call, &emit, first);
}

static scull_status_t batch_norm(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, operand = SCULL_NO_ID;
  if (scull_tf_bool(call, "is_training", true))
    return scull_import_unsupported(&call->emitter,
                                    "is_training: it normalizes by the batch; freeze the graph for "
                                    "inference");
  SCULL_TRY(scull_tf_need(call, 5));
  SCULL_TRY(picture(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "batch_norm", x);
  for (size_t i = 1; i < 5; i++) {
    SCULL_TRY(scull_tf_plain(call, i, &operand));
    scull_import_emit_input(&emit, operand);
  }
  scull_import_emit_float(&emit, "epsilon", scull_tf_float(call, "epsilon", 1e-4));
  return scull_tf_end(call, &emit, is_last(call));
}

/* The first form: x, mean, variance, beta, gamma. */
static scull_status_t old_batch_norm(scull_tf_call_t *call) {
  static const size_t order[4] = {4, 3, 1, 2};
  scull_value_id_t x = SCULL_NO_ID, operand = SCULL_NO_ID;
  SCULL_TRY(scull_tf_need(call, 5));
  SCULL_TRY(scull_tf_first(call, 0, &x));
  if (!scull_tf_bool(call, "scale_after_normalization", true))
    return scull_import_unsupported(&call->emitter, "scale_after_normalization is off");
  scull_emit_t emit = scull_import_emit(&call->emitter, "batch_norm", x);
  for (size_t i = 0; i < 4; i++) {
    SCULL_TRY(scull_tf_plain(call, order[i], &operand));
    scull_import_emit_input(&emit, operand);
  }
  scull_import_emit_float(&emit, "epsilon", scull_tf_float(call, "variance_epsilon", 1e-3));
  return scull_tf_end(call, &emit, true);
}

static scull_status_t lrn(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_tf_first(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "lrn", x);
  int64_t radius = scull_tf_int(call, "depth_radius", 5);
  scull_import_emit_int(&emit, "size", radius >= 0 && radius < INT32_MAX / 2 ? 2 * radius + 1 : 0);
  scull_import_emit_float(&emit, "k", scull_tf_float(call, "bias", 1));
  scull_import_emit_float(&emit, "alpha", scull_tf_float(call, "alpha", 1));
  scull_import_emit_float(&emit, "beta", scull_tf_float(call, "beta", 0.5));
  return scull_tf_end(call, &emit, true);
}

/* --- sizes ----------------------------------------------------------------------------------- */

static scull_status_t resize(scull_tf_call_t *call) {
  bool nearest = strcmp(call->node->op, "ResizeNearestNeighbor") == 0;
  bool corners = scull_tf_bool(call, "align_corners", false);
  bool centres = scull_tf_bool(call, "half_pixel_centers", false);
  scull_value_id_t x = SCULL_NO_ID, size = SCULL_NO_ID;
  scull_ints_t list = {0};
  bool is_known = false;
  SCULL_TRY(scull_tf_first(call, 0, &x));
  SCULL_TRY(scull_tf_list(call, 1, &list, &is_known));
  SCULL_TRY(scull_tf_plain(call, 1, &size));
  if (!nearest && scull_tf_input_dtype(call, 0) != SCULL_DTYPE_F32) /* it gives floats */
    SCULL_TRY(scull_import_emit_cast(&call->emitter, x, SCULL_DTYPE_F32, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "resize", x);
  if (is_known)
    scull_import_emit_ints(&emit, "size", list);
  else
    scull_import_emit_input(&emit, size);
  scull_import_emit_word(&emit, "mode", nearest ? "nearest" : "linear");
  scull_import_emit_word(&emit, "coords",
                         corners   ? "align_corners"
                         : centres ? "half_pixel"
                                   : "asymmetric");
  if (nearest)
    scull_import_emit_word(&emit, "rounding", corners || centres ? "round" : "floor");
  return scull_tf_end(call, &emit, true);
}

static scull_status_t block(scull_tf_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(picture(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_int(&emit, "factor", scull_tf_int(call, "block_size", 1));
  scull_import_emit_word(&emit, "order", "dcr");
  return scull_tf_end(call, &emit, is_last(call));
}

static const scull_tf_row_t rows[] = {
    {"Conv2D", conv, "conv", NULL},
    {"DepthwiseConv2dNative", depthwise, "conv", NULL},
    {"Conv2DBackpropInput", deconv, "conv_transpose", NULL},
    {"MaxPool", pool, "max_pool", NULL},
    {"AvgPool", pool, "avg_pool", NULL},
    {"BiasAdd", bias_add, "add", NULL},
    {"BiasAddV1", bias_add, "add", NULL},
    {"FusedBatchNorm", batch_norm, "batch_norm", NULL},
    {"FusedBatchNormV2", batch_norm, "batch_norm", NULL},
    {"FusedBatchNormV3", batch_norm, "batch_norm", NULL},
    {"BatchNormWithGlobalNormalization", old_batch_norm, "batch_norm", NULL},
    {"LRN", lrn, "lrn", NULL},
    {"ResizeBilinear", resize, "resize", NULL},
    {"ResizeNearestNeighbor", resize, "resize", NULL},
    {"DepthToSpace", block, "pixel_shuffle", NULL},
    {"SpaceToDepth", block, "space_to_depth", NULL},
};

SCULL_TF_ROWS(spatial, rows);
