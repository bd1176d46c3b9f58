/* The laws of lists: they part the steps, form a tree whose parents come first (so that no run goes
 * round in circles), and take and give what the operator that owns them says. */
#include "ops/loop.h"
#include "plan/records.h"

static const char *list_fault(const scull_plan_t *plan, size_t index, uint64_t first) {
  const scull_plan_list_t *list = &plan->lists[index];
  if (list->first != first || list->count > plan->step_count - first)
    return "does not begin where the one before ends";
  if (index == 0 && (list->param_count > 0 || list->result_count > 0))
    return "is the network, but has parameters";
  for (size_t i = 0; i < list->param_count + list->result_count; i++) {
    uint32_t id = i < list->param_count ? list->params[i] : list->results[i - list->param_count];
    if (id >= plan->value_count)
      return "names a value that does not exist";
    const scull_plan_value_t *v = &plan->values[id];
    if (plan->buffers[v->buffer].storage < SCULL_PLAN_BLOCK || v->layout != SCULL_LAYOUT_PLAIN ||
        v->as != SCULL_AS_MODEL)
      return "takes or gives a value that is not dense in a block";
  }
  return NULL;
}

static bool same_kind(const scull_plan_t *plan, uint32_t a, uint32_t b) {
  const scull_plan_value_t *x = &plan->values[a], *y = &plan->values[b];
  bool sequence = scull_tensor_dtype_is_sequence(x->dtype);
  return x->dtype == y->dtype && (sequence || x->opt.rank == y->opt.rank);
}

static bool is_plain(const scull_plan_t *plan, uint32_t id) {
  return plan->values[id].layout == SCULL_LAYOUT_PLAIN && plan->values[id].as == SCULL_AS_MODEL &&
         plan->values[id].channel_total == 0;
}

static bool is_scalar(const scull_plan_t *plan, uint32_t id, scull_dtype_t dtype) {
  return plan->values[id].dtype == dtype;
}

static const uint32_t *operand(const scull_plan_step_t *step, size_t index) {
  const scull_site_op_t *op = &step->site.ops[0];
  return index < op->input_count && op->inputs[index] != SCULL_SITE_ABSENT
             ? &step->bindings[op->inputs[index]]
             : NULL;
}

static uint32_t output(const scull_plan_step_t *step, size_t index) {
  return step->bindings[step->site.ops[0].outputs[index]];
}

static const char *branch_fault(const scull_plan_t *plan, const scull_plan_step_t *step) {
  size_t outputs = step->site.ops[0].output_count;
  for (size_t r = 0; r < 2; r++) {
    if (step->lists[r] == SCULL_PLAN_NONE)
      return "belongs to a branch that has no other";
    const scull_plan_list_t *list = &plan->lists[step->lists[r]];
    if (list->param_count != 0 || list->result_count != outputs)
      return "gives another number of results than its branch";
    for (size_t o = 0; o < outputs; o++) {
      if (!same_kind(plan, list->results[o], output(step, o)) || !is_plain(plan, output(step, o)))
        return "gives a result of another type than its branch";
    }
  }
  const uint32_t *condition = operand(step, 0);
  return condition != NULL && is_scalar(plan, *condition, SCULL_DTYPE_BOOL)
             ? NULL
             : "belongs to a branch without a condition";
}

static const char *carried_fault(const scull_plan_t *plan, const scull_plan_step_t *step,
                                 const scull_plan_list_t *list, size_t carried) {
  for (size_t i = 0; i < carried; i++) {
    const uint32_t *begin = operand(step, SCULL_LOOP_CARRIED + i);
    uint32_t param = list->params[SCULL_LOOP_CARRIED + i];
    if (begin == NULL || !same_kind(plan, *begin, param) || !is_plain(plan, *begin) ||
        !same_kind(plan, list->results[SCULL_LOOP_RESULT + i], param) ||
        !same_kind(plan, output(step, i), param) || !is_plain(plan, output(step, i)))
      return "carries a value that changes its type";
  }
  return NULL;
}

