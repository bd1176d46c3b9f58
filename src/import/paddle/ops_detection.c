/* Detection: anchors, boxes, suppression, proposals, pooling of regions. Where an operator of
 * Paddle takes or gives LoD, ours takes or gives how many rows each picture has. */
#include <string.h>

#include "import/paddle/lod.h"

/* Begins a node with the values of slots, "A B C"; those that are absent are left out in between.
 */
static scull_status_t begin(scull_paddle_call_t *call, const char *op, const char *const *slots,
                            size_t count, scull_emit_t *emit) {
  *emit = scull_import_emit(&call->emitter, op, SCULL_NO_ID);
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t value = SCULL_NO_ID;
    SCULL_TRY(scull_paddle_need(call, slots[i], &value));
    scull_import_emit_input(emit, value);
  }
  return SCULL_OK;
}

#define BEGIN(call, op, emit, ...)                                                                 \
  begin(call, op, (const char *const[]){__VA_ARGS__},                                              \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), emit)

/* Ends a node whose outputs are the first variables of `slots`; the values, too. */
static scull_status_t end_slots(scull_paddle_call_t *call, scull_emit_t *emit,
                                const char *const *slots, size_t count, scull_value_id_t *outs) {
  enum { MOST = 4 };
  const char *names[MOST] = {0};
  for (size_t i = 0; i < count && i < MOST; i++)
    names[i] = slots[i] == NULL ? NULL : scull_paddle_out_name(call, slots[i], 0);
  SCULL_TRY(scull_import_emit_end_many(emit, names, count, outs));
  for (size_t i = 0; i < count; i++) {
    if (slots[i] != NULL)
      scull_paddle_set(call, slots[i], 0, outs[i]);
  }
  return SCULL_OK;
}

/* The counts that an operator gave become the LoD of what is in the slots, unless they are a result
 * of their own (`slot`), as they are since 2.0. */
static scull_status_t set_rows(scull_paddle_call_t *call, scull_value_id_t counts, const char *slot,
                               const char *first, const char *second) {
  scull_value_id_t offsets = SCULL_NO_ID;
  if (slot != NULL && scull_paddle_out_count(call, slot) > 0)
    return SCULL_OK;
  SCULL_TRY(scull_paddle_lod_from_counts(call, counts, &offsets));
  scull_paddle_set_lod(call, first, 0, offsets);
  if (second != NULL)
    scull_paddle_set_lod(call, second, 0, offsets);
  return SCULL_OK;
}

/* How many rows each picture has: the slot that says it, or from the LoD of `of`; SCULL_NO_ID when
 * neither is there. */
static scull_status_t counts_of(scull_paddle_call_t *call, const char *slot, size_t index,
                                const char *of, scull_value_id_t *out) {
  *out = scull_paddle_in_at(call, slot, index);
  scull_value_id_t offsets = scull_paddle_lod(call, of, index);
  if (*out == SCULL_NO_ID && offsets != SCULL_NO_ID)
    return scull_paddle_lod_to_counts(call, offsets, out);
  if (*out != SCULL_NO_ID && scull_graph_value(call->graph, *out)->dtype == SCULL_DTYPE_I64)
    return scull_import_emit_cast(&call->emitter, *out, SCULL_DTYPE_I32, NULL, out); /* PIR */
  return SCULL_OK;
}

/* --- anchors --------------------------------------------------------------------------------- */

static void copy_floats(scull_paddle_call_t *call, scull_emit_t *emit, const char *theirs,
                        const char *ours) {
  scull_import_emit_floats(emit, ours, scull_paddle_floats(call, theirs));
}

static void copy_steps(scull_paddle_call_t *call, scull_emit_t *emit) {
  copy_floats(call, emit, "variances", "variances");
  scull_import_emit_bool(emit, "clip", scull_paddle_bool(call, "clip", true));
  scull_import_emit_float(emit, "step_w", scull_paddle_float(call, "step_w", 0));
  scull_import_emit_float(emit, "step_h", scull_paddle_float(call, "step_h", 0));
  scull_import_emit_float(emit, "offset", scull_paddle_float(call, "offset", 0.5));
}

