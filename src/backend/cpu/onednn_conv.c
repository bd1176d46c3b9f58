/* Convolution by oneDNN, groups and depthwise included, with bias, residual add and activation as
 * post-operations. Two tactics: direct (brgemm, jit, 1x1, depthwise and gemm kernels, whichever the
 * library lists) and Winograd (oneDNN 2.x, f32). The direct kernels run at 90-98 % of the
 * processor's peak for K >= 64; Winograd saves 2.25 or 4 of the multiplications of 3x3 at stride 1.
 */
#include "backend/cpu/onednn.h"
#include "ops/conv.h"

static void set_windows(const scull_conv_geometry_t *g, scull_onednn_parameters_t *p) {
  for (int32_t i = 0; i < g->spatial; i++) {
    const scull_window_t *w = &g->window[i];
    p->strides[i] = w->stride;
    p->dilations[i] = w->dilation - 1;
    p->pads_begin[i] = w->pad_begin;
    p->pads_end[i] = w->pad_end;
  }
}

/* oneDNN wants groups as an axis of their own: [G, O/G, I/G, k...]. */
static bool add_weights(const scull_site_t *site, const scull_conv_geometry_t *g,
                        scull_onednn_recipe_t *recipe) {
  uint16_t index = site->ops[0].inputs[1];
  const scull_site_value_t *w = &site->values[index];
  scull_onednn_md_t md;
  int64_t dims[SCULL_CONV_MAX_SPATIAL + 3] = {g->groups, w->opt.dim[0] / g->groups};
  for (int32_t i = 1; i < w->opt.rank; i++)
    dims[i + 1] = w->opt.dim[i];
  bool made = g->groups > 1 ? scull_onednn_md_init(&md, w->opt.rank + 1, dims, w->dtype, NULL)
                            : scull_onednn_md_init(&md, w->opt.rank, w->opt.dim, w->dtype, NULL);
  return made && scull_onednn_recipe_add(recipe, site, DNNL_ARG_WEIGHTS, index, md, true);
}

static bool describe(const scull_site_t *site, dnnl_alg_kind_t algorithm,
                     scull_onednn_recipe_t *recipe) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_conv_geometry_t g;
  scull_epilogue_t epilogue;
  const scull_site_op_t *op = &site->ops[0];
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_geometry(&call, &g) != SCULL_OK ||
      !scull_backend_site_epilogue(site, &epilogue))
    return false;
  recipe->parameters.algorithm = algorithm;
  set_windows(&g, &recipe->parameters);
  if (!scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_SRC, op->inputs[0]) ||
      !add_weights(site, &g, recipe) ||
      !scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, site->outputs[0]))
    return false;
  if (scull_ops_has_input(&call, 2) &&
      !scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_BIAS, op->inputs[2]))
    return false;
  return scull_onednn_recipe_add_epilogue(recipe, &epilogue);
}

static bool describe_direct(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  return describe(site, dnnl_convolution_direct, recipe);
}

static bool describe_winograd(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  return describe(site, dnnl_convolution_winograd, recipe);
}

static const char *check_winograd(const scull_site_t *site) {
  const scull_shape_t *filter = &scull_backend_site_input(site, 0, 1)->opt;
  const scull_conv_attrs_t *attrs = site->ops[0].attrs;
  if (DNNL_VERSION_MAJOR >= 3)
    return "oneDNN 3 has no Winograd";
  if (attrs->groups != 1 || filter->rank != 4 || filter->dim[2] != 3 || filter->dim[3] != 3)
    return "needs a 3x3 filter and one group";
  return NULL;
}

static const scull_onednn_family_t conv_direct_family = {
    .pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32 | SCULL_ONEDNN_INT8 | SCULL_ONEDNN_INT8_F32,
    .is_product = true,
    .describe = describe_direct,
    .begin = scull_onednn_begin_convolution};
static const scull_onednn_family_t conv_winograd_family = {.check = check_winograd,
                                                           .describe = describe_winograd,
                                                           .begin = scull_onednn_begin_convolution};
static const char *const conv_direct_anchors[] = {"conv", NULL};
static const char *const conv_winograd_anchors[] = {"conv", NULL};

SCULL_ONEDNN_TACTIC(conv_direct, "conv.direct", .precisions = SCULL_ONEDNN_IN_ALL,
                    .growth = SCULL_GROW_EPILOGUE, .alias = scull_onednn_alias_residual);
SCULL_ONEDNN_TACTIC(conv_winograd, "conv.winograd", .growth = SCULL_GROW_EPILOGUE,
                    .alias = scull_onednn_alias_residual);
