/* The evaluator: nodes in order, one reference kernel after the other, every value in a block of
 * its own that is freed after its last use. Types come from the actual tensors, so that it also
 * runs shapes that no point of the graph foresaw and extents that depend on data. */
#include "graph/evaluate.h"

#include <string.h>

#include "graph/control.h"
#include "ops/loop.h"
#include "tensor/sequence.h"

typedef struct {
  scull_tensor_t tensor;
  size_t uses; /* operands and outputs that still want it */
  bool owned;
} slot_t;

typedef struct {
  scull_node_id_t *nodes;
  size_t count;
} order_t;

typedef struct {
  scull_graph_t *graph;
  slot_t *slots; /* one a value */
  const scull_graph_watch_t *watch;
  const order_t *order;
} run_t;

static void free_tensor(scull_tensor_t *tensor) {
  if (scull_tensor_dtype_is_sequence(tensor->type.dtype))
    scull_tensor_sequence_destroy(tensor->data);
  else
    scull_base_free(tensor->data);
  tensor->data = NULL;
}

void scull_graph_tensors_free(scull_tensor_t *tensors, size_t count) {
  for (size_t i = 0; i < count; i++)
    free_tensor(&tensors[i]);
}

static void *tensor_room(const scull_type_t *type) {
  return scull_tensor_dtype_is_sequence(type->dtype)
             ? (void *)scull_tensor_sequence_create(NULL)
             : scull_base_alloc_raw(scull_tensor_bytes(type));
}

/* --- one node -------------------------------------------------------------------------------- */