static const char *const box_slots[] = {"Boxes", "Variances"};

static scull_status_t prior_box(scull_paddle_call_t *call) {
  scull_emit_t emit;
  scull_value_id_t outs[2];
  SCULL_TRY(BEGIN(call, "prior_box", &emit, "Input", "Image"));
  copy_floats(call, &emit, "min_sizes", "min_sizes");
  copy_floats(call, &emit, "max_sizes", "max_sizes");
  copy_floats(call, &emit, "aspect_ratios", "aspect_ratios");
  scull_import_emit_bool(&emit, "flip", scull_paddle_bool(call, "flip", true));
  scull_import_emit_bool(&emit, "max_second",
                         scull_paddle_bool(call, "min_max_aspect_ratios_order", false));
  copy_steps(call, &emit);
  return end_slots(call, &emit, box_slots, 2, outs);
}

static scull_status_t density_prior_box(scull_paddle_call_t *call) {
  scull_emit_t emit;
  scull_value_id_t outs[2];
  SCULL_TRY(BEGIN(call, "density_prior_box", &emit, "Input", "Image"));
  copy_floats(call, &emit, "fixed_sizes", "fixed_sizes");
  copy_floats(call, &emit, "fixed_ratios", "fixed_ratios");
  scull_import_emit_ints(&emit, "densities", scull_paddle_ints(call, "densities"));
  copy_steps(call, &emit);
  if (!scull_paddle_bool(call, "flatten_to_2d", false))
    return end_slots(call, &emit, box_slots, 2, outs);
  SCULL_TRY(scull_import_emit_end_many(&emit, NULL, 2, outs));
  for (size_t i = 0; i < 2; i++) {
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, outs[i], SCULL_INTS(-1, 4),
                                        scull_paddle_out_name(call, box_slots[i], 0), &outs[i]));
    scull_paddle_set(call, box_slots[i], 0, outs[i]);
  }
  return SCULL_OK;
}

static scull_status_t anchor_generator(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Anchors", "Variances"};
  scull_emit_t emit;
  scull_value_id_t outs[2];
  SCULL_TRY(BEGIN(call, "anchor_generator", &emit, "Input"));
  copy_floats(call, &emit, "anchor_sizes", "sizes");
  copy_floats(call, &emit, "aspect_ratios", "aspect_ratios");
  copy_floats(call, &emit, "variances", "variances");
  copy_floats(call, &emit, "stride", "stride");
  scull_import_emit_float(&emit, "offset", scull_paddle_float(call, "offset", 0.5));
  return end_slots(call, &emit, slots, 2, outs);
}

/* --- boxes ----------------------------------------------------------------------------------- */

static scull_status_t box_coder(scull_paddle_call_t *call) {
  scull_value_id_t prior = SCULL_NO_ID, target = SCULL_NO_ID;
  const char *code = scull_paddle_text(call, "code_type", "encode_center_size");
  SCULL_TRY(scull_paddle_need(call, "PriorBox", &prior));
  SCULL_TRY(scull_paddle_need(call, "TargetBox", &target));
  scull_emit_t emit = scull_import_emit(&call->emitter, "box_coder", prior);
  scull_import_emit_input(&emit, scull_paddle_in(call, "PriorBoxVar"));
  scull_import_emit_input(&emit, target);
  scull_import_emit_bool(&emit, "encode", strcmp(code, "encode_center_size") == 0);
  scull_import_emit_bool(&emit, "normalized", scull_paddle_bool(call, "box_normalized", true));
  scull_import_emit_int(&emit, "axis", scull_paddle_int(call, "axis", 0));
  copy_floats(call, &emit, "variance", "variance");
  return scull_paddle_end(call, &emit, "OutputBox");
}

