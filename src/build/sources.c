/* Graphs as records. Values are numbered: inputs, constants, then the outputs of the nodes in
 * execution order; a node names its operands by number. Reading goes through the graph's own add
 * functions, so that a record can say nothing that a graph could not hold. */
#include "build/sources.h"

#include <string.h>

enum { MAX_OUTPUTS = 4096, MAX_REGIONS = 2, VERSION = 0x33435253 }; /* "SRC3" */

typedef struct {
  scull_codec_t *codec;
  scull_graph_t *graph;
  uint32_t *number;         /* writing: by value id */
  scull_value_id_t *values; /* reading: by number */
  size_t count, room;
  int depth;
} work_t;

static void codec_options(scull_codec_t *c, scull_sources_options_t *o) {
  scull_base_codec_i32(c, &o->threads);
  scull_base_codec_i32(c, &o->min_subgraph_size);
  scull_base_codec_i32(c, &o->level);
  scull_base_codec_u64(c, &o->workspace);
  scull_base_codec_string(c, &o->disabled_ops);
  scull_base_codec_string(c, &o->disabled_passes);
  scull_base_codec_string(c, &o->disabled_tactics);
  scull_base_codec_u32(c, &o->precisions);
  scull_base_codec_string(c, &o->pins);
  scull_base_codec_string(c, &o->ranges);
  scull_base_codec_f64(c, &o->dummy_range);
}

/* --- writing -------------------------------------------------------------------------------------
 */

static void write_value(work_t *w, scull_value_id_t id) {
  scull_value_t *v = scull_graph_value(w->graph, id);
  w->number[id] = (uint32_t)w->count++;
  scull_base_codec_string(w->codec, &v->name);
  scull_base_codec_bool(w->codec, &v->made_name);
}

static void write_input(work_t *w, scull_value_id_t id) {
  scull_value_t v = *scull_graph_value(w->graph, id);
  write_value(w, id);
  scull_plan_codec_dtype(w->codec, &v.dtype);
  for (int p = 0; p < w->graph->points; p++)
    scull_plan_codec_shape(w->codec, &v.shape[p]);
}

static void write_constant(work_t *w, scull_value_id_t id) {
  scull_value_t v = *scull_graph_value(w->graph, id);
  scull_type_t type = {.dtype = v.dtype, .shape = v.shape[0]};
  scull_bytes_t bytes = {v.data, scull_tensor_bytes(&type)};
  write_value(w, id);
  scull_plan_codec_dtype(w->codec, &v.dtype);
  scull_plan_codec_shape(w->codec, &v.shape[0]);
  scull_base_codec_bytes(w->codec, &bytes);
}

static scull_status_t write_graph(scull_codec_t *codec, scull_graph_t *graph);

static scull_status_t write_node(work_t *w, const scull_node_t *node) {
  scull_codec_t *c = w->codec;
  const scull_opdef_t *def = node->op;
  const char *name = node->name;
  const void *attrs = node->attrs;
  uint32_t inputs = (uint32_t)node->input_count, outputs = (uint32_t)node->output_count;
  uint32_t origins = (uint32_t)node->origin_count;
  scull_base_codec_string(c, &name);
  scull_plan_codec_op(c, &def);
  scull_plan_codec_attrs(c, def, &attrs);
  scull_base_codec_u32(c, &inputs);
  for (size_t i = 0; i < inputs; i++) {
    uint32_t number = node->inputs[i] == SCULL_NO_ID ? SCULL_NO_ID : w->number[node->inputs[i]];
    scull_base_codec_u32(c, &number);
  }
  scull_base_codec_u32(c, &origins);
  for (size_t i = 0; i < origins; i++)
    scull_base_codec_u32(c, &node->origins[i]);
  scull_base_codec_u32(c, &outputs);
  for (size_t i = 0; i < outputs; i++)
    write_value(w, node->outputs[i]);
  uint32_t regions = (uint32_t)node->region_count;
  if (def->control != SCULL_CONTROL_NONE)
    scull_base_codec_u32(c, &regions);
  for (size_t i = 0; i < regions; i++)
    SCULL_TRY(write_graph(c, node->regions[i]));
  return SCULL_OK;
}

static size_t count_constants(const scull_graph_t *graph) {
  size_t count = 0;
  for (size_t i = 0; i < graph->values.size; i++)
    count += !graph->values.data[i].dead && graph->values.data[i].data != NULL;
  return count;
}

