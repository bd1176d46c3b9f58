/* Convolutions, pools and samplings of pictures of one to three spatial dimensions. */
#include <string.h>

#include "import/onnx/window.h"

/* The extents of a filter behind its channels. Filters that are computed have their shape, too. */
static scull_status_t filter_kernel(scull_onnx_call_t *call, scull_value_id_t filter,
                                    int64_t dims[SCULL_MAX_RANK], scull_ints_t *out) {
  scull_shape_t shape;
  SCULL_TRY(scull_onnx_fixed_shape(call, filter, &shape));
  if (shape.rank < 3)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its filter has rank %d", shape.rank);
  memcpy(dims, shape.dim + 2, ((size_t)shape.rank - 2) * sizeof *dims);
  *out = (scull_ints_t){dims, (size_t)shape.rank - 2};
  return SCULL_OK;
}

scull_status_t scull_onnx_emit_conv(scull_onnx_call_t *call, scull_value_id_t x,
                                    scull_value_id_t filter, scull_value_id_t bias,
                                    const char *name, scull_value_id_t *out) {
  scull_onnx_window_t w;
  int64_t dims[SCULL_MAX_RANK];
  scull_ints_t kernel = {0};
  SCULL_TRY(filter_kernel(call, filter, dims, &kernel));
  SCULL_TRY(scull_onnx_window_read(call, x, kernel, &w));
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv", x);
  scull_import_emit_input(&emit, filter);
  scull_import_emit_input(&emit, bias);
  scull_import_emit_ints(&emit, "strides", w.strides);
  scull_import_emit_ints(&emit, "dilations", w.dilations);
  scull_import_emit_ints(&emit, "pads", w.pads);
  scull_import_emit_word(&emit, "auto_pad", w.auto_pad);
  scull_import_emit_int(&emit, "groups", scull_onnx_int(call, "group", 1));
  return scull_import_emit_end(&emit, name, out);
}

static scull_status_t conv(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &filter));
  SCULL_TRY(scull_onnx_emit_conv(call, x, filter, scull_onnx_in(call, 2),
                                 scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

/* --- transposed ------------------------------------------------------------------------------ */

/* What is taken off an axis in all so that the result has the extent that is asked for: the one
 * given, or with auto_pad in * stride. Negative: that much is added at the end. */
static scull_status_t taken_off(scull_onnx_call_t *call, const scull_onnx_window_t *w,
                                scull_ints_t output, size_t axis, int64_t *out) {
  int64_t stride = scull_onnx_item(w->strides, axis, 1);
  int64_t reach = scull_onnx_item(w->dilations, axis, 1) * (w->kernel.data[axis] - 1) + 1;
  int64_t more = scull_onnx_item(scull_onnx_ints(call, "output_padding"), axis, 0);
  scull_shape_t shape;
  *out = reach + more - stride;
  if (output.size == 0)
    return SCULL_OK;
  SCULL_TRY(scull_onnx_fixed_shape(call, scull_onnx_in(call, 0), &shape));
  *out = stride * (shape.dim[2 + axis] - 1) + more + reach - output.data[axis];
  return SCULL_OK;
}

/* Pads and output pads of a transposed convolution whose result's extents are asked for. */
static scull_status_t fit_output(scull_onnx_call_t *call, scull_onnx_window_t *w,
                                 scull_ints_t output, int64_t more[SCULL_ONNX_MAX_SPATIAL]) {
  bool upper = strcmp(scull_onnx_text(call, "auto_pad", "NOTSET"), "SAME_UPPER") == 0;
  scull_ints_t given = scull_onnx_ints(call, "output_padding");
  if (output.size > w->spatial) /* some files give batch and channels, too */
    output = (scull_ints_t){output.data + (output.size - w->spatial), w->spatial};
  for (size_t i = 0; i < w->spatial; i++) {
    int64_t sum = 0;
    SCULL_TRY(taken_off(call, w, output, i, &sum));
    more[i] = scull_onnx_item(given, i, 0) + (sum < 0 ? -sum : 0);
    sum = sum < 0 ? 0 : sum;
    w->made[i] = upper ? sum / 2 : sum - sum / 2;
    w->made[w->spatial + i] = sum - w->made[i];
  }
  w->pads = (scull_ints_t){w->made, 2 * w->spatial};
  w->auto_pad = "explicit";
  return SCULL_OK;
}

static scull_status_t conv_transpose(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID;
  scull_onnx_window_t w;
  int64_t dims[SCULL_MAX_RANK], more[SCULL_ONNX_MAX_SPATIAL];
  scull_ints_t kernel = {0}, output = scull_onnx_ints(call, "output_shape");
  scull_ints_t output_pads = scull_onnx_ints(call, "output_padding");
  bool same = strncmp(scull_onnx_text(call, "auto_pad", "NOTSET"), "SAME", 4) == 0;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &filter));
  SCULL_TRY(filter_kernel(call, filter, dims, &kernel));
  SCULL_TRY(scull_onnx_window_read(call, x, kernel, &w));
  if (output.size > 0 && output.size < w.spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "an output shape of %zu numbers",
                           output.size);
  if (output.size > 0 || same) {
    SCULL_TRY(fit_output(call, &w, output, more));
    output_pads = (scull_ints_t){more, w.spatial};
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "conv_transpose", x);
  scull_import_emit_input(&emit, filter);
  scull_import_emit_input(&emit, scull_onnx_in(call, 2));
  scull_import_emit_ints(&emit, "strides", w.strides);
  scull_import_emit_ints(&emit, "dilations", w.dilations);
  scull_import_emit_ints(&emit, "pads", w.pads);
  scull_import_emit_word(&emit, "auto_pad", w.auto_pad);
  scull_import_emit_int(&emit, "groups", scull_onnx_int(call, "group", 1));
  scull_import_emit_ints(&emit, "output_pads", output_pads);
  return scull_onnx_end(call, &emit);
}

