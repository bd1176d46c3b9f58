/* Walks the nodes of the main graph in the order of the file, which must be one of dependence, so
 * that a cycle is a node that reads a name before anything gave it. Functions of the model are
 * written out where they are called. What is not supported is collected; its outputs are lost, and
 * nodes that need them are passed over. */
#include "import/onnx/convert.h"

#include "import/region.h"

#include <stdio.h>
#include <string.h>

#define LOST SCULL_ONNX_LOST

enum {
  MAX_DEPTH = 32,         /* functions in functions */
  MAX_EXPANDED = 1 << 20, /* nodes out of functions: they may double at each depth */
};

static scull_status_t no_memory(const scull_onnx_converter_t *cx) {
  return scull_base_fail_memory(cx->source->diag, "a model");
}

/* --- names ----------------------------------------------------------------------------------- */

scull_status_t scull_onnx_bind(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                               const char *name, scull_value_id_t value) {
  size_t known = 0;
  if (scull_base_map_find(&scope->names, name, strlen(name), &known))
    return scull_base_fail(cx->source->diag, SCULL_CORRUPT, "%s: the name '%.80s' is given twice",
                           cx->source->model_name, name);
  return scull_base_map_set(&scope->names, name, strlen(name), value) ? SCULL_OK : no_memory(cx);
}

bool scull_onnx_lookup(scull_onnx_scope_t *scope, const char *name, scull_value_id_t *out) {
  size_t value = 0;
  if (scull_base_map_find(&scope->names, name, strlen(name), &value)) {
    *out = (scull_value_id_t)value;
    return true;
  }
  if (scope->outer == NULL || !scull_onnx_lookup(scope->outer, name, out))
    return false;
  if (scope->region != NULL && *out < LOST)
    *out = scull_import_region_capture(scope->region, *out);
  return true;
}

/* Why a lost name cannot be had, when it is an initializer that Scull cannot hold; else NULL. */
static const char *fault_of(const scull_onnx_scope_t *scope, const char *name) {
  for (; scope != NULL; scope = scope->outer) {
    for (size_t i = 0; scope->from != NULL && i < scope->from->tensor_count; i++) {
      if (strcmp(scope->from->tensors[i].name, name) == 0)
        return scope->from->tensors[i].fault;
    }
  }
  return NULL;
}

/* --- versions -------------------------------------------------------------------------------- */

/* 0 when the model imports no such operator set; an old model imports version 1 by saying nothing.
 */
static int64_t version_of(const scull_onnx_opsets_t *opsets, const char *domain) {
  for (size_t i = 0; i < opsets->size; i++) {
    if (strcmp(opsets->data[i].domain, domain) == 0)
      return opsets->data[i].version;
  }
  return domain[0] == '\0' ? opsets->size == 0 : 1;
}

static scull_status_t check_opsets(const scull_onnx_converter_t *cx,
                                   const scull_onnx_opsets_t *opsets) {
  for (size_t i = 0; i < opsets->size; i++) {
    const scull_onnx_opset_t *opset = &opsets->data[i];
    if (opset->domain[0] != '\0' || (opset->version >= 1 && opset->version <= SCULL_ONNX_OPSET_MAX))
      continue;
    return scull_base_fail(cx->source->diag, SCULL_UNSUPPORTED,
                           "%s: the model is of opset %lld; Scull reads opsets 1 to %d of ai.onnx",
                           cx->source->model_name, (long long)opset->version, SCULL_ONNX_OPSET_MAX);
  }
  return SCULL_OK;
}

static const scull_onnx_function_t *find_function(const scull_onnx_converter_t *cx,
                                                  const scull_onnx_node_t *node) {
  for (size_t i = 0; i < cx->model->function_count; i++) {
    const scull_onnx_function_t *function = &cx->model->functions[i];
    if (strcmp(function->name, node->type) == 0 && strcmp(function->domain, node->domain) == 0)
      return function;
  }
  return NULL;
}

/* --- initializers ---------------------------------------------------------------------------- */

