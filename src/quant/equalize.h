/* Equalization: between two products with nothing but positively homogeneous operators, channel c
 * may be multiplied by any s > 0 in the first one's weights and divided by it in the second one's.
 * Chosen well, all channels of the tensor between fill its one range. Before a depthwise
 * convolution, whose weights have a scale for each channel anyway, that costs nothing; before
 * others what is won there is weighed against what the weights lose. */
#ifndef SCULL_QUANT_EQUALIZE_H
#define SCULL_QUANT_EQUALIZE_H

#include "graph/graph.h"
#include "quant/table.h"

/* What the names of values end in that hold other numbers than the model's. */
#define SCULL_QUANT_SCALED " (scaled)"

/* Rewrites weights; `known` (what is known of the first `count` values, by id) follows. *tensors:
 * how many were equalized. OUT_OF_MEMORY. */
scull_status_t scull_quant_equalize(scull_graph_t *graph, scull_range_t *known, size_t count,
                                    size_t *tensors) SCULL_MUST_USE;

#endif
