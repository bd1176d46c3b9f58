/* Detection layers of the SSD and Faster-RCNN networks. */
#include <string.h>

#include "import/caffe/call.h"

/* --- default boxes --------------------------------------------------------------------------- */

/* Four variances, where one may stand for all. */
static scull_status_t variances_of(scull_caffe_call_t *call, double out[4]) {
  scull_floats_t given = scull_caffe_floats(call, "variance");
  if (given.size > 1 && given.size != 4)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu variances", given.size);
  for (size_t i = 0; i < 4; i++)
    out[i] = given.size == 0 ? 0.1 : given.data[given.size == 1 ? 0 : i];
  return SCULL_OK;
}

static scull_status_t emit_priors(scull_caffe_call_t *call, scull_value_id_t out[2]) {
  scull_value_id_t map = SCULL_NO_ID, image = SCULL_NO_ID;
  double variances[4], step = scull_caffe_float(call, "step", 0);
  SCULL_TRY(scull_caffe_bottom(call, 0, &map));
  SCULL_TRY(scull_caffe_bottom(call, 1, &image));
  SCULL_TRY(variances_of(call, variances));
  scull_emit_t emit = scull_import_emit(&call->emitter, "prior_box", map);
  scull_import_emit_input(&emit, image);
  scull_import_emit_floats(&emit, "min_sizes", scull_caffe_floats(call, "min_size"));
  scull_import_emit_floats(&emit, "max_sizes", scull_caffe_floats(call, "max_size"));
  scull_import_emit_floats(&emit, "aspect_ratios", scull_caffe_floats(call, "aspect_ratio"));
  scull_import_emit_floats(&emit, "variances", (scull_floats_t){variances, 4});
  scull_import_emit_bool(&emit, "flip", scull_caffe_bool(call, "flip", true));
  scull_import_emit_bool(&emit, "clip", scull_caffe_bool(call, "clip", false));
  scull_import_emit_bool(&emit, "max_second", true);
  scull_import_emit_float(&emit, "step_w", scull_caffe_float(call, "step_w", step));
  scull_import_emit_float(&emit, "step_h", scull_caffe_float(call, "step_h", step));
  scull_import_emit_float(&emit, "offset", scull_caffe_float(call, "offset", 0.5));
  return scull_import_emit_end_many(&emit, NULL, 2, out);
}

/* Boxes and their variances as the two rows of [1,2,n]. */
static scull_status_t prior_box(scull_caffe_call_t *call) {
  scull_value_id_t rows[2] = {SCULL_NO_ID, SCULL_NO_ID};
  if (scull_caffe_has(call, "img_size") || scull_caffe_has(call, "img_h"))
    return scull_import_unsupported(&call->emitter, "the size of its image is a parameter");
  SCULL_TRY(emit_priors(call, rows));
  for (size_t i = 0; i < 2; i++)
    SCULL_TRY(
        scull_import_emit_reshape(&call->emitter, rows[i], SCULL_INTS(1, 1, -1), NULL, &rows[i]));
  scull_emit_t emit = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, rows, 2);
  scull_import_emit_int(&emit, "axis", 1);
  return scull_caffe_end(call, &emit);
}

/* --- detections ------------------------------------------------------------------------------ */

/* Columns [begin, end) of axis `axis`. */
static scull_status_t part(scull_caffe_call_t *call, scull_value_id_t x, int64_t axis,
                           int64_t begin, int64_t end, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice", x);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(axis));
  scull_import_emit_ints(&emit, "starts", SCULL_INTS(begin));
  scull_import_emit_ints(&emit, "ends", SCULL_INTS(end));
  return scull_import_emit_end(&emit, NULL, out);
}