static scull_status_t box_clip(scull_paddle_call_t *call) {
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "box_clip", &emit, "Input", "ImInfo"));
  scull_value_id_t offsets = scull_paddle_lod(call, "Input", 0);
  if (offsets != SCULL_NO_ID)
    scull_import_emit_input(&emit, offsets);
  return scull_paddle_end(call, &emit, "Output");
}

static scull_status_t yolo_box(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Boxes", "Scores"};
  scull_emit_t emit;
  scull_value_id_t outs[2];
  SCULL_TRY(BEGIN(call, "yolo_box", &emit, "X", "ImgSize"));
  scull_import_emit_ints(&emit, "anchors", scull_paddle_ints(call, "anchors"));
  scull_import_emit_int(&emit, "classes", scull_paddle_int(call, "class_num", 1));
  scull_import_emit_float(&emit, "least", scull_paddle_float(call, "conf_thresh", 0.01));
  scull_import_emit_int(&emit, "downsample", scull_paddle_int(call, "downsample_ratio", 32));
  scull_import_emit_bool(&emit, "clip", scull_paddle_bool(call, "clip_bbox", true));
  scull_import_emit_float(&emit, "scale", scull_paddle_float(call, "scale_x_y", 1));
  scull_import_emit_bool(&emit, "iou_aware", scull_paddle_bool(call, "iou_aware", false));
  scull_import_emit_float(&emit, "iou_factor", scull_paddle_float(call, "iou_aware_factor", 0.5));
  return end_slots(call, &emit, slots, 2, outs);
}

static scull_status_t box_decoder_and_assign(scull_paddle_call_t *call) {
  static const char *const slots[] = {"DecodeBox", "OutputAssignBox"};
  scull_emit_t emit;
  scull_value_id_t outs[2];
  SCULL_TRY(BEGIN(call, "box_decoder_and_assign", &emit, "PriorBox", "PriorBoxVar", "TargetBox",
                  "BoxScore"));
  scull_import_emit_float(&emit, "most", scull_paddle_float(call, "box_clip", 4.135));
  return end_slots(call, &emit, slots, 2, outs);
}

/* --- suppression ----------------------------------------------------------------------------- */

static void copy_nms(scull_paddle_call_t *call, scull_emit_t *emit) {
  scull_import_emit_int(emit, "background", scull_paddle_int(call, "background_label", 0));
  scull_import_emit_float(emit, "least", scull_paddle_float(call, "score_threshold", 0));
  scull_import_emit_int(emit, "nms_top_k", scull_paddle_int(call, "nms_top_k", -1));
  scull_import_emit_int(emit, "keep_top_k", scull_paddle_int(call, "keep_top_k", -1));
  scull_import_emit_bool(emit, "normalized", scull_paddle_bool(call, "normalized", true));
}

static void copy_greedy(scull_paddle_call_t *call, scull_emit_t *emit) {
  copy_nms(call, emit);
  scull_import_emit_float(emit, "threshold", scull_paddle_float(call, "nms_threshold", 0.3));
  scull_import_emit_float(emit, "eta", scull_paddle_float(call, "nms_eta", 1));
}

/* All three forms; the first has a row of -1 where nothing is found, and no Index. */
static scull_status_t multiclass_nms(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Out", "Index", "NmsRoisNum"};
  scull_value_id_t boxes = SCULL_NO_ID, counts = SCULL_NO_ID, outs[3];
  scull_emit_t emit;
  SCULL_TRY(scull_paddle_need(call, "Scores", &boxes));
  bool regions = scull_import_rank(call->graph, boxes) == 2;
  if (regions)
    SCULL_TRY(counts_of(call, "RoisNum", 0, "BBoxes", &counts));
  if (regions && counts == SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "nothing says whose its boxes are");
  SCULL_TRY(BEGIN(call, "multiclass_nms", &emit, "BBoxes", "Scores"));
  if (regions)
    scull_import_emit_input(&emit, counts);
  copy_greedy(call, &emit);
  scull_import_emit_bool(&emit, "empty_row", scull_paddle_out_count(call, "Index") == 0);
  SCULL_TRY(end_slots(call, &emit, slots, 3, outs));
  return set_rows(call, outs[2], "NmsRoisNum", "Out", "Index");
}

