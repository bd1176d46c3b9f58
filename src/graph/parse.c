/* Reads a graph's text, line by line, straight into a new graph. Definitions stand before uses, so
 * there is no second pass, no cycle and no recursion. The graph is built at four points and shrunk
 * to one at the end when no input varies. */
#include <string.h>

#include "graph/scan.h"

typedef struct {
  char *name;
  bool has_type;
  scull_scan_type_t type;
} named_t;

typedef struct {
  scull_scan_t scan;
  scull_graph_t *graph;
  scull_diag_t *inner; /* words of the graphs' own functions, which know no lines */
  bool varies;
  int depth;
  SCULL_VEC(scull_value_id_t) operands;
  SCULL_VEC(named_t) results;
} parser_t;

enum { MAX_REGIONS = 2 };

static scull_status_t parse_lines(parser_t *p);

/* Gives the words of a graph's function the line's number. */
static scull_status_t relay(parser_t *p, scull_status_t status) {
  if (status == SCULL_OK)
    return SCULL_OK;
  if (status == SCULL_OUT_OF_MEMORY)
    return scull_base_fail_memory(p->scan.diag, "a graph's text");
  status = scull_graph_scan_fail(&p->scan, "%s", scull_base_diag_first_error(p->inner));
  scull_base_diag_clear(p->inner);
  return status;
}

static scull_status_t no_memory(const parser_t *p) {
  return scull_base_fail_memory(p->scan.diag, "a graph's text");
}

static scull_status_t check_new(const parser_t *p, const char *name) {
  if (scull_graph_find_value(p->graph, name) != SCULL_NO_ID)
    return scull_graph_scan_fail(&p->scan, "%%%.200s is defined twice", name);
  return SCULL_OK;
}

static scull_status_t find(const parser_t *p, const char *name, scull_value_id_t *out) {
  *out = scull_graph_find_value(p->graph, name);
  if (*out == SCULL_NO_ID)
    return scull_graph_scan_fail(&p->scan, "%%%.200s is not defined above", name);
  return SCULL_OK;
}

/* "%x: f32[2x3]", the type being optional when `must` is not set. */
static scull_status_t parse_named(parser_t *p, bool must, named_t *out) {
  *out = (named_t){0};
  SCULL_TRY(scull_graph_scan_name(&p->scan, &out->name));
  SCULL_TRY(check_new(p, out->name));
  if (must)
    SCULL_TRY(scull_graph_scan_expect(&p->scan, ':'));
  else if (!scull_graph_scan_try(&p->scan, ':'))
    return SCULL_OK;
  out->has_type = true;
  return scull_graph_scan_type(&p->scan, &out->type);
}

static scull_status_t parse_input(parser_t *p) {
  named_t input;
  scull_shape_t shape[SCULL_POINTS] = {0};
  scull_value_id_t id = SCULL_NO_ID;
  SCULL_TRY(parse_named(p, true, &input));
  const scull_scan_type_t *type = &input.type;
  for (int32_t i = 0; i < type->rank; i++) {
    if (type->min[i] > type->opt[i] || type->opt[i] > type->max[i])
      return scull_graph_scan_fail(&p->scan, "a range must be min:opt:max in this order");
    shape[SCULL_POINT_OPT].dim[i] = type->opt[i];
    shape[SCULL_POINT_MIN].dim[i] = type->min[i];
    shape[SCULL_POINT_MAX].dim[i] = type->max[i];
    shape[SCULL_POINT_PROBE].dim[i] = scull_graph_probe(type->min[i], type->opt[i], type->max[i]);
  }
  for (int k = 0; k < SCULL_POINTS; k++) {
    size_t bytes = 0;
    shape[k].rank = type->rank;
    if (!scull_tensor_type_bytes(&(scull_type_t){type->dtype, shape[k]}, &bytes))
      return scull_graph_scan_fail(&p->scan, "the input is too large");
  }
  p->varies = p->varies || type->varies;
  return relay(p, scull_graph_add_input(p->graph, input.name, type->dtype, shape, &id));
}

