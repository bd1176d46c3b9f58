/* Walks the nodes that the outputs need, every operand before its readers; the file may hold them
 * in any order. A node that nobody reads is an output. */
#include "import/tensorflow/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/gaps.h"
#include "import/tensorflow/call.h"

enum { PLACE = 200 };

typedef struct {
  const scull_import_source_t *source;
  scull_diag_t *diag;
  const scull_tf_graph_t *file;
  scull_graph_t *graph;
  scull_arena_t *arena;
  uint32_t *order; /* nodes that are needed, operands first */
  size_t ordered;
  bool *is_output;
  scull_tf_value_t **values; /* of each node; NULL: not needed */
  scull_import_gaps_t gaps;
} convert_t;

static scull_status_t no_memory(const convert_t *cx) {
  return scull_base_fail_memory(cx->diag, "a graph");
}

static bool is_op(const scull_tf_node_t *node, const char *op) {
  return strcmp(node->op, op) == 0;
}

static bool is_input(const scull_tf_node_t *node) {
  return is_op(node, "Placeholder");
}

/* --- which nodes, in which order ------------------------------------------------------------- */

/* Nodes that nobody reads and that are no outputs all the same. */
static bool is_loose(const scull_tf_node_t *node) {
  static const char *const ops[] = {"Const", "NoOp", "Assert", "Placeholder", "Print", "SaveV2"};
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
    if (is_op(node, ops[i]))
      return true;
  }
  return false;
}

/* "name" or "name:1" of the user. */
static const scull_tf_node_t *find_node(const convert_t *cx, const char *name, size_t *slot) {
  const char *colon = strrchr(name, ':');
  size_t index = 0, length = colon == NULL ? strlen(name) : (size_t)(colon - name);
  char *end = NULL;
  *slot = colon == NULL ? 0 : (size_t)strtoul(colon + 1, &end, 10);
  bool found = scull_base_map_find(&cx->file->names, name, length, &index) &&
               (colon == NULL || (*end == '\0' && end != colon + 1));
  return found ? &cx->file->nodes[index] : NULL;
}

/* A node on the way down, and how many of its inputs were followed. */
typedef struct {
  uint32_t node;
  size_t next;
} step_t;

enum { NEW = 0, ON_THE_WAY, DONE };

/* A circle is how TensorFlow 1 writes loops: what cannot be had is told by their operators. */
static scull_status_t meet_circle(const convert_t *cx, const step_t *stack, size_t depth,
                                  uint32_t again) {
  for (size_t i = 0; i < depth; i++) {
    if (is_op(&cx->file->nodes[stack[i].node], "NextIteration"))
      return SCULL_OK;
  }
  return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: node '%.80s' reads itself, in a circle",
                         cx->source->model_name, cx->file->nodes[again].name);
}

static scull_status_t visit(convert_t *cx, uint32_t root, step_t *stack, uint8_t *state) {
  size_t depth = 0;
  if (state[root] != NEW)
    return SCULL_OK;
  stack[depth++] = (step_t){root, 0};
  state[root] = ON_THE_WAY;
  while (depth > 0) {
    step_t *top = &stack[depth - 1];
    const scull_tf_node_t *node = &cx->file->nodes[top->node];
    if (top->next == node->input_count) {
      state[top->node] = DONE;
      cx->order[cx->ordered++] = top->node;
      depth--;
      continue;
    }
    uint32_t input = node->inputs[top->next++].node;
    if (state[input] == ON_THE_WAY)
      SCULL_TRY(meet_circle(cx, stack, depth, input));
    if (state[input] != NEW)
      continue;
    state[input] = ON_THE_WAY;
    stack[depth++] = (step_t){input, 0};
  }
  return SCULL_OK;
}

static scull_status_t find_order(convert_t *cx) {
  size_t count = cx->file->node_count, slot = 0;
  const scull_import_options_t *options = cx->source->options;
  step_t *stack = SCULL_ARENA_ARRAY(cx->arena, step_t, count);
  uint8_t *state = SCULL_ARENA_ARRAY(cx->arena, uint8_t, count);
  cx->order = SCULL_ARENA_ARRAY(cx->arena, uint32_t, count);
  cx->is_output = SCULL_ARENA_ARRAY(cx->arena, bool, count);
  cx->values = SCULL_ARENA_ARRAY(cx->arena, scull_tf_value_t *, count);
  if (stack == NULL || state == NULL || cx->order == NULL || cx->is_output == NULL ||
      cx->values == NULL)
    return no_memory(cx);
  for (size_t i = 0; i < count; i++) {
    const scull_tf_node_t *node = &cx->file->nodes[i];
    cx->is_output[i] = node->reads == 0 && !node->is_waited && !is_loose(node);
    if (cx->is_output[i])
      SCULL_TRY(visit(cx, (uint32_t)i, stack, state));
  }
  for (size_t i = 0; i < options->extra_output_count; i++) {
    const scull_tf_node_t *node = find_node(cx, options->extra_outputs[i], &slot);
    if (node != NULL)
      SCULL_TRY(visit(cx, (uint32_t)(node - cx->file->nodes), stack, state));
  }
  return SCULL_OK;
}

