/* Nodes that own regions: a branch whose condition is known is written in place of its node;
 * constants that a region captures become its own, so that its passes and tactics see constants;
 * what no region reads is captured no more. */
#include <string.h>

#include "ops/loop.h"
#include "passes/rewrite.h"

/* The first operand that is a capture, and the parameter that it is given to. */
static size_t first_capture(const scull_node_t *node, size_t *param) {
  if (node->op->control == SCULL_CONTROL_BRANCH) {
    *param = 0;
    return 1;
  }
  *param = SCULL_LOOP_CARRIED + (size_t)((const scull_loop_attrs_t *)node->attrs)->carried;
  return *param;
}

static bool is_result(const scull_graph_t *region, scull_value_id_t value) {
  return scull_graph_is_output(region, value);
}

static bool is_read(const scull_node_t *node, size_t param) {
  for (size_t r = 0; r < node->region_count; r++) {
    const scull_graph_t *region = node->regions[r];
    scull_value_id_t id = region->inputs.data[param];
    if (scull_graph_value(region, id)->users.size > 0 || is_result(region, id))
      return true;
  }
  return false;
}

/* Gives each region a constant with the bytes of the captured one in the place of parameter
 * `param`. A result must be computed, so a constant that is one stays captured. */
static scull_status_t sink(scull_graph_t *graph, const scull_node_t *node, size_t param,
                           const scull_value_t *v) {
  for (size_t r = 0; r < node->region_count; r++) {
    scull_graph_t *region = node->regions[r];
    const scull_type_t type = {v->dtype, v->shape[0]};
    scull_value_id_t id = region->inputs.data[param], made = SCULL_NO_ID;
    if (scull_graph_value(region, id)->users.size == 0)
      continue;
    SCULL_TRY(scull_graph_add_constant(region, v->name, &type, v->data, &made));
    scull_graph_value(region, made)->stands_for = v->stands_for;
    SCULL_TRY(scull_graph_replace(region, id, made));
  }
  (void)graph;
  return SCULL_OK;
}

static bool is_result_somewhere(const scull_node_t *node, size_t param) {
  for (size_t r = 0; r < node->region_count; r++) {
    if (is_result(node->regions[r], node->regions[r]->inputs.data[param]))
      return true;
  }
  return false;
}

/* Operand `index` and the parameter that it was given to go. */
static scull_status_t drop(scull_graph_t *graph, scull_node_id_t id, size_t index, size_t param) {
  SCULL_TRY(scull_graph_set_input(graph, id, index, SCULL_NO_ID));
  scull_node_t *node = scull_graph_node(graph, id);
  memmove(&node->inputs[index], &node->inputs[index + 1],
          (node->input_count - index - 1) * sizeof *node->inputs);
  node->input_count--;
  for (size_t r = 0; r < node->region_count; r++) {
    scull_graph_t *region = node->regions[r];
    scull_value_t *v = scull_graph_value(region, region->inputs.data[param]);
    v->dead = true;
    memmove(&region->inputs.data[param], &region->inputs.data[param + 1],
            (region->inputs.size - param - 1) * sizeof *region->inputs.data);
    region->inputs.size--;
  }
  return SCULL_OK;
}

static scull_status_t trim_captures(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  size_t param = 0, first = first_capture(scull_graph_node(graph, id), &param);
  for (size_t i = scull_graph_node(graph, id)->input_count; i-- > first;) {
    const scull_node_t *node = scull_graph_node(graph, id);
    size_t at = param + (i - first);
    const scull_value_t v = *scull_graph_value(graph, node->inputs[i]);
    if (v.data != NULL && is_read(node, at) && !is_result_somewhere(node, at))
      SCULL_TRY(sink(graph, node, at, &v));
    if (is_read(node, at))
      continue;
    SCULL_TRY(drop(graph, id, i, at));
    *changed = true;
  }
  return SCULL_OK;
}

/* 0 or 1 when the condition is that at all points, else -1. */
static int known_condition(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_value_t *v = scull_graph_value(graph, node->inputs[0]);
  int truth = -1;
  for (int p = 0; p < graph->points && !v->late; p++) {
    if (v->known[p] == NULL)
      return -1;
    int here = *(const uint8_t *)v->known[p] != 0;
    if (p > 0 && here != truth)
      return -1;
    truth = here;
  }
  return truth;
}

static scull_status_t inline_branch(scull_graph_t *graph, scull_node_id_t id, int truth) {
  const scull_node_t node = *scull_graph_node(graph, id);
  scull_value_id_t *results = SCULL_ARENA_ARRAY(&graph->arena, scull_value_id_t, node.output_count);
  if (results == NULL)
    return scull_base_fail_memory(graph->diag, "a branch");
  SCULL_TRY(scull_graph_inline(graph, node.regions[truth == 1 ? 0 : 1], node.inputs + 1, results));
  for (size_t i = 0; i < node.output_count; i++) {
    scull_value_id_t from = node.outputs[i];
    if (scull_graph_is_output(graph, from) && scull_graph_producer(graph, results[i]) == NULL) {
      scull_node_id_t copy = SCULL_NO_ID; /* an output is the result of a node of its own */
      const scull_node_spec_t spec = {.op = &scull_opdef_identity,
                                      .name = node.name,
                                      .inputs = &results[i],
                                      .input_count = 1,
                                      .output_count = 1,
                                      .origins = node.origins,
                                      .origin_count = node.origin_count};
      SCULL_TRY(scull_graph_add_node(graph, &spec, &copy));
      results[i] = scull_graph_node(graph, copy)->outputs[0];
    }
    const scull_node_t *heir = scull_graph_producer(graph, results[i]);
    if (heir != NULL) /* what is computed in its place stands for the branch, too */
      SCULL_TRY(scull_graph_absorb(graph, scull_graph_node_id(graph, heir), id));
    SCULL_TRY(scull_graph_replace(graph, from, results[i]));
  }
  scull_graph_remove(graph, id);
  return SCULL_OK;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (node->op->control == SCULL_CONTROL_NONE)
    return SCULL_OK;
  int truth = node->op->control == SCULL_CONTROL_BRANCH ? known_condition(graph, node) : -1;
  if (truth < 0)
    return trim_captures(graph, id, changed);
  SCULL_TRY(inline_branch(graph, id, truth));
  *changed = true;
  return scull_graph_infer(graph); /* what was late may be known now */
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_simplify_control = {
    .name = "simplify_control",
    .purpose = "inline branches whose condition is known; give regions their constants",
    .run = run};
