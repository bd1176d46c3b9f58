/* One buffer a value, freed after its last user. Constants are copied, since kernels want them
 * aligned. */
#include "support/reference.h"

#include <string.h>

typedef struct {
  scull_graph_t *graph;
  scull_diag_t *diag;
  scull_tensor_t *values; /* by value id; data is owned */
  size_t *left;           /* operands that still want it; outputs count as one */
} run_t;

static scull_status_t fill_value(run_t *run, scull_value_id_t id, const void *bytes) {
  scull_tensor_t *t = &run->values[id];
  t->type = scull_graph_type(run->graph, id, SCULL_POINT_OPT);
  size_t size = scull_tensor_bytes(&t->type);
  t->data = scull_base_alloc(size);
  if (t->data == NULL)
    return scull_base_fail_memory(run->diag, "a value");
  if (bytes != NULL && size > 0)
    memcpy(t->data, bytes, size);
  return SCULL_OK;
}

static void let_go(run_t *run, scull_value_id_t id) {
  if (id == SCULL_NO_ID || --run->left[id] > 0)
    return;
  scull_base_free(run->values[id].data);
  run->values[id].data = NULL;
}

/* The rule with the operands as they are, then the kernel, which may shrink an extent. */
static scull_status_t call_kernel(run_t *run, const scull_node_t *node, scull_tensor_t *inputs,
                                  scull_tensor_t *outputs) {
  scull_op_call_t call = {.def = node->op,
                          .attrs = node->attrs,
                          .inputs = inputs,
                          .input_count = node->input_count,
                          .outputs = outputs,
                          .output_count = node->output_count,
                          .node = node->name,
                          .diag = run->diag};
  SCULL_TRY(scull_ops_infer(&call));
  for (size_t i = 0; i < node->output_count; i++) {
    outputs[i].data = scull_base_alloc(scull_tensor_bytes(&outputs[i].type));
    run->values[node->outputs[i]] = outputs[i];
    if (outputs[i].data == NULL)
      return scull_base_fail_memory(run->diag, "a value");
  }
  if (node->op->scratch != NULL) {
    call.scratch = scull_base_alloc(node->op->scratch(&call));
    if (call.scratch == NULL)
      return scull_base_fail_memory(run->diag, "scratch");
  }
  scull_status_t status = node->op->reference(&call);
  for (size_t i = 0; i < node->output_count; i++)
    run->values[node->outputs[i]].type = outputs[i].type;
  scull_base_free(call.scratch);
  return status;
}

static scull_status_t run_node(run_t *run, const scull_node_t *node) {
  scull_tensor_t *inputs = scull_base_alloc(node->input_count * sizeof *inputs);
  scull_tensor_t *outputs = scull_base_alloc(node->output_count * sizeof *outputs);
  scull_status_t status =
      inputs == NULL || outputs == NULL ? scull_base_fail_memory(run->diag, "operands") : SCULL_OK;
  for (size_t i = 0; i < node->input_count && status == SCULL_OK; i++) {
    scull_value_id_t id = node->inputs[i];
    const scull_value_t *value = scull_graph_value(run->graph, id);
    if (value != NULL && value->data != NULL && run->values[id].data == NULL)
      status = fill_value(run, id, value->data);
    if (value != NULL)
      inputs[i] = run->values[id];
  }
  if (status == SCULL_OK)
    status = call_kernel(run, node, inputs, outputs);
  for (size_t i = 0; i < node->input_count; i++)
    let_go(run, node->inputs[i]);
  for (size_t i = 0; i < node->output_count; i++) {
    run->left[node->outputs[i]]++;
    let_go(run, node->outputs[i]);
  }
  scull_base_free(inputs);
  scull_base_free(outputs);
  return status;
}

static void count_users(run_t *run) {
  for (size_t i = 0; i < run->graph->values.size; i++)
    run->left[i] = run->graph->values.data[i].users.size;
  for (size_t i = 0; i < run->graph->outputs.size; i++)
    run->left[run->graph->outputs.data[i].value]++;
}

static scull_status_t take_outputs(run_t *run, scull_tensor_t *outputs) {
  for (size_t i = 0; i < run->graph->outputs.size; i++) {
    scull_value_id_t id = run->graph->outputs.data[i].value;
    const void *constant = scull_graph_value(run->graph, id)->data;
    if (run->values[id].data == NULL && constant != NULL)
      SCULL_TRY(fill_value(run, id, constant));
    outputs[i] = run->values[id];
    size_t size = scull_tensor_bytes(&outputs[i].type);
    outputs[i].data = scull_base_alloc(size);
    if (outputs[i].data == NULL)
      return scull_base_fail_memory(run->diag, "an output");
    memcpy(outputs[i].data, run->values[id].data, size);
  }
  return SCULL_OK;
}

static scull_status_t run_all(run_t *run, const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  scull_graph_t *graph = run->graph;
  scull_node_id_t *order = NULL;
  size_t count = 0;
  count_users(run);
  for (size_t i = 0; i < graph->inputs.size; i++)
    SCULL_TRY(fill_value(run, graph->inputs.data[i], inputs[i].data));
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(run_node(run, scull_graph_node(graph, order[i])));
  return take_outputs(run, outputs);
}

scull_status_t reference_run(scull_graph_t *graph, const scull_tensor_t *inputs,
                             scull_tensor_t *outputs, scull_diag_t *diag) {
  run_t run = {.graph = graph, .diag = diag};
  run.values = scull_base_alloc(graph->values.size * sizeof *run.values);
  run.left = scull_base_alloc(graph->values.size * sizeof *run.left);
  memset(outputs, 0, graph->outputs.size * sizeof *outputs);
  scull_status_t status = run.values == NULL || run.left == NULL
                              ? scull_base_fail_memory(diag, "values")
                              : run_all(&run, inputs, outputs);
  for (size_t i = 0; run.values != NULL && i < graph->values.size; i++)
    scull_base_free(run.values[i].data);
  scull_base_free(run.values);
  scull_base_free(run.left);
  return status;
}