static scull_status_t matrix_nms(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Out", "Index", "RoisNum"};
  scull_value_id_t outs[3];
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "matrix_nms", &emit, "BBoxes", "Scores"));
  copy_nms(call, &emit);
  scull_import_emit_float(&emit, "post_least", scull_paddle_float(call, "post_threshold", 0));
  scull_import_emit_bool(&emit, "gaussian", scull_paddle_bool(call, "use_gaussian", false));
  scull_import_emit_float(&emit, "sigma", scull_paddle_float(call, "gaussian_sigma", 2));
  SCULL_TRY(end_slots(call, &emit, slots, 3, outs));
  return set_rows(call, outs[2], "RoisNum", "Out", "Index");
}

static scull_status_t locality_aware_nms(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Out", NULL};
  scull_value_id_t outs[2];
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "locality_aware_nms", &emit, "BBoxes", "Scores"));
  copy_greedy(call, &emit);
  scull_import_emit_bool(&emit, "empty_row", true);
  SCULL_TRY(end_slots(call, &emit, slots, 2, outs));
  return set_rows(call, outs[1], NULL, "Out", NULL);
}

/* Lists of levels: deltas, then scores, then anchors. */
static scull_status_t retinanet(scull_paddle_call_t *call) {
  static const char *const lists[] = {"BBoxes", "Scores", "Anchors"};
  static const char *const slots[] = {"Out", NULL};
  size_t levels = scull_paddle_in_count(call, "BBoxes"), count = 0;
  scull_value_id_t info = SCULL_NO_ID, outs[2];
  scull_value_id_t *all = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, 3 * levels + 1);
  if (all == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  SCULL_TRY(scull_paddle_need(call, "ImInfo", &info));
  for (size_t l = 0; l < 3; l++) {
    for (size_t i = 0; i < levels; i++)
      all[count++] = scull_paddle_in_at(call, lists[l], i);
  }
  all[count++] = info;
  scull_emit_t emit = scull_import_emit(&call->emitter, "retinanet_detection", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, all, count);
  scull_import_emit_int(&emit, "levels", (int64_t)levels);
  scull_import_emit_float(&emit, "least", scull_paddle_float(call, "score_threshold", 0));
  scull_import_emit_int(&emit, "nms_top_k", scull_paddle_int(call, "nms_top_k", 1000));
  scull_import_emit_int(&emit, "keep_top_k", scull_paddle_int(call, "keep_top_k", 100));
  scull_import_emit_float(&emit, "threshold", scull_paddle_float(call, "nms_threshold", 0.3));
  scull_import_emit_float(&emit, "eta", scull_paddle_float(call, "nms_eta", 1));
  SCULL_TRY(end_slots(call, &emit, slots, 2, outs));
  return set_rows(call, outs[1], NULL, "Out", NULL);
}

/* --- proposals ------------------------------------------------------------------------------- */

