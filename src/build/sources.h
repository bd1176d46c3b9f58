/* The network as it was imported, as bytes: what a plan carries so that it can be tuned again
 * elsewhere, compared with the reference, and asked for tensors that passes or fusion removed.
 * Private to build/. */
#ifndef SCULL_BUILD_SOURCES_H
#define SCULL_BUILD_SOURCES_H

#include "base/codec.h"
#include "graph/graph.h"
#include "plan/plan.h"

/* The options of a build that tuning again must keep. */
typedef struct scull_sources_options {
  int32_t threads, min_subgraph_size, level;
  uint64_t workspace;
  const char *disabled_ops, *disabled_passes, *disabled_tactics; /* patterns, a line each */
  uint32_t precisions;                                           /* bits 1 << as */
  const char *ranges; /* a calibration table; "" without */
  double dummy_range;
  const char *pins; /* "pattern=int8", a line each */
} scull_sources_options_t;

/* Writes graph and options; the text is yours. */
scull_status_t scull_build_sources_write(scull_graph_t *graph,
                                         const scull_sources_options_t *options,
                                         scull_text_t *out) SCULL_MUST_USE;

/* Reads them back. Constants borrow from `bytes`. *out is yours; strings of options live in it.
 * NEEDS_BUILD for the sources of another version, CORRUPT. */
scull_status_t scull_build_sources_read(scull_bytes_t bytes, scull_diag_t *diag,
                                        scull_graph_t **out,
                                        scull_sources_options_t *options) SCULL_MUST_USE;

/* The network of a plan's sources; *out is yours. UNSUPPORTED when it has none, else as above. */
scull_status_t scull_build_sources_graph(const scull_plan_t *plan, scull_graph_t **out,
                                         scull_diag_t *diag) SCULL_MUST_USE;

#endif
