/* Equalization. */
#include "quant/equalize.h"

#include <math.h>
#include <string.h>

#include "passes/linear.h"

enum { MOST_CONSUMERS = 8, MOST_BETWEEN = 4 };

/* A channel that was small in calibration may be larger later: what is gained beyond this is little
 * and what is lost by clipping it is much. */
static const float most_scale = 8.0f;

typedef struct {
  scull_linear_t from;
  scull_value_id_t
      between[MOST_BETWEEN]; /* from's result and what homogeneous operators make of it */
  size_t between_count;
  scull_linear_t to[MOST_CONSUMERS];
  size_t to_count;
  const scull_range_t *range; /* of the last of `between` */
} pair_t;

/* --- finding ------------------------------------------------------------------------------------
 */

static bool is_homogeneous(const scull_node_t *node) {
  static const char *const names[] = {"relu", "leaky_relu", "identity"};
  bool found = (node->op->traits & SCULL_OP_POOLING) != 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    found = found || strcmp(node->op->name, names[i]) == 0;
  return found && node->output_count == 1 && node->input_count == 1;
}

/* Channels run along axis 1 of what is between. */
static bool is_along_one(const scull_graph_t *g, scull_value_id_t value, int32_t axis) {
  const int32_t rank = scull_graph_value(g, value)->shape[0].rank;
  return axis == 1 || (axis == -1 && rank == 2);
}

static bool add_consumers(const scull_graph_t *g, scull_value_id_t id, pair_t *out) {
  const scull_value_t *v = scull_graph_value(g, id);
  for (size_t i = 0; i < v->users.size; i++) {
    scull_linear_t *to = &out->to[out->to_count];
    if (out->to_count == MOST_CONSUMERS || !scull_passes_linear_read(g, v->users.data[i], to) ||
        to->x != id || to->weight == id || to->bias == id || to->inputs != out->from.outputs ||
        !is_along_one(g, id, to->in_axis))
      return false;
    out->to_count++;
  }
  return out->to_count > 0;
}

static bool find_pair(const scull_graph_t *g, scull_node_id_t node, const scull_range_t *known,
                      size_t count, pair_t *out) {
  *out = (pair_t){.to_count = 0};
  if (!scull_passes_linear_read(g, node, &out->from))
    return false;
  scull_value_id_t id = scull_graph_node(g, node)->outputs[0];
  if (!is_along_one(g, id, out->from.axis))
    return false;
  for (;;) {
    const scull_value_t *v = scull_graph_value(g, id);
    if (id >= count || v->exact || scull_graph_is_output(g, id) || v->quant != NULL)
      return false;
    out->between[out->between_count++] = id;
    out->range = &known[id];
    out->to_count = 0;
    if (add_consumers(g, id, out))
      break;
    const scull_node_t *next = scull_graph_only_user(g, id);
    if (next == NULL || !is_homogeneous(next) || out->between_count == MOST_BETWEEN)
      return false;
    id = next->outputs[0];
  }
  return out->range->threshold > 0 && out->range->channels == (size_t)out->from.outputs;
}

/* --- choosing -----------------------------------------------------------------------------------
 */

static const float *weights_of(scull_graph_t *g, const scull_linear_t *l) {
  return scull_graph_constant_f32(g, l->weight);
}

/* Largest numbers of channel c that are told apart. */
static float reach(const scull_range_t *r, size_t c) {
  return fminf(r->peak[c], r->threshold);
}

/* Mean square that rounding x and the weights of one consumer adds to its results, up to a factor
 * that does not depend on the scales. */
static double noise_of(const scull_linear_t *l, const float *w, const scull_range_t *r,
                       const float *scale, float *row_peak, double *row_power) {
  const double levels = r->min >= 0 ? 255 : 127;
  double top = 0, x_noise = 0, w_noise = 0;
  memset(row_peak, 0, (size_t)l->outputs * sizeof *row_peak);
  memset(row_power, 0, (size_t)l->outputs * sizeof *row_power);
  for (size_t c = 0; c < r->channels; c++)
    top = fmax(top, (double)(scale[c] * reach(r, c)));
  for (int64_t e = 0; e < l->count; e++) {
    const size_t c = (size_t)scull_passes_linear_input(l, e);
    const size_t o = (size_t)scull_passes_linear_output(l, e);
    const float v = fabsf(w[e]) / scale[c];
    x_noise += (double)(v * v);
    row_peak[o] = fmaxf(row_peak[o], v);
    row_power[o] += (double)(scale[c] * scale[c] * r->square[c]);
  }
  for (int64_t o = 0; o < l->outputs; o++)
    w_noise += (double)(row_peak[o] * row_peak[o]) * row_power[o] / (127.0 * 127.0);
  return x_noise * (top / levels) * (top / levels) + w_noise;
}

static double pair_noise(const pair_t *p, const float *const *weights, const float *scale,
                         float *row_peak, double *row_power) {
  double sum = 0;
  for (size_t i = 0; i < p->to_count; i++)
    sum += noise_of(&p->to[i], weights[i], p->range, scale, row_peak, row_power);
  return sum;
}

/* (threshold / reach)^power, bounded. */
static void make_scales(const scull_range_t *r, float power, float *scale) {
  for (size_t c = 0; c < r->channels; c++) {
    const float size = reach(r, c);
    scale[c] = size > 0 ? fminf(powf(r->threshold / size, power), most_scale) : 1.0f;
  }
}

