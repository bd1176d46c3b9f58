/* The accuracy budget. */
#define _POSIX_C_SOURCE 200809L
#include "budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "json.h"
#include "plans.h"

enum { RANKED_INPUTS = 16 };

typedef struct layer {
  char *name;  /* of the first operator: pins know it */
  double loss; /* of a plan with this layer alone put back */
} layer_t;

typedef struct work {
  const cli_budget_t *budget;
  scull_builder_t *builder;
  const scull_build_options_t *options;
  char *plan; /* beside the one that is wanted, until it holds */
  char *float_plan, *ranked_plan;
  cli_samples_t samples;
  cli_labels_t labels;
  scull_engine_t *there;
  layer_t *layers; /* the one that helps most first */
  size_t count;
  scull_layer_precision_t *pins;
  bool half;       /* back to BF16, before all else is tried in FP32 */
  double first_us; /* of the plan without any put back */
} work_t;

/* --- building --------------------------------------------------------------------------------- */

/* Builds with the `back` worst layers pinned; *microseconds: what tuning expects of a run. */
static scull_status_t build(work_t *w, size_t back, const char *path, double *microseconds) {
  scull_build_options_t own = *w->options;
  const bool half = w->half;
  json_t *report = NULL;
  for (size_t i = 0; i < back; i++)
    w->pins[own.layer_precision_count + i] = (scull_layer_precision_t){
        w->layers[i].name, half ? SCULL_PRECISION_BF16 : SCULL_PRECISION_F32};
  if (back > 0)
    own.layer_precisions = w->pins;
  own.layer_precision_count += back;
  own.prefer_layer_precisions = own.prefer_layer_precisions || (half && back > 0);
  own.save_replay = NULL;
  if (!half && back > 0)
    own.precisions &= ~(uint32_t)SCULL_PRECISION_BF16;
  if (back > 0 && back == w->count) /* nor any other that would take their place */
    own.precisions &= ~(uint32_t)SCULL_PRECISION_INT8;
  CLI_TRY(cli_check(scull_builder_build(w->builder, &own, path), path));
  CLI_TRY(cli_json_parse(scull_builder_report(w->builder), path, &report));
  *microseconds = cli_json_number(json_object_get(report, "plan"), "expected_us", 0);
  json_decref(report);
  return SCULL_OK;
}

/* The same network in float. */
static scull_status_t build_float(work_t *w) {
  scull_build_options_t own = *w->options;
  const cli_open_t how = {0};
  own.layer_precision_count = 0;
  own.save_replay = NULL;
  own.precisions = SCULL_PRECISION_F32;
  own.calibration = own.ranges_file = NULL;
  own.range_count = 0;
  own.dummy_range = 0;
  CLI_TRY(cli_check(scull_builder_build(w->builder, &own, w->float_plan), "float"));
  return cli_plans_open(w->float_plan, &how, &w->there);
}

/* Loss of the plan at `path`, on no more than `most` inputs. */
static scull_status_t evaluate(work_t *w, const char *path, cli_metric_t metric, size_t most,
                               cli_score_t *score) {
  const cli_open_t how = {0};
  const size_t all = w->samples.files.count;
  scull_engine_t *engine = NULL;
  CLI_TRY(cli_plans_open(path, &how, &engine));
  w->samples.files.count = all < most ? all : most;
  scull_status_t status = cli_evaluate(engine, w->there, &w->samples, metric, &w->labels, score);
  w->samples.files.count = all;
  scull_engine_destroy(engine);
  return status;
}

/* --- ranking ---------------------------------------------------------------------------------- */

static int by_loss(const void *a, const void *b) {
  const layer_t *x = a, *y = b;
  return (x->loss > y->loss) - (x->loss < y->loss);
}

/* The layers in small integers. */
static scull_status_t list_layers(work_t *w) {
  const cli_open_t how = {0};
  scull_engine_t *engine = NULL;
  json_t *report = NULL, *layer = NULL;
  size_t index = 0;
  CLI_TRY(cli_plans_open(w->plan, &how, &engine));
  scull_status_t status = cli_json_parse(scull_engine_report(engine), w->plan, &report);
  scull_engine_destroy(engine);
  CLI_TRY(status);
  json_t *layers = json_object_get(report, "layers");
  w->layers = calloc(json_array_size(layers) + 1, sizeof *w->layers);
  w->pins =
      calloc(json_array_size(layers) + 1 + w->options->layer_precision_count, sizeof *w->pins);
  bool good = w->layers && w->pins;
  json_array_foreach(layers, index, layer) {
    const json_t *operators = json_object_get(layer, "operators");
    if (!good || strcmp(cli_json_text(layer, "precision", ""), "int8") != 0 ||
        json_array_size(operators) == 0)
      continue;
    const char *name = cli_json_text(layer, "name", "");
    const char *plus = strstr(name, " + ");
    char *copy = strndup(name, plus ? (size_t)(plus - name) : strlen(name));
    good = copy != NULL;
    if (good)
      w->layers[w->count++].name = copy;
  }
  json_decref(report);
  for (size_t i = 0; good && i < w->options->layer_precision_count; i++)
    w->pins[i] = w->options->layer_precisions[i];
  return good ? SCULL_OK : cli_fail_memory();
}

