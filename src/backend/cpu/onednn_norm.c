/* Normalizations by oneDNN: softmax and log_softmax, layer_norm, batch_norm with given statistics
 * (where it could not be folded), lrn. Each passes over its input two or three times out of cache:
 * the floor is one read and one write at memory speed. */
#include <string.h>

#include "backend/cpu/onednn.h"
#include "ops/batch_norm.h"
#include "ops/layer_norm.h"
#include "ops/lrn.h"
#include "ops/softmax.h"

static bool add_rows(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                     uint16_t value, int rank, const int64_t *dims) {
  scull_onednn_md_t md;
  return scull_onednn_md_init(&md, rank, dims, scull_backend_site_stored(&site->values[value]),
                              NULL) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, false);
}

/* --- softmax ---------------------------------------------------------------------------------- */

/* In memory order the tensor is [outer, axis, inner]; the fast kernels want inner to be 1. */
static bool describe_softmax(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_softmax_attrs_t *attrs = op->attrs;
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  int32_t order[SCULL_MAX_RANK], axis = 0, at = 0;
  int64_t dims[3] = {1, 1, 1};
  if (x->layout != y->layout || !scull_onednn_is_dense(x) || !scull_onednn_is_dense(y) ||
      !scull_tensor_axis(attrs->axis, x->opt.rank, &axis) || !scull_onednn_order(x, order))
    return false;
  while (order[at] != axis)
    at++;
  for (int32_t i = 0; i < x->opt.rank; i++)
    dims[i < at ? 0 : i == at ? 1 : 2] *= x->opt.dim[order[i]];
  int rank = dims[2] == 1 ? 2 : 3;
  recipe->parameters.axis = 1;
  bool logarithm = strcmp(op->def->name, "log_softmax") == 0;
  recipe->parameters.algorithm = logarithm ? dnnl_softmax_log : dnnl_softmax_accurate;
  return add_rows(recipe, site, DNNL_ARG_SRC, op->inputs[0], rank, dims) &&
         add_rows(recipe, site, DNNL_ARG_DST, op->outputs[0], rank, dims);
}

static const scull_onednn_family_t softmax_family = {.pairs =
                                                         SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32,
                                                     .describe = describe_softmax,
                                                     .begin = scull_onednn_begin_softmax};

/* Statistics, scales and shifts are f32 whatever the rows are. */
static bool parameters_fit(const scull_site_t *site) {
  for (size_t i = 1; i < site->ops[0].input_count; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    if (v != NULL && v->as != SCULL_AS_MODEL)
      return false;
  }
  return true;
}

/* --- layer_norm ------------------------------------------------------------------------------- */

static bool describe_layer_norm(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_layer_norm_attrs_t *attrs = op->attrs;
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  const scull_site_value_t *scale = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *shift = scull_backend_site_input(site, 0, 2);
  int64_t dims[2] = {1, 1};
  int32_t axis = 0;
  if (!parameters_fit(site) || x->layout != SCULL_LAYOUT_PLAIN || y->layout != SCULL_LAYOUT_PLAIN ||
      !scull_onednn_is_dense(x) || !scull_onednn_is_dense(y) ||
      !scull_tensor_axis(attrs->axis, x->opt.rank, &axis))
    return false;
  for (int32_t i = 0; i < x->opt.rank; i++)
    dims[i < axis ? 0 : 1] *= x->opt.dim[i];
  recipe->parameters.epsilon = (float)attrs->epsilon;
  recipe->parameters.flags = (scale != NULL ? (unsigned)dnnl_use_scale : 0u) |
                             (shift != NULL ? (unsigned)dnnl_use_shift : 0u);
  if (scale != NULL && !add_rows(recipe, site, DNNL_ARG_SCALE, op->inputs[1], 1, dims + 1))
    return false;
  if (shift != NULL && !add_rows(recipe, site, DNNL_ARG_SHIFT, op->inputs[2], 1, dims + 1))
    return false;
  return add_rows(recipe, site, DNNL_ARG_SRC, op->inputs[0], 2, dims) &&
         add_rows(recipe, site, DNNL_ARG_DST, op->outputs[0], 2, dims);
}

static const scull_onednn_family_t layer_norm_family = {.pairs = SCULL_ONEDNN_BF16,
                                                        .describe = describe_layer_norm,
                                                        .begin = scull_onednn_begin_layer_norm};

/* --- batch_norm ------------------------------------------------------------------------------- */

static bool describe_batch_norm(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  static const int args[] = {DNNL_ARG_SRC, DNNL_ARG_SCALE, DNNL_ARG_SHIFT, DNNL_ARG_MEAN,
                             DNNL_ARG_VARIANCE};
  const scull_site_op_t *op = &site->ops[0];
  const scull_batch_norm_attrs_t *attrs = op->attrs;
  const scull_site_value_t *x = &site->values[op->inputs[0]], *y = &site->values[op->outputs[0]];
  if (!parameters_fit(site))
    return false;
  if (x->layout != y->layout || x->opt.rank < 2)
    return false;
  recipe->parameters.epsilon = (float)attrs->epsilon;
  recipe->parameters.flags = dnnl_use_global_stats | dnnl_use_scale | dnnl_use_shift;
  for (size_t i = 0; i < 5; i++) {
    if (!scull_onednn_recipe_add_value(recipe, site, args[i], op->inputs[i]))
      return false;
  }
  return scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, op->outputs[0]);
}

static const scull_onednn_family_t batch_norm_family = {.pairs = SCULL_ONEDNN_BF16,
                                                        .describe = describe_batch_norm,
                                                        .begin = scull_onednn_begin_batch_norm};

/* --- lrn -------------------------------------------------------------------------------------- */

/* oneDNN divides alpha by the size, we do not. */
static bool describe_lrn(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_op_t *op = &site->ops[0];
  const scull_lrn_attrs_t *attrs = op->attrs;
  if (attrs->size % 2 == 0)
    return false; /* its window would be one channel shorter */
  recipe->parameters.algorithm = dnnl_lrn_across_channels;
  recipe->parameters.size = attrs->size;
  recipe->parameters.alpha = (float)(attrs->alpha * (double)attrs->size);
  recipe->parameters.beta = (float)attrs->beta;
  recipe->parameters.k = (float)attrs->k;
  return scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_SRC, op->inputs[0]) &&
         scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, op->outputs[0]);
}

static const scull_onednn_family_t lrn_family = {
    .pairs = SCULL_ONEDNN_BF16, .describe = describe_lrn, .begin = scull_onednn_begin_lrn};

static const char *const softmax_anchors[] = {"softmax", "log_softmax", NULL};
static const char *const layer_norm_anchors[] = {"layer_norm", NULL};
static const char *const batch_norm_anchors[] = {"batch_norm", NULL};
static const char *const lrn_anchors[] = {"lrn", NULL};

SCULL_ONEDNN_TACTIC_UNPACKED(softmax, "softmax", .precisions = SCULL_ONEDNN_IN_BF16,
                             .alias = scull_onednn_alias_first);
SCULL_ONEDNN_TACTIC(layer_norm, "layer_norm", .precisions = SCULL_ONEDNN_IN_BF16, .alias = NULL);
SCULL_ONEDNN_TACTIC(batch_norm, "batch_norm", .precisions = SCULL_ONEDNN_IN_BF16,
                    .alias = scull_onednn_alias_first);
SCULL_ONEDNN_TACTIC_UNPACKED(lrn, "lrn", .precisions = SCULL_ONEDNN_IN_BF16, .alias = NULL);