/* --- pools ----------------------------------------------------------------------------------- */

/* Attributes of a pool, into a node that was begun. */
static scull_status_t set_pool(scull_onnx_call_t *call, scull_value_id_t x, bool max,
                               scull_onnx_window_t *w, scull_emit_t *emit) {
  SCULL_TRY(scull_onnx_window_read(call, x, scull_onnx_ints(call, "kernel_shape"), w));
  scull_import_emit_ints(emit, "kernel", w->kernel);
  scull_import_emit_ints(emit, "strides", w->strides);
  scull_import_emit_ints(emit, "pads", w->pads);
  scull_import_emit_word(emit, "auto_pad", w->auto_pad);
  scull_import_emit_bool(emit, "ceil_mode", scull_onnx_int(call, "ceil_mode", 0) != 0);
  if (max || w->dilations.size > 0)
    scull_import_emit_ints(emit, "dilations", w->dilations);
  if (!max)
    scull_import_emit_bool(emit, "include_pad", scull_onnx_int(call, "count_include_pad", 0) != 0);
  return SCULL_OK;
}

scull_status_t scull_onnx_emit_pool(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                                    const char *name, scull_value_id_t *out) {
  scull_onnx_window_t w;
  scull_emit_t emit = scull_import_emit(&call->emitter, op, x);
  SCULL_TRY(set_pool(call, x, strcmp(op, "max_pool") == 0, &w, &emit));
  return scull_import_emit_end(&emit, name, out);
}

/* The largest elements and where they were, counted over the whole tensor. */
static scull_status_t pool_index(scull_onnx_call_t *call, scull_value_id_t x) {
  scull_onnx_window_t w;
  bool columns = scull_onnx_int(call, "storage_order", 0) != 0;
  scull_emit_t emit = scull_import_emit(&call->emitter, "max_pool_index", x);
  SCULL_TRY(set_pool(call, x, true, &w, &emit));
  scull_import_emit_word(&emit, "index", columns ? "tensor_columns" : "tensor");
  return scull_import_emit_end_many(&emit, call->out_names, 2, call->out);
}

static scull_status_t pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, out = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  if (scull_onnx_out_name(call, 1) != NULL)
    return pool_index(call, x);
  SCULL_TRY(scull_onnx_emit_pool(call, call->row->op, x, scull_onnx_out_name(call, 0), &out));
  scull_onnx_set(call, 0, out);
  return SCULL_OK;
}

static scull_status_t global_pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  scull_import_emit_bool(&emit, "global", true);
  return scull_onnx_end(call, &emit);
}

/* --- samplings ------------------------------------------------------------------------------- */

/* Modes were called bilinear and bicubic until opset 19. */
static scull_status_t grid_sample(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, grid = SCULL_NO_ID;
  const char *mode = scull_onnx_text(call, "mode", "linear");
  const char *padding = scull_onnx_text(call, "padding_mode", "zeros");
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &grid));
  scull_emit_t emit = scull_import_emit(&call->emitter, "grid_sample", x);
  scull_import_emit_input(&emit, grid);
  mode = strncmp(mode, "bi", 2) == 0 ? mode + 2 : mode;
  scull_import_emit_word(&emit, "mode", strcmp(mode, "nearest") == 0 ? "nearest_even" : mode);
  scull_import_emit_word(&emit, "padding",
                         strcmp(padding, "reflection") == 0 ? "reflect" : padding);
  scull_import_emit_bool(&emit, "align_corners", scull_onnx_int(call, "align_corners", 0) != 0);
  return scull_onnx_end(call, &emit);
}

/* x, filter, offset, bias, mask; ours has the mask before the bias, and the filter behind the
 * offset. */
static scull_status_t deform_conv(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, filter = SCULL_NO_ID, offset = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &filter));
  SCULL_TRY(scull_onnx_need(call, 2, &offset));
  scull_emit_t emit = scull_import_emit(&call->emitter, "deformable_conv", x);
  scull_import_emit_input(&emit, offset);
  scull_import_emit_input(&emit, filter);
  scull_import_emit_input(&emit, scull_onnx_in(call, 4));
  scull_import_emit_input(&emit, scull_onnx_in(call, 3));
  scull_import_emit_ints(&emit, "strides", scull_onnx_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", scull_onnx_ints(call, "pads"));
  scull_import_emit_ints(&emit, "dilations", scull_onnx_ints(call, "dilations"));
  scull_import_emit_int(&emit, "groups", scull_onnx_int(call, "group", 1));
  scull_import_emit_int(&emit, "offset_groups", scull_onnx_int(call, "offset_group", 1));
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"Conv", 1, 0, conv, "conv", NULL},
    {"ConvTranspose", 1, 0, conv_transpose, "conv_transpose", NULL},
    {"MaxPool", 1, 0, pool, "max_pool", NULL},
    {"AveragePool", 1, 0, pool, "avg_pool", NULL},
    {"GlobalMaxPool", 1, 0, global_pool, "max_pool", NULL},
    {"GlobalAveragePool", 1, 0, global_pool, "avg_pool", NULL},
    {"DeformConv", 19, 0, deform_conv, "deformable_conv", NULL},
    {"AffineGrid", 20, 0, scull_onnx_map_plain, "affine_grid", "align_corners=false"},
    {"GridSample", 16, 0, grid_sample, "grid_sample", NULL},
};

SCULL_ONNX_ROWS(spatial, "", rows);
