/* x * clip(x + offset, 0, threshold) / scale, and x * hard_sigmoid(x), as one hard_swish. */
#include <math.h>

#include "ops/clip.h"
#include "ops/hard_sigmoid.h"
#include "ops/hard_swish.h"
#include "ops/scale.h"
#include "passes/product.h"

typedef struct {
  scull_hard_swish_attrs_t attrs;
  scull_node_id_t nodes[2]; /* of the gate */
} gate_t;

/* clip(alpha x + beta, 0, 1) = clip(x + beta / alpha, 0, 1 / alpha) * alpha */
static bool read_hard_sigmoid(const scull_graph_t *graph, const scull_node_t *node,
                              scull_value_id_t x, double constant, gate_t *out) {
  const scull_hard_sigmoid_attrs_t *attrs = node->attrs;
  if (node->inputs[0] != x || !(attrs->alpha > 0) || constant != 1)
    return false;
  out->attrs = (scull_hard_swish_attrs_t){.threshold = 1 / attrs->alpha,
                                          .scale = 1 / attrs->alpha,
                                          .offset = attrs->beta / attrs->alpha};
  out->nodes[0] = scull_graph_node_id(graph, node);
  return true;
}

static bool read_clip(const scull_graph_t *graph, const scull_node_t *node, scull_value_id_t x,
                      double constant, gate_t *out) {
  const scull_clip_attrs_t *clip = node->attrs;
  const scull_node_t *shift = scull_passes_from(graph, node->inputs[0], &scull_opdef_scale);
  if (shift == NULL || shift->inputs[0] != x || clip->min != 0 || !isfinite(clip->max) ||
      !(constant > 0))
    return false;
  const scull_scale_attrs_t *attrs = shift->attrs;
  out->attrs = (scull_hard_swish_attrs_t){
      .threshold = clip->max, .scale = 1 / constant, .offset = attrs->bias};
  out->nodes[0] = scull_graph_node_id(graph, node);
  out->nodes[1] = scull_graph_node_id(graph, shift);
  return attrs->scale == 1;
}

static bool read_gate(const scull_graph_t *graph, const scull_product_t *product, size_t side,
                      gate_t *out) {
  scull_value_id_t x = product->factors[1 - side];
  const scull_node_t *node = scull_graph_producer(graph, product->factors[side]);
  *out = (gate_t){.nodes = {SCULL_NO_ID, SCULL_NO_ID}};
  if (scull_passes_is(node, &scull_opdef_hard_sigmoid))
    return read_hard_sigmoid(graph, node, x, product->constant, out);
  return scull_passes_is(node, &scull_opdef_clip) &&
         read_clip(graph, node, x, product->constant, out);
}

static scull_status_t replace(scull_graph_t *graph, scull_node_id_t id,
                              const scull_product_t *product, size_t side, const gate_t *gate,
                              bool *changed) {
  scull_node_id_t gone[SCULL_PRODUCT_NODES + 2], made = SCULL_NO_ID;
  size_t count = 0;
  for (; count < product->node_count; count++)
    gone[count] = product->nodes[count];
  gone[count++] = gate->nodes[0];
  gone[count++] = gate->nodes[1];
  if (!scull_passes_is_closed(graph, id, gone, count))
    return SCULL_OK;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_hard_swish, &gate->attrs,
                                      &product->factors[1 - side], 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, gone, count);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_product_t product;
  gate_t gate;
  if (!scull_passes_product_read(graph, scull_graph_node(graph, id), &product) ||
      product.factor_count != 2)
    return SCULL_OK;
  for (size_t side = 0; side < 2; side++) {
    if (read_gate(graph, &product, side, &gate))
      return replace(graph, id, &product, side, &gate, changed);
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_hard_swish = {
    .name = "recognise_hard_swish",
    .purpose = "find x * clip(x + 3, 0, 6) / 6 and x * hard_sigmoid(x)",
    .run = run};
