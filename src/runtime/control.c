/* Branches and loops. Parameters and results of a list have blocks of their own: between two trips
 * the blocks of a carried value's parameter and result change places, and nothing is copied. */
#include <string.h>

#include "runtime/late_parts.h"

static const scull_shape_t scalar = {0};

static uint32_t operand(const scull_plan_step_t *step, size_t index) {
  const scull_site_op_t *op = &step->site.ops[0];
  if (index >= op->input_count || op->inputs[index] == SCULL_SITE_ABSENT)
    return SCULL_PLAN_NONE;
  return step->bindings[op->inputs[index]];
}

static uint32_t output(const scull_plan_step_t *step, size_t index) {
  return step->bindings[step->site.ops[0].outputs[index]];
}

static size_t bytes_of(const scull_late_t *late, uint32_t value) {
  const scull_type_t type = {.dtype = late->engine->plan.values[value].dtype,
                             .shape = late->variant->shapes[value]};
  return scull_tensor_bytes(&type);
}

/* --- moving ------------------------------------------------------------------------------------
 */

static scull_status_t copy_value(scull_late_t *late, const scull_plan_step_t *step, uint32_t from,
                                 uint32_t to, scull_diag_t *diag) {
  SCULL_TRY(scull_runtime_late_check(late, from, diag));
  SCULL_TRY(scull_runtime_late_shape(late, to, &late->variant->shapes[from], diag));
  void *dst = scull_runtime_late_address(late, step, to);
  const void *src = scull_runtime_late_address(late, step, from);
  if (scull_tensor_dtype_is_sequence(late->engine->plan.values[from].dtype)) {
    if (scull_tensor_sequence_copy(dst, src) == SCULL_OK)
      return SCULL_OK;
    return scull_base_fail_memory(diag, "a sequence");
  }
  size_t bytes = bytes_of(late, from);
  if (bytes > 0 && dst != src)
    memmove(dst, src, bytes);
  return SCULL_OK;
}

/* What `from` holds becomes that of `to`; what `from` then holds is of no use. */
static scull_status_t move_value(scull_late_t *late, const scull_plan_step_t *step, uint32_t from,
                                 uint32_t to, scull_diag_t *diag) {
  const scull_plan_buffer_t *a = scull_runtime_late_buffer(late, from);
  const scull_plan_buffer_t *b = scull_runtime_late_buffer(late, to);
  if (from == to)
    return SCULL_OK;
  if (a->storage != b->storage || a->storage < SCULL_PLAN_BLOCK)
    return copy_value(late, step, from, to, diag);
  late->variant->shapes[to] = late->variant->shapes[from];
  if (a->storage == SCULL_PLAN_SEQUENCE) {
    scull_sequence_t *sequence = late->sequences[a->index];
    late->sequences[a->index] = late->sequences[b->index];
    late->sequences[b->index] = sequence;
  } else {
    scull_block_t block = late->blocks[a->index];
    late->blocks[a->index] = late->blocks[b->index];
    late->blocks[b->index] = block;
  }
  return SCULL_OK;
}

/* One element of a condition or a number of trips; checks that there is one. */
static scull_status_t read_one(const scull_late_t *late, const scull_plan_step_t *step,
                               uint32_t value, int64_t *out, scull_diag_t *diag) {
  const scull_plan_value_t *v = &late->engine->plan.values[value];
  SCULL_TRY(scull_runtime_late_check(late, value, diag));
  if (scull_tensor_count(&late->variant->shapes[value]) != 1)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "'%s' must have one element", v->name);
  *out = scull_tensor_load_i64(scull_runtime_late_address(late, step, value), v->dtype, 0);
  return SCULL_OK;
}

static scull_status_t write_one(scull_late_t *late, const scull_plan_step_t *step, uint32_t value,
                                int64_t number, scull_diag_t *diag) {
  SCULL_TRY(scull_runtime_late_shape(late, value, &scalar, diag));
  scull_tensor_store_i64(scull_runtime_late_address(late, step, value),
                         late->engine->plan.values[value].dtype, 0, number);
  return SCULL_OK;
}

/* --- branches ----------------------------------------------------------------------------------
 */

static scull_status_t run_branch(scull_late_t *late, const scull_plan_step_t *step,
                                 scull_diag_t *diag) {
  int64_t condition = 0;
  SCULL_TRY(read_one(late, step, operand(step, 0), &condition, diag));
  uint32_t list = step->lists[condition != 0 ? 0 : 1];
  const scull_plan_list_t *l = &late->engine->plan.lists[list];
  SCULL_TRY(scull_runtime_late_list(late, list, diag));
  for (size_t o = 0; o < l->result_count; o++)
    SCULL_TRY(move_value(late, step, l->results[o], output(step, o), diag));
  return SCULL_OK;
}

/* --- loops -------------------------------------------------------------------------------------
 */

typedef struct {
  scull_late_t *late;
  const scull_plan_step_t *step;
  const scull_plan_list_t *list;
  size_t carried, outputs;
  int64_t trip, most, condition;
  scull_diag_t *diag;
} loop_t;

static scull_status_t loop_begin(loop_t *loop) {
  uint32_t trips = operand(loop->step, SCULL_LOOP_TRIPS);
  uint32_t condition = operand(loop->step, SCULL_LOOP_CONDITION);
  loop->most = INT64_MAX;
  loop->condition = 1;
  if (trips != SCULL_PLAN_NONE)
    SCULL_TRY(read_one(loop->late, loop->step, trips, &loop->most, loop->diag));
  if (condition != SCULL_PLAN_NONE)
    SCULL_TRY(read_one(loop->late, loop->step, condition, &loop->condition, loop->diag));
  for (size_t i = 0; i < loop->carried; i++)
    SCULL_TRY(copy_value(loop->late, loop->step, operand(loop->step, SCULL_LOOP_CARRIED + i),
                         loop->list->params[SCULL_LOOP_CARRIED + i], loop->diag));
  return SCULL_OK;
}

