/* Siblings made one: 1x1 convolutions, or matrix products, that read the same tensor with the same
 * attributes become one wider node and a split, as in Inception's branches or the query, key and
 * value of attention. Where each is followed by the same activation, that runs once, before the
 * split. Conservative: where activations differ, or where a result is an output of the graph,
 * nothing is merged, for that would keep a tactic from fusing what follows. */
#include <string.h>

#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/split.h"
#include "passes/affine.h"
#include "passes/linear.h"

enum { MAX_SIBLINGS = 16 };

typedef struct {
  scull_linear_t linear[MAX_SIBLINGS];
  scull_node_id_t act[MAX_SIBLINGS]; /* all or none: SCULL_NO_ID */
  size_t count;
  int64_t outputs; /* of all together */
} family_t;

/* --- who belongs together -------------------------------------------------------------------- */

static bool is_pointwise(const scull_graph_t *graph, const scull_linear_t *linear) {
  const scull_shape_t *filter = &scull_graph_value(graph, linear->weight)->shape[0];
  for (int32_t i = 2; i < filter->rank; i++) {
    if (filter->dim[i] != 1)
      return false;
  }
  return linear->groups == 1;
}

/* The element-wise node that alone reads the result, or NULL. */
static const scull_node_t *activation_of(const scull_graph_t *graph, scull_node_id_t id) {
  const scull_node_t *user = scull_graph_only_user(graph, scull_graph_node(graph, id)->outputs[0]);
  return user != NULL && (user->op->traits & SCULL_OP_UNARY) != 0 ? user : NULL;
}

static bool is_candidate(const scull_graph_t *graph, scull_node_id_t id, scull_linear_t *out) {
  const scull_node_t *node = scull_graph_node(graph, id), *act = activation_of(graph, id);
  if (node->op != &scull_opdef_conv && node->op != &scull_opdef_matmul)
    return false;
  return scull_passes_linear_read(graph, id, out) && is_pointwise(graph, out) &&
         !scull_graph_is_output(graph, node->outputs[0]) &&
         !(act != NULL && scull_graph_is_output(graph, act->outputs[0])) &&
         scull_graph_value(graph, node->outputs[0])->users.size > 0;
}

static bool same_attrs(const scull_node_t *a, const scull_node_t *b) {
  return a->op == b->op && scull_ops_attrs_equal(&a->op->attrs, a->attrs, b->attrs);
}

static bool same_activation(const scull_graph_t *graph, scull_node_id_t a, scull_node_id_t b) {
  const scull_node_t *x = activation_of(graph, a), *y = activation_of(graph, b);
  if (x == NULL || y == NULL)
    return x == y;
  return same_attrs(x, y);
}

static void add_member(const scull_graph_t *graph, const scull_linear_t *linear, family_t *out) {
  const scull_node_t *act = activation_of(graph, linear->node);
  out->act[out->count] = act != NULL ? scull_graph_node_id(graph, act) : SCULL_NO_ID;
  out->linear[out->count++] = *linear;
  out->outputs += linear->outputs;
}

/* All that fit to `first` among the readers of its operand. */
static void gather(const scull_graph_t *graph, const scull_linear_t *first, family_t *out) {
  const scull_value_t *x = scull_graph_value(graph, first->x);
  const scull_node_t *lead = scull_graph_node(graph, first->node);
  *out = (family_t){.count = 0};
  add_member(graph, first, out);
  for (size_t u = 0; u < x->users.size && out->count < MAX_SIBLINGS; u++) {
    scull_linear_t other;
    scull_node_id_t id = x->users.data[u];
    if (id <= first->node || !is_candidate(graph, id, &other) || other.x != first->x ||
        !same_attrs(lead, scull_graph_node(graph, id)) || other.inputs != first->inputs ||
        !same_activation(graph, first->node, id))
      continue;
    add_member(graph, &other, out);
  }
}

/* --- the wide node --------------------------------------------------------------------------- */

/* Weights side by side along the output channels. */
static scull_status_t join_weights(scull_graph_t *graph, const family_t *family,
                                   scull_value_id_t *out) {
  const scull_linear_t *first = &family->linear[0];
  scull_shape_t shape = scull_graph_value(graph, first->weight)->shape[0];
  bool outputs_last = first->out_step == 1 && shape.rank == 2 && first->axis == -1;
  int32_t axis = outputs_last ? 1 : 0;
  size_t inputs = (size_t)first->inputs;
  shape.dim[axis] = family->outputs;
  float *data = SCULL_ARENA_ARRAY(&graph->arena, float, inputs *(size_t)family->outputs);
  if (data == NULL)
    return scull_base_fail_memory(graph->diag, "a wider weight");
  int64_t begin = 0;
  for (size_t m = 0; m < family->count; m++) {
    const scull_linear_t *linear = &family->linear[m];
    const char *src = scull_graph_value(graph, linear->weight)->data;
    size_t width = (size_t)linear->outputs * (outputs_last ? 1 : inputs);
    size_t rows = outputs_last ? inputs : 1;
    size_t pitch = (size_t)family->outputs * (outputs_last ? 1 : inputs);
    float *dst = data + (size_t)begin * (outputs_last ? 1 : inputs);
    for (size_t r = 0; r < rows; r++)
      memcpy(dst + r * pitch, src + r * width * sizeof *dst, width * sizeof *dst);
    begin += linear->outputs;
  }
  const char *name = scull_base_arena_format(&graph->arena, "%s.wide",
                                             scull_graph_value(graph, first->weight)->name);
  if (name == NULL)
    return scull_base_fail_memory(graph->diag, "a wider weight");
  return scull_passes_add_f32(graph, name, &shape, data, out);
}

