/* Regions of control flow, and the nodes that own them. */
#include "import/region.h"

#include <string.h>

#include "ops/loop.h"

scull_status_t scull_import_region_begin(scull_graph_t *outer, scull_import_region_t *region) {
  *region = (scull_import_region_t){.outer = outer};
  return scull_graph_create(outer->points, outer->diag, &region->graph);
}

void scull_import_region_deinit(scull_import_region_t *region) {
  scull_graph_destroy(region->graph);
  SCULL_VEC_DEINIT(&region->captures);
  *region = (scull_import_region_t){0};
}

/* Shapes at the region's points of a value of a graph that may have fewer. */
static void shapes_of(const scull_graph_t *from, const scull_value_t *v, scull_shape_t *out) {
  for (int p = 0; p < SCULL_POINTS; p++)
    out[p] = v->shape[from->points > 1 ? p : 0];
}

scull_status_t scull_import_region_param(scull_import_region_t *region, const char *name,
                                         const scull_value_t *like, scull_value_id_t *out) {
  scull_shape_t shapes[SCULL_POINTS];
  const scull_value_t copy = *like;
  const char *unique = name;
  shapes_of(region->outer, &copy, shapes);
  for (size_t i = 1; scull_graph_find_value(region->graph, unique) != SCULL_NO_ID; i++) {
    unique = scull_base_arena_format(&region->graph->arena, "%s.%zu", name, i);
    if (unique == NULL)
      return scull_base_fail_memory(region->outer->diag, "a region");
  }
  SCULL_TRY(scull_graph_add_input(region->graph, unique, copy.dtype, shapes, out));
  scull_graph_value(region->graph, *out)->late = copy.late;
  if (copy.late)
    scull_graph_open_points(region->graph);
  return SCULL_OK;
}

static scull_status_t capture(scull_import_region_t *region, scull_value_id_t outer,
                              scull_value_id_t *out) {
  const scull_value_t v = *scull_graph_value(region->outer, outer);
  scull_import_capture_t made = {.outer = outer, .inner = SCULL_NO_ID, .is_param = v.data == NULL};
  if (v.data != NULL) {
    const scull_type_t type = {v.dtype, v.shape[0]};
    SCULL_TRY(scull_graph_add_constant(region->graph, v.name, &type, v.data, &made.inner));
  } else {
    SCULL_TRY(scull_import_region_param(region, v.name, &v, &made.inner));
    scull_value_t *inner = scull_graph_value(region->graph, made.inner);
    for (int p = 0; p < SCULL_POINTS; p++) {
      int from = region->outer->points > 1 ? p : 0;
      inner->known[p] = v.known[from];
      inner->guess[p] = v.guess[from];
    }
  }
  if (!SCULL_VEC_PUSH(&region->captures, made))
    return scull_base_fail_memory(region->outer->diag, "a region");
  *out = made.inner;
  return SCULL_OK;
}

scull_value_id_t scull_import_region_capture(scull_import_region_t *region,
                                             scull_value_id_t outer) {
  scull_value_id_t out = SCULL_NO_ID;
  for (size_t i = 0; i < region->captures.size; i++) {
    if (region->captures.data[i].outer == outer)
      return region->captures.data[i].inner;
  }
  if (region->status == SCULL_OK)
    region->status = capture(region, outer, &out);
  return out;
}

/* --- owners ----------------------------------------------------------------------------------- */

static scull_status_t add_owner(scull_emitter_t *emitter, const scull_opdef_t *op,
                                const void *attrs, const scull_value_id_t *inputs, size_t count,
                                scull_graph_t *const *regions, size_t region_count,
                                const scull_import_owner_t *owner) {
  scull_node_id_t id = SCULL_NO_ID;
  const scull_node_spec_t spec = {.op = op,
                                  .name = emitter->name,
                                  .attrs = attrs,
                                  .inputs = inputs,
                                  .input_count = count,
                                  .output_count = owner->output_count,
                                  .output_names = owner->names,
                                  .origins = &emitter->origin,
                                  .origin_count = emitter->has_origin ? 1 : 0,
                                  .regions = regions,
                                  .region_count = region_count};
  SCULL_TRY(scull_graph_add_node(emitter->graph, &spec, &id));
  for (size_t i = 0; i < owner->output_count; i++)
    owner->outputs[i] = scull_graph_node(emitter->graph, id)->outputs[i];
  return SCULL_OK;
}

