/* Types across the border of regions. A branch gives what its branches agree on; a carried value of
 * a loop is settled when a trip gives the type that it took: by induction it then keeps it for any
 * number of trips. Where extents do not agree, a run must settle them: the value is late. */
#include "graph/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/loop.h"

static scull_status_t refuse(const scull_graph_t *graph, const scull_node_t *node,
                             const char *format, ...) __attribute__((format(printf, 3, 4)));

static scull_status_t refuse(const scull_graph_t *graph, const scull_node_t *node,
                             const char *format, ...) {
  char words[256];
  va_list args;
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  return scull_base_fail(graph->diag, SCULL_INVALID_ARGUMENT, "node '%s' (%s): %s", node->name,
                         node->op->name, words);
}

/* --- one value -------------------------------------------------------------------------------- */

/* What a value outside tells of the parameter that it is given to; `bytes`: also its content. */
static void give(const scull_value_t *from, scull_value_t *param, bool bytes) {
  param->dtype = from->dtype;
  param->late = from->late;
  for (int p = 0; p < SCULL_POINTS; p++) {
    param->shape[p] = from->shape[p];
    param->known[p] = bytes ? from->known[p] : NULL;
    param->guess[p] = bytes ? from->guess[p] : NULL;
  }
}

static void give_scalar(scull_value_t *param, scull_dtype_t dtype) {
  const scull_value_t scalar = {.dtype = dtype};
  give(&scalar, param, false);
}

static bool same_shapes(const scull_value_t *a, const scull_value_t *b, int points) {
  for (int p = 0; p < points; p++) {
    if (!scull_tensor_shape_equal(&a->shape[p], &b->shape[p]))
      return false;
  }
  return true;
}

/* A sequence of which no element was seen yet has elements of no dimension. */
static bool is_blank(const scull_value_t *v) {
  return scull_tensor_dtype_is_sequence(v->dtype) && v->shape[0].rank == 0;
}

/* Widens `to` until it also describes `from`; false when no type describes both. */
static bool join(scull_value_t *to, const scull_value_t *from, int points) {
  if (to->dtype != from->dtype)
    return false;
  if (is_blank(to) || is_blank(from)) {
    if (is_blank(to))
      give(from, to, false);
    to->late = true;
    return true;
  }
  if (to->shape[0].rank != from->shape[0].rank)
    return false;
  to->late = to->late || from->late || !same_shapes(to, from, points);
  for (int p = 0; p < points; p++) {
    bool low = p == SCULL_POINT_MIN || p == SCULL_POINT_PROBE;
    for (int32_t i = 0; i < to->shape[p].rank; i++) {
      int64_t a = to->shape[p].dim[i], b = from->shape[p].dim[i];
      to->shape[p].dim[i] = (a < b) == low ? a : b;
    }
  }
  return true;
}

/* All points the same bytes, and sure. */
static const void *known_bytes(const scull_graph_t *graph, scull_value_id_t id, size_t size) {
  const scull_value_t *v = scull_graph_value(graph, id);
  if (v == NULL || v->late || v->known[0] == NULL)
    return NULL;
  for (int p = 1; p < graph->points; p++) {
    if (v->known[p] == NULL || memcmp(v->known[p], v->known[0], size) != 0)
      return NULL;
  }
  return v->known[0];
}

/* --- borders ---------------------------------------------------------------------------------- */

static scull_status_t check_condition(const scull_graph_t *graph, const scull_node_t *node,
                                      const scull_value_t *v) {
  if (v->dtype == SCULL_DTYPE_BOOL && scull_tensor_count(&v->shape[0]) == 1)
    return SCULL_OK;
  return refuse(graph, node, "the condition '%s' is not one truth value", v->name);
}

static scull_status_t check_counts(const scull_graph_t *graph, const scull_node_t *node,
                                   const scull_graph_t *region, size_t params, size_t results) {
  if (region->inputs.size == params && region->outputs.size == results)
    return SCULL_OK;
  return refuse(graph, node,
                "a region has %zu parameters and %zu results where %zu and %zu are due",
                region->inputs.size, region->outputs.size, params, results);
}

