/* Reading nodes as y = scale[c] * x + bias[c]: batch norm, and arithmetic with constants that vary
 * along one axis only, are one thing to the passes that fold and merge them. Private to passes/. */
#ifndef SCULL_PASSES_AFFINE_H
#define SCULL_PASSES_AFFINE_H

#include "passes/rewrite.h"

typedef struct scull_affine {
  scull_value_id_t x;
  int64_t channels;
  double *scale, *bias; /* `channels` items each, in the graph's arena */
  bool scales;          /* some scale is not 1 */
  bool shifts;          /* some bias is not 0 */
  bool varies;          /* not one scale and bias for all channels */
} scull_affine_t;

/* Reads `node` as an affine map along `axis` of its f32 output (negative: from the end). *is is
 * false when it is none; then *out is not to be used. OUT_OF_MEMORY is the only failure. */
scull_status_t scull_passes_affine_read(scull_graph_t *graph, const scull_node_t *node,
                                        int32_t axis, scull_affine_t *out, bool *is) SCULL_MUST_USE;

/* after := after o before; the channels must agree. */
void scull_passes_affine_compose(const scull_affine_t *before, scull_affine_t *after);

/* A vector rounded to f32, as a constant [channels]. */
scull_status_t scull_passes_add_vector(scull_graph_t *graph, const char *name, const double *data,
                                       int64_t channels, scull_value_id_t *out) SCULL_MUST_USE;

#endif