static size_t add_captured(const scull_import_region_t *region, scull_value_id_t *inputs,
                           size_t count) {
  for (size_t i = 0; i < region->captures.size; i++) {
    if (region->captures.data[i].is_param)
      inputs[count++] = region->captures.data[i].outer;
  }
  return count;
}

/* Parameters for what only the other region captures. */
static scull_status_t add_unread(scull_import_region_t *region,
                                 const scull_import_region_t *other) {
  for (size_t i = 0; i < other->captures.size; i++) {
    const scull_import_capture_t *c = &other->captures.data[i];
    scull_value_id_t unread = SCULL_NO_ID;
    if (!c->is_param)
      continue;
    const scull_value_t *v = scull_graph_value(region->outer, c->outer);
    SCULL_TRY(scull_import_region_param(region, v->name, v, &unread));
  }
  return SCULL_OK;
}

/* Moves the last `count` parameters to the front. */
static bool rotate_params(scull_graph_t *graph, size_t count) {
  size_t total = graph->inputs.size;
  scull_value_id_t *old =
      scull_base_arena_copy(&graph->arena, graph->inputs.data, total * sizeof *old);
  if (old == NULL)
    return false;
  for (size_t i = 0; i < total; i++)
    graph->inputs.data[i] = old[(i + total - count) % total];
  return true;
}

scull_status_t scull_import_emit_branch(scull_emitter_t *emitter, scull_value_id_t condition,
                                        scull_import_region_t *yes, scull_import_region_t *no,
                                        const scull_import_owner_t *owner) {
  size_t own = yes->graph->inputs.size, others = no->graph->inputs.size, count = 1;
  SCULL_TRY(yes->status);
  SCULL_TRY(no->status);
  scull_value_id_t *inputs =
      SCULL_ARENA_ARRAY(&emitter->graph->arena, scull_value_id_t, 1 + own + others);
  if (inputs == NULL)
    return scull_base_fail_memory(emitter->graph->diag, "a branch");
  SCULL_TRY(add_unread(yes, no));
  SCULL_TRY(add_unread(no, yes));
  if (own + others > 0 && !rotate_params(no->graph, own))
    return scull_base_fail_memory(emitter->graph->diag, "a branch");
  inputs[0] = condition;
  count = add_captured(no, inputs, add_captured(yes, inputs, count));
  scull_graph_t *const regions[] = {yes->graph, no->graph};
  SCULL_TRY(add_owner(emitter, scull_ops_find("if"), NULL, inputs, count, regions, 2, owner));
  yes->graph = no->graph = NULL;
  return SCULL_OK;
}

scull_status_t scull_import_emit_loop(scull_emitter_t *emitter, const scull_import_loop_t *loop,
                                      scull_import_region_t *body,
                                      const scull_import_owner_t *owner) {
  const scull_loop_attrs_t attrs = {.carried = (int64_t)loop->carried_count};
  size_t count = SCULL_LOOP_CARRIED + loop->carried_count;
  SCULL_TRY(body->status);
  scull_value_id_t *inputs =
      SCULL_ARENA_ARRAY(&emitter->graph->arena, scull_value_id_t, count + body->captures.size);
  if (inputs == NULL)
    return scull_base_fail_memory(emitter->graph->diag, "a loop");
  inputs[SCULL_LOOP_TRIPS] = loop->trips;
  inputs[SCULL_LOOP_CONDITION] = loop->condition;
  for (size_t i = 0; i < loop->carried_count; i++)
    inputs[SCULL_LOOP_CARRIED + i] = loop->carried[i];
  count = add_captured(body, inputs, count);
  scull_graph_t *const regions[] = {body->graph};
  SCULL_TRY(add_owner(emitter, scull_ops_find("loop"), &attrs, inputs, count, regions, 1, owner));
  body->graph = NULL;
  return SCULL_OK;
}