static void write_ends(work_t *w) {
  uint32_t count = (uint32_t)w->graph->outputs.size;
  scull_base_codec_u32(w->codec, &count);
  for (size_t i = 0; i < count; i++) {
    scull_graph_output_t out = w->graph->outputs.data[i];
    scull_base_codec_u32(w->codec, &w->number[out.value]);
    scull_base_codec_string(w->codec, &out.name);
  }
}

static void write_origins(work_t *w) {
  uint32_t count = (uint32_t)w->graph->origins.size;
  scull_base_codec_u32(w->codec, &count);
  for (size_t i = 0; i < count; i++) {
    scull_origin_t origin = w->graph->origins.data[i];
    scull_base_codec_string(w->codec, &origin.name);
    scull_base_codec_string(w->codec, &origin.type);
  }
}

/* A network, or a region of one: the points are the network's. */
static scull_status_t write_graph(scull_codec_t *codec, scull_graph_t *graph) {
  scull_node_id_t *order = NULL;
  size_t nodes = 0;
  work_t w = {.codec = codec, .graph = graph};
  SCULL_TRY(scull_graph_sort(graph, &order, &nodes));
  w.number = SCULL_ARENA_ARRAY(&graph->arena, uint32_t, graph->values.size + 1);
  if (w.number == NULL)
    return SCULL_OUT_OF_MEMORY;
  uint32_t inputs = (uint32_t)graph->inputs.size, constants = (uint32_t)count_constants(graph);
  uint32_t node_count = (uint32_t)nodes;
  write_origins(&w);
  scull_base_codec_u32(codec, &inputs);
  for (size_t i = 0; i < inputs; i++)
    write_input(&w, graph->inputs.data[i]);
  scull_base_codec_u32(codec, &constants);
  for (size_t i = 0; i < graph->values.size; i++) {
    if (!graph->values.data[i].dead && graph->values.data[i].data != NULL)
      write_constant(&w, (scull_value_id_t)i);
  }
  scull_base_codec_u32(codec, &node_count);
  for (size_t i = 0; i < nodes; i++)
    SCULL_TRY(write_node(&w, scull_graph_node(graph, order[i])));
  write_ends(&w);
  return SCULL_OK;
}

scull_status_t scull_build_sources_write(scull_graph_t *graph,
                                         const scull_sources_options_t *options,
                                         scull_text_t *out) {
  scull_codec_t codec;
  scull_sources_options_t copy = *options;
  int32_t points = graph->points;
  uint32_t version = VERSION;
  scull_base_codec_write(&codec);
  scull_base_codec_u32(&codec, &version);
  codec_options(&codec, &copy);
  scull_base_codec_i32(&codec, &points);
  scull_status_t status = write_graph(&codec, graph);
  if (status != SCULL_OK || codec.failed) {
    scull_base_codec_deinit(&codec);
    return scull_base_fail_memory(graph->diag, "a plan's sources");
  }
  *out = codec.out;
  return SCULL_OK;
}

/* --- reading -------------------------------------------------------------------------------------
 */

/* A value's name, and whether it was made up. */
static void read_name(work_t *w, const char **name, bool *made) {
  *name = "";
  *made = false;
  scull_base_codec_string(w->codec, name);
  scull_base_codec_bool(w->codec, made);
}

static bool add_number(work_t *w, scull_value_id_t id, bool made_name) {
  if (w->count == w->room && !scull_base_vec_reserve((void **)&w->values, &w->room, w->count,
                                                     w->count + 1, sizeof *w->values))
    return false;
  w->values[w->count++] = id;
  scull_graph_value(w->graph, id)->made_name = made_name;
  return true;
}

static scull_status_t read_origins(work_t *w) {
  uint32_t count = 0, ignored = 0;
  scull_base_codec_u32(w->codec, &count);
  for (uint32_t i = 0; i < count && !w->codec->failed; i++) {
    const char *name = "", *type = "";
    scull_base_codec_string(w->codec, &name);
    scull_base_codec_string(w->codec, &type);
    SCULL_TRY(scull_graph_add_origin(w->graph, name, type, &ignored));
  }
  return SCULL_OK;
}

