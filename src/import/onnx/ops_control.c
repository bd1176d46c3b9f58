/* If, Loop, Scan, and sequences. A subgraph sees the names around it; what it reads from there is
 * captured by its region. Scan is a loop over the axis of its inputs. An optional that is there is
 * the value itself. */
#include <string.h>

#include "import/onnx/convert.h"
#include "import/region.h"
#include "ops/loop.h"

enum { MAX_DEPTH = 12 }; /* subgraphs in subgraphs */

/* A subgraph while it is converted. */
typedef struct {
  const scull_onnx_graph_t *from;
  scull_import_region_t region;
  scull_onnx_scope_t scope;
} body_t;

static void body_deinit(body_t *body) {
  scull_base_map_deinit(&body->scope.names);
  scull_import_region_deinit(&body->region);
}

static scull_status_t corrupt(const scull_onnx_call_t *call, const char *words) {
  return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%s", words);
}

/* The subgraph's names are as they stand, or made different inside a function. */
static scull_status_t body_begin(scull_onnx_call_t *call, const char *attr, body_t *body) {
  const scull_onnx_attr_t *graph = scull_onnx_attr(call, attr);
  *body = (body_t){0};
  if (graph == NULL || graph->kind != SCULL_ONNX_ATTR_GRAPH || graph->graph == NULL)
    return corrupt(call, "it has no subgraph");
  body->from = graph->graph;
  SCULL_TRY(scull_import_region_begin(call->graph, &body->region));
  body->scope = (scull_onnx_scope_t){.outer = call->scope,
                                     .graph = body->region.graph,
                                     .region = &body->region,
                                     .from = body->from,
                                     .opsets = call->scope->opsets,
                                     .attrs = call->scope->attrs,
                                     .depth = call->scope->depth + 1};
  body->scope.nested = call->scope->nested + 1;
  return body->scope.nested > MAX_DEPTH ? corrupt(call, "too many subgraphs in subgraphs")
                                        : SCULL_OK;
}

/* Results [first, first + count) of the subgraph become results of the region. */
static scull_status_t add_results(scull_onnx_call_t *call, body_t *body, size_t first,
                                  size_t count) {
  if (first + count > body->from->output_count)
    return corrupt(call, "its subgraph has too few outputs");
  for (size_t i = first; i < first + count; i++) {
    const char *name = body->from->outputs[i].name;
    scull_value_id_t value = SCULL_NO_ID;
    if (!scull_onnx_lookup(&body->scope, name, &value))
      return corrupt(call, "its subgraph does not give one of its outputs");
    if (value >= SCULL_NO_ID - 1)
      return scull_import_unsupported(&call->emitter, "'%.80s' in its subgraph cannot be had",
                                      name);
    SCULL_TRY(scull_graph_add_output(body->region.graph, value, name));
  }
  return body->region.status;
}

static scull_status_t convert_body(scull_onnx_call_t *call, body_t *body) {
  return scull_onnx_convert_graph(call->converter, &body->scope, body->from);
}

/* --- If ----------------------------------------------------------------------------------------
 */

static scull_status_t finish_branch(scull_onnx_call_t *call, scull_value_id_t condition,
                                    body_t *yes, body_t *no) {
  SCULL_TRY(body_begin(call, "then_branch", yes));
  SCULL_TRY(body_begin(call, "else_branch", no));
  SCULL_TRY(convert_body(call, yes));
  SCULL_TRY(convert_body(call, no));
  SCULL_TRY(add_results(call, yes, 0, call->out_count));
  SCULL_TRY(add_results(call, no, 0, call->out_count));
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  return scull_import_emit_branch(&call->emitter, condition, &yes->region, &no->region, &owner);
}

