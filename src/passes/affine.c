/* Reading batch norms and arithmetic with constants as affine maps of channels. All in double:
 * rounding to f32 happens once, where a folded constant is stored. */
#include "passes/affine.h"

#include <math.h>

#include "ops/batch_norm.h"
#include "ops/scale.h"

static void fill(double *data, int64_t count, double value) {
  for (int64_t i = 0; i < count; i++)
    data[i] = value;
}

/* Element of channel `c` in a constant that broadcasts against `rank` dims and has an extent other
 * than 1 at `axis` only; false when it is of another kind. */
static bool varies_along(const scull_graph_t *graph, scull_value_id_t id, int32_t rank,
                         int32_t axis, int64_t channels, int64_t *step) {
  const scull_value_t *v = scull_graph_value(graph, id);
  const scull_shape_t *shape = &v->shape[0];
  if (v->data == NULL || shape->rank > rank)
    return false;
  *step = 0;
  for (int32_t i = 0; i < shape->rank; i++) {
    if (shape->dim[i] == 1)
      continue;
    if (i + rank - shape->rank != axis || shape->dim[i] != channels)
      return false;
    *step = 1;
  }
  return true;
}

/* --- the kinds of nodes ---------------------------------------------------------------------- */

static bool read_batch_norm(const scull_graph_t *graph, const scull_node_t *node, int32_t axis,
                            scull_affine_t *out) {
  const scull_batch_norm_attrs_t *attrs = node->attrs;
  if (axis != 1)
    return false;
  for (size_t i = 1; i < 5; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    if (v->data == NULL || scull_tensor_count(&v->shape[0]) != out->channels)
      return false;
  }
  for (int64_t c = 0; c < out->channels; c++) {
    double variance = scull_graph_constant_at(graph, node->inputs[4], c);
    double mean = scull_graph_constant_at(graph, node->inputs[3], c);
    out->scale[c] =
        scull_graph_constant_at(graph, node->inputs[1], c) / sqrt(variance + attrs->epsilon);
    out->bias[c] = scull_graph_constant_at(graph, node->inputs[2], c) - mean * out->scale[c];
  }
  out->x = node->inputs[0];
  return true;
}

static bool read_scale(const scull_node_t *node, scull_affine_t *out) {
  const scull_scale_attrs_t *attrs = node->attrs;
  fill(out->scale, out->channels, attrs->scale);
  fill(out->bias, out->channels, attrs->bias);
  out->x = node->inputs[0];
  return true;
}

/* x op k, or k op x when `swapped`. */
static void apply_constant(const scull_opdef_t *op, double k, bool swapped, double *scale,
                           double *bias) {
  if (op == &scull_opdef_mul)
    *scale = k;
  else if (op == &scull_opdef_div)
    *scale = 1 / k;
  else if (op == &scull_opdef_add)
    *bias = k;
  else
    *bias = swapped ? k : -k;
  if (op == &scull_opdef_sub && swapped)
    *scale = -1;
}

static bool read_arithmetic(const scull_graph_t *graph, const scull_node_t *node, int32_t axis,
                            scull_affine_t *out) {
  int32_t rank = scull_graph_value(graph, node->outputs[0])->shape[0].rank;
  for (size_t side = 0; side < 2; side++) {
    scull_value_id_t x = node->inputs[side], k = node->inputs[1 - side];
    int64_t step = 0;
    if (!varies_along(graph, k, rank, axis, out->channels, &step) ||
        !scull_passes_same_type(graph, x, node->outputs[0]) ||
        (node->op == &scull_opdef_div && side == 1))
      continue;
    fill(out->scale, out->channels, 1);
    fill(out->bias, out->channels, 0);
    for (int64_t c = 0; c < out->channels; c++)
      apply_constant(node->op, scull_graph_constant_at(graph, k, step * c), side == 1,
                     &out->scale[c], &out->bias[c]);
    out->x = x;
    return true;
  }
  return false;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool is_arithmetic(const scull_node_t *node) {
  return node->op == &scull_opdef_mul || node->op == &scull_opdef_add ||
         node->op == &scull_opdef_sub || node->op == &scull_opdef_div;
}

static bool is_candidate(const scull_node_t *node) {
  return node->op == &scull_opdef_batch_norm || node->op == &scull_opdef_scale ||
         is_arithmetic(node);
}

/* Sets the flags; false when a number is not finite. */
static bool look(scull_affine_t *affine) {
  affine->scales = affine->shifts = affine->varies = false;
  for (int64_t c = 0; c < affine->channels; c++) {
    if (!isfinite((float)affine->scale[c]) || !isfinite((float)affine->bias[c]))
      return false;
    affine->scales = affine->scales || affine->scale[c] != 1;
    affine->shifts = affine->shifts || affine->bias[c] != 0;
    affine->varies = affine->varies || affine->scale[c] != affine->scale[0] ||
                     affine->bias[c] != affine->bias[0];
  }
  return true;
}

scull_status_t scull_passes_affine_read(scull_graph_t *graph, const scull_node_t *node,
                                        int32_t axis, scull_affine_t *out, bool *is) {
  *is = false;
  if (!is_candidate(node))
    return SCULL_OK;
  const scull_value_t *y = scull_graph_value(graph, node->outputs[0]);
  if (y->dtype != SCULL_DTYPE_F32 || !scull_tensor_axis(axis, y->shape[0].rank, &axis) ||
      !scull_passes_fixed_dim(graph, node->outputs[0], axis))
    return SCULL_OK;
  *out = (scull_affine_t){.channels = y->shape[0].dim[axis]};
  out->scale = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)out->channels);
  out->bias = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)out->channels);
  if (out->scale == NULL || out->bias == NULL)
    return scull_base_fail_memory(graph->diag, "an affine map");
  if (node->op == &scull_opdef_batch_norm)
    *is = read_batch_norm(graph, node, axis, out);
  else if (node->op == &scull_opdef_scale)
    *is = read_scale(node, out);
  else
    *is = read_arithmetic(graph, node, axis, out);
  *is = *is && !scull_graph_is_constant(graph, out->x) && look(out);
  return SCULL_OK;
}

void scull_passes_affine_compose(const scull_affine_t *before, scull_affine_t *after) {
  for (int64_t c = 0; c < after->channels; c++) {
    after->bias[c] += after->scale[c] * before->bias[c];
    after->scale[c] *= before->scale[c];
  }
  after->x = before->x;
  (void)look(after);
}

scull_status_t scull_passes_add_vector(scull_graph_t *graph, const char *name, const double *data,
                                       int64_t channels, scull_value_id_t *out) {
  float *copy = SCULL_ARENA_ARRAY(&graph->arena, float, (size_t)channels);
  if (copy == NULL)
    return scull_base_fail_memory(graph->diag, name);
  for (int64_t i = 0; i < channels; i++)
    copy[i] = (float)data[i];
  const scull_shape_t shape = {.rank = 1, .dim = {channels}};
  return scull_passes_add_f32(graph, name, &shape, copy, out);
}
