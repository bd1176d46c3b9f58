/* Nodes that change nothing: identities, casts to the same type, scale 1 + 0, concat and split of
 * one, whatever keeps its operand's shape where that means that it keeps the bytes (asked at every
 * point of the graph). Views of views and transposes of transposes become one, or none. */
#include "ops/pad.h"
#include "ops/scale.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/views.h"

static bool always(const scull_graph_t *graph, const scull_node_t *node) {
  (void)graph;
  (void)node;
  return true;
}

static bool one_input(const scull_graph_t *graph, const scull_node_t *node) {
  (void)graph;
  return node->input_count == 1;
}

static bool one_output(const scull_graph_t *graph, const scull_node_t *node) {
  (void)graph;
  return node->output_count == 1;
}

static bool scales_by_one(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_scale_attrs_t *attrs = node->attrs;
  (void)graph;
  return attrs->scale == 1 && attrs->bias == 0;
}

/* The same extents in steps of one are the whole. */
static bool steps_by_one(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_slice_attrs_t *attrs = node->attrs;
  (void)graph;
  for (size_t i = 0; i < attrs->steps.size; i++) {
    if (attrs->steps.data[i] != 1)
      return false;
  }
  return node->input_count < 4;
}

static bool pads_nothing(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_pad_attrs_t *attrs = node->attrs;
  (void)graph;
  for (size_t i = 0; i < attrs->pads.size; i++) {
    if (attrs->pads.data[i] != 0)
      return false;
  }
  return node->input_count == 1;
}

/* What is an identity when input 0 and output 0 are of one type and the row agrees. Views need no
 * row. */
typedef struct {
  const scull_opdef_t *op;
  bool (*is_noop)(const scull_graph_t *graph, const scull_node_t *node);
} row_t;

static const row_t rows[] = {
    {&scull_opdef_identity, always},
    {&scull_opdef_cast, always},
    {&scull_opdef_expand, always},
    {&scull_opdef_tile, always},
    {&scull_opdef_concat, one_input},
    {&scull_opdef_split, one_output},
    {&scull_opdef_scale, scales_by_one},
    {&scull_opdef_slice, steps_by_one},
    {&scull_opdef_pad, pads_nothing},
    {&scull_opdef_adaptive_avg_pool, always},
    {&scull_opdef_adaptive_max_pool, always},
};

static bool is_noop(const scull_graph_t *graph, const scull_node_t *node) {
  if (node->input_count == 0 || !scull_passes_same_type(graph, node->inputs[0], node->outputs[0]))
    return false;
  if (scull_passes_is_view(graph, node))
    return true;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].op == node->op)
      return rows[i].is_noop(graph, node);
  }
  return false;
}

/* A view of a view is a view of what that one looks at. */
static scull_status_t merge_views(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_node_t *before = scull_graph_producer(graph, node->inputs[0]);
  scull_node_id_t made = SCULL_NO_ID;
  if (!scull_passes_is_view(graph, before)) {
    if (node->op != &scull_opdef_transpose)
      return SCULL_OK;
    SCULL_TRY(scull_passes_view_replace(graph, id, node->inputs[0], &made));
    *changed = *changed || made != SCULL_NO_ID;
    return SCULL_OK;
  }
  scull_node_id_t before_id = scull_graph_node_id(graph, before);
  scull_value_id_t x = before->inputs[0];
  if (scull_passes_same_type(graph, x, node->outputs[0])) {
    bool done = false;
    SCULL_TRY(scull_passes_bypass(graph, id, x, &done));
    *changed = *changed || done;
    return done ? scull_passes_retire_beside(graph, x, &before_id, 1) : SCULL_OK;
  }
  SCULL_TRY(scull_passes_view_replace(graph, id, x, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &before_id, 1);
}

static scull_status_t merge_transposes(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_node_t *before = scull_passes_from(graph, node->inputs[0], &scull_opdef_transpose);
  if (before == NULL)
    return SCULL_OK;
  int64_t outer[SCULL_MAX_RANK] = {0}, inner[SCULL_MAX_RANK] = {0}, both[SCULL_MAX_RANK] = {0};
  int32_t rank = scull_graph_value(graph, node->inputs[0])->shape[0].rank;
  scull_passes_perm(graph, node, outer);
  scull_passes_perm(graph, before, inner);
  for (int32_t i = 0; i < rank; i++)
    both[i] = inner[outer[i]];
  const scull_transpose_attrs_t attrs = {.perm = {both, (size_t)rank}};
  scull_node_id_t before_id = scull_graph_node_id(graph, before), made = SCULL_NO_ID;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_transpose, &attrs, &before->inputs[0],
                                      1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, &before_id, 1);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (is_noop(graph, node)) {
    bool done = false;
    SCULL_TRY(scull_passes_bypass(graph, id, node->inputs[0], &done));
    *changed = *changed || done;
    return SCULL_OK;
  }
  if (scull_passes_is_view(graph, node))
    return merge_views(graph, id, changed);
  return node->op == &scull_opdef_transpose ? merge_transposes(graph, id, changed) : SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_remove_identity = {
    .name = "remove_identity",
    .purpose = "remove what changes nothing; one view or transpose in place of several",
    .run = run};
