/* Order: producers before users, otherwise as added. Without recursion, since files choose depth.
 */
#include "graph/graph.h"

/* Unplaced producers of a node. */
static uint32_t count_producers(const scull_graph_t *graph, const scull_node_t *node) {
  uint32_t count = 0;
  for (size_t i = 0; i < node->input_count; i++)
    count += scull_graph_producer(graph, node->inputs[i]) != NULL;
  return count;
}

/* A min-heap of node ids keeps "as added" among the nodes that are ready. */
typedef struct {
  scull_node_id_t *ids;
  size_t size;
} heap_t;

static void heap_push(heap_t *heap, scull_node_id_t id) {
  size_t at = heap->size++;
  while (at > 0 && heap->ids[(at - 1) / 2] > id) {
    heap->ids[at] = heap->ids[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap->ids[at] = id;
}

static scull_node_id_t heap_pop(heap_t *heap) {
  scull_node_id_t top = heap->ids[0], last = heap->ids[--heap->size];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap->size)
      break;
    if (child + 1 < heap->size && heap->ids[child + 1] < heap->ids[child])
      child++;
    if (heap->ids[child] >= last)
      break;
    heap->ids[at] = heap->ids[child];
    at = child;
  }
  heap->ids[at] = last;
  return top;
}

static void release_users(const scull_graph_t *graph, const scull_node_t *node, uint32_t *waiting,
                          heap_t *ready) {
  for (size_t o = 0; o < node->output_count; o++) {
    const scull_value_t *v = &graph->values.data[node->outputs[o]];
    for (size_t u = 0; u < v->users.size; u++) {
      if (--waiting[v->users.data[u]] == 0)
        heap_push(ready, v->users.data[u]);
    }
  }
}

scull_status_t scull_graph_sort(scull_graph_t *graph, scull_node_id_t **order, size_t *count) {
  return scull_graph_order(graph, &graph->arena, order, count);
}

scull_status_t scull_graph_order(const scull_graph_t *graph, scull_arena_t *arena,
                                 scull_node_id_t **order, size_t *count) {
  size_t live = 0, placed = 0, total = graph->nodes.size;
  uint32_t *waiting = SCULL_ARENA_ARRAY(arena, uint32_t, total);
  heap_t ready = {.ids = SCULL_ARENA_ARRAY(arena, scull_node_id_t, total + 1)};
  scull_node_id_t *out = SCULL_ARENA_ARRAY(arena, scull_node_id_t, total);
  if (waiting == NULL || ready.ids == NULL || out == NULL)
    return scull_base_fail_memory(graph->diag, "an order of nodes");
  for (size_t i = 0; i < total; i++) {
    const scull_node_t *node = &graph->nodes.data[i];
    if (node->dead)
      continue;
    live++;
    waiting[i] = count_producers(graph, node);
    if (waiting[i] == 0)
      heap_push(&ready, (scull_node_id_t)i);
  }
  while (ready.size > 0) {
    out[placed] = heap_pop(&ready);
    release_users(graph, &graph->nodes.data[out[placed++]], waiting, &ready);
  }
  if (placed != live)
    return scull_base_fail(graph->diag, SCULL_CORRUPT, "the graph has a cycle of %zu nodes",
                           live - placed);
  *order = out;
  *count = placed;
  return SCULL_OK;
}
