/* If, Loop and Scan: their subgraphs become regions, which see the names around them. */
#include <string.h>

#include "import/onnx/convert.h"
#include "import/region.h"

enum { MAX_REGIONS = 12 }; /* subgraphs in subgraphs */

/* --- subgraphs ------------------------------------------------------------------------------- */

static scull_status_t need_graph(scull_onnx_call_t *call, const char *name,
                                 const scull_onnx_graph_t **out) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, name);
  if (attr == NULL || attr->kind != SCULL_ONNX_ATTR_GRAPH)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "it has no %s", name);
  *out = attr->graph;
  return SCULL_OK;
}

static scull_value_id_t capture(void *region, scull_value_id_t outside) {
  return scull_import_region_capture(region, outside);
}

/* A scope for the names of a subgraph, whose nodes go to the region. */
static scull_status_t enter(scull_onnx_call_t *call, const scull_onnx_graph_t *graph,
                            scull_import_region_t *region, scull_onnx_scope_t *inner) {
  int depth = 0;
  for (const scull_onnx_scope_t *s = call->scope; s != NULL; s = s->outer)
    depth++;
  *inner = (scull_onnx_scope_t){.outer = call->scope,
                                .graph = region->graph,
                                .capture = capture,
                                .capture_user = region,
                                .from = graph,
                                .opsets = call->scope->opsets,
                                .prefix = call->scope->prefix,
                                .attrs = call->scope->attrs,
                                .depth = call->scope->depth};
  return depth <= MAX_REGIONS ? SCULL_OK
                              : scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                                                "more than %d subgraphs in subgraphs", MAX_REGIONS);
}

/* Result `index` of a subgraph; UNSUPPORTED when something in it cannot be had. */
static scull_status_t find_result(scull_onnx_call_t *call, const scull_onnx_scope_t *inner,
                                  size_t index, scull_value_id_t *out) {
  const scull_onnx_graph_t *graph = inner->from;
  if (index >= graph->output_count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its subgraph has %zu results",
                           graph->output_count);
  const char *name = graph->outputs[index].name;
  if (!scull_onnx_lookup(inner, name, out))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "nothing gives result '%.80s' of its subgraph", name);
  return *out < SCULL_ONNX_LOST
             ? SCULL_OK
             : scull_import_unsupported(&call->emitter, "'%.80s' in its subgraph cannot be had",
                                        name);
}

static scull_status_t add_results(scull_onnx_call_t *call, const scull_onnx_scope_t *inner,
                                  size_t first, size_t count) {
  for (size_t i = first; i < first + count; i++) {
    scull_value_id_t value = SCULL_NO_ID;
    SCULL_TRY(find_result(call, inner, i, &value));
    SCULL_TRY(scull_graph_add_output(inner->graph, value, inner->from->outputs[i].name));
  }
  return SCULL_OK;
}

/* --- If -------------------------------------------------------------------------------------- */

static scull_status_t write_side(scull_onnx_call_t *call, const char *name,
                                 scull_import_region_t *region, scull_onnx_scope_t *inner) {
  const scull_onnx_graph_t *graph = NULL;
  SCULL_TRY(need_graph(call, name, &graph));
  SCULL_TRY(scull_import_region_begin(call->graph, region));
  SCULL_TRY(enter(call, graph, region, inner));
  SCULL_TRY(scull_onnx_convert_graph(call->converter, inner, graph));
  return add_results(call, inner, 0, call->out_count);
}

static scull_status_t branch(scull_onnx_call_t *call) {
  scull_value_id_t condition = SCULL_NO_ID;
  scull_import_region_t yes = {0}, no = {0};
  scull_onnx_scope_t scopes[2] = {{0}};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  SCULL_TRY(scull_onnx_need(call, 0, &condition));
  scull_status_t status = write_side(call, "then_branch", &yes, &scopes[0]);
  if (status == SCULL_OK)
    status = write_side(call, "else_branch", &no, &scopes[1]);
  if (status == SCULL_OK)
    status = scull_import_emit_branch(&call->emitter, condition, &yes, &no, &owner);
  scull_base_map_deinit(&scopes[0].names);
  scull_base_map_deinit(&scopes[1].names);
  scull_import_region_deinit(&yes);
  scull_import_region_deinit(&no);
  return status;
}

/* --- loops ----------------------------------------------------------------------------------- */

