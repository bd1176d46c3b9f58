/* Building, looking and editing. Each edit keeps the users of every value exact, which is what the
 * rest of the program relies on; verify.c checks it. */
#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

static scull_status_t no_memory(const scull_graph_t *graph) {
  return scull_base_fail_memory(graph->diag, "a graph");
}

scull_status_t scull_graph_create(int points, scull_diag_t *diag, scull_graph_t **out) {
  *out = NULL;
  scull_graph_t *graph = scull_base_alloc(sizeof *graph);
  if (graph == NULL)
    return scull_base_fail_memory(diag, "a graph");
  scull_base_arena_init(&graph->arena);
  graph->diag = diag;
  graph->points = points;
  *out = graph;
  return SCULL_OK;
}

void scull_graph_set_diag(scull_graph_t *graph, scull_diag_t *diag) {
  graph->diag = diag;
  for (size_t i = 0; i < graph->regions.size; i++)
    scull_graph_set_diag(graph->regions.data[i], diag);
}

void scull_graph_destroy(scull_graph_t *graph) {
  if (graph == NULL)
    return;
  for (size_t i = 0; i < graph->values.size; i++)
    SCULL_VEC_DEINIT(&graph->values.data[i].users);
  for (size_t i = 0; i < graph->regions.size; i++)
    scull_graph_destroy(graph->regions.data[i]);
  SCULL_VEC_DEINIT(&graph->regions);
  SCULL_VEC_DEINIT(&graph->nodes);
  SCULL_VEC_DEINIT(&graph->values);
  SCULL_VEC_DEINIT(&graph->inputs);
  SCULL_VEC_DEINIT(&graph->outputs);
  SCULL_VEC_DEINIT(&graph->origins);
  scull_base_map_deinit(&graph->names);
  scull_base_arena_deinit(&graph->arena);
  scull_base_free(graph);
}

void scull_graph_open_points(scull_graph_t *graph) {
  for (size_t i = 0; i < graph->regions.size; i++)
    scull_graph_open_points(graph->regions.data[i]);
  if (graph->points != 1)
    return;
  graph->points = SCULL_POINTS;
  for (size_t i = 0; i < graph->values.size; i++) {
    scull_value_t *v = &graph->values.data[i];
    for (int p = 1; p < SCULL_POINTS; p++) {
      v->shape[p] = v->shape[0];
      v->known[p] = v->known[0];
      v->guess[p] = v->guess[0];
    }
  }
}

/* --- building -------------------------------------------------------------------------------- */

/* A copy of `name` that no value has yet: "name", "name.1", ... */
static const char *unique_name(scull_graph_t *graph, const char *name) {
  size_t ignored = 0;
  char *copy = scull_base_arena_string(&graph->arena, name, strlen(name));
  for (size_t i = graph->values.size;
       copy != NULL && scull_base_map_find(&graph->names, copy, strlen(copy), &ignored); i++)
    copy = scull_base_arena_format(&graph->arena, "%s.%zu", name, i);
  return copy;
}

static scull_status_t add_value(scull_graph_t *graph, const char *name, scull_value_t value,
                                scull_value_id_t *out) {
  value.name = unique_name(graph, name);
  value.made_name = value.made_name || (value.name != NULL && strcmp(value.name, name) != 0);
  if (value.name == NULL || !SCULL_VEC_PUSH(&graph->values, value))
    return no_memory(graph);
  *out = (scull_value_id_t)(graph->values.size - 1);
  if (!scull_base_map_set(&graph->names, value.name, strlen(value.name), *out)) {
    graph->values.size--;
    return no_memory(graph);
  }
  return SCULL_OK;
}

