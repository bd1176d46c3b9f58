/* Dead code: nodes and constants that no graph output needs. Inputs of the graph stay. */
#include "passes/pass.h"

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  if (scull_graph_sweep(graph) > 0)
    *changed = true;
  return SCULL_OK;
}

const scull_pass_t scull_pass_sweep = {
    .name = "sweep", .purpose = "remove what no output needs", .run = run};