/* Puts each layer back alone, in untimed plans, and looks how much that helps. */
static scull_status_t rank_layers(work_t *w) {
  const cli_metric_t metric =
      w->budget->metric == CLI_METRIC_TOP1 ? CLI_METRIC_SQNR : w->budget->metric;
  for (size_t i = 0; i < w->count; i++) {
    scull_build_options_t own = *w->options;
    cli_score_t score = {0};
    w->pins[own.layer_precision_count] =
        (scull_layer_precision_t){w->layers[i].name, SCULL_PRECISION_F32};
    own.layer_precisions = w->pins;
    own.layer_precision_count++;
    own.prefer_layer_precisions = true;
    own.save_replay = own.replay = NULL;
    own.tune = SCULL_TUNE_NONE;
    CLI_TRY(cli_check(scull_builder_build(w->builder, &own, w->ranked_plan), "ranking"));
    CLI_TRY(evaluate(w, w->ranked_plan, metric, RANKED_INPUTS, &score));
    w->layers[i].loss = score.loss;
  }
  if (w->count > 0)
    qsort(w->layers, w->count, sizeof *w->layers, by_loss);
  return SCULL_OK;
}

/* --- searching -------------------------------------------------------------------------------- */

static scull_status_t measure(work_t *w, size_t back, bool *holds) {
  cli_score_t score = {0};
  double microseconds = 0;
  CLI_TRY(build(w, back, w->plan, &microseconds));
  CLI_TRY(evaluate(w, w->plan, w->budget->metric, SIZE_MAX, &score));
  if (back == 0)
    CLI_TRY(list_layers(w));
  *holds = score.loss <= w->budget->most;
  if (back == 0)
    w->first_us = microseconds;
  if (w->budget->quiet)
    return SCULL_OK;
  printf("  budget   %zu of %zu layers put back: loss %.3f %%%s", back, w->count, score.loss,
         *holds ? "" : ", too much");
  if (w->budget->metric == CLI_METRIC_TOP1)
    printf(" (%.2f, float %.2f)", score.here, score.there);
  if (w->first_us > 0)
    printf("; %.2f ms, %+.0f %%", microseconds / 1e3, 100 * (microseconds / w->first_us - 1));
  printf("\n");
  fflush(stdout); /* rounds take a while */
  return SCULL_OK;
}

/* Doubles what is put back until the budget holds. *fails: the most that was too few. */
static scull_status_t widen(work_t *w, size_t *fails, size_t *back, bool *holds) {
  *fails = *back = 0;
  while (!*holds && *back < w->count) {
    *fails = *back;
    *back = *back == 0 ? 1 : 2 * *back;
    *back = *back > w->count ? w->count : *back;
    CLI_TRY(measure(w, *back, holds));
  }
  return SCULL_OK;
}

/* In BF16 where that is permitted, else in FP32; then halves between the last two. */
static scull_status_t search(work_t *w) {
  size_t fails = 0, back = 0;
  bool holds = false;
  w->half = (w->options->precisions & SCULL_PRECISION_BF16) != 0;
  CLI_TRY(measure(w, 0, &holds));
  if (!holds)
    CLI_TRY(rank_layers(w));
  CLI_TRY(widen(w, &fails, &back, &holds));
  if (!holds && w->half) {
    w->half = false;
    CLI_TRY(widen(w, &fails, &back, &holds));
  }
  if (!holds)
    return cli_fail(SCULL_OUT_OF_RANGE, "the budget does not hold even with all layers put back");
  size_t built = back;
  while (back > 0 && back - fails > 1) {
    built = fails + (back - fails) / 2;
    CLI_TRY(measure(w, built, &holds));
    *(holds ? &back : &fails) = built;
  }
  for (size_t i = 0; i < back && !w->budget->quiet; i++)
    printf("  back     %s to %s\n", w->layers[i].name, w->half ? "bf16" : "fp32");
  if (built == back)
    return SCULL_OK;
  CLI_TRY(measure(w, back, &holds));
  return holds ? SCULL_OK
               : cli_fail(SCULL_OUT_OF_RANGE,
                          "the chosen plan, built again, took other tactics and is off its budget: "
                          "a --timing-cache keeps them");
}

static scull_status_t run(work_t *w) {
  w->samples.preprocess = w->budget->preprocess;
  CLI_TRY(cli_samples_open(w->budget->inputs, &w->samples));
  if (w->budget->metric == CLI_METRIC_TOP1)
    CLI_TRY(cli_labels_read(w->budget->labels, &w->samples.files, &w->labels));
  CLI_TRY(build_float(w));
  return search(w);
}

/* Removes a file that was made, and forgets its name. */
static void drop(char *path) {
  if (path != NULL)
    unlink(path);
  free(path);
}

scull_status_t cli_budget_build(const cli_budget_t *budget, scull_builder_t *builder,
                                const scull_build_options_t *options, const char *plan) {
  work_t w = {.budget = budget, .builder = builder, .options = options};
  scull_status_t status = cli_plans_temporary(plan, &w.plan);
  if (status == SCULL_OK)
    status = cli_plans_temporary(NULL, &w.float_plan);
  if (status == SCULL_OK)
    status = cli_plans_temporary(NULL, &w.ranked_plan);
  if (status == SCULL_OK)
    status = run(&w);
  if (status == SCULL_OK && rename(w.plan, plan) != 0)
    status = cli_fail_errno(plan, "rename");
  if (status == SCULL_OK)
    free(w.plan);
  else
    drop(w.plan); /* a plan that is not within its budget takes no other's place */
  drop(w.float_plan);
  drop(w.ranked_plan);
  scull_engine_destroy(w.there);
  for (size_t i = 0; i < w.count; i++)
    free(w.layers[i].name);
  free(w.layers);
  free(w.pins);
  cli_labels_deinit(&w.labels);
  cli_samples_deinit(&w.samples);
  return status;
}