static const char *loop_fault(const scull_plan_t *plan, const scull_plan_step_t *step) {
  const scull_plan_list_t *list = &plan->lists[step->lists[0]];
  size_t outputs = step->site.ops[0].output_count;
  int64_t carried = ((const scull_loop_attrs_t *)step->site.ops[0].attrs)->carried;
  const uint32_t *trips = operand(step, SCULL_LOOP_TRIPS),
                 *condition = operand(step, SCULL_LOOP_CONDITION);
  if (step->lists[1] != SCULL_PLAN_NONE)
    return "belongs to a loop with two";
  if (carried < 0 || (uint64_t)carried > outputs ||
      list->param_count != SCULL_LOOP_CARRIED + (size_t)carried ||
      list->result_count != SCULL_LOOP_RESULT + outputs)
    return "takes or gives another number of values than its loop";
  if ((trips != NULL && !is_scalar(plan, *trips, SCULL_DTYPE_I64)) ||
      (condition != NULL && !is_scalar(plan, *condition, SCULL_DTYPE_BOOL)) ||
      !is_scalar(plan, list->params[SCULL_LOOP_TRIPS], SCULL_DTYPE_I64) ||
      !is_scalar(plan, list->params[SCULL_LOOP_CONDITION], SCULL_DTYPE_BOOL) ||
      !is_scalar(plan, list->results[0], SCULL_DTYPE_BOOL))
    return "counts or ends by what is no number and no truth value";
  for (size_t o = (size_t)carried; o < outputs; o++) {
    const scull_plan_value_t *all = &plan->values[output(step, o)];
    const scull_plan_value_t *item = &plan->values[list->results[SCULL_LOOP_RESULT + o]];
    if (all->dtype != item->dtype || all->opt.rank != item->opt.rank + 1 ||
        scull_tensor_dtype_is_sequence(all->dtype) || !is_plain(plan, output(step, o)))
      return "gathers a value of another type";
  }
  return carried_fault(plan, step, list, (size_t)carried);
}

/* What a list's steps run lies behind it, and each list is run by one step. */
static const char *owner_fault(const scull_plan_t *plan, size_t index, uint32_t *depth) {
  const scull_plan_list_t *list = &plan->lists[index];
  for (size_t s = list->first; s < (size_t)list->first + list->count; s++) {
    const scull_plan_step_t *step = &plan->steps[s];
    if (index > 0 && !step->late)
      return "has steps that are prepared before the run";
    for (size_t r = 0; r < SCULL_PLAN_MAX_REGIONS; r++) {
      uint32_t owned = step->lists[r];
      if (owned == SCULL_PLAN_NONE)
        continue;
      if (step->kind != SCULL_PLAN_CONTROL || owned <= index || owned >= plan->list_count ||
          depth[owned] != 0)
        return "runs a list that is not its own";
      depth[owned] = depth[index] + 1;
      if (depth[owned] > SCULL_PLAN_MAX_DEPTH)
        return "lies too deep";
    }
    if (step->kind != SCULL_PLAN_CONTROL)
      continue;
    if (step->lists[0] == SCULL_PLAN_NONE)
      return "has a step that should run a list and has none";
    const char *fault = step->site.ops[0].def->control == SCULL_CONTROL_BRANCH
                            ? branch_fault(plan, step)
                            : loop_fault(plan, step);
    if (fault != NULL)
      return fault;
  }
  return NULL;
}

const char *scull_plan_lists_fault(const scull_plan_t *plan, uint32_t *depth, size_t *index) {
  uint64_t first = 0;
  const char *fault = plan->list_count > 0 ? NULL : "is missing";
  for (*index = 0; *index < plan->list_count && fault == NULL; ++*index) {
    fault = list_fault(plan, *index, first);
    first += plan->lists[*index].count;
  }
  if (fault != NULL || first != plan->step_count)
    return fault != NULL ? fault : "ends before the last step";
  for (*index = 0; *index < plan->list_count && fault == NULL; ++*index) {
    fault = *index > 0 && depth[*index] == 0 ? "is run by no step" : NULL;
    if (fault == NULL)
      fault = owner_fault(plan, *index, depth);
  }
  return fault;
}