static scull_status_t add_initializers(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                       const scull_onnx_graph_t *graph) {
  for (size_t i = 0; i < graph->tensor_count; i++) {
    const scull_onnx_tensor_t *tensor = &graph->tensors[i];
    scull_value_id_t value = LOST;
    if (tensor->fault == NULL)
      SCULL_TRY(scull_graph_add_constant(scope->graph, tensor->name, &tensor->type, tensor->data,
                                         &value));
    SCULL_TRY(scull_onnx_bind(cx, scope, tensor->name, value));
  }
  return SCULL_OK;
}

/* --- one node -------------------------------------------------------------------------------- */

/* A node with what it is about to be mapped with. */
typedef struct {
  scull_onnx_converter_t *cx;
  scull_onnx_scope_t *scope;
  const scull_onnx_node_t *node;
  scull_onnx_call_t call;
  scull_value_id_t *in;
  const char **names;
  bool lost;
} site_t;

static const char *node_name(const scull_onnx_node_t *node) {
  if (node->name[0] != '\0')
    return node->name;
  return node->outputs.size > 0 && node->outputs.data[0][0] != '\0' ? node->outputs.data[0]
                                                                    : node->type;
}

static void place_of(const site_t *s, char *text, size_t size) {
  snprintf(text, size, "%snode %zu '%.80s' (%.40s%s%.40s, opset %lld)",
           s->scope->prefix != NULL ? "in a function, " : "", s->node->index, node_name(s->node),
           s->node->domain, s->node->domain[0] == '\0' ? "" : ".", s->node->type,
           (long long)s->call.version);
}

static scull_status_t fail_at(const site_t *s, scull_status_t status, const char *words) {
  char place[300];
  place_of(s, place, sizeof place);
  return scull_base_fail(s->cx->source->diag, status, "%s: %s: %s", s->cx->source->model_name,
                         place, words);
}

static scull_status_t add_gap(const site_t *s, const char *reason) {
  char place[300];
  place_of(s, place, sizeof place);
  return scull_import_gaps_add(&s->cx->gaps, s->cx->source->diag, s->node->type, reason, place);
}

static scull_status_t bind_outputs(site_t *s, const scull_value_id_t *values) {
  for (size_t i = 0; i < s->node->outputs.size; i++) {
    if (s->node->outputs.data[i][0] != '\0')
      SCULL_TRY(scull_onnx_bind(s->cx, s->scope, s->node->outputs.data[i],
                                values == NULL ? LOST : values[i]));
  }
  return SCULL_OK;
}

/* Every operand must have a value; s->lost when one of them cannot be had. */
static scull_status_t read_operands(site_t *s) {
  char words[160];
  const scull_onnx_names_t *inputs = &s->node->inputs;
  s->in = SCULL_ARENA_ARRAY(&s->cx->arena, scull_value_id_t, inputs->size);
  if (s->in == NULL)
    return no_memory(s->cx);
  for (size_t i = 0; i < inputs->size; i++) {
    s->in[i] = SCULL_NO_ID;
    if (inputs->data[i][0] == '\0')
      continue;
    if (!scull_onnx_lookup(s->scope, inputs->data[i], &s->in[i])) {
      snprintf(words, sizeof words, "it reads '%.80s', which nothing before it gives",
               inputs->data[i]);
      return fail_at(s, SCULL_CORRUPT, words);
    }
    if (s->in[i] != LOST)
      continue;
    s->lost = true;
    const char *fault = fault_of(s->scope, inputs->data[i]);
    if (fault != NULL)
      SCULL_TRY(add_gap(s, fault));
  }
  return SCULL_OK;
}

/* The name that an output gets in the graph. */
static const char *visible_name(const site_t *s, const char *name) {
  const scull_onnx_scope_t *scope = s->scope;
  if (scope->prefix == NULL)
    return name;
  for (size_t i = 0; i < scope->inner.size && i < scope->outside.size; i++) {
    if (strcmp(scope->inner.data[i], name) == 0 && scope->outside.data[i][0] != '\0')
      return scope->outside.data[i];
  }
  return scull_base_arena_format(&s->cx->arena, "%s/%s", scope->prefix, name);
}

