/* Rounding that keeps means. */
#include "quant/rounding.h"

#include <math.h>
#include <stdlib.h>

#include "passes/linear.h"

/* A weight that could be rounded to the other side. */
typedef struct {
  int64_t element;
  double shift; /* of the channel's mean if it is */
  double cost;  /* mean square that this adds, over the shift; HUGE_VAL: it cannot be */
  int8_t other; /* what it is then */
} turn_t;

typedef struct {
  const float *w;
  const float *mean, *square; /* of the input's channels */
  const scull_quant_t *quant;
  int8_t *out;
} rows_t;

static int by_cost(const void *a, const void *b) {
  const turn_t *x = a, *y = b;
  if (x->cost != y->cost)
    return x->cost < y->cost ? -1 : 1;
  return (x->element > y->element) - (x->element < y->element);
}

/* Rounds one weight to the nearest; adds what that does to the mean. */
static turn_t look(const rows_t *r, int64_t e, size_t input, float scale, double *error) {
  const double exact = (double)r->w[e] / (double)scale;
  int32_t near = scull_tensor_quantize(SCULL_DTYPE_I8, scale, r->w[e]);
  near = near < -127 ? -127 : near;
  const double rest = exact - near; /* -0.5 to 0.5 */
  const int32_t other = rest > 0 ? near + 1 : near - 1;
  const double mean = (double)r->mean[input], square = (double)r->square[input];
  turn_t turn = {.element = e, .shift = (other - near) * (double)scale * mean, .cost = HUGE_VAL};
  r->out[e] = (int8_t)near;
  *error += (near - exact) * (double)scale * mean;
  if (other >= -127 && other <= 127 && turn.shift != 0) {
    turn.other = (int8_t)other;
    turn.cost = (1 - 2 * fabs(rest)) * (double)scale * (double)scale * square / fabs(turn.shift);
  }
  return turn;
}

/* The cheapest turns that bring the error nearer to 0. */
static void turn_some(const rows_t *r, turn_t *turns, size_t count, double error) {
  qsort(turns, count, sizeof *turns, by_cost);
  for (size_t i = 0; i < count && turns[i].cost < HUGE_VAL; i++) {
    const double after = error + turns[i].shift;
    if (fabs(after) >= fabs(error))
      continue;
    error = after;
    r->out[turns[i].element] = turns[i].other;
  }
}

static scull_status_t round_rows(scull_graph_t *g, const scull_linear_t *l, const rows_t *r) {
  const size_t width = (size_t)(l->count / l->outputs);
  turn_t *turns = SCULL_ARENA_ARRAY(&g->arena, turn_t, (size_t)l->count);
  size_t *used = SCULL_ARENA_ARRAY(&g->arena, size_t, (size_t)l->outputs);
  double *error = SCULL_ARENA_ARRAY(&g->arena, double, (size_t)l->outputs);
  if (turns == NULL || used == NULL || error == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t e = 0; e < l->count; e++) {
    const size_t o = (size_t)scull_passes_linear_output(l, e);
    const float scale = r->quant->scales[r->quant->count == 1 ? 0 : o];
    turns[o * width + used[o]++] =
        look(r, e, (size_t)scull_passes_linear_input(l, e), scale, &error[o]);
  }
  for (size_t o = 0; o < (size_t)l->outputs; o++)
    turn_some(r, turns + o * width, width, error[o]);
  return SCULL_OK;
}

static scull_status_t round_weight(scull_graph_t *g, const scull_linear_t *l,
                                   const scull_range_t *x) {
  const scull_quant_t *quant = scull_graph_value(g, l->weight)->quant;
  scull_quant_t *chosen = SCULL_ARENA_NEW(&g->arena, scull_quant_t);
  const rows_t rows = {.w = scull_graph_constant_f32(g, l->weight),
                       .mean = x->mean,
                       .square = x->square,
                       .quant = quant,
                       .out = SCULL_ARENA_ARRAY(&g->arena, int8_t, (size_t)l->count)};
  if (rows.w == NULL || rows.out == NULL || chosen == NULL)
    return SCULL_OUT_OF_MEMORY;
  SCULL_TRY(round_rows(g, l, &rows));
  *chosen = *quant;
  chosen->integers = rows.out;
  scull_graph_value(g, l->weight)->quant = chosen;
  return SCULL_OK;
}

scull_status_t scull_quant_round_weights(scull_graph_t *g, const scull_range_t *known, size_t count,
                                         size_t *weights) {
  *weights = 0;
  for (size_t i = 0; i < g->nodes.size; i++) {
    scull_linear_t l;
    if (g->nodes.data[i].dead || !scull_passes_linear_read(g, (scull_node_id_t)i, &l) ||
        l.x >= count || known[l.x].channels != (size_t)l.inputs)
      continue;
    const scull_value_t *w = scull_graph_value(g, l.weight);
    if (w->quant == NULL || w->quant->dtype != SCULL_DTYPE_I8 || w->quant->integers != NULL ||
        (w->quant->count != 1 && w->quant->count != (size_t)l.outputs))
      continue;
    SCULL_TRY(round_weight(g, &l, &known[l.x]));
    ++*weights;
  }
  return SCULL_OK;
}