scull_status_t scull_graph_add_input(scull_graph_t *graph, const char *name, scull_dtype_t dtype,
                                     const scull_shape_t *shapes, scull_value_id_t *out) {
  scull_value_t value = {.dtype = dtype, .producer = SCULL_NO_ID, .is_input = true};
  for (int p = 0; p < graph->points; p++)
    value.shape[p] = shapes[p];
  if (scull_graph_find_value(graph, name) != SCULL_NO_ID)
    return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT, "input '%s': the name is taken",
                           name);
  if (!SCULL_VEC_RESERVE(&graph->inputs, graph->inputs.size + 1))
    return no_memory(graph);
  SCULL_TRY(add_value(graph, name, value, out));
  graph->inputs.data[graph->inputs.size++] = *out;
  return SCULL_OK;
}

scull_status_t scull_graph_add_constant(scull_graph_t *graph, const char *name,
                                        const scull_type_t *type, const void *data,
                                        scull_value_id_t *out) {
  scull_value_t value = {.dtype = type->dtype, .producer = SCULL_NO_ID, .data = data};
  enum { KNOWN_BYTES = 4096 }; /* shape arithmetic never needs more */
  size_t bytes = scull_tensor_bytes(type);
  const void *known = NULL;
  if (bytes <= KNOWN_BYTES) {
    known = scull_base_arena_copy(&graph->arena, data, bytes);
    if (known == NULL)
      return no_memory(graph);
  }
  for (int p = 0; p < graph->points; p++) {
    value.shape[p] = type->shape;
    value.known[p] = known;
  }
  if (value.data == NULL)
    value.data = ""; /* no elements: still a constant */
  return add_value(graph, name, value, out);
}

static scull_status_t add_user(scull_graph_t *graph, scull_value_id_t value, scull_node_id_t node) {
  if (value == SCULL_NO_ID)
    return SCULL_OK;
  return SCULL_VEC_PUSH(&graph->values.data[value].users, node) ? SCULL_OK : no_memory(graph);
}

static void drop_user(scull_graph_t *graph, scull_value_id_t value, scull_node_id_t node) {
  if (value == SCULL_NO_ID)
    return;
  scull_value_t *v = &graph->values.data[value];
  for (size_t i = 0; i < v->users.size; i++) {
    if (v->users.data[i] == node) {
      memmove(&v->users.data[i], &v->users.data[i + 1],
              (v->users.size - i - 1) * sizeof v->users.data[0]);
      v->users.size--;
      return;
    }
  }
}

static scull_status_t fill_node(scull_graph_t *graph, const scull_node_spec_t *spec,
                                scull_node_t *node) {
  scull_arena_t *arena = &graph->arena;
  size_t count = spec->input_count;
  while (count > spec->op->inputs_min && spec->inputs[count - 1] == SCULL_NO_ID)
    count--;
  node->op = spec->op;
  node->name = scull_base_arena_string(arena, spec->name, strlen(spec->name));
  node->attrs = spec->attrs == NULL ? scull_ops_attrs_create(&spec->op->attrs, arena)
                                    : scull_ops_attrs_copy(&spec->op->attrs, spec->attrs, arena);
  node->inputs = scull_base_arena_copy(arena, spec->inputs, count * sizeof *spec->inputs);
  node->input_count = count;
  node->outputs = SCULL_ARENA_ARRAY(arena, scull_value_id_t, spec->output_count);
  node->output_count = 0; /* grows as the values are made */
  node->origins =
      scull_base_arena_copy(arena, spec->origins, spec->origin_count * sizeof *spec->origins);
  node->origin_count = spec->origin_count;
  node->regions =
      scull_base_arena_copy(arena, spec->regions, spec->region_count * sizeof *spec->regions);
  node->region_count = spec->region_count;
  if (node->name == NULL || node->attrs == NULL || node->inputs == NULL || node->outputs == NULL ||
      node->origins == NULL || node->regions == NULL)
    return no_memory(graph);
  return SCULL_OK;
}