/* Attributes that refer to the call of the function around them, resolved. */
static scull_status_t read_attrs(const site_t *s, scull_onnx_attrs_t *out) {
  const scull_onnx_attrs_t *from = &s->node->attrs, *outer = &s->scope->attrs;
  *out = *from;
  if (s->scope->prefix == NULL)
    return SCULL_OK;
  scull_onnx_attr_t *list = SCULL_ARENA_ARRAY(&s->cx->arena, scull_onnx_attr_t, from->size);
  if (list == NULL)
    return no_memory(s->cx);
  *out = (scull_onnx_attrs_t){list, 0};
  for (size_t i = 0; i < from->size; i++) {
    const scull_onnx_attr_t *attr = &from->data[i];
    for (size_t k = 0; attr->ref != NULL && k < outer->size; k++) {
      if (strcmp(outer->data[k].name, from->data[i].ref) == 0)
        attr = &outer->data[k];
    }
    if (attr->ref != NULL) /* not given at the call: the operator's own default */
      continue;
    list[out->size] = *attr;
    list[out->size++].name = from->data[i].name;
  }
  return SCULL_OK;
}

static scull_status_t prepare_call(site_t *s, const scull_onnx_row_t *row) {
  scull_onnx_call_t *call = &s->call;
  size_t outputs = s->node->outputs.size;
  s->names = SCULL_ARENA_ARRAY(&s->cx->arena, const char *, outputs + 1);
  call->out = SCULL_ARENA_ARRAY(&s->cx->arena, scull_value_id_t, outputs + 1);
  if (s->names == NULL || call->out == NULL)
    return no_memory(s->cx);
  for (size_t i = 0; i < outputs; i++) {
    const char *name = s->node->outputs.data[i];
    s->names[i] = name[0] == '\0' ? NULL : visible_name(s, name);
    if (name[0] != '\0' && s->names[i] == NULL)
      return no_memory(s->cx);
    call->out[i] = SCULL_NO_ID;
  }
  SCULL_TRY(read_attrs(s, &call->attrs));
  call->emitter.graph = call->graph = s->scope->graph;
  call->emitter.name =
      s->node->name[0] == '\0' && s->names[0] != NULL ? s->names[0] : node_name(s->node);
  call->emitter.has_origin = true;
  call->node = s->node;
  call->row = row;
  call->in = s->in;
  call->in_count = s->node->inputs.size;
  call->out_names = s->names;
  call->out_count = outputs;
  call->converter = s->cx;
  call->scope = s->scope;
  return scull_graph_add_origin(s->scope->graph, call->emitter.name, s->node->type,
                                &call->emitter.origin);
}

static scull_status_t run_row(void *user) {
  site_t *s = user;
  SCULL_TRY(s->call.row->map(&s->call));
  for (size_t i = 0; i < s->call.out_count; i++) {
    if (s->names[i] != NULL && s->call.out[i] == SCULL_NO_ID && !s->call.may_lack)
      return scull_import_unsupported(&s->call.emitter, "its output %zu", i);
  }
  return SCULL_OK;
}

static scull_status_t map_row(site_t *s, const scull_onnx_row_t *row) {
  char place[300];
  bool lost = false;
  place_of(s, place, sizeof place);
  SCULL_TRY(prepare_call(s, row));
  SCULL_TRY(scull_import_map(s->cx->source, &s->call.emitter, &s->cx->gaps, s->node->type, place,
                             run_row, s, &lost));
  return bind_outputs(s, lost ? NULL : s->call.out);
}

/* --- functions ------------------------------------------------------------------------------- */

static scull_status_t walk_nodes(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                 const scull_onnx_node_t *nodes, size_t count);

/* The call's attributes, then the defaults of those that it does not give. */
static scull_status_t function_attrs(const site_t *s, const scull_onnx_function_t *function,
                                     scull_onnx_attrs_t *out) {
  scull_onnx_attrs_t given;
  SCULL_TRY(read_attrs(s, &given));
  scull_onnx_attr_t *list =
      SCULL_ARENA_ARRAY(&s->cx->arena, scull_onnx_attr_t, given.size + function->attrs.size);
  if (list == NULL)
    return no_memory(s->cx);
  for (size_t i = 0; i < given.size; i++)
    list[i] = given.data[i];
  for (size_t i = 0; i < function->attrs.size; i++) /* the first of a name counts */
    list[given.size + i] = function->attrs.data[i];
  *out = (scull_onnx_attrs_t){list, given.size + function->attrs.size};
  return SCULL_OK;
}

