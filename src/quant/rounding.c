/* Rounding that keeps means. */
#include "quant/rounding.h"

#include <math.h>
#include <stdlib.h>

#include "passes/linear.h"

/* Taps of one input channel see nearly the same numbers: of the variance of what they see, this
 * share is common to them. */
static const double common = 0.7;

/* A shift of a mean goes through the network whole, other errors partly cancel. */
static const double mean_weight = 8;

enum { MOST_LEVELS = 127, LEAST_LEVELS = 96, FEW_WEIGHTS = 32, MOST_TAPS = 1024 };

/* One weight of an output channel: low or low + 1 steps. */
typedef struct {
  int64_t element;
  size_t input; /* channel; those of one channel are neighbours */
  double exact; /* the weight */
  int low;
  bool up;
} weight_t;

/* A weight that could be rounded to the other side. */
typedef struct {
  size_t index;
  double shift; /* of the channel's mean if it is */
  double cost;  /* mean square that this adds, over the shift */
} turn_t;

/* An output channel that is being rounded. */
typedef struct {
  const scull_range_t *x; /* what is known of the input's channels */
  weight_t *weights;
  turn_t *turns; /* room for as many */
  size_t count;
  double step;
} row_t;

static int by_cost(const void *a, const void *b) {
  const turn_t *x = a, *y = b;
  if (x->cost != y->cost)
    return x->cost < y->cost ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static double error_of(const row_t *r, const weight_t *w) {
  return (w->low + w->up) * r->step - w->exact;
}

/* By how much the weight changes when it is rounded to the other side. */
static double change_of(const row_t *r, const weight_t *w) {
  return w->up ? -r->step : r->step;
}

static double mean_of(const row_t *r, const weight_t *w) {
  return (double)r->x->mean[w->input];
}

static double variance_of(const row_t *r, size_t input) {
  const double mean = (double)r->x->mean[input];
  return fmax((double)r->x->square[input] - mean * mean, 0);
}

static size_t end_of_run(const row_t *r, size_t begin) {
  size_t end = begin + 1;
  while (end < r->count && r->weights[end].input == r->weights[begin].input)
    end++;
  return end;
}

static double sum_of_run(const row_t *r, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; i++)
    sum += error_of(r, &r->weights[i]);
  return sum;
}

/* What turning a weight adds to the mean square, over the variance; `sum` of the errors of its run.
 */
static double price_of(const row_t *r, const weight_t *w, double sum) {
  const double error = error_of(r, w), change = change_of(r, w);
  return common * (2 * sum + change) * change + (1 - common) * (2 * error + change) * change;
}

static void round_nearest(row_t *r) {
  for (size_t i = 0; i < r->count; i++) {
    weight_t *w = &r->weights[i];
    const double steps = w->exact / r->step;
    const double low = fmin(fmax(floor(steps), -MOST_LEVELS), MOST_LEVELS - 1);
    w->low = (int)low;
    w->up = steps - low > 0.5;
  }
}

/* Turns the weights of a run as long as that makes the errors of its sum smaller than it makes
 * those of the single ones larger. Each turn looks at all of them: longer runs stay as they are. */
static void settle_run(row_t *r, size_t begin, size_t end) {
  if (end - begin > MOST_TAPS)
    return;
  double sum = sum_of_run(r, begin, end);
  for (size_t turned = 0; turned < end - begin; turned++) {
    weight_t *best = NULL;
    double least = 0;
    for (size_t i = begin; i < end; i++) {
      const double price = price_of(r, &r->weights[i], sum);
      if (price < least) {
        least = price;
        best = &r->weights[i];
      }
    }
    if (best == NULL)
      return;
    sum += change_of(r, best);
    best->up = !best->up;
  }
}

static double mean_error(const row_t *r) {
  double error = 0;
  for (size_t i = 0; i < r->count; i++)
    error += error_of(r, &r->weights[i]) * mean_of(r, &r->weights[i]);
  return error;
}