/* A branch that is always taken is written out where it stands, under names of its own. */
static scull_status_t write_branch(scull_onnx_call_t *call, const char *attr,
                                   scull_onnx_scope_t *scope) {
  const scull_onnx_attr_t *graph = scull_onnx_attr(call, attr);
  if (graph == NULL || graph->kind != SCULL_ONNX_ATTR_GRAPH || graph->graph == NULL)
    return corrupt(call, "it has no subgraph");
  const scull_onnx_graph_t *from = graph->graph;
  *scope = (scull_onnx_scope_t){.outer = call->scope,
                                .graph = call->graph,
                                .from = from,
                                .opsets = call->scope->opsets,
                                .prefix = call->emitter.name,
                                .attrs = call->scope->attrs,
                                .depth = call->scope->depth + 1,
                                .nested = call->scope->nested + 1};
  if (scope->nested > MAX_DEPTH)
    return corrupt(call, "too many subgraphs in subgraphs");
  SCULL_TRY(scull_onnx_convert_graph(call->converter, scope, from));
  if (from->output_count < call->out_count)
    return corrupt(call, "its subgraph has too few outputs");
  call->may_lack = true;
  for (size_t i = 0; i < call->out_count; i++) {
    const char *name = from->outputs[i].name;
    scull_value_id_t value = SCULL_NO_ID;
    if (!scull_onnx_lookup(scope, name, &value))
      return corrupt(call, "its subgraph does not give one of its outputs");
    if (value == SCULL_ONNX_LOST)
      return scull_import_unsupported(&call->emitter, "'%.80s' in its subgraph cannot be had",
                                      name);
    if (value != SCULL_NO_ID)
      SCULL_TRY(scull_import_emit_simple(&call->emitter, "identity", value, SCULL_NO_ID,
                                         scull_onnx_out_name(call, i), &call->out[i]));
  }
  return SCULL_OK;
}

static scull_status_t map_if(scull_onnx_call_t *call) {
  scull_value_id_t condition = SCULL_NO_ID;
  body_t yes = {0}, no = {0};
  int64_t known = 0;
  SCULL_TRY(scull_onnx_need(call, 0, &condition));
  if (scull_import_known_int(call->graph, condition, 0, &known)) {
    scull_onnx_scope_t scope = {0};
    scull_status_t written = write_branch(call, known != 0 ? "then_branch" : "else_branch", &scope);
    scull_base_map_deinit(&scope.names);
    return written;
  }
  scull_status_t status = finish_branch(call, condition, &yes, &no);
  body_deinit(&yes);
  body_deinit(&no);
  return status;
}

/* --- Loop --------------------------------------------------------------------------------------
 */

/* A parameter of one element under the name of input `index`, in the rank that is declared. */
static scull_status_t add_scalar(scull_onnx_call_t *call, body_t *body, size_t index,
                                 scull_dtype_t dtype, const char *name) {
  const scull_value_t like = {.dtype = dtype};
  scull_value_id_t value = SCULL_NO_ID, shaped = SCULL_NO_ID;
  SCULL_TRY(scull_import_region_param(&body->region, name, &like, &value));
  if (index >= body->from->input_count)
    return SCULL_OK;
  const scull_onnx_value_t *input = &body->from->inputs[index];
  if (input->has_shape && input->dims.size == 1) {
    scull_emitter_t emitter = call->emitter;
    emitter.graph = body->region.graph;
    emitter.has_origin = false;
    SCULL_TRY(scull_import_emit_reshape(&emitter, value, SCULL_INTS(1), NULL, &shaped));
    value = shaped;
  }
  return scull_onnx_bind(call->converter, &body->scope, input->name, value);
}

/* Carried values: operands from `first` on, inputs of the subgraph from `input` on. */
static scull_status_t add_carried(scull_onnx_call_t *call, body_t *body, size_t first, size_t count,
                                  size_t input) {
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t outer = SCULL_NO_ID, inner = SCULL_NO_ID;
    if (input + i >= body->from->input_count)
      return corrupt(call, "its subgraph has too few inputs");
    const char *name = body->from->inputs[input + i].name;
    SCULL_TRY(scull_onnx_need(call, first + i, &outer));
    SCULL_TRY(scull_import_region_param(&body->region, name, scull_graph_value(call->graph, outer),
                                        &inner));
    SCULL_TRY(scull_onnx_bind(call->converter, &body->scope, name, inner));
  }
  return SCULL_OK;
}