static scull_status_t run_kernel(const scull_graph_t *graph, scull_op_call_t *call) {
  for (size_t i = 0; i < call->output_count; i++) {
    call->outputs[i].data = tensor_room(&call->outputs[i].type);
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
  if (node->op->control != SCULL_CONTROL_NONE)
    return scull_graph_evaluate_control(graph, node, inputs, outputs);
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
    scull_graph_tensors_free(outputs, node->output_count);
  return status;
}

scull_tensor_t scull_graph_constant_tensor(scull_graph_t *graph, scull_value_id_t value) {
  scull_value_t *v = scull_graph_value(graph, value);
  scull_tensor_t tensor = {.type = scull_graph_type(graph, value, SCULL_POINT_OPT),
                           .data = scull_base_unconst(v->data)};
  size_t size = scull_tensor_dtype_size(v->dtype);
  if (size > 1 && (uintptr_t)v->data % size != 0)
    tensor.data = scull_base_arena_copy(&graph->arena, v->data, scull_tensor_bytes(&tensor.type));
  if (tensor.data != NULL)
    v->data = tensor.data; /* once is enough: loops come back */
  return tensor;
}

/* --- all of them ----------------------------------------------------------------------------- */

static scull_status_t check_input(const scull_graph_t *graph, scull_value_id_t id,
                                  const scull_tensor_t *tensor) {
  const scull_value_t *v = scull_graph_value(graph, id);
  bool any_rank = scull_tensor_dtype_is_sequence(v->dtype); /* of elements, if there are some */
  if (tensor->type.dtype == v->dtype && (any_rank || tensor->type.shape.rank == v->shape[0].rank))
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
    free_tensor(&slot->tensor);
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

static scull_status_t copy_tensor(const scull_graph_t *graph, const scull_tensor_t *from,
                                  scull_tensor_t *out) {
  size_t bytes = scull_tensor_bytes(&from->type);
  scull_status_t status = SCULL_OK;
  *out = (scull_tensor_t){.type = from->type, .data = tensor_room(&from->type)};
  if (out->data == NULL)
    return scull_base_fail_memory(graph->diag, "an output");
  if (scull_tensor_dtype_is_sequence(from->type.dtype))
    status = scull_tensor_sequence_copy(out->data, from->data);
  else if (bytes > 0)
    memcpy(out->data, from->data, bytes);
  if (status == SCULL_OK)
    return SCULL_OK;
  free_tensor(out);
  return scull_base_fail_memory(graph->diag, "an output");
}

/* The last one who wants a value takes its block, the others a copy. */
static scull_status_t give_output(run_t *run, scull_value_id_t value, scull_tensor_t *out) {
  slot_t *slot = &run->slots[value];
  *out = slot->tensor;
  if (slot->owned && slot->uses == 1) {
    *slot = (slot_t){0};
    return SCULL_OK;
  }
  SCULL_TRY(copy_tensor(run->graph, &slot->tensor, out));
  release(run, value);
  return SCULL_OK;
}

static scull_status_t run_all(run_t *run, const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  scull_graph_t *graph = run->graph;
  SCULL_TRY(fill_slots(run, inputs));
  for (size_t i = 0; i < run->order->count; i++)
    SCULL_TRY(step(run, scull_graph_node(graph, run->order->nodes[i])));
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
      free_tensor(&run->slots[i].tensor);
  }
  scull_base_free(run->slots);
}

static scull_status_t evaluate(scull_graph_t *graph, const order_t *order,
                               const scull_tensor_t *inputs, scull_tensor_t *outputs,
                               const scull_graph_watch_t *watch) {
  run_t run = {.graph = graph, .watch = watch, .order = order};
  memset(outputs, 0, graph->outputs.size * sizeof *outputs);
  SCULL_TRY(open_run(&run));
  scull_status_t status = run_all(&run, inputs, outputs);
  close_run(&run);
  if (status != SCULL_OK)
    scull_graph_tensors_free(outputs, graph->outputs.size);
  return status;
}

scull_status_t scull_graph_evaluate(scull_graph_t *graph, const scull_tensor_t *inputs,
                                    scull_tensor_t *outputs, const scull_graph_watch_t *watch) {
  order_t order = {0};
  memset(outputs, 0, graph->outputs.size * sizeof *outputs);
  SCULL_TRY(scull_graph_sort(graph, &order.nodes, &order.count));
  return evaluate(graph, &order, inputs, outputs, watch);
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

/* --- regions --------------------------------------------------------------------------------- */

static scull_status_t run_branch(const scull_graph_t *graph, const scull_node_t *node,
                                 const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  if (scull_tensor_count(&inputs[0].type.shape) != 1)
    return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT,
                           "node '%s': its condition is not one truth value", node->name);
  size_t taken = *(const uint8_t *)inputs[0].data != 0 ? 0 : 1;
  return scull_graph_evaluate(node->regions[taken], inputs + 1, outputs, NULL);
}

/* A loop while it runs. */
typedef struct {
  const scull_graph_t *graph;
  const scull_node_t *node;
  scull_graph_t *region;
  order_t order;
  size_t carried, gathered;
  scull_tensor_t *params;
  scull_tensor_t *results;
  scull_tensor_t *outputs; /* gathered ones grow by doubling */
  size_t *room;            /* trips that fit into each gathered output */
  int64_t trip;
  uint8_t condition;
} loop_t;

static scull_status_t gather(loop_t *loop, size_t output) {
  const scull_tensor_t *item = &loop->results[SCULL_LOOP_RESULT + output];
  scull_tensor_t *all = &loop->outputs[output];
  size_t bytes = scull_tensor_bytes(&item->type), had = all->data == NULL ? 0 : loop->room[output];
  scull_shape_t expect = all->type.shape;
  if (loop->trip == 0) {
    all->type =
        (scull_type_t){.dtype = item->type.dtype, .shape = {.rank = item->type.shape.rank + 1}};
    memcpy(&all->type.shape.dim[1], item->type.shape.dim, sizeof(int64_t) * (SCULL_MAX_RANK - 1));
    expect = all->type.shape;
  }
  if (memcmp(&expect.dim[1], item->type.shape.dim,
             sizeof(int64_t) * (size_t)item->type.shape.rank) != 0)
    return scull_base_fail(loop->graph->diag, SCULL_INVALID_ARGUMENT,
                           "node '%s': output %zu gathers tensors of different shapes",
                           loop->node->name, output);
  if (all->data == NULL || had == (size_t)loop->trip) {
    size_t want = had == 0 ? 4 : 2 * had;
    void *grown = want > SIZE_MAX / 2 / (bytes + 1)
                      ? NULL
                      : scull_base_grow(all->data, had * bytes, want * bytes);
    if (grown == NULL)
      return scull_base_fail_memory(loop->graph->diag, "a loop");
    all->data = grown;
    loop->room[output] = want;
  }
  if (bytes > 0)
    memcpy((char *)all->data + (size_t)loop->trip * bytes, item->data, bytes);
  all->type.shape.dim[0] = loop->trip + 1;
  return SCULL_OK;
}

/* Results of a trip become the parameters of the next. */
static scull_status_t carry(loop_t *loop) {
  loop->condition = *(const uint8_t *)loop->results[0].data != 0;
  for (size_t i = 0; i < loop->carried; i++) {
    free_tensor(&loop->outputs[i]);
    loop->outputs[i] = loop->results[SCULL_LOOP_RESULT + i];
    loop->results[SCULL_LOOP_RESULT + i].data = NULL;
    loop->params[SCULL_LOOP_CARRIED + i] = loop->outputs[i];
  }
  for (size_t i = 0; i < loop->gathered; i++)
    SCULL_TRY(gather(loop, loop->carried + i));
  return SCULL_OK;
}

static scull_status_t run_trips(loop_t *loop, int64_t trips) {
  size_t results = loop->region->outputs.size;
  for (loop->trip = 0; loop->condition != 0 && loop->trip < trips; loop->trip++) {
    if (loop->trip == SCULL_LOOP_LIMIT)
      return scull_base_fail(loop->graph->diag, SCULL_OUT_OF_RANGE,
                             "node '%s': it did not end after %d trips", loop->node->name,
                             SCULL_LOOP_LIMIT);
    SCULL_TRY(evaluate(loop->region, &loop->order, loop->params, loop->results, NULL));
    scull_status_t status = carry(loop);
    scull_graph_tensors_free(loop->results, results);
    SCULL_TRY(status);
  }
  return SCULL_OK;
}

/* A gathered value of no trip: nothing, in the shape of the bound. */
static scull_status_t give_nothing(loop_t *loop) {
  for (size_t o = loop->carried; o < loop->carried + loop->gathered; o++) {
    const scull_value_t *v = scull_graph_value(loop->graph, loop->node->outputs[o]);
    scull_tensor_t *all = &loop->outputs[o];
    if (all->data != NULL)
      continue;
    all->type = (scull_type_t){.dtype = v->dtype, .shape = v->shape[0]};
    all->type.shape.dim[0] = 0;
    all->data = scull_base_alloc_raw(0);
    if (all->data == NULL)
      return scull_base_fail_memory(loop->graph->diag, "a loop");
  }
  return SCULL_OK;
}

static scull_status_t loop_begin(loop_t *loop, const scull_tensor_t *inputs, int64_t *trips) {
  const scull_node_t *node = loop->node;
  const scull_tensor_t *most = &inputs[SCULL_LOOP_TRIPS], *begin = &inputs[SCULL_LOOP_CONDITION];
  *trips = most->data == NULL ? INT64_MAX : *(const int64_t *)most->data;
  loop->condition = begin->data == NULL || *(const uint8_t *)begin->data != 0;
  loop->params[SCULL_LOOP_TRIPS] =
      (scull_tensor_t){.type = {.dtype = SCULL_DTYPE_I64}, .data = &loop->trip};
  loop->params[SCULL_LOOP_CONDITION] =
      (scull_tensor_t){.type = {.dtype = SCULL_DTYPE_BOOL}, .data = &loop->condition};
  for (size_t i = SCULL_LOOP_CARRIED; i < node->input_count; i++)
    loop->params[i] = inputs[i];
  for (size_t i = 0; i < loop->carried; i++) {
    SCULL_TRY(copy_tensor(loop->graph, &inputs[SCULL_LOOP_CARRIED + i], &loop->outputs[i]));
    loop->params[SCULL_LOOP_CARRIED + i] = loop->outputs[i];
  }
  return scull_graph_sort(loop->region, &loop->order.nodes, &loop->order.count);
}

static scull_status_t run_loop(const scull_graph_t *graph, const scull_node_t *node,
                               const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  scull_arena_t arena;
  int64_t trips = 0;
  scull_base_arena_init(&arena);
  size_t carried = (size_t)((const scull_loop_attrs_t *)node->attrs)->carried;
  loop_t loop = {.graph = graph,
                 .node = node,
                 .region = node->regions[0],
                 .carried = carried,
                 .gathered = node->output_count - carried,
                 .params = SCULL_ARENA_ARRAY(&arena, scull_tensor_t, node->input_count),
                 .results = SCULL_ARENA_ARRAY(&arena, scull_tensor_t, node->output_count + 1),
                 .room = SCULL_ARENA_ARRAY(&arena, size_t, node->output_count),
                 .outputs = outputs};
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  if (loop.params == NULL || loop.results == NULL || loop.room == NULL)
    status = scull_base_fail_memory(graph->diag, "a loop");
  else
    status = loop_begin(&loop, inputs, &trips);
  if (status == SCULL_OK)
    status = run_trips(&loop, trips);
  if (status == SCULL_OK)
    status = give_nothing(&loop);
  if (status != SCULL_OK)
    scull_graph_tensors_free(outputs, node->output_count);
  scull_base_arena_deinit(&arena);
  return status;
}

scull_status_t scull_graph_evaluate_control(const scull_graph_t *graph, const scull_node_t *node,
                                            const scull_tensor_t *inputs, scull_tensor_t *outputs) {
  return node->op->control == SCULL_CONTROL_BRANCH ? run_branch(graph, node, inputs, outputs)
                                                   : run_loop(graph, node, inputs, outputs);
}