static scull_status_t add_output_values(scull_graph_t *graph, const scull_node_spec_t *spec,
                                        scull_node_id_t id) {
  for (size_t i = 0; i < spec->output_count; i++) {
    scull_value_t value = {.producer = id, .slot = (uint32_t)i};
    const char *name = spec->output_names == NULL ? NULL : spec->output_names[i];
    value.made_name = name == NULL;
    if (name == NULL)
      name = i == 0 ? spec->name : scull_base_arena_format(&graph->arena, "%s:%zu", spec->name, i);
    if (name == NULL)
      return no_memory(graph);
    scull_value_id_t made = SCULL_NO_ID;
    SCULL_TRY(add_value(graph, name, value, &made));
    scull_node_t *node = &graph->nodes.data[id];
    node->outputs[node->output_count++] = made;
  }
  return SCULL_OK;
}

/* Takes a half-made node out again. */
static void undo_node(scull_graph_t *graph, scull_node_id_t id) {
  scull_node_t *node = &graph->nodes.data[id];
  for (size_t i = 0; i < node->output_count; i++)
    graph->values.data[node->outputs[i]].dead = true;
  for (size_t i = 0; i < node->input_count; i++)
    drop_user(graph, node->inputs[i], id);
  node->dead = true;
}

scull_status_t scull_graph_add_node(scull_graph_t *graph, const scull_node_spec_t *spec,
                                    scull_node_id_t *out) {
  scull_node_t node = {0};
  for (size_t i = 0; i < spec->region_count; i++) {
    if (spec->regions[i]->depth + 1 > SCULL_MAX_REGION_DEPTH)
      return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT,
                             "node '%s': more than %d levels of regions", spec->name,
                             SCULL_MAX_REGION_DEPTH);
  }
  SCULL_TRY(fill_node(graph, spec, &node));
  if (!SCULL_VEC_RESERVE(&graph->regions, graph->regions.size + spec->region_count))
    return no_memory(graph);
  if (!SCULL_VEC_PUSH(&graph->nodes, node))
    return no_memory(graph);
  scull_node_id_t id = (scull_node_id_t)(graph->nodes.size - 1);
  scull_status_t status = SCULL_OK;
  for (size_t i = 0; i < node.input_count && status == SCULL_OK; i++)
    status = add_user(graph, node.inputs[i], id);
  if (status == SCULL_OK)
    status = add_output_values(graph, spec, id);
  if (status == SCULL_OK)
    status = scull_graph_infer_node(graph, id);
  if (status != SCULL_OK) {
    undo_node(graph, id);
    return status;
  }
  for (size_t i = 0; i < spec->region_count; i++) {
    int depth = spec->regions[i]->depth + 1;
    graph->depth = depth > graph->depth ? depth : graph->depth;
    spec->regions[i]->is_region = true;
    graph->regions.data[graph->regions.size++] = spec->regions[i];
  }
  *out = id;
  return SCULL_OK;
}

scull_status_t scull_graph_add_output(scull_graph_t *graph, scull_value_id_t value,
                                      const char *name) {
  char *copy = scull_base_arena_string(&graph->arena, name, strlen(name));
  scull_graph_output_t output = {.value = value, .name = copy};
  return copy != NULL && SCULL_VEC_PUSH(&graph->outputs, output) ? SCULL_OK : no_memory(graph);
}

scull_status_t scull_graph_add_origin(scull_graph_t *graph, const char *name, const char *type,
                                      uint32_t *out) {
  scull_origin_t origin = {.name = scull_base_arena_string(&graph->arena, name, strlen(name)),
                           .type = scull_base_arena_string(&graph->arena, type, strlen(type))};
  if (origin.name == NULL || origin.type == NULL || !SCULL_VEC_PUSH(&graph->origins, origin))
    return no_memory(graph);
  *out = (uint32_t)(graph->origins.size - 1);
  return SCULL_OK;
}

/* --- looking --------------------------------------------------------------------------------- */

scull_node_t *scull_graph_node(const scull_graph_t *graph, scull_node_id_t id) {
  return id < graph->nodes.size ? &graph->nodes.data[id] : NULL;
}

scull_value_t *scull_graph_value(const scull_graph_t *graph, scull_value_id_t id) {
  return id < graph->values.size ? &graph->values.data[id] : NULL;
}

