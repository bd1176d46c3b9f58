/* Shuffles of channels and pixels, spelled as reshape, transpose, reshape: what exporters write for
 * ShuffleNet's channel shuffle, for pixel shuffle (depth to space) and for its inverse. One copy
 * with a name, in place of a transpose of rank 5 or 6. */
#include "ops/block.h"
#include "ops/channel_shuffle.h"
#include "ops/transpose.h"
#include "passes/views.h"

/* x -> first view -> middle -> transpose -> second view. */
typedef struct {
  scull_value_id_t x, middle, y;
  scull_node_id_t first, transpose;
  int64_t perm[SCULL_MAX_RANK];
} spelling_t;

static bool read_spelling(const scull_graph_t *graph, const scull_node_t *node, spelling_t *out) {
  if (!scull_passes_is_view(graph, node))
    return false;
  const scull_node_t *transpose =
      scull_passes_only_from(graph, node->inputs[0], &scull_opdef_transpose);
  if (transpose == NULL || scull_graph_only_user(graph, transpose->inputs[0]) == NULL)
    return false;
  const scull_node_t *first = scull_graph_producer(graph, transpose->inputs[0]);
  if (first == NULL || !scull_passes_is_view(graph, first))
    return false;
  *out = (spelling_t){.x = first->inputs[0],
                      .middle = transpose->inputs[0],
                      .y = node->outputs[0],
                      .first = scull_graph_node_id(graph, first),
                      .transpose = scull_graph_node_id(graph, transpose)};
  scull_passes_perm(graph, transpose, out->perm);
  return true;
}

static const scull_shape_t *shape(const scull_graph_t *graph, scull_value_id_t value, int point) {
  return &scull_graph_value(graph, value)->shape[point];
}

/* [N, g, m, ...] with the middle two swapped, between two tensors of one type. */
static bool shuffles_channels(const scull_graph_t *graph, const spelling_t *s, int64_t *groups) {
  const int32_t rank = shape(graph, s->middle, 0)->rank;
  if (rank < 3 || shape(graph, s->x, 0)->rank < 2 || !scull_passes_same_type(graph, s->x, s->y) ||
      !scull_passes_fixed_dim(graph, s->middle, 1) || !scull_passes_fixed_dim(graph, s->x, 1))
    return false;
  for (int32_t i = 0; i < rank; i++) {
    if (s->perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i))
      return false;
  }
  for (int p = 0; p < graph->points; p++) {
    const scull_shape_t *x = shape(graph, s->x, p), *middle = shape(graph, s->middle, p);
    if (middle->dim[0] != x->dim[0] || middle->dim[1] * middle->dim[2] != x->dim[1])
      return false;
  }
  *groups = shape(graph, s->middle, 0)->dim[1];
  return *groups > 0;
}

/* A middle of rank 6 whose dims are N, C, H, W and the rows and columns of a square, in some order:
 * where each stands, and how the transpose moves them. */
typedef struct {
  const scull_opdef_t *op;
  scull_block_order_t order;
  int64_t perm[6];
  int32_t channel, height, width, row, column;
} row_t;

static const row_t rows[] = {
    {&scull_opdef_pixel_shuffle, SCULL_BLOCK_CRD, {0, 1, 4, 2, 5, 3}, 1, 4, 5, 2, 3},
    {&scull_opdef_pixel_shuffle, SCULL_BLOCK_DCR, {0, 3, 4, 1, 5, 2}, 3, 4, 5, 1, 2},
    {&scull_opdef_pixel_shuffle, SCULL_BLOCK_COLUMNS, {0, 3, 4, 2, 5, 1}, 3, 4, 5, 2, 1},
    {&scull_opdef_space_to_depth, SCULL_BLOCK_CRD, {0, 1, 3, 5, 2, 4}, 1, 2, 4, 3, 5},
    {&scull_opdef_space_to_depth, SCULL_BLOCK_DCR, {0, 3, 5, 1, 2, 4}, 1, 2, 4, 3, 5},
    {&scull_opdef_space_to_depth, SCULL_BLOCK_COLUMNS, {0, 5, 3, 1, 2, 4}, 1, 2, 4, 3, 5},
};

static bool is_shape(const scull_shape_t *shape, int64_t n, int64_t c, int64_t h, int64_t w) {
  return shape->rank == 4 && shape->dim[0] == n && shape->dim[1] == c && shape->dim[2] == h &&
         shape->dim[3] == w;
}

static bool fits(const scull_graph_t *graph, const spelling_t *s, const row_t *row) {
  if (shape(graph, s->middle, 0)->rank != 6)
    return false;
  for (int32_t i = 0; i < 6; i++) {
    if (s->perm[i] != row->perm[i])
      return false;
  }
  const int64_t f = shape(graph, s->middle, 0)->dim[row->row];
  const bool to_deep = row->op == &scull_opdef_space_to_depth;
  for (int p = 0; p < graph->points; p++) {
    const int64_t *m = shape(graph, s->middle, p)->dim;
    const int64_t c = m[row->channel], h = m[row->height], w = m[row->width];
    if (m[row->row] != f || m[row->column] != f ||
        !is_shape(shape(graph, to_deep ? s->x : s->y, p), m[0], c, h * f, w * f) ||
        !is_shape(shape(graph, to_deep ? s->y : s->x, p), m[0], c * f * f, h, w))
      return false;
  }
  return f > 0;
}

static scull_status_t rewrite(scull_graph_t *graph, scull_node_id_t id, const spelling_t *s,
                              const scull_opdef_t *op, const void *attrs, bool *changed) {
  const scull_node_id_t gone[] = {s->transpose, s->first};
  scull_node_id_t made = SCULL_NO_ID;
  SCULL_TRY(scull_passes_replace_node(graph, id, op, attrs, &s->x, 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *changed = true;
  return scull_passes_retire(graph, made, gone, 2);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  scull_channel_shuffle_attrs_t shuffle;
  spelling_t s;
  if (!read_spelling(graph, scull_graph_node(graph, id), &s))
    return SCULL_OK;
  if (shuffles_channels(graph, &s, &shuffle.groups))
    return rewrite(graph, id, &s, &scull_opdef_channel_shuffle, &shuffle, changed);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (!fits(graph, &s, &rows[i]))
      continue;
    const scull_block_attrs_t attrs = {.factor = shape(graph, s.middle, 0)->dim[rows[i].row],
                                       .order = (int32_t)rows[i].order};
    return rewrite(graph, id, &s, rows[i].op, &attrs, changed);
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_recognise_shuffle = {
    .name = "recognise_shuffle",
    .purpose = "find shuffles of channels and pixels in reshape, transpose, reshape",
    .run = run};
