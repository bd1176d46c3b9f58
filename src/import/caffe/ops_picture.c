/* Pooling, normalization over pictures, and layers that change a picture's size. */
#include <string.h>

#include "import/caffe/call.h"

/* --- pooling --------------------------------------------------------------------------------- */

/* "NAME_size" (or "NAME") for both axes, or "NAME_h" and "NAME_w". */
static void pair(scull_caffe_call_t *call, const char *both, const char *h, const char *w,
                 int64_t otherwise, int64_t out[2]) {
  int64_t one = scull_caffe_int(call, both, otherwise);
  out[0] = scull_caffe_int(call, h, one);
  out[1] = scull_caffe_int(call, w, one);
}

enum { POOL_MAX, POOL_AVE, POOL_STOCHASTIC };

static scull_status_t pooling(scull_caffe_call_t *call) {
  static const char *const kinds[] = {"MAX", "AVE", "STOCHASTIC", NULL};
  static const char *const rounds[] = {"CEIL", "FLOOR", NULL};
  scull_value_id_t x = SCULL_NO_ID;
  int64_t kernel[2], strides[2], pads[2], kind = scull_caffe_enum(call, "pool", kinds);
  bool floors = scull_caffe_enum(call, "round_mode", rounds) == 1;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  pair(call, "kernel_size", "kernel_h", "kernel_w", 0, kernel);
  pair(call, "stride", "stride_h", "stride_w", 1, strides);
  pair(call, "pad", "pad_h", "pad_w", 0, pads);
  if (kind == POOL_STOCHASTIC)
    return scull_import_unsupported(&call->emitter, "stochastic pooling");
  if (call->layer->tops.size > 1)
    return scull_import_unsupported(&call->emitter, "its second top (the mask) is used");
  scull_emit_t emit =
      scull_import_emit(&call->emitter, kind == POOL_MAX ? "max_pool" : "avg_pool", x);
  if (scull_caffe_bool(call, "global_pooling", false)) {
    scull_import_emit_bool(&emit, "global", true);
    return scull_caffe_end(call, &emit);
  }
  scull_import_emit_ints(&emit, "kernel", (scull_ints_t){kernel, 2});
  scull_import_emit_ints(&emit, "strides", (scull_ints_t){strides, 2});
  scull_import_emit_ints(&emit, "pads", (scull_ints_t){pads, 2});
  scull_import_emit_bool(&emit, "ceil_mode", !floors);
  scull_import_emit_bool(&emit, "clip", !floors);
  if (kind == POOL_AVE)
    scull_import_emit_bool(&emit, "include_pad", true);
  return scull_caffe_end(call, &emit);
}

/* --- normalization --------------------------------------------------------------------------- */

/* x / (1 + alpha * the mean of x^2 over a window of the plane)^beta; the mean counts the padding.
 */
static scull_status_t lrn_within(scull_caffe_call_t *call, scull_value_id_t x, int64_t size,
                                 double alpha, double beta) {
  scull_value_id_t mean = SCULL_NO_ID, exponent = SCULL_NO_ID;
  int64_t kernel[2] = {size, size}, pads[2] = {(size - 1) / 2, (size - 1) / 2};
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "square", x, SCULL_NO_ID, NULL, &mean));
  scull_emit_t pool = scull_import_emit(&call->emitter, "avg_pool", mean);
  scull_import_emit_ints(&pool, "kernel", (scull_ints_t){kernel, 2});
  scull_import_emit_ints(&pool, "pads", (scull_ints_t){pads, 2});
  scull_import_emit_bool(&pool, "include_pad", true);
  SCULL_TRY(scull_import_emit_end(&pool, NULL, &mean));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, mean, alpha, 1, NULL, &mean));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_F32, -beta, &exponent));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "pow", mean, exponent, NULL, &mean));
  scull_emit_t emit = scull_import_emit(&call->emitter, "mul", x);
  scull_import_emit_input(&emit, mean);
  return scull_caffe_end(call, &emit);
}

static scull_status_t lrn(scull_caffe_call_t *call) {
  static const char *const regions[] = {"ACROSS_CHANNELS", "WITHIN_CHANNEL", NULL};
  scull_value_id_t x = SCULL_NO_ID;
  int64_t size = scull_caffe_int(call, "local_size", 5);
  double alpha = scull_caffe_float(call, "alpha", 1), beta = scull_caffe_float(call, "beta", 0.75);
  double k = scull_caffe_float(call, "k", 1);
  bool within = scull_caffe_enum(call, "norm_region", regions) == 1;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (size < 1 || size % 2 == 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "local_size %lld is not odd",
                           (long long)size);
  if (within)
    return lrn_within(call, x, size, alpha, beta);
  scull_emit_t emit = scull_import_emit(&call->emitter, "lrn", x);
  scull_import_emit_int(&emit, "size", size);
  scull_import_emit_float(&emit, "alpha", alpha / (double)size);
  scull_import_emit_float(&emit, "beta", beta);
  scull_import_emit_float(&emit, "k", k);
  return scull_caffe_end(call, &emit);
}

static scull_status_t emit_mean(scull_caffe_call_t *call, scull_value_id_t x, bool across,
                                scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_mean", x);
  scull_import_emit_ints(&emit, "axes", across ? SCULL_INTS(1, 2, 3) : SCULL_INTS(2, 3));
  scull_import_emit_bool(&emit, "keep_dims", true);
  return scull_import_emit_end(&emit, NULL, out);
}

