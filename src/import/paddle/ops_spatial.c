/* Convolutions and pooling over one to three spatial axes. Channels-last programs get a transpose
 * before and after. */
#include <float.h>
#include <string.h>

#include "base/checked.h"
#include "import/paddle/call.h"

/* What an optimized program may have fused into a convolution, and Scull's own passes do better. */
static const char *fused_part(const scull_paddle_call_t *call) {
  if (scull_paddle_in(call, "ResidualData") != SCULL_NO_ID)
    return "ResidualData";
  if (scull_paddle_text(call, "fuse_activation", "")[0] != '\0')
    return "fuse_activation";
  return scull_paddle_bool(call, "fuse_relu", false) ? "fuse_relu" : NULL;
}

/* Strides, pads, dilations, groups: common to conv and conv_transpose. */
static scull_status_t window_attrs(scull_paddle_call_t *call, scull_emit_t *emit, size_t spatial) {
  scull_ints_t pads = {0};
  SCULL_TRY(scull_paddle_pads(call, scull_paddle_ints(call, "paddings"), spatial, &pads));
  scull_import_emit_ints(emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(emit, "pads", pads);
  scull_import_emit_ints(emit, "dilations", scull_paddle_ints(call, "dilations"));
  scull_import_emit_int(emit, "groups", scull_paddle_int(call, "groups", 1));
  scull_import_emit_word(emit, "auto_pad", scull_paddle_auto_pad(call));
  return SCULL_OK;
}

static scull_status_t begin_conv(scull_paddle_call_t *call, const char *op, bool last,
                                 scull_emit_t *emit) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  const char *fused = fused_part(call);
  if (fused != NULL)
    return scull_import_unsupported(&call->emitter, "%s: the program was already optimized", fused);
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(scull_paddle_need(call, "Filter", &filter));
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  int32_t rank = scull_import_rank(call->graph, filter);
  if (rank < 3 || rank > 5)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its filter has rank %d", rank);
  *emit = scull_import_emit(&call->emitter, op, x);
  scull_import_emit_input(emit, filter);
  if (scull_paddle_in(call, "Bias") != SCULL_NO_ID)
    scull_import_emit_input(emit, scull_paddle_in(call, "Bias"));
  return window_attrs(call, emit, (size_t)rank - 2);
}

static scull_status_t conv(scull_paddle_call_t *call) {
  scull_emit_t emit;
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(begin_conv(call, "conv", last, &emit));
  return scull_paddle_end_first(call, &emit, last, "Output");
}

static scull_status_t conv_transpose(scull_paddle_call_t *call) {
  scull_emit_t emit;
  scull_ints_t size = {0};
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(scull_paddle_fixed_list(call, "output_size", "OutputSizeTensor", "OutputSizeTensorList",
                                    &size));
  SCULL_TRY(begin_conv(call, "conv_transpose", last, &emit));
  scull_import_emit_ints(&emit, "output_size", size);
  scull_import_emit_ints(&emit, "output_pads", scull_paddle_ints(call, "output_padding"));
  return scull_paddle_end_first(call, &emit, last, "Output");
}

/* --- pooling --------------------------------------------------------------------------------- */

static bool all_ones(scull_ints_t list) {
  for (size_t i = 0; i < list.size; i++) {
    if (list.data[i] != 1)
      return false;
  }
  return list.size > 0;
}

typedef struct {
  scull_value_id_t x;
  scull_ints_t kernel;
  bool max, last, global, adaptive, slides;
} pool_t;

