/* Runs a whole graph with the operators' reference kernels, for tests: slow, plain, right. */
#ifndef SCULL_TESTS_SUPPORT_REFERENCE_H
#define SCULL_TESTS_SUPPORT_REFERENCE_H

#include "graph/graph.h"

/* Runs at the point OPT. `inputs` follow graph->inputs, `outputs` graph->outputs; outputs[i].data
 * is the caller's afterwards (scull_base_free). */
scull_status_t reference_run(scull_graph_t *graph, const scull_tensor_t *inputs,
                             scull_tensor_t *outputs, scull_diag_t *diag);

#endif
