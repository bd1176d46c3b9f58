/* Operators whose results' extents are known after the run, and those that look at regions. */
#include <string.h>

#include "import/onnx/window.h"

/* Without an axis x counts as one long row. */
static scull_status_t set_axis(scull_onnx_call_t *call, scull_emit_t *emit) {
  bool flat = scull_onnx_attr(call, "axis") == NULL;
  int64_t axis = 0;
  if (!flat)
    SCULL_TRY(scull_onnx_axis(call, "axis", 0, scull_onnx_in_rank(call, 0), &axis));
  scull_import_emit_int(emit, "axis", axis);
  scull_import_emit_bool(emit, "flat", flat);
  return SCULL_OK;
}

static scull_status_t unique(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "unique", x);
  SCULL_TRY(set_axis(call, &emit));
  scull_import_emit_bool(&emit, "sorted", scull_onnx_int(call, "sorted", 1) != 0);
  return scull_import_emit_end_many(&emit, call->out_names, call->out_count, call->out);
}

static scull_status_t compress(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "compress", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  SCULL_TRY(set_axis(call, &emit));
  return scull_onnx_end(call, &emit);
}

/* Ours gives a row an element, ONNX a row a dimension. */
static scull_status_t non_zero(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "non_zero", x, SCULL_NO_ID, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "transpose", x);
  scull_import_emit_ints(&emit, "perm", SCULL_INTS(1, 0));
  return scull_onnx_end(call, &emit);
}

static scull_status_t suppress(scull_onnx_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "non_max_suppression", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_emit_bool(&emit, "centred", scull_onnx_int(call, "center_point_box", 0) != 0);
  return scull_onnx_end(call, &emit);
}

/* Before opset 16 regions were not shifted by half an element. */
static scull_status_t roi_align(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, regions = SCULL_NO_ID, whose = SCULL_NO_ID;
  const char *shift = scull_onnx_text(call, "coordinate_transformation_mode",
                                      call->version < 16 ? "output_half_pixel" : "half_pixel");
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &regions));
  SCULL_TRY(scull_onnx_need(call, 2, &whose));
  scull_emit_t emit = scull_import_emit(&call->emitter, "roi_align", x);
  scull_import_emit_input(&emit, regions);
  scull_import_emit_input(&emit, whose);
  scull_import_emit_int(&emit, "height", scull_onnx_int(call, "output_height", 1));
  scull_import_emit_int(&emit, "width", scull_onnx_int(call, "output_width", 1));
  scull_import_emit_float(&emit, "scale", scull_onnx_float(call, "spatial_scale", 1));
  scull_import_emit_int(&emit, "samples", scull_onnx_int(call, "sampling_ratio", 0));
  scull_import_emit_bool(&emit, "aligned", strcmp(shift, "half_pixel") == 0);
  scull_import_emit_bool(&emit, "largest",
                         strcmp(scull_onnx_text(call, "mode", "avg"), "max") == 0);
  scull_import_emit_word(&emit, "regions", "index");
  return scull_onnx_end(call, &emit);
}

/* Mean or largest over whole regions [R,5], whose first number says of which picture. */
static scull_status_t max_roi_pool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, rois = SCULL_NO_ID, whose = SCULL_NO_ID, boxes = SCULL_NO_ID;
  scull_emitter_t *to = &call->emitter;
  scull_ints_t size = scull_onnx_ints(call, "pooled_shape");
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &rois));
  if (size.size != 2)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "pooled_shape has %zu numbers",
                           size.size);
  scull_emit_t split = scull_import_emit(to, "split", rois);
  scull_value_id_t parts[2];
  scull_import_emit_int(&split, "axis", 1);
  scull_import_emit_ints(&split, "sections", SCULL_INTS(1, 4));
  SCULL_TRY(scull_import_emit_end_many(&split, NULL, 2, parts));
  boxes = parts[1];
  SCULL_TRY(scull_import_emit_list(to, parts[0], &whose));
  scull_emit_t emit = scull_import_emit(to, "roi_pool", x);
  scull_import_emit_input(&emit, boxes);
  scull_import_emit_input(&emit, whose);
  scull_import_emit_int(&emit, "height", size.data[0]);
  scull_import_emit_int(&emit, "width", size.data[1]);
  scull_import_emit_float(&emit, "scale", scull_onnx_float(call, "spatial_scale", 1));
  scull_import_emit_word(&emit, "regions", "index");
  return scull_onnx_end(call, &emit);
}

/* Indices count elements of the tensor that was pooled, whose extents are asked for or computed:
 * (extent - 1) * stride + kernel - pads. */
static scull_status_t max_unpool(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID;
  scull_shape_t shape;
  scull_onnx_window_t w;
  scull_ints_t size = {0};
  int64_t dims[SCULL_ONNX_MAX_SPATIAL], pads[4 + 2 * SCULL_ONNX_MAX_SPATIAL] = {0};
  bool given = false;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_need(call, 1, &index));
  SCULL_TRY(scull_onnx_window_read(call, x, scull_onnx_ints(call, "kernel_shape"), &w));
  SCULL_TRY(scull_onnx_fixed_list(call, NULL, 2, &size, &given));
  SCULL_TRY(scull_onnx_fixed_shape(call, x, &shape));
  if (given && size.size < w.spatial)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "an output shape of %zu numbers",
                           size.size);
  for (size_t i = 0; i < w.spatial; i++) {
    int64_t off = scull_onnx_item(w.pads, i, 0) + scull_onnx_item(w.pads, w.spatial + i, 0);
    dims[i] = (shape.dim[2 + i] - 1) * scull_onnx_item(w.strides, i, 1) + w.kernel.data[i] - off;
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "max_unpool", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_ints(&emit, "size", (scull_ints_t){dims, w.spatial});
  scull_import_emit_word(&emit, "index", "tensor");
  if (!given)
    return scull_onnx_end(call, &emit);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &x));
  for (size_t i = 0; i < w.spatial; i++) /* indices count in what was pooled; this makes room */
    pads[4 + w.spatial + i] = size.data[size.size - w.spatial + i] - dims[i];
  scull_emit_t pad = scull_import_emit(&call->emitter, "pad", x);
  scull_import_emit_ints(&pad, "pads", (scull_ints_t){pads, 4 + 2 * w.spatial});
  return scull_onnx_end(call, &pad);
}

static const scull_onnx_row_t rows[] = {
    {"Unique", 11, 0, unique, "unique", NULL},
    {"Compress", 9, 0, compress, "compress", NULL},
    {"NonZero", 9, 0, non_zero, "non_zero", NULL},
    {"NonMaxSuppression", 10, 0, suppress, "non_max_suppression", NULL},
    {"RoiAlign", 10, 0, roi_align, "roi_align", NULL},
    {"MaxRoiPool", 1, 0, max_roi_pool, "roi_pool", NULL},
    {"MaxUnpool", 9, 0, max_unpool, "max_unpool", NULL},
};

SCULL_ONNX_ROWS(select, "", rows);
