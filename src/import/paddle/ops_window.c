/* Windows and pictures beyond convolution and pooling. */
#include <string.h>

#include "import/paddle/call.h"

/* deformable_conv (with a mask) and deformable_conv_v1. */
static scull_status_t deformable_conv(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, offset = SCULL_NO_ID, filter = SCULL_NO_ID;
  scull_ints_t pads = {0};
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(scull_paddle_need(call, "Offset", &offset));
  SCULL_TRY(scull_paddle_need(call, "Filter", &filter));
  SCULL_TRY(scull_paddle_pads(call, scull_paddle_ints(call, "paddings"), 2, &pads));
  scull_emit_t emit = scull_import_emit(&call->emitter, "deformable_conv", x);
  scull_import_emit_input(&emit, offset);
  scull_import_emit_input(&emit, filter);
  if (scull_paddle_in(call, "Mask") != SCULL_NO_ID)
    scull_import_emit_input(&emit, scull_paddle_in(call, "Mask"));
  scull_import_emit_ints(&emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", pads);
  scull_import_emit_ints(&emit, "dilations", scull_paddle_ints(call, "dilations"));
  scull_import_emit_int(&emit, "groups", scull_paddle_int(call, "groups", 1));
  scull_import_emit_int(&emit, "offset_groups", scull_paddle_int(call, "deformable_groups", 1));
  return scull_paddle_end(call, &emit, "Output");
}

static scull_status_t affine_grid(scull_paddle_call_t *call) {
  scull_value_id_t theta = SCULL_NO_ID, tensor = SCULL_NO_ID;
  scull_ints_t size = {0};
  SCULL_TRY(scull_paddle_need(call, "Theta", &theta));
  SCULL_TRY(scull_paddle_list(call, "output_shape", "OutputShape", NULL, &size, &tensor));
  scull_emit_t emit = scull_import_emit(&call->emitter, "affine_grid", theta);
  if (tensor != SCULL_NO_ID)
    scull_import_emit_input(&emit, tensor);
  else
    scull_import_emit_ints(&emit, "size", size);
  scull_import_emit_bool(&emit, "align_corners", scull_paddle_bool(call, "align_corners", true));
  return scull_paddle_end(call, &emit, "Output");
}

static scull_status_t unfold(scull_paddle_call_t *call) {
  scull_ints_t given = scull_paddle_ints(call, "paddings"); /* up, left, down, right; or two */
  scull_emit_t emit = scull_import_emit(&call->emitter, "im2col", scull_paddle_in(call, "X"));
  scull_import_emit_ints(&emit, "kernel", scull_paddle_ints(call, "kernel_sizes"));
  scull_import_emit_ints(&emit, "strides", scull_paddle_ints(call, "strides"));
  scull_import_emit_ints(&emit, "pads", given);
  scull_import_emit_ints(&emit, "dilations", scull_paddle_ints(call, "dilations"));
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t unpool(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID;
  scull_ints_t size = {0};
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Indices", &index));
  SCULL_TRY(scull_paddle_fixed_list(call, "output_size", "OutputSize", NULL, &size));
  scull_emit_t emit = scull_import_emit(&call->emitter, "max_unpool", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_ints(&emit, "size", size);
  return scull_paddle_end(call, &emit, "Out");
}

/* Spatial pyramid: 1, 4, 16, ... bins of the picture, each level flattened, one behind the other.
 */
static scull_status_t spp(scull_paddle_call_t *call) {
  enum { MOST = 8 };
  bool max = strcmp(scull_paddle_text(call, "pooling_type", "max"), "max") == 0;
  int64_t levels = scull_paddle_int(call, "pyramid_height", 1);
  scull_value_id_t x = SCULL_NO_ID, parts[MOST];
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if (levels < 1 || levels > MOST || shape.rank != 4 || !scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter, "%lld levels over an input without fixed shape",
                                    (long long)levels);
  for (int64_t l = 0; l < levels; l++) {
    int64_t bins = (int64_t)1 << l, kernel[2], pads[4];
    for (int a = 0; a < 2; a++) {
      kernel[a] = (shape.dim[2 + a] + bins - 1) / bins;
      pads[a] = pads[a + 2] = (kernel[a] * bins - shape.dim[2 + a] + 1) / 2;
    }
    scull_emit_t pool = scull_import_emit(&call->emitter, max ? "max_pool" : "avg_pool", x);
    scull_import_emit_ints(&pool, "kernel", (scull_ints_t){kernel, 2});
    scull_import_emit_ints(&pool, "strides", (scull_ints_t){kernel, 2});
    scull_import_emit_ints(&pool, "pads", (scull_ints_t){pads, 4});
    SCULL_TRY(scull_import_emit_end(&pool, NULL, &parts[l]));
    SCULL_TRY(
        scull_import_emit_reshape(&call->emitter, parts[l], SCULL_INTS(0, -1), NULL, &parts[l]));
  }
  scull_emit_t concat = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, parts, (size_t)levels);
  scull_import_emit_int(&concat, "axis", 1);
  return scull_paddle_end(call, &concat, "Out");
}

/* Steps `from` to `to` of axis 1 and channels `first` to `last` of axis 2, with zeros before or
 * behind the steps. */
static scull_status_t shifted(scull_paddle_call_t *call, scull_value_id_t x, int64_t shift,
                              int64_t first, int64_t last, scull_value_id_t *out) {
  scull_emit_t slice = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&slice, "axes", SCULL_INTS(1, 2));
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(shift < 0 ? -shift : 0, first));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(shift > 0 ? -shift : INT64_MAX, last));
  SCULL_TRY(scull_import_emit_end(&slice, NULL, out));
  if (shift == 0)
    return SCULL_OK;
  scull_emit_t pad = scull_import_emit(&call->emitter, "pad", *out);
  scull_import_emit_ints(
      &pad, "pads",
      SCULL_INTS(0, shift > 0 ? shift : 0, 0, 0, 0, 0, shift < 0 ? -shift : 0, 0, 0, 0));
  return scull_import_emit_end(&pad, NULL, out);
}

