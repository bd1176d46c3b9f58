/* A PReLU with one slope is a leaky ReLU: one number that every activation kernel can apply, where
 * a tensor of slopes is an operand to read. */
#include "ops/leaky_relu.h"
#include "passes/rewrite.h"

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_leaky_relu_attrs_t attrs;
  scull_node_id_t made = SCULL_NO_ID;
  if (node->op != &scull_opdef_prelu || !scull_passes_uniform(graph, node->inputs[1], &attrs.alpha))
    return SCULL_OK;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_leaky_relu, &attrs, &node->inputs[0],
                                      1, &made));
  *changed = *changed || made != SCULL_NO_ID;
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_leaky_relu = {
    .name = "recognise_leaky_relu",
    .purpose = "write PReLU with one slope as leaky ReLU",
    .run = run};
