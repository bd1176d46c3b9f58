/* Layer normalization spelled out:
 *   d = x - mean(x);  d / sqrt(mean(d^2) + eps), or times its rsqrt, reciprocal or power -1/2,
 * over the last axes, becomes layer_norm; then a multiplication and an addition of a constant over
 * those axes become its scale and bias. */
#include "ops/layer_norm.h"
#include "ops/reduce.h"
#include "ops/scale.h"
#include "passes/rewrite.h"

enum { MAX_NODES = 12 };

typedef struct {
  const scull_graph_t *graph;
  scull_value_id_t x;
  int32_t first_axis;
  double epsilon;
  scull_node_id_t nodes[MAX_NODES]; /* users before operands */
  size_t node_count;
} match_t;

static void take(match_t *match, const scull_node_t *node) {
  if (match->node_count < MAX_NODES)
    match->nodes[match->node_count++] = scull_graph_node_id(match->graph, node);
}

/* --- statistics ------------------------------------------------------------------------------ */

/* First of the axes when they are the last ones of their operand and stay as extent 1; else -1. */
static int32_t trailing_axes(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_reduce_attrs_t *attrs = node->attrs;
  int32_t rank = scull_graph_value(graph, node->inputs[0])->shape[0].rank;
  bool reduced[SCULL_MAX_RANK] = {false};
  int32_t first = rank;
  if (!attrs->keep_dims)
    return -1;
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(attrs->axes.data[i], rank, &axis))
      return -1;
    reduced[axis] = true;
    first = axis < first ? axis : first;
  }
  first = attrs->axes.size == 0 ? 0 : first;
  for (int32_t i = first; i < rank && attrs->axes.size > 0; i++) {
    if (!reduced[i])
      return -1;
  }
  return first;
}

/* value = x - mean(x): sets x and the axes. */
static bool read_centred(match_t *match, scull_value_id_t value) {
  const scull_node_t *sub = scull_passes_from(match->graph, value, &scull_opdef_sub);
  if (sub == NULL)
    return false;
  const scull_node_t *mean =
      scull_passes_from(match->graph, sub->inputs[1], &scull_opdef_reduce_mean);
  if (mean == NULL || mean->inputs[0] != sub->inputs[0])
    return false;
  int32_t first = trailing_axes(match->graph, mean);
  if (first < 0 ||
      (match->x != SCULL_NO_ID && (match->x != sub->inputs[0] || match->first_axis != first)))
    return false;
  match->x = sub->inputs[0];
  match->first_axis = first;
  take(match, sub);
  take(match, mean);
  return true;
}

/* The base of a square, or SCULL_NO_ID. */
static scull_value_id_t square_root_of(const scull_graph_t *graph, const scull_node_t *node) {
  double exponent = 0;
  if (scull_passes_is(node, &scull_opdef_square))
    return node->inputs[0];
  if (scull_passes_is(node, &scull_opdef_mul) && node->inputs[0] == node->inputs[1])
    return node->inputs[0];
  if (scull_passes_is(node, &scull_opdef_pow) &&
      scull_passes_uniform(graph, node->inputs[1], &exponent) && exponent == 2)
    return node->inputs[0];
  return SCULL_NO_ID;
}

/* value = mean(d^2) + eps, d as above. */
static bool read_variance(match_t *match, scull_value_id_t value) {
  const scull_graph_t *graph = match->graph;
  const scull_node_t *shift = scull_passes_from(graph, value, &scull_opdef_scale);
  const scull_scale_attrs_t *attrs = shift == NULL ? NULL : shift->attrs;
  if (attrs == NULL || attrs->scale != 1 || !(attrs->bias >= 0))
    return false;
  const scull_node_t *mean = scull_passes_from(graph, shift->inputs[0], &scull_opdef_reduce_mean);
  if (mean == NULL || trailing_axes(graph, mean) != match->first_axis)
    return false;
  const scull_node_t *square = scull_graph_producer(graph, mean->inputs[0]);
  scull_value_id_t base = square_root_of(graph, square);
  take(match, shift);
  take(match, mean);
  match->epsilon = attrs->bias;
  if (base == SCULL_NO_ID)
    return false;
  take(match, square);
  return read_centred(match, base);
}

/* --- the quotient ---------------------------------------------------------------------------- */

/* value = sqrt(v), or 1 / sqrt(v) when `inverse`: *v, or SCULL_NO_ID. */
static scull_value_id_t read_root(match_t *match, scull_value_id_t value, bool inverse) {
  const scull_node_t *node = scull_graph_producer(match->graph, value);
  double exponent = 0;
  if (node == NULL)
    return SCULL_NO_ID;
  take(match, node);
  if (node->op == (inverse ? &scull_opdef_rsqrt : &scull_opdef_sqrt))
    return node->inputs[0];
  if (node->op == &scull_opdef_pow &&
      scull_passes_uniform(match->graph, node->inputs[1], &exponent) &&
      exponent == (inverse ? -0.5 : 0.5))
    return node->inputs[0];
  if (inverse && node->op == &scull_opdef_reciprocal)
    return read_root(match, node->inputs[0], false);
  return SCULL_NO_ID;
}

