/* Runs a graph with reference kernels: slow, exact in meaning, without a plan. Tests compare
 * rewritten graphs with it, `scull compare` takes it as the truth, passes fold constants with it.
 */
#ifndef SCULL_GRAPH_EVALUATE_H
#define SCULL_GRAPH_EVALUATE_H

#include "graph/graph.h"

/* Called with every value that a node gives, in order, while its bytes are there. */
typedef struct scull_graph_watch {
  void (*see)(void *user, scull_value_id_t value, const scull_tensor_t *tensor);
  void *user;
} scull_graph_watch_t;

/* Runs all live nodes. inputs[i] belongs to graph->inputs.data[i]: its dtype and rank must agree,
 * its dims may be any that the shape rules take (types are inferred from the tensors, the graph's
 * points are not looked at). outputs[i] gets graph->outputs.data[i]; each outputs[i].data is the
 * caller's (scull_base_free), all are NULL on failure. `watch` may be NULL. Values are given back
 * after their last use. INVALID_ARGUMENT for inputs that do not fit, OUT_OF_MEMORY, or what a
 * kernel says. */
scull_status_t scull_graph_evaluate(scull_graph_t *graph, const scull_tensor_t *inputs,
                                    scull_tensor_t *outputs,
                                    const scull_graph_watch_t *watch) SCULL_MUST_USE;

/* A value whose tensor is there already; its bytes are borrowed. */
typedef struct scull_graph_given {
  scull_value_id_t value;
  scull_tensor_t tensor;
} scull_graph_given_t;

/* Computes one value from given ones, running no more nodes than that takes; a value that is given
 * itself is copied. out->data is the caller's (scull_base_free), NULL on failure. Statuses as
 * above; INVALID_ARGUMENT also when an input that is needed is not among the given. */
scull_status_t scull_graph_evaluate_value(scull_graph_t *graph, const scull_graph_given_t *given,
                                          size_t count, scull_value_id_t value,
                                          scull_tensor_t *out) SCULL_MUST_USE;

/* Runs one node on operands whose bytes are all there (absent ones: dtype NONE). outputs[i].data is
 * the caller's (scull_base_free), all are NULL on failure. */
scull_status_t scull_graph_evaluate_node(const scull_graph_t *graph, const scull_node_t *node,
                                         const scull_tensor_t *inputs,
                                         scull_tensor_t *outputs) SCULL_MUST_USE;

/* A constant as an aligned tensor. Bytes that are not aligned are copied into the graph's arena,
 * once; data is NULL when memory is short. */
scull_tensor_t scull_graph_constant_tensor(scull_graph_t *graph, scull_value_id_t value);

#endif