/* The row's word is the slot of the picture sizes: ImInfo has a scale. */
static scull_status_t generate_proposals(scull_paddle_call_t *call) {
  static const char *const slots[] = {"RpnRois", "RpnRoiProbs", "RpnRoisNum"};
  bool scaled = strcmp(call->row->slots, "ImInfo") == 0;
  scull_value_id_t outs[3];
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "generate_proposals", &emit, "Scores", "BboxDeltas", call->row->slots,
                  "Anchors", "Variances"));
  scull_import_emit_int(&emit, "pre_top_n", scull_paddle_int(call, "pre_nms_topN", 6000));
  scull_import_emit_int(&emit, "post_top_n", scull_paddle_int(call, "post_nms_topN", 1000));
  scull_import_emit_float(&emit, "threshold", scull_paddle_float(call, "nms_thresh", 0.5));
  scull_import_emit_float(&emit, "min_size", scull_paddle_float(call, "min_size", 0.1));
  scull_import_emit_float(&emit, "eta", scull_paddle_float(call, "eta", 1));
  scull_import_emit_bool(&emit, "pixel_offset",
                         scaled || scull_paddle_bool(call, "pixel_offset", true));
  scull_import_emit_bool(&emit, "scaled", scaled);
  SCULL_TRY(end_slots(call, &emit, slots, 3, outs));
  return set_rows(call, outs[2], "RpnRoisNum", "RpnRois", "RpnRoiProbs");
}

enum { MAX_LEVELS = 16 };

static scull_status_t distribute(scull_paddle_call_t *call) {
  scull_value_id_t rois = SCULL_NO_ID, counts = SCULL_NO_ID, outs[2 * MAX_LEVELS + 1];
  const char *names[2 * MAX_LEVELS + 1] = {0};
  size_t levels = scull_paddle_out_count(call, "MultiFpnRois");
  if (levels < 1 || levels > MAX_LEVELS)
    return scull_import_unsupported(&call->emitter, "%zu levels", levels);
  SCULL_TRY(scull_paddle_need(call, "FpnRois", &rois));
  SCULL_TRY(counts_of(call, "RoisNum", 0, "FpnRois", &counts));
  scull_emit_t emit = scull_import_emit(&call->emitter, "distribute_fpn_proposals", rois);
  if (counts != SCULL_NO_ID)
    scull_import_emit_input(&emit, counts);
  scull_import_emit_int(&emit, "min_level", scull_paddle_int(call, "min_level", 2));
  scull_import_emit_int(&emit, "max_level", scull_paddle_int(call, "max_level", 5));
  scull_import_emit_int(&emit, "refer_level", scull_paddle_int(call, "refer_level", 4));
  scull_import_emit_int(&emit, "refer_scale", scull_paddle_int(call, "refer_scale", 224));
  scull_import_emit_bool(&emit, "pixel_offset", scull_paddle_bool(call, "pixel_offset", true));
  for (size_t i = 0; i < levels; i++) {
    names[i] = scull_paddle_out_name(call, "MultiFpnRois", i);
    names[levels + 1 + i] = scull_paddle_out_name(call, "MultiLevelRoIsNum", i);
  }
  names[levels] = scull_paddle_out_name(call, "RestoreIndex", 0);
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 2 * levels + 1, outs));
  scull_paddle_set(call, "RestoreIndex", 0, outs[levels]);
  for (size_t i = 0; i < levels; i++) {
    scull_value_id_t offsets = SCULL_NO_ID;
    scull_paddle_set(call, "MultiFpnRois", i, outs[i]);
    scull_paddle_set(call, "MultiLevelRoIsNum", i, outs[levels + 1 + i]);
    if (names[levels + 1 + i] != NULL)
      continue;
    SCULL_TRY(scull_paddle_lod_from_counts(call, outs[levels + 1 + i], &offsets));
    scull_paddle_set_lod(call, "MultiFpnRois", i, offsets);
  }
  return SCULL_OK;
}

