/* From graph nodes to sites. */
#include <string.h>

#include "tune/tune.h"

bool scull_tune_is_at_shape(const scull_graph_t *graph, const scull_node_t *node) {
  if (graph->is_region || node->op->control != SCULL_CONTROL_NONE)
    return false;
  for (size_t o = 0; o < node->output_count; o++) {
    const scull_value_t *v = scull_graph_value(graph, node->outputs[o]);
    for (int p = 0; p < graph->points; p++) {
      if (v->known[p] == NULL)
        return false;
    }
  }
  return true;
}

bool scull_tune_is_sized_in_run(const scull_graph_t *graph, const scull_node_t *node) {
  bool sized = (node->op->traits & SCULL_OP_DATA_SHAPE) != 0;
  for (size_t i = 0; i < node->input_count + node->output_count && !sized; i++) {
    scull_value_id_t id =
        i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    const scull_value_t *v = scull_graph_value(graph, id);
    sized = v != NULL && scull_tensor_dtype_is_sequence(v->dtype);
  }
  return sized;
}

/* The index of a graph value among the site's, added when it is new. */
static uint16_t index_of(scull_value_id_t id, scull_value_id_t *values, size_t *count) {
  for (size_t i = 0; i < *count; i++) {
    if (values[i] == id)
      return (uint16_t)i;
  }
  values[(*count)++] = id;
  return (uint16_t)(*count - 1);
}

static void describe(const scull_graph_t *graph, scull_value_id_t id, scull_site_value_t *out) {
  const scull_value_t *v = scull_graph_value(graph, id);
  int min = graph->points > 1 ? SCULL_POINT_MIN : 0, max = graph->points > 1 ? SCULL_POINT_MAX : 0;
  *out = (scull_site_value_t){.dtype = v->dtype,
                              .opt = v->shape[0],
                              .min = v->shape[min],
                              .max = v->shape[max],
                              .quant = v->quant,
                              .is_constant = v->data != NULL,
                              .data = v->data != NULL ? v->known[0] : NULL};
}

static scull_status_t make_op(const scull_node_t *node, scull_arena_t *arena,
                              scull_value_id_t *values, size_t *count, scull_site_op_t *out) {
  uint16_t *inputs = SCULL_ARENA_ARRAY(arena, uint16_t, node->input_count);
  uint16_t *outputs = SCULL_ARENA_ARRAY(arena, uint16_t, node->output_count);
  if (inputs == NULL || outputs == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < node->input_count; i++)
    inputs[i] = node->inputs[i] == SCULL_NO_ID ? SCULL_SITE_ABSENT
                                               : index_of(node->inputs[i], values, count);
  for (size_t i = 0; i < node->output_count; i++)
    outputs[i] = index_of(node->outputs[i], values, count);
  *out = (scull_site_op_t){.def = node->op,
                           .attrs = node->attrs,
                           .inputs = inputs,
                           .input_count = node->input_count,
                           .outputs = outputs,
                           .output_count = node->output_count};
  return SCULL_OK;
}

static bool is_member(const scull_node_id_t *nodes, size_t count, scull_node_id_t id) {
  for (size_t i = 0; i < count; i++) {
    if (nodes[i] == id)
      return true;
  }
  return false;
}

/* True when somebody outside the group, or the caller of the network, needs the value. */
static bool leaves(const scull_graph_t *graph, scull_value_id_t id, const scull_node_id_t *nodes,
                   size_t count) {
  const scull_value_t *v = scull_graph_value(graph, id);
  if (scull_graph_is_output(graph, id) || v->users.size == 0)
    return true;
  for (size_t u = 0; u < v->users.size; u++) {
    if (!is_member(nodes, count, v->users.data[u]))
      return true;
  }
  return false;
}

static scull_status_t list_ports(const scull_graph_t *graph, const scull_node_id_t *nodes,
                                 size_t count, const scull_value_id_t *values, scull_arena_t *arena,
                                 scull_site_t *site) {
  uint16_t *inputs = SCULL_ARENA_ARRAY(arena, uint16_t, site->value_count);
  uint16_t *outputs = SCULL_ARENA_ARRAY(arena, uint16_t, site->value_count);
  if (inputs == NULL || outputs == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, values[i]);
    bool inner = v->producer != SCULL_NO_ID && is_member(nodes, count, v->producer);
    if (!inner && v->data == NULL)
      inputs[site->input_count++] = (uint16_t)i;
    else if (inner && leaves(graph, values[i], nodes, count))
      outputs[site->output_count++] = (uint16_t)i;
  }
  site->inputs = inputs;
  site->outputs = outputs;
  return SCULL_OK;
}

scull_status_t scull_tune_site(const scull_graph_t *graph, const scull_node_id_t *nodes,
                               size_t count, const scull_tune_options_t *options,
                               scull_arena_t *arena, scull_site_t *site,
                               scull_value_id_t **values) {
  size_t room = 0;
  for (size_t i = 0; i < count; i++) {
    const scull_node_t *node = scull_graph_node(graph, nodes[i]);
    room += node->input_count + node->output_count;
  }
  *site = (scull_site_t){.threads = options->threads,
                         .workspace = options->workspace,
                         .precisions = options->precisions};
  scull_site_op_t *ops = SCULL_ARENA_ARRAY(arena, scull_site_op_t, count);
  *values = SCULL_ARENA_ARRAY(arena, scull_value_id_t, room);
  site->values = SCULL_ARENA_ARRAY(arena, scull_site_value_t, room);
  if (ops == NULL || *values == NULL || site->values == NULL || room >= SCULL_SITE_ABSENT)
    return scull_base_fail_memory(graph->diag, "a site");
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(
        make_op(scull_graph_node(graph, nodes[i]), arena, *values, &site->value_count, &ops[i]));
  site->ops = ops;
  site->op_count = count;
  for (size_t i = 0; i < site->value_count; i++)
    describe(graph, (*values)[i], &site->values[i]);
  site->threads = scull_backend_site_threads(site, options->threads);
  return list_ports(graph, nodes, count, *values, arena, site);
}

scull_status_t scull_tune_site_load(const scull_graph_t *graph, const scull_value_id_t *values,
                                    scull_site_t *site, scull_arena_t *scratch) {
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_value_t *v = scull_graph_value(graph, values[i]);
    scull_site_value_t *s = &site->values[i];
    if (!s->is_constant)
      continue;
    scull_type_t type = {.dtype = v->dtype, .shape = v->shape[0]};
    size_t bytes = scull_tensor_bytes(&type);
    s->data = v->data;
    if ((uintptr_t)v->data % SCULL_MEMORY_ALIGN == 0 && bytes > 0)
      continue;
    char *block = scull_base_arena_alloc(scratch, bytes + SCULL_MEMORY_ALIGN);
    if (block == NULL)
      return scull_base_fail_memory(graph->diag, "weights");
    block += (SCULL_MEMORY_ALIGN - (uintptr_t)block % SCULL_MEMORY_ALIGN) % SCULL_MEMORY_ALIGN;
    s->data = memcpy(block, v->data, bytes);
  }
  return SCULL_OK;
}
