/* Placement. */
#include "quant/place.h"

#include <math.h>
#include <string.h>

#include "quant/equalize.h"
#include "quant/fold.h"
#include "quant/rounding.h"

/* Values of one class hold the same elements. */
typedef struct {
  size_t *root; /* by value id */
  float *threshold;
  bool *
      positive; /* by root: no member is known to hold negative numbers, and some is known not to */
  bool *negative;
  const scull_quant_t **fixed; /* by root: what the model says of a member */
  const scull_range_t *known;  /* by value id */
  size_t count;
} classes_t;

static size_t find_root(size_t *root, size_t v) {
  while (root[v] != v) {
    root[v] = root[root[v]];
    v = root[v];
  }
  return v;
}

/* True for what may be stored as small integers. */
static bool is_candidate(const scull_graph_t *g, scull_value_id_t id) {
  const scull_value_t *v = scull_graph_value(g, id);
  return v != NULL && !v->dead && v->data == NULL && v->dtype == SCULL_DTYPE_F32;
}

static void join_node(const scull_graph_t *g, const scull_node_t *node, size_t *root) {
  size_t first = SIZE_MAX;
  if (node->dead || (node->op->traits & (SCULL_OP_MOVES_DATA | SCULL_OP_SELECTS)) == 0)
    return;
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const scull_value_id_t id =
        i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (id == SCULL_NO_ID || !is_candidate(g, id))
      continue;
    const size_t own = find_root(root, id);
    if (first == SIZE_MAX)
      first = own;
    else
      root[own] = first;
  }
}

static bool gives_positive(const scull_graph_t *g, const scull_value_t *v) {
  const scull_node_t *producer =
      v->producer == SCULL_NO_ID ? NULL : scull_graph_node(g, v->producer);
  return producer != NULL && (producer->op->traits & SCULL_OP_NOT_NEGATIVE) != 0;
}

/* Takes a value's own range into its class. */
static void take_range(const scull_graph_t *g, scull_value_id_t id,
                       const scull_place_options_t *options, classes_t *c) {
  const scull_value_t *v = scull_graph_value(g, id);
  const size_t root = find_root(c->root, id);
  const scull_range_t *range = c->known[id].threshold > 0 ? &c->known[id] : NULL;
  float threshold = range == NULL ? options->dummy : range->threshold;
  c->positive[root] = c->positive[root] || gives_positive(g, v);
  if (range != NULL && range->min <= range->max) {
    c->negative[root] = c->negative[root] || range->min < 0;
    c->positive[root] = c->positive[root] || range->min >= 0;
  }
  if (threshold > c->threshold[root])
    c->threshold[root] = threshold;
  if (v->quant != NULL && c->fixed[root] == NULL)
    c->fixed[root] = v->quant;
}

scull_status_t scull_quant_set(scull_graph_t *graph, scull_value_id_t value, float threshold,
                               bool has_negative) {
  scull_quant_t *quant = SCULL_ARENA_NEW(&graph->arena, scull_quant_t);
  float *scale = SCULL_ARENA_NEW(&graph->arena, float);
  if (quant == NULL || scale == NULL)
    return SCULL_OUT_OF_MEMORY;
  *scale = threshold / (has_negative ? 127.0f : 255.0f);
  *quant = (scull_quant_t){.dtype = has_negative ? SCULL_DTYPE_I8 : SCULL_DTYPE_U8,
                           .axis = -1,
                           .count = 1,
                           .scales = scale};
  if (!(*scale > 0)) /* so small that it is none */
    return SCULL_OK;
  scull_graph_value(graph, value)->quant = quant;
  return SCULL_OK;
}

