/* conv: x [N,C,spatial...], filter [O,C/groups,kernel...], bias [O] (optional) -> [N,O,spatial...].
 * Cross-correlation with zero padding, as every framework calls convolution. */
#include "ops/conv.h"

#include "ops/sliding.h"

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
  SCULL_TRY(scull_ops_check_list(call, 2, "the bias", w->dim[0]));
  return scull_ops_check_floats(call, 3);
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

typedef struct {
  const scull_op_call_t *call;
  scull_sliding_t s;
  int64_t groups, channels, per_group; /* input and output channels of a group */
} plain_t;

/* A window of one element that visits every input in order: rows join to one long row. */
static void join_rows(scull_sliding_t *s) {
  for (int32_t i = 0; i < 3; i++) {
    const scull_window_t *w = &s->axis[i];
    if (w->kernel != 1 || w->stride != 1 || w->pad_begin != 0 || w->out != w->in)
      return;
  }
  const scull_window_t row = {s->in, s->out, 1, 1, 1, 0, 0};
  *s = scull_ops_sliding(&row, 1);
}

static void compute(const plain_t *p, const scull_piece_t *piece) {
  const scull_tensor_t *x = &p->call->inputs[0], *f = &p->call->inputs[1];
  int64_t outputs = p->groups * p->per_group, o = piece->plane % outputs;
  int64_t plane = (piece->plane / outputs * p->groups + o / p->per_group) * p->channels;
  double sum[SCULL_ROW], start = 0;
  if (scull_ops_has_input(p->call, 2))
    start = scull_tensor_load(p->call->inputs[2].data, x->type.dtype, o);
  for (int64_t i = 0; i < piece->end - piece->begin; i++)
    sum[i] = start;
  scull_span_t span = SCULL_SPAN_BEGIN;
  while (scull_ops_span_next(&p->s, piece, &span)) {
    for (int64_t c = 0; c < p->channels; c++) {
      int64_t at = (o * p->channels + c) * p->s.taps + span.tap;
      scull_ops_row_axpy(scull_tensor_load(f->data, f->type.dtype, at), x,
                         (plane + c) * p->s.in + span.in, span.step, span.count,
                         sum + (span.out - piece->begin), 1);
    }
  }
  scull_ops_row_store(sum, piece->end - piece->begin, &p->call->outputs[0], piece->first);
}

static scull_status_t reference(const scull_op_call_t *call) {
  scull_conv_geometry_t g;
  SCULL_TRY(scull_ops_conv_geometry(call, &g));
  plain_t p = {.call = call,
               .s = scull_ops_sliding(g.window, g.spatial),
               .groups = g.groups,
               .channels = g.in_channels / g.groups,
               .per_group = g.out_channels / g.groups};
  join_rows(&p.s);
  scull_piece_t piece = {0};
  while (scull_ops_piece_next(&p.s, g.batch * g.out_channels, &piece))
    compute(&p, &piece);
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  const scull_shape_t *w = &call->inputs[1].type.shape;
  double taps = (double)scull_tensor_count(w) / (double)(w->dim[0] == 0 ? 1 : w->dim[0]);
  return 2 * taps * (double)scull_tensor_count(&call->outputs[0].type.shape);
}

static int32_t channel_axis(const scull_op_call_t *call, size_t input) {
  (void)call;
  return input == 1 ? 0 : -1;
}

const scull_opdef_t scull_opdef_conv = {.name = "conv",
                                        .inputs_min = 2,
                                        .inputs_max = 3,
                                        .outputs_min = 1,
                                        .outputs_max = 1,
                                        .attrs = SCULL_SCHEMA(scull_conv_attrs_t, fields),
                                        .infer = infer,
                                        .reference = reference,
                                        .flops = flops,
                                        .channel_axis = channel_axis};
