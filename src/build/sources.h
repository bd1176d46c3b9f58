/* The optimized graph as bytes: what a plan carries so that it can be tuned again elsewhere.
 * Private to build/. */
#ifndef SCULL_BUILD_SOURCES_H
#define SCULL_BUILD_SOURCES_H

#include "base/codec.h"
#include "graph/graph.h"

/* The options of a build that tuning again must keep. */
typedef struct scull_sources_options {
  int32_t threads, min_subgraph_size, level;
  uint64_t workspace;
  const char *disabled_ops; /* patterns, a line each */
  uint32_t precisions;
  const char *pins; /* "pattern=int8", a line each */
  bool prefer_pins;
} scull_sources_options_t;

/* Writes graph and options; the text is yours. */
scull_status_t scull_build_sources_write(scull_graph_t *graph,
                                         const scull_sources_options_t *options,
                                         scull_text_t *out) SCULL_MUST_USE;

/* Reads them back from a plan of that format. Constants borrow from `bytes`. *out is yours; strings
 * of options live in it. */
scull_status_t scull_build_sources_read(scull_bytes_t bytes, uint32_t format, scull_diag_t *diag,
                                        scull_graph_t **out,
                                        scull_sources_options_t *options) SCULL_MUST_USE;

#endif
