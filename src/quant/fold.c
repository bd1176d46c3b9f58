/* Pairs of quantize and dequantize become scales. */
#include "quant/fold.h"

#include <math.h>
#include <string.h>

#include "ops/clip.h"
#include "passes/rewrite.h"

/* What a quantize or dequantize operator says, one scale for all. */
typedef struct {
  float scale;
  int32_t zero;
  scull_dtype_t dtype; /* of the whole numbers */
} grid_t;

static bool is_op(const scull_node_t *node, const char *name) {
  return node != NULL && strcmp(node->op->name, name) == 0;
}

static bool read_grid(const scull_graph_t *g, const scull_node_t *node, scull_dtype_t dtype,
                      grid_t *out) {
  const scull_value_id_t scale = node->inputs[1];
  const scull_value_id_t zero = node->input_count > 2 ? node->inputs[2] : SCULL_NO_ID;
  *out = (grid_t){.dtype = dtype};
  if ((dtype != SCULL_DTYPE_I8 && dtype != SCULL_DTYPE_U8) || !scull_graph_is_constant(g, scale) ||
      scull_tensor_count(&scull_graph_value(g, scale)->shape[0]) != 1)
    return false;
  out->scale = (float)scull_graph_constant_at(g, scale, 0);
  if (zero != SCULL_NO_ID) {
    if (!scull_graph_is_constant(g, zero) ||
        scull_tensor_count(&scull_graph_value(g, zero)->shape[0]) != 1)
      return false;
    out->zero = (int32_t)scull_graph_constant_i64_at(g, zero, 0);
  }
  return out->scale > 0 && isfinite(out->scale);
}

static bool same_grid(const grid_t *a, const grid_t *b) {
  return a->scale == b->scale && a->zero == b->zero && a->dtype == b->dtype;
}

/* --- moving dequantize operators to the front ------------------------------------------------- */

/* True for an operator that moves its input 0 about and reads no other elements of that type. */
static bool moves_one(const scull_graph_t *g, const scull_node_t *node) {
  if (node == NULL || node->dead ||
      (node->op->traits & (SCULL_OP_MOVES_DATA | SCULL_OP_SELECTS)) == 0 ||
      node->output_count != 1 || node->region_count != 0 || node->inputs[0] == SCULL_NO_ID)
    return false;
  const scull_dtype_t moved = scull_graph_value(g, node->inputs[0])->dtype;
  if (scull_graph_value(g, node->outputs[0])->dtype != moved)
    return false;
  for (size_t i = 1; i < node->input_count; i++) { /* shapes, axes */
    if (node->inputs[i] != SCULL_NO_ID && (!scull_graph_is_constant(g, node->inputs[i]) ||
                                           scull_graph_value(g, node->inputs[i])->dtype == moved))
      return false;
  }
  return !scull_graph_is_constant(g, node->inputs[0]);
}

/* dequantize(move(q)) becomes move(dequantize(q)); *again is the new dequantize node. */
static scull_status_t move_up(scull_graph_t *g, scull_node_id_t id, scull_node_id_t mover,
                              scull_node_id_t *again) {
  const scull_node_t d = *scull_graph_node(g, id), m = *scull_graph_node(g, mover);
  scull_value_id_t inputs[3] = {m.inputs[0], d.inputs[1],
                                d.input_count > 2 ? d.inputs[2] : SCULL_NO_ID};
  const scull_node_spec_t spec = {.op = d.op,
                                  .name = d.name,
                                  .attrs = d.attrs,
                                  .inputs = inputs,
                                  .input_count = d.input_count,
                                  .output_count = 1,
                                  .origins = d.origins,
                                  .origin_count = d.origin_count};
  scull_value_id_t *operands = SCULL_ARENA_ARRAY(&g->arena, scull_value_id_t, m.input_count);
  scull_node_id_t made = SCULL_NO_ID;
  if (operands == NULL)
    return SCULL_OUT_OF_MEMORY;
  memcpy(operands, m.inputs, m.input_count * sizeof *operands);
  SCULL_TRY(scull_graph_add_node(g, &spec, again));
  operands[0] = scull_graph_node(g, *again)->outputs[0];
  SCULL_TRY(scull_passes_replace_node(g, id, m.op, m.attrs, operands, m.input_count, &made));
  if (made == SCULL_NO_ID) { /* it would give another type: as before */
    scull_graph_remove(g, *again);
    *again = SCULL_NO_ID;
    return SCULL_OK;
  }
  return scull_passes_retire(g, made, &mover, 1);
}

