/* Every f-th pixel, from each of the f x f first ones, side by side as channels: a concat of f * f
 * slices of one tensor is space_to_depth. YOLO's focus layer is written so, with two slices a part
 * (one an axis) or with one. One step reads the picture once. */
#include "ops/block.h"
#include "ops/concat.h"
#include "ops/slice.h"
#include "passes/rewrite.h"

enum { MAX_FACTOR = 4, MAX_PARTS = MAX_FACTOR * MAX_FACTOR, MAX_CHAIN = 2 };

/* Which pixels of x a chain of slices keeps: from `start` every `step`-th one of axes 2 and 3. */
typedef struct {
  scull_value_id_t x;
  int64_t start[2], step[2];
  scull_node_id_t slices[MAX_CHAIN];
  size_t count;
} part_t;

/* Adds one slice in front of the chain; false when it is of another kind. */
static bool add_slice(const scull_graph_t *graph, const scull_node_t *node, part_t *part) {
  const scull_slice_attrs_t *attrs = node->attrs;
  if (part->count == MAX_CHAIN || node->input_count != 1 || attrs->axes.size == 0 ||
      attrs->starts.size != attrs->axes.size || attrs->steps.size != attrs->axes.size)
    return false;
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    if (!scull_tensor_axis(attrs->axes.data[i], 4, &axis) || axis < 2 ||
        part->step[axis - 2] != 1 || attrs->steps.data[i] < 1 || attrs->starts.data[i] < 0)
      return false;
    part->step[axis - 2] = attrs->steps.data[i];
    part->start[axis - 2] = attrs->starts.data[i];
  }
  part->slices[part->count++] = scull_graph_node_id(graph, node);
  part->x = node->inputs[0];
  return true;
}

static bool read_part(const scull_graph_t *graph, scull_value_id_t value, part_t *out) {
  *out = (part_t){.x = value, .step = {1, 1}};
  if (scull_graph_value(graph, value)->shape[0].rank != 4)
    return false;
  for (;;) {
    const scull_node_t *node = scull_passes_from(graph, out->x, &scull_opdef_slice);
    if (node == NULL || out->count == MAX_CHAIN || !add_slice(graph, node, out))
      return out->count > 0;
  }
}

/* x has f times the rows and columns of y at every point, and nothing is left over. */
static bool covers(const scull_graph_t *graph, scull_value_id_t x, scull_value_id_t y, int64_t f) {
  const scull_value_t *from = scull_graph_value(graph, x), *to = scull_graph_value(graph, y);
  for (int p = 0; p < graph->points; p++) {
    const int64_t *a = from->shape[p].dim, *b = to->shape[p].dim;
    if (a[0] != b[0] || a[1] * f * f != b[1] || a[2] != b[2] * f || a[3] != b[3] * f)
      return false;
  }
  return true;
}

typedef struct {
  scull_value_id_t x;
  scull_block_attrs_t attrs;
  scull_node_id_t slices[MAX_CHAIN * MAX_PARTS];
  size_t count;
} focus_t;

/* The operands of a concat as parts of one picture, in one of the two orders. */
static bool read_focus(const scull_graph_t *graph, const scull_node_t *node, focus_t *out) {
  int64_t f = 2;
  bool rows_first = true, columns_first = true;
  while ((size_t)(f * f) < node->input_count)
    f++;
  if ((size_t)(f * f) != node->input_count || f > MAX_FACTOR)
    return false;
  *out = (focus_t){.x = SCULL_NO_ID, .attrs.factor = f};
  for (int64_t k = 0; k < f * f; k++) {
    part_t part;
    if (!read_part(graph, node->inputs[k], &part) || (k > 0 && part.x != out->x) ||
        part.step[0] != f || part.step[1] != f)
      return false;
    rows_first = rows_first && part.start[0] * f + part.start[1] == k;
    columns_first = columns_first && part.start[1] * f + part.start[0] == k;
    out->x = part.x;
    for (size_t i = 0; i < part.count; i++)
      out->slices[out->count++] = part.slices[i];
  }
  out->attrs.order = rows_first ? SCULL_BLOCK_DCR : SCULL_BLOCK_COLUMNS;
  return (rows_first || columns_first) && covers(graph, out->x, node->outputs[0], f);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  scull_node_id_t made = SCULL_NO_ID;
  int32_t axis = 0;
  focus_t focus;
  if (node->op != &scull_opdef_concat)
    return SCULL_OK;
  const scull_concat_attrs_t *attrs = node->attrs;
  if (scull_graph_value(graph, node->outputs[0])->shape[0].rank != 4 ||
      !scull_tensor_axis(attrs->axis, 4, &axis) || axis != 1 || !read_focus(graph, node, &focus))
    return SCULL_OK;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_space_to_depth, &focus.attrs,
                                      &focus.x, 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, focus.slices, focus.count);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_focus = {
    .name = "recognise_focus",
    .purpose = "find space-to-depth in a concat of slices with steps",
    .run = run};
