/* Transposed convolution by oneDNN's deconvolution, with bias, residual add and activation. It runs
 * the kernels of convolution's backward pass, at about the speed of the forward one. */
#include "backend/cpu/onednn.h"
#include "ops/conv_transpose.h"

/* `in` of a window is an extent of the result, `out` one of the source. The end padding follows
 * from both: output padding is in it. */
static bool set_windows(const scull_conv_transpose_geometry_t *g, scull_onednn_parameters_t *p) {
  for (int32_t i = 0; i < g->spatial; i++) {
    const scull_window_t *w = &g->window[i];
    p->strides[i] = w->stride;
    p->dilations[i] = w->dilation - 1;
    p->pads_begin[i] = w->pad_begin;
    p->pads_end[i] =
        (w->out - 1) * w->stride + w->dilation * (w->kernel - 1) + 1 - w->pad_begin - w->in;
  }
  return true;
}

/* Ours is [G * I/G, O/G, k...]; theirs [G, O/G, I/G, k...] over the same bytes. */
static bool add_weights(const scull_site_t *site, const scull_conv_transpose_geometry_t *g,
                        scull_onednn_recipe_t *recipe) {
  uint16_t index = site->ops[0].inputs[1];
  const scull_site_value_t *w = &site->values[index];
  int64_t in = g->in_channels / g->groups, out = g->out_channels / g->groups, taps = 1;
  int64_t dims[SCULL_CONV_TRANSPOSE_MAX_SPATIAL + 3] = {g->groups, out, in};
  int64_t strides[SCULL_CONV_TRANSPOSE_MAX_SPATIAL + 3];
  int rank = g->spatial + 3, skip = g->groups > 1 ? 0 : 1;
  scull_onednn_md_t md;
  for (int32_t i = g->spatial - 1; i >= 0; i--) {
    dims[3 + i] = w->opt.dim[2 + i];
    strides[3 + i] = taps;
    taps *= dims[3 + i];
  }
  strides[0] = in * out * taps;
  strides[1] = taps;
  strides[2] = out * taps;
  return scull_onednn_md_init(&md, rank - skip, dims + skip, w->dtype, strides + skip) &&
         scull_onednn_recipe_add(recipe, site, DNNL_ARG_WEIGHTS, index, md, true);
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  scull_conv_transpose_geometry_t g;
  scull_epilogue_t epilogue;
  const scull_site_op_t *op = &site->ops[0];
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_transpose_geometry(&call, &g) != SCULL_OK ||
      !scull_backend_site_epilogue(site, &epilogue))
    return false;
  recipe->parameters.algorithm = dnnl_deconvolution_direct;
  if (!set_windows(&g, &recipe->parameters) ||
      !scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_SRC, op->inputs[0]) ||
      !add_weights(site, &g, recipe) ||
      !scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, site->outputs[0]))
    return false;
  if (scull_ops_has_input(&call, 2) &&
      !scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_BIAS, op->inputs[2]))
    return false;
  return scull_onednn_recipe_add_epilogue(recipe, &epilogue);
}

static const scull_onednn_family_t deconv_family = {.pairs =
                                                        SCULL_ONEDNN_BF16 | SCULL_ONEDNN_BF16_F32,
                                                    .describe = describe,
                                                    .begin = scull_onednn_begin_deconvolution};
static const char *const deconv_anchors[] = {"conv_transpose", NULL};

SCULL_ONEDNN_TACTIC(deconv, "deconv", .precisions = SCULL_ONEDNN_IN_BF16,
                    .growth = SCULL_GROW_EPILOGUE, .alias = scull_onednn_alias_residual);
