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

/* True when `id` is an output of the live node `node`. */
static bool gives(const scull_node_t *node, scull_value_id_t id) {
  for (size_t i = 0; node != NULL && !node->dead && i < node->output_count; i++) {
    if (node->outputs[i] == id)
      return true;
  }
  return false;
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

static scull_status_t verify_value(const scull_graph_t *graph, scull_value_id_t id) {
  const scull_value_t *v = scull_graph_value(graph, id);
  if (v->dead)
    return SCULL_OK;
  for (size_t u = 0; u < v->users.size; u++) {
    const scull_node_t *user = scull_graph_node(graph, v->users.data[u]);
    if (user == NULL || user->dead)
      return broken(graph, "a value is used by a node that is gone", v->name);
    if (reads(user, id) == 0)
      return broken(graph, "a value lists a user that does not read it", v->name);
  }
  if (scull_graph_find_value(graph, v->name) != id)
    return broken(graph, "a value is not found by its name", v->name);
  if (v->producer != SCULL_NO_ID && !gives(scull_graph_producer(graph, id), id))
    return broken(graph, "a value's producer does not give it", v->name);
  if (v->producer == SCULL_NO_ID && v->data == NULL && !v->is_input)
    return broken(graph, "a value comes from nowhere", v->name);
  if (v->dtype == SCULL_DTYPE_NONE)
    return broken(graph, "a value has no type", v->name);
  return SCULL_OK;
}

static bool same_types(const scull_graph_t *graph, const scull_value_t *a, const scull_value_t *b) {
  bool same = a->dtype == b->dtype;
  for (int p = 0; p < graph->points; p++)
    same = same && scull_tensor_shape_equal(&a->shape[p], &b->shape[p]);
  return same;
}

/* Infers again and compares with what the values said before. */
static scull_status_t verify_types(scull_graph_t *graph, scull_node_id_t id) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_value_t *before = scull_base_alloc(node->output_count * sizeof *before);
  if (before == NULL)
    return scull_base_fail_memory(graph->diag, "types of a node");
  for (size_t i = 0; i < node->output_count; i++)
    before[i] = *scull_graph_value(graph, node->outputs[i]);
  scull_status_t status = scull_graph_infer_node(graph, id);
  for (size_t i = 0; i < node->output_count && status == SCULL_OK; i++) {
    if (!same_types(graph, &before[i], scull_graph_value(graph, node->outputs[i])))
      status = broken(graph, "a value's type is not what its operator gives", before[i].name);
  }
  scull_base_free(before);
  return status;
}

static scull_status_t verify_ends(const scull_graph_t *graph) {
  for (size_t i = 0; i < graph->inputs.size; i++) {
    const scull_value_t *v = scull_graph_value(graph, graph->inputs.data[i]);
    if (v == NULL || v->dead || !v->is_input)
      return broken(graph, "an input is gone", v == NULL ? "?" : v->name);
  }
  for (size_t i = 0; i < graph->outputs.size; i++) {
    const scull_value_t *v = scull_graph_value(graph, graph->outputs.data[i].value);
    if (v == NULL || v->dead)
      return broken(graph, "an output's value is gone", graph->outputs.data[i].name);
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
    SCULL_TRY(verify_value(graph, (scull_value_id_t)i));
  SCULL_TRY(verify_ends(graph));
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(verify_types(graph, order[i]));
  return SCULL_OK;
}
