/* Names that the user disabled and that name nothing. Private to build/. */
#ifndef SCULL_BUILD_DISABLED_H
#define SCULL_BUILD_DISABLED_H

#include "graph/graph.h"
#include "tune/tune.h"

/* Holds the disabled tactics against those of all backends in this build. INVALID_ARGUMENT, with
 * the nearest name, for one that does not exist; a pattern that fits none is only warned of, since
 * it may speak of another build's. */
scull_status_t scull_build_check_tactics(scull_names_t names, scull_diag_t *diag) SCULL_MUST_USE;

/* The same for operators, against Scull's operators, those of every format, and the names and
 * operators of the network (after its passes: names of layers count). */
scull_status_t scull_build_check_ops(scull_names_t names,
                                     const scull_graph_t *graph) SCULL_MUST_USE;

#endif