/* Mean taken off, and over (the standard deviation + eps) unless that is switched off. */
static scull_status_t mvn(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, mean = SCULL_NO_ID, deviation = SCULL_NO_ID;
  bool across = scull_caffe_bool(call, "across_channels", false);
  bool variance = scull_caffe_bool(call, "normalize_variance", true);
  double epsilon = scull_caffe_float(call, "eps", 1e-9);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (scull_import_rank(call->graph, x) != 4)
    return scull_import_unsupported(&call->emitter, "its bottom is not four-dimensional");
  SCULL_TRY(emit_mean(call, x, across, &mean));
  scull_emit_t centred = scull_import_emit(&call->emitter, "sub", x);
  scull_import_emit_input(&centred, mean);
  if (!variance)
    return scull_caffe_end(call, &centred);
  SCULL_TRY(scull_import_emit_end(&centred, NULL, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "square", x, SCULL_NO_ID, NULL, &deviation));
  SCULL_TRY(emit_mean(call, deviation, across, &deviation));
  SCULL_TRY(
      scull_import_emit_simple(&call->emitter, "sqrt", deviation, SCULL_NO_ID, NULL, &deviation));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, deviation, 1, epsilon, NULL, &deviation));
  scull_emit_t emit = scull_import_emit(&call->emitter, "div", x);
  scull_import_emit_input(&emit, deviation);
  return scull_caffe_end(call, &emit);
}

/* --- sizes ----------------------------------------------------------------------------------- */

/* DeepLab's rule: shrunk, then zoomed, corners on corners. */
static bool interp_extent(int64_t in, int64_t shrink, int64_t zoom, int64_t *out) {
  if (in < 1 || in > INT32_MAX || shrink < 1 || zoom < 1 || zoom > INT16_MAX)
    return false;
  *out = (in - 1) / shrink + 1;
  *out += (*out - 1) * (zoom - 1);
  return true;
}

static scull_status_t interp_size(scull_caffe_call_t *call, const scull_shape_t *x,
                                  int64_t size[2]) {
  int64_t pads = scull_caffe_int(call, "pad_beg", 0) + scull_caffe_int(call, "pad_end", 0);
  int64_t shrink = scull_caffe_int(call, "shrink_factor", 1);
  int64_t zoom = scull_caffe_int(call, "zoom_factor", 1);
  if (pads != 0)
    return scull_import_unsupported(&call->emitter, "it pads or crops its bottom");
  for (int i = 0; i < 2; i++) {
    if (!interp_extent(x->dim[2 + i], shrink, zoom, &size[i]))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                             "shrink_factor %lld, zoom_factor %lld", (long long)shrink,
                             (long long)zoom);
  }
  return SCULL_OK;
}

/* The size of the second bottom, of the parameters, or of the first bottom with factors. */
static scull_status_t interp(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t size[2] = {scull_caffe_int(call, "height", 0), scull_caffe_int(call, "width", 0)};
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_value_id_t like = call->layer->bottoms.size > 1 ? call->bottoms[1] : x;
  bool sized = size[0] > 0 && size[1] > 0 && like == x;
  if (scull_import_rank(call->graph, x) != 4 || scull_import_rank(call->graph, like) != 4)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its bottom is no picture");
  const scull_shape_t *shape = &scull_graph_value(call->graph, like)->shape[0];
  if (!sized && !scull_graph_is_fixed(call->graph, like))
    return scull_import_unsupported(&call->emitter, "its size follows from a shape that changes");
  if (like != x)
    memcpy(size, &shape->dim[2], sizeof size);
  else if (!sized)
    SCULL_TRY(interp_size(call, shape, size));
  scull_emit_t emit = scull_import_emit(&call->emitter, "resize", x);
  scull_import_emit_ints(&emit, "size", (scull_ints_t){size, 2});
  scull_import_emit_word(&emit, "mode", "linear");
  scull_import_emit_word(&emit, "coords", "align_corners");
  return scull_caffe_end(call, &emit);
}

/* A fork's layer (YOLO): every pixel `scale` times in both directions. */
static scull_status_t upsample(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  double scale = scull_caffe_float(call, "scale", 2);
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  if (call->layer->bottoms.size > 1)
    return scull_import_unsupported(&call->emitter, "it puts values back by a pooling's mask");
  scull_emit_t emit = scull_import_emit(&call->emitter, "resize", x);
  scull_import_emit_floats(&emit, "scales", (scull_floats_t){&scale, 1});
  scull_import_emit_word(&emit, "mode", "nearest");
  scull_import_emit_word(&emit, "coords", "asymmetric");
  return scull_caffe_end(call, &emit);
}

static scull_status_t shuffle(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "channel_shuffle", x);
  scull_import_emit_int(&emit, "groups", scull_caffe_int(call, "group", 1));
  return scull_caffe_end(call, &emit);
}

static const scull_caffe_row_t rows[] = {
    {"Pooling", pooling, NULL, "pooling_param", 0},
    {"LRN", lrn, "lrn", "lrn_param", 0},
    {"MVN", mvn, NULL, "mvn_param", 0},
    {"Interp", interp, "resize", "interp_param", 0},
    {"Upsample", upsample, "resize", "upsample_param", 0},
    {"ShuffleChannel", shuffle, "channel_shuffle", "shuffle_channel_param", 0},
};

SCULL_CAFFE_ROWS(picture, rows);
