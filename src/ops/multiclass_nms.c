/* multiclass_nms: boxes [N,M,4..32], scores [N,C,M] -> rows (class, score, box...) of all pictures,
 * their index into the N*M boxes (i32), and how many each picture has (i32 [N]). Or, for regions
 * of several pictures in one list, boxes [M,C,4], scores [M,C] and the regions of each picture
 * (i32 [N]); the index is then that of row and column. Classes come in order, boxes best first
 * (or, of regions, in their order). How many rows is known after the run. */
#include "ops/multiclass_nms.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"

const scull_attr_field_t scull_ops_multiclass_nms_fields[8] = {
    SCULL_FIELD(scull_multiclass_nms_attrs_t, INT, background, "0"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, FLOAT, least, "0"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, INT, nms_top_k, "-1"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, INT, keep_top_k, "-1"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, FLOAT, threshold, "0.3"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, FLOAT, eta, "1"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, BOOL, normalized, "true"),
    SCULL_FIELD(scull_multiclass_nms_attrs_t, BOOL, empty_row, "false"),
};

enum { BOXES, SCORES, COUNTS };

scull_status_t scull_ops_multiclass_nms_check(const scull_op_call_t *call) {
  const scull_multiclass_nms_attrs_t *attrs = call->attrs;
  if (attrs->nms_top_k < -1 || attrs->keep_top_k < -1)
    return scull_ops_fail(call, "the best %lld and %lld", (long long)attrs->nms_top_k,
                          (long long)attrs->keep_top_k);
  return scull_ops_check_f32(call, 2);
}

bool scull_ops_multiclass_nms_rows(const scull_multiclass_nms_attrs_t *attrs, int64_t pictures,
                                   int64_t boxes, int64_t classes, int64_t *rows) {
  bool leaves_one = attrs->background >= 0 && attrs->background < classes;
  int64_t each = attrs->nms_top_k >= 0 && attrs->nms_top_k < boxes ? attrs->nms_top_k : boxes;
  if (!scull_base_i64_mul(each, classes - (leaves_one ? 1 : 0), &each))
    return false;
  each = attrs->keep_top_k >= 0 && attrs->keep_top_k < each ? attrs->keep_top_k : each;
  if (!scull_base_i64_mul(each, pictures, rows))
    return false;
  *rows = *rows < 1 && attrs->empty_row ? 1 : *rows;
  return true;
}

/* How boxes and scores lie: number i of class c has its score at c * score_class + i * score_box
 * of its picture. */
typedef struct {
  int64_t pictures, boxes, classes, size;
  int64_t score_class, score_box, box_class, box_step;
  bool regions;
} view_t;

static view_t view_of(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape, *s = &call->inputs[SCORES].type.shape;
  int64_t size = b->dim[2];
  if (scull_ops_has_input(call, COUNTS))
    return (view_t){call->inputs[COUNTS].type.shape.dim[0],
                    b->dim[0],
                    b->dim[1],
                    size,
                    1,
                    b->dim[1],
                    size,
                    b->dim[1] * size,
                    true};
  return (view_t){b->dim[0], b->dim[1], s->dim[1], size, b->dim[1], 1, 0, size, false};
}

