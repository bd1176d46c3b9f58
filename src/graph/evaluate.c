/* The evaluator: nodes in order, one reference kernel after the other, every value in a block of
 * its own that is freed after its last use. Types come from the actual tensors, so that it also
 * runs shapes that no point of the graph foresaw and extents that depend on data. */
#include "graph/evaluate.h"

#include <string.h>

typedef struct {
  scull_tensor_t tensor;
  size_t uses; /* operands and outputs that still want it */
  bool owned;
} slot_t;

typedef struct {
  scull_graph_t *graph;
  slot_t *slots; /* one a value */
  const scull_graph_watch_t *watch;
} run_t;

static void free_tensors(scull_tensor_t *tensors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    scull_base_free(tensors[i].data);
    tensors[i].data = NULL;
  }
}

/* --- one node -------------------------------------------------------------------------------- */

static scull_status_t run_kernel(const scull_graph_t *graph, scull_op_call_t *call) {
  for (size_t i = 0; i < call->output_count; i++) {
    call->outputs[i].data = scull_base_alloc_raw(scull_tensor_bytes(&call->outputs[i].type));
    if (call->outputs[i].data == NULL)
      return scull_base_fail_memory(graph->diag, call->node);
  }
  if (call->def->scratch != NULL) {
    call->scratch = scull_base_alloc(call->def->scratch(call));
    if (call->scratch == NULL)
      return scull_base_fail_memory(graph->diag, call->node);
  }
  scull_status_t status = call->def->reference(call);
  scull_base_free(call->scratch);
  return status;
}

scull_status_t scull_graph_evaluate_node(const scull_graph_t *graph, const scull_node_t *node,
                                         const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  memset(outputs, 0, node->output_count * sizeof *outputs);
  scull_op_call_t call = {.def = node->op,
                          .attrs = node->attrs,
                          .inputs = inputs,
                          .input_count = node->input_count,
                          .outputs = outputs,
                          .output_count = node->output_count,
                          .node = node->name,
                          .diag = graph->diag};
  SCULL_TRY(scull_ops_infer(&call));
  scull_status_t status = run_kernel(graph, &call);
  if (status != SCULL_OK)
    free_tensors(outputs, node->output_count);
  return status;
}

scull_tensor_t scull_graph_constant_tensor(scull_graph_t *graph, scull_value_id_t value) {
  scull_value_t *v = scull_graph_value(graph, value);
  scull_tensor_t tensor = {.type = scull_graph_type(graph, value, SCULL_POINT_OPT),
                           .data = scull_base_unconst(v->data)};
  size_t size = scull_tensor_dtype_size(v->dtype);
  if (size > 1 && (uintptr_t)v->data % size != 0) {
    tensor.data = scull_base_arena_copy(&graph->arena, v->data, scull_tensor_bytes(&tensor.type));
    if (tensor.data != NULL)
      v->data = tensor.data;
  }
  return tensor;
}

/* --- all of them ----------------------------------------------------------------------------- */

static scull_status_t check_input(const scull_graph_t *graph, scull_value_id_t id,
                                  const scull_tensor_t *tensor) {
  const scull_value_t *v = scull_graph_value(graph, id);
  if (tensor->type.dtype == v->dtype && tensor->type.shape.rank == v->shape[0].rank)
    return SCULL_OK;
  return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT,
                         "input '%s' is %s of %d dimensions, not %s of %d", v->name,
                         scull_tensor_dtype_name(v->dtype), v->shape[0].rank,
                         scull_tensor_dtype_name(tensor->type.dtype), tensor->type.shape.rank);
}

static scull_status_t fill_constant(run_t *run, scull_value_id_t id) {
  slot_t *slot = &run->slots[id];
  slot->tensor = scull_graph_constant_tensor(run->graph, id);
  if (slot->tensor.data == NULL)
    return scull_base_fail_memory(run->graph->diag, scull_graph_value(run->graph, id)->name);
  return SCULL_OK;
}

/* Inputs and constants into their slots; counts the uses of every value. */
static scull_status_t fill_slots(run_t *run, const scull_tensor_t *inputs) {
  scull_graph_t *graph = run->graph;
  for (size_t i = 0; i < graph->inputs.size; i++) {
    SCULL_TRY(check_input(graph, graph->inputs.data[i], &inputs[i]));
    run->slots[graph->inputs.data[i]].tensor = inputs[i];
  }
  for (size_t i = 0; i < graph->values.size; i++) {
    const scull_value_t *v = &graph->values.data[i];
    run->slots[i].uses = v->users.size;
    if (!v->dead && v->data != NULL)
      SCULL_TRY(fill_constant(run, (scull_value_id_t)i));
  }
  for (size_t i = 0; i < graph->outputs.size; i++)
    run->slots[graph->outputs.data[i].value].uses++;
  return SCULL_OK;
}

static void release(run_t *run, scull_value_id_t value) {
  if (value == SCULL_NO_ID)
    return;
  slot_t *slot = &run->slots[value];
  if (slot->uses > 0)
    slot->uses--;
  if (slot->uses == 0 && slot->owned) {
    scull_base_free(slot->tensor.data);
    *slot = (slot_t){0};
  }
}

static void keep_outputs(run_t *run, const scull_node_t *node, const scull_tensor_t *tensors) {
  for (size_t i = 0; i < node->output_count; i++) {
    slot_t *slot = &run->slots[node->outputs[i]];
    slot->tensor = tensors[i];
    slot->owned = true;
    if (run->watch != NULL)
      run->watch->see(run->watch->user, node->outputs[i], &tensors[i]);
    if (slot->uses == 0)
      release(run, node->outputs[i]);
  }
}

