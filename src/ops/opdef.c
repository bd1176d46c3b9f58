/* The list of operators and the checks around every shape rule. */
#include "ops/opdef.h"

#include <stdio.h>
#include <string.h>

#undef scull_ops_fail /* the analyzer's: see the header */

static const scull_opdef_t *const all[] = {
#define SCULL_OP(name) &scull_opdef_##name,
#include "ops/ops.def"
#undef SCULL_OP
};

enum { OP_COUNT = sizeof all / sizeof all[0] };

/* Operators of plug-ins, in the order of their coming. Entries are never taken away. */
static void *first_added;

static const scull_ops_added_t *follow(void *const *link) {
  return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

void scull_ops_add(scull_ops_added_t *entry) {
  void **end = &first_added;
  for (scull_ops_added_t *at = *end; at != NULL; at = *end)
    end = &at->next;
  __atomic_store_n(end, entry, __ATOMIC_RELEASE);
}

size_t scull_ops_count(void) {
  size_t count = OP_COUNT;
  for (const scull_ops_added_t *at = follow(&first_added); at != NULL; at = follow(&at->next))
    count++;
  return count;
}

const scull_opdef_t *scull_ops_at(size_t index) {
  if (index < OP_COUNT)
    return all[index];
  const scull_ops_added_t *at = follow(&first_added);
  for (size_t i = OP_COUNT; at != NULL && i < index; i++)
    at = follow(&at->next);
  return at == NULL ? NULL : at->def;
}

const scull_opdef_t *scull_ops_find(const char *name) {
  for (size_t i = 0; i < OP_COUNT; i++) {
    if (strcmp(all[i]->name, name) == 0)
      return all[i];
  }
  for (const scull_ops_added_t *at = follow(&first_added); at != NULL; at = follow(&at->next)) {
    if (strcmp(at->def->name, name) == 0)
      return at->def;
  }
  return NULL;
}

bool scull_ops_has_input(const scull_op_call_t *call, size_t index) {
  return index < call->input_count && call->inputs[index].type.dtype != SCULL_DTYPE_NONE;
}

void scull_ops_open(const scull_op_call_t *call, size_t output, int32_t axis) {
  if (call->open != NULL && axis >= 0 && axis < SCULL_MAX_RANK)
    call->open[output] |= 1u << axis;
}

bool scull_ops_must_guess(const scull_op_call_t *call, size_t index) {
  return call->open != NULL && scull_ops_has_input(call, index) &&
         call->inputs[index].data == NULL &&
         scull_tensor_count(&call->inputs[index].type.shape) > 0;
}

scull_status_t scull_ops_fail(const scull_op_call_t *call, const char *format, ...) {
  char words[512];
  va_list args;
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  return scull_base_fail(call->diag, SCULL_INVALID_ARGUMENT, "node '%s' (%s): %s",
                         call->node == NULL ? "?" : call->node, call->def->name, words);
}

static scull_status_t check_arity(const scull_op_call_t *call) {
  const scull_opdef_t *def = call->def;
  if (call->input_count < def->inputs_min ||
      (def->inputs_max != SCULL_ARITY_MANY && call->input_count > def->inputs_max))
    return scull_ops_fail(call, "%zu inputs where %d to %d are taken", call->input_count,
                          def->inputs_min, def->inputs_max);
  if (call->output_count < def->outputs_min ||
      (def->outputs_max != SCULL_ARITY_MANY && call->output_count > def->outputs_max))
    return scull_ops_fail(call, "%zu outputs where %d to %d are given", call->output_count,
                          def->outputs_min, def->outputs_max);
  for (size_t i = 0; i < def->inputs_min; i++) {
    if (!scull_ops_has_input(call, i))
      return scull_ops_fail(call, "input %zu is missing", i);
  }
  return SCULL_OK;
}

/* What every rule may take for granted. */
static scull_status_t check_call(const scull_op_call_t *call) {
  SCULL_TRY(check_arity(call));
  if (call->def->infer == NULL)
    return scull_ops_fail(call, "it owns graphs, and without them it means nothing");
  for (size_t i = 0; i < call->input_count; i++) {
    if ((call->def->traits & SCULL_OP_SEQUENCES) == 0 &&
        scull_tensor_dtype_is_sequence(call->inputs[i].type.dtype))
      return scull_ops_fail(call, "input %zu is a sequence, a tensor is wanted", i);
  }
  return SCULL_OK;
}

/* An operator whose extents depend on data and whose rule does not say which: the first axis. */
static void open_first_axes(const scull_op_call_t *call) {
  bool any = false;
  if (call->open == NULL || (call->def->traits & SCULL_OP_DATA_SHAPE) == 0)
    return;
  for (size_t i = 0; i < call->output_count; i++)
    any = any || call->open[i] != 0;
  for (size_t i = 0; i < call->output_count && !any; i++)
    call->open[i] = call->outputs[i].type.shape.rank > 0 ? 1u : 0u;
}

/* A rule sees the bytes of those operands only that its descriptor names: a run hands it no others,
 * so that what it said in the build must not hang on them. Calls of more operands than a descriptor
 * can name are lists of tensors. */
static scull_status_t run_rule(const scull_op_call_t *call) {
  enum { NAMED = 32 };
  scull_tensor_t seen[NAMED];
  scull_op_call_t blind = *call;
  if (call->input_count <= NAMED) {
    for (size_t i = 0; i < call->input_count; i++) {
      seen[i] = call->inputs[i];
      if ((call->def->value_inputs & 1u << i) == 0)
        seen[i].data = NULL;
    }
    blind.inputs = seen;
  }
  return call->def->infer(&blind);
}

scull_status_t scull_ops_infer(const scull_op_call_t *call) {
  SCULL_TRY(check_call(call));
  for (size_t i = 0; i < call->output_count; i++) {
    call->outputs[i].type = (scull_type_t){0};
    if (call->open != NULL)
      call->open[i] = 0;
  }
  SCULL_TRY(run_rule(call));
  open_first_axes(call);
  for (size_t i = 0; i < call->output_count; i++) {
    const scull_type_t *type = &call->outputs[i].type;
    size_t bytes = 0;
    if (type->dtype == SCULL_DTYPE_NONE)
      return scull_ops_fail(call, "output %zu has no type", i);
    if (type->shape.rank < 0 || type->shape.rank > SCULL_MAX_RANK)
      return scull_ops_fail(call, "output %zu has %d dimensions, the limit is %d", i,
                            type->shape.rank, SCULL_MAX_RANK);
    if (!scull_tensor_type_bytes(type, &bytes) || bytes > INT64_MAX)
      return scull_ops_fail(call, "output %zu has an impossible size", i);
  }
  return SCULL_OK;
}

scull_op_cost_t scull_ops_cost(const scull_op_call_t *call) {
  scull_op_cost_t cost = {0};
  double elements = 0;
  for (size_t i = 0; i < call->input_count; i++)
    cost.bytes += (double)scull_tensor_bytes(&call->inputs[i].type);
  for (size_t i = 0; i < call->output_count; i++) {
    cost.bytes += (double)scull_tensor_bytes(&call->outputs[i].type);
    elements += (double)scull_tensor_count(&call->outputs[i].type.shape);
  }
  cost.flops = call->def->flops != NULL ? call->def->flops(call) : elements;
  return cost;
}