static scull_status_t collect(scull_paddle_call_t *call) {
  static const char *const slots[] = {"FpnRois", "RoisNum"};
  size_t levels = scull_paddle_in_count(call, "MultiLevelRois");
  scull_value_id_t outs[2];
  scull_value_id_t *all = SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, 3 * levels + 1);
  if (all == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (size_t i = 0; i < levels; i++) {
    all[i] = scull_paddle_in_at(call, "MultiLevelRois", i);
    all[levels + i] = scull_paddle_in_at(call, "MultiLevelScores", i);
    SCULL_TRY(counts_of(call, "MultiLevelRoIsNum", i, "MultiLevelRois", &all[2 * levels + i]));
    if (all[2 * levels + i] == SCULL_NO_ID)
      return scull_import_unsupported(&call->emitter, "nothing says whose its regions are");
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "collect_fpn_proposals", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, all, 3 * levels);
  scull_import_emit_int(&emit, "levels", (int64_t)levels);
  scull_import_emit_int(&emit, "top_n", scull_paddle_int(call, "post_nms_topN", 1000));
  SCULL_TRY(end_slots(call, &emit, slots, 2, outs));
  return set_rows(call, outs[1], "RoisNum", "FpnRois", NULL);
}

/* --- regions --------------------------------------------------------------------------------- */

static scull_status_t begin_regions(scull_paddle_call_t *call, const char *op, scull_emit_t *emit) {
  scull_value_id_t counts = scull_paddle_in(call, "RoisNum");
  scull_value_id_t offsets = scull_paddle_lod(call, "ROIs", 0);
  SCULL_TRY(BEGIN(call, op, emit, "X", "ROIs"));
  if (counts != SCULL_NO_ID || offsets != SCULL_NO_ID)
    scull_import_emit_input(emit, counts != SCULL_NO_ID ? counts : offsets);
  scull_import_emit_word(emit, "regions", counts != SCULL_NO_ID ? "counts" : "offsets");
  scull_import_emit_int(emit, "height", scull_paddle_int(call, "pooled_height", 1));
  scull_import_emit_int(emit, "width", scull_paddle_int(call, "pooled_width", 1));
  scull_import_emit_float(emit, "scale", scull_paddle_float(call, "spatial_scale", 1));
  return SCULL_OK;
}

static scull_status_t roi_align(scull_paddle_call_t *call) {
  scull_emit_t emit;
  SCULL_TRY(begin_regions(call, "roi_align", &emit));
  scull_import_emit_int(&emit, "samples", scull_paddle_int(call, "sampling_ratio", -1));
  scull_import_emit_bool(&emit, "aligned", scull_paddle_bool(call, "aligned", false));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t roi_pool(scull_paddle_call_t *call) {
  scull_emit_t emit;
  if (scull_paddle_out_used(call, "Argmax"))
    return scull_import_unsupported(&call->emitter, "its Argmax is used");
  SCULL_TRY(begin_regions(call, "roi_pool", &emit));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t psroi_pool(scull_paddle_call_t *call) {
  scull_emit_t emit;
  SCULL_TRY(begin_regions(call, "psroi_pool", &emit));
  scull_import_emit_int(&emit, "channels", scull_paddle_int(call, "output_channels", 1));
  return scull_paddle_end(call, &emit, "Out");
}

/* A side of Paddle's list of two sizes. */
static void copy_sides(scull_paddle_call_t *call, scull_emit_t *emit, const char *theirs,
                       const char *height, const char *width) {
  scull_ints_t sides = scull_paddle_ints(call, theirs);
  if (sides.size != 2)
    return;
  scull_import_emit_int(emit, height, sides.data[0]);
  scull_import_emit_int(emit, width, sides.data[1]);
}

static scull_status_t deformable_psroi_pool(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Output", "TopCount"};
  scull_value_id_t outs[2], shifts = scull_paddle_in(call, "Trans");
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "deformable_psroi_pool", &emit, "Input", "ROIs"));
  scull_import_emit_input(&emit, scull_paddle_lod(call, "ROIs", 0));
  scull_import_emit_input(&emit, scull_paddle_bool(call, "no_trans", false) ? SCULL_NO_ID : shifts);
  scull_import_emit_word(&emit, "regions", "offsets");
  scull_import_emit_int(&emit, "channels", scull_paddle_int(call, "output_dim", 1));
  scull_import_emit_int(&emit, "height", scull_paddle_int(call, "pooled_height", 1));
  scull_import_emit_int(&emit, "width", scull_paddle_int(call, "pooled_width", 1));
  copy_sides(call, &emit, "group_size", "group_height", "group_width");
  copy_sides(call, &emit, "part_size", "part_height", "part_width");
  scull_import_emit_int(&emit, "samples", scull_paddle_int(call, "sample_per_part", 1));
  scull_import_emit_float(&emit, "scale", scull_paddle_float(call, "spatial_scale", 1));
  scull_import_emit_float(&emit, "shift_scale", scull_paddle_float(call, "trans_std", 0.1));
  return end_slots(call, &emit, slots, 2, outs);
}