static scull_status_t read_inputs(work_t *w) {
  uint32_t count = 0;
  scull_base_codec_u32(w->codec, &count);
  for (uint32_t i = 0; i < count && !w->codec->failed; i++) {
    const char *name = NULL;
    bool made = false;
    scull_dtype_t dtype = SCULL_DTYPE_NONE;
    scull_shape_t shapes[SCULL_POINTS] = {{0}};
    scull_value_id_t id = 0;
    read_name(w, &name, &made);
    scull_plan_codec_dtype(w->codec, &dtype);
    for (int p = 0; p < w->graph->points; p++)
      scull_plan_codec_shape(w->codec, &shapes[p]);
    if (w->codec->failed)
      break;
    SCULL_TRY(scull_graph_add_input(w->graph, name, dtype, shapes, &id));
    if (!add_number(w, id, made))
      return SCULL_OUT_OF_MEMORY;
  }
  return SCULL_OK;
}

static scull_status_t read_constants(work_t *w) {
  uint32_t count = 0;
  scull_base_codec_u32(w->codec, &count);
  for (uint32_t i = 0; i < count && !w->codec->failed; i++) {
    const char *name = NULL;
    bool made = false;
    scull_type_t type = {0};
    scull_bytes_t bytes = {0};
    scull_value_id_t id = 0;
    size_t need = 0;
    read_name(w, &name, &made);
    scull_plan_codec_dtype(w->codec, &type.dtype);
    scull_plan_codec_shape(w->codec, &type.shape);
    scull_base_codec_bytes(w->codec, &bytes);
    if (!scull_tensor_type_bytes(&type, &need) || need != bytes.size)
      scull_base_codec_fail(w->codec, "a constant has another size than its type");
    if (w->codec->failed)
      break;
    SCULL_TRY(scull_graph_add_constant(w->graph, name, &type, bytes.data, &id));
    if (!add_number(w, id, made))
      return SCULL_OUT_OF_MEMORY;
  }
  return SCULL_OK;
}

/* Numbers of operands or origins, held against `limit`. */
static uint32_t *read_numbers(work_t *w, uint32_t *count, size_t limit, bool absent) {
  scull_base_codec_u32(w->codec, count);
  if (*count > (w->codec->in.size - w->codec->at) / 4)
    scull_base_codec_fail(w->codec, "a list is longer than the record");
  uint32_t *list =
      w->codec->failed ? NULL : SCULL_ARENA_ARRAY(&w->graph->arena, uint32_t, (size_t)*count + 1);
  if (list == NULL) {
    scull_base_codec_fail_memory(w->codec);
    return NULL;
  }
  for (uint32_t i = 0; i < *count && !w->codec->failed; i++) {
    scull_base_codec_u32(w->codec, &list[i]);
    if (list[i] >= limit && !(absent && list[i] == SCULL_NO_ID))
      scull_base_codec_fail(w->codec, "a number lies past the end of its list");
  }
  return list;
}

static scull_status_t read_all(work_t *w);

static scull_status_t read_region(work_t *outer, scull_graph_t **out) {
  work_t w = {.codec = outer->codec, .depth = outer->depth + 1};
  if (w.depth > SCULL_MAX_REGION_DEPTH) {
    scull_base_codec_fail(w.codec, "too many levels of regions");
    return SCULL_OK;
  }
  SCULL_TRY(scull_graph_create(outer->graph->points, outer->graph->diag, &w.graph));
  scull_status_t status = read_all(&w);
  scull_base_free(w.values);
  *out = w.graph; /* the caller's, also after a failure */
  return status;
}

/* The regions of a node whose operator has some; *count is how many there are to destroy. */
static scull_status_t read_regions(work_t *w, scull_graph_t **regions, size_t *count) {
  uint32_t stored = 0;
  scull_base_codec_u32(w->codec, &stored);
  if (stored > MAX_REGIONS)
    scull_base_codec_fail(w->codec, "a node has too many regions");
  for (uint32_t i = 0; i < stored && !w->codec->failed; i++) {
    *count = i + 1;
    SCULL_TRY(read_region(w, &regions[i]));
  }
  return SCULL_OK;
}

