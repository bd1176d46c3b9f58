/* Scales that a model brings: quantize_linear followed by dequantize_linear of the same scale is
 * what storing a tensor in 8 bits does, so the pair goes and the tensor before it gets that
 * quantization. Done where INT8 is permitted only: in float builds the pairs stay and round, as the
 * model says.
 *
 * Dequantize operators are first moved in front of what only moves or selects whole numbers. A zero
 * point in the middle of the type is none, one at its low end that of a tensor without negative
 * numbers (and cuts those off, as a clip that is put there). Any other has no kernels: the tensor
 * gets the symmetric range that holds the model's, unless steps grew by more than a quarter; then
 * it stays float. Pairs whose tensor is also wanted unrounded, or is an output, stay. */
#ifndef SCULL_QUANT_FOLD_H
#define SCULL_QUANT_FOLD_H

#include "graph/graph.h"

typedef struct scull_fold_result {
  size_t folded;     /* pairs */
  size_t asymmetric; /* with a zero point that storage has not */
  size_t left;       /* dequantize operators that stay */
} scull_fold_result_t;

/* OUT_OF_MEMORY, or what an edit of the graph fails with. */
scull_status_t scull_quant_fold(scull_graph_t *graph, scull_fold_result_t *out) SCULL_MUST_USE;

#endif