/* The biases side by side, zeros for those without; SCULL_NO_ID when nobody has one. */
static scull_status_t join_biases(scull_graph_t *graph, const family_t *family,
                                  scull_value_id_t *out) {
  double *all = SCULL_ARENA_ARRAY(&graph->arena, double, (size_t)family->outputs);
  bool any = false;
  int64_t begin = 0;
  for (size_t m = 0; m < family->count && all != NULL; m++) {
    const scull_linear_t *linear = &family->linear[m];
    const double *bias = scull_passes_linear_bias(graph, linear);
    if (bias == NULL)
      return scull_base_fail_memory(graph->diag, "a wider bias");
    memcpy(all + begin, bias, (size_t)linear->outputs * sizeof *all);
    any = any || linear->bias != SCULL_NO_ID;
    begin += linear->outputs;
  }
  const char *name = scull_base_arena_format(
      &graph->arena, "%s.wide.bias", scull_graph_value(graph, family->linear[0].weight)->name);
  *out = SCULL_NO_ID;
  if (all == NULL || name == NULL)
    return scull_base_fail_memory(graph->diag, "a wider bias");
  return any ? scull_passes_add_vector(graph, name, all, family->outputs, out) : SCULL_OK;
}

static scull_status_t add_wide(scull_graph_t *graph, const family_t *family, scull_node_id_t *out) {
  const scull_linear_t *first = &family->linear[0];
  scull_value_id_t inputs[3] = {first->x, SCULL_NO_ID, SCULL_NO_ID};
  SCULL_TRY(join_weights(graph, family, &inputs[1]));
  SCULL_TRY(join_biases(graph, family, &inputs[2]));
  const scull_node_t *lead = scull_graph_node(graph, first->node);
  const char *name = scull_base_arena_format(&graph->arena, "%s.wide", lead->name);
  if (name == NULL)
    return scull_base_fail_memory(graph->diag, "a wider node");
  const scull_node_spec_t spec = {.op = lead->op,
                                  .name = name,
                                  .attrs = lead->attrs,
                                  .inputs = inputs,
                                  .input_count = 3,
                                  .output_count = 1};
  return scull_graph_add_node(graph, &spec, out);
}

static scull_status_t add_activation(scull_graph_t *graph, scull_node_id_t act,
                                     scull_node_id_t wide, scull_node_id_t *out) {
  const scull_node_t *node = scull_graph_node(graph, act);
  const scull_value_id_t x = scull_graph_node(graph, wide)->outputs[0];
  const char *name = scull_base_arena_format(&graph->arena, "%s.wide", node->name);
  if (name == NULL)
    return scull_base_fail_memory(graph->diag, "a wider node");
  const scull_node_spec_t spec = {.op = node->op,
                                  .name = name,
                                  .attrs = node->attrs,
                                  .inputs = &x,
                                  .input_count = 1,
                                  .output_count = 1};
  return scull_graph_add_node(graph, &spec, out);
}

static scull_status_t add_split(scull_graph_t *graph, const family_t *family, scull_node_id_t wide,
                                scull_node_id_t *out) {
  int64_t sections[MAX_SIBLINGS];
  for (size_t m = 0; m < family->count; m++)
    sections[m] = family->linear[m].outputs;
  const scull_split_attrs_t attrs = {.axis = family->linear[0].axis,
                                     .sections = {sections, family->count}};
  const scull_value_id_t x = scull_graph_node(graph, wide)->outputs[0];
  const char *name =
      scull_base_arena_format(&graph->arena, "%s.split", scull_graph_node(graph, wide)->name);
  if (name == NULL)
    return scull_base_fail_memory(graph->diag, "a split");
  const scull_node_spec_t spec = {.op = &scull_opdef_split,
                                  .name = name,
                                  .attrs = &attrs,
                                  .inputs = &x,
                                  .input_count = 1,
                                  .output_count = family->count};
  return scull_graph_add_node(graph, &spec, out);
}

static scull_status_t merge(scull_graph_t *graph, const family_t *family) {
  scull_node_id_t wide = SCULL_NO_ID, split = SCULL_NO_ID, last = SCULL_NO_ID;
  bool with_act = family->act[0] != SCULL_NO_ID;
  SCULL_TRY(add_wide(graph, family, &wide));
  last = wide;
  if (with_act)
    SCULL_TRY(add_activation(graph, family->act[0], wide, &last));
  SCULL_TRY(add_split(graph, family, last, &split));
  for (size_t m = 0; m < family->count; m++) {
    scull_node_id_t node = family->linear[m].node, end = with_act ? family->act[m] : node;
    SCULL_TRY(scull_graph_replace(graph, scull_graph_node(graph, end)->outputs[0],
                                  scull_graph_node(graph, split)->outputs[m]));
    if (with_act)
      SCULL_TRY(scull_passes_retire(graph, last, &end, 1));
    SCULL_TRY(scull_passes_retire(graph, wide, &node, 1));
  }
  return SCULL_OK;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_linear_t first;
  family_t family;
  if (!is_candidate(graph, id, &first))
    return SCULL_OK;
  gather(graph, &first, &family);
  if (family.count < 2)
    return SCULL_OK;
  *changed = true;
  return merge(graph, &family);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_horizontal = {
    .name = "horizontal",
    .purpose = "run 1x1 convolutions and matrix products of one tensor as one",
    .run = run};
