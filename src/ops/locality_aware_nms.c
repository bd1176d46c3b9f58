/* locality_aware_nms: boxes [N,M,4..32], scores [N,C,M] -> rows (class, score, box...) of all
 * pictures, and how many each has (i32 [N]): for text, whose boxes lie in dense rows. First each
 * box is merged into the one before it while they overlap, weighted by their scores, which add up;
 * then the worse of overlapping boxes go. How many rows is known after the run. */
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"
#include "ops/multiclass_nms.h"

enum { BOXES, SCORES };

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape, *s = &call->inputs[SCORES].type.shape;
  int64_t rows = 0;
  SCULL_TRY(scull_ops_multiclass_nms_check(call));
  if (b->rank != 3 || s->rank != 3 || s->dim[0] != b->dim[0] || s->dim[2] != b->dim[1] ||
      (b->dim[2] != 4 && (b->dim[2] < 8 || b->dim[2] > 32 || b->dim[2] % 8 != 0)))
    return scull_ops_fail(call, "boxes must be [N,M,4, 8, 16, 24 or 32] and scores [N,C,M]");
  if (!scull_ops_multiclass_nms_rows(call->attrs, b->dim[0], b->dim[1], s->dim[1], &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, b->dim[2] + 2}}};
  scull_ops_open(call, 0, 0);
  if (((const scull_multiclass_nms_attrs_t *)call->attrs)->empty_row)
    scull_ops_open(call, 0, 1);
  if (call->output_count < 2)
    return SCULL_OK;
  call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I32, {1, {b->dim[0]}}};
  if (((const scull_multiclass_nms_attrs_t *)call->attrs)->empty_row)
    scull_ops_open(call, 1, 0);
  return SCULL_OK;
}

typedef struct {
  const scull_op_call_t *call;
  int64_t boxes, size;
  float *merged;           /* boxes of the present class, as they are merged */
  float *scores;           /* theirs, which add up; a merged-away box has -1 */
  scull_candidate_t *list; /* candidates of a class */
  scull_candidate_t *kept; /* of a picture; index: class * boxes + box */
  float *kept_boxes;
} run_t;

static float overlap_of(const run_t *r, const float *a, const float *b) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  return r->size == 4 ? scull_ops_box_iou(a, b, attrs->normalized ? 0 : 1)
                      : scull_ops_polygon_iou(a, b, r->size / 2);
}

/* Each box into the one before it, while they overlap. */
static void merge(run_t *r) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  int64_t last = -1;
  for (int64_t i = 0; i < r->boxes; i++) {
    const float *box = r->merged + i * r->size;
    float *into = r->merged + last * r->size;
    if (last < 0 || !(overlap_of(r, box, into) > (float)attrs->threshold)) {
      last = i;
      continue;
    }
    float mine = r->scores[i], theirs = r->scores[last];
    for (int64_t k = 0; k < r->size; k++)
      into[k] = (box[k] * mine + into[k] * theirs) / (mine + theirs);
    r->scores[last] += mine;
    r->scores[i] = -1;
  }
}

static int64_t run_class(run_t *r, int64_t n, int64_t label, int64_t count) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *s = &r->call->inputs[SCORES].type.shape;
  size_t bytes = (size_t)(r->boxes * r->size) * sizeof(float);
  const scull_nms_t nms = {(float)attrs->threshold, (float)attrs->eta, attrs->normalized ? 0 : 1,
                           -1};
  int64_t found = 0;
  if (r->boxes == 0)
    return count;
  memcpy(r->merged, (const float *)r->call->inputs[BOXES].data + n * r->boxes * r->size, bytes);
  memcpy(r->scores,
         (const float *)r->call->inputs[SCORES].data + (n * s->dim[1] + label) * r->boxes,
         (size_t)r->boxes * sizeof(float));
  merge(r);
  for (int64_t i = 0; i < r->boxes; i++) {
    if (r->scores[i] > (float)attrs->least)
      r->list[found++] = (scull_candidate_t){r->scores[i], i};
  }
  found = scull_ops_candidates_best(r->list, found, attrs->nms_top_k, false);
  found = scull_ops_nms(&nms, r->merged, r->size, r->size, r->list, found);
  for (int64_t i = 0; i < found; i++, count++) {
    r->kept[count] = (scull_candidate_t){r->list[i].score, label * r->boxes + r->list[i].index};
    memcpy(r->kept_boxes + (label * r->boxes + r->list[i].index) * r->size,
           r->merged + r->list[i].index * r->size, (size_t)r->size * sizeof(float));
  }
  return count;
}

static run_t run_of(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape;
  int64_t classes = call->inputs[SCORES].type.shape.dim[1];
  run_t r = {.call = call, .boxes = b->dim[1], .size = b->dim[2], .list = call->scratch};
  r.kept = r.list + r.boxes;
  r.scores = (float *)(r.kept + r.boxes * classes);
  r.merged = r.scores + r.boxes;
  r.kept_boxes = r.merged + r.boxes * r.size;
  return r;
}

/* The rows of a picture: class by class; the best of all where there are too many. */
static int64_t put_rows(const run_t *r, int64_t count, int64_t rows) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  int64_t limit = attrs->keep_top_k < 0 || count < attrs->keep_top_k ? count : attrs->keep_top_k;
  if (limit < count)
    scull_ops_candidates_sort(r->kept, count, false);
  for (int64_t label = 0; label < r->call->inputs[SCORES].type.shape.dim[1]; label++) {
    for (int64_t i = 0; i < limit; i++) {
      if (r->kept[i].index / r->boxes != label)
        continue;
      float *row = (float *)r->call->outputs[0].data + rows++ * (r->size + 2);
      row[0] = (float)label;
      row[1] = r->kept[i].score;
      memcpy(row + 2, r->kept_boxes + r->kept[i].index * r->size, (size_t)r->size * sizeof(float));
    }
  }
  return rows;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_multiclass_nms_attrs_t *attrs = call->attrs;
  run_t r = run_of(call);
  int64_t rows = 0, classes = call->inputs[SCORES].type.shape.dim[1];
  for (int64_t n = 0; n < call->inputs[BOXES].type.shape.dim[0]; n++) {
    int64_t count = 0, before = rows;
    for (int64_t label = 0; label < classes; label++)
      count = label == attrs->background ? count : run_class(&r, n, label, count);
    rows = put_rows(&r, count, rows);
    if (call->output_count > 1)
      ((int32_t *)call->outputs[1].data)[n] = (int32_t)(rows - before);
  }
  call->outputs[0].type.shape.dim[0] = rows;
  if (rows == 0 && attrs->empty_row) {
    call->outputs[0].type.shape = (scull_shape_t){2, {1, 1}};
    ((float *)call->outputs[0].data)[0] = -1;
    if (call->output_count > 1 && call->outputs[1].type.shape.dim[0] > 0) {
      call->outputs[1].type.shape.dim[0] = 1;
      ((int32_t *)call->outputs[1].data)[0] = 1;
    }
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape;
  int64_t all = 0;
  if (!scull_base_i64_mul(call->inputs[SCORES].type.shape.dim[1] + 1, b->dim[1], &all))
    return SIZE_MAX;
  return scull_ops_scratch_of(all,
                              sizeof(scull_candidate_t) + (size_t)(b->dim[2] + 1) * sizeof(float));
}

const scull_opdef_t scull_opdef_locality_aware_nms = {
    .name = "locality_aware_nms",
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 2,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_multiclass_nms_attrs_t, scull_ops_multiclass_nms_fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