typedef struct {
  const scull_onnx_graph_t *graph;
  scull_import_region_t region;
  scull_onnx_scope_t scope;
  scull_value_id_t trip; /* inside */
} body_t;

/* Trip number and condition, the first parameters of every body. */
static scull_status_t begin_body(scull_onnx_call_t *call, body_t *body, scull_value_id_t *go) {
  const scull_value_t trip = {.dtype = SCULL_DTYPE_I64}, truth = {.dtype = SCULL_DTYPE_BOOL};
  SCULL_TRY(need_graph(call, "body", &body->graph));
  SCULL_TRY(scull_import_region_begin(call->graph, &body->region));
  SCULL_TRY(enter(call, body->graph, &body->region, &body->scope));
  SCULL_TRY(scull_import_region_param(&body->region, "trip", &trip, &body->trip));
  return scull_import_region_param(&body->region, "go", &truth, go);
}

static void end_body(body_t *body) {
  scull_base_map_deinit(&body->scope.names);
  scull_import_region_deinit(&body->region);
}

/* A parameter like an outer value, under the name of the body's input `index`. */
static scull_status_t carry(scull_onnx_call_t *call, body_t *body, size_t index,
                            scull_value_id_t outer) {
  scull_value_id_t inner = SCULL_NO_ID;
  const char *name = body->graph->inputs[index].name;
  SCULL_TRY(scull_import_region_param(&body->region, name, scull_graph_value(call->graph, outer),
                                      &inner));
  return scull_onnx_bind(call->converter, &body->scope, name, inner);
}

/* Operands: most trips, condition, carried values. Body: trip, condition, carried values ->
 * condition, carried values, gathered values. */
static scull_status_t write_loop(scull_onnx_call_t *call, body_t *body) {
  size_t carried = call->in_count < 2 ? 0 : call->in_count - 2;
  scull_value_id_t go = SCULL_NO_ID;
  SCULL_TRY(begin_body(call, body, &go));
  if (body->graph->input_count != 2 + carried || body->graph->output_count != 1 + call->out_count ||
      call->out_count < carried)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%zu carried values, and a body of %zu inputs and %zu outputs", carried,
                           body->graph->input_count, body->graph->output_count);
  SCULL_TRY(
      scull_onnx_bind(call->converter, &body->scope, body->graph->inputs[0].name, body->trip));
  SCULL_TRY(scull_onnx_bind(call->converter, &body->scope, body->graph->inputs[1].name, go));
  for (size_t i = 0; i < carried; i++) {
    scull_value_id_t first = SCULL_NO_ID;
    SCULL_TRY(scull_onnx_need(call, 2 + i, &first));
    SCULL_TRY(carry(call, body, 2 + i, first));
  }
  SCULL_TRY(scull_onnx_convert_graph(call->converter, &body->scope, body->graph));
  SCULL_TRY(add_results(call, &body->scope, 0, 1 + call->out_count));
  const scull_import_loop_t loop = {.trips = scull_onnx_in(call, 0),
                                    .condition = scull_onnx_in(call, 1),
                                    .carried = call->in + 2,
                                    .carried_count = carried};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  return scull_import_emit_loop(&call->emitter, &loop, &body->region, &owner);
}

static scull_status_t loop(scull_onnx_call_t *call) {
  body_t body = {0};
  scull_status_t status = write_loop(call, &body);
  end_body(&body);
  return status;
}

/* --- Scan ------------------------------------------------------------------------------------ */

typedef struct {
  size_t states, inputs, outputs; /* carried; scanned; gathered */
  scull_ints_t input_axes, output_axes, input_back, output_back;
} scan_t;

static scull_status_t read_scan(scull_onnx_call_t *call, const scull_onnx_graph_t *graph,
                                scan_t *s) {
  int64_t inputs = scull_onnx_int(call, "num_scan_inputs", 0);
  *s = (scan_t){.input_axes = scull_onnx_ints(call, "scan_input_axes"),
                .output_axes = scull_onnx_ints(call, "scan_output_axes"),
                .input_back = scull_onnx_ints(call, "scan_input_directions"),
                .output_back = scull_onnx_ints(call, "scan_output_directions")};
  if (inputs < 1 || inputs > (int64_t)call->in_count || graph->input_count != call->in_count ||
      graph->output_count != call->out_count || call->out_count + (size_t)inputs < call->in_count)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "%lld of %zu operands are scanned by a body of %zu inputs",
                           (long long)inputs, call->in_count, graph->input_count);
  s->inputs = (size_t)inputs;
  s->states = call->in_count - s->inputs;
  s->outputs = call->out_count - s->states;
  return SCULL_OK;
}

