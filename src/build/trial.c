/* Thresholds by trial. */
#include "build/trial.h"

#include <math.h>
#include <string.h>

#include "build/compare.h"

enum { MOST_RUNS = 1500 };

/* Errors of a few inputs differ by chance, too: another threshold has to be better by more than
 * that, on each half of them. */
static const double clearly = 0.97;

typedef struct {
  double half[2]; /* of the inputs with even and odd numbers */
} error_t;

static bool is_clearly_less(const error_t *a, const error_t *b) {
  return a->half[0] < clearly * b->half[0] && a->half[1] < clearly * b->half[1];
}

typedef struct {
  scull_collection_t *c;
  scull_diag_t *diag;
  scull_arena_t arena;
  bool *wanted;   /* by plan value: what reads it computes in 8 bits, perhaps */
  bool *result;   /* by plan value: of a product that no other product depends on */
  size_t *tensor; /* by plan value: which collected one; SIZE_MAX: none */
  float **exact;  /* by sample * values + value: results of the float network */
  size_t *counts; /* of exact: what is guessed may come out longer or shorter when it is rounded */
  size_t values, samples;
  size_t sample; /* that runs */
  bool rounds;   /* else the results are kept */
  error_t error; /* of the runs */
  scull_status_t status;
} trial_t;

/* --- which tensors ------------------------------------------------------------------------------
 */

static bool is_product(const scull_plan_step_t *step) {
  return step->site.op_count > 0 && step->site.ops[0].def->channel_axis != NULL;
}

static bool is_unary(const scull_plan_step_t *step) {
  return step->site.op_count > 0 && (step->site.ops[0].def->traits & SCULL_OP_UNARY) != 0;
}

static scull_status_t look_at_steps(trial_t *t) {
  const scull_plan_t *plan = &t->c->engine->plan;
  const size_t n = plan->value_count + 1;
  bool *leads = SCULL_ARENA_ARRAY(&t->arena, bool, n); /* to a product */
  t->values = plan->value_count;
  t->wanted = SCULL_ARENA_ARRAY(&t->arena, bool, n);
  t->result = SCULL_ARENA_ARRAY(&t->arena, bool, n);
  t->tensor = SCULL_ARENA_ARRAY(&t->arena, size_t, n);
  t->exact = SCULL_ARENA_ARRAY(&t->arena, float *, n * t->samples);
  t->counts = SCULL_ARENA_ARRAY(&t->arena, size_t, n * t->samples);
  if (leads == NULL || t->wanted == NULL || t->result == NULL || t->tensor == NULL ||
      t->exact == NULL || t->counts == NULL)
    return scull_base_fail_memory(t->diag, "calibration");
  for (size_t i = plan->step_count; i-- > 0;) {
    const scull_plan_step_t *step = &plan->steps[i];
    bool on = is_product(step);
    for (size_t k = 0; k < step->site.output_count; k++) {
      const size_t v = step->bindings[step->site.outputs[k]];
      t->result[v] = is_product(step) && !leads[v];
      on = on || leads[v];
    }
    for (size_t k = 0; k < step->site.input_count && on; k++) {
      const size_t v = step->bindings[step->site.inputs[k]];
      leads[v] = true;
      t->wanted[v] = t->wanted[v] || !(is_unary(step) || scull_build_is_reformat(plan, step));
    }
  }
  for (size_t v = 0; v < plan->value_count; v++) {
    size_t index = SIZE_MAX;
    const char *name = plan->values[v].name;
    t->tensor[v] = scull_base_map_find(&t->c->names, name, strlen(name), &index) ? index : SIZE_MAX;
  }
  return SCULL_OK;
}

/* --- runs ---------------------------------------------------------------------------------------
 */

/* Rounds in place as storing in 8 bits does. */
static void round_all(float *x, size_t count, float threshold, bool has_negative) {
  const float levels = has_negative ? 127.0f : 255.0f, magic = 12582912.0f; /* 1.5 * 2^23 */
  const float scale = threshold / levels, inverse = 1 / scale;
  const float low = has_negative ? -128.0f : 0.0f;
  for (size_t i = 0; i < count; i++) {
    float q = x[i] * inverse;
    q = q < low ? low : q > levels ? levels : q;
    q = q + magic;
    x[i] = (q - magic) * scale;
  }
}

static const scull_collected_t *rounding_of(const trial_t *t, size_t value) {
  const size_t index = t->tensor[value];
  if (!t->rounds || !t->wanted[value] || index == SIZE_MAX)
    return NULL;
  const scull_collected_t *c = t->c->collectors.data[index];
  return c->threshold > 0 && c->histogram.broken == 0 ? c : NULL;
}

/* Keeps a result of the float network, or adds how far this one is from it. */
static void weigh(trial_t *t, size_t value, const float *x, size_t count) {
  const size_t at = t->sample * t->values + value;
  float **exact = &t->exact[at];
  double difference = 0, power = 0;
  if (!t->rounds) {
    *exact = scull_base_arena_copy(&t->arena, x, count * sizeof *x);
    t->counts[at] = count;
    t->status = *exact == NULL ? SCULL_OUT_OF_MEMORY : t->status;
    return;
  }
  if (*exact == NULL || t->counts[at] != count)
    return; /* not comparable element by element */
  for (size_t i = 0; i < count; i++) {
    const double d = (double)x[i] - (double)(*exact)[i];
    difference += d * d;
    power += (double)(*exact)[i] * (double)(*exact)[i];
  }
  t->error.half[t->sample % 2] += power > 0 ? difference / power : difference;
}

