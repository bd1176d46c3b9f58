/* Shapes that the file computes (shape -> slice -> concat -> reshape) become attributes: a list
 * operand that is constant moves into the node; the computed shape of a reshape or expand that
 * differs between the graph's points is written with 0 (as the operand's) and -1 (what is left)
 * where that says the same at every point. The ladder above is then dead. */
#include "ops/expand.h"
#include "ops/opdef.h"
#include "passes/views.h"

typedef struct {
  const scull_opdef_t *op;
  size_t input;
  const char *field; /* INTS */
} row_t;

static const row_t rows[] = {
    {&scull_opdef_reshape, 1, "shape"}, {&scull_opdef_expand, 1, "shape"},
    {&scull_opdef_tile, 1, "repeats"},  {&scull_opdef_fill, 0, "shape"},
    {&scull_opdef_slice, 1, "starts"},  {&scull_opdef_slice, 2, "ends"},
    {&scull_opdef_slice, 3, "steps"},   {&scull_opdef_pad, 1, "pads"},
    {&scull_opdef_resize, 1, "size"},
};

enum { MAX_INPUTS = 8 };

static bool has_operand(const scull_node_t *node, size_t index) {
  return index < node->input_count && node->inputs[index] != SCULL_NO_ID;
}

/* --- constant operands ----------------------------------------------------------------------- */

static bool set_field(scull_graph_t *graph, const row_t *row, void *attrs, scull_value_id_t id) {
  const scull_attr_field_t *field = scull_ops_attr_find(&row->op->attrs, row->field);
  const scull_value_t *v = scull_graph_value(graph, id);
  size_t count = (size_t)scull_tensor_count(&v->shape[0]);
  int64_t *items = SCULL_ARENA_ARRAY(&graph->arena, int64_t, count);
  if (items == NULL)
    return false;
  for (size_t i = 0; i < count; i++)
    items[i] = scull_graph_constant_i64_at(graph, id, (int64_t)i);
  void *at = (char *)attrs + field->offset;
  *(scull_ints_t *)at = (scull_ints_t){items, count};
  return true;
}

/* An empty list would mean the default. */
static bool is_movable(const scull_graph_t *graph, const row_t *row, const scull_node_t *node) {
  if (row->op != node->op || !has_operand(node, row->input) ||
      !scull_graph_is_constant(graph, node->inputs[row->input]))
    return false;
  return scull_tensor_count(&scull_graph_value(graph, node->inputs[row->input])->shape[0]) > 0;
}

static scull_status_t move_constants(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_value_id_t inputs[MAX_INPUTS];
  scull_node_id_t made = SCULL_NO_ID;
  void *attrs = NULL;
  for (size_t i = 0; i < node->input_count && i < MAX_INPUTS; i++)
    inputs[i] = node->inputs[i];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (!is_movable(graph, &rows[i], node))
      continue;
    if (attrs == NULL)
      attrs = scull_ops_attrs_copy(&node->op->attrs, node->attrs, &graph->arena);
    if (attrs == NULL || !set_field(graph, &rows[i], attrs, node->inputs[rows[i].input]))
      return scull_base_fail_memory(graph->diag, node->name);
    inputs[rows[i].input] = SCULL_NO_ID;
  }
  if (attrs == NULL || node->output_count != 1)
    return SCULL_OK;
  size_t count = node->input_count;
  while (count > 0 && inputs[count - 1] == SCULL_NO_ID)
    count--;
  SCULL_TRY(scull_passes_replace_node(graph, id, node->op, attrs, inputs, count, &made));
  *changed = *changed || made != SCULL_NO_ID;
  return SCULL_OK;
}

/* --- known operands that differ between points ----------------------------------------------- */

/* expand's attribute: -1 where the extent of x stays. */
static bool express_expand(const scull_graph_t *graph, const scull_node_t *node,
                           scull_view_dims_t *out) {
  const scull_value_t *x = scull_graph_value(graph, node->inputs[0]);
  const scull_value_t *y = scull_graph_value(graph, node->outputs[0]);
  *out = (scull_view_dims_t){.rank = y->shape[0].rank};
  for (int32_t i = 0; i < out->rank; i++) {
    int32_t k = i - (out->rank - x->shape[0].rank);
    bool stays = k >= 0;
    for (int p = 0; p < graph->points && stays; p++)
      stays = x->shape[p].dim[k] == y->shape[p].dim[i];
    if (!stays && (!scull_passes_fixed_dim(graph, node->outputs[0], i) || y->shape[0].dim[i] == 0))
      return false;
    out->dim[i] = stays ? -1 : y->shape[0].dim[i];
  }
  return true;
}

static scull_status_t move_known(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_node_id_t made = SCULL_NO_ID;
  scull_value_id_t x = node->inputs[0];
  scull_node_id_t ladder = scull_graph_value(graph, node->inputs[1])->producer;
  scull_view_dims_t dims;
  if (node->op == &scull_opdef_reshape) {
    SCULL_TRY(scull_passes_view_replace(graph, id, x, &made));
  } else if (express_expand(graph, node, &dims)) {
    const scull_expand_attrs_t attrs = {.shape = {dims.dim, (size_t)dims.rank}};
    SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_expand, &attrs, &x, 1, &made));
  }
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return ladder == SCULL_NO_ID ? SCULL_OK : scull_passes_retire_above(graph, made, ladder);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  SCULL_TRY(move_constants(graph, id, changed));
  const scull_node_t *node = scull_graph_node(graph, id);
  bool takes_shape = node->op == &scull_opdef_reshape || node->op == &scull_opdef_expand;
  if (node->dead || !takes_shape || !has_operand(node, 1) ||
      scull_graph_is_constant(graph, node->inputs[1]))
    return SCULL_OK;
  return move_known(graph, id, changed);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_shape_ladder = {
    .name = "shape_ladder", .purpose = "write computed shapes as attributes", .run = run};
