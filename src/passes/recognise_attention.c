/* softmax(q k^T * scale + mask) v over four axes [batch, heads, length, depth] as one attention.
 * The scale may stand before the product (on q, k or both) or after it, before the mask. A
 * transpose is absorbed only where matmul already reads it in place (matmul_layout runs first); a
 * transpose that makes k^T of something else is composed with the swap that attention wants. */
#include <math.h>

#include "ops/attention.h"
#include "ops/matmul.h"
#include "ops/scale.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "passes/views.h"

enum { MAX_NODES = 8, RANK = 4 };

typedef struct {
  scull_value_id_t q, k, v, mask;
  bool k_is_transposed; /* [.., depth, length] */
  double scale;
  scull_node_id_t nodes[MAX_NODES]; /* users before operands */
  size_t node_count;
} match_t;

static void take(match_t *match, const scull_graph_t *graph, const scull_node_t *node) {
  match->nodes[match->node_count++] = scull_graph_node_id(graph, node);
}

/* Steps over a scale without bias. */
static scull_value_id_t skip_scale(match_t *match, const scull_graph_t *graph,
                                   scull_value_id_t value) {
  const scull_node_t *node = scull_passes_only_from(graph, value, &scull_opdef_scale);
  const scull_scale_attrs_t *attrs = node == NULL ? NULL : node->attrs;
  if (attrs == NULL || attrs->bias != 0)
    return value;
  take(match, graph, node);
  match->scale *= attrs->scale;
  return node->inputs[0];
}

/* value = q k^T * scale */
static bool read_scores(match_t *match, const scull_graph_t *graph, scull_value_id_t value) {
  const scull_node_t *product =
      scull_passes_only_from(graph, skip_scale(match, graph, value), &scull_opdef_matmul);
  const scull_matmul_attrs_t *attrs = product == NULL ? NULL : product->attrs;
  if (attrs == NULL || attrs->trans_x || product->input_count > 2)
    return false;
  take(match, graph, product);
  match->k_is_transposed = !attrs->trans_y;
  match->q = skip_scale(match, graph, product->inputs[0]);
  match->k = skip_scale(match, graph, product->inputs[1]);
  return true;
}

/* Scores with or without an added mask. */
static bool read_masked(match_t *match, const scull_graph_t *graph, scull_value_id_t value) {
  const scull_node_t *sum = scull_passes_only_from(graph, value, &scull_opdef_add);
  if (sum == NULL)
    return read_scores(match, graph, value);
  const match_t start = *match;
  for (size_t side = 0; side < 2; side++) {
    *match = start;
    take(match, graph, sum);
    match->mask = sum->inputs[1 - side];
    if (scull_passes_same_type(graph, sum->inputs[side], sum->outputs[0]) &&
        read_scores(match, graph, sum->inputs[side]))
      return true;
  }
  return false;
}

static bool has_rank(const scull_graph_t *graph, scull_value_id_t value) {
  return scull_graph_value(graph, value)->shape[0].rank == RANK;
}

/* Batch and heads agree without broadcasting. */
static bool same_batch(const scull_graph_t *graph, scull_value_id_t a, scull_value_id_t b) {
  const scull_value_t *va = scull_graph_value(graph, a), *vb = scull_graph_value(graph, b);
  bool same = va->dtype == vb->dtype;
  for (int p = 0; p < graph->points && same; p++)
    same = va->shape[p].dim[0] == vb->shape[p].dim[0] && va->shape[p].dim[1] == vb->shape[p].dim[1];
  return same;
}

static bool read_all(match_t *match, const scull_graph_t *graph, const scull_node_t *root) {
  const scull_matmul_attrs_t *attrs = root->attrs;
  *match = (match_t){.mask = SCULL_NO_ID, .scale = 1, .v = root->inputs[1]};
  const scull_node_t *softmax =
      scull_passes_only_from(graph, root->inputs[0], &scull_opdef_softmax);
  if (softmax == NULL || attrs->trans_x || attrs->trans_y || root->input_count > 2 ||
      !has_rank(graph, match->v))
    return false;
  const scull_softmax_attrs_t *over = softmax->attrs;
  if (!has_rank(graph, softmax->inputs[0]) || (over->axis != -1 && over->axis != RANK - 1))
    return false;
  take(match, graph, softmax);
  return read_masked(match, graph, softmax->inputs[0]) && has_rank(graph, match->q) &&
         has_rank(graph, match->k) && same_batch(graph, match->q, match->k) &&
         same_batch(graph, match->q, match->v) && isfinite((float)match->scale);
}

/* k in the order [.., length, depth]: a transpose is put in, composed with one that is there. */
static scull_status_t untranspose(scull_graph_t *graph, match_t *match) {
  int64_t perm[SCULL_MAX_RANK] = {0, 1, 2, 3};
  const scull_node_t *before = scull_passes_only_from(graph, match->k, &scull_opdef_transpose);
  scull_value_id_t source = match->k;
  const scull_node_spec_t none = {0};
  scull_node_spec_t spec = none;
  if (before != NULL) {
    scull_passes_perm(graph, before, perm);
    source = before->inputs[0];
    take(match, graph, before);
    spec.origins = before->origins;
    spec.origin_count = before->origin_count;
  }
  int64_t swap = perm[2];
  perm[2] = perm[3];
  perm[3] = swap;
  const scull_transpose_attrs_t attrs = {.perm = {perm, RANK}};
  scull_node_id_t made = SCULL_NO_ID;
  spec.op = &scull_opdef_transpose;
  spec.name =
      scull_base_arena_format(&graph->arena, "%s.k", scull_graph_value(graph, match->k)->name);
  spec.attrs = &attrs;
  spec.inputs = &source;
  spec.input_count = spec.output_count = 1;
  if (spec.name == NULL)
    return scull_base_fail_memory(graph->diag, "a transpose");
  SCULL_TRY(scull_graph_add_node(graph, &spec, &made));
  match->k = scull_graph_node(graph, made)->outputs[0];
  return SCULL_OK;
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  const scull_node_t *root = scull_graph_node(graph, id);
  match_t match;
  scull_node_id_t made = SCULL_NO_ID;
  if (root->op != &scull_opdef_matmul || !read_all(&match, graph, root))
    return SCULL_OK;
  if (match.k_is_transposed)
    SCULL_TRY(untranspose(graph, &match));
  const scull_value_id_t inputs[] = {match.q, match.k, match.v, match.mask};
  const scull_attention_attrs_t attrs = {.scale = match.scale};
  SCULL_TRY(scull_passes_replace_node(graph, id, &scull_opdef_attention, &attrs, inputs, 4, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, match.nodes, match.node_count);
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_attention = {
    .name = "recognise_attention", .purpose = "find softmax(q k^T * scale + mask) v", .run = run};