static scull_status_t bipartite_match(scull_paddle_call_t *call) {
  static const char *const slots[] = {"ColToRowMatchIndices", "ColToRowMatchDist"};
  const char *type = scull_paddle_text(call, "match_type", "bipartite");
  scull_value_id_t outs[2];
  scull_emit_t emit;
  SCULL_TRY(BEGIN(call, "bipartite_match", &emit, "DistMat"));
  scull_import_emit_input(&emit, scull_paddle_lod(call, "DistMat", 0));
  scull_import_emit_bool(&emit, "every", strcmp(type, "per_prediction") == 0);
  scull_import_emit_float(&emit, "threshold", scull_paddle_float(call, "dist_threshold", 0.5));
  return end_slots(call, &emit, slots, 2, outs);
}

static const scull_paddle_row_t rows[] = {
    {"prior_box", prior_box, "prior_box", NULL, NULL},
    {"density_prior_box", density_prior_box, "density_prior_box", NULL, NULL},
    {"anchor_generator", anchor_generator, "anchor_generator", NULL, NULL},
    {"box_coder", box_coder, "box_coder", NULL, NULL},
    {"box_clip", box_clip, "box_clip", NULL, NULL},
    {"yolo_box", yolo_box, "yolo_box", NULL, NULL},
    {"box_decoder_and_assign", box_decoder_and_assign, "box_decoder_and_assign", NULL, NULL},
    {"iou_similarity", scull_paddle_map_plain, "iou_similarity", "X Y>Out",
     "box_normalized>normalized=true"},
    {"polygon_box_transform", scull_paddle_map_plain, "polygon_box_transform", "Input>Output",
     NULL},
    {"multiclass_nms", multiclass_nms, "multiclass_nms", NULL, NULL},
    {"multiclass_nms2", multiclass_nms, "multiclass_nms", NULL, NULL},
    {"multiclass_nms3", multiclass_nms, "multiclass_nms", NULL, NULL},
    {"matrix_nms", matrix_nms, "matrix_nms", NULL, NULL},
    {"locality_aware_nms", locality_aware_nms, "locality_aware_nms", NULL, NULL},
    {"retinanet_detection_output", retinanet, "retinanet_detection", NULL, NULL},
    {"generate_proposals", generate_proposals, "generate_proposals", "ImInfo", NULL},
    {"generate_proposals_v2", generate_proposals, "generate_proposals", "ImShape", NULL},
    {"distribute_fpn_proposals", distribute, "distribute_fpn_proposals", NULL, NULL},
    {"collect_fpn_proposals", collect, "collect_fpn_proposals", NULL, NULL},
    {"roi_align", roi_align, "roi_align", NULL, NULL},
    {"roi_pool", roi_pool, "roi_pool", NULL, NULL},
    {"psroi_pool", psroi_pool, "psroi_pool", NULL, NULL},
    {"deformable_psroi_pooling", deformable_psroi_pool, "deformable_psroi_pool", NULL, NULL},
    {"bipartite_match", bipartite_match, "bipartite_match", NULL, NULL},
};

SCULL_PADDLE_ROWS(detection, rows);