static scull_status_t set_values(scull_graph_t *g, const scull_place_options_t *options,
                                 classes_t *c, scull_place_result_t *out) {
  out->missing = SCULL_ARENA_ARRAY(&g->arena, const char *, g->values.size + 1);
  if (out->missing == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < c->count; i++) {
    const scull_value_id_t id = (scull_value_id_t)i;
    if (!is_candidate(g, id))
      continue;
    const size_t root = find_root(c->root, i);
    const bool negative = c->negative[root] || !c->positive[root];
    if (g->values.data[i].quant == NULL && c->fixed[root] != NULL)
      g->values.data[i].quant = c->fixed[root];
    if (g->values.data[i].quant == NULL && c->threshold[root] > 0)
      SCULL_TRY(scull_quant_set(g, id, c->threshold[root], negative));
    const scull_value_t *v = &g->values.data[i];
    out->quantized += v->quant != NULL;
    if (v->quant == NULL)
      out->missing[out->missing_count++] = v->name;
    else if (options->table != NULL && options->table->count > 0 && !(c->known[i].threshold > 0))
      out->inferred++;
  }
  return SCULL_OK;
}

/* --- weights ------------------------------------------------------------------------------------
 */

/* Which axis of constant operand `input` runs along the channels of the result; -1: none. */
static int32_t channel_axis(const scull_graph_t *g, const scull_node_t *node, size_t input) {
  enum { MOST = 16 };
  scull_tensor_t inputs[MOST] = {0};
  if (node->op->channel_axis == NULL || node->input_count > MOST)
    return -1;
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] != SCULL_NO_ID)
      inputs[i].type = scull_graph_type(g, node->inputs[i], SCULL_POINT_OPT);
  }
  const scull_op_call_t call = {
      .def = node->op, .attrs = node->attrs, .inputs = inputs, .input_count = node->input_count};
  return node->op->channel_axis(&call, input);
}

/* A channel's elements: `outer` runs of `inner`, `stride` apart. */
typedef struct {
  const char *first;
  int64_t outer, inner, stride;
} channel_t;

static bool is_on_grid(const channel_t *c, float step) {
  for (int64_t o = 0; o < c->outer; o++) {
    for (int64_t i = 0; i < c->inner; i++) {
      float x;
      memcpy(&x, c->first + (size_t)(o * c->stride + i) * sizeof x, sizeof x);
      if (fabsf(x / step - nearbyintf(x / step)) > 1e-3f)
        return false;
    }
  }
  return true;
}

/* The step of a channel whose largest |w| is `peak`: weights that were whole numbers of steps once
 * (8 bits for all channels, a batch norm folded into them) stay that. */
static float step_of(const channel_t *c, float peak) {
  enum { FEW = 8 }; /* elements fit some grid by chance */
  for (int n = 127; n > 0 && c->outer * c->inner >= FEW; n--) {
    if (is_on_grid(c, peak / (float)n))
      return peak / (float)n;
  }
  return peak / 127.0f;
}

/* The step of each channel; 1 where a channel is all zeros. NULL: not finite. */
static float *channel_scales(scull_graph_t *g, scull_value_id_t id, int32_t axis, size_t count) {
  const scull_value_t *v = scull_graph_value(g, id);
  float *scales = SCULL_ARENA_ARRAY(&g->arena, float, count);
  const int64_t all = scull_tensor_count(&v->shape[0]);
  int64_t inner = 1;
  for (int32_t i = axis + 1; i < v->shape[0].rank; i++)
    inner *= v->shape[0].dim[i];
  for (int64_t i = 0; scales != NULL && i < all; i++) {
    float x;
    memcpy(&x, (const char *)v->data + (size_t)i * sizeof x, sizeof x);
    float *to = &scales[(size_t)(i / inner) % count];
    if (!isfinite(x))
      return NULL;
    *to = fabsf(x) > *to ? fabsf(x) : *to;
  }
  for (size_t c = 0; scales != NULL && c < count; c++) {
    const channel_t channel = {.first = (const char *)v->data + c * (size_t)inner * sizeof(float),
                               .outer = all / inner / (int64_t)count,
                               .inner = inner,
                               .stride = inner * (int64_t)count};
    scales[c] = scales[c] > 0 ? step_of(&channel, scales[c]) : 1.0f;
    if (!(scales[c] > 0))
      scales[c] = 1.0f;
  }
  return scales;
}

