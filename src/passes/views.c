/* Expressing a shape as the attribute of a reshape, at all points at once. */
#include "passes/views.h"

#include "ops/reshape.h"
#include "ops/transpose.h"

/* True when dim `i` of y is dim `i` of x at every point. */
static bool follows(const scull_graph_t *graph, const scull_value_t *x, const scull_value_t *y,
                    int32_t i) {
  bool same = i < x->shape[0].rank;
  for (int p = 0; p < graph->points && same; p++)
    same = x->shape[p].dim[i] == y->shape[p].dim[i];
  return same;
}

static bool has_empty_dim(const scull_graph_t *graph, const scull_value_t *v) {
  for (int p = 0; p < graph->points; p++) {
    if (scull_tensor_count(&v->shape[p]) == 0)
      return true;
  }
  return false;
}

bool scull_passes_view_express(const scull_graph_t *graph, scull_value_id_t x, scull_value_id_t y,
                               scull_view_dims_t *out) {
  const scull_value_t *vx = scull_graph_value(graph, x), *vy = scull_graph_value(graph, y);
  int free_dims = 0;
  if (vx->late || vy->late || has_empty_dim(graph, vy))
    return false;
  *out = (scull_view_dims_t){.rank = vy->shape[0].rank};
  for (int32_t i = 0; i < out->rank; i++) {
    if (scull_passes_fixed_dim(graph, y, i)) {
      out->dim[i] = vy->shape[0].dim[i];
    } else if (!follows(graph, vx, vy, i)) {
      out->dim[i] = -1;
      free_dims++;
    }
  }
  return free_dims <= 1;
}

scull_status_t scull_passes_view_replace(scull_graph_t *graph, scull_node_id_t old,
                                         scull_value_id_t x, scull_node_id_t *out) {
  scull_view_dims_t dims;
  *out = SCULL_NO_ID;
  if (!scull_passes_view_express(graph, x, scull_graph_node(graph, old)->outputs[0], &dims))
    return SCULL_OK;
  const scull_reshape_attrs_t attrs = {.shape = {dims.dim, (size_t)dims.rank}};
  return scull_passes_replace_node(graph, old, &scull_opdef_reshape, &attrs, &x, 1, out);
}

void scull_passes_perm(const scull_graph_t *graph, const scull_node_t *transpose,
                       int64_t perm[SCULL_MAX_RANK]) {
  const scull_transpose_attrs_t *attrs = transpose->attrs;
  int32_t rank = scull_graph_value(graph, transpose->inputs[0])->shape[0].rank;
  for (int32_t i = 0; i < rank; i++) {
    perm[i] = attrs->perm.size == 0 ? rank - 1 - i : attrs->perm.data[i];
    perm[i] += perm[i] < 0 ? rank : 0;
  }
}

/* The dims that are not 1 somewhere keep their order. */
static bool moves_ones_only(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_value_t *x = scull_graph_value(graph, node->inputs[0]);
  int64_t perm[SCULL_MAX_RANK] = {0}, last = -1;
  if (x->late)
    return false;
  scull_passes_perm(graph, node, perm);
  for (int32_t i = 0; i < x->shape[0].rank; i++) {
    bool one = true;
    for (int p = 0; p < graph->points; p++)
      one = one && x->shape[p].dim[perm[i]] == 1;
    if (!one && perm[i] < last)
      return false;
    last = one ? last : perm[i];
  }
  return true;
}

bool scull_passes_is_view(const scull_graph_t *graph, const scull_node_t *node) {
  if (node == NULL)
    return false;
  if (node->op == &scull_opdef_transpose)
    return moves_ones_only(graph, node);
  return (node->op->traits & SCULL_OP_VIEW) != 0;
}
