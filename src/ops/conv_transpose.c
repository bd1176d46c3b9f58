/* conv_transpose: x [N,C,spatial...], filter [C,O/groups,kernel...], bias [O] (optional) ->
 * [N,O,spatial...], of extent (in - 1) * stride - pads + dilation * (kernel - 1) + 1 +
 * output_pads. Each input element adds the filter, scaled, to the output around it. */
#include "ops/conv_transpose.h"

#include "base/checked.h"
#include "ops/sliding.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_conv_transpose_attrs_t, INTS, strides, ""),
    SCULL_FIELD(scull_conv_transpose_attrs_t, INTS, pads, ""),
    SCULL_FIELD(scull_conv_transpose_attrs_t, INTS, dilations, ""),
    SCULL_FIELD(scull_conv_transpose_attrs_t, INT, groups, "1"),
    SCULL_FIELD_ENUM(scull_conv_transpose_attrs_t, auto_pad, "explicit", scull_ops_auto_pad_names),
    SCULL_FIELD(scull_conv_transpose_attrs_t, INTS, output_pads, ""),
    SCULL_FIELD(scull_conv_transpose_attrs_t, INTS, output_size, ""),
};

static scull_status_t check_operands(const scull_op_call_t *call, int64_t *out_channels) {
  const scull_conv_transpose_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *w = &call->inputs[1].type.shape;
  if (x->rank < 3 || x->rank > 2 + SCULL_CONV_TRANSPOSE_MAX_SPATIAL || w->rank != x->rank)
    return scull_ops_fail(call, "x has %d and filter %d dimensions", x->rank, w->rank);
  if (attrs->groups < 1 || x->dim[1] % attrs->groups != 0 || x->dim[1] != w->dim[0] ||
      !scull_base_i64_mul(w->dim[1], attrs->groups, out_channels))
    return scull_ops_fail(call, "%lld channels, %lld groups, filter of %lld x %lld channels",
                          (long long)x->dim[1], (long long)attrs->groups, (long long)w->dim[0],
                          (long long)w->dim[1]);
  SCULL_TRY(scull_ops_check_list(call, 2, "the bias", *out_channels));
  return scull_ops_check_floats(call, 3);
}

/* What is added at the end of axis `axis`, whose extent is `base` without it. */
static int64_t extra(const scull_conv_transpose_attrs_t *attrs, int32_t axis, int64_t base) {
  if (attrs->output_size.size > 0)
    return attrs->output_size.data[axis] - base;
  return attrs->output_pads.size > 0 ? attrs->output_pads.data[axis] : 0;
}

static scull_status_t resolve(const scull_op_call_t *call, int32_t axis, int32_t spatial,
                              scull_window_t *w) {
  const scull_conv_transpose_attrs_t *attrs = call->attrs;
  int64_t limit = 0, base = 0;
  SCULL_TRY(
      scull_ops_window_read(call, axis, spatial, attrs->strides, attrs->pads, attrs->dilations, w));
  scull_ops_window_auto_pad(w, attrs->auto_pad);
  if (!scull_base_i64_mul(w->in - 1, w->stride, &base) || base > INT64_MAX / 2)
    return scull_ops_fail(call, "%lld elements with stride %lld are too many", (long long)w->in,
                          (long long)w->stride);
  base += w->dilation * (w->kernel - 1) + 1 - w->pad_begin - w->pad_end;
  limit = w->stride > w->dilation ? w->stride : w->dilation;
  int64_t more = extra(attrs, axis, base);
  if (more < 0 || more >= limit || base + more < 1)
    return scull_ops_fail(call, "axis %d: %lld elements and %lld more (0 to %lld are possible)",
                          axis, (long long)base, (long long)more, (long long)limit - 1);
  w->out = w->in;
  w->in = base + more;
  return SCULL_OK;
}

