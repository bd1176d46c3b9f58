/* conv: x [N,C,spatial...], filter [O,C/groups,kernel...], bias [O] (optional) -> [N,O,spatial...].
 * Cross-correlation with zero padding, as every framework calls convolution. */
#include "ops/conv.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_conv_attrs_t, INTS, strides, ""),
    SCULL_FIELD(scull_conv_attrs_t, INTS, pads, ""),
    SCULL_FIELD(scull_conv_attrs_t, INTS, dilations, ""),
    SCULL_FIELD(scull_conv_attrs_t, INT, groups, "1"),
    SCULL_FIELD_ENUM(scull_conv_attrs_t, auto_pad, "explicit", scull_ops_auto_pad_names),
};

static scull_status_t check_operands(const scull_op_call_t *call) {
  const scull_conv_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *w = &call->inputs[1].type.shape;
  if (x->rank < 3 || x->rank > 2 + SCULL_CONV_MAX_SPATIAL || w->rank != x->rank)
    return scull_ops_fail(call, "x has %d and filter %d dimensions", x->rank, w->rank);
  if (attrs->groups < 1 || w->dim[0] % attrs->groups != 0 ||
      x->dim[1] / attrs->groups != w->dim[1] || x->dim[1] % attrs->groups != 0)
    return scull_ops_fail(call, "%lld channels, %lld groups, filter of %lld x %lld channels",
                          (long long)x->dim[1], (long long)attrs->groups, (long long)w->dim[0],
                          (long long)w->dim[1]);
  if (scull_ops_has_input(call, 2)) {
    const scull_shape_t *b = &call->inputs[2].type.shape;
    if (b->rank != 1 || b->dim[0] != w->dim[0])
      return scull_ops_fail(call, "the bias must have %lld elements", (long long)w->dim[0]);
  }
  if (!scull_tensor_dtype_is_float(call->inputs[0].type.dtype) ||
      call->inputs[1].type.dtype != call->inputs[0].type.dtype)
    return scull_ops_fail(call, "x and filter must be of one float type");
  return SCULL_OK;
}

scull_status_t scull_ops_conv_geometry(const scull_op_call_t *call, scull_conv_geometry_t *out) {
  const scull_conv_attrs_t *attrs = call->attrs;
  const scull_shape_t *x = &call->inputs[0].type.shape, *w = &call->inputs[1].type.shape;
  SCULL_TRY(check_operands(call));
  *out = (scull_conv_geometry_t){.batch = x->dim[0],
                                 .in_channels = x->dim[1],
                                 .out_channels = w->dim[0],
                                 .groups = attrs->groups,
                                 .spatial = x->rank - 2};
  for (int32_t i = 0; i < out->spatial; i++)
    SCULL_TRY(scull_ops_window(call, i, out->spatial, x->dim[2 + i], w->dim[2 + i], attrs->strides,
                               attrs->pads, attrs->dilations, attrs->auto_pad, false,
                               &out->window[i]));
  return SCULL_OK;
}

static scull_status_t infer(const scull_op_call_t *call) {
  scull_conv_geometry_t g;
  scull_type_t *y = &call->outputs[0].type;
  SCULL_TRY(scull_ops_conv_geometry(call, &g));
  y->dtype = call->inputs[0].type.dtype;
  y->shape = (scull_shape_t){.rank = g.spatial + 2, .dim = {g.batch, g.out_channels}};
  for (int32_t i = 0; i < g.spatial; i++)
    y->shape.dim[2 + i] = g.window[i].out;
  return SCULL_OK;
}

/* Everything as three spatial axes: absent ones have extent 1. */
typedef struct {
  const scull_op_call_t *call;
  scull_conv_geometry_t g;
  scull_window_t d, h, w;
  int64_t channels; /* of one group */
} plain_t;

static plain_t plain_of(const scull_op_call_t *call, const scull_conv_geometry_t *g) {
  const scull_window_t one = {1, 1, 1, 1, 1, 0, 0};
  return (plain_t){.call = call,
                   .g = *g,
                   .d = g->spatial > 2 ? g->window[0] : one,
                   .h = g->spatial > 1 ? g->window[g->spatial - 2] : one,
                   .w = g->window[g->spatial - 1],
                   .channels = g->in_channels / g->groups};
}

/* Sum over the channels and taps of one output element; `first` is the first input channel's plane
 * index (n * C + c). */
static double dot(const plain_t *p, int64_t first, int64_t o, const int64_t at[3]) {
  const scull_tensor_t *x = &p->call->inputs[0], *f = &p->call->inputs[1];
  double sum = 0;
  for (int64_t c = 0; c < p->channels; c++) {
    for (int64_t kd = 0; kd < p->d.kernel; kd++) {
      int64_t d = at[0] * p->d.stride - p->d.pad_begin + kd * p->d.dilation;
      for (int64_t kh = 0; d >= 0 && d < p->d.in && kh < p->h.kernel; kh++) {
        int64_t h = at[1] * p->h.stride - p->h.pad_begin + kh * p->h.dilation;
        for (int64_t kw = 0; h >= 0 && h < p->h.in && kw < p->w.kernel; kw++) {
          int64_t w = at[2] * p->w.stride - p->w.pad_begin + kw * p->w.dilation;
          if (w < 0 || w >= p->w.in)
            continue;
          int64_t ix = (((first + c) * p->d.in + d) * p->h.in + h) * p->w.in + w;
          int64_t iw =
              (((o * p->channels + c) * p->d.kernel + kd) * p->h.kernel + kh) * p->w.kernel + kw;
          sum += scull_tensor_load(x->data, x->type.dtype, ix) *
                 scull_tensor_load(f->data, f->type.dtype, iw);
        }
      }
    }
  }
  return sum;
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_conv_geometry_t g;
  SCULL_TRY(scull_ops_conv_geometry(call, &g));
  const plain_t p = plain_of(call, &g);
  const scull_tensor_t *y = &call->outputs[0];
  const scull_tensor_t *bias = scull_ops_has_input(call, 2) ? &call->inputs[2] : NULL;
  int64_t per_group = g.out_channels / g.groups, i = 0;
  for (int64_t n = 0; n < g.batch; n++) {
    for (int64_t o = 0; o < g.out_channels; o++) {
      int64_t first = n * g.in_channels + o / per_group * p.channels;
      double start = bias == NULL ? 0 : scull_tensor_load(bias->data, bias->type.dtype, o);
      for (int64_t s = 0; s < p.d.out * p.h.out * p.w.out; s++) {
        const int64_t at[3] = {s / (p.h.out * p.w.out), s / p.w.out % p.h.out, s % p.w.out};
        scull_tensor_store(y->data, y->type.dtype, i++, start + dot(&p, first, o, at));
      }
    }
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[1].type.shape;
  double taps = (double)scull_tensor_count(w) / (double)(w->dim[0] == 0 ? 1 : w->dim[0]);
  return 2 * taps * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

const scull_opdef_t scull_opdef_conv = {.name = "conv",
                                        .inputs_min = 2,
                                        .inputs_max = 3,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .attrs = SCULL_SCHEMA(scull_conv_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = flops};
