/* The accuracy budget of a build: layers go back to a wider type, those first that bring in most
 * error, until the loss on held-out inputs is within it. */
#ifndef SCULL_TOOL_BUDGET_H
#define SCULL_TOOL_BUDGET_H

#include "evaluate.h"

typedef struct cli_budget {
  double most; /* loss in percent; < 0: there is no budget */
  cli_metric_t metric;
  const char *inputs, *labels;
  cli_preprocess_t preprocess;
  bool quiet;
} cli_budget_t;

/* Builds `options` to `plan` until the budget holds, with as few layers put back as it finds, and
 * says what they cost. The caller's pins stay first. */
CLI_CHECKED scull_status_t cli_budget_build(const cli_budget_t *budget, scull_builder_t *builder,
                                            const scull_build_options_t *options, const char *plan);

#endif