static scull_status_t bind_formals(site_t *s, const scull_onnx_function_t *function,
                                   scull_onnx_scope_t *inner) {
  for (size_t i = 0; i < function->inputs.size; i++)
    SCULL_TRY(scull_onnx_bind(s->cx, inner, function->inputs.data[i],
                              i < s->node->inputs.size ? s->in[i] : SCULL_NO_ID));
  return SCULL_OK;
}

static scull_status_t take_results(site_t *s, const scull_onnx_function_t *function,
                                   scull_onnx_scope_t *inner) {
  scull_value_id_t *values =
      SCULL_ARENA_ARRAY(&s->cx->arena, scull_value_id_t, s->node->outputs.size);
  if (values == NULL)
    return no_memory(s->cx);
  for (size_t i = 0; i < s->node->outputs.size; i++) {
    if (s->node->outputs.data[i][0] == '\0')
      continue;
    if (i >= function->outputs.size ||
        !scull_onnx_lookup(inner, function->outputs.data[i], &values[i]) ||
        values[i] == SCULL_NO_ID)
      return fail_at(s, SCULL_CORRUPT, "the function does not give one of its outputs");
  }
  return bind_outputs(s, values);
}

/* What the results of a call are called in the graph. */
static scull_status_t outside_names(const site_t *s, scull_onnx_names_t *out) {
  const scull_onnx_names_t *from = &s->node->outputs;
  out->data = SCULL_ARENA_ARRAY(&s->cx->arena, const char *, from->size);
  out->size = from->size;
  for (size_t i = 0; out->data != NULL && i < from->size; i++) {
    out->data[i] = from->data[i][0] == '\0' ? "" : visible_name(s, from->data[i]);
    if (out->data[i] == NULL)
      return no_memory(s->cx);
  }
  return out->data == NULL ? no_memory(s->cx) : SCULL_OK;
}

static scull_status_t write_out(site_t *s, const scull_onnx_function_t *function) {
  scull_onnx_scope_t inner = {.graph = s->scope->graph,
                              .opsets =
                                  function->opsets.size > 0 ? &function->opsets : s->scope->opsets,
                              .inner = function->outputs,
                              .depth = s->scope->depth + 1};
  s->cx->expanded += function->node_count;
  if (inner.depth > MAX_DEPTH || s->cx->expanded > MAX_EXPANDED)
    return fail_at(s, SCULL_CORRUPT, "functions call functions without an end");
  SCULL_TRY(check_opsets(s->cx, inner.opsets));
  inner.prefix = s->scope->prefix == NULL
                     ? node_name(s->node)
                     : scull_base_arena_format(&s->cx->arena, "%.200s/%.80s", s->scope->prefix,
                                               node_name(s->node));
  if (inner.prefix == NULL)
    return no_memory(s->cx);
  SCULL_TRY(outside_names(s, &inner.outside));
  SCULL_TRY(function_attrs(s, function, &inner.attrs));
  scull_status_t status = bind_formals(s, function, &inner);
  if (status == SCULL_OK)
    status = walk_nodes(s->cx, &inner, function->nodes, function->node_count);
  if (status == SCULL_OK)
    status = take_results(s, function, &inner);
  scull_base_map_deinit(&inner.names);
  return status;
}

/* --- walking --------------------------------------------------------------------------------- */

static const char *why_missing(const site_t *s, bool other) {
  if (other)
    return "Scull reads it in other versions only";
  return s->node->domain[0] == '\0' || strcmp(s->node->domain, "com.microsoft") == 0
             ? "Scull does not know it"
             : "it is of a domain that Scull does not know, and no function of the model";
}

