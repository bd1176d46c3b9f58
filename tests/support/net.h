/* From a graph in text to a plan, an engine, answers: what the tests of the middle of the program
 * share. Every step asserts (cmocka) that it succeeds, unless it returns a status. */
#ifndef SCULL_TESTS_SUPPORT_NET_H
#define SCULL_TESTS_SUPPORT_NET_H

#include "graph/graph.h"
#include "lower/lower.h"
#include "runtime/runtime.h"
#include "tune/tune.h"

typedef struct net {
  scull_diag_t diag;
  scull_arena_t arena;
  scull_graph_t *graph;
  scull_device_t *device;
  scull_tune_options_t tune; /* may be changed between open and lower */
  double tolerance;          /* of net_check, of the largest element; 0: 1e-5 */
  scull_partition_t partition;
  scull_tuning_t tuning;
  scull_lowered_t lowered;
} net_t;

/* Parses `text` and opens the backend's device 0; min_subgraph_size 0, one thread, nothing timed.
 */
void net_open(net_t *net, const char *text, const char *backend);
void net_close(net_t *net);

void net_partition(net_t *net);
void net_search(net_t *net);              /* and what comes before */
void net_lower(net_t *net);               /* likewise */
const scull_plan_t *net_plan(net_t *net); /* lowered, with library and report set */

/* The plan as the bytes of its file, 64-byte aligned: scull_base_free. */
uint8_t *net_bytes(net_t *net, size_t *size);

/* An engine that owns all it needs: the plan went through a file. */
scull_runtime_engine_t *net_engine(net_t *net);

/* The value of that name; fails when there is none. */
scull_value_id_t net_value(const net_t *net, const char *name);

/* Seeded numbers for input `index` at `shape`, of the input's dtype (small integers for integer
 * types): scull_base_free. */
scull_tensor_t net_input(const net_t *net, size_t index, const scull_shape_t *shape, uint64_t seed);

/* Sets the inputs in a context, runs it, and holds its outputs against the reference kernels. */
void net_check(net_t *net, scull_runtime_context_t *context, const scull_shape_t *shapes,
               uint64_t seed);

/* A name under the system's folder for temporary files that no other test has; `out` has 128
 * bytes. Remove it. */
void net_temporary(const char *what, char *out);

/* Fails the test when `diag` holds no error or none with `part` in it. */
void net_says(const scull_diag_t *diag, const char *part);

#endif
