/* generate_proposals: scores [N,A,H,W], deltas [N,4A,H,W], picture sizes [N,2 or 3], anchors and
 * variances [H,W,A,4] -> boxes [R,4], their scores [R,1], and how many each picture has (i32 [N]):
 * the regions that a two-stage detector looks at. How many is known after the run. */
#include "ops/generate_proposals.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_generate_proposals_attrs_t, INT, pre_top_n, "6000"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, INT, post_top_n, "1000"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, FLOAT, threshold, "0.5"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, FLOAT, eta, "1"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, FLOAT, min_size, "0.1"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, BOOL, pixel_offset, "true"),
    SCULL_FIELD(scull_generate_proposals_attrs_t, BOOL, scaled, "false"),
};

enum { SCORES, DELTAS, SIZES, ANCHORS, VARIANCES };

/* Anchors of a picture. */
static int64_t count_of(const scull_op_call_t *call) {
  const scull_shape_t *s = &call->inputs[SCORES].type.shape;
  return s->dim[1] * s->dim[2] * s->dim[3];
}

static scull_status_t check_shapes(const scull_op_call_t *call) {
  const scull_generate_proposals_attrs_t *attrs = call->attrs;
  const scull_shape_t *s = &call->inputs[SCORES].type.shape;
  const scull_shape_t *d = &call->inputs[DELTAS].type.shape;
  const scull_shape_t *sizes = &call->inputs[SIZES].type.shape;
  SCULL_TRY(scull_ops_check_f32(call, 5));
  if (s->rank != 4 || d->rank != 4 || d->dim[0] != s->dim[0] || d->dim[2] != s->dim[2] ||
      d->dim[3] != s->dim[3] || d->dim[1] / 4 != s->dim[1] || d->dim[1] % 4 != 0)
    return scull_ops_fail(call, "scores must be [N,A,H,W] and deltas [N,4A,H,W]");
  if (sizes->rank != 2 || sizes->dim[0] != s->dim[0] || sizes->dim[1] < (attrs->scaled ? 3 : 2))
    return scull_ops_fail(call, "picture sizes must be [N,%d]", attrs->scaled ? 3 : 2);
  for (size_t i = ANCHORS; i <= VARIANCES; i++) {
    if (scull_tensor_count(&call->inputs[i].type.shape) != 4 * count_of(call))
      return scull_ops_fail(call, "anchors and variances must be [H,W,A,4]");
  }
  if (attrs->post_top_n < 0)
    return scull_ops_fail(call, "the best %lld", (long long)attrs->post_top_n);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_generate_proposals_attrs_t *attrs = call->attrs;
  int64_t rows = 0, pictures = call->inputs[SCORES].type.shape.dim[0];
  SCULL_TRY(check_shapes(call));
  int64_t each = count_of(call);
  if (attrs->pre_top_n > 0 && attrs->pre_top_n < each)
    each = attrs->pre_top_n;
  if (attrs->post_top_n > 0 && attrs->post_top_n < each)
    each = attrs->post_top_n;
  each = each < 1 ? 1 : each; /* a picture without any has an empty box */
  if (!scull_base_i64_mul(each, pictures, &rows))
    return scull_ops_fail(call, "too many boxes");
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, 4}}};
  call->outputs[1].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, 1}}};
  scull_ops_open(call, 0, 0);
  scull_ops_open(call, 1, 0);
  if (call->output_count > 2)
    call->outputs[2].type = (scull_type_t){SCULL_DTYPE_I32, {1, {pictures}}};
  return SCULL_OK;
}

typedef struct {
  const scull_op_call_t *call;
  scull_candidate_t *list;
  float *boxes; /* of the candidates, then of those that count */
  int64_t rows;
} run_t;

/* The box of an anchor; `at` its number among anchors that stand places first. */
static void decode(const run_t *r, int64_t n, int64_t at, float *box) {
  static const float most = 4.135166556742356f; /* log(1000 / 16) */
  const scull_generate_proposals_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *s = &r->call->inputs[SCORES].type.shape;
  int64_t step = s->dim[2] * s->dim[3], a = at % s->dim[1], place = at / s->dim[1];
  const float *anchor = (const float *)r->call->inputs[ANCHORS].data + 4 * at;
  const float *variance = (const float *)r->call->inputs[VARIANCES].data + 4 * at;
  const float *d =
      (const float *)r->call->inputs[DELTAS].data + (n * s->dim[1] + a) * 4 * step + place;
  float offset = attrs->pixel_offset ? 1 : 0;
  float width = anchor[2] - anchor[0] + offset, height = anchor[3] - anchor[1] + offset;
  float x = variance[0] * d[0] * width + anchor[0] + width / 2;
  float y = variance[1] * d[step] * height + anchor[1] + height / 2;
  float w = expf(fminf(variance[2] * d[2 * step], most)) * width;
  float h = expf(fminf(variance[3] * d[3 * step], most)) * height;
  box[0] = x - w / 2;
  box[1] = y - h / 2;
  box[2] = x + w / 2 - offset;
  box[3] = y + h / 2 - offset;
}