static scull_status_t check_shapes(const scull_op_call_t *call) {
  const scull_shape_t *b = &call->inputs[BOXES].type.shape, *s = &call->inputs[SCORES].type.shape;
  bool regions = scull_ops_has_input(call, COUNTS);
  if (b->rank != 3 || (b->dim[2] != 4 && (b->dim[2] < 8 || b->dim[2] > 32 || b->dim[2] % 8 != 0)))
    return scull_ops_fail(call, "boxes must have three dimensions and 4, 8, 16, 24 or 32 numbers");
  if (!regions && (s->rank != 3 || s->dim[0] != b->dim[0] || s->dim[2] != b->dim[1]))
    return scull_ops_fail(call, "scores must be [%lld,C,%lld]", (long long)b->dim[0],
                          (long long)b->dim[1]);
  if (!regions)
    return SCULL_OK;
  const scull_type_t *counts = &call->inputs[COUNTS].type;
  bool guessed = (call->guessed & (1u << BOXES | 1u << SCORES)) != 0;
  bool fit = s->rank == 2 && s->dim[0] == b->dim[0] && s->dim[1] == b->dim[1];
  if (s->rank != 2 || (!fit && !guessed) || counts->shape.rank != 1 ||
      counts->dtype != SCULL_DTYPE_I32 || b->dim[2] != 4)
    return scull_ops_fail(call, "regions want scores [%lld,%lld] and counts i32[N]",
                          (long long)b->dim[0], (long long)b->dim[1]);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  int64_t rows = 0;
  SCULL_TRY(scull_ops_multiclass_nms_check(call));
  SCULL_TRY(check_shapes(call));
  view_t v = view_of(call);
  /* regions: all of them may be of one picture, and the rows of all are never more than that */
  if (!scull_ops_multiclass_nms_rows(call->attrs, v.pictures, v.boxes, v.classes, &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, v.size + 2}}};
  if (call->output_count > 1)
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I32, {2, {rows, 1}}};
  for (size_t i = 0; i < call->output_count && i < 2; i++)
    scull_ops_open(call, i, 0);
  bool empty_row = ((const scull_multiclass_nms_attrs_t *)call->attrs)->empty_row;
  if (empty_row)
    scull_ops_open(call, 0, 1);
  if (call->output_count > 2)
    call->outputs[2].type = (scull_type_t){SCULL_DTYPE_I32, {1, {v.pictures}}};
  if (empty_row && call->output_count > 2)
    scull_ops_open(call, 2, 0);
  return SCULL_OK;
}

/* A box that stayed. */
typedef struct {
  scull_candidate_t box; /* `index` within the picture */
  int64_t label;
} kept_t;

static int compare_kept(const void *a, const void *b) { /* best first; else class, then order */
  const kept_t *x = *(const kept_t *const *)a, *y = *(const kept_t *const *)b;
  if (x->box.score != y->box.score)
    return x->box.score > y->box.score ? -1 : 1;
  return x < y ? -1 : x > y;
}

static int compare_place(const void *a, const void *b) {
  const kept_t *x = *(const kept_t *const *)a, *y = *(const kept_t *const *)b;
  return x < y ? -1 : x > y;
}

static int compare_index(const void *a, const void *b) {
  const scull_candidate_t *x = a, *y = b;
  return x->index < y->index ? -1 : x->index > y->index;
}

typedef struct {
  const scull_op_call_t *call;
  view_t view;
  scull_candidate_t *list; /* candidates of a class */
  kept_t *kept;            /* of a picture */
  kept_t **order;
  float least; /* what a score must exceed: of boxes that are no better than the keep_top_k that
                  stay already none can be among the best */
  int64_t rows;
} run_t;

/* The boxes of class `label` that stay, appended to kept. `first` is the picture's first box. */
static int64_t run_class(run_t *r, int64_t first, int64_t boxes, int64_t label, int64_t count) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  const view_t *v = &r->view;
  const float *scores = (const float *)r->call->inputs[SCORES].data +
                        first * (v->regions ? v->score_box : v->classes) + label * v->score_class;
  const float *data =
      (const float *)r->call->inputs[BOXES].data + first * v->box_step + label * v->box_class;
  const scull_nms_t nms = {(float)attrs->threshold, (float)attrs->eta, attrs->normalized ? 0 : 1,
                           attrs->keep_top_k};
  int64_t found = 0;
  for (int64_t i = 0; i < boxes; i++) {
    float score = scores[i * v->score_box];
    if (score > r->least)
      r->list[found++] = (scull_candidate_t){score, i};
  }
  found = scull_ops_candidates_best(r->list, found, attrs->nms_top_k, false);
  found = scull_ops_nms(&nms, data, v->box_step, v->size, r->list, found);
  if (v->regions && found > 1)
    qsort(r->list, (size_t)found, sizeof *r->list, compare_index);
  for (int64_t i = 0; i < found; i++)
    r->kept[count + i] = (kept_t){r->list[i], label};
  return count + found;
}

