/* matrix_nms: boxes [N,M,4], scores [N,C,M] -> rows (class, decayed score, box) of all pictures,
 * best first, their index into the N*M boxes (i32), and how many each picture has (i32 [N]). No box
 * is struck out: a score falls with the overlap with better boxes of its class, the less the more
 * those overlap with better ones themselves. How many rows is known after the run. */
#include "ops/matrix_nms.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_matrix_nms_attrs_t, INT, background, "0"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, FLOAT, least, "0"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, FLOAT, post_least, "0"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, INT, nms_top_k, "-1"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, INT, keep_top_k, "-1"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, BOOL, normalized, "true"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, BOOL, gaussian, "false"),
    SCULL_FIELD(scull_matrix_nms_attrs_t, FLOAT, sigma, "2"),
};

static int64_t candidates_of(const scull_op_call_t *call) {
  const scull_matrix_nms_attrs_t *attrs = call->attrs;
  int64_t boxes = call->inputs[0].type.shape.dim[1];
  return attrs->nms_top_k >= 0 && attrs->nms_top_k < boxes ? attrs->nms_top_k : boxes;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_matrix_nms_attrs_t *attrs = call->attrs;
  const scull_shape_t *b = &call->inputs[0].type.shape, *s = &call->inputs[1].type.shape;
  int64_t rows = 0;
  SCULL_TRY(scull_ops_check_f32(call, 2));
  if (b->rank != 3 || b->dim[2] != 4 || s->rank != 3 || s->dim[0] != b->dim[0] ||
      s->dim[2] != b->dim[1])
    return scull_ops_fail(call, "boxes must be [N,M,4] and scores [N,C,M]");
  if (attrs->nms_top_k < -1 || attrs->keep_top_k < -1)
    return scull_ops_fail(call, "the best %lld and %lld", (long long)attrs->nms_top_k,
                          (long long)attrs->keep_top_k);
  if (!scull_base_i64_mul(candidates_of(call), s->dim[1], &rows))
    return scull_ops_fail(call, "too many boxes");
  rows = attrs->keep_top_k >= 0 && attrs->keep_top_k < rows ? attrs->keep_top_k : rows;
  if (!scull_base_i64_mul(rows, b->dim[0], &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, 6}}};
  if (call->output_count > 1)
    call->outputs[1].type = (scull_type_t){SCULL_DTYPE_I32, {2, {rows, 1}}};
  for (size_t i = 0; i < call->output_count && i < 2; i++)
    scull_ops_open(call, i, 0);
  if (call->output_count > 2)
    call->outputs[2].type = (scull_type_t){SCULL_DTYPE_I32, {1, {b->dim[0]}}};
  return SCULL_OK;
}

typedef struct {
  const scull_op_call_t *call;
  scull_candidate_t *list; /* candidates of a class */
  float *most;             /* the most that each of them overlaps a better one */
  scull_candidate_t *kept; /* of a picture; `index` is class * M + box */
} run_t;

static float decay_of(const scull_matrix_nms_attrs_t *attrs, float overlap, float most) {
  if (attrs->gaussian)
    return expf((most * most - overlap * overlap) * (float)attrs->sigma);
  return (1 - overlap) / (1 - most);
}

/* Decays the scores of sorted candidates of one class; appends those that still count. */
static int64_t decay_class(const run_t *r, const float *boxes, int64_t found, int64_t first,
                           int64_t count) {
  const scull_matrix_nms_attrs_t *attrs = r->call->attrs;
  float offset = attrs->normalized ? 0 : 1;
  for (int64_t i = 0; i < found; i++) {
    const float *box = boxes + 4 * r->list[i].index;
    float least = 1;
    r->most[i] = 0;
    for (int64_t k = 0; k < i; k++) {
      float overlap = scull_ops_box_iou(box, boxes + 4 * r->list[k].index, offset);
      r->most[i] = fmaxf(r->most[i], overlap);
      least = fminf(least, decay_of(attrs, overlap, r->most[k]));
    }
    float score = least * r->list[i].score;
    if (score > (float)attrs->post_least)
      r->kept[count++] = (scull_candidate_t){score, first + r->list[i].index};
  }
  return count;
}

static int64_t run_picture(const run_t *r, int64_t n) {
  const scull_matrix_nms_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *s = &r->call->inputs[1].type.shape;
  const float *boxes = (const float *)r->call->inputs[0].data + n * s->dim[2] * 4;
  int64_t count = 0, limit = candidates_of(r->call);
  for (int64_t c = 0; c < s->dim[1]; c++) {
    const float *scores = (const float *)r->call->inputs[1].data + (n * s->dim[1] + c) * s->dim[2];
    int64_t found = 0;
    for (int64_t i = 0; i < s->dim[2] && c != attrs->background; i++) {
      if (scores[i] > (float)attrs->least)
        r->list[found++] = (scull_candidate_t){scores[i], i};
    }
    found = scull_ops_candidates_best(r->list, found, limit, false);
    count = decay_class(r, boxes, found, c * s->dim[2], count);
  }
  return scull_ops_candidates_best(r->kept, count, attrs->keep_top_k, false);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_shape_t *s = &call->inputs[1].type.shape;
  int64_t boxes = s->dim[2], rows = 0;
  run_t r = {.call = call, .list = call->scratch};
  r.kept = r.list + boxes;
  r.most = (float *)(r.kept + boxes * s->dim[1]);
  for (int64_t n = 0; n < s->dim[0]; n++) {
    int64_t count = run_picture(&r, n);
    for (int64_t i = 0; i < count; i++, rows++) {
      float *row = (float *)call->outputs[0].data + 6 * rows;
      int64_t index = n * boxes + r.kept[i].index % boxes;
      int64_t kind = r.kept[i].index / boxes;
      row[0] = (float)kind;
      row[1] = r.kept[i].score;
      memcpy(row + 2, (const float *)call->inputs[0].data + 4 * index, 4 * sizeof *row);
      if (call->output_count > 1)
        ((int32_t *)call->outputs[1].data)[rows] = (int32_t)index;
    }
    if (call->output_count > 2)
      ((int32_t *)call->outputs[2].data)[n] = (int32_t)count;
  }
  call->outputs[0].type.shape.dim[0] = rows;
  if (call->output_count > 1)
    call->outputs[1].type.shape.dim[0] = rows;
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *s = &call->inputs[1].type.shape;
  int64_t all = 0;
  if (!scull_base_i64_mul(s->dim[1] + 1, s->dim[2], &all))
    return SIZE_MAX;
  return scull_ops_scratch_of(all, sizeof(scull_candidate_t) + sizeof(float));
}

const scull_opdef_t scull_opdef_matrix_nms = {.name = "matrix_nms",
                                              .inputs_min = 2,
                                              .inputs_max = 2,
                                              .outputs_min = 1,
                                              .outputs_max = 3,
                                              .traits = SCULL_OP_DATA_SHAPE,
                                              .attrs =
                                                  SCULL_SCHEMA(scull_matrix_nms_attrs_t, fields),
                                              .infer = infer,
                                              .reference = reference,
                                              .scratch = scratch};