static scull_status_t parse_constant(parser_t *p) {
  named_t constant;
  scull_value_id_t id = SCULL_NO_ID;
  uint64_t stands_for = 0;
  void *data = NULL;
  SCULL_TRY(parse_named(p, true, &constant));
  if (constant.type.varies)
    return scull_graph_scan_fail(&p->scan, "only inputs may vary");
  const scull_type_t type = {constant.type.dtype,
                             scull_tensor_shape(constant.type.rank, constant.type.opt)};
  SCULL_TRY(scull_graph_scan_constant(&p->scan, &type, &data, &stands_for));
  SCULL_TRY(relay(p, scull_graph_add_constant(p->graph, constant.name, &type, data, &id)));
  scull_graph_value(p->graph, id)->stands_for = stands_for;
  return SCULL_OK;
}

static scull_status_t parse_output(parser_t *p) {
  char *name = NULL;
  scull_value_id_t id = SCULL_NO_ID;
  SCULL_TRY(scull_graph_scan_name(&p->scan, &name));
  SCULL_TRY(find(p, name, &id));
  if (!scull_graph_scan_at_end(&p->scan))
    SCULL_TRY(scull_graph_scan_quoted(&p->scan, &name));
  return relay(p, scull_graph_add_output(p->graph, id, name));
}

/* "%a: f32[2], %b =" */
static scull_status_t parse_results(parser_t *p) {
  p->results.size = 0;
  do {
    named_t result;
    SCULL_TRY(parse_named(p, false, &result));
    if (!SCULL_VEC_PUSH(&p->results, result))
      return no_memory(p);
  } while (scull_graph_scan_try(&p->scan, ','));
  return scull_graph_scan_expect(&p->scan, '=');
}

/* "(%x, -, %y)" */
static scull_status_t parse_operands(parser_t *p) {
  p->operands.size = 0;
  SCULL_TRY(scull_graph_scan_expect(&p->scan, '('));
  if (scull_graph_scan_try(&p->scan, ')'))
    return SCULL_OK;
  do {
    scull_value_id_t id = SCULL_NO_ID;
    char *name = NULL;
    if (!scull_graph_scan_try(&p->scan, '-')) {
      SCULL_TRY(scull_graph_scan_name(&p->scan, &name));
      SCULL_TRY(find(p, name, &id));
    }
    if (!SCULL_VEC_PUSH(&p->operands, id))
      return no_memory(p);
  } while (scull_graph_scan_try(&p->scan, ','));
  return scull_graph_scan_expect(&p->scan, ')');
}

/* `strides=2,2 mode="a b" "node name"`, up to the end of the line. */
static scull_status_t parse_attrs(parser_t *p, const scull_opdef_t *op, void *attrs,
                                  char **node_name) {
  while (!scull_graph_scan_at_end(&p->scan) && *p->scan.at != '{') {
    char *name = NULL, *value = NULL;
    if (*p->scan.at == '"')
      return scull_graph_scan_quoted(&p->scan, node_name);
    SCULL_TRY(scull_graph_scan_word(&p->scan, &name));
    SCULL_TRY(scull_graph_scan_expect(&p->scan, '='));
    if (*p->scan.at == '"')
      SCULL_TRY(scull_graph_scan_quoted(&p->scan, &value));
    else
      SCULL_TRY(scull_graph_scan_bare(&p->scan, &value));
    SCULL_TRY(
        relay(p, scull_ops_attrs_set(&op->attrs, attrs, name, value, &p->graph->arena, p->inner)));
  }
  return SCULL_OK;
}

/* Name and type are as written. */
static scull_status_t check_result(parser_t *p, const named_t *result, scull_value_id_t id) {
  const scull_value_t *v = scull_graph_value(p->graph, id);
  if (strcmp(v->name, result->name) != 0) /* taken by an earlier one of this line */
    return scull_graph_scan_fail(&p->scan, "%%%.200s is defined twice", result->name);
  if (!result->has_type)
    return SCULL_OK;
  const scull_scan_type_t *type = &result->type;
  bool same = v->dtype == type->dtype && v->shape[0].rank == type->rank;
  for (int32_t i = 0; same && i < type->rank; i++)
    same = v->shape[SCULL_POINT_OPT].dim[i] == type->opt[i] &&
           v->shape[SCULL_POINT_MIN].dim[i] == type->min[i] &&
           v->shape[SCULL_POINT_MAX].dim[i] == type->max[i];
  if (same)
    return SCULL_OK;
  scull_text_t text = {0};
  scull_graph_print_type(p->graph, v, &text);
  scull_status_t status = scull_graph_scan_fail(
      &p->scan, "%%%.200s is written with another type than %s, which its operator gives",
      result->name, scull_base_text_get(&text));
  scull_base_text_deinit(&text);
  return status;
}