/* Leaves the best keep_top_k, in their order. */
static int64_t cut(run_t *r, int64_t count) {
  const int64_t most = ((const scull_multiclass_nms_attrs_t *)r->call->attrs)->keep_top_k;
  if (most < 0 || count <= most)
    return count;
  for (int64_t i = 0; i < count; i++)
    r->order[i] = &r->kept[i];
  qsort(r->order, (size_t)count, sizeof *r->order, compare_kept);
  if (most > 0) {
    r->least = r->order[most - 1]->box.score;
    qsort(r->order, (size_t)most, sizeof *r->order, compare_place);
  }
  for (int64_t i = 0; i < most; i++)
    r->kept[i] = *r->order[i];
  return most;
}

static void put_rows(run_t *r, int64_t first, int64_t count) {
  const view_t *v = &r->view;
  const float *boxes = r->call->inputs[BOXES].data;
  for (int64_t i = 0; i < count; i++, r->rows++) {
    const kept_t *k = &r->kept[i];
    float *row = (float *)r->call->outputs[0].data + r->rows * (v->size + 2);
    int64_t index = first + k->box.index;
    row[0] = (float)k->label;
    row[1] = k->box.score;
    memcpy(row + 2, boxes + index * v->box_step + k->label * v->box_class,
           (size_t)v->size * sizeof *row);
    if (r->call->output_count > 1)
      ((int32_t *)r->call->outputs[1].data)[r->rows] =
          (int32_t)(v->regions ? index * v->classes + k->label : index);
  }
}

/* Nothing found at all: no row, or one that says so, and then there is one picture. */
static void finish(const run_t *r) {
  const scull_multiclass_nms_attrs_t *attrs = r->call->attrs;
  scull_shape_t *y = &r->call->outputs[0].type.shape;
  y->dim[0] = r->rows;
  if (r->call->output_count > 1)
    r->call->outputs[1].type.shape.dim[0] = r->rows;
  if (r->rows > 0 || !attrs->empty_row)
    return;
  *y = (scull_shape_t){2, {1, 1}};
  ((float *)r->call->outputs[0].data)[0] = -1;
  if (r->call->output_count > 2 && r->view.pictures > 0) {
    r->call->outputs[2].type.shape.dim[0] = 1;
    ((int32_t *)r->call->outputs[2].data)[0] = 1;
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_multiclass_nms_attrs_t *attrs = call->attrs;
  view_t v = view_of(call);
  run_t r = {.call = call, .view = v, .list = call->scratch};
  int64_t first = 0;
  r.kept = (kept_t *)(r.list + v.boxes);
  r.order = (kept_t **)(r.kept + v.boxes * v.classes);
  for (int64_t n = 0; n < v.pictures; n++) {
    int64_t boxes = v.regions ? ((const int32_t *)call->inputs[COUNTS].data)[n] : v.boxes;
    int64_t count = 0;
    if (boxes < 0 || boxes > (v.regions ? v.boxes - first : v.boxes))
      return scull_ops_fail(call, "picture %lld has %lld regions", (long long)n, (long long)boxes);
    r.least = (float)attrs->least;
    for (int64_t label = 0; label < v.classes; label++) {
      if (label != attrs->background)
        count = cut(&r, run_class(&r, first, boxes, label, count));
    }
    put_rows(&r, first, count);
    if (call->output_count > 2)
      ((int32_t *)call->outputs[2].data)[n] = (int32_t)count;
    first += boxes;
  }
  finish(&r);
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  view_t v = view_of(call);
  int64_t all = 0;
  if (!scull_base_i64_mul(v.boxes, v.classes, &all))
    return SIZE_MAX;
  size_t kept = scull_ops_scratch_of(all, sizeof(kept_t) + sizeof(kept_t *));
  size_t list = scull_ops_scratch_of(v.boxes, sizeof(scull_candidate_t)), sum = 0;
  return scull_base_size_add(kept, list, &sum) ? sum : SIZE_MAX;
}

const scull_opdef_t scull_opdef_multiclass_nms = {
    .name = "multiclass_nms",
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 3,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_multiclass_nms_attrs_t, scull_ops_multiclass_nms_fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