static scull_status_t sliding_pool(scull_paddle_call_t *call, const pool_t *pool) {
  scull_ints_t pads = {0};
  scull_emit_t emit =
      scull_import_emit(&call->emitter, pool->max ? "max_pool" : "avg_pool", pool->x);
  SCULL_TRY(scull_paddle_pads(call, scull_paddle_ints(call, "paddings"), pool->kernel.size, &pads));
  scull_import_emit_ints(&emit, "kernel", pool->kernel);
  scull_import_emit_ints(&emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", pads);
  scull_import_emit_bool(&emit, "ceil_mode", scull_paddle_bool(call, "ceil_mode", false));
  scull_import_emit_word(&emit, "auto_pad", scull_paddle_auto_pad(call));
  if (!pool->max)
    scull_import_emit_bool(&emit, "include_pad", !scull_paddle_bool(call, "exclusive", true));
  return scull_paddle_end_first(call, &emit, pool->last, "Out");
}

static scull_status_t global_pool(scull_paddle_call_t *call, const pool_t *pool) {
  scull_emit_t emit =
      scull_import_emit(&call->emitter, pool->max ? "max_pool" : "avg_pool", pool->x);
  scull_import_emit_bool(&emit, "global", true);
  return scull_paddle_end_first(call, &emit, pool->last, "Out");
}

static scull_status_t adaptive_pool(scull_paddle_call_t *call, const pool_t *pool) {
  scull_emit_t emit = scull_import_emit(
      &call->emitter, pool->max ? "adaptive_max_pool" : "adaptive_avg_pool", pool->x);
  scull_import_emit_ints(&emit, "size", pool->kernel);
  return scull_paddle_end_first(call, &emit, pool->last, "Out");
}

static bool extent_is_fixed(const scull_graph_t *graph, const scull_value_t *x, int32_t axis) {
  for (int p = 1; p < graph->points; p++) {
    if (x->shape[p].dim[axis] != x->shape[0].dim[axis])
      return false;
  }
  return true;
}

/* The maximum of pool2d and pool3d has as many bins as it is asked for, but its windows are of as
 * many elements and slide by the strides from the picture's corner, whatever lies behind them: what
 * Paddle computes, not what it says. Windows beyond the picture hold the least float. */
static scull_status_t unfit_pool(scull_paddle_call_t *call, const pool_t *pool) {
  enum { SPATIAL = 3 };
  const scull_value_t *x = scull_graph_value(call->graph, pool->x);
  const scull_ints_t strides = scull_paddle_ints(call, "strides");
  const int32_t rank = x->shape[0].rank;
  int64_t pads[2 * (2 + SPATIAL)] = {0};
  scull_value_id_t padded = SCULL_NO_ID;
  if (pool->kernel.size < 1 || pool->kernel.size > SPATIAL || strides.size != pool->kernel.size ||
      rank != 2 + (int32_t)pool->kernel.size)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu sizes and %zu strides of rank %d",
                           pool->kernel.size, strides.size, rank);
  for (int32_t i = 0; i < rank - 2; i++) {
    int64_t bins = pool->kernel.data[i], extent = x->shape[0].dim[2 + i], reach = 0;
    if (!extent_is_fixed(call->graph, x, 2 + i))
      return scull_import_unsupported(&call->emitter, "its input has no fixed shape");
    if (bins < 1 || !scull_base_i64_mul(bins - 1, strides.data[i], &reach) ||
        !scull_base_i64_add(reach, bins, &reach) ||
        !scull_base_i64_add(reach, -extent, &pads[rank + 2 + i]))
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld bins", (long long)bins);
  }
  scull_emit_t pad = scull_import_emit(&call->emitter, "pad", pool->x);
  scull_import_emit_ints(&pad, "pads", (scull_ints_t){pads, 2 * (size_t)rank});
  scull_import_emit_float(&pad, "value", -(double)FLT_MAX);
  SCULL_TRY(scull_import_emit_end(&pad, NULL, &padded));
  scull_emit_t emit = scull_import_emit(&call->emitter, "max_pool", padded);
  scull_import_emit_ints(&emit, "kernel", pool->kernel);
  scull_import_emit_ints(&emit, "strides", strides);
  return scull_paddle_end_first(call, &emit, pool->last, "Out");
}

static scull_status_t any_pool(scull_paddle_call_t *call, pool_t *pool) {
  SCULL_TRY(scull_paddle_need(call, "X", &pool->x));
  SCULL_TRY(scull_paddle_fixed_list(call, "ksize", "KernelSize", NULL, &pool->kernel));
  SCULL_TRY(scull_paddle_to_first(call, pool->last, pool->x, &pool->x));
  pool->global = scull_paddle_bool(call, "global_pooling", false);
  pool->adaptive = scull_paddle_bool(call, "adaptive", false);
  if (pool->adaptive && pool->max && pool->slides && !pool->global)
    return unfit_pool(call, pool);
  if (pool->global || (pool->adaptive && all_ones(pool->kernel)))
    return global_pool(call, pool); /* one bin is the whole picture */
  return pool->adaptive ? adaptive_pool(call, pool) : sliding_pool(call, pool);
}

static scull_status_t pool(scull_paddle_call_t *call) {
  pool_t it = {.max = strcmp(scull_paddle_text(call, "pooling_type", "max"), "max") == 0,
               .last = scull_paddle_channels_last(call, "data_format"),
               .slides = true};
  return any_pool(call, &it);
}