static scull_status_t read_node(work_t *w) {
  scull_codec_t *c = w->codec;
  scull_node_spec_t spec = {0};
  uint32_t inputs = 0, origins = 0, outputs = 0;
  const char *names[MAX_OUTPUTS];
  bool made[MAX_OUTPUTS];
  scull_node_id_t id = 0;
  scull_base_codec_string(c, &spec.name);
  scull_plan_codec_op(c, &spec.op);
  scull_plan_codec_attrs(c, spec.op, &spec.attrs);
  uint32_t *operands = read_numbers(w, &inputs, w->count, true);
  uint32_t *from = read_numbers(w, &origins, w->graph->origins.size, false);
  scull_base_codec_u32(c, &outputs);
  if (outputs > MAX_OUTPUTS)
    scull_base_codec_fail(c, "a node has too many outputs");
  for (uint32_t i = 0; i < outputs && !c->failed; i++)
    read_name(w, &names[i], &made[i]);
  if (c->failed)
    return SCULL_OK;
  for (uint32_t i = 0; i < inputs; i++)
    operands[i] = operands[i] == SCULL_NO_ID ? SCULL_NO_ID : w->values[operands[i]];
  spec.inputs = operands;
  spec.input_count = inputs;
  spec.output_count = outputs;
  spec.output_names = names;
  spec.origins = from;
  spec.origin_count = origins;
  scull_graph_t *regions[MAX_REGIONS] = {NULL};
  scull_status_t status = SCULL_OK;
  if (spec.op->control != SCULL_CONTROL_NONE)
    status = read_regions(w, regions, &spec.region_count);
  spec.regions = regions;
  if (status == SCULL_OK && !c->failed)
    status = scull_graph_add_node(w->graph, &spec, &id);
  for (size_t i = 0; i < spec.region_count && (status != SCULL_OK || c->failed); i++)
    scull_graph_destroy(regions[i]);
  if (status != SCULL_OK || c->failed)
    return status;
  for (uint32_t i = 0; i < outputs; i++) {
    if (!add_number(w, scull_graph_node(w->graph, id)->outputs[i], made[i]))
      return SCULL_OUT_OF_MEMORY;
  }
  return SCULL_OK;
}

static scull_status_t read_all(work_t *w) {
  uint32_t nodes = 0, outputs = 0;
  SCULL_TRY(read_origins(w));
  SCULL_TRY(read_inputs(w));
  SCULL_TRY(read_constants(w));
  scull_base_codec_u32(w->codec, &nodes);
  for (uint32_t i = 0; i < nodes && !w->codec->failed; i++)
    SCULL_TRY(read_node(w));
  scull_base_codec_u32(w->codec, &outputs);
  for (uint32_t i = 0; i < outputs && !w->codec->failed; i++) {
    uint32_t number = 0;
    const char *name = "";
    scull_base_codec_u32(w->codec, &number);
    scull_base_codec_string(w->codec, &name);
    if (number >= w->count)
      scull_base_codec_fail(w->codec, "an output does not exist");
    if (w->codec->failed)
      break;
    SCULL_TRY(scull_graph_add_output(w->graph, w->values[number], name));
  }
  return SCULL_OK;
}

scull_status_t scull_build_sources_read(scull_bytes_t bytes, scull_diag_t *diag,
                                        scull_graph_t **out, scull_sources_options_t *options) {
  scull_codec_t codec;
  work_t w = {.codec = &codec};
  int32_t points = 0;
  uint32_t version = 0;
  *out = NULL;
  SCULL_TRY(scull_graph_create(1, diag, &w.graph));
  scull_base_codec_read(&codec, bytes, &w.graph->arena);
  scull_base_codec_u32(&codec, &version);
  codec_options(&codec, options);
  scull_base_codec_i32(&codec, &points);
  if (points != 1 && points != SCULL_POINTS)
    scull_base_codec_fail(&codec, "an impossible number of points");
  else
    w.graph->points = points;
  scull_status_t status = version == VERSION
                              ? read_all(&w)
                              : scull_base_fail(diag, SCULL_NEEDS_BUILD,
                                                "the plan's sources are those of another version");
  if (status == SCULL_OUT_OF_MEMORY || codec.no_memory)
    status = scull_base_fail_memory(diag, "a plan's sources");
  if (status == SCULL_OK && codec.failed)
    status = scull_base_fail(diag, SCULL_CORRUPT, "the plan's sources, byte %zu: %s", codec.at,
                             codec.fault);
  scull_base_free(w.values);
  if (status != SCULL_OK) {
    scull_graph_destroy(w.graph);
    return status;
  }
  *out = w.graph;
  return SCULL_OK;
}

scull_status_t scull_build_sources_graph(const scull_plan_t *plan, scull_graph_t **out,
                                         scull_diag_t *diag) {
  scull_sources_options_t options = {0};
  scull_bytes_t sources;
  *out = NULL;
  if (plan->sources.size == 0)
    return scull_base_fail(diag, SCULL_UNSUPPORTED,
                           "the plan was built without its sources: there is no reference");
  SCULL_TRY(scull_plan_sources(plan, &sources, diag));
  return scull_build_sources_read(sources, diag, out, &options);
}