/* --- pairs ------------------------------------------------------------------------------------ */

/* relu and then a clip around 0 is one clip: products take one along. *x: what is clipped. */
static scull_status_t join_relu(scull_graph_t *g, scull_value_id_t *x) {
  const scull_node_t *clip = scull_graph_producer(g, *x);
  const scull_node_t *relu = is_op(clip, "clip") ? scull_graph_producer(g, clip->inputs[0]) : NULL;
  scull_node_id_t made = SCULL_NO_ID;
  if (!is_op(relu, "relu") || clip->input_count != 1 ||
      scull_graph_only_user(g, clip->inputs[0]) != clip)
    return SCULL_OK;
  scull_clip_attrs_t attrs = *(const scull_clip_attrs_t *)clip->attrs;
  const scull_node_id_t old = scull_graph_node_id(g, relu);
  const scull_value_id_t input = relu->inputs[0];
  if (attrs.min > 0 || attrs.max < 0)
    return SCULL_OK;
  attrs.min = 0;
  SCULL_TRY(scull_passes_replace_node(g, scull_graph_node_id(g, clip), &scull_opdef_clip, &attrs,
                                      &input, 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  *x = scull_graph_node(g, made)->outputs[0];
  return scull_passes_retire(g, made, &old, 1);
}

/* True when nobody reads x but quantize operators of that grid. */
static bool is_only_rounded(const scull_graph_t *g, scull_value_id_t x, const grid_t *grid) {
  const scull_value_t *v = scull_graph_value(g, x);
  for (size_t i = 0; i < v->users.size; i++) {
    const scull_node_t *user = scull_graph_node(g, v->users.data[i]);
    grid_t other;
    if (!is_op(user, "quantize_linear") || user->inputs[0] != x ||
        !read_grid(g, user, scull_graph_value(g, user->outputs[0])->dtype, &other) ||
        !same_grid(grid, &other))
      return false;
  }
  return !scull_graph_is_output(g, x);
}

/* The quantization that storage has for a grid; *out NULL: none is near it. */
static scull_status_t storage_of(scull_graph_t *g, const grid_t *grid, const scull_quant_t **out,
                                 bool *asymmetric) {
  const float coarsest = 1.25f; /* a step may grow by a quarter */
  const bool is_signed = grid->dtype == SCULL_DTYPE_I8;
  const int32_t low = (is_signed ? -128 : 0) - grid->zero, high = low + 255;
  scull_quant_t *quant = SCULL_ARENA_NEW(&g->arena, scull_quant_t);
  float *scale = SCULL_ARENA_NEW(&g->arena, float);
  if (quant == NULL || scale == NULL)
    return SCULL_OUT_OF_MEMORY;
  *scale = grid->scale;
  *quant = (scull_quant_t){
      .dtype = low >= 0 ? SCULL_DTYPE_U8 : SCULL_DTYPE_I8, .axis = -1, .count = 1, .scales = scale};
  *asymmetric = low != 0 && low != -128;
  if (*asymmetric)
    *scale = grid->scale * (float)(-low > high ? -low : high) / (low >= 0 ? 255.0f : 127.0f);
  *out = *scale <= coarsest * grid->scale ? quant : NULL;
  return SCULL_OK;
}

/* True when rounding does nothing to x but round: no element is cut off that the operator before it
 * could give. */
static bool is_not_cut(const scull_graph_t *g, scull_value_id_t x, const grid_t *grid) {
  const scull_node_t *node = scull_graph_producer(g, x);
  const int32_t low = (grid->dtype == SCULL_DTYPE_I8 ? -128 : 0) - grid->zero;
  return low < 0 || (node != NULL && (node->op->traits & SCULL_OP_NOT_NEGATIVE) != 0);
}

/* What quantizers take away (a ReLU, a ReLU6) because rounding to a type without negative numbers
 * cuts as well: the pair becomes a clip. */
static scull_status_t fold_to_clip(scull_graph_t *g, scull_node_id_t id, scull_value_id_t x,
                                   const grid_t *grid, const scull_quant_t *quant,
                                   scull_fold_result_t *out) {
  const int32_t low = (grid->dtype == SCULL_DTYPE_I8 ? -128 : 0) - grid->zero;
  const scull_clip_attrs_t attrs = {.min = (float)low * grid->scale,
                                    .max = (float)(low + 255) * grid->scale};
  const scull_value_t *v = scull_graph_value(g, x);
  const scull_node_id_t q =
      scull_graph_node_id(g, scull_graph_producer(g, scull_graph_node(g, id)->inputs[0]));
  scull_node_id_t made = SCULL_NO_ID;
  bool done = false;
  for (size_t i = 0; i < v->users.size; i++) { /* one clip serves all that read the same */
    const scull_node_t *user = scull_graph_node(g, v->users.data[i]);
    const scull_clip_attrs_t *own = user->attrs;
    if (!is_op(user, "clip") || user->input_count != 1 || own->min != attrs.min ||
        own->max != attrs.max)
      continue;
    SCULL_TRY(scull_passes_bypass(g, id, user->outputs[0], &done));
    return done ? scull_passes_retire_beside(g, x, &q, 1) : SCULL_OK;
  }
  SCULL_TRY(scull_passes_replace_node(g, id, &scull_opdef_clip, &attrs, &x, 1, &made));
  if (made == SCULL_NO_ID)
    return SCULL_OK;
  scull_graph_value(g, scull_graph_node(g, made)->outputs[0])->quant = quant;
  out->folded++;
  return scull_passes_retire(g, made, &q, 1);
}

static scull_status_t fold_pair(scull_graph_t *g, scull_node_id_t id, scull_fold_result_t *out) {
  const scull_node_t *d = scull_graph_node(g, id);
  const scull_value_id_t whole = d->inputs[0], result = d->outputs[0];
  const scull_node_t *q = scull_graph_producer(g, whole);
  const scull_dtype_t dtype = scull_graph_value(g, whole)->dtype;
  const scull_quant_t *quant = NULL;
  grid_t grid, other;
  bool asymmetric = false, done = false;
  if (!is_op(q, "quantize_linear") || !read_grid(g, d, dtype, &grid) ||
      !read_grid(g, q, dtype, &other) || !same_grid(&grid, &other) ||
      scull_graph_is_output(g, result))
    return SCULL_OK;
  scull_value_id_t x = q->inputs[0];
  SCULL_TRY(join_relu(g, &x));
  const scull_value_t *v = scull_graph_value(g, x);
  if (v->dtype != SCULL_DTYPE_F32 || v->data != NULL)
    return SCULL_OK;
  SCULL_TRY(storage_of(g, &grid, &quant, &asymmetric));
  out->asymmetric += asymmetric;
  if (!is_not_cut(g, x, &grid))
    return fold_to_clip(g, id, x, &grid, quant, out);
  if (!is_only_rounded(g, x, &grid))
    return SCULL_OK;
  const scull_node_id_t rounder =
      scull_graph_node_id(g, scull_graph_producer(g, scull_graph_node(g, id)->inputs[0]));
  if (v->quant == NULL)
    scull_graph_value(g, x)->quant = quant;
  SCULL_TRY(scull_passes_bypass(g, id, x, &done));
  if (!done)
    return SCULL_OK;
  out->folded++;
  return scull_passes_retire_beside(g, x, &rounder, 1);
}

static scull_status_t visit(scull_graph_t *g, scull_node_id_t id, scull_fold_result_t *out) {
  enum { MOST_MOVES = 16 };
  for (int moves = 0; moves < MOST_MOVES; moves++) {
    const scull_node_t *d = scull_graph_node(g, id);
    grid_t grid;
    const scull_node_t *above = scull_graph_producer(g, d->inputs[0]);
    scull_node_id_t again = SCULL_NO_ID;
    if (!moves_one(g, above) || !read_grid(g, d, scull_graph_value(g, d->inputs[0])->dtype, &grid))
      break;
    SCULL_TRY(move_up(g, id, scull_graph_node_id(g, above), &again));
    if (again == SCULL_NO_ID)
      break;
    id = again;
  }
  return fold_pair(g, id, out);
}

scull_status_t scull_quant_fold(scull_graph_t *g, scull_fold_result_t *out) {
  const size_t count = g->nodes.size;
  *out = (scull_fold_result_t){0};
  for (size_t i = 0; i < count; i++) {
    if (!g->nodes.data[i].dead && is_op(&g->nodes.data[i], "dequantize_linear"))
      SCULL_TRY(visit(g, (scull_node_id_t)i, out));
  }
  for (size_t i = 0; i < g->nodes.size; i++)
    out->left += !g->nodes.data[i].dead && is_op(&g->nodes.data[i], "dequantize_linear");
  return SCULL_OK;
}
