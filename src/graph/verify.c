/* The laws of a graph, checked after every pass in debug builds and by tests. */
#include <string.h>

#include "graph/graph.h"

static scull_status_t broken(const scull_graph_t *graph, const char *what, const char *name) {
  return scull_base_fail(graph->diag, SCULL_INTERNAL, "graph: %s: '%s'", what, name);
}

/* How often `node` reads `value`. */
static size_t reads(const scull_node_t *node, scull_value_id_t value) {
  size_t count = 0;
  for (size_t i = 0; i < node->input_count; i++)
    count += node->inputs[i] == value;
  return count;
}

static scull_status_t verify_node(const scull_graph_t *graph, scull_node_id_t id) {
  const scull_node_t *node = scull_graph_node(graph, id);
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] == SCULL_NO_ID)
      continue;
    const scull_value_t *v = scull_graph_value(graph, node->inputs[i]);
    if (v == NULL || v->dead)
      return broken(graph, "a node reads a value that is gone", node->name);
    size_t listed = 0;
    for (size_t u = 0; u < v->users.size; u++)
      listed += v->users.data[u] == id;
    if (listed != reads(node, node->inputs[i]))
      return broken(graph, "users and operands disagree", node->name);
  }
  for (size_t i = 0; i < node->output_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, node->outputs[i]);
    if (v == NULL || v->dead || v->producer != id || v->slot != i)
      return broken(graph, "an output does not know its producer", node->name);
  }
  return SCULL_OK;
}

static scull_status_t verify_value(const scull_graph_t *graph, const scull_value_t *v) {
  if (v->dead)
    return SCULL_OK;
  for (size_t u = 0; u < v->users.size; u++) {
    const scull_node_t *user = scull_graph_node(graph, v->users.data[u]);
    if (user == NULL || user->dead)
      return broken(graph, "a value is used by a node that is gone", v->name);
  }
  if (v->producer == SCULL_NO_ID && v->data == NULL && !v->is_input)
    return broken(graph, "a value comes from nowhere", v->name);
  if (v->dtype == SCULL_DTYPE_NONE)
    return broken(graph, "a value has no type", v->name);
  return SCULL_OK;
}

/* Infers again and compares with what the values say. */
static scull_status_t verify_types(scull_graph_t *graph, scull_node_id_t id) {
  const scull_node_t *node = scull_graph_node(graph, id);
  for (size_t i = 0; i < node->output_count; i++) {
    scull_value_t before = *scull_graph_value(graph, node->outputs[i]);
    SCULL_TRY(scull_graph_infer_node(graph, id));
    const scull_value_t *after = scull_graph_value(graph, node->outputs[i]);
    bool same = before.dtype == after->dtype;
    for (int p = 0; p < graph->points; p++)
      same = same && scull_tensor_shape_equal(&before.shape[p], &after->shape[p]);
    if (!same)
      return broken(graph, "a value's type is not what its operator gives", before.name);
  }
  return SCULL_OK;
}

scull_status_t scull_graph_verify(scull_graph_t *graph) {
  scull_node_id_t *order = NULL;
  size_t count = 0;
  for (size_t i = 0; i < graph->nodes.size; i++) {
    if (!graph->nodes.data[i].dead)
      SCULL_TRY(verify_node(graph, (scull_node_id_t)i));
  }
  for (size_t i = 0; i < graph->values.size; i++)
    SCULL_TRY(verify_value(graph, &graph->values.data[i]));
  for (size_t i = 0; i < graph->outputs.size; i++) {
    const scull_value_t *v = scull_graph_value(graph, graph->outputs.data[i].value);
    if (v == NULL || v->dead)
      return broken(graph, "an output's value is gone", graph->outputs.data[i].name);
  }
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(verify_types(graph, order[i]));
  return SCULL_OK;
}