/* centred / deviation, or centred * inverse deviation. */
static bool read_quotient(match_t *match, scull_value_id_t centred, scull_value_id_t deviation,
                          bool inverse) {
  const scull_graph_t *graph = match->graph;
  *match = (match_t){.graph = graph, .x = SCULL_NO_ID};
  scull_value_id_t variance = read_root(match, deviation, inverse);
  if (variance == SCULL_NO_ID)
    return false;
  match_t centre = {.graph = graph, .x = SCULL_NO_ID};
  if (!read_centred(&centre, centred))
    return false;
  match->x = centre.x;
  match->first_axis = centre.first_axis;
  if (!read_variance(match, variance))
    return false;
  for (size_t i = 0; i < centre.node_count; i++)
    take(match, scull_graph_node(graph, centre.nodes[i]));
  return match->node_count < MAX_NODES;
}

static scull_status_t recognise(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  match_t match = {.graph = graph};
  scull_node_id_t made = SCULL_NO_ID;
  bool found = node->op == &scull_opdef_div
                   ? read_quotient(&match, node->inputs[0], node->inputs[1], false)
                   : read_quotient(&match, node->inputs[0], node->inputs[1], true) ||
                         read_quotient(&match, node->inputs[1], node->inputs[0], true);
  if (!found || !scull_passes_is_closed(graph, id, match.nodes, match.node_count))
    return SCULL_OK;
  const scull_layer_norm_attrs_t attrs = {.axis = match.first_axis, .epsilon = match.epsilon};
  SCULL_TRY(
      scull_passes_replace_node(graph, id, &scull_opdef_layer_norm, &attrs, &match.x, 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, match.nodes, match.node_count);
}

/* --- scale and bias -------------------------------------------------------------------------- */

/* A constant of the extents that are normalized, leading ones aside. */
static bool fits_axes(const scull_graph_t *graph, scull_value_id_t id, const scull_node_t *norm) {
  const scull_layer_norm_attrs_t *attrs = norm->attrs;
  const scull_value_t *v = scull_graph_value(graph, id);
  const scull_value_t *x = scull_graph_value(graph, norm->inputs[0]);
  int32_t axis = 0, rank = x->shape[0].rank;
  if (v->data == NULL || v->dtype != x->dtype || !scull_tensor_axis(attrs->axis, rank, &axis))
    return false;
  int32_t skipped = v->shape[0].rank - (rank - axis);
  for (int32_t i = 0; i < v->shape[0].rank && skipped >= 0; i++) {
    int64_t wanted = i < skipped ? 1 : x->shape[0].dim[axis + i - skipped];
    if (v->shape[0].dim[i] != wanted ||
        (i >= skipped && !scull_passes_fixed_dim(graph, norm->inputs[0], axis + i - skipped)))
      return false;
  }
  return skipped >= 0;
}

static scull_status_t flatten_constant(scull_graph_t *graph, scull_value_id_t id,
                                       scull_value_id_t *out) {
  const scull_value_t *v = scull_graph_value(graph, id);
  *out = id;
  if (v->shape[0].rank == 1)
    return SCULL_OK;
  const scull_type_t type = {v->dtype, {.rank = 1, .dim = {scull_tensor_count(&v->shape[0])}}};
  return scull_graph_add_constant(graph, v->name, &type, v->data, out);
}

/* mul makes the scale of a norm that has neither, add the bias of one that has none. */
static scull_status_t absorb_constant(scull_graph_t *graph, scull_node_id_t id, size_t slot,
                                      bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  for (size_t side = 0; side < 2; side++) {
    const scull_node_t *norm =
        scull_passes_only_from(graph, node->inputs[side], &scull_opdef_layer_norm);
    if (norm == NULL || norm->input_count > slot || !fits_axes(graph, node->inputs[1 - side], norm))
      continue;
    scull_node_id_t norm_id = scull_graph_node_id(graph, norm), made = SCULL_NO_ID;
    scull_value_id_t inputs[3] = {
        norm->inputs[0], norm->input_count > 1 ? norm->inputs[1] : SCULL_NO_ID, SCULL_NO_ID};
    const void *attrs = norm->attrs;
    SCULL_TRY(flatten_constant(graph, node->inputs[1 - side], &inputs[slot]));
    SCULL_TRY(
        scull_passes_replace_node(graph, id, &scull_opdef_layer_norm, attrs, inputs, 3, &made));
    if (made == SCULL_NO_ID)
      return SCULL_OK;
    *changed = true;
    return scull_passes_retire(graph, made, &norm_id, 1);
  }
  return SCULL_OK;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (node->op == &scull_opdef_add)
    return absorb_constant(graph, id, 2, changed);
  if (node->op != &scull_opdef_div && node->op != &scull_opdef_mul)
    return SCULL_OK;
  SCULL_TRY(recognise(graph, id, changed));
  if (scull_graph_node(graph, id)->dead || scull_graph_node(graph, id)->op != &scull_opdef_mul)
    return SCULL_OK;
  return absorb_constant(graph, id, 1, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_layer_norm = {
    .name = "recognise_layer_norm",
    .purpose = "find layer normalization that is spelled out",
    .run = run};
