/* collect_fpn_proposals: L lists of regions [R,4], L of their scores [R,1] and L of how many each
 * picture has (i32 [N]) -> the regions with the best scores of all, picture by picture, best first,
 * and how many each picture has (i32 [N]). How many is known after the run. */
#include "ops/collect_fpn_proposals.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "ops/boxes.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_collect_fpn_proposals_attrs_t, INT, levels, "1"),
    SCULL_FIELD(scull_collect_fpn_proposals_attrs_t, INT, top_n, "1000"),
};

static int64_t total_of(const scull_op_call_t *call) {
  const scull_collect_fpn_proposals_attrs_t *attrs = call->attrs;
  int64_t total = 0;
  for (int64_t l = 0; l < attrs->levels; l++)
    total += call->inputs[l].type.shape.dim[0];
  return total;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_collect_fpn_proposals_attrs_t *attrs = call->attrs;
  int64_t levels = attrs->levels;
  if (levels < 1 || levels > 64 || call->input_count != 3 * (size_t)levels || attrs->top_n < 0)
    return scull_ops_fail(call, "%zu inputs for %lld levels, the best %lld", call->input_count,
                          (long long)levels, (long long)attrs->top_n);
  SCULL_TRY(scull_ops_check_f32(call, 2 * (size_t)levels));
  for (int64_t l = 0; l < levels; l++) {
    const scull_shape_t *rois = &call->inputs[l].type.shape;
    const scull_type_t *counts = &call->inputs[2 * levels + l].type;
    if (rois->rank != 2 || rois->dim[1] != 4 ||
        scull_tensor_count(&call->inputs[levels + l].type.shape) != rois->dim[0])
      return scull_ops_fail(call, "level %lld must have regions [R,4] and as many scores",
                            (long long)l);
    if (counts->dtype != SCULL_DTYPE_I32 || counts->shape.rank != 1)
      return scull_ops_fail(call, "counts of level %lld must be i32[N]", (long long)l);
  }
  int64_t rows = total_of(call);
  rows = rows > attrs->top_n ? attrs->top_n : rows;
  call->outputs[0].type = (scull_type_t){SCULL_DTYPE_F32, {2, {rows, 4}}};
  scull_ops_open(call, 0, 0);
  if (call->output_count > 1)
    call->outputs[1].type = call->inputs[2 * levels].type;
  return SCULL_OK;
}

/* A region: where it is, and whose. */
typedef struct {
  const float *box;
  int64_t picture, place; /* place: in the order of all lists, then among the best */
  float score;
} region_t;

static int compare_score(const void *a, const void *b) {
  const region_t *x = a, *y = b;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static int compare_picture(const void *a, const void *b) {
  const region_t *x = a, *y = b;
  if (x->picture != y->picture)
    return x->picture < y->picture ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static scull_status_t collect(const scull_op_call_t *call, region_t *list, int64_t *total) {
  const scull_collect_fpn_proposals_attrs_t *attrs = call->attrs;
  for (int64_t l = 0; l < attrs->levels; l++) {
    const scull_tensor_t *counts = &call->inputs[2 * attrs->levels + l];
    const float *boxes = call->inputs[l].data, *scores = call->inputs[attrs->levels + l].data;
    int64_t rows = call->inputs[l].type.shape.dim[0], r = 0;
    if (counts->type.shape.dim[0] != call->inputs[2 * attrs->levels].type.shape.dim[0])
      return scull_ops_fail(call, "levels differ in the number of pictures");
    for (int64_t n = 0; n < counts->type.shape.dim[0]; n++) {
      int64_t count = ((const int32_t *)counts->data)[n];
      if (count < 0 || count > rows - r)
        return scull_ops_fail(call, "picture %lld has %lld regions of level %lld", (long long)n,
                              (long long)count, (long long)l);
      for (int64_t end = r + count; r < end; r++) {
        float score = scores[r] == scores[r] ? scores[r] : -3.4e38f; /* NaN is the least */
        list[*total] = (region_t){boxes + 4 * r, n, *total, score};
        ++*total;
      }
    }
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_collect_fpn_proposals_attrs_t *attrs = call->attrs;
  region_t *list = call->scratch;
  int64_t total = 0;
  float *y = call->outputs[0].data;
  SCULL_TRY(collect(call, list, &total));
  if (total > 1)
    qsort(list, (size_t)total, sizeof *list, compare_score);
  total = total > attrs->top_n ? attrs->top_n : total;
  for (int64_t i = 0; i < total; i++)
    list[i].place = i;
  if (total > 1)
    qsort(list, (size_t)total, sizeof *list, compare_picture);
  int32_t *counts = call->output_count > 1 ? call->outputs[1].data : NULL;
  if (counts != NULL)
    memset(counts, 0, scull_tensor_bytes(&call->outputs[1].type));
  for (int64_t i = 0; i < total; i++) {
    memcpy(y + 4 * i, list[i].box, 4 * sizeof *y);
    if (counts != NULL)
      counts[list[i].picture]++;
  }
  call->outputs[0].type.shape.dim[0] = total;
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  return scull_ops_scratch_of(total_of(call), sizeof(region_t));
}

const scull_opdef_t scull_opdef_collect_fpn_proposals = {
    .name = "collect_fpn_proposals",
    .inputs_min = 3,
    .inputs_max = 192,
    .outputs_min = 1,
    .outputs_max = 2,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_collect_fpn_proposals_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