static scull_status_t finish_loop(scull_onnx_call_t *call, body_t *body) {
  size_t carried = call->in_count > 2 ? call->in_count - 2 : 0;
  if (carried > call->out_count)
    return corrupt(call, "it has fewer outputs than carried values");
  SCULL_TRY(body_begin(call, "body", body));
  SCULL_TRY(add_scalar(call, body, 0, SCULL_DTYPE_I64, "trip"));
  SCULL_TRY(add_scalar(call, body, 1, SCULL_DTYPE_BOOL, "go"));
  SCULL_TRY(add_carried(call, body, 2, carried, 2));
  SCULL_TRY(convert_body(call, body));
  SCULL_TRY(add_results(call, body, 0, 1 + call->out_count));
  const scull_import_loop_t loop = {.trips = scull_onnx_in(call, 0),
                                    .condition = scull_onnx_in(call, 1),
                                    .carried = call->in + 2,
                                    .carried_count = carried};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  return scull_import_emit_loop(&call->emitter, &loop, &body->region, &owner);
}

static scull_status_t map_loop(scull_onnx_call_t *call) {
  body_t body = {0};
  scull_status_t status = finish_loop(call, &body);
  body_deinit(&body);
  return status;
}

/* --- Scan --------------------------------------------------------------------------------------
 */

static int64_t item_of(scull_ints_t list, size_t index) {
  return index < list.size ? list.data[index] : 0;
}

static scull_status_t emit_gather(scull_emitter_t *emitter, scull_value_id_t x, scull_value_id_t at,
                                  int64_t axis, scull_value_id_t *out) {
  scull_emit_t emit = scull_import_emit(emitter, "gather", x);
  scull_import_emit_input(&emit, at);
  scull_import_emit_int(&emit, "axis", axis);
  return scull_import_emit_end(&emit, NULL, out);
}

/* How many elements an axis has: a scalar i64. */
static scull_status_t emit_extent(scull_onnx_call_t *call, scull_value_id_t x, int64_t axis,
                                  scull_value_id_t *out) {
  int32_t at = 0;
  scull_value_id_t shape = SCULL_NO_ID, index = SCULL_NO_ID;
  if (!scull_tensor_axis(axis, scull_import_rank(call->graph, x), &at))
    return corrupt(call, "it scans an axis that its input has not");
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", x, SCULL_NO_ID, NULL, &shape));
  SCULL_TRY(scull_import_emit_scalar(&call->emitter, SCULL_DTYPE_I64, (double)at, &index));
  return emit_gather(&call->emitter, shape, index, 0, out);
}

/* What a trip sees of scanned input `index`. */
static scull_status_t bind_element(scull_onnx_call_t *call, body_t *body, scull_value_id_t trips,
                                   size_t states, size_t index) {
  scull_emitter_t emitter = call->emitter;
  scull_value_id_t x = SCULL_NO_ID, last = SCULL_NO_ID, element = SCULL_NO_ID;
  scull_value_id_t at = body->region.graph->inputs.data[SCULL_LOOP_TRIPS];
  SCULL_TRY(scull_onnx_need(call, states + index, &x));
  if (states + index >= body->from->input_count)
    return corrupt(call, "its subgraph has too few inputs");
  emitter.graph = body->region.graph;
  emitter.has_origin = false;
  x = scull_import_region_capture(&body->region, x);
  if (item_of(scull_onnx_ints(call, call->version < 9 ? "directions" : "scan_input_directions"),
              index) != 0) {
    scull_value_id_t one = SCULL_NO_ID, count = scull_import_region_capture(&body->region, trips);
    SCULL_TRY(body->region.status);
    SCULL_TRY(scull_import_emit_scalar(&emitter, SCULL_DTYPE_I64, 1, &one));
    SCULL_TRY(scull_import_emit_simple(&emitter, "sub", count, one, NULL, &last));
    SCULL_TRY(scull_import_emit_simple(&emitter, "sub", last, at, NULL, &at));
  }
  SCULL_TRY(body->region.status);
  SCULL_TRY(emit_gather(&emitter, x, at, item_of(scull_onnx_ints(call, "scan_input_axes"), index),
                        &element));
  return scull_onnx_bind(call->converter, &body->scope, body->from->inputs[states + index].name,
                         element);
}

