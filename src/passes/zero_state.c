/* An initial state of zeros is what a recurrent layer starts with anyway: the operand goes, and
 * with it the ladder (shape -> slice -> concat -> fill) that computes how many zeros a batch needs.
 */
#include "ops/fill.h"
#include "passes/rewrite.h"

typedef struct {
  const scull_opdef_t *op;
  size_t first, last; /* its optional initial states */
} row_t;

static const row_t rows[] = {
    {&scull_opdef_lstm, 4, 5},
    {&scull_opdef_gru, 4, 4},
};

/* What a slice or view is cut out of: a file may fill the states of all layers at once. */
static scull_value_id_t source_of(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_node_t *node = scull_graph_producer(graph, value);
  while (node != NULL &&
         (node->op == &scull_opdef_slice || (node->op->traits & SCULL_OP_VIEW) != 0)) {
    value = node->inputs[0];
    node = scull_graph_producer(graph, value);
  }
  return value;
}

static bool is_zero(const scull_graph_t *graph, scull_value_id_t value) {
  double constant = 1;
  value = source_of(graph, value);
  const scull_node_t *fill = scull_passes_from(graph, value, &scull_opdef_fill);
  if (fill != NULL)
    return ((const scull_fill_attrs_t *)fill->attrs)->value == 0;
  return scull_passes_uniform(graph, value, &constant) && constant == 0;
}

static scull_status_t drop(scull_graph_t *graph, scull_node_id_t id, size_t input, bool *changed) {
  const scull_node_t *node = scull_graph_node(graph, id);
  if (input >= node->input_count || node->inputs[input] == SCULL_NO_ID ||
      !is_zero(graph, node->inputs[input]))
    return SCULL_OK;
  scull_node_id_t above = scull_graph_value(graph, node->inputs[input])->producer;
  SCULL_TRY(scull_graph_set_input(graph, id, input, SCULL_NO_ID));
  SCULL_TRY(scull_graph_infer_node(graph, id));
  *changed = true;
  return above == SCULL_NO_ID ? SCULL_OK : scull_passes_retire_above(graph, id, above);
}

static scull_status_t visit(scull_graph_t *graph, scull_node_id_t id, bool *changed) {
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    for (size_t i = rows[r].first;
         scull_graph_node(graph, id)->op == rows[r].op && i <= rows[r].last; i++)
      SCULL_TRY(drop(graph, id, i, changed));
  }
  return SCULL_OK;
}

static scull_status_t run(scull_graph_t *graph, bool *changed) {
  return scull_passes_visit(graph, visit, changed);
}

const scull_pass_t scull_pass_zero_state = {
    .name = "zero_state",
    .purpose = "drop initial states of recurrent layers that are zeros",
    .run = run};