static int64_t item(scull_ints_t list, size_t i) {
  return i < list.size ? list.data[i] : 0;
}

/* Extent of the scanned axis of the first scanned operand, an i64 scalar. */
static scull_status_t count_trips(scull_onnx_call_t *call, const scan_t *s, scull_value_id_t *out) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t sizes = SCULL_NO_ID, at = SCULL_NO_ID;
  int32_t axis = 0;
  if (!scull_tensor_axis(item(s->input_axes, 0), scull_onnx_in_rank(call, s->states), &axis))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a scanned axis");
  SCULL_TRY(scull_import_emit_simple(to, "shape", call->in[s->states], SCULL_NO_ID, NULL, &sizes));
  SCULL_TRY(scull_import_emit_scalar(to, SCULL_DTYPE_I64, axis, &at));
  return scull_import_emit_simple(to, "gather", sizes, at, NULL, out);
}

/* The element of scanned operand `i` at hand, under its name in the body. */
static scull_status_t take_element(scull_onnx_call_t *call, const scan_t *s, size_t i,
                                   scull_value_id_t trips, body_t *body) {
  scull_emitter_t inside = call->emitter;
  scull_value_id_t at = body->trip, x = SCULL_NO_ID, out = SCULL_NO_ID;
  int32_t axis = 0;
  inside.graph = body->region.graph;
  x = scull_import_region_capture(&body->region, call->in[s->states + i]);
  SCULL_TRY(body->region.status);
  if (!scull_tensor_axis(item(s->input_axes, i), scull_import_rank(inside.graph, x), &axis))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a scanned axis");
  if (item(s->input_back, i) != 0) { /* trips - 1 - trip */
    scull_value_id_t one = SCULL_NO_ID, all = scull_import_region_capture(&body->region, trips);
    SCULL_TRY(body->region.status);
    SCULL_TRY(scull_import_emit_scalar(&inside, SCULL_DTYPE_I64, 1, &one));
    SCULL_TRY(scull_import_emit_simple(&inside, "sub", all, one, NULL, &all));
    SCULL_TRY(scull_import_emit_simple(&inside, "sub", all, at, NULL, &at));
  }
  scull_emit_t emit = scull_import_emit(&inside, "gather", x);
  scull_import_emit_input(&emit, at);
  scull_import_emit_int(&emit, "axis", axis);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  return scull_onnx_bind(call->converter, &body->scope, body->graph->inputs[s->states + i].name,
                         out);
}

/* What was gathered along a new first axis, turned and put where it is wanted. */
static scull_status_t place_output(scull_onnx_call_t *call, const scan_t *s, size_t i,
                                   scull_value_id_t x) {
  scull_emitter_t *to = &call->emitter;
  int64_t perm[SCULL_MAX_RANK];
  int32_t rank = scull_import_rank(call->graph, x), axis = 0;
  const char *name = scull_onnx_out_name(call, s->states + i);
  if (!scull_tensor_axis(item(s->output_axes, i), rank, &axis))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a scanned axis");
  if (item(s->output_back, i) != 0) {
    scull_emit_t flip = scull_import_emit(to, "slice", x);
    scull_import_emit_ints(&flip, "axes", SCULL_INTS(0));
    scull_import_emit_ints(&flip, "starts", SCULL_INTS(-1));
    scull_import_emit_ints(&flip, "ends", SCULL_INTS(INT64_MIN));
    scull_import_emit_ints(&flip, "steps", SCULL_INTS(-1));
    SCULL_TRY(scull_import_emit_end(&flip, NULL, &x));
  }
  for (int32_t d = 0; d < rank; d++)
    perm[d] = d < axis ? d + 1 : d == axis ? 0 : d;
  SCULL_TRY(axis == 0
                ? scull_import_emit_simple(to, "identity", x, SCULL_NO_ID, name, &x)
                : scull_import_emit_transpose(to, x, (scull_ints_t){perm, (size_t)rank}, name, &x));
  scull_onnx_set(call, s->states + i, x);
  return SCULL_OK;
}