/* Operands from `first` on go to the parameters from `param` on. */
static scull_status_t give_captures(const scull_graph_t *graph, const scull_node_t *node,
                                    size_t first, scull_graph_t *region, size_t param) {
  for (size_t i = first; i < node->input_count; i++, param++) {
    const scull_value_t *from = scull_graph_value(graph, node->inputs[i]);
    if (from == NULL)
      return refuse(graph, node, "operand %zu is missing", i);
    give(from, scull_graph_value(region, region->inputs.data[param]), true);
  }
  return SCULL_OK;
}

static scull_value_t *result_of(const scull_graph_t *region, size_t index) {
  return scull_graph_value(region, region->outputs.data[index].value);
}

static void put_output(scull_graph_t *graph, const scull_node_t *node, size_t output,
                       const scull_value_t *type) {
  scull_value_t *v = &graph->values.data[node->outputs[output]];
  give(type, v, false);
  for (int p = 1; p < graph->points;
       p++) /* a shape rule cannot look into regions when inputs move */
    v->late = v->late || !scull_tensor_shape_equal(&v->shape[p], &v->shape[0]);
}

/* Graph and regions look at the same points. */
static void agree_on_points(scull_graph_t *graph, const scull_node_t *node) {
  bool open = graph->points > 1;
  for (size_t i = 0; i < node->region_count; i++)
    open = open || node->regions[i]->points > 1;
  for (size_t i = 0; i < node->region_count && open; i++)
    scull_graph_open_points(node->regions[i]);
  if (open)
    scull_graph_open_points(graph);
}

static scull_status_t infer_region(const scull_graph_t *graph, scull_graph_t *region) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the operator's kind wants the region */
  scull_diag_t *diag = region->diag;
  region->diag = graph->diag;
  scull_status_t status = scull_graph_infer(region);
  region->diag = diag;
  return status;
}

/* --- branches --------------------------------------------------------------------------------- */

static scull_status_t join_branches(scull_graph_t *graph, const scull_node_t *node) {
  const uint8_t *known = known_bytes(graph, node->inputs[0], 1);
  for (size_t o = 0; o < node->output_count; o++) {
    const scull_value_t *yes = result_of(node->regions[0], o), *no = result_of(node->regions[1], o);
    scull_value_t both = known != NULL && *known == 0 ? *no : *yes;
    if (known == NULL && !join(&both, no, graph->points))
      return refuse(graph, node, "output %zu is %s of %d dimensions or %s of %d", o,
                    scull_tensor_dtype_name(yes->dtype), yes->shape[0].rank,
                    scull_tensor_dtype_name(no->dtype), no->shape[0].rank);
    both.late = both.late || scull_tensor_dtype_is_sequence(both.dtype);
    put_output(graph, node, o, &both);
  }
  return SCULL_OK;
}

static scull_status_t infer_branch(scull_graph_t *graph, const scull_node_t *node) {
  if (node->region_count != 2)
    return refuse(graph, node, "it has %zu regions, not two", node->region_count);
  SCULL_TRY(check_condition(graph, node, scull_graph_value(graph, node->inputs[0])));
  for (size_t r = 0; r < 2; r++) {
    scull_graph_t *region = node->regions[r];
    SCULL_TRY(check_counts(graph, node, region, node->input_count - 1, node->output_count));
    SCULL_TRY(give_captures(graph, node, 1, region, 0));
    SCULL_TRY(infer_region(graph, region));
  }
  agree_on_points(graph, node);
  return join_branches(graph, node);
}

/* --- loops ------------------------------------------------------------------------------------ */