/* Appends a trip's result to all of them. */
static scull_status_t gather(const loop_t *loop, size_t o) {
  scull_late_t *late = loop->late;
  uint32_t item = loop->list->results[SCULL_LOOP_RESULT + o], all = output(loop->step, o);
  SCULL_TRY(scull_runtime_late_check(late, item, loop->diag));
  const scull_shape_t *one = &late->variant->shapes[item];
  scull_shape_t *shape = &late->variant->shapes[all];
  const scull_plan_value_t *v = &late->engine->plan.values[all];
  size_t bytes = bytes_of(late, item), had = (size_t)loop->trip * bytes;
  scull_shape_t now = {.rank = one->rank + 1, .dim = {loop->trip + 1}};
  memcpy(&now.dim[1], one->dim, sizeof one->dim - sizeof one->dim[0]);
  if ((loop->trip > 0 || !v->late) &&
      memcmp(&now.dim[1], &shape->dim[1], sizeof(int64_t) * (size_t)one->rank) != 0)
    return scull_base_fail(loop->diag, SCULL_INVALID_ARGUMENT,
                           "'%s' gathers tensors of different shapes", v->name);
  if (!v->late && loop->trip >= shape->dim[0])
    return scull_base_fail(loop->diag, SCULL_CORRUPT, "'%s' gathers more than planned", v->name);
  size_t room = scull_runtime_late_buffer(late, all)->storage == SCULL_PLAN_BLOCK
                    ? late->blocks[scull_runtime_late_buffer(late, all)->index].room
                    : SIZE_MAX;
  size_t want = had + bytes > room && loop->trip > 0 ? 2 * (had + bytes) : had + bytes;
  SCULL_TRY(scull_runtime_late_reserve(late, all, want, had, loop->diag));
  if (v->late)
    *shape = now;
  if (bytes > 0)
    memcpy((char *)scull_runtime_late_address(late, loop->step, all) + had,
           scull_runtime_late_address(late, loop->step, item), bytes);
  return SCULL_OK;
}

static scull_status_t run_trip(loop_t *loop) {
  scull_late_t *late = loop->late;
  const scull_plan_list_t *list = loop->list;
  if (++late->trips > late->trip_limit)
    return scull_base_fail(loop->diag, SCULL_OUT_OF_RANGE,
                           "it goes on after %llu trips, the most that a run may make",
                           (unsigned long long)late->trip_limit);
  SCULL_TRY(write_one(late, loop->step, list->params[SCULL_LOOP_TRIPS], loop->trip, loop->diag));
  SCULL_TRY(
      write_one(late, loop->step, list->params[SCULL_LOOP_CONDITION], loop->condition, loop->diag));
  SCULL_TRY(scull_runtime_late_list(late, loop->step->lists[0], loop->diag));
  SCULL_TRY(read_one(late, loop->step, list->results[0], &loop->condition, loop->diag));
  for (size_t o = loop->carried; o < loop->outputs; o++)
    SCULL_TRY(gather(loop, o));
  for (size_t i = 0; i < loop->carried; i++)
    SCULL_TRY(move_value(late, loop->step, list->results[SCULL_LOOP_RESULT + i],
                         list->params[SCULL_LOOP_CARRIED + i], loop->diag));
  return SCULL_OK;
}

static scull_status_t loop_end(const loop_t *loop) {
  scull_late_t *late = loop->late;
  for (size_t i = 0; i < loop->carried; i++)
    SCULL_TRY(move_value(late, loop->step, loop->list->params[SCULL_LOOP_CARRIED + i],
                         output(loop->step, i), loop->diag));
  for (size_t o = loop->carried; o < loop->outputs; o++) {
    uint32_t all = output(loop->step, o);
    scull_shape_t shape = late->variant->shapes[all];
    shape.dim[0] = loop->trip;
    if (loop->trip == 0) /* of no trip: nothing, in the shape of the guess */
      SCULL_TRY(scull_runtime_late_shape(late, all, &shape, loop->diag));
    else if (!late->engine->plan.values[all].late &&
             late->variant->shapes[all].dim[0] != loop->trip)
      return scull_base_fail(loop->diag, SCULL_CORRUPT, "'%s' gathers less than planned",
                             late->engine->plan.values[all].name);
  }
  return SCULL_OK;
}

static scull_status_t run_loop(scull_late_t *late, const scull_plan_step_t *step,
                               scull_diag_t *diag) {
  const scull_site_op_t *op = &step->site.ops[0];
  loop_t loop = {.late = late,
                 .step = step,
                 .list = &late->engine->plan.lists[step->lists[0]],
                 .carried = (size_t)((const scull_loop_attrs_t *)op->attrs)->carried,
                 .outputs = op->output_count,
                 .diag = diag};
  SCULL_TRY(loop_begin(&loop));
  for (loop.trip = 0; loop.condition != 0 && loop.trip < loop.most; loop.trip++)
    SCULL_TRY(run_trip(&loop));
  return loop_end(&loop);
}

scull_status_t scull_runtime_late_control(scull_late_t *late, const scull_plan_step_t *step,
                                          scull_diag_t *diag) {
  return step->site.ops[0].def->control == SCULL_CONTROL_BRANCH ? run_branch(late, step, diag)
                                                                : run_loop(late, step, diag);
}