/* The body goes on to the end: its condition is always true. */
static scull_status_t add_true(scull_onnx_call_t *call, body_t *body) {
  scull_emitter_t inside = call->emitter;
  scull_value_id_t yes = SCULL_NO_ID;
  inside.graph = body->region.graph;
  SCULL_TRY(scull_import_emit_scalar(&inside, SCULL_DTYPE_BOOL, 1, &yes));
  return scull_graph_add_output(body->region.graph, yes, "go");
}

static scull_status_t write_scan(scull_onnx_call_t *call, body_t *body) {
  scan_t s;
  scull_value_id_t trips = SCULL_NO_ID, go = SCULL_NO_ID, ignored = SCULL_NO_ID;
  scull_value_id_t *outs =
      SCULL_ARENA_ARRAY(&call->graph->arena, scull_value_id_t, call->out_count);
  if (outs == NULL)
    return scull_base_fail_memory(call->graph->diag, "a loop");
  SCULL_TRY(need_graph(call, "body", &body->graph));
  SCULL_TRY(read_scan(call, body->graph, &s));
  for (size_t i = 0; i < call->in_count; i++)
    SCULL_TRY(scull_onnx_need(call, i, &ignored));
  SCULL_TRY(count_trips(call, &s, &trips));
  SCULL_TRY(begin_body(call, body, &go));
  for (size_t i = 0; i < s.states; i++)
    SCULL_TRY(carry(call, body, i, call->in[i]));
  for (size_t i = 0; i < s.inputs; i++)
    SCULL_TRY(take_element(call, &s, i, trips, body));
  SCULL_TRY(scull_onnx_convert_graph(call->converter, &body->scope, body->graph));
  SCULL_TRY(add_true(call, body));
  SCULL_TRY(add_results(call, &body->scope, 0, call->out_count));
  const scull_import_loop_t made = {
      .trips = trips, .condition = SCULL_NO_ID, .carried = call->in, .carried_count = s.states};
  const scull_import_owner_t owner = {NULL, call->out_count, outs};
  SCULL_TRY(scull_import_emit_loop(&call->emitter, &made, &body->region, &owner));
  for (size_t i = 0; i < s.states; i++)
    SCULL_TRY(scull_import_emit_simple(&call->emitter, "identity", outs[i], SCULL_NO_ID,
                                       scull_onnx_out_name(call, i), &call->out[i]));
  for (size_t i = 0; i < s.outputs; i++)
    SCULL_TRY(place_output(call, &s, i, outs[s.states + i]));
  return SCULL_OK;
}

static scull_status_t scan(scull_onnx_call_t *call) {
  body_t body = {0};
  scull_status_t status = write_scan(call, &body);
  end_body(&body);
  return status;
}

/* --- sequences ------------------------------------------------------------------------------- */

static scull_status_t sequence_empty(scull_onnx_call_t *call) {
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  SCULL_TRY(scull_onnx_to(call, "dtype", SCULL_DTYPE_F32, &dtype));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_make", SCULL_NO_ID);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_onnx_end(call, &emit);
}

/* With sizes an element keeps the axis, whatever keepdims says. */
static scull_status_t split_to_sequence(scull_onnx_call_t *call) {
  bool sized = scull_onnx_in(call, 1) != SCULL_NO_ID;
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_split", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, call->in, call->in_count);
  scull_import_emit_int(&emit, "axis", scull_onnx_int(call, "axis", 0));
  scull_import_emit_bool(&emit, "keep", sized || scull_onnx_int(call, "keepdims", 1) != 0);
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"If", 1, 0, branch, "if", NULL},
    {"Loop", 1, 0, loop, "loop", NULL},
    {"Scan", 9, 0, scan, "loop", NULL},
    {"SequenceEmpty", 11, 0, sequence_empty, "sequence_make", NULL},
    {"SequenceConstruct", 11, 0, scull_onnx_map_plain, "sequence_make", NULL},
    {"SequenceInsert", 11, 0, scull_onnx_map_plain, "sequence_insert", NULL},
    {"SequenceErase", 11, 0, scull_onnx_map_plain, "sequence_erase", NULL},
    {"SequenceAt", 11, 0, scull_onnx_map_plain, "sequence_at", NULL},
    {"SequenceLength", 11, 0, scull_onnx_map_plain, "sequence_length", NULL},
    {"SplitToSequence", 11, 0, split_to_sequence, "sequence_split", NULL},
    {"ConcatFromSequence", 11, 0, scull_onnx_map_plain, "sequence_concat",
     "axis=0 new_axis>stack=false"},
};

SCULL_ONNX_ROWS(flow, "", rows);
