/* Nodes that own graphs. Private to graph/. */
#ifndef SCULL_GRAPH_CONTROL_H
#define SCULL_GRAPH_CONTROL_H

#include "graph/evaluate.h"

/* Types of the node's outputs, from those of its regions' results; types of the regions' values on
 * the way. INVALID_ARGUMENT with words that name the node when operands, parameters and results do
 * not belong together. */
scull_status_t scull_graph_infer_control(scull_graph_t *graph, scull_node_id_t node) SCULL_MUST_USE;

/* Runs the node on operands whose bytes are all there. outputs as scull_graph_evaluate_node. */
scull_status_t scull_graph_evaluate_control(const scull_graph_t *graph, const scull_node_t *node,
                                            const scull_tensor_t *inputs,
                                            scull_tensor_t *outputs) SCULL_MUST_USE;

/* Frees what evaluation gave: blocks and sequences. */
void scull_graph_tensors_free(scull_tensor_t *tensors, size_t count);

#endif
