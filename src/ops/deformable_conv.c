/* deformable_conv: x [N,C,H,W], offset [N,2*G*kh*kw,oh,ow] (row, column in turn), filter
 * [O,C/groups,kh,kw], mask [N,G*kh*kw,oh,ow]?, bias [O]? -> [N,O,oh,ow]: a convolution whose taps
 * are moved by offsets, sampled between elements (0 outside), and weighted by the mask. */
#include "ops/deformable_conv.h"

#include <math.h>

#define CONV_FIELD(kind, field, initial)                                                           \
  { #field, SCULL_ATTR_##kind, offsetof(scull_deformable_conv_attrs_t, conv.field), initial, NULL }

static const scull_attr_field_t fields[] = {
    CONV_FIELD(INTS, strides, ""),
    CONV_FIELD(INTS, pads, ""),
    CONV_FIELD(INTS, dilations, ""),
    CONV_FIELD(INT, groups, "1"),
    SCULL_FIELD(scull_deformable_conv_attrs_t, INT, offset_groups, "1"),
};

enum { X, OFFSET, FILTER, MASK, BIAS };

static scull_status_t geometry(const scull_op_call_t *call, scull_conv_geometry_t *g) {
  const scull_deformable_conv_attrs_t *attrs = call->attrs;
  const scull_tensor_t inputs[2] = {call->inputs[X], call->inputs[FILTER]};
  scull_op_call_t plain = *call;
  plain.inputs = inputs;
  plain.input_count = 2;
  plain.attrs = &attrs->conv;
  if (call->inputs[X].type.shape.rank != 4)
    return scull_ops_fail(call, "x must be [N,C,H,W]");
  return scull_ops_conv_geometry(&plain, g);
}

static scull_status_t check_offsets(const scull_op_call_t *call, const scull_conv_geometry_t *g,
                                    size_t input, int64_t each) {
  const scull_deformable_conv_attrs_t *attrs = call->attrs;
  if (!scull_ops_has_input(call, input))
    return SCULL_OK;
  const scull_shape_t *shape = &call->inputs[input].type.shape;
  int64_t taps = g->window[0].kernel * g->window[1].kernel;
  if (shape->rank != 4 || shape->dim[0] != g->batch ||
      shape->dim[1] != each * attrs->offset_groups * taps || shape->dim[2] != g->window[0].out ||
      shape->dim[3] != g->window[1].out)
    return scull_ops_fail(call, "input %zu must be [%lld,%lld,%lld,%lld]", input,
                          (long long)g->batch, (long long)(each * attrs->offset_groups * taps),
                          (long long)g->window[0].out, (long long)g->window[1].out);
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_deformable_conv_attrs_t *attrs = call->attrs;
  scull_conv_geometry_t g;
  SCULL_TRY(geometry(call, &g));
  if (attrs->offset_groups < 1 || attrs->offset_groups > g.in_channels ||
      g.in_channels % attrs->offset_groups != 0)
    return scull_ops_fail(call, "%lld channels in %lld parts", (long long)g.in_channels,
                          (long long)attrs->offset_groups);
  SCULL_TRY(scull_ops_check_floats(call, 5));
  SCULL_TRY(check_offsets(call, &g, OFFSET, 2));
  SCULL_TRY(check_offsets(call, &g, MASK, 1));
  SCULL_TRY(scull_ops_check_list(call, BIAS, "the bias", g.out_channels));
  call->outputs[0].type = (scull_type_t){
      call->inputs[X].type.dtype, {4, {g.batch, g.out_channels, g.window[0].out, g.window[1].out}}};
  return SCULL_OK;
}

/* Sample of a plane, 0 outside; elements just outside count as zeros. */
static double sample(const scull_tensor_t *x, int64_t plane, const scull_window_t w[2], double row,
                     double column) {
  if (!(row > -1 && column > -1 && row < (double)w[0].in && column < (double)w[1].in))
    return 0;
  double top = floor(row), left = floor(column), sum = 0;
  for (int i = 0; i < 4; i++) {
    int down = i / 2;
    double r = top + down, c = left + i % 2;
    double weight = (1 - fabs(row - r)) * (1 - fabs(column - c));
    if (r >= 0 && c >= 0 && r < (double)w[0].in && c < (double)w[1].in)
      sum += weight *
             scull_tensor_load(x->data, x->type.dtype, plane + (int64_t)r * w[1].in + (int64_t)c);
  }
  return sum;
}

/* The samples of all input channels and taps for one place of the result: [C, taps]. */
static void gather(const scull_op_call_t *call, const scull_conv_geometry_t *g, int64_t n,
                   int64_t place, double *columns) {
  const scull_deformable_conv_attrs_t *attrs = call->attrs;
  const scull_tensor_t *x = &call->inputs[X], *offset = &call->inputs[OFFSET];
  const scull_tensor_t *mask = scull_ops_has_input(call, MASK) ? &call->inputs[MASK] : NULL;
  const scull_window_t *w = g->window;
  int64_t taps = w[0].kernel * w[1].kernel, places = w[0].out * w[1].out;
  int64_t each = g->in_channels / attrs->offset_groups, plane = w[0].in * w[1].in;
  for (int64_t c = 0; c < g->in_channels; c++) {
    int64_t first = (n * attrs->offset_groups + c / each) * taps;
    for (int64_t t = 0; t < taps; t++) {
      int64_t at = first + t;
      double down = scull_tensor_load(offset->data, offset->type.dtype, 2 * at * places + place);
      double along =
          scull_tensor_load(offset->data, offset->type.dtype, (2 * at + 1) * places + place);
      int64_t row =
          place / w[1].out * w[0].stride - w[0].pad_begin + t / w[1].kernel * w[0].dilation;
      int64_t column =
          place % w[1].out * w[1].stride - w[1].pad_begin + t % w[1].kernel * w[1].dilation;
      double v = sample(x, (n * g->in_channels + c) * plane, w, (double)row + down,
                        (double)column + along);
      if (mask != NULL)
        v *= scull_tensor_load(mask->data, mask->type.dtype, at * places + place);
      columns[c * taps + t] = v;
    }
  }
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *filter = &call->inputs[FILTER], *y = &call->outputs[0];
  const scull_tensor_t *bias = scull_ops_has_input(call, BIAS) ? &call->inputs[BIAS] : NULL;
  double *columns = call->scratch;
  scull_conv_geometry_t g;
  SCULL_TRY(geometry(call, &g));
  int64_t taps = g.window[0].kernel * g.window[1].kernel;
  int64_t places = g.window[0].out * g.window[1].out;
  int64_t inner = g.in_channels / g.groups * taps, outer = g.out_channels / g.groups;
  for (int64_t i = 0; i < g.batch * places; i++) {
    gather(call, &g, i / places, i % places, columns);
    for (int64_t o = 0; o < g.out_channels; o++) {
      double sum = bias == NULL ? 0 : scull_tensor_load(bias->data, bias->type.dtype, o);
      for (int64_t k = 0; k < inner; k++)
        sum += columns[o / outer * inner + k] *
               scull_tensor_load(filter->data, filter->type.dtype, o * inner + k);
      scull_tensor_store(y->data, y->type.dtype,
                         (i / places * g.out_channels + o) * places + i % places, sum);
    }
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  const scull_shape_t *f = &call->inputs[FILTER].type.shape;
  return (size_t)(call->inputs[X].type.shape.dim[1] * f->dim[2] * f->dim[3]) * sizeof(double);
}

static double flops(const scull_op_call_t *call) {
  const scull_shape_t *f = &call->inputs[FILTER].type.shape;
  return 2 * (double)f->dim[1] * (double)f->dim[2] * (double)f->dim[3] *
         (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_deformable_conv = {
    .name = "deformable_conv",
    .inputs_min = 3,
    .inputs_max = 5,
    .outputs_min = 1,
    .outputs_max = 1,
    .attrs = SCULL_SCHEMA(scull_deformable_conv_attrs_t, fields),
    .infer = infer,
    .reference = reference,
    .flops = flops,
    .scratch = scratch};
