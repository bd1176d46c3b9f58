/* Walking back from the outputs until products are met. */
#include "quant/tail.h"

static bool is_float(scull_dtype_t dtype) {
  return dtype == SCULL_DTYPE_F32;
}

scull_status_t scull_quant_mark_tail(scull_graph_t *g) {
  scull_value_id_t *stack = SCULL_ARENA_ARRAY(&g->arena, scull_value_id_t, g->values.size + 1);
  size_t top = 0;
  if (stack == NULL)
    return scull_base_fail_memory(g->diag, "quantization");
  for (size_t i = 0; i < g->outputs.size; i++) {
    scull_value_t *v = scull_graph_value(g, g->outputs.data[i].value);
    if (!v->exact)
      stack[top++] = g->outputs.data[i].value;
    v->exact = true;
  }
  while (top > 0) {
    const scull_node_t *node = scull_graph_producer(g, stack[--top]);
    if (node == NULL || node->op->channel_axis != NULL)
      continue;
    for (size_t i = 0; i < node->input_count; i++) {
      if (node->inputs[i] == SCULL_NO_ID)
        continue;
      scull_value_t *v = scull_graph_value(g, node->inputs[i]);
      if (v->exact || v->data != NULL || !is_float(v->dtype))
        continue;
      v->exact = true;
      stack[top++] = node->inputs[i];
    }
  }
  return SCULL_OK;
}