scull_value_id_t scull_graph_find_value(const scull_graph_t *graph, const char *name) {
  size_t id = 0;
  if (!scull_base_map_find(&graph->names, name, strlen(name), &id) || graph->values.data[id].dead)
    return SCULL_NO_ID;
  return (scull_value_id_t)id;
}

scull_node_t *scull_graph_producer(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  return v == NULL ? NULL : scull_graph_node(graph, v->producer);
}

bool scull_graph_is_output(const scull_graph_t *graph, scull_value_id_t value) {
  for (size_t i = 0; i < graph->outputs.size; i++) {
    if (graph->outputs.data[i].value == value)
      return true;
  }
  return false;
}

scull_node_t *scull_graph_only_user(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  if (v == NULL || v->users.size != 1 || scull_graph_is_output(graph, value))
    return NULL;
  return scull_graph_node(graph, v->users.data[0]);
}

scull_node_id_t scull_graph_node_id(const scull_graph_t *graph, const scull_node_t *node) {
  return (scull_node_id_t)(node - graph->nodes.data);
}

bool scull_graph_is_constant(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  return v != NULL && v->data != NULL;
}

bool scull_graph_is_fixed(const scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  if (v->late)
    return false;
  for (int p = 1; p < graph->points; p++) {
    if (!scull_tensor_shape_equal(&v->shape[0], &v->shape[p]))
      return false;
  }
  return true;
}

scull_type_t scull_graph_type(const scull_graph_t *graph, scull_value_id_t value,
                              scull_point_t point) {
  const scull_value_t *v = scull_graph_value(graph, value);
  if (v == NULL)
    return (scull_type_t){0};
  return (scull_type_t){.dtype = v->dtype, .shape = v->shape[graph->points == 1 ? 0 : point]};
}

/* Copies element `index` of a constant to an aligned place. */
static const void *element_of(const scull_value_t *v, int64_t index, uint64_t *place) {
  size_t size = scull_tensor_dtype_size(v->dtype);
  memcpy(place, (const char *)v->data + (size_t)index * size, size);
  return place;
}

double scull_graph_constant_at(const scull_graph_t *graph, scull_value_id_t value, int64_t index) {
  const scull_value_t *v = scull_graph_value(graph, value);
  uint64_t place = 0;
  return scull_tensor_load(element_of(v, index, &place), v->dtype, 0);
}

int64_t scull_graph_constant_i64_at(const scull_graph_t *graph, scull_value_id_t value,
                                    int64_t index) {
  const scull_value_t *v = scull_graph_value(graph, value);
  uint64_t place = 0;
  return scull_tensor_load_i64(element_of(v, index, &place), v->dtype, 0);
}

float *scull_graph_constant_f32(scull_graph_t *graph, scull_value_id_t value) {
  const scull_value_t *v = scull_graph_value(graph, value);
  int64_t count = scull_tensor_count(&v->shape[0]);
  float *out = SCULL_ARENA_ARRAY(&graph->arena, float, (size_t)count);
  if (out == NULL)
    return NULL;
  if (v->dtype == SCULL_DTYPE_F32) {
    memcpy(out, v->data, (size_t)count * sizeof *out);
    return out;
  }
  for (int64_t i = 0; i < count; i++)
    out[i] = (float)scull_graph_constant_at(graph, value, i);
  return out;
}

/* --- editing --------------------------------------------------------------------------------- */

scull_status_t scull_graph_set_input(scull_graph_t *graph, scull_node_id_t node, size_t index,
                                     scull_value_id_t value) {
  scull_node_t *n = scull_graph_node(graph, node);
  if (index >= n->input_count) {
    scull_value_id_t *inputs = SCULL_ARENA_ARRAY(&graph->arena, scull_value_id_t, index + 1);
    if (inputs == NULL)
      return no_memory(graph);
    memcpy(inputs, n->inputs, n->input_count * sizeof *inputs);
    for (size_t i = n->input_count; i <= index; i++)
      inputs[i] = SCULL_NO_ID;
    n->inputs = inputs;
    n->input_count = index + 1;
  }
  SCULL_TRY(add_user(graph, value, node));
  drop_user(graph, n->inputs[index], node);
  n->inputs[index] = value;
  return SCULL_OK;
}

