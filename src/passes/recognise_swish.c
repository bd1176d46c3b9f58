/* x * sigmoid(beta * x) is swish, whichever way round it is multiplied. */
#include "ops/scale.h"
#include "ops/swish.h"
#include "passes/rewrite.h"

/* The sigmoid operand of a product, when its argument is x or beta * x. */
static scull_node_t *find_sigmoid(const scull_graph_t *graph, scull_value_id_t gate,
                                  scull_value_id_t x, double *beta, scull_node_id_t *inner) {
  scull_node_t *sigmoid = scull_passes_only_from(graph, gate, &scull_opdef_sigmoid);
  if (sigmoid == NULL)
    return NULL;
  *beta = 1;
  *inner = SCULL_NO_ID;
  if (sigmoid->inputs[0] == x)
    return sigmoid;
  const scull_node_t *scale = scull_passes_from(graph, sigmoid->inputs[0], &scull_opdef_scale);
  if (scale == NULL || scale->inputs[0] != x)
    return NULL;
  const scull_scale_attrs_t *attrs = scale->attrs;
  *beta = attrs->scale;
  *inner = scull_graph_node_id(graph, scale);
  return attrs->bias == 0 ? sigmoid : NULL;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (node->op != &scull_opdef_mul)
    return SCULL_OK;
  for (size_t i = 0; i < 2; i++) {
    scull_value_id_t x = node->inputs[i];
    scull_swish_attrs_t attrs = {.beta = 1};
    scull_node_id_t inner = SCULL_NO_ID, made = SCULL_NO_ID;
    const scull_node_t *sigmoid = find_sigmoid(graph, node->inputs[1 - i], x, &attrs.beta, &inner);
    if (sigmoid == NULL)
      continue;
    const scull_node_id_t gone[] = {scull_graph_node_id(graph, sigmoid), inner};
    SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_swish, &attrs, &x, 1, &made));
    if (made == SCULL_NO_ID)
      return SCULL_OK;
    *changed = true;
    return scull_passes_retire(graph, made, gone, 2);
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_swish = {
    .name = "recognise_swish", .purpose = "find x * sigmoid(beta * x)", .run = run};