static scull_status_t place_weights(scull_graph_t *g, const scull_node_t *node) {
  for (size_t i = 0; !node->dead && i < node->input_count; i++) {
    const scull_value_id_t id = node->inputs[i];
    const scull_value_t *v = id == SCULL_NO_ID ? NULL : scull_graph_value(g, id);
    const int32_t axis = v == NULL ? -1 : channel_axis(g, node, i);
    if (axis < 0 || v->data == NULL || v->dtype != SCULL_DTYPE_F32 ||
        (v->quant != NULL && (v->quant->count == 1 || v->quant->axis == axis)))
      continue;
    const size_t count = (size_t)v->shape[0].dim[axis];
    scull_quant_t *quant = SCULL_ARENA_NEW(&g->arena, scull_quant_t);
    if (quant == NULL)
      return SCULL_OUT_OF_MEMORY;
    *quant = (scull_quant_t){.dtype = SCULL_DTYPE_I8,
                             .axis = axis,
                             .count = count,
                             .scales = channel_scales(g, id, axis, count)};
    if (quant->scales != NULL)
      scull_graph_value(g, id)->quant = quant;
  }
  return SCULL_OK;
}

/* What the table says of each value. */
static scull_status_t find_known(scull_graph_t *g, const scull_quant_table_t *table,
                                 scull_range_t **out) {
  scull_range_t *known = SCULL_ARENA_ARRAY(&g->arena, scull_range_t, g->values.size + 1);
  *out = known;
  if (known == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; table != NULL && i < g->values.size; i++) {
    const scull_range_t *range = scull_quant_table_find(table, g->values.data[i].name);
    if (range != NULL && is_candidate(g, (scull_value_id_t)i))
      known[i] = *range;
  }
  return SCULL_OK;
}

static scull_status_t place_values(scull_graph_t *g, const scull_place_options_t *options,
                                   const scull_range_t *known, size_t count,
                                   scull_place_result_t *out) {
  const size_t n = g->values.size + 1;
  classes_t c = {.root = SCULL_ARENA_ARRAY(&g->arena, size_t, n),
                 .threshold = SCULL_ARENA_ARRAY(&g->arena, float, n),
                 .positive = SCULL_ARENA_ARRAY(&g->arena, bool, n),
                 .negative = SCULL_ARENA_ARRAY(&g->arena, bool, n),
                 .fixed = SCULL_ARENA_ARRAY(&g->arena, const scull_quant_t *, n),
                 .known = known,
                 .count = count};
  if (c.root == NULL || c.threshold == NULL || c.positive == NULL || c.negative == NULL ||
      c.fixed == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < n; i++)
    c.root[i] = i;
  for (size_t i = 0; i < g->nodes.size; i++)
    join_node(g, &g->nodes.data[i], c.root);
  for (size_t i = 0; i < count; i++) {
    if (is_candidate(g, (scull_value_id_t)i))
      take_range(g, (scull_value_id_t)i, options, &c);
  }
  return set_values(g, options, &c, out);
}

static scull_status_t place(scull_graph_t *g, const scull_place_options_t *options,
                            scull_place_result_t *out) {
  SCULL_TRY(scull_quant_fold(g, &out->model));
  const size_t count = g->values.size; /* what is added from here on are constants */
  scull_range_t *known = NULL;
  SCULL_TRY(find_known(g, options->table, &known));
  if (!options->no_equalization)
    SCULL_TRY(scull_quant_equalize(g, known, count, &out->equalized));
  SCULL_TRY(place_values(g, options, known, count, out));
  for (size_t i = 0; i < g->nodes.size; i++)
    SCULL_TRY(place_weights(g, &g->nodes.data[i]));
  return options->no_rounding ? SCULL_OK
                              : scull_quant_round_weights(g, known, count, &out->rounded);
}

scull_status_t scull_quant_place(scull_graph_t *g, const scull_place_options_t *options,
                                 scull_place_result_t *out) {
  *out = (scull_place_result_t){0};
  scull_status_t status = place(g, options, out);
  return status == SCULL_OUT_OF_MEMORY ? scull_base_fail_memory(g->diag, "quantization") : status;
}