/* A region up to its closing brace. The parser is copied: operands and results of the line that
 * holds the region are still wanted. */
static scull_status_t parse_region(parser_t *p, scull_graph_t **out) {
  parser_t inner = *p;
  inner.operands.data = NULL;
  inner.operands.size = inner.operands.room = 0;
  inner.results.data = NULL;
  inner.results.size = inner.results.room = 0;
  inner.depth++;
  if (inner.depth > SCULL_MAX_REGION_DEPTH)
    return scull_graph_scan_fail(&p->scan, "more than %d levels of braces", SCULL_MAX_REGION_DEPTH);
  SCULL_TRY(scull_graph_create(SCULL_POINTS, p->inner, &inner.graph));
  inner.scan.arena = &inner.graph->arena;
  scull_status_t status = parse_lines(&inner);
  p->scan.at = inner.scan.at;
  p->scan.line = inner.scan.line;
  p->varies = inner.varies;
  SCULL_VEC_DEINIT(&inner.operands);
  SCULL_VEC_DEINIT(&inner.results);
  if (status == SCULL_OK)
    status = scull_graph_scan_expect(&p->scan, '}');
  if (status != SCULL_OK) {
    scull_graph_destroy(inner.graph);
    return status;
  }
  *out = inner.graph;
  return SCULL_OK;
}

static scull_status_t parse_regions(parser_t *p, scull_graph_t **regions, size_t *count) {
  while (scull_graph_scan_try(&p->scan, '{')) {
    if (*count == MAX_REGIONS)
      return scull_graph_scan_fail(&p->scan, "more than %d regions", MAX_REGIONS);
    SCULL_TRY(parse_region(p, &regions[*count]));
    (*count)++;
  }
  return SCULL_OK;
}

static scull_status_t add_node(parser_t *p, const scull_opdef_t *op, const void *attrs,
                               const char *name, scull_graph_t *const *regions,
                               size_t region_count) {
  size_t count = p->results.size;
  scull_node_id_t id = SCULL_NO_ID;
  uint32_t origin = 0;
  const char **names = SCULL_ARENA_ARRAY(&p->graph->arena, const char *, count);
  if (names == NULL)
    return no_memory(p);
  for (size_t i = 0; i < count; i++)
    names[i] = p->results.data[i].name;
  SCULL_TRY(relay(p, scull_graph_add_origin(p->graph, name, op->name, &origin)));
  const scull_node_spec_t spec = {.op = op,
                                  .name = name,
                                  .attrs = attrs,
                                  .inputs = p->operands.data,
                                  .input_count = p->operands.size,
                                  .output_count = count,
                                  .output_names = names,
                                  .origins = &origin,
                                  .origin_count = 1,
                                  .regions = regions,
                                  .region_count = region_count};
  SCULL_TRY(relay(p, scull_graph_add_node(p->graph, &spec, &id)));
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(check_result(p, &p->results.data[i], scull_graph_node(p->graph, id)->outputs[i]));
  }
  return SCULL_OK;
}

static scull_status_t parse_node(parser_t *p) {
  char *op_name = NULL;
  SCULL_TRY(parse_results(p));
  SCULL_TRY(scull_graph_scan_word(&p->scan, &op_name));
  const scull_opdef_t *op = scull_ops_find(op_name);
  if (op == NULL)
    return scull_graph_scan_fail(&p->scan, "no operator '%.40s'", op_name);
  SCULL_TRY(parse_operands(p));
  void *attrs = scull_ops_attrs_create(&op->attrs, &p->graph->arena);
  if (attrs == NULL)
    return no_memory(p);
  char *name = p->results.data[0].name;
  SCULL_TRY(parse_attrs(p, op, attrs, &name));
  scull_graph_t *regions[MAX_REGIONS] = {NULL};
  size_t count = 0, kept = p->graph->regions.size;
  scull_status_t status = parse_regions(p, regions, &count);
  if (status == SCULL_OK)
    status = add_node(p, op, attrs, name, regions, count);
  for (size_t i = 0; i < count && p->graph->regions.size == kept; i++)
    scull_graph_destroy(regions[i]);
  return status;
}

