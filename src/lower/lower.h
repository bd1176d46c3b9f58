/* Graph + choices -> plan: steps in order with the reformats between them, memory placed, weights
 * packed. */
#ifndef SCULL_LOWER_LOWER_H
#define SCULL_LOWER_LOWER_H

#include "plan/plan.h"
#include "tune/tune.h"

typedef struct scull_lowered {
  scull_plan_t plan;
  /* By step: the choice behind it, NULL: a reformat or a copy; and the graph of its nodes. */
  const scull_choice_t **step_choices;
  scull_graph_t **step_graphs;
} scull_lowered_t;

/* `out` is yours: scull_lower_deinit, also after a failure. The plan has no report and no sources
 * yet. */
scull_status_t scull_lower_plan(scull_graph_t *graph, const scull_tuning_t *tuning,
                                const scull_tune_options_t *options,
                                scull_lowered_t *out) SCULL_MUST_USE;
void scull_lower_deinit(scull_lowered_t *lowered);

/* --- memory --------------------------------------------------------------------------------------
 */

/* One piece of memory that is needed from step `first` to step `last`, both included. */
typedef struct scull_span {
  uint64_t bytes; /* a multiple of 64 */
  size_t first, last;
  uint64_t offset; /* out */
} scull_span_t;

/* Gives every span an offset so that spans that live at the same time do not overlap. Several
 * greedy orders are tried and the smallest result kept. *total is the size of all, *bound what is
 * live at the worst step, below which no plan can go. False when memory is short. */
bool scull_lower_place(scull_span_t *spans, size_t count, uint64_t *total, uint64_t *bound);

#endif