static scull_status_t check_loop(const scull_graph_t *graph, const scull_node_t *node,
                                 size_t carried) {
  const scull_value_t *trips = NULL, *condition = NULL;
  if (node->region_count != 1)
    return refuse(graph, node, "it has %zu regions, not one", node->region_count);
  if (carried > node->output_count || node->input_count < SCULL_LOOP_CARRIED + carried)
    return refuse(graph, node, "%zu carried values of %zu operands and %zu outputs", carried,
                  node->input_count, node->output_count);
  SCULL_TRY(check_counts(graph, node, node->regions[0], node->input_count, node->output_count + 1));
  trips = scull_graph_value(graph, node->inputs[SCULL_LOOP_TRIPS]);
  condition = scull_graph_value(graph, node->inputs[SCULL_LOOP_CONDITION]);
  if (trips != NULL &&
      (trips->dtype != SCULL_DTYPE_I64 || scull_tensor_count(&trips->shape[0]) != 1))
    return refuse(graph, node, "the number of trips '%s' is not one i64", trips->name);
  return condition == NULL ? SCULL_OK : check_condition(graph, node, condition);
}

/* True when the loop ends by its number of trips alone. */
static bool counts_only(const scull_graph_t *graph, const scull_node_t *node) {
  const scull_graph_t *region = node->regions[0];
  scull_value_id_t begin = node->inputs[SCULL_LOOP_CONDITION], id = region->outputs.data[0].value;
  const uint8_t *known = known_bytes(graph, begin, 1);
  if (begin != SCULL_NO_ID && (known == NULL || *known == 0))
    return false;
  for (size_t i = 0; i < region->nodes.size; i++) { /* behind views that only hand it on */
    const scull_node_t *producer = scull_graph_producer(region, id);
    if (producer == NULL || (producer->op->traits & SCULL_OP_VIEW) == 0)
      break;
    id = producer->inputs[0];
  }
  known = known_bytes(region, id, 1);
  return id == region->inputs.data[SCULL_LOOP_CONDITION] || (known != NULL && *known != 0);
}

/* One round: what a trip makes of the carried types. *changed when a parameter had to be widened.
 */
static scull_status_t widen(scull_graph_t *graph, const scull_node_t *node, size_t carried,
                            bool *changed) {
  scull_graph_t *region = node->regions[0];
  *changed = false;
  for (size_t i = 0; i < carried; i++) {
    scull_value_t *param = scull_graph_value(region, region->inputs.data[SCULL_LOOP_CARRIED + i]);
    const scull_value_t *result = result_of(region, SCULL_LOOP_RESULT + i);
    bool was_late = param->late, was_blank = is_blank(param);
    if (!join(param, result, region->points))
      return refuse(graph, node,
                    "carried value %zu begins as %s of %d dimensions and becomes %s of %d", i,
                    scull_tensor_dtype_name(param->dtype), param->shape[0].rank,
                    scull_tensor_dtype_name(result->dtype), result->shape[0].rank);
    *changed = *changed || param->late != was_late || is_blank(param) != was_blank;
  }
  return SCULL_OK;
}

/* The extent of a gathered value's first axis: the number of trips, or a guess of it. */
static int64_t trips_at(const scull_graph_t *graph, const scull_node_t *node, int point,
                        bool *sure) {
  const scull_value_t *trips = scull_graph_value(graph, node->inputs[SCULL_LOOP_TRIPS]);
  static const int64_t guesses[SCULL_POINTS] = {8, 1, 8, 3};
  const void *bytes = trips == NULL ? NULL
                      : trips->late ? trips->guess[point]
                                    : trips->known[point];
  *sure = *sure && bytes != NULL && !trips->late;
  int64_t count = bytes == NULL ? guesses[point] : scull_tensor_load_i64(bytes, SCULL_DTYPE_I64, 0);
  if (*sure || bytes == NULL)
    return count < 0 ? 0 : count;
  enum { MOST = 1024 }; /* of a guess: "as often as it takes" is written as a huge number */
  return point == SCULL_POINT_MIN ? 1 : count < 1 ? 1 : count > MOST ? MOST : count;
}

