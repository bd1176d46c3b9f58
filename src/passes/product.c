/* Factors of nested mul and scale nodes. */
#include "passes/product.h"

#include "ops/scale.h"

static bool is_product(const scull_node_t *node) {
  if (node == NULL)
    return false;
  if (node->op == &scull_opdef_scale)
    return ((const scull_scale_attrs_t *)node->attrs)->bias == 0;
  return node->op == &scull_opdef_mul;
}

/* True when the product is but a factor of a scale. */
static bool is_scaled(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_node_t *user = scull_graph_only_user(graph, node->outputs[0]);
  return scull_passes_is(user, &scull_opdef_scale) && is_product(user);
}

static bool add_operands(const scull_node_t *node, scull_product_t *out) {
  if (node->op == &scull_opdef_scale)
    out->constant *= ((const scull_scale_attrs_t *)node->attrs)->scale;
  for (size_t i = 0; i < node->input_count; i++) {
    if (out->factor_count == SCULL_PRODUCT_FACTORS)
      return false;
    out->factors[out->factor_count++] = node->inputs[i];
  }
  return true;
}

bool scull_passes_product_read(const scull_graph_t *graph, const scull_node_t *root,
                               scull_product_t *out) {
  *out = (scull_product_t){.constant = 1};
  if (!is_product(root) || is_scaled(graph, root) || !add_operands(root, out))
    return false;
  for (size_t i = 0; i < out->factor_count;) {
    const scull_node_t *inner = scull_graph_producer(graph, out->factors[i]);
    if (!is_product(inner) || scull_graph_only_user(graph, out->factors[i]) == NULL) {
      i++;
      continue;
    }
    if (out->node_count == SCULL_PRODUCT_NODES)
      return false;
    out->nodes[out->node_count++] = scull_graph_node_id(graph, inner);
    out->factors[i] = out->factors[--out->factor_count];
    if (!add_operands(inner, out))
      return false;
  }
  return true;
}
