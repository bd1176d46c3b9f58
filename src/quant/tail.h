/* The end of a network: the results of the last products and all that follows them. Rounding there
 * is what a user sees at once (two classes become equal), and keeping it from being rounded costs
 * next to nothing: the last products write their sums as they are. */
#ifndef SCULL_QUANT_TAIL_H
#define SCULL_QUANT_TAIL_H

#include "graph/graph.h"

/* Marks these values as exact. OUT_OF_MEMORY. */
scull_status_t scull_quant_mark_tail(scull_graph_t *graph) SCULL_MUST_USE;

#endif
