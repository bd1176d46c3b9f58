/* Pooling by oneDNN: maximum and average with or without the padding, global ones, and adaptive
 * ones whose bins are all of one size. Floor: bytes read plus bytes written at memory speed. */
#include <string.h>

#include "backend/cpu/onednn.h"
#include "ops/pool.h"

/* The end padding that makes `out` follow from the other sizes: more than asked for where the last
 * window of ceil_mode hangs over. False when oneDNN would count other taps than we do. */
static bool set_axis(const scull_window_t *w, bool counts_padding, int32_t i,
                     scull_onednn_parameters_t *p) {
  int64_t extent = w->dilation * (w->kernel - 1) + 1, last = (w->out - 1) * w->stride;
  p->kernel[i] = w->kernel;
  p->strides[i] = w->stride;
  p->dilations[i] = w->dilation - 1;
  p->pads_begin[i] = w->pad_begin;
  p->pads_end[i] = last + extent - w->pad_begin - w->in;
  if (p->pads_end[i] < 0)
    p->pads_end[i] = 0; /* elements that no window reaches */
  bool hangs_over = last + extent > w->in + w->pad_begin + w->pad_end;
  bool has_empty = last - w->pad_begin >= w->in || extent <= w->pad_begin;
  return !has_empty && !(counts_padding && hangs_over);
}

static bool set_windows(const scull_op_call_t *call, scull_onednn_parameters_t *p) {
  const scull_pool_attrs_t *attrs = call->attrs;
  bool average = strcmp(call->def->name, "avg_pool") == 0;
  scull_pool_geometry_t g;
  bool ok = scull_ops_pool_geometry(call, &g) == SCULL_OK;
  p->algorithm = !average             ? dnnl_pooling_max
                 : attrs->include_pad ? dnnl_pooling_avg_include_padding
                                      : dnnl_pooling_avg_exclude_padding;
  for (int32_t i = 0; ok && i < g.spatial; i++)
    ok = set_axis(&g.window[i], average && attrs->include_pad, i, p);
  return ok;
}

static bool set_bins(const scull_op_call_t *call, scull_onednn_parameters_t *p) {
  const scull_shape_t *x = &call->inputs[0].type.shape, *y = &call->outputs[0].type.shape;
  p->algorithm = strcmp(call->def->name, "adaptive_max_pool") == 0
                     ? dnnl_pooling_max
                     : dnnl_pooling_avg_exclude_padding;
  for (int32_t i = 2; i < x->rank; i++) {
    if (y->dim[i] < 1 || x->dim[i] % y->dim[i] != 0)
      return false;
    p->kernel[i - 2] = p->strides[i - 2] = x->dim[i] / y->dim[i];
  }
  return true;
}

static bool describe(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  scull_tensor_t inputs[1], outputs[1];
  scull_op_call_t call;
  if (!scull_backend_site_call(site, 0, inputs, 1, outputs, 1, &call) ||
      call.inputs[0].type.shape.rank < 3 || call.inputs[0].type.shape.rank > 5)
    return false;
  bool adaptive = strncmp(call.def->name, "adaptive", 8) == 0;
  if (adaptive ? !set_bins(&call, &recipe->parameters) : !set_windows(&call, &recipe->parameters))
    return false;
  return scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_SRC, site->ops[0].inputs[0]) &&
         scull_onednn_recipe_add_value(recipe, site, DNNL_ARG_DST, site->ops[0].outputs[0]);
}

static const scull_onednn_family_t pool_family = {.pairs = SCULL_ONEDNN_BF16 | SCULL_ONEDNN_INT8,
                                                  .describe = describe,
                                                  .begin = scull_onednn_begin_pooling};
static const char *const pool_anchors[] = {"max_pool", "avg_pool", "adaptive_max_pool",
                                           "adaptive_avg_pool", NULL};

SCULL_ONEDNN_TACTIC_UNPACKED(pool, "pool", .precisions = SCULL_ONEDNN_IN_ALL,
                             .growth = SCULL_GROW_NONE);
