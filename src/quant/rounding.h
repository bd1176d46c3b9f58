/* Bias correction by rounding: rounding the weights of an output channel each to its nearest step
 * adds up to a shift of the channel's mean, and, where the taps of an input channel see nearly the
 * same numbers, to an error of their sum. Some weights are rounded to the other side instead: those
 * that make the sums right, then the cheapest ones until the mean of the channel, with inputs as
 * calibration saw them, stays where it was. Channels of few weights (depthwise ones) get besides
 * that step at which this succeeds best. No bias changes, so layers that stay float are as they
 * were. */
#ifndef SCULL_QUANT_ROUNDING_H
#define SCULL_QUANT_ROUNDING_H

#include "graph/graph.h"
#include "quant/table.h"

/* Chooses the integers of every quantized weight whose input's channel means are known (`known` as
 * in scull_quant_equalize). OUT_OF_MEMORY. */
scull_status_t scull_quant_round_weights(scull_graph_t *graph, const scull_range_t *known,
                                         size_t count, size_t *weights) SCULL_MUST_USE;

#endif