static scull_status_t walk_node(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                const scull_onnx_node_t *node) {
  site_t s = {.cx = cx, .scope = scope, .node = node};
  bool other = false;
  s.call.version = version_of(scope->opsets, node->domain);
  const scull_onnx_row_t *row =
      scull_onnx_row_find(node->domain, node->type, s.call.version, &other);
  const scull_onnx_function_t *function = row == NULL ? find_function(cx, node) : NULL;
  scull_onnx_row_t of_plugin;
  if (row == NULL && function == NULL && scull_onnx_plugin_row(node, &of_plugin))
    row = &of_plugin;
  if (row == NULL && function == NULL) {
    SCULL_TRY(add_gap(&s, why_missing(&s, other)));
    return bind_outputs(&s, NULL);
  }
  SCULL_TRY(read_operands(&s));
  if (s.lost)
    return bind_outputs(&s, NULL);
  return row != NULL ? map_row(&s, row) : write_out(&s, function);
}

static scull_status_t walk_nodes(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                 const scull_onnx_node_t *nodes, size_t count) {
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(walk_node(cx, scope, &nodes[i]));
  return SCULL_OK;
}

scull_status_t scull_onnx_convert_graph(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                        const scull_onnx_graph_t *graph) {
  SCULL_TRY(add_initializers(cx, scope, graph));
  return walk_nodes(cx, scope, graph->nodes, graph->node_count);
}

/* --- outputs --------------------------------------------------------------------------------- */

static scull_value_id_t find_value(void *user, const char *name) {
  scull_value_id_t value = SCULL_NO_ID;
  return scull_onnx_lookup(user, name, &value) && value != LOST ? value : SCULL_NO_ID;
}

static scull_status_t add_outputs(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope) {
  const scull_onnx_graph_t *graph = scope->from;
  for (size_t i = 0; i < graph->output_count; i++) {
    const char *name = graph->outputs[i].name;
    scull_value_id_t value = find_value(scope, name);
    if (value == SCULL_NO_ID)
      return scull_base_fail(cx->source->diag, SCULL_CORRUPT, "%s: nothing gives output '%.80s'",
                             cx->source->model_name, name);
    SCULL_TRY(scull_graph_add_output(scope->graph, value, name));
  }
  if (graph->output_count == 0 && cx->source->options->extra_output_count == 0)
    return scull_base_fail(cx->source->diag, SCULL_CORRUPT, "%s: the model has no output",
                           cx->source->model_name);
  return scull_import_extra_outputs(cx->source, scope->graph, find_value, scope);
}

static scull_status_t list_initializers(scull_onnx_converter_t *cx, const scull_onnx_graph_t *graph,
                                        scull_map_t *out) {
  for (size_t i = 0; i < graph->tensor_count; i++) {
    const char *name = graph->tensors[i].name;
    if (!scull_base_map_set(out, name, strlen(name), i))
      return no_memory(cx);
  }
  return SCULL_OK;
}

static scull_status_t convert(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope) {
  scull_map_t initial = {0};
  SCULL_TRY(check_opsets(cx, scope->opsets));
  scull_status_t status = list_initializers(cx, scope->from, &initial);
  if (status == SCULL_OK)
    status = scull_onnx_add_inputs(cx, scope, &initial);
  scull_base_map_deinit(&initial);
  SCULL_TRY(status);
  SCULL_TRY(scull_onnx_convert_graph(cx, scope, scope->from));
  SCULL_TRY(scull_import_gaps_report(&cx->gaps, cx->source));
  return cx->refused ? SCULL_UNSUPPORTED : add_outputs(cx, scope);
}

scull_status_t scull_onnx_convert(const scull_import_source_t *source, scull_onnx_model_t *model,
                                  scull_graph_t **out) {
  scull_onnx_converter_t cx = {.source = source, .model = model};
  scull_onnx_scope_t scope = {.from = &model->graph, .opsets = &model->opsets};
  *out = NULL;
  scull_status_t status = convert(&cx, &scope);
  scull_import_gaps_deinit(&cx.gaps);
  scull_base_map_deinit(&scope.names);
  scull_base_arena_deinit(&cx.arena);
  bool partial = scull_import_keeps_partial(source, status) && scope.graph != NULL;
  if (status != SCULL_OK && !partial) {
    scull_graph_destroy(scope.graph);
    return status;
  }
  scull_base_arena_join(&scope.graph->arena, &model->bytes);
  *out = scope.graph;
  return status;
}