static scull_status_t put_gathered(scull_graph_t *graph, const scull_node_t *node, size_t output) {
  const scull_value_t *item = result_of(node->regions[0], SCULL_LOOP_RESULT + output);
  bool sure = counts_only(graph, node);
  if (item->shape[0].rank >= SCULL_MAX_RANK || scull_tensor_dtype_is_sequence(item->dtype))
    return refuse(graph, node, "output %zu gathers what cannot be gathered", output);
  for (int p = 0; p < graph->points; p++)
    (void)trips_at(graph, node, p, &sure);
  if (item->late || !sure) { /* before its shapes are looked at: there may be more of them then */
    scull_graph_open_points(node->regions[0]);
    scull_graph_open_points(graph);
  }
  scull_value_t all = *item;
  all.late = item->late || !sure;
  for (int p = 0; p < graph->points; p++) {
    const scull_shape_t *from = &item->shape[p];
    all.shape[p] = (scull_shape_t){.rank = from->rank + 1};
    all.shape[p].dim[0] = trips_at(graph, node, p, &sure);
    for (int32_t i = 0; i < from->rank; i++)
      all.shape[p].dim[i + 1] = from->dim[i];
    size_t bytes = 0;
    if (!scull_tensor_type_bytes(&(scull_type_t){all.dtype, all.shape[p]}, &bytes))
      return refuse(graph, node, "output %zu is too large", output);
  }
  put_output(graph, node, output, &all);
  return SCULL_OK;
}

static scull_status_t begin_loop(scull_graph_t *graph, const scull_node_t *node, size_t carried) {
  scull_graph_t *region = node->regions[0];
  give_scalar(scull_graph_value(region, region->inputs.data[SCULL_LOOP_TRIPS]), SCULL_DTYPE_I64);
  give_scalar(scull_graph_value(region, region->inputs.data[SCULL_LOOP_CONDITION]),
              SCULL_DTYPE_BOOL);
  SCULL_TRY(give_captures(graph, node, SCULL_LOOP_CARRIED, region, SCULL_LOOP_CARRIED));
  for (size_t i = 0; i < carried; i++) { /* what it begins with is not what it stays */
    scull_value_t *param = scull_graph_value(region, region->inputs.data[SCULL_LOOP_CARRIED + i]);
    scull_value_t type = *param;
    give(&type, param, false);
    param->late = type.late || scull_tensor_dtype_is_sequence(type.dtype);
  }
  return SCULL_OK;
}

static scull_status_t infer_loop(scull_graph_t *graph, const scull_node_t *node) {
  size_t carried = (size_t)((const scull_loop_attrs_t *)node->attrs)->carried;
  scull_graph_t *region = node->region_count == 1 ? node->regions[0] : NULL;
  bool changed = true;
  SCULL_TRY(check_loop(graph, node, carried));
  SCULL_TRY(begin_loop(graph, node, carried));
  for (size_t round = 0; changed; round++) { /* each value widens twice at most: it ends */
    SCULL_TRY(infer_region(graph, region));
    SCULL_TRY(widen(graph, node, carried, &changed));
    agree_on_points(graph, node);
    if (round > 2 * carried + 2)
      return refuse(graph, node, "the types of its carried values do not settle");
  }
  SCULL_TRY(check_condition(graph, node, result_of(region, 0)));
  for (size_t o = 0; o < node->output_count; o++) {
    if (o < carried)
      put_output(graph, node, o,
                 scull_graph_value(region, region->inputs.data[SCULL_LOOP_CARRIED + o]));
    else
      SCULL_TRY(put_gathered(graph, node, o));
  }
  return SCULL_OK;
}

scull_status_t scull_graph_infer_control(scull_graph_t *graph, scull_node_id_t id) {
  const scull_node_t *node = scull_graph_node(graph, id);
  agree_on_points(graph, node);
  return node->op->control == SCULL_CONTROL_BRANCH ? infer_branch(graph, node)
                                                   : infer_loop(graph, node);
}