static scull_status_t parse_line(parser_t *p) {
  char *word = NULL;
  if (scull_graph_scan_at_end(&p->scan))
    return SCULL_OK;
  if (*p->scan.at == '#') {
    p->scan.at += strcspn(p->scan.at, "\n");
    return SCULL_OK;
  }
  if (*p->scan.at == '%')
    return parse_node(p);
  if (*p->scan.at == '}' && p->depth > 0)
    return SCULL_OK;
  SCULL_TRY(scull_graph_scan_word(&p->scan, &word));
  if (strcmp(word, "input") == 0)
    return parse_input(p);
  if (strcmp(word, "const") == 0)
    return parse_constant(p);
  if (strcmp(word, "output") == 0)
    return parse_output(p);
  return scull_graph_scan_fail(&p->scan, "'%.40s' is not input, const, output or a value", word);
}

static scull_status_t check_size(const parser_t *p) {
  const scull_graph_t *g = p->graph;
  size_t bytes = g->arena.bytes + g->values.room * sizeof *g->values.data +
                 g->nodes.room * sizeof *g->nodes.data;
  if (bytes > SCULL_SCAN_MAX_BYTES)
    return scull_base_fail(p->scan.diag, SCULL_OUT_OF_MEMORY,
                           "line %zu: the text asks for more than %d MiB", p->scan.line,
                           SCULL_SCAN_MAX_BYTES >> 20);
  return SCULL_OK;
}

static scull_status_t parse_lines(parser_t *p) {
  for (;; p->scan.line++) {
    SCULL_TRY(parse_line(p));
    SCULL_TRY(check_size(p));
    if (!scull_graph_scan_at_end(&p->scan)) {
      if (p->depth > 0 && *p->scan.at == '}')
        return SCULL_OK;
      return scull_graph_scan_fail(&p->scan, "more than one statement");
    }
    if (*p->scan.at == '\r')
      p->scan.at++;
    if (*p->scan.at == '\0' && p->depth > 0)
      return scull_graph_scan_fail(&p->scan, "a brace is not closed");
    if (*p->scan.at == '\0')
      return SCULL_OK;
    if (*p->scan.at != '\n')
      return scull_graph_scan_fail(&p->scan, "a carriage return within a line");
    p->scan.at++;
  }
}

static bool has_late(const scull_graph_t *graph) {
  bool late = false;
  for (size_t i = 0; i < graph->values.size && !late; i++)
    late = graph->values.data[i].late;
  for (size_t i = 0; i < graph->regions.size && !late; i++)
    late = has_late(graph->regions.data[i]);
  return late;
}

/* The words go to the caller from now on. */
static void close_graph(const parser_t *p, scull_graph_t *graph, int points) {
  graph->diag = p->scan.diag;
  graph->points = points;
  for (size_t i = 0; i < graph->regions.size; i++)
    close_graph(p, graph->regions.data[i], points);
}

scull_status_t scull_graph_parse(const char *text, scull_diag_t *diag, scull_graph_t **out) {
  scull_diag_t inner;
  parser_t p = {.inner = &inner, .scan = {.at = text, .line = 1, .diag = diag}};
  *out = NULL;
  scull_base_diag_init(&inner, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_status_t status = scull_graph_create(SCULL_POINTS, diag, &p.graph);
  if (status == SCULL_OK) {
    p.scan.arena = &p.graph->arena;
    p.graph->diag = &inner;
    status = parse_lines(&p);
    close_graph(&p, p.graph, p.varies || has_late(p.graph) ? SCULL_POINTS : 1);
  }
  if (status == SCULL_OK) {
    *out = p.graph;
    p.graph = NULL;
  }
  scull_graph_destroy(p.graph);
  SCULL_VEC_DEINIT(&p.operands);
  SCULL_VEC_DEINIT(&p.results);
  scull_base_diag_deinit(&inner);
  return status;
}