/* Values and the index of each in its plane. */
static scull_status_t pool_and_index(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, outs[2];
  scull_ints_t kernel = scull_paddle_ints(call, "ksize"), pads = {0};
  scull_dtype_t to = scull_paddle_out_dtype(call, "Mask");
  bool narrow = to != SCULL_DTYPE_NONE && to != SCULL_DTYPE_I64;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_pads(call, scull_paddle_ints(call, "paddings"), kernel.size, &pads));
  scull_emit_t emit = scull_import_emit(&call->emitter, "max_pool_index", x);
  scull_import_emit_ints(&emit, "kernel", kernel);
  scull_import_emit_ints(&emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", pads);
  scull_import_emit_bool(&emit, "ceil_mode", scull_paddle_bool(call, "ceil_mode", false));
  scull_import_emit_bool(&emit, "global", scull_paddle_bool(call, "global_pooling", false));
  scull_import_emit_bool(&emit, "adaptive", scull_paddle_bool(call, "adaptive", false));
  const char *mask = scull_paddle_out_name(call, "Mask", 0);
  const char *names[2] = {scull_paddle_out_name(call, "Out", 0), narrow ? NULL : mask};
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2, outs));
  if (narrow)
    SCULL_TRY(scull_import_emit_cast(&call->emitter, outs[1], to, mask, &outs[1]));
  scull_paddle_set(call, "Out", 0, outs[0]);
  scull_paddle_set(call, "Mask", 0, outs[1]);
  return SCULL_OK;
}

static scull_status_t max_pool_with_index(scull_paddle_call_t *call) {
  pool_t it = {.max = true};
  return scull_paddle_out_used(call, "Mask") ? pool_and_index(call) : any_pool(call, &it);
}

/* --- others over the picture ----------------------------------------------------------------- */

static scull_status_t pixel_shuffle(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "pixel_shuffle", x);
  scull_import_emit_int(&emit, "factor", scull_paddle_int(call, "upscale_factor", 1));
  return scull_paddle_end_first(call, &emit, last, "Out");
}

static scull_status_t shuffle_channel(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "channel_shuffle", x);
  scull_import_emit_int(&emit, "groups", scull_paddle_int(call, "group", 1));
  return scull_paddle_end_first(call, &emit, last, "Out");
}

static scull_status_t grid_sampler(scull_paddle_call_t *call) {
  const char *mode = scull_paddle_text(call, "mode", "bilinear");
  const char *padding = scull_paddle_text(call, "padding_mode", "zeros");
  scull_emit_t emit = scull_import_emit(&call->emitter, "grid_sample", scull_paddle_in(call, "X"));
  scull_import_emit_input(&emit, scull_paddle_in(call, "Grid"));
  scull_import_emit_word(&emit, "mode", strcmp(mode, "nearest") == 0 ? "nearest" : "linear");
  scull_import_emit_word(&emit, "padding",
                         strcmp(padding, "reflection") == 0 ? "reflect" : padding);
  scull_import_emit_bool(&emit, "align_corners", scull_paddle_bool(call, "align_corners", true));
  return scull_paddle_end(call, &emit, "Output");
}

/* The largest of every `groups` neighbouring channels. */
static scull_status_t maxout(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  int64_t groups = scull_paddle_int(call, "groups", 1), axis = scull_paddle_int(call, "axis", 1);
  int64_t dims[SCULL_MAX_RANK];
  int32_t at = 0;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if (!scull_tensor_axis(axis, shape.rank, &at) || shape.rank >= SCULL_MAX_RANK || groups < 1 ||
      shape.dim[at] % groups != 0)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "axis %lld in groups of %lld",
                           (long long)axis, (long long)groups);
  if (!scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter, "its input has no fixed shape");
  for (int32_t d = 0; d < at; d++)
    dims[d] = shape.dim[d];
  dims[at] = shape.dim[at] / groups;
  dims[at + 1] = groups;
  for (int32_t d = at + 1; d < shape.rank; d++)
    dims[d + 1] = shape.dim[d];
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, x,
                                      (scull_ints_t){dims, (size_t)shape.rank + 1}, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_max", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(at + 1));
  return scull_paddle_end(call, &emit, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"conv2d", conv, "conv", NULL, NULL},
    {"depthwise_conv2d", conv, "conv", NULL, NULL},
    {"conv3d", conv, "conv", NULL, NULL},
    {"conv2d_transpose", conv_transpose, "conv_transpose", NULL, NULL},
    {"depthwise_conv2d_transpose", conv_transpose, "conv_transpose", NULL, NULL},
    {"conv3d_transpose", conv_transpose, "conv_transpose", NULL, NULL},
    {"pool2d", pool, NULL, NULL, NULL},
    {"pool3d", pool, NULL, NULL, NULL},
    {"max_pool3d_with_index", max_pool_with_index, NULL, NULL, NULL},
    {"max_pool2d_with_index", max_pool_with_index, NULL, NULL, NULL},
    {"pixel_shuffle", pixel_shuffle, "pixel_shuffle", NULL, NULL},
    {"shuffle_channel", shuffle_channel, "channel_shuffle", NULL, NULL},
    {"grid_sampler", grid_sampler, "grid_sample", NULL, NULL},
    {"maxout", maxout, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(spatial, rows);