static void clip(float *box, const float *size, float offset) {
  for (int i = 0; i < 4; i++)
    box[i] = fmaxf(fminf(box[i], size[i % 2 == 0 ? 1 : 0] - offset), 0);
}

static bool is_large(const scull_generate_proposals_attrs_t *attrs, const float *box,
                     const float *size) {
  float offset = attrs->pixel_offset ? 1 : 0, scale = attrs->scaled ? size[2] : 1;
  float least = fmaxf((float)attrs->min_size, 1);
  float width = box[2] - box[0], height = box[3] - box[1];
  if (!(width / scale + offset >= least && height / scale + offset >= least))
    return false;
  return !attrs->pixel_offset ||
         (box[0] + (width + offset) / 2 <= size[1] && box[1] + (height + offset) / 2 <= size[0]);
}

/* The candidates of a picture, best first: anchors with places first, as the list counts them. */
static int64_t collect(const run_t *r, int64_t n) {
  const scull_generate_proposals_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *s = &r->call->inputs[SCORES].type.shape;
  int64_t step = s->dim[2] * s->dim[3], count = count_of(r->call);
  const float *scores = (const float *)r->call->inputs[SCORES].data + n * count;
  for (int64_t i = 0; i < count; i++)
    r->list[i] = (scull_candidate_t){scores[i % s->dim[1] * step + i / s->dim[1]], i};
  return scull_ops_candidates_best(r->list, count, attrs->pre_top_n > 0 ? attrs->pre_top_n : -1,
                                   true);
}

static int64_t run_picture(run_t *r, int64_t n) {
  const scull_generate_proposals_attrs_t *attrs = r->call->attrs;
  const scull_shape_t *sizes = &r->call->inputs[SIZES].type.shape;
  const float *size = (const float *)r->call->inputs[SIZES].data + n * sizes->dim[1];
  const scull_nms_t nms = {(float)attrs->threshold, (float)attrs->eta, attrs->pixel_offset ? 1 : 0,
                           attrs->post_top_n > 0 ? attrs->post_top_n : -1};
  float *out = (float *)r->call->outputs[0].data + 4 * r->rows;
  float *score = (float *)r->call->outputs[1].data + r->rows;
  int64_t count = collect(r, n), kept = 0;
  for (int64_t i = 0; i < count; i++) {
    float *box = r->boxes + 4 * kept;
    decode(r, n, r->list[i].index, box);
    clip(box, size, attrs->pixel_offset ? 1 : 0);
    if (is_large(attrs, box, size)) {
      r->list[kept] = (scull_candidate_t){r->list[i].score, kept};
      kept++;
    }
  }
  if (kept == 0) {
    memset(out, 0, 4 * sizeof *out);
    *score = 0;
    return 1;
  }
  if (attrs->threshold > 0)
    kept = scull_ops_nms(&nms, r->boxes, 4, 4, r->list, kept);
  else if (nms.limit >= 0 && kept > nms.limit)
    kept = nms.limit;
  for (int64_t i = 0; i < kept; i++) {
    memcpy(out + 4 * i, r->boxes + 4 * r->list[i].index, 4 * sizeof *out);
    score[i] = r->list[i].score;
  }
  return kept;
}

static scull_status_t reference(const scull_op_call_t *call) {
  run_t r = {.call = call, .list = call->scratch};
  r.boxes = (float *)(r.list + count_of(call));
  for (int64_t n = 0; n < call->inputs[SCORES].type.shape.dim[0]; n++) {
    int64_t count = run_picture(&r, n);
    if (call->output_count > 2)
      ((int32_t *)call->outputs[2].data)[n] = (int32_t)count;
    r.rows += count;
  }
  call->outputs[0].type.shape.dim[0] = r.rows;
  call->outputs[1].type.shape.dim[0] = r.rows;
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  return scull_ops_scratch_of(count_of(call), sizeof(scull_candidate_t) + 4 * sizeof(float));
}

const scull_opdef_t scull_opdef_generate_proposals = {
    .name = "generate_proposals",
    .inputs_min = 5,
    .inputs_max = 5,
    .outputs_min = 2,
    .outputs_max = 3,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_generate_proposals_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
