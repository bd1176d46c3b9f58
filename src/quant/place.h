/* Where small integers may stand: from ranges by name to quantizations of graph values. A range is
 * shared by all values that hold the same elements (the operands and results of concatenations,
 * maximum pools, reshapes, ...), so that nothing is rounded twice; that also gives a scale to
 * values that the table lacks. What has none stays as it is. Constants that a convolution or
 * product reads get a scale for each of its channels from their own bytes. */
#ifndef SCULL_QUANT_PLACE_H
#define SCULL_QUANT_PLACE_H

#include "graph/graph.h"
#include "quant/fold.h"
#include "quant/table.h"

typedef struct scull_place_options {
  const scull_quant_table_t *table;  /* may be NULL */
  float dummy;                       /* > 0: this threshold for every value, for timing only */
  bool no_equalization, no_rounding; /* quant/equalize.h, quant/rounding.h */
} scull_place_options_t;

typedef struct scull_place_result {
  size_t quantized;     /* values with a scale, constants aside */
  size_t inferred;      /* of them without a line of their own in the table */
  const char **missing; /* names of the float values that nodes give and that have none; in the
                           graph's arena */
  size_t missing_count;
  scull_fold_result_t model; /* what the model said itself */
  size_t equalized;          /* tensors */
  size_t rounded;            /* weights whose rounding keeps the means of their results */
} scull_place_result_t;

/* Values that have a quantization already (from the model itself) keep it. */
scull_status_t scull_quant_place(scull_graph_t *graph, const scull_place_options_t *options,
                                 scull_place_result_t *out) SCULL_MUST_USE;

/* Gives a value one scale: u8 without negative numbers, else s8. */
scull_status_t scull_quant_set(scull_graph_t *graph, scull_value_id_t value, float threshold,
                               bool has_negative) SCULL_MUST_USE;

#endif
