/* Slices that cut a tensor into parts along one axis, side by side and without rest, are one split:
 * the query, key and value of a transformer, as Paddle writes them (x[0], x[1], x[2]). One step
 * reads the tensor once, and devices have tactics for it. */
#include "ops/slice.h"
#include "ops/split.h"
#include "passes/rewrite.h"

enum { MAX_PARTS = 16 };

typedef struct {
  scull_node_id_t node;
  int64_t begin, end;
} part_t;

typedef struct {
  int32_t axis;
  int64_t extent;
  part_t parts[MAX_PARTS]; /* in the order of their begins */
  size_t count;
} cut_t;

static int64_t clamp(int64_t at, int64_t extent) {
  at = at < 0 ? at + extent : at;
  return at < 0 ? 0 : at > extent ? extent : at;
}

/* Reads a slice of one axis of fixed extent with step 1; false for any other node. */
static bool read_part(const scull_graph_t *graph, scull_node_id_t id, cut_t *cut, part_t *out) {
  const scull_node_t *node = scull_graph_node(graph, id);
  const scull_slice_attrs_t *attrs = node->attrs;
  if (node->op != &scull_opdef_slice || node->input_count != 1 || attrs->axes.size != 1 ||
      attrs->starts.size != 1 || attrs->ends.size != 1 ||
      (attrs->steps.size != 0 && attrs->steps.data[0] != 1))
    return false;
  const scull_value_t *x = scull_graph_value(graph, node->inputs[0]);
  if (!scull_tensor_axis(attrs->axes.data[0], x->shape[0].rank, &cut->axis) ||
      !scull_passes_fixed_dim(graph, node->inputs[0], cut->axis))
    return false;
  cut->extent = x->shape[0].dim[cut->axis];
  *out = (part_t){.node = id,
                  .begin = clamp(attrs->starts.data[0], cut->extent),
                  .end = clamp(attrs->ends.data[0], cut->extent)};
  return out->begin < out->end;
}

static void add_part(cut_t *cut, part_t part) {
  size_t at = cut->count++;
  for (; at > 0 && cut->parts[at - 1].begin > part.begin; at--)
    cut->parts[at] = cut->parts[at - 1];
  cut->parts[at] = part;
}

/* All slices of the tensor that `id` slices, when they are parts of it without gap or overlap. */
static bool read_cut(const scull_graph_t *graph, scull_node_id_t id, cut_t *cut) {
  part_t part;
  int64_t at = 0;
  *cut = (cut_t){.count = 0};
  if (!read_part(graph, id, cut, &part))
    return false;
  const scull_value_t *x = scull_graph_value(graph, scull_graph_node(graph, id)->inputs[0]);
  for (size_t i = 0; i < x->users.size; i++) {
    cut_t other;
    if (!read_part(graph, x->users.data[i], &other, &part) || other.axis != cut->axis)
      continue;
    if (cut->count == MAX_PARTS)
      return false;
    add_part(cut, part);
  }
  for (size_t i = 0; i < cut->count; i++) {
    if (cut->parts[i].begin != at)
      return false;
    at = cut->parts[i].end;
  }
  return cut->count > 1 && at == cut->extent;
}

static scull_status_t join(scull_graph_t *graph, const cut_t *cut) {
  int64_t sections[MAX_PARTS];
  scull_node_id_t slices[MAX_PARTS] = {0}, split = SCULL_NO_ID;
  for (size_t i = 0; i < cut->count; i++) {
    slices[i] = cut->parts[i].node;
    sections[i] = cut->parts[i].end - cut->parts[i].begin;
  }
  const scull_node_t *first = scull_graph_node(graph, slices[0]);
  const scull_split_attrs_t attrs = {.axis = cut->axis, .sections = {sections, cut->count}};
  const scull_value_id_t x = first->inputs[0];
  const scull_node_spec_t spec = {.op = &scull_opdef_split,
                                  .name = first->name,
                                  .attrs = &attrs,
                                  .inputs = &x,
                                  .input_count = 1,
                                  .output_count = cut->count};
  SCULL_TRY(scull_graph_add_node(graph, &spec, &split));
  for (size_t i = 0; i < cut->count; i++)
    SCULL_TRY(scull_graph_replace(graph, scull_graph_node(graph, slices[i])->outputs[0],
                                  scull_graph_node(graph, split)->outputs[i]));
  return scull_passes_retire(graph, split, slices, cut->count);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  cut_t cut;
  if (!read_cut(graph, id, &cut))
    return SCULL_OK;
  *changed = true;
  return join(graph, &cut);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_join_slices = {
    .name = "join_slices",
    .purpose = "write slices that cut a tensor into parts as one split",
    .run = run};