/* `to` takes the name of `from`; `from` gets a new one made of it. */
static scull_status_t take_name(scull_graph_t *graph, scull_value_id_t from, scull_value_id_t to) {
  scull_value_t *old = scull_graph_value(graph, from), *new = scull_graph_value(graph, to);
  const char *name = old->name;
  old->name = unique_name(graph, name);
  if (old->name == NULL)
    return no_memory(graph);
  new->name = name;
  new->made_name = old->made_name;
  old->made_name = true;
  bool ok = scull_base_map_set(&graph->names, old->name, strlen(old->name), from) &&
            scull_base_map_set(&graph->names, name, strlen(name), to);
  return ok ? SCULL_OK : no_memory(graph);
}

scull_status_t scull_graph_replace(scull_graph_t *graph, scull_value_id_t from,
                                   scull_value_id_t to) {
  scull_value_t *old = scull_graph_value(graph, from);
  bool was_output = false;
  if (from == to)
    return SCULL_OK;
  for (size_t u = 0; u < old->users.size; u++) {
    scull_node_id_t user = old->users.data[u];
    scull_node_t *node = scull_graph_node(graph, user);
    for (size_t i = 0; i < node->input_count; i++) {
      if (node->inputs[i] == from) {
        SCULL_TRY(add_user(graph, to, user));
        node->inputs[i] = to;
        break; /* each operand of this node has an entry of its own in `users` */
      }
    }
  }
  old->users.size = 0;
  for (size_t i = 0; i < graph->outputs.size; i++) {
    if (graph->outputs.data[i].value == from) {
      graph->outputs.data[i].value = to;
      was_output = true;
    }
  }
  const scull_value_t *new = scull_graph_value(graph, to);
  bool is_computed = new->producer != SCULL_NO_ID;
  if (new->made_name || (was_output && is_computed))
    return take_name(graph, from, to);
  return SCULL_OK;
}

scull_status_t scull_graph_absorb(scull_graph_t *graph, scull_node_id_t into,
                                  scull_node_id_t from) {
  scull_node_t *to = scull_graph_node(graph, into);
  const scull_node_t *of = scull_graph_node(graph, from);
  size_t count = to->origin_count + of->origin_count;
  uint32_t *origins = SCULL_ARENA_ARRAY(&graph->arena, uint32_t, count);
  if (origins == NULL)
    return no_memory(graph);
  memcpy(origins, to->origins, to->origin_count * sizeof *origins);
  size_t kept = to->origin_count;
  for (size_t i = 0; i < of->origin_count; i++) {
    bool there = false;
    for (size_t k = 0; k < kept; k++)
      there = there || origins[k] == of->origins[i];
    if (!there)
      origins[kept++] = of->origins[i];
  }
  to->origins = origins;
  to->origin_count = kept;
  return SCULL_OK;
}

void scull_graph_remove(scull_graph_t *graph, scull_node_id_t node) {
  undo_node(graph, node);
}

static bool is_needed(const scull_graph_t *graph, const scull_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++) {
    const scull_value_t *v = &graph->values.data[node->outputs[i]];
    if (v->users.size > 0 || scull_graph_is_output(graph, node->outputs[i]))
      return true;
  }
  return false;
}

size_t scull_graph_sweep(scull_graph_t *graph) {
  size_t removed = 0;
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t i = graph->nodes.size; i-- > 0;) {
      const scull_node_t *node = &graph->nodes.data[i];
      if (node->dead || is_needed(graph, node))
        continue;
      scull_graph_remove(graph, (scull_node_id_t)i);
      removed++;
      changed = true;
    }
  }
  for (size_t i = 0; i < graph->values.size; i++) {
    scull_value_t *v = &graph->values.data[i];
    if (v->data != NULL && v->users.size == 0 && !scull_graph_is_output(graph, (scull_value_id_t)i))
      v->dead = true;
  }
  return removed;
}
