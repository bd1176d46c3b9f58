/* distribute_fpn_proposals: regions [R,4], how many each picture has (i32 [N])? -> L lists of
 * regions, one a level of a pyramid of maps, small ones first; where each region of the input is in
 * the lists one behind the other (i32 [R,1]); L lists of how many each picture has of a level (i32
 * [N], or [1]). A region's level is that of its size. How many of each level is known after the
 * run. */
#include "ops/distribute_fpn_proposals.h"

#include <math.h>
#include <string.h>

#include "ops/boxes.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_distribute_fpn_proposals_attrs_t, INT, min_level, "2"),
    SCULL_FIELD(scull_distribute_fpn_proposals_attrs_t, INT, max_level, "5"),
    SCULL_FIELD(scull_distribute_fpn_proposals_attrs_t, INT, refer_level, "4"),
    SCULL_FIELD(scull_distribute_fpn_proposals_attrs_t, INT, refer_scale, "224"),
    SCULL_FIELD(scull_distribute_fpn_proposals_attrs_t, BOOL, pixel_offset, "true"),
};

enum { MAX_LEVELS = 16 };

static int64_t levels_of(const scull_op_call_t *call) {
  const scull_distribute_fpn_proposals_attrs_t *attrs = call->attrs;
  return attrs->max_level - attrs->min_level + 1;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_distribute_fpn_proposals_attrs_t *attrs = call->attrs;
  const scull_shape_t *rois = &call->inputs[0].type.shape;
  bool counted = scull_ops_has_input(call, 1);
  if (attrs->min_level < 0 || attrs->max_level > 64 || attrs->max_level < attrs->min_level ||
      levels_of(call) > MAX_LEVELS || attrs->refer_scale < 1)
    return scull_ops_fail(call, "levels %lld to %lld of a scale of %lld",
                          (long long)attrs->min_level, (long long)attrs->max_level,
                          (long long)attrs->refer_scale);
  int64_t levels = levels_of(call);
  SCULL_TRY(scull_ops_check_f32(call, 1));
  if (rois->rank != 2 || rois->dim[1] != 4)
    return scull_ops_fail(call, "regions must be [R,4]");
  if (counted &&
      (call->inputs[1].type.dtype != SCULL_DTYPE_I32 || call->inputs[1].type.shape.rank != 1))
    return scull_ops_fail(call, "counts must be i32[N]");
  if (call->output_count != (size_t)(2 * levels + 1))
    return scull_ops_fail(call, "%zu outputs for %lld levels", call->output_count,
                          (long long)levels);
  for (int64_t i = 0; i < levels; i++) {
    call->outputs[i].type = call->inputs[0].type;
    scull_ops_open(call, (size_t)i, 0);
    call->outputs[levels + 1 + i].type =
        (scull_type_t){SCULL_DTYPE_I32, {1, {counted ? call->inputs[1].type.shape.dim[0] : 1}}};
  }
  call->outputs[levels].type = (scull_type_t){SCULL_DTYPE_I32, {2, {rois->dim[0], 1}}};
  return SCULL_OK;
}

static int64_t level_of(const scull_distribute_fpn_proposals_attrs_t *attrs, const float *box) {
  float offset = attrs->pixel_offset ? 1 : 0, area = 0;
  if (!(box[2] < box[0] || box[3] < box[1]))
    area = (box[2] - box[0] + offset) * (box[3] - box[1] + offset);
  float level =
      floorf(log2f(sqrtf(area) / (float)attrs->refer_scale + 1e-6f) + (float)attrs->refer_level);
  if (!(level > (float)attrs->min_level))
    return 0;
  return level > (float)attrs->max_level ? attrs->max_level - attrs->min_level
                                         : (int64_t)level - attrs->min_level;
}

/* How many regions picture n has. */
static int64_t regions_of(const scull_op_call_t *call, int64_t n) {
  return scull_ops_has_input(call, 1) ? ((const int32_t *)call->inputs[1].data)[n]
                                      : call->inputs[0].type.shape.dim[0];
}

static scull_status_t reference(const scull_op_call_t *call) {
  const float *rois = call->inputs[0].data;
  int64_t levels = levels_of(call), rows = call->inputs[0].type.shape.dim[0], first = 0;
  int64_t filled[MAX_LEVELS] = {0}, begin[MAX_LEVELS] = {0};
  int64_t pictures = call->outputs[levels + 1].type.shape.dim[0];
  int32_t *restore = call->outputs[levels].data, *level = call->scratch;
  for (int64_t n = 0; n < pictures; n++) {
    int64_t count = regions_of(call, n);
    if (count < 0 || count > rows - first)
      return scull_ops_fail(call, "picture %lld has %lld regions", (long long)n, (long long)count);
    for (int64_t l = 0; l < levels; l++)
      ((int32_t *)call->outputs[levels + 1 + l].data)[n] = 0;
    for (int64_t r = first; r < first + count; r++) {
      int64_t l = level_of(call->attrs, rois + 4 * r);
      level[r] = (int32_t)l;
      restore[r] = (int32_t)filled[l];
      memcpy((float *)call->outputs[l].data + 4 * filled[l]++, rois + 4 * r, 4 * sizeof *rois);
      ((int32_t *)call->outputs[levels + 1 + l].data)[n]++;
    }
    first += count;
  }
  if (first != rows)
    return scull_ops_fail(call, "%lld regions are of no picture", (long long)(rows - first));
  for (int64_t l = 0; l < levels; l++) {
    begin[l] = l == 0 ? 0 : begin[l - 1] + filled[l - 1];
    call->outputs[l].type.shape.dim[0] = filled[l];
  }
  for (int64_t r = 0; r < rows; r++)
    restore[r] += (int32_t)begin[level[r]];
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  return scull_ops_scratch_of(call->inputs[0].type.shape.dim[0], sizeof(int32_t));
}

const scull_opdef_t scull_opdef_distribute_fpn_proposals = {
    .name = "distribute_fpn_proposals",
    .inputs_min = 1,
    .inputs_max = 2,
    .outputs_min = 3,
    .outputs_max = 2 * MAX_LEVELS + 1,
    .traits = SCULL_OP_DATA_SHAPE,
    .attrs = SCULL_SCHEMA(scull_distribute_fpn_proposals_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .scratch = scratch};
