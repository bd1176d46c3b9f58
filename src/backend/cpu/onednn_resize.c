/* Resizing by oneDNN's resampling, nearest and linear. Its coordinates are half-pixel ones computed
 * from the two sizes; whether that is our rule is not argued but computed: the taps of every output
 * index are compared. Floor: bytes read plus bytes written at memory speed. */
#include <math.h>

#include "backend/cpu/onednn.h"
#include "ops/resize.h"

/* oneDNN's position of output `d`, as it computes it. */
static float position(const scull_resize_axis_t *axis, int64_t d) {
  return ((float)d + 0.5f) * (float)axis->in / (float)axis->out - 0.5f;
}

static bool same_nearest(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                         int64_t d) {
  int64_t index[SCULL_RESIZE_MAX_TAPS];
  double weight[SCULL_RESIZE_MAX_TAPS];
  scull_ops_resize_taps(attrs, axis, d, index, weight);
  return index[0] == (int64_t)roundf(position(axis, d));
}

/* Two taps stand for one value: compared by where they are and how much they weigh. */
static bool same_linear(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis,
                        int64_t d) {
  int64_t index[SCULL_RESIZE_MAX_TAPS];
  double weight[SCULL_RESIZE_MAX_TAPS], limit = (double)(axis->in - 1);
  scull_ops_resize_taps(attrs, axis, d, index, weight);
  double ours = weight[0] * (double)index[0] + weight[1] * (double)index[1];
  double theirs = (double)position(axis, d);
  theirs = theirs < 0 ? 0 : theirs > limit ? limit : theirs;
  return fabs(ours - theirs) < 1e-5 * (1 + limit) / 64;
}

static bool same_rule(const scull_site_t *site) {
  scull_tensor_t inputs[2], outputs[1];
  scull_op_call_t call;
  scull_resize_geometry_t g;
  const scull_resize_attrs_t *attrs = site->ops[0].attrs;
  if (attrs->mode == SCULL_RESIZE_CUBIC || attrs->coords == SCULL_COORDS_CROP ||
      scull_ops_resize_is_wide(attrs) || attrs->exclude_outside ||
      !scull_backend_site_call(site, 0, inputs, 2, outputs, 1, &call) ||
      scull_ops_resize_geometry(&call, &g) != SCULL_OK)
    return false;
  for (int32_t i = 0; i < g.spatial; i++) {
    for (int64_t d = 0; d < g.axis[i].out; d++) {
      if (attrs->mode == SCULL_RESIZE_NEAREST ? !same_nearest(attrs, &g.axis[i], d)
                                              : !same_linear(attrs, &g.axis[i], d))
        return false;
    }
  }
  return true;
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_resize_attrs_t *attrs = op->attrs;
  recipe->parameters.algorithm =
      attrs->mode == SCULL_RESIZE_NEAREST ? dnnl_resampling_nearest : dnnl_resampling_linear;
  return same_rule(site) &&
         scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_SRC, op->inputs[0]) &&
         scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, op->outputs[0]);
}

static const char *check(const scull_site_t *site) {
  const scull_resize_attrs_t *attrs = site->ops[0].attrs;
  if (attrs->mode == SCULL_RESIZE_CUBIC)
    return "oneDNN has no cubic resampling";
  return same_rule(site) ? NULL : "the coordinates are not oneDNN's";
}

static const scull_onednn_family_t resize_family = {.pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_INT8,
                                                    .check = check,
                                                    .describe = describe,
                                                    .begin = scull_onednn_begin_resampling};
static const char *const resize_anchors[] = {"resize", NULL};

SCULL_ONEDNN_TACTIC_UNPACKED(resize, "resize", .precisions = SCULL_ONEDNN_IN_ALL, .alias = NULL);