scull_status_t scull_ops_conv_transpose_geometry(const scull_op_call_t *call,
                                                 scull_conv_transpose_geometry_t *out) {
  const scull_conv_transpose_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *w = &call->inputs[1].type.shape;
  int64_t channels = 0;
  SCULL_TRY(check_operands(call, &channels));
  *out = (scull_conv_transpose_geometry_t){.batch = x->dim[0],
                                           .in_channels = x->dim[1],
                                           .out_channels = channels,
                                           .groups = attrs->groups,
                                           .spatial = x->rank - 2};
  size_t spatial = (size_t)out->spatial;
  if ((attrs->output_pads.size != 0 && attrs->output_pads.size != spatial) ||
      (attrs->output_size.size != 0 && attrs->output_size.size != spatial))
    return scull_ops_fail(call, "output_pads, output_size: %zu numbers are wanted", spatial);
  for (int32_t i = 0; i < out->spatial; i++) {
    out->window[i] = (scull_window_t){.in = x->dim[2 + i], .kernel = w->dim[2 + i]};
    SCULL_TRY(resolve(call, i, out->spatial, &out->window[i]));
  }
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_conv_transpose_geometry_t g;
  scull_type_t *y = &call->outputs[0].type;
  SCULL_TRY(scull_ops_conv_transpose_geometry(call, &g));
  *y = call->inputs[0].type;
  y->shape.dim[1] = g.out_channels;
  for (int32_t i = 0; i < g.spatial; i++)
    y->shape.dim[2 + i] = g.window[i].in;
  return SCULL_OK;
}

/* One plane of y in doubles. */
static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *y = &call->outputs[0].type.shape;
  size_t bytes = sizeof(double);
  for (int32_t i = 2; i < y->rank; i++) {
    if (!scull_base_size_mul(bytes, (size_t)y->dim[i], &bytes))
      return SIZE_MAX; /* more than any machine has */
  }
  return bytes;
}

/* Adds what picture `n` gives to output channel `o`. */
static void spread(const scull_op_call_t *call, const scull_conv_transpose_geometry_t *g,
                   const scull_sliding_t *s, int64_t n, int64_t o, double *plane) {
  const scull_tensor_t *x = &call->inputs[0], *f = &call->inputs[1];
  int64_t channels = g->in_channels / g->groups, per_group = g->out_channels / g->groups;
  int64_t first = o / per_group * channels;
  scull_piece_t piece = {0};
  while (scull_ops_piece_next(s, 1, &piece)) {
    scull_span_t span = SCULL_SPAN_BEGIN;
    while (scull_ops_span_next(s, &piece, &span)) {
      int64_t from = piece.first + (span.out - piece.begin);
      for (int64_t c = first; c < first + channels; c++) {
        int64_t at = (c * per_group + o % per_group) * s->taps + span.tap;
        scull_ops_row_axpy(scull_tensor_load(f->data, f->type.dtype, at), x,
                           (n * g->in_channels + c) * s->out + from, 1, span.count, plane + span.in,
                           span.step);
      }
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *bias = &call->inputs[2], *y = &call->outputs[0];
  scull_conv_transpose_geometry_t g;
  SCULL_TRY(scull_ops_conv_transpose_geometry(call, &g));
  scull_sliding_t s = scull_ops_sliding(g.window, g.spatial);
  double *plane = call->scratch;
  for (int64_t i = 0; i < g.batch * g.out_channels; i++) {
    int64_t o = i % g.out_channels;
    double start =
        scull_ops_has_input(call, 2) ? scull_tensor_load(bias->data, bias->type.dtype, o) : 0;
    for (int64_t k = 0; k < s.in; k++)
      plane[k] = start;
    spread(call, &g, &s, i / g.out_channels, o, plane);
    scull_ops_row_store(plane, s.in, y, i * s.in);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[1].type.shape;
  double taps = (double)scull_tensor_count(w) / (double)(w->dim[0] == 0 ? 1 : w->dim[0]);
  return 2 * taps * (double)scull_tensor_count(&call->inputs[0].type.shape);
}

const scull_opdef_t scull_opdef_conv_transpose = {
    .name = "conv_transpose",
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_conv_transpose_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = flops,
    .scratch = scratch};
