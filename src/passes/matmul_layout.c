/* A transpose of the last two axes before a matmul becomes its trans_x or trans_y: matrix kernels
 * read either order. One-dimensional operands are left alone. */
#include "ops/matmul.h"
#include "passes/views.h"

/* True for a transpose that swaps the last two of at least two axes and nothing else. */
static bool swaps_last_two(const scull_graph_t *graph, const scull_node_t *node) {
  int64_t perm[SCULL_MAX_RANK] = {0};
  if (node == NULL)
    return false;
  int32_t rank = scull_graph_value(graph, node->inputs[0])->shape[0].rank;
  scull_passes_perm(graph, node, perm);
  for (int32_t i = 0; i < rank - 2; i++) {
    if (perm[i] != i)
      return false;
  }
  return rank >= 2 && perm[rank - 1] == rank - 2 && perm[rank - 2] == rank - 1;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (node->op != &scull_opdef_matmul)
    return SCULL_OK;
  scull_matmul_attrs_t attrs = *(const scull_matmul_attrs_t *)node->attrs;
  scull_value_id_t inputs[3] = {node->inputs[0], node->inputs[1],
                                node->input_count > 2 ? node->inputs[2] : SCULL_NO_ID};
  scull_node_id_t gone[2] = {SCULL_NO_ID, SCULL_NO_ID}, made = SCULL_NO_ID;
  for (size_t i = 0; i < 2; i++) {
    const scull_node_t *before = scull_passes_from(graph, inputs[i], &scull_opdef_transpose);
    if (!swaps_last_two(graph, before))
      continue;
    gone[i] = scull_graph_node_id(graph, before);
    inputs[i] = before->inputs[0];
    bool *flag = i == 0 ? &attrs.trans_x : &attrs.trans_y;
    *flag = !*flag;
  }
  if (gone[0] == SCULL_NO_ID && gone[1] == SCULL_NO_ID)
    return SCULL_OK;
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_matmul, &attrs, inputs, 3, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, gone, 2);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_matmul_layout = {
    .name = "matmul_layout", .purpose = "let matmul read transposed operands in place", .run = run};