/* A gathered output as Scan wants it: the other way round, its axis elsewhere. */
static scull_status_t arrange(scull_onnx_call_t *call, size_t states, size_t index) {
  scull_value_id_t y = call->out[states + index];
  int64_t axis = item_of(scull_onnx_ints(call, "scan_output_axes"), index);
  int32_t rank = scull_import_rank(call->graph, y), at = 0;
  if (item_of(scull_onnx_ints(call, "scan_output_directions"), index) != 0) {
    scull_emit_t flip = scull_import_emit(&call->emitter, "slice", y);
    scull_import_emit_ints(&flip, "axes", SCULL_INTS(0));
    scull_import_emit_ints(&flip, "starts", SCULL_INTS(-1));
    scull_import_emit_ints(&flip, "ends", SCULL_INTS(INT64_MIN));
    scull_import_emit_ints(&flip, "steps", SCULL_INTS(-1));
    SCULL_TRY(scull_import_emit_end(&flip, NULL, &y));
  }
  if (!scull_tensor_axis(axis, rank, &at))
    return corrupt(call, "it puts results along an axis that they have not");
  if (at != 0) {
    int64_t perm[SCULL_MAX_RANK];
    for (int32_t i = 0; i < rank; i++)
      perm[i] = i < at ? i + 1 : i == at ? 0 : i;
    SCULL_TRY(scull_import_emit_transpose(&call->emitter, y, (scull_ints_t){perm, (size_t)rank},
                                          NULL, &y));
  }
  call->out[states + index] = y;
  return SCULL_OK;
}

static scull_status_t finish_scan(scull_onnx_call_t *call, body_t *body) {
  int64_t scanned = scull_onnx_int(call, "num_scan_inputs", 0);
  scull_value_id_t first = SCULL_NO_ID, trips = SCULL_NO_ID;
  if (scanned < 1 || (size_t)scanned > call->in_count)
    return corrupt(call, "it scans a number of inputs that it has not");
  size_t states = call->in_count - (size_t)scanned;
  if (states > call->out_count)
    return corrupt(call, "it has fewer outputs than states");
  SCULL_TRY(scull_onnx_need(call, states, &first));
  SCULL_TRY(emit_extent(call, first, item_of(scull_onnx_ints(call, "scan_input_axes"), 0), &trips));
  SCULL_TRY(body_begin(call, "body", body));
  const scull_value_t trip = {.dtype = SCULL_DTYPE_I64}, go = {.dtype = SCULL_DTYPE_BOOL};
  scull_value_id_t unread = SCULL_NO_ID, going = SCULL_NO_ID;
  SCULL_TRY(scull_import_region_param(&body->region, "trip", &trip, &unread));
  SCULL_TRY(scull_import_region_param(&body->region, "go", &go, &going));
  SCULL_TRY(add_carried(call, body, 0, states, 0));
  for (size_t i = 0; i < (size_t)scanned; i++)
    SCULL_TRY(bind_element(call, body, trips, states, i));
  SCULL_TRY(convert_body(call, body));
  SCULL_TRY(scull_graph_add_output(body->region.graph, going, "go"));
  SCULL_TRY(add_results(call, body, 0, call->out_count));
  const scull_import_loop_t loop = {
      .trips = trips, .condition = SCULL_NO_ID, .carried = call->in, .carried_count = states};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  SCULL_TRY(scull_import_emit_loop(&call->emitter, &loop, &body->region, &owner));
  for (size_t i = 0; i < call->out_count - states; i++)
    SCULL_TRY(arrange(call, states, i));
  return SCULL_OK;
}

