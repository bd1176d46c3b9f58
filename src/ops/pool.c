/* Geometry of pooling windows. */
#include "ops/pool.h"

static const scull_ints_t none = {0};

/* Drops windows at the end that would meet nothing but the end's padding. */
static void clip_windows(scull_window_t *w) {
  while (w->out > 1 && (w->out - 1) * w->stride >= w->in + w->pad_begin)
    w->out--;
}

scull_status_t scull_ops_pool_geometry(const scull_op_call_t *call, scull_pool_geometry_t *out) {
  const scull_pool_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape;
  if (x->rank < 3 || x->rank > 2 + SCULL_POOL_MAX_SPATIAL)
    return scull_ops_fail(call, "x has %d dimensions where 3 to 5 are taken", x->rank);
  *out = (scull_pool_geometry_t){.planes = x->dim[0] * x->dim[1], .spatial = x->rank - 2};
  if (!attrs->global && attrs->kernel.size != (size_t)out->spatial)
    return scull_ops_fail(call, "kernel: %d numbers are wanted", out->spatial);
  for (int32_t i = 0; i < out->spatial; i++) {
    int64_t in = x->dim[2 + i];
    if (attrs->global)
      SCULL_TRY(scull_ops_window(call, i, out->spatial, in, in, none, none, none,
                                 SCULL_AUTO_PAD_EXPLICIT, false, &out->window[i]));
    else
      SCULL_TRY(scull_ops_window(call, i, out->spatial, in, attrs->kernel.data[i], attrs->strides,
                                 attrs->pads, attrs->dilations, attrs->auto_pad, attrs->ceil_mode,
                                 &out->window[i]));
    if (attrs->clip)
      clip_windows(&out->window[i]);
  }
  return SCULL_OK;
}

scull_status_t scull_ops_pool_infer(const scull_op_call_t *call) {
  scull_pool_geometry_t g;
  SCULL_TRY(scull_ops_pool_geometry(call, &g));
  SCULL_TRY(scull_ops_infer_number(call));
  for (int32_t i = 0; i < g.spatial; i++)
    call->outputs[0].type.shape.dim[2 + i] = g.window[i].out;
  return SCULL_OK;
}

double scull_ops_pool_flops(const scull_op_call_t *call) {
  scull_pool_geometry_t g;
  double taps = (double)scull_tensor_count(&call->outputs[0].type.shape);
  if (scull_ops_pool_geometry(call, &g) != SCULL_OK)
    return taps;
  for (int32_t i = 0; i < g.spatial; i++)
    taps *= (double)g.window[i].kernel;
  return taps;
}