/* --- inputs ---------------------------------------------------------------------------------- */

static bool is_given(const convert_t *cx, const char *name) {
  for (size_t i = 0; i < cx->source->options->shape_count; i++) {
    if (strcmp(cx->source->options->shapes[i].name, name) == 0)
      return true;
  }
  return false;
}

static scull_status_t declare(const convert_t *cx, const scull_tf_node_t *node,
                              scull_import_input_t *input) {
  const scull_tf_attr_t *shape = scull_tf_attr_find(node, "shape");
  const scull_tf_attr_t *dtype = scull_tf_attr_find(node, "dtype");
  bool has_rank = shape != NULL && shape->kind == SCULL_TF_ATTR_SHAPE && shape->has_rank;
  input->name = node->name;
  input->dtype = dtype == NULL ? SCULL_DTYPE_NONE : scull_tf_dtype(dtype->i);
  if (input->dtype == SCULL_DTYPE_NONE)
    return scull_base_fail(cx->diag, SCULL_UNSUPPORTED,
                           "%s: input '%.80s' has an element type that Scull has not",
                           cx->source->model_name, node->name);
  if (!has_rank && !is_given(cx, node->name))
    return scull_base_fail(cx->diag, SCULL_INVALID_ARGUMENT,
                           "input '%.80s': the model does not say its shape; give one", node->name);
  if (has_rank)
    input->declared = shape->shape;
  return SCULL_OK;
}

static bool by_file(const convert_t *cx, size_t i) {
  return is_input(&cx->file->nodes[i]) && cx->values[i] != NULL;
}

static scull_status_t add_inputs(convert_t *cx, scull_graph_t **out) {
  size_t count = 0, next = 0;
  int points = 1;
  for (size_t i = 0; i < cx->file->node_count; i++)
    count += by_file(cx, i);
  scull_import_input_t *inputs = SCULL_ARENA_ARRAY(cx->arena, scull_import_input_t, count);
  if (inputs == NULL)
    return no_memory(cx);
  for (size_t i = 0; i < cx->file->node_count; i++) {
    if (by_file(cx, i))
      SCULL_TRY(declare(cx, &cx->file->nodes[i], &inputs[next++]));
  }
  SCULL_TRY(scull_import_shapes(cx->source, inputs, count, &points));
  SCULL_TRY(scull_graph_create(points, cx->diag, out));
  cx->graph = *out;
  for (size_t i = next = 0; i < cx->file->node_count; i++) {
    if (!by_file(cx, i))
      continue;
    SCULL_TRY(scull_import_add_input(cx->source, *out, &inputs[next++], &cx->values[i][0].plain));
  }
  return SCULL_OK;
}

static scull_status_t make_values(convert_t *cx) {
  for (size_t i = 0; i < cx->ordered; i++) {
    const scull_tf_node_t *node = &cx->file->nodes[cx->order[i]];
    scull_tf_value_t *values = SCULL_ARENA_ARRAY(cx->arena, scull_tf_value_t, node->outputs);
    if (values == NULL)
      return no_memory(cx);
    for (size_t k = 0; k < node->outputs; k++)
      values[k] = (scull_tf_value_t){SCULL_NO_ID, SCULL_NO_ID};
    cx->values[cx->order[i]] = values;
  }
  return SCULL_OK;
}

/* --- nodes ----------------------------------------------------------------------------------- */

static bool is_there(const scull_tf_value_t *value) {
  return value->plain != SCULL_NO_ID || value->first != SCULL_NO_ID;
}

static scull_status_t call_row(void *user) {
  scull_tf_call_t *call = user;
  return call->row->map(call);
}

/* The reason why the type as such cannot be had. */
static const char *missing(const scull_tf_node_t *node) {
  static const struct {
    const char *op, *reason;
  } known[] = {
      {"Switch", "control flow of TensorFlow 1 is not imported"},
      {"Merge", "control flow of TensorFlow 1 is not imported"},
      {"Enter", "a loop of TensorFlow 1 is not imported"},
      {"NextIteration", "a loop of TensorFlow 1 is not imported"},
      {"Exit", "a loop of TensorFlow 1 is not imported"},
      {"LoopCond", "a loop of TensorFlow 1 is not imported"},
      {"Variable", "the graph is not frozen: its variables are in a checkpoint"},
      {"VariableV2", "the graph is not frozen: its variables are in a checkpoint"},
      {"VarHandleOp", "the graph is not frozen: its variables are in a checkpoint"},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (is_op(node, known[i].op))
      return known[i].reason;
  }
  return "Scull does not know it";
}