/* Boxes [N,P,4] from offsets, priors and variances. */
static scull_status_t decode(scull_caffe_call_t *call, scull_value_id_t *out) {
  static const char *const codes[] = {"CORNER", "CORNER", "CENTER_SIZE", "CORNER_SIZE", NULL};
  scull_value_id_t offsets = SCULL_NO_ID, priors = SCULL_NO_ID, rows[2];
  int64_t code = scull_caffe_enum(call, "code_type", codes);
  bool scaled = !scull_caffe_bool(call, "variance_encoded_in_target", false);
  SCULL_TRY(scull_caffe_bottom(call, 0, &offsets));
  SCULL_TRY(scull_caffe_bottom(call, 2, &priors));
  SCULL_TRY(
      scull_import_emit_reshape(&call->emitter, offsets, SCULL_INTS(0, -1, 4), NULL, &offsets));
  for (int64_t i = 0; i < 2; i++) {
    SCULL_TRY(part(call, priors, 1, i, i + 1, &rows[i]));
    SCULL_TRY(
        scull_import_emit_reshape(&call->emitter, rows[i], SCULL_INTS(-1, 4), NULL, &rows[i]));
  }
  if (code == 3)
    return scull_import_unsupported(&call->emitter, "its code_type is CORNER_SIZE");
  if (code == 2) {
    scull_emit_t emit = scull_import_emit(&call->emitter, "box_coder", rows[0]);
    scull_import_emit_input(&emit, scaled ? rows[1] : SCULL_NO_ID);
    scull_import_emit_input(&emit, offsets);
    return scull_import_emit_end(&emit, NULL, out);
  }
  if (scaled)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "mul", offsets, rows[1], NULL, &offsets));
  return scull_import_emit_simple(&call->emitter, "add", offsets, rows[0], NULL, out);
}

/* Scores [N,C,P]. */
static scull_status_t scores_of(scull_caffe_call_t *call, scull_value_id_t *out) {
  int64_t classes = scull_caffe_int(call, "num_classes", 0);
  SCULL_TRY(scull_caffe_bottom(call, 1, out));
  if (classes < 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "num_classes %lld",
                           (long long)classes);
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, *out, SCULL_INTS(0, -1, classes), NULL, out));
  return scull_import_emit_transpose(&call->emitter, *out, SCULL_INTS(0, 2, 1), NULL, out);
}

/* Rows (class, score, box) and how many each picture has. */
static scull_status_t suppress(scull_caffe_call_t *call, scull_value_id_t boxes,
                               scull_value_id_t scores, scull_value_id_t outs[3]) {
  const scull_prototext_t *own = call->param;
  scull_emit_t emit = scull_import_emit(&call->emitter, "multiclass_nms", boxes);
  scull_import_emit_input(&emit, scores);
  scull_import_emit_int(&emit, "background", scull_caffe_int(call, "background_label_id", 0));
  scull_import_emit_int(&emit, "keep_top_k", scull_caffe_int(call, "keep_top_k", -1));
  scull_import_emit_float(&emit, "least", scull_caffe_float(call, "confidence_threshold", -3e38));
  call->param = scull_import_prototext_message(own, "nms_param");
  scull_import_emit_float(&emit, "threshold", scull_caffe_float(call, "nms_threshold", 0.3));
  scull_import_emit_int(&emit, "nms_top_k", scull_caffe_int(call, "top_k", -1));
  scull_import_emit_float(&emit, "eta", scull_caffe_float(call, "eta", 1));
  call->param = own;
  return scull_import_emit_end_many(&emit, NULL, 3, outs);
}