/* Of pictures in time, [N*T,C,H,W], a part of the channels comes from the step before, a part from
 * the step behind. */
static scull_status_t temporal_shift(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, parts[3], out = SCULL_NO_ID;
  int64_t steps = scull_paddle_int(call, "seg_num", 1);
  double ratio = scull_paddle_float(call, "shift_ratio", 0.25);
  bool last = scull_paddle_channels_last(call, "data_format");
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_to_first(call, last, x, &x));
  const scull_shape_t shape = scull_graph_value(call->graph, x)->shape[0];
  if (shape.rank != 4 || steps < 1 || !(ratio >= 0 && ratio <= 0.5))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%lld steps of rank %d",
                           (long long)steps, shape.rank);
  if (!scull_graph_is_fixed(call->graph, x))
    return scull_import_unsupported(&call->emitter, "its input has no fixed shape");
  int64_t moved = (int64_t)((float)shape.dim[1] * (float)ratio);
  int64_t both = (int64_t)((float)shape.dim[1] * 2 * (float)ratio);
  SCULL_TRY(scull_import_emit_reshape(
      &call->emitter, x, SCULL_INTS(-1, steps, shape.dim[1], shape.dim[2], shape.dim[3]), NULL,
      &x));
  SCULL_TRY(shifted(call, x, 1, 0, moved, &parts[0]));
  SCULL_TRY(shifted(call, x, -1, moved, both, &parts[1]));
  SCULL_TRY(shifted(call, x, 0, both, INT64_MAX, &parts[2]));
  scull_emit_t concat = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, parts, 3);
  scull_import_emit_int(&concat, "axis", 2);
  SCULL_TRY(scull_import_emit_end(&concat, NULL, &out));
  scull_emit_t back = scull_import_emit(&call->emitter, "reshape", out);
  scull_import_emit_ints(&back, "shape", SCULL_INTS(-1, shape.dim[1], shape.dim[2], shape.dim[3]));
  return scull_paddle_end_first(call, &back, last, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"deformable_conv", deformable_conv, "deformable_conv", NULL, NULL},
    {"deformable_conv_v1", deformable_conv, "deformable_conv", NULL, NULL},
    {"affine_grid", affine_grid, "affine_grid", NULL, NULL},
    {"unfold", unfold, "im2col", NULL, NULL},
    {"unpool", unpool, "max_unpool", NULL, NULL},
    {"spp", spp, NULL, NULL, NULL},
    {"temporal_shift", temporal_shift, NULL, NULL, NULL},
};

SCULL_PADDLE_ROWS(window, rows);
