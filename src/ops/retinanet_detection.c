/* retinanet_detection: L deltas [N,Mi,4], L scores [N,Mi,C], L anchors [Mi,4], picture sizes [N,3]
 * (height, width, scale) -> rows (class + 1, score, box) of all pictures, best first, and how many
 * each picture has (i32 [N]). The best of each level are decoded, brought back into the unscaled
 * picture, and the worse of overlapping boxes of a class go. How many is known after the run. */
#include "ops/retinanet_detection.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_retinanet_detection_attrs_t, INT, levels, "1"),
    SCULL_FIELD(scull_retinanet_detection_attrs_t, FLOAT, least, "0.05"),
    SCULL_FIELD(scull_retinanet_detection_attrs_t, INT, nms_top_k, "1000"),
    SCULL_FIELD(scull_retinanet_detection_attrs_t, INT, keep_top_k, "100"),
    SCULL_FIELD(scull_retinanet_detection_attrs_t, FLOAT, threshold, "0.3"),
    SCULL_FIELD(scull_retinanet_detection_attrs_t, FLOAT, eta, "1"),
};

/* Where the shared parts of the inputs are. */
static const scull_tensor_t *deltas_of(const scull_op_call_t *call, int64_t level) {
  return &call->inputs[level];
}

static const scull_tensor_t *scores_of(const scull_op_call_t *call, int64_t level) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  return &call->inputs[attrs->levels + level];
}

static const scull_tensor_t *anchors_of(const scull_op_call_t *call, int64_t level) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  return &call->inputs[2 * attrs->levels + level];
}

static const scull_tensor_t *sizes_of(const scull_op_call_t *call) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  return &call->inputs[3 * attrs->levels];
}

/* Candidates of all levels of one picture. */
static int64_t candidates_of(const scull_op_call_t *call) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  int64_t total = 0;
  for (int64_t l = 0; l < attrs->levels; l++) {
    const scull_shape_t *s = &scores_of(call, l)->type.shape;
    int64_t all = s->dim[1] * s->dim[2];
    total += all < attrs->nms_top_k ? all : attrs->nms_top_k;
  }
  return total;
}

static scull_status_t check_level(const scull_op_call_t *call, int64_t level) {
  const scull_shape_t *d = &deltas_of(call, level)->type.shape;
  const scull_shape_t *s = &scores_of(call, level)->type.shape;
  const scull_shape_t *a = &anchors_of(call, level)->type.shape;
  if (d->rank != 3 || d->dim[2] != 4 || s->rank != 3 || s->dim[0] != d->dim[0] ||
      s->dim[1] != d->dim[1] || s->dim[2] != scores_of(call, 0)->type.shape.dim[2] ||
      a->rank != 2 || a->dim[0] != d->dim[1] || a->dim[1] != 4 ||
      d->dim[0] != sizes_of(call)->type.shape.dim[0])
    return scull_ops_fail(call,
                          "level %lld must have deltas [N,M,4], scores [N,M,C] and anchors [M,4]",
                          (long long)level);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  if (attrs->levels < 1 || attrs->levels > 64 ||
      call->input_count != 3 * (size_t)attrs->levels + 1 || attrs->nms_top_k < 0 ||
      attrs->keep_top_k < 0)
    return scull_ops_fail(call, "%zu inputs for %lld levels, the best %lld and %lld",
                          call->input_count, (long long)attrs->levels, (long long)attrs->nms_top_k,
                          (long long)attrs->keep_top_k);
  const scull_shape_t *sizes = &sizes_of(call)->type.shape;
  int64_t rows = 0;
  SCULL_TRY(scull_ops_check_f32(call, call->input_count));
  if (sizes->rank != 2 || sizes->dim[1] != 3)
    return scull_ops_fail(call, "picture sizes must be [N,3]");
  for (int64_t l = 0; l < attrs->levels; l++)
    SCULL_TRY(check_level(call, l));
  rows = candidates_of(call);
  rows = rows < attrs->keep_top_k ? rows : attrs->keep_top_k;
  if (!scull_base_i64_mul(rows, sizes->dim[0], &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, 6}}};
  scull_ops_open(call, 0, 0);
  if (call->output_count > 1)
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I32, {1, {sizes->dim[0]}}};
  return SCULL_OK;
}

typedef struct {
  const scull_op_call_t *call;
  scull_candidate_t *list; /* of a level, later of a class */
  scull_candidate_t *kept; /* of a picture; index: into boxes */
  float *boxes;            /* decoded, of all levels */
  int64_t *labels;
} run_t;

static void decode(const float *anchor, const float *d, const float *size, float *box) {
  float width = anchor[2] - anchor[0] + 1, height = anchor[3] - anchor[1] + 1;
  float x = d[0] * width + anchor[0] + width / 2, y = d[1] * height + anchor[1] + height / 2;
  float w = expf(d[2]) * width, h = expf(d[3]) * height;
  box[0] = x - w / 2;
  box[1] = y - h / 2;
  box[2] = x + w / 2 - 1;
  box[3] = y + h / 2 - 1;
  for (int i = 0; i < 4; i++) {
    float last = roundf(size[i % 2 == 0 ? 1 : 0] / size[2]) - 1;
    box[i] = fmaxf(fminf(box[i] / size[2], last), 0);
  }
}