static scull_status_t step(run_t *run, const scull_node_t *node) {
  size_t count = node->input_count + node->output_count;
  scull_tensor_t *operands = scull_base_alloc(count * sizeof *operands);
  if (operands == NULL)
    return scull_base_fail_memory(run->graph->diag, node->name);
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != SCULL_NO_ID)
      operands[i] = run->slots[node->inputs[i]].tensor;
  }
  scull_tensor_t *results = operands + node->input_count;
  scull_status_t status = scull_graph_evaluate_node(run->graph, node, operands, results);
  if (status == SCULL_OK) {
    keep_outputs(run, node, results);
    for (size_t i = 0; i < node->input_count; i++)
      release(run, node->inputs[i]);
  }
  scull_base_free(operands);
  return status;
}

/* The last one who wants a value takes its block, the others a copy. */
static scull_status_t give_output(run_t *run, scull_value_id_t value, scull_tensor_t *out) {
  slot_t *slot = &run->slots[value];
  *out = slot->tensor;
  if (slot->owned && slot->uses == 1) {
    *slot = (slot_t){0};
    return SCULL_OK;
  }
  size_t bytes = scull_tensor_bytes(&slot->tensor.type);
  out->data = scull_base_alloc_raw(bytes);
  if (out->data == NULL)
    return scull_base_fail_memory(run->graph->diag, "an output");
  if (bytes > 0)
    memcpy(out->data, slot->tensor.data, bytes);
  release(run, value);
  return SCULL_OK;
}

static scull_status_t run_all(run_t *run, const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  scull_graph_t *graph = run->graph;
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(fill_slots(run, inputs));
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(step(run, scull_graph_node(graph, order[i])));
  for (size_t i = 0; i < graph->outputs.size; i++)
    SCULL_TRY(give_output(run, graph->outputs.data[i].value, &outputs[i]));
  return SCULL_OK;
}

static scull_status_t open_run(run_t *run) {
  run->slots = scull_base_alloc(run->graph->values.size * sizeof *run->slots);
  return run->slots == NULL ? scull_base_fail_memory(run->graph->diag, "an evaluation") : SCULL_OK;
}

static void close_run(run_t *run) {
  for (size_t i = 0; i < run->graph->values.size; i++) {
    if (run->slots[i].owned)
      scull_base_free(run->slots[i].tensor.data);
  }
  scull_base_free(run->slots);
}

scull_status_t scull_graph_evaluate(scull_graph_t *graph, const scull_tensor_t *inputs,
                                    scull_tensor_t *outputs, const scull_graph_watch_t *watch) {
  run_t run = {.graph = graph, .watch = watch};
  memset(outputs, 0, graph->outputs.size * sizeof *outputs);
  SCULL_TRY(open_run(&run));
  scull_status_t status = run_all(&run, inputs, outputs);
  close_run(&run);
  if (status != SCULL_OK)
    free_tensors(outputs, graph->outputs.size);
  return status;
}

/* --- one value ------------------------------------------------------------------------------- */

/* Counts one more user of an operand; what is neither given nor constant must have a producer. */
static scull_status_t want(run_t *run, scull_value_id_t id) {
  const scull_value_t *v = scull_graph_value(run->graph, id);
  slot_t *slot = &run->slots[id];
  slot->uses++;
  if (slot->tensor.data != NULL || v->producer != SCULL_NO_ID)
    return SCULL_OK;
  if (v->data != NULL)
    return fill_constant(run, id);
  return scull_base_fail(run->graph->diag, SCULL_INVALID_ARGUMENT, "input '%s' is not given",
                         v->name);
}

/* True when a later node (or the caller) waits for one of the node's outputs. */
static bool is_wanted(const run_t *run, const scull_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++) {
    const slot_t *slot = &run->slots[node->outputs[i]];
    if (slot->uses > 0 && slot->tensor.data == NULL)
      return true;
  }
  return false;
}

/* Marks backwards what the value needs, then runs that forwards. */
static scull_status_t run_needed(run_t *run, scull_value_id_t value, scull_tensor_t *out) {
  scull_graph_t *graph = run->graph;
  scull_node_id_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_graph_sort(graph, &order, &count));
  SCULL_TRY(want(run, value));
  for (size_t i = count; i-- > 0;) {
    const scull_node_t *node = scull_graph_node(graph, order[i]);
    if (!is_wanted(run, node)) {
      order[i] = SCULL_NO_ID;
      continue;
    }
    for (size_t k = 0; k < node->input_count; k++) {
      if (node->inputs[k] != SCULL_NO_ID)
        SCULL_TRY(want(run, node->inputs[k]));
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (order[i] != SCULL_NO_ID)
      SCULL_TRY(step(run, scull_graph_node(graph, order[i])));
  }
  return give_output(run, value, out);
}

scull_status_t scull_graph_evaluate_value(scull_graph_t *graph, const scull_graph_given_t *given,
                                          size_t count, scull_value_id_t value,
                                          scull_tensor_t *out) {
  run_t run = {.graph = graph};
  *out = (scull_tensor_t){0};
  SCULL_TRY(open_run(&run));
  for (size_t i = 0; i < count; i++)
    run.slots[given[i].value].tensor = given[i].tensor;
  scull_status_t status = run_needed(&run, value, out);
  close_run(&run);
  if (status != SCULL_OK)
    *out = (scull_tensor_t){0};
  return status;
}
