/* Calls into a graph. The graph has one point until an input with a range comes. */
#include "build/network.h"

#include <string.h>

#include "base/nearest.h"
#include "build/sources.h"

scull_status_t scull_build_network_create(scull_network_t *network, scull_diag_t *diag) {
  return scull_graph_create(1, diag, &network->graph);
}

/* --- inputs and constants -------------------------------------------------------------------- */

static bool is_range(const scull_shape_range_t *shape) {
  for (int32_t d = 0; d < shape->rank; d++) {
    if (shape->min[d] != shape->max[d])
      return true;
  }
  return false;
}

/* The shapes at all points. */
static scull_status_t spread(const char *name, const scull_shape_range_t *from, scull_dtype_t dtype,
                             scull_diag_t *diag, scull_shape_t shapes[SCULL_POINTS]) {
  for (int p = 0; p < SCULL_POINTS; p++)
    shapes[p].rank = from->rank;
  for (int32_t d = 0; d < from->rank; d++) {
    int64_t min = from->min[d], opt = from->opt[d], max = from->max[d];
    if (min < 0 || min > opt || opt > max)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "input '%.80s', dimension %d: %lld:%lld:%lld is no range", name, d,
                             (long long)min, (long long)opt, (long long)max);
    shapes[SCULL_POINT_OPT].dim[d] = opt;
    shapes[SCULL_POINT_MIN].dim[d] = min;
    shapes[SCULL_POINT_MAX].dim[d] = max;
    shapes[SCULL_POINT_PROBE].dim[d] = scull_graph_probe(min, opt, max);
  }
  size_t bytes = 0;
  scull_type_t largest = {dtype, shapes[SCULL_POINT_MAX]};
  if (!scull_tensor_type_bytes(&largest, &bytes))
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "input '%.80s' is too large", name);
  return SCULL_OK;
}

scull_status_t scull_build_network_input(scull_network_t *network, const char *name,
                                         scull_dtype_t dtype, const scull_shape_range_t *shape,
                                         scull_diag_t *diag, scull_tensor_id_t *out) {
  scull_shape_t shapes[SCULL_POINTS];
  memset(shapes, 0, sizeof shapes);
  SCULL_TRY(spread(name, shape, dtype, diag, shapes));
  if (is_range(shape))
    scull_graph_open_points(network->graph);
  return scull_graph_add_input(network->graph, name, dtype, shapes, out);
}

scull_status_t scull_build_network_constant(scull_network_t *network, const char *name,
                                            const scull_type_t *type, const void *data,
                                            scull_diag_t *diag, scull_tensor_id_t *out) {
  size_t bytes = scull_tensor_bytes(type);
  const void *copy = scull_base_arena_copy(&network->graph->arena, data, bytes);
  if (copy == NULL)
    return scull_base_fail_memory(diag, "a constant");
  if (scull_graph_find_value(network->graph, name) != SCULL_NO_ID)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "there is a tensor '%.80s' already", name);
  return scull_graph_add_constant(network->graph, name, type, copy, out);
}

/* --- operators ------------------------------------------------------------------------------- */

static scull_status_t no_operator(scull_diag_t *diag, const scull_operator_t *op) {
  scull_nearest_t near;
  scull_base_nearest_init(&near, op->type);
  for (size_t i = 0; i < scull_ops_count(); i++)
    scull_base_nearest_offer(&near, scull_ops_at(i)->name);
  return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                         "operator '%.80s': there is no operator '%.80s'%s", op->name, op->type,
                         scull_base_nearest_words(&near));
}

static scull_status_t no_attribute(scull_diag_t *diag, const scull_operator_t *op,
                                   const scull_opdef_t *def, const char *name) {
  scull_nearest_t near;
  scull_base_nearest_init(&near, name);
  for (size_t i = 0; i < def->attrs.count; i++)
    scull_base_nearest_offer(&near, def->attrs.fields[i].name);
  return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                         "operator '%.80s': %s has no attribute '%.80s'%s", op->name, def->name,
                         name, scull_base_nearest_words(&near));
}

static scull_status_t set_attributes(scull_network_t *network, const scull_operator_t *op,
                                     const scull_opdef_t *def, void *attrs, scull_diag_t *diag) {
  for (size_t i = 0; i < op->attribute_count; i++) {
    const char *name = op->attributes[i].name, *value = op->attributes[i].value;
    if (scull_ops_attr_find(&def->attrs, name) == NULL)
      return no_attribute(diag, op, def, name);
    if (scull_ops_attrs_set(&def->attrs, attrs, name, value, &network->graph->arena, NULL) !=
        SCULL_OK)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "operator '%.80s': %s takes no '%.80s'",
                             op->name, name, value);
  }
  return SCULL_OK;
}