/* Decodes the best of a level behind the `count` that there are. */
static int64_t add_level(const run_t *r, int64_t n, int64_t level, int64_t count) {
  const scull_retinanet_detection_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *s = &scores_of(r->call, level)->type.shape;
  int64_t all = s->dim[1] * s->dim[2], classes = s->dim[2], found = 0;
  const float *scores = (const float *)scores_of(r->call, level)->data + n * all;
  const float *deltas = (const float *)deltas_of(r->call, level)->data + n * s->dim[1] * 4;
  const float *size = (const float *)sizes_of(r->call)->data + 3 * n;
  float least = level + 1 == attrs->levels ? 0 : (float)attrs->least;
  for (int64_t i = 0; i < all; i++) {
    if (scores[i] > least)
      r->list[found++] = (scull_candidate_t){scores[i], i};
  }
  found = scull_ops_candidates_best(r->list, found, attrs->nms_top_k, false);
  for (int64_t i = 0; i < found; i++, count++) {
    int64_t at = r->list[i].index / classes;
    decode((const float *)anchors_of(r->call, level)->data + 4 * at, deltas + 4 * at, size,
           r->boxes + 4 * count);
    r->labels[count] = r->list[i].index % classes;
    r->kept[count] = (scull_candidate_t){r->list[i].score, count};
  }
  return count;
}

/* Suppresses within each class; what stays is in `kept`, best first. */
static int64_t suppress(const run_t *r, int64_t count) {
  const scull_retinanet_detection_attrs_t *attrs = r->call->attrs;
  int64_t classes = scores_of(r->call, 0)->type.shape.dim[2], stayed = 0;
  const scull_nms_t nms = {(float)attrs->threshold, (float)attrs->eta, 1, -1};
  scull_candidate_t *list = r->list, *rest = r->list + count;
  scull_ops_candidates_sort(r->kept, count, false);
  for (int64_t c = 0; c < classes; c++) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
      if (r->labels[r->kept[i].index] == c)
        list[found++] = r->kept[i];
    }
    found = scull_ops_nms(&nms, r->boxes, 4, 4, list, found);
    if (found > 0)
      memcpy(rest + stayed, list, (size_t)found * sizeof *list);
    stayed += found;
  }
  if (stayed > 0)
    memcpy(r->kept, rest, (size_t)stayed * sizeof *rest);
  scull_ops_candidates_sort(r->kept, stayed, false);
  return stayed < attrs->keep_top_k ? stayed : attrs->keep_top_k;
}

/* Candidates that the list must hold: all of a level, or twice those of a picture. */
static int64_t list_of(const scull_op_call_t *call) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  int64_t most = 2 * candidates_of(call);
  for (int64_t l = 0; l < attrs->levels; l++) {
    const scull_shape_t *s = &scores_of(call, l)->type.shape;
    int64_t all = s->dim[1] * s->dim[2];
    most = all > most ? all : most;
  }
  return most;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_retinanet_detection_attrs_t *attrs = call->attrs;
  int64_t rows = 0, candidates = candidates_of(call);
  run_t r = {.call = call, .list = call->scratch};
  r.kept = r.list + list_of(call);
  r.labels = (int64_t *)(r.kept + candidates);
  r.boxes = (float *)(r.labels + candidates);
  for (int64_t n = 0; n < sizes_of(call)->type.shape.dim[0]; n++) {
    int64_t count = 0;
    for (int64_t l = 0; l < attrs->levels; l++)
      count = add_level(&r, n, l, count);
    count = suppress(&r, count);
    for (int64_t i = 0; i < count; i++, rows++) {
      float *row = (float *)call->outputs[0].data + 6 * rows;
      row[0] = (float)(r.labels[r.kept[i].index] + 1);
      row[1] = r.kept[i].score;
      memcpy(row + 2, r.boxes + 4 * r.kept[i].index, 4 * sizeof *row);
    }
    if (call->output_count > 1)
      ((int32_t *)call->outputs[1].data)[n] = (int32_t)count;
  }
  call->outputs[0].type.shape.dim[0] = rows;
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  size_t sum = 0;
  size_t list = scull_ops_scratch_of(list_of(call), sizeof(scull_candidate_t));
  size_t rest = scull_ops_scratch_of(candidates_of(call), sizeof(scull_candidate_t) +
                                                              sizeof(int64_t) + 4 * sizeof(float));
  return scull_base_size_add(list, rest, &sum) ? sum : SIZE_MAX;
}

const scull_opdef_t scull_opdef_retinanet_detection = {
    .name = "retinanet_detection",
    .inputs_min = 4,
    .inputs_max = 193,
    .outputs_min = 1,
    .outputs_max = 2,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_retinanet_detection_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