static scull_status_t walk_node(convert_t *cx, uint32_t index) {
  const scull_tf_node_t *node = &cx->file->nodes[index];
  char place[PLACE];
  bool lost = false;
  scull_tf_call_t call = {.emitter = {.graph = cx->graph, .name = node->name, .has_origin = true},
                          .graph = cx->graph,
                          .node = node,
                          .row = scull_tf_row_find(node->op),
                          .outputs = cx->values[index]};
  snprintf(place, sizeof place, "node '%.100s' (%.60s)", node->name, node->op);
  if (is_input(node))
    return SCULL_OK;
  if (call.row == NULL)
    return scull_import_gaps_add(&cx->gaps, cx->diag, node->op, missing(node), place);
  call.inputs = SCULL_ARENA_ARRAY(cx->arena, scull_tf_value_t *, node->input_count);
  if (call.inputs == NULL)
    return no_memory(cx);
  for (size_t i = 0; i < node->input_count; i++) {
    call.inputs[i] = &cx->values[node->inputs[i].node][node->inputs[i].slot];
    lost = lost || !is_there(call.inputs[i]);
  }
  if (lost)
    return SCULL_OK;
  SCULL_TRY(scull_graph_add_origin(cx->graph, node->name, node->op, &call.emitter.origin));
  return scull_import_map(cx->source, &call.emitter, &cx->gaps, node->op, place, call_row, &call,
                          &lost);
}

/* --- outputs --------------------------------------------------------------------------------- */

/* A value as the file has it, whatever layout it was computed in. */
static scull_status_t as_output(convert_t *cx, const scull_tf_node_t *node, size_t slot,
                                scull_value_id_t *out) {
  scull_tf_value_t *values = cx->values[node - cx->file->nodes];
  *out = SCULL_NO_ID;
  if (values == NULL || slot >= node->outputs || !is_there(&values[slot]))
    return SCULL_OK;
  if (values[slot].plain == SCULL_NO_ID) {
    scull_emitter_t emitter = {.graph = cx->graph, .name = node->name};
    SCULL_TRY(scull_import_emit_transpose(&emitter, values[slot].first, SCULL_INTS(0, 2, 3, 1),
                                          NULL, &values[slot].plain));
  }
  *out = values[slot].plain;
  return SCULL_OK;
}

typedef struct {
  convert_t *cx;
  scull_status_t status;
} finder_t;

static scull_value_id_t find_value(void *user, const char *name) {
  finder_t *finder = user;
  size_t slot = 0;
  scull_value_id_t out = SCULL_NO_ID;
  const scull_tf_node_t *node = find_node(finder->cx, name, &slot);
  if (node != NULL && finder->status == SCULL_OK)
    finder->status = as_output(finder->cx, node, slot, &out);
  return out;
}

static scull_status_t add_outputs(convert_t *cx) {
  finder_t finder = {.cx = cx};
  for (size_t i = 0; i < cx->file->node_count; i++) {
    const scull_tf_node_t *node = &cx->file->nodes[i];
    scull_value_id_t value = SCULL_NO_ID;
    if (!cx->is_output[i])
      continue;
    SCULL_TRY(as_output(cx, node, 0, &value));
    if (value != SCULL_NO_ID)
      SCULL_TRY(scull_graph_add_output(cx->graph, value, node->name));
  }
  scull_status_t status = scull_import_extra_outputs(cx->source, cx->graph, find_value, &finder);
  SCULL_TRY(finder.status);
  SCULL_TRY(status);
  if (cx->graph->outputs.size == 0)
    return scull_base_fail(cx->diag, SCULL_CORRUPT, "%s: no node gives an output",
                           cx->source->model_name);
  return SCULL_OK;
}

static scull_status_t convert(convert_t *cx, scull_graph_t **out) {
  SCULL_TRY(find_order(cx));
  SCULL_TRY(make_values(cx));
  SCULL_TRY(add_inputs(cx, out));
  for (size_t i = 0; i < cx->ordered; i++)
    SCULL_TRY(walk_node(cx, cx->order[i]));
  SCULL_TRY(scull_import_gaps_report(&cx->gaps, cx->source));
  return add_outputs(cx);
}

scull_status_t scull_tf_convert(const scull_import_source_t *source, const scull_tf_graph_t *file,
                                scull_graph_t **out) {
  scull_arena_t arena = {0};
  convert_t cx = {.source = source, .diag = source->diag, .file = file, .arena = &arena};
  *out = NULL;
  scull_status_t status = convert(&cx, out);
  scull_import_gaps_deinit(&cx.gaps);
  scull_base_arena_deinit(&arena);
  if (status != SCULL_OK && !scull_import_keeps_partial(source, status)) {
    scull_graph_destroy(*out);
    *out = NULL;
  }
  return status;
}
