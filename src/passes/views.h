/* Reshapes that passes make. Private to passes/. */
#ifndef SCULL_PASSES_VIEWS_H
#define SCULL_PASSES_VIEWS_H

#include "passes/rewrite.h"

typedef struct scull_view_dims {
  int64_t dim[SCULL_MAX_RANK]; /* what reshape's attribute takes: 0, -1 or an extent */
  int32_t rank;
} scull_view_dims_t;

/* The shape of `y` written as a reshape of `x` that is right at all points: fixed dims as numbers,
 * one that follows x's dim of the same index as 0, at most one other as -1. False when it cannot be
 * written so. */
bool scull_passes_view_express(const scull_graph_t *graph, scull_value_id_t x, scull_value_id_t y,
                               scull_view_dims_t *out);

/* Puts reshape(x) in the place of `old`, whose bytes must be those of x in the same order. *out is
 * SCULL_NO_ID, and nothing happened, when the shape cannot be expressed. */
scull_status_t scull_passes_view_replace(scull_graph_t *graph, scull_node_id_t old,
                                         scull_value_id_t x, scull_node_id_t *out) SCULL_MUST_USE;

/* True when the output 0 of `node` has the bytes of input 0 in the same order at every point: a
 * view, or a transpose that moves dims of extent 1 only. */
bool scull_passes_is_view(const scull_graph_t *graph, const scull_node_t *node);

/* The permutation of a transpose, resolved; the rank is that of its input. */
void scull_passes_perm(const scull_graph_t *graph, const scull_node_t *transpose,
                       int64_t perm[SCULL_MAX_RANK]);

#endif