static scull_status_t map_scan(scull_onnx_call_t *call) {
  body_t body = {0};
  scull_status_t status = finish_scan(call, &body);
  body_deinit(&body);
  return status;
}

/* Until version 9 a Scan went over the second axis, and once an element of the first: a loop of
 * loops. */
static scull_status_t finish_batch(scull_onnx_call_t *call, scull_import_region_t *region,
                                   scull_onnx_scope_t *scope, body_t *body) {
  scull_value_id_t trips = SCULL_NO_ID, trip = SCULL_NO_ID, go = SCULL_NO_ID;
  const scull_value_t number = {.dtype = SCULL_DTYPE_I64}, truth = {.dtype = SCULL_DTYPE_BOOL};
  const size_t count = call->in_count - 1;
  scull_arena_t *arena = &call->converter->arena;
  scull_value_id_t *in = SCULL_ARENA_ARRAY(arena, scull_value_id_t, count);
  scull_value_id_t *out = SCULL_ARENA_ARRAY(arena, scull_value_id_t, call->out_count);
  const char **names = SCULL_ARENA_ARRAY(arena, const char *, call->out_count);
  if (in == NULL || out == NULL || names == NULL)
    return scull_base_fail_memory(call->graph->diag, "a model");
  SCULL_TRY(emit_extent(call, call->in[count], 0, &trips));
  SCULL_TRY(scull_import_region_begin(call->graph, region));
  SCULL_TRY(scull_import_region_param(region, "trip", &number, &trip));
  SCULL_TRY(scull_import_region_param(region, "go", &truth, &go));
  *scope = (scull_onnx_scope_t){.outer = call->scope,
                                .graph = region->graph,
                                .region = region,
                                .opsets = call->scope->opsets,
                                .attrs = call->scope->attrs,
                                .depth = call->scope->depth + 1,
                                .nested = call->scope->nested + 1};
  scull_onnx_call_t inner = *call;
  inner.graph = inner.emitter.graph = region->graph;
  inner.emitter.has_origin = false;
  inner.scope = scope;
  inner.in = in;
  inner.in_count = count;
  inner.out = out;
  inner.out_names = names;
  for (size_t i = 0; i < count; i++) {
    scull_value_id_t x = scull_import_region_capture(region, call->in[i + 1]);
    SCULL_TRY(region->status);
    SCULL_TRY(emit_gather(&inner.emitter, x, trip, 0, &in[i]));
  }
  SCULL_TRY(finish_scan(&inner, body));
  SCULL_TRY(scull_graph_add_output(region->graph, go, "go"));
  for (size_t i = 0; i < call->out_count; i++)
    SCULL_TRY(scull_graph_add_output(region->graph, out[i], scull_onnx_out_name(call, i)));
  const scull_import_loop_t loop = {.trips = trips, .condition = SCULL_NO_ID};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  return scull_import_emit_loop(&call->emitter, &loop, region, &owner);
}

static scull_status_t map_scan_batch(scull_onnx_call_t *call) {
  scull_import_region_t region = {0};
  scull_onnx_scope_t scope = {0};
  body_t body = {0};
  if (scull_onnx_in(call, 0) != SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "sequences of lengths of their own");
  for (size_t i = 1; i < call->in_count; i++) {
    scull_value_id_t x = SCULL_NO_ID;
    SCULL_TRY(scull_onnx_need(call, i, &x));
  }
  if (call->in_count < 2)
    return corrupt(call, "it scans a number of inputs that it has not");
  scull_status_t status = finish_batch(call, &region, &scope, &body);
  body_deinit(&body);
  scull_base_map_deinit(&scope.names);
  scull_import_region_deinit(&region);
  return status;
}

/* --- sequences and optionals -------------------------------------------------------------------
 */