/* The cheapest turns that bring the error of the mean nearer to 0. */
static void settle_mean(row_t *r) {
  size_t count = 0;
  double error = mean_error(r);
  for (size_t begin = 0, end; begin < r->count; begin = end) {
    end = end_of_run(r, begin);
    const double sum = sum_of_run(r, begin, end);
    const double variance = variance_of(r, r->weights[begin].input);
    for (size_t i = begin; i < end; i++) {
      const weight_t *w = &r->weights[i];
      const double shift = change_of(r, w) * mean_of(r, w);
      if (shift != 0)
        r->turns[count++] = (turn_t){i, shift, variance * price_of(r, w, sum) / fabs(shift)};
    }
  }
  qsort(r->turns, count, sizeof *r->turns, by_cost);
  for (size_t i = 0; i < count; i++) {
    const double after = error + r->turns[i].shift;
    if (fabs(after) >= fabs(error))
      continue;
    error = after;
    r->weights[r->turns[i].index].up = !r->weights[r->turns[i].index].up;
  }
}

/* Mean square of what the rounding adds to the channel. */
static double noise_of(const row_t *r) {
  const double mean = mean_error(r);
  double noise = mean_weight * mean * mean;
  for (size_t begin = 0, end; begin < r->count; begin = end) {
    end = end_of_run(r, begin);
    const double sum = sum_of_run(r, begin, end);
    double squares = 0;
    for (size_t i = begin; i < end; i++) {
      const double error = error_of(r, &r->weights[i]);
      squares += error * error;
    }
    noise +=
        variance_of(r, r->weights[begin].input) * (common * sum * sum + (1 - common) * squares);
  }
  return noise;
}

static void round_row(row_t *r) {
  round_nearest(r);
  for (size_t begin = 0, end; begin < r->count; begin = end) {
    end = end_of_run(r, begin);
    if (end - begin > 1)
      settle_run(r, begin, end);
  }
  settle_mean(r);
}

/* Few weights cannot be turned so that nothing is left of an error, but some step a little larger
 * than the least fits them by chance. */
static void choose_step(row_t *r) {
  const double least_step = r->step;
  double best = r->step, least = HUGE_VAL;
  for (int levels = MOST_LEVELS; levels >= LEAST_LEVELS; levels--) {
    r->step = least_step * MOST_LEVELS / levels;
    round_row(r);
    const double noise = noise_of(r);
    if (noise < least) {
      least = noise;
      best = r->step;
    }
  }
  r->step = (double)(float)best;
}

/* The weights of output channel `o`, in order. */
static void gather(const scull_linear_t *l, const float *w, int64_t o, row_t *r) {
  const int64_t first = o % l->out_size * l->out_step, next = l->out_size * l->out_step;
  r->count = 0;
  for (int64_t block = first; block < l->count; block += next) {
    for (int64_t e = block; e < block + l->out_step && scull_passes_linear_output(l, e) == o; e++)
      r->weights[r->count++] = (weight_t){
          .element = e, .input = (size_t)scull_passes_linear_input(l, e), .exact = (double)w[e]};
  }
}

static scull_status_t round_weight(scull_graph_t *g, const scull_linear_t *l,
                                   const scull_range_t *x) {
  const scull_quant_t *quant = scull_graph_value(g, l->weight)->quant;
  const size_t width = (size_t)(l->count / l->outputs), outputs = (size_t)l->outputs;
  const float *w = scull_graph_constant_f32(g, l->weight);
  scull_quant_t *chosen = SCULL_ARENA_NEW(&g->arena, scull_quant_t);
  int8_t *integers = SCULL_ARENA_ARRAY(&g->arena, int8_t, (size_t)l->count);
  float *steps = scull_base_arena_copy(&g->arena, quant->scales, quant->count * sizeof *steps);
  row_t row = {.x = x,
               .weights = SCULL_ARENA_ARRAY(&g->arena, weight_t, width),
               .turns = SCULL_ARENA_ARRAY(&g->arena, turn_t, width)};
  if (w == NULL || chosen == NULL || integers == NULL || steps == NULL || row.weights == NULL ||
      row.turns == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t o = 0; o < outputs; o++) {
    float *step = &steps[quant->count == 1 ? 0 : o];
    row.step = (double)*step;
    gather(l, w, (int64_t)o, &row);
    if (quant->count == outputs && row.count <= FEW_WEIGHTS)
      choose_step(&row);
    *step = (float)row.step;
    round_row(&row);
    for (size_t i = 0; i < row.count; i++)
      integers[row.weights[i].element] = (int8_t)(row.weights[i].low + row.weights[i].up);
  }
  *chosen = *quant;
  chosen->integers = integers;
  chosen->scales = steps;
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