static scull_status_t check_inputs(const scull_network_t *network, const scull_operator_t *op,
                                   scull_diag_t *diag) {
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_NO_TENSOR && op->inputs[i] >= network->graph->values.size)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "operator '%.80s': input %zu is no tensor of this network", op->name,
                             i);
  }
  return SCULL_OK;
}

static scull_status_t check_names(const scull_network_t *network, const scull_operator_t *op,
                                  scull_diag_t *diag) {
  for (size_t i = 0; op->output_names != NULL && i < op->output_count; i++) {
    if (op->output_names[i] != NULL &&
        scull_graph_find_value(network->graph, op->output_names[i]) != SCULL_NO_ID)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "operator '%.80s': there is a tensor '%.80s' already", op->name,
                             op->output_names[i]);
  }
  return SCULL_OK;
}

scull_status_t scull_build_network_operator(scull_network_t *network, const scull_operator_t *op,
                                            scull_diag_t *diag, scull_tensor_id_t *outs) {
  scull_graph_t *graph = network->graph;
  const scull_opdef_t *def = scull_ops_find(op->type);
  uint32_t origin = 0;
  scull_node_id_t id = SCULL_NO_ID;
  if (def == NULL)
    return no_operator(diag, op);
  SCULL_TRY(check_inputs(network, op, diag));
  SCULL_TRY(check_names(network, op, diag));
  void *attrs = scull_ops_attrs_create(&def->attrs, &graph->arena);
  if (attrs == NULL)
    return scull_base_fail_memory(diag, "an operator");
  SCULL_TRY(set_attributes(network, op, def, attrs, diag));
  SCULL_TRY(scull_graph_add_origin(graph, op->name, def->name, &origin));
  const scull_node_spec_t spec = {.op = def,
                                  .name = op->name,
                                  .attrs = attrs,
                                  .inputs = op->inputs,
                                  .input_count = op->input_count,
                                  .output_count = op->output_count,
                                  .output_names = op->output_names,
                                  .origins = &origin,
                                  .origin_count = 1};
  SCULL_TRY(scull_graph_add_node(graph, &spec, &id));
  const scull_node_t *node = scull_graph_node(graph, id);
  for (size_t i = 0; i < op->output_count; i++)
    outs[i] = node->outputs[i];
  return SCULL_OK;
}

scull_status_t scull_build_network_output(scull_network_t *network, scull_tensor_id_t tensor,
                                          const char *name, scull_diag_t *diag) {
  const scull_graph_t *graph = network->graph;
  if (tensor >= graph->values.size)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "output '%.80s' is no tensor of this network", name == NULL ? "" : name);
  name = name == NULL ? scull_graph_value(graph, tensor)->name : name;
  for (size_t i = 0; i < graph->outputs.size; i++) {
    if (strcmp(graph->outputs.data[i].name, name) == 0)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "there is an output '%.80s' already",
                             name);
  }
  return scull_graph_add_output(network->graph, tensor, name);
}

/* --- building -------------------------------------------------------------------------------- */

static scull_status_t extra_outputs(const scull_build_options_t *o, scull_graph_t *graph,
                                    scull_diag_t *diag) {
  for (size_t i = 0; i < o->extra_output_count; i++) {
    scull_value_id_t value = scull_graph_find_value(graph, o->extra_outputs[i]);
    if (value == SCULL_NO_ID)
      return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                             "no operator gives '%.80s', which was asked for as an output",
                             o->extra_outputs[i]);
    SCULL_TRY(scull_graph_add_output(graph, value, o->extra_outputs[i]));
  }
  return SCULL_OK;
}

scull_status_t scull_build_network_import(const scull_build_options_t *options,
                                          scull_import_files_t *files, scull_graph_t **out,
                                          scull_diag_t *diag) {
  scull_graph_t *graph = options->model.network->graph;
  const scull_sources_options_t nothing = {
      .disabled_ops = "", .ranges = "", .disabled_passes = "", .disabled_tactics = "", .pins = ""};
  scull_sources_options_t ignored;
  scull_text_t text = {0};
  if (graph->outputs.size == 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "the network has no output");
  if (options->input_count > 0 || options->max_batch > 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "a network written with calls has said its inputs' shapes already");
  if (options->fixed_input_count > 0)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT,
                           "a network written with calls has constants for what is fixed");
  graph->diag = diag;
  scull_status_t status = scull_build_sources_write(graph, &nothing, &text);
  graph->diag = NULL;
  scull_bytes_t bytes = {scull_base_arena_copy(&files->arena, text.data, text.size), text.size};
  scull_base_text_deinit(&text);
  SCULL_TRY(status);
  if (bytes.data == NULL)
    return scull_base_fail_memory(diag, "a network");
  SCULL_TRY(scull_build_sources_read(bytes, diag, out, &ignored));
  status = extra_outputs(options, *out, diag);
  if (status != SCULL_OK) {
    scull_graph_destroy(*out);
    *out = NULL;
  }
  return status;
}