static scull_status_t map_empty(scull_onnx_call_t *call) {
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  SCULL_TRY(scull_onnx_to(call, "dtype", SCULL_DTYPE_F32, &dtype));
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_make", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, NULL, 0);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_onnx_end(call, &emit);
}

/* The value itself. */
static scull_status_t map_optional(scull_onnx_call_t *call) {
  scull_value_id_t x = scull_onnx_in(call, 0);
  call->may_lack = true;
  return x == SCULL_NO_ID ? SCULL_OK : scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID);
}

static scull_status_t map_get_element(scull_onnx_call_t *call) {
  scull_value_id_t x = scull_onnx_in(call, 0);
  if (x == SCULL_NO_ID)
    return scull_import_unsupported(&call->emitter, "an optional that is not there");
  return scull_onnx_end_simple(call, "identity", x, SCULL_NO_ID);
}

static scull_status_t map_has_element(scull_onnx_call_t *call) {
  uint8_t has = scull_onnx_in(call, 0) != SCULL_NO_ID;
  const scull_type_t type = {.dtype = SCULL_DTYPE_BOOL};
  return scull_import_emit_constant(&call->emitter, &type, &has, scull_onnx_out_name(call, 0),
                                    &call->out[0]);
}

/* What a trip sees of operand `index`: an element of a sequence, or the whole tensor. */
static scull_status_t bind_mapped(scull_onnx_call_t *call, body_t *body, scull_emitter_t *emitter,
                                  size_t index) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_value_id_t trip = body->region.graph->inputs.data[SCULL_LOOP_TRIPS];
  SCULL_TRY(scull_onnx_need(call, index, &x));
  if (index >= body->from->input_count)
    return corrupt(call, "its subgraph has too few inputs");
  bool of_sequence = scull_tensor_dtype_is_sequence(scull_onnx_in_dtype(call, index));
  x = scull_import_region_capture(&body->region, x);
  SCULL_TRY(body->region.status);
  if (of_sequence)
    SCULL_TRY(scull_import_emit_simple(emitter, "sequence_at", x, trip, NULL, &x));
  return scull_onnx_bind(call->converter, &body->scope, body->from->inputs[index].name, x);
}

/* The sequence that output `index` begins with. */
static scull_status_t begin_mapped(scull_onnx_call_t *call, body_t *body, size_t index,
                                   scull_value_id_t *first, scull_value_id_t *carried) {
  if (index >= body->from->output_count)
    return corrupt(call, "its subgraph has too few outputs");
  scull_dtype_t dtype = scull_onnx_dtype(body->from->outputs[index].element);
  if (dtype == SCULL_DTYPE_NONE)
    return scull_import_unsupported(&call->emitter, "results of an element type that is not said");
  scull_emit_t emit = scull_import_emit(&call->emitter, "sequence_make", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, NULL, 0);
  scull_import_emit_dtype(&emit, "to", dtype);
  SCULL_TRY(scull_import_emit_end(&emit, NULL, first));
  return scull_import_region_param(&body->region, "so_far", scull_graph_value(call->graph, *first),
                                   carried);
}