/* The scales of least noise; *gain: by which factor it falls. */
static scull_status_t choose_scales(scull_graph_t *g, const pair_t *p, float **out, double *gain) {
  const size_t n = p->range->channels;
  const float *weights[MOST_CONSUMERS];
  int64_t rows = 1;
  float *scale = SCULL_ARENA_ARRAY(&g->arena, float, n),
        *best = SCULL_ARENA_ARRAY(&g->arena, float, n);
  for (size_t i = 0; i < p->to_count; i++) {
    rows = p->to[i].outputs > rows ? p->to[i].outputs : rows;
    weights[i] = weights_of(g, &p->to[i]);
    if (weights[i] == NULL)
      return SCULL_OUT_OF_MEMORY;
  }
  float *row_peak = SCULL_ARENA_ARRAY(&g->arena, float, (size_t)rows);
  double *row_power = SCULL_ARENA_ARRAY(&g->arena, double, (size_t)rows);
  if (scale == NULL || best == NULL || row_peak == NULL || row_power == NULL)
    return SCULL_OUT_OF_MEMORY;
  make_scales(p->range, 0, best);
  const double before = pair_noise(p, weights, best, row_peak, row_power);
  double least = before;
  for (int step = 1; step <= 8; step++) {
    make_scales(p->range, (float)step / 8.0f, scale);
    const double noise = pair_noise(p, weights, scale, row_peak, row_power);
    if (noise < least) {
      least = noise;
      memcpy(best, scale, n * sizeof *best);
    }
  }
  *out = best;
  *gain = least > 0 ? before / least : 1;
  return SCULL_OK;
}

/* --- rewriting ----------------------------------------------------------------------------------
 */

static scull_status_t replace_constant(scull_graph_t *g, scull_node_id_t node, size_t operand,
                                       const float *data) {
  const scull_value_t *old = scull_graph_value(g, scull_graph_node(g, node)->inputs[operand]);
  const char *name = scull_base_arena_format(&g->arena, "%s.equalized", old->name);
  const scull_shape_t shape = old->shape[0];
  scull_value_id_t id = SCULL_NO_ID;
  if (name == NULL)
    return SCULL_OUT_OF_MEMORY;
  SCULL_TRY(scull_passes_add_f32(g, name, &shape, data, &id));
  return scull_graph_set_input(g, node, operand, id);
}

/* Weights times the factor of their output channel, or over that of their input channel. */
static scull_status_t scale_weights(scull_graph_t *g, const scull_linear_t *l, const float *scale,
                                    bool is_from) {
  const float *w = weights_of(g, l);
  float *scaled = SCULL_ARENA_ARRAY(&g->arena, float, (size_t)l->count);
  if (w == NULL || scaled == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t e = 0; e < l->count; e++)
    scaled[e] = is_from ? w[e] * scale[scull_passes_linear_output(l, e)]
                        : w[e] / scale[scull_passes_linear_input(l, e)];
  SCULL_TRY(replace_constant(g, l->node, 1, scaled));
  if (!is_from || l->bias == SCULL_NO_ID)
    return SCULL_OK;
  const float *b = scull_graph_constant_f32(g, l->bias);
  float *bias = SCULL_ARENA_ARRAY(&g->arena, float, (size_t)l->outputs);
  if (b == NULL || bias == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t o = 0; o < l->outputs; o++)
    bias[o] = b[o] * scale[o];
  return replace_constant(g, l->node, 2, bias);
}

static scull_status_t scale_value(scull_graph_t *g, scull_value_id_t id, const float *scale,
                                  scull_range_t *r) {
  scull_value_t *v = scull_graph_value(g, id);
  const char *name = scull_base_arena_format(&g->arena, "%s" SCULL_QUANT_SCALED, v->name);
  const size_t n = r->channels;
  if (name == NULL)
    return SCULL_OUT_OF_MEMORY;
  if (!scull_base_map_set(&g->names, name, strlen(name), id)) /* the old name stays, for pins */
    return SCULL_OUT_OF_MEMORY;
  v->name = name;
  if (n == 0) { /* a value that is never stored by itself */
    r->threshold = 0;
    return SCULL_OK;
  }
  float *all = SCULL_ARENA_ARRAY(&g->arena, float, 3 * n);
  float top = 0, most = 0;
  if (all == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t c = 0; c < n; c++) {
    all[c] = r->peak[c] * scale[c];
    all[n + c] = r->mean[c] * scale[c];
    all[2 * n + c] = r->square[c] * scale[c] * scale[c];
    top = fmaxf(top, scale[c] * reach(r, c));
    most = fmaxf(most, scale[c]);
  }
  r->peak = all;
  r->mean = all + n;
  r->square = all + 2 * n;
  r->threshold = top;
  r->min *= most;
  r->max *= most;
  return SCULL_OK;
}

static scull_status_t apply(scull_graph_t *g, const pair_t *p, const float *scale,
                            scull_range_t *known) {
  SCULL_TRY(scale_weights(g, &p->from, scale, true));
  for (size_t i = 0; i < p->to_count; i++)
    SCULL_TRY(scale_weights(g, &p->to[i], scale, false));
  for (size_t i = 0; i < p->between_count; i++) {
    scull_range_t *r = &known[p->between[i]];
    if (r->channels != (size_t)p->from.outputs)
      r->channels = 0;
    SCULL_TRY(scale_value(g, p->between[i], scale, r));
  }
  return SCULL_OK;
}

scull_status_t scull_quant_equalize(scull_graph_t *g, scull_range_t *known, size_t count,
                                    size_t *tensors) {
  const size_t nodes = g->nodes.size;
  *tensors = 0;
  for (size_t i = 0; i < nodes; i++) {
    pair_t pair;
    float *scale = NULL;
    double gain = 1;
    if (g->nodes.data[i].dead || !find_pair(g, (scull_node_id_t)i, known, count, &pair))
      continue;
    SCULL_TRY(choose_scales(g, &pair, &scale, &gain));
    if (gain < 1.05)
      continue;
    SCULL_TRY(apply(g, &pair, scale, known));
    ++*tensors;
  }
  return SCULL_OK;
}