/* The picture of each row [K,1]: how many pictures have ended before it. */
static scull_status_t pictures_of(scull_caffe_call_t *call, scull_value_id_t rows,
                                  scull_value_id_t counts, scull_value_id_t *out) {
  scull_value_id_t ends = SCULL_NO_ID;
  SCULL_TRY(part(call, rows, 1, 0, 1, out));
  SCULL_TRY(scull_import_emit_scale(&call->emitter, *out, 0, 1, NULL, out));
  scull_emit_t number = scull_import_emit(&call->emitter, "cumsum", *out);
  scull_import_emit_int(&number, "axis", 0);
  scull_import_emit_bool(&number, "exclusive", true);
  SCULL_TRY(scull_import_emit_end(&number, NULL, out));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, counts, SCULL_DTYPE_F32, NULL, &ends));
  scull_emit_t sum = scull_import_emit(&call->emitter, "cumsum", ends);
  scull_import_emit_int(&sum, "axis", 0);
  SCULL_TRY(scull_import_emit_end(&sum, NULL, &ends));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "greater_equal", *out, ends, NULL, out));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, *out, SCULL_DTYPE_F32, NULL, out));
  scull_emit_t total = scull_import_emit(&call->emitter, "reduce_sum", *out);
  scull_import_emit_ints(&total, "axes", SCULL_INTS(1));
  scull_import_emit_bool(&total, "keep_dims", true);
  return scull_import_emit_end(&total, NULL, out);
}

/* [1,1,K,7]: picture, class, score, box. Where nothing is found K is 0 (Caffe gives rows of -1). */
static scull_status_t detection_output(scull_caffe_call_t *call) {
  scull_value_id_t boxes = SCULL_NO_ID, scores = SCULL_NO_ID, outs[3], columns[2];
  if (!scull_caffe_bool(call, "share_location", true))
    return scull_import_unsupported(&call->emitter, "its classes do not share locations");
  SCULL_TRY(decode(call, &boxes));
  SCULL_TRY(scores_of(call, &scores));
  SCULL_TRY(suppress(call, boxes, scores, outs));
  SCULL_TRY(pictures_of(call, outs[0], outs[2], &columns[0]));
  columns[1] = outs[0];
  scull_emit_t join = scull_import_emit(&call->emitter, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&join, columns, 2);
  scull_import_emit_int(&join, "axis", 1);
  SCULL_TRY(scull_import_emit_end(&join, NULL, &boxes));
  scull_emit_t emit = scull_import_emit(&call->emitter, "unsqueeze", boxes);
  scull_import_emit_ints(&emit, "axes", SCULL_INTS(0, 1));
  return scull_caffe_end(call, &emit);
}

/* --- regions --------------------------------------------------------------------------------- */

/* Regions [R,5] (picture, x1, y1, x2, y2), also as [R,5,1,1]. */
static scull_status_t roi_pooling(scull_caffe_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, regions = SCULL_NO_ID, pictures = SCULL_NO_ID;
  SCULL_TRY(scull_caffe_bottom(call, 0, &x));
  SCULL_TRY(scull_caffe_bottom(call, 1, &regions));
  if (scull_import_rank(call->graph, regions) != 2)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, regions, SCULL_INTS(0, 5), NULL, &regions));
  SCULL_TRY(part(call, regions, 1, 0, 1, &pictures));
  SCULL_TRY(scull_import_emit_cast(&call->emitter, pictures, SCULL_DTYPE_I32, NULL, &pictures));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, pictures, SCULL_INTS(-1), NULL, &pictures));
  SCULL_TRY(part(call, regions, 1, 1, 5, &regions));
  scull_emit_t emit = scull_import_emit(&call->emitter, "roi_pool", x);
  scull_import_emit_input(&emit, regions);
  scull_import_emit_input(&emit, pictures);
  scull_import_emit_int(&emit, "height", scull_caffe_int(call, "pooled_h", 0));
  scull_import_emit_int(&emit, "width", scull_caffe_int(call, "pooled_w", 0));
  scull_import_emit_float(&emit, "scale", scull_caffe_float(call, "spatial_scale", 1));
  scull_import_emit_word(&emit, "regions", "index");
  return scull_caffe_end(call, &emit);
}

static const scull_caffe_row_t rows[] = {
    {"PriorBox", prior_box, "prior_box", "prior_box_param", 0},
    {"DetectionOutput", detection_output, "multiclass_nms", "detection_output_param", 0},
    {"ROIPooling", roi_pooling, "roi_pool", "roi_pooling_param", 0},
};

SCULL_CAFFE_ROWS(detect, rows);