/* SequenceMap: a loop over the elements of the first operand. */
static scull_status_t finish_map(scull_onnx_call_t *call, body_t *body) {
  const scull_value_t number = {.dtype = SCULL_DTYPE_I64}, truth = {.dtype = SCULL_DTYPE_BOOL};
  scull_value_id_t x = SCULL_NO_ID, trips = SCULL_NO_ID, trip = SCULL_NO_ID, go = SCULL_NO_ID;
  scull_arena_t *arena = &call->converter->arena;
  scull_value_id_t *first = SCULL_ARENA_ARRAY(arena, scull_value_id_t, call->out_count);
  scull_value_id_t *carried = SCULL_ARENA_ARRAY(arena, scull_value_id_t, call->out_count);
  if (first == NULL || carried == NULL)
    return scull_base_fail_memory(call->graph->diag, "a model");
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  if (!scull_tensor_dtype_is_sequence(scull_onnx_in_dtype(call, 0)))
    return corrupt(call, "its first operand is no sequence");
  SCULL_TRY(
      scull_import_emit_simple(&call->emitter, "sequence_length", x, SCULL_NO_ID, NULL, &trips));
  SCULL_TRY(body_begin(call, "body", body));
  SCULL_TRY(scull_import_region_param(&body->region, "trip", &number, &trip));
  SCULL_TRY(scull_import_region_param(&body->region, "go", &truth, &go));
  for (size_t i = 0; i < call->out_count; i++)
    SCULL_TRY(begin_mapped(call, body, i, &first[i], &carried[i]));
  scull_emitter_t emitter = call->emitter;
  emitter.graph = body->region.graph;
  emitter.has_origin = false;
  for (size_t i = 0; i < call->in_count; i++)
    SCULL_TRY(bind_mapped(call, body, &emitter, i));
  SCULL_TRY(convert_body(call, body));
  SCULL_TRY(scull_graph_add_output(body->region.graph, go, "go"));
  for (size_t i = 0; i < call->out_count; i++) {
    scull_value_id_t y = SCULL_NO_ID, longer = SCULL_NO_ID;
    if (!scull_onnx_lookup(&body->scope, body->from->outputs[i].name, &y))
      return corrupt(call, "its subgraph does not give one of its outputs");
    if (y >= SCULL_ONNX_LOST)
      return scull_import_unsupported(&call->emitter, "'%.80s' in its subgraph cannot be had",
                                      body->from->outputs[i].name);
    SCULL_TRY(scull_import_emit_simple(&emitter, "sequence_insert", carried[i], y, NULL, &longer));
    SCULL_TRY(scull_graph_add_output(body->region.graph, longer, body->from->outputs[i].name));
  }
  SCULL_TRY(body->region.status);
  const scull_import_loop_t loop = {
      .trips = trips, .condition = SCULL_NO_ID, .carried = first, .carried_count = call->out_count};
  const scull_import_owner_t owner = {call->out_names, call->out_count, call->out};
  return scull_import_emit_loop(&call->emitter, &loop, &body->region, &owner);
}

static scull_status_t map_map(scull_onnx_call_t *call) {
  body_t body = {0};
  scull_status_t status = finish_map(call, &body);
  body_deinit(&body);
  return status;
}

static const scull_onnx_row_t rows[] = {
    {"If", 1, 0, map_if, "if", NULL},
    {"Loop", 1, 0, map_loop, "loop", NULL},
    {"Scan", 8, 8, map_scan_batch, "loop", NULL},
    {"Scan", 9, 0, map_scan, "loop", NULL},
    {"SequenceConstruct", 11, 0, scull_onnx_map_plain, "sequence_make", NULL},
    {"SequenceEmpty", 11, 0, map_empty, "sequence_make", NULL},
    {"SequenceAt", 11, 0, scull_onnx_map_plain, "sequence_at", NULL},
    {"SequenceInsert", 11, 0, scull_onnx_map_plain, "sequence_insert", NULL},
    {"SequenceErase", 11, 0, scull_onnx_map_plain, "sequence_erase", NULL},
    {"SequenceLength", 11, 0, scull_onnx_map_plain, "sequence_length", NULL},
    {"SequenceMap", 17, 0, map_map, "loop", NULL},
    {"SplitToSequence", 11, 0, scull_onnx_map_plain, "sequence_split", "axis=0 keepdims>keep=true"},
    {"ConcatFromSequence", 11, 0, scull_onnx_map_plain, "sequence_concat",
     "axis=0 new_axis>stack=false"},
    {"Optional", 15, 0, map_optional, "identity", NULL},
    {"OptionalGetElement", 15, 0, map_get_element, "identity", NULL},
    {"OptionalHasElement", 15, 0, map_has_element, NULL, NULL},
};

SCULL_ONNX_ROWS(control, "", rows);
