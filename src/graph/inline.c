/* Copies of regions: into the graph that owns them, or as regions of a copied node. */
#include "graph/graph.h"

typedef struct {
  scull_graph_t *graph;
  const scull_graph_t *region;
  scull_value_id_t *values; /* by value of the region: what stands for it */
  uint32_t *origins;        /* by origin of the region */
} copy_t;

static scull_status_t no_memory(const scull_graph_t *graph) {
  return scull_base_fail_memory(graph->diag, "a copy of a region");
}

static scull_status_t copy_constants(copy_t *c) {
  for (size_t i = 0; i < c->region->values.size; i++) {
    const scull_value_t *v = &c->region->values.data[i];
    if (v->dead || v->data == NULL)
      continue;
    const scull_type_t type = {v->dtype, v->shape[0]};
    SCULL_TRY(scull_graph_add_constant(c->graph, v->name, &type, v->data, &c->values[i]));
    scull_graph_value(c->graph, c->values[i])->stands_for = v->stands_for;
  }
  return SCULL_OK;
}

static scull_status_t copy_origins(copy_t *c) {
  for (size_t i = 0; i < c->region->origins.size; i++) {
    const scull_origin_t *origin = &c->region->origins.data[i];
    SCULL_TRY(scull_graph_add_origin(c->graph, origin->name, origin->type, &c->origins[i]));
  }
  return SCULL_OK;
}

static scull_status_t clone(const scull_graph_t *region, scull_diag_t *diag, scull_graph_t **out) {
  size_t params = region->inputs.size, results = region->outputs.size;
  scull_graph_t *graph = NULL;
  SCULL_TRY(scull_graph_create(region->points, diag, &graph));
  scull_value_id_t *ids = SCULL_ARENA_ARRAY(&graph->arena, scull_value_id_t, params + results);
  scull_status_t status = ids == NULL ? no_memory(graph) : SCULL_OK;
  for (size_t i = 0; i < params && status == SCULL_OK; i++) {
    const scull_value_t *v = scull_graph_value(region, region->inputs.data[i]);
    status = scull_graph_add_input(graph, v->name, v->dtype, v->shape, &ids[i]);
    if (status == SCULL_OK)
      scull_graph_value(graph, ids[i])->late = v->late;
  }
  if (status == SCULL_OK)
    status = scull_graph_inline(graph, region, ids, ids + params);
  for (size_t i = 0; i < results && status == SCULL_OK; i++)
    status = scull_graph_add_output(graph, ids[params + i], region->outputs.data[i].name);
  if (status != SCULL_OK) {
    scull_graph_destroy(graph);
    return status;
  }
  *out = graph;
  return SCULL_OK;
}

static scull_status_t fill_spec(copy_t *c, const scull_node_t *node, scull_node_spec_t *spec) {
  scull_arena_t *arena = &c->graph->arena;
  scull_value_id_t *inputs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, node->input_count);
  uint32_t *origins = SCULL_ARENA_ARRAY(arena, uint32_t, node->origin_count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, node->output_count);
  if (inputs == NULL || origins == NULL || names == NULL)
    return no_memory(c->graph);
  for (size_t i = 0; i < node->input_count; i++)
    inputs[i] = node->inputs[i] == SCULL_NO_ID ? SCULL_NO_ID : c->values[node->inputs[i]];
  for (size_t i = 0; i < node->origin_count; i++)
    origins[i] = c->origins[node->origins[i]];
  for (size_t i = 0; i < node->output_count; i++)
    names[i] = scull_graph_value(c->region, node->outputs[i])->name;
  *spec = (scull_node_spec_t){.op = node->op,
                              .name = node->name,
                              .attrs = node->attrs,
                              .inputs = inputs,
                              .input_count = node->input_count,
                              .output_count = node->output_count,
                              .output_names = names,
                              .origins = origins,
                              .origin_count = node->origin_count};
  return SCULL_OK;
}

static scull_status_t copy_node(copy_t *c, const scull_node_t *node) {
  enum { MAX_REGIONS = 2 };
  scull_graph_t *regions[MAX_REGIONS] = {NULL};
  scull_node_spec_t spec;
  scull_node_id_t id = SCULL_NO_ID;
  SCULL_TRY(fill_spec(c, node, &spec));
  spec.regions = regions;
  spec.region_count = node->region_count < MAX_REGIONS ? node->region_count : MAX_REGIONS;
  scull_status_t status = SCULL_OK;
  for (size_t i = 0; i < spec.region_count && status == SCULL_OK; i++)
    status = clone(node->regions[i], c->graph->diag, &regions[i]);
  if (status == SCULL_OK)
    status = scull_graph_add_node(c->graph, &spec, &id);
  if (status != SCULL_OK) {
    for (size_t i = 0; i < spec.region_count; i++)
      scull_graph_destroy(regions[i]);
    return status;
  }
  for (size_t i = 0; i < node->output_count; i++)
    c->values[node->outputs[i]] = scull_graph_node(c->graph, id)->outputs[i];
  return SCULL_OK;
}

scull_status_t scull_graph_inline(scull_graph_t *graph, const scull_graph_t *region,
                                  const scull_value_id_t *args, scull_value_id_t *results) {
  copy_t c = {
      .graph = graph,
      .region = region,
      .values = SCULL_ARENA_ARRAY(&graph->arena, scull_value_id_t, region->values.size),
      .origins = SCULL_ARENA_ARRAY(&graph->arena, uint32_t, region->origins.size),
  };
  scull_node_id_t *order = NULL;
  size_t count = 0;
  if (c.values == NULL || c.origins == NULL)
    return no_memory(graph);
  for (size_t i = 0; i < region->inputs.size; i++)
    c.values[region->inputs.data[i]] = args[i];
  SCULL_TRY(copy_origins(&c));
  SCULL_TRY(copy_constants(&c));
  SCULL_TRY(scull_graph_order(region, &graph->arena, &order, &count));
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(copy_node(&c, scull_graph_node(region, order[i])));
  for (size_t i = 0; i < region->outputs.size; i++)
    results[i] = c.values[region->outputs.data[i].value];
  return SCULL_OK;
}
