/* Where the channels lie in the weights of conv, conv_transpose and matmul. */
#include "passes/linear.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"
#include "passes/affine.h"

static bool has_pads(scull_ints_t pads, int32_t auto_pad) {
  bool any = auto_pad == SCULL_AUTO_PAD_SAME;
  for (size_t i = 0; i < pads.size && auto_pad == SCULL_AUTO_PAD_EXPLICIT; i++)
    any = any || pads.data[i] != 0;
  return any;
}

static int64_t taps_of(const scull_shape_t *filter) {
  int64_t taps = 1;
  for (int32_t i = 2; i < filter->rank; i++)
    taps *= filter->dim[i];
  return taps;
}

/* filter [O, C/groups, taps...] */
static bool read_conv(const scull_node_t *node, const scull_shape_t *filter, scull_linear_t *out) {
  const scull_conv_attrs_t *attrs = node->attrs;
  int64_t taps = taps_of(filter);
  out->axis = out->in_axis = 1;
  out->outputs = filter->dim[0];
  out->inputs = filter->dim[1] * attrs->groups;
  out->out_size = out->outputs;
  out->out_step = filter->dim[1] * taps;
  out->in_size = filter->dim[1];
  out->in_step = taps;
  out->groups = attrs->groups;
  out->pads = has_pads(attrs->pads, attrs->auto_pad);
  return true;
}

/* filter [C, O/groups, taps...] */
static bool read_conv_transpose(const scull_node_t *node, const scull_shape_t *filter,
                                scull_linear_t *out) {
  const scull_conv_transpose_attrs_t *attrs = node->attrs;
  int64_t taps = taps_of(filter);
  out->axis = out->in_axis = 1;
  out->inputs = filter->dim[0];
  out->outputs = filter->dim[1] * attrs->groups;
  out->out_size = filter->dim[1];
  out->out_step = taps;
  out->in_size = out->inputs;
  out->in_step = filter->dim[1] * taps;
  out->groups = attrs->groups;
  out->groups_by_input = true;
  out->pads = true; /* at the borders fewer taps meet */
  return true;
}

/* weight [K, N], or [N, K] when transposed */
static bool read_matmul(const scull_graph_t *graph, const scull_node_t *node,
                        const scull_shape_t *weight, scull_linear_t *out) {
  const scull_matmul_attrs_t *attrs = node->attrs;
  if (weight->rank != 2 || scull_graph_value(graph, node->inputs[0])->shape[0].rank < 2)
    return false;
  int32_t k = attrs->trans_y ? 1 : 0;
  out->axis = -1;
  out->in_axis = attrs->trans_x ? -2 : -1;
  out->inputs = weight->dim[k];
  out->outputs = weight->dim[1 - k];
  out->out_size = out->outputs;
  out->out_step = attrs->trans_y ? out->inputs : 1;
  out->in_size = out->inputs;
  out->in_step = attrs->trans_y ? 1 : out->outputs;
  out->groups = 1;
  return true;
}

static bool read_bias(const scull_graph_t *graph, const scull_node_t *node, scull_linear_t *out) {
  out->bias = node->input_count > 2 ? node->inputs[2] : SCULL_NO_ID;
  const scull_value_t *v = scull_graph_value(graph, out->bias);
  return v == NULL || (v->data != NULL && scull_tensor_count(&v->shape[0]) == out->outputs);
}

bool scull_passes_linear_read(const scull_graph_t *graph, scull_node_id_t id, scull_linear_t *out) {
  const scull_node_t *node = scull_graph_node(graph, id);
  *out = (scull_linear_t){.node = id};
  bool is_conv = scull_passes_is(node, &scull_opdef_conv);
  bool is_transpose = scull_passes_is(node, &scull_opdef_conv_transpose);
  if (!is_conv && !is_transpose && !scull_passes_is(node, &scull_opdef_matmul))
    return false;
  out->x = node->inputs[0];
  out->weight = node->inputs[1];
  const scull_value_t *weight = scull_graph_value(graph, out->weight);
  if (weight->data == NULL || weight->dtype != SCULL_DTYPE_F32 ||
      scull_graph_is_constant(graph, out->x))
    return false;
  const scull_shape_t *shape = &weight->shape[0];
  out->count = scull_tensor_count(shape);
  bool ok = is_conv        ? read_conv(node, shape, out)
            : is_transpose ? read_conv_transpose(node, shape, out)
                           : read_matmul(graph, node, shape, out);
  return ok && out->count > 0 && read_bias(graph, node, out);
}

int64_t scull_passes_linear_output(const scull_linear_t *linear, int64_t e) {
  int64_t o = e / linear->out_step % linear->out_size;
  if (!linear->groups_by_input)
    return o;
  int64_t group = e / linear->in_step % linear->in_size / (linear->inputs / linear->groups);
  return group * linear->out_size + o;
}

int64_t scull_passes_linear_input(const scull_linear_t *linear, int64_t e) {
  int64_t c = e / linear->in_step % linear->in_size;
  if (linear->groups_by_input)
    return c;
  int64_t group = e / linear->out_step % linear->out_size / (linear->outputs / linear->groups);
  return group * linear->in_size + c;
}

double *scull_passes_linear_bias(scull_graph_t *graph, const scull_linear_t *linear) {
  double *bias = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)linear->outputs);
  for (int64_t i = 0; bias != NULL && i < linear->outputs && linear->bias != SCULL_NO_ID; i++)
    bias[i] = scull_graph_constant_at(graph, linear->bias, i);
  return bias;
}

scull_status_t scull_passes_linear_replace(scull_graph_t *graph, const scull_linear_t *linear,
                                           scull_node_id_t old, scull_value_id_t x,
                                           scull_value_id_t weight, const double *bias,
                                           scull_node_id_t *out) {
  const scull_node_t *node = scull_graph_node(graph, linear->node);
  const char *name =
      scull_base_arena_format(&graph->arena, "%s.bias", scull_graph_value(graph, weight)->name);
  const scull_opdef_t *op = node->op;
  const void *attrs = node->attrs;
  scull_value_id_t vector = SCULL_NO_ID;
  *out = SCULL_NO_ID;
  if (name == NULL)
    return scull_base_fail_memory(graph->diag, "a bias");
  SCULL_TRY(scull_passes_add_vector(graph, name, bias, linear->outputs, &vector));
  const scull_value_id_t inputs[] = {x, weight, vector};
  SCULL_TRY(scull_passes_replace_node(graph, old, op, attrs, inputs, 3, out));
  if (old != linear->node && *out != SCULL_NO_ID)
    return scull_passes_retire(graph, *out, &linear->node, 1);
  return SCULL_OK;
}
