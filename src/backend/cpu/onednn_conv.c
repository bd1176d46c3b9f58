/* Convolution by oneDNN, groups and depthwise included, with bias, residual add and activation as
 * post-operations. Two tactics: direct (brgemm, jit, 1x1, depthwise and gemm kernels, whichever the
 * library lists) and Winograd (oneDNN 2.x, f32). The direct kernels run at 90-98 % of the
 * processor's peak for K >= 64; Winograd saves 2.25 or 4 of the multiplications of 3x3 at stride 1.
 */
#include "backend/cpu/onednn.h"
#include "ops/conv.h"

enum { DIRECT = 0, WINOGRAD = 1 }; /* knob 3 */

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

static bool describe(const scull_site_t *site, const scull_config_t *config,
                     scull_onednn_recipe_t *recipe) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_conv_geometry_t g;
  scull_epilogue_t epilogue;
  const scull_site_op_t *op = &site->ops[0];
  if (!scull_backend_site_call(site, 0, inputs, outputs, 4, &call) ||
      scull_ops_conv_geometry(&call, &g) != SCULL_OK ||
      !scull_backend_site_epilogue(site, &epilogue))
    return false;
  recipe->parameters.algorithm = config != NULL && config->knob[3] == WINOGRAD
                                     ? dnnl_convolution_winograd
                                     : dnnl_convolution_direct;
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

static const scull_onednn_family_t conv_family = {.describe = describe,
                                                  .begin = scull_onednn_begin_convolution};

static const char *refuse_direct(const scull_site_t *site, const scull_device_t *device) {
  scull_epilogue_t epilogue;
  if (!scull_backend_site_epilogue(site, &epilogue))
    return "takes a residual add and one activation behind the convolution";
  return scull_onednn_refuse(&conv_family, site, device, DIRECT);
}

static size_t configs_direct(const scull_site_t *site, const scull_device_t *device,
                             scull_config_t *out, size_t room) {
  return scull_onednn_configs(&conv_family, site, device, DIRECT, out, room);
}

static const char *refuse_winograd(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *filter = scull_backend_site_input(site, 0, 1);
  const scull_conv_attrs_t *attrs = site->ops[0].attrs;
  scull_epilogue_t epilogue;
  if (DNNL_VERSION_MAJOR >= 3)
    return "oneDNN 3 has no Winograd";
  if (attrs->groups != 1 || filter->opt.rank != 4 || filter->opt.dim[2] != 3 ||
      filter->opt.dim[3] != 3)
    return "needs a 3x3 filter and one group";
  if (!scull_backend_site_epilogue(site, &epilogue))
    return "takes a residual add and one activation behind the convolution";
  return scull_onednn_refuse(&conv_family, site, device, WINOGRAD);
}

static size_t configs_winograd(const scull_site_t *site, const scull_device_t *device,
                               scull_config_t *out, size_t room) {
  return scull_onednn_configs(&conv_family, site, device, WINOGRAD, out, room);
}

SCULL_ONEDNN_SLOTS(conv)

static const char *const anchors[] = {"conv", NULL};

#define CONV_TACTIC(kind, level)                                                                   \
  const scull_tactic_t scull_tactic_cpu_onednn_conv_##kind = {.name = "cpu.onednn.conv." #kind,    \
                                                              .version = level,                    \
                                                              .anchors = anchors,                  \
                                                              .growth = SCULL_GROW_EPILOGUE,       \
                                                              .refuse = refuse_##kind,             \
                                                              .configs = configs_##kind,           \
                                                              .pack_size = conv_pack_size,         \
                                                              .pack = conv_pack,                   \
                                                              .prepare = conv_prepare,             \
                                                              .enqueue = scull_onednn_enqueue,     \
                                                              .release = scull_onednn_release,     \
                                                              .alias =                             \
                                                                  scull_onednn_alias_residual}

CONV_TACTIC(direct, 1);
CONV_TACTIC(winograd, 1);