static void see_step(void *user, const scull_runtime_event_t *event) {
  trial_t *t = user;
  const scull_plan_t *plan = &t->c->engine->plan;
  const scull_plan_step_t *step = event->plan_step;
  if (scull_build_is_reformat(plan, step))
    return;
  for (size_t i = 0; i < step->site.output_count; i++) {
    const size_t value = step->bindings[step->site.outputs[i]];
    const scull_plan_value_t *v = &plan->values[value];
    const int64_t block = scull_backend_layout_block(v->layout);
    const size_t count = (size_t)scull_tensor_count(event->shapes[i]);
    if (v->dtype != SCULL_DTYPE_F32 || v->channel_total != 0 ||
        (block > 1 && event->shapes[i]->dim[1] % block != 0))
      continue; /* has gaps */
    const scull_collected_t *c = rounding_of(t, value);
    if (c != NULL)
      round_all(event->outputs[i], count, c->threshold, c->histogram.min < 0);
    if (t->result[value])
      weigh(t, value, event->outputs[i], count);
  }
}

static scull_status_t run_sample(trial_t *t, size_t sample) {
  const scull_plan_t *plan = &t->c->engine->plan;
  t->sample = sample;
  if (t->c->cancel != NULL && atomic_load(t->c->cancel))
    return scull_base_fail(t->diag, SCULL_CANCELLED, "the calibration was cancelled");
  for (size_t i = 0; i < plan->input_count; i++) {
    const scull_named_tensor_t *x = &t->c->kept.data[sample][i];
    const scull_shape_t shape = scull_tensor_shape(x->rank, x->dims);
    SCULL_TRY(scull_runtime_set_shape(t->c->context, i, &shape, t->diag));
    SCULL_TRY(scull_runtime_set_input(t->c->context, i, x->data, x->size, t->diag));
  }
  SCULL_TRY(scull_runtime_run(t->c->context, t->diag));
  return t->status == SCULL_OK ? SCULL_OK : scull_base_fail_memory(t->diag, "calibration");
}

/* Error of the results with the thresholds as they are. */
static scull_status_t run_all(trial_t *t, error_t *error) {
  t->error = (error_t){{0, 0}};
  for (size_t i = 0; i < t->samples; i++)
    SCULL_TRY(run_sample(t, i));
  *error = t->error;
  return SCULL_OK;
}

/* --- choosing -----------------------------------------------------------------------------------
 */

/* The method with which the tensor does the least harm, all others as they are. */
static scull_status_t choose(trial_t *t, scull_collected_t *c, error_t *least) {
  scull_quant_method_t best = c->method;
  float threshold = c->threshold;
  for (int m = 0; m < SCULL_QUANT_BEST; m++) {
    const float other = scull_quant_threshold(&c->histogram, (scull_quant_method_t)m,
                                              scull_build_levels(&c->histogram), NULL);
    error_t error;
    if (!(other > 0) || fabsf(other - threshold) <= 0.01f * threshold)
      continue;
    c->threshold = other;
    SCULL_TRY(run_all(t, &error));
    if (is_clearly_less(&error, least)) {
      *least = error;
      best = (scull_quant_method_t)m;
      threshold = other;
    }
  }
  c->method = best;
  c->threshold = threshold;
  return SCULL_OK;
}

static scull_status_t try_common(trial_t *t, scull_quant_method_t method, error_t *error) {
  for (size_t i = 0; i < t->c->collectors.size; i++) {
    scull_collected_t *c = t->c->collectors.data[i];
    c->method = method;
    c->threshold =
        scull_quant_threshold(&c->histogram, method, scull_build_levels(&c->histogram), NULL);
  }
  return run_all(t, error);
}

/* One method for all to begin with: the default, or one that is clearly better. */
static scull_status_t choose_common(trial_t *t, error_t *least) {
  scull_quant_method_t best = SCULL_QUANT_MSE;
  SCULL_TRY(try_common(t, best, least));
  for (int m = 0; m < SCULL_QUANT_BEST; m++) {
    error_t error;
    if (m == SCULL_QUANT_MSE)
      continue;
    SCULL_TRY(try_common(t, (scull_quant_method_t)m, &error));
    if (is_clearly_less(&error, least)) {
      *least = error;
      best = (scull_quant_method_t)m;
    }
  }
  return try_common(t, best, least);
}

static scull_status_t try_all(trial_t *t) {
  error_t least;
  size_t tensors = 0;
  SCULL_TRY(look_at_steps(t));
  for (size_t v = 0; v < t->values; v++)
    tensors += t->wanted[v] && t->tensor[v] != SIZE_MAX;
  while (t->samples > 2 && t->samples * tensors * SCULL_QUANT_BEST > MOST_RUNS)
    t->samples--;
  SCULL_TRY(run_all(t, &least));
  t->rounds = true;
  SCULL_TRY(choose_common(t, &least));
  for (size_t v = 0; v < t->values; v++) {
    if (t->wanted[v] && t->tensor[v] != SIZE_MAX)
      SCULL_TRY(choose(t, t->c->collectors.data[t->tensor[v]], &least));
  }
  return SCULL_OK;
}

scull_status_t scull_build_trial(scull_collection_t *collection, scull_diag_t *diag) {
  trial_t t = {.c = collection, .diag = diag, .samples = collection->kept.size};
  if (t.samples == 0)
    return SCULL_OK;
  scull_base_arena_init(&t.arena);
  scull_runtime_set_hook(collection->context, see_step, &t);
  scull_status_t status = try_all(&t);
  scull_runtime_set_hook(collection->context, scull_build_collection_see, collection);
  scull_base_arena_deinit(&t.arena);
  return status;
}
