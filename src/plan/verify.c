/* The laws of a plan. A plan that passes can be run without looking at its numbers again: every
 * index is in range, every value fits its buffer at its largest shape, every buffer its region. */
#include <string.h>

#include "base/checked.h"
#include "plan/records.h"

scull_dtype_t scull_plan_value_stored(const scull_plan_value_t *value) {
  return scull_backend_stored_dtype(value->dtype, value->as, value->quant);
}

bool scull_plan_value_bytes(const scull_plan_value_t *value, const scull_shape_t *shape,
                            size_t *bytes) {
  scull_type_t type = {.dtype = scull_plan_value_stored(value), .shape = *shape};
  if (value->channel_total > 0 && type.shape.rank >= 2)
    type.shape.dim[1] = value->channel_total;
  return scull_backend_layout_bytes(&type, value->layout, bytes);
}

size_t scull_plan_slice_offset(const scull_plan_value_t *value, const scull_shape_t *shape) {
  if (value->channel_total == 0)
    return 0;
  int64_t step = value->channel_offset;
  if (value->layout != SCULL_LAYOUT_NHWC) {
    for (int32_t i = 2; i < shape->rank; i++)
      step *= shape->dim[i]; /* whole blocks of 16 channels lie as far apart as 16 planes */
  }
  return (size_t)step * scull_tensor_dtype_size(scull_plan_value_stored(value));
}

bool scull_plan_host_bytes(const scull_plan_t *plan, size_t *bytes) {
  *bytes = 0;
  for (size_t i = 0; i < plan->buffer_count; i++) {
    const scull_plan_buffer_t *b = &plan->buffers[i];
    size_t end = 0;
    if (b->storage != SCULL_PLAN_HOST)
      continue;
    if (!scull_base_size_add(b->offset, b->bytes, &end))
      return false;
    *bytes = end > *bytes ? end : *bytes;
  }
  return true;
}

void scull_plan_device(const scull_plan_t *plan, const scull_device_t *device, scull_text_t *text) {
  scull_backend_device_print(device, text);
  for (size_t i = 0; i < plan->step_count; i++) {
    const scull_plan_step_t *step = &plan->steps[i];
    if (step->kind != SCULL_PLAN_ON_HOST || step->tactic_name[0] == '\0' || device->host == NULL)
      continue;
    scull_base_text_print(text, "; host ");
    scull_backend_device_print(device->host, text);
    return;
  }
}

static scull_status_t bad(scull_diag_t *diag, const char *name, const char *what, size_t index,
                          const char *cause) {
  return scull_base_fail(diag, SCULL_CORRUPT, "%s: %s %zu: %s", name, what, index, cause);
}

static bool inside(uint64_t offset, uint64_t bytes, uint64_t room) {
  return offset <= room && bytes <= room - offset;
}

static const char *buffer_fault(const scull_plan_t *plan, const scull_plan_buffer_t *b) {
  switch ((scull_plan_storage_t)b->storage) {
  case SCULL_PLAN_ARENA:
    return inside(b->offset, b->bytes, plan->arena_bytes) ? NULL : "lies outside the arena";
  case SCULL_PLAN_SHAPE:
    return inside(b->offset, b->bytes, plan->shape_bytes) ? NULL : "lies outside the shape memory";
  case SCULL_PLAN_CONSTANT:
    return inside(b->offset, b->bytes, plan->weights.size) ? NULL : "lies outside the weights";
  case SCULL_PLAN_INPUT: return b->index < plan->input_count ? NULL : "names no input";
  case SCULL_PLAN_OUTPUT: return b->index < plan->output_count ? NULL : "names no output";
  case SCULL_PLAN_HOST: /* as large as its buffers say */
    return b->offset <= INT64_MAX && b->bytes <= INT64_MAX ? NULL : "lies outside the host arena";
  case SCULL_PLAN_BLOCK: return b->index < plan->block_count ? NULL : "names no block";
  case SCULL_PLAN_SEQUENCE: return b->index < plan->sequence_count ? NULL : "names no sequence";
  case SCULL_PLAN_STORAGES: break;
  }
  return "has an unknown storage";
}

static bool in_range(const scull_shape_t *low, const scull_shape_t *s, const scull_shape_t *high) {
  if (low->rank != s->rank || high->rank != s->rank)
    return false;
  for (int32_t i = 0; i < s->rank; i++) {
    if (high->dim[i] < 0 || s->dim[i] < 0 || low->dim[i] < 0)
      return false;
  }
  return true;
}

/* A run sizes it and holds it against its memory then. */
static const char *late_value_fault(const scull_plan_t *plan, const scull_plan_value_t *v) {
  const scull_plan_buffer_t *b = &plan->buffers[v->buffer];
  size_t bytes = 0;
  if (scull_tensor_dtype_is_sequence(v->dtype) != (b->storage == SCULL_PLAN_SEQUENCE))
    return "is a sequence in the memory of a tensor, or the reverse";
  if (b->storage == SCULL_PLAN_SEQUENCE)
    return NULL;
  const scull_shape_t *const shapes[] = {&v->min, &v->opt, &v->max};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    if (!scull_plan_value_bytes(v, shapes[i], &bytes))
      return "is too large";
  }
  return v->channel_total == 0 ? NULL : "is a slice of what a run sizes";
}

static const char *value_fault(const scull_plan_t *plan, const scull_plan_value_t *v) {
  size_t bytes = 0;
  if (v->dtype == SCULL_DTYPE_NONE || v->buffer >= plan->buffer_count)
    return "has no type or no buffer";
  if (!in_range(&v->min, &v->opt, &v->max))
    return "has shapes of different ranks";
  if (v->quant != NULL && scull_tensor_quant_fault(v->quant, &v->opt) != NULL)
    return "is quantized in an impossible way";
  if (v->as != SCULL_AS_MODEL &&
      (v->dtype != SCULL_DTYPE_F32 ||
       (v->as == SCULL_AS_INT8 && (v->quant == NULL || v->quant->count != 1))))
    return "cannot be stored like this";
  if (v->late)
    return late_value_fault(plan, v);
  if (plan->buffers[v->buffer].storage >= SCULL_PLAN_BLOCK)
    return "lies in memory that a run sizes, but has its shape before";
  if (v->channel_total != 0 &&
      (v->channel_offset < 0 || v->channel_total < 0 || v->max.rank < 2 ||
       v->channel_total > INT32_MAX || v->channel_offset > v->channel_total - v->max.dim[1]))
    return "is a slice outside its tensor";
  const scull_shape_t *const shapes[] = {&v->min, &v->opt, &v->max};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    if (!scull_plan_value_bytes(v, shapes[i], &bytes) || bytes > plan->buffers[v->buffer].bytes)
      return "does not fit its buffer";
  }
  if (plan->buffers[v->buffer].storage == SCULL_PLAN_CONSTANT &&
      plan->buffers[v->buffer].offset % SCULL_MEMORY_ALIGN != 0)
    return "is an unaligned constant";
  return NULL;
}

static bool indices_ok(const uint16_t *list, size_t count, size_t limit, bool absent_allowed) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] >= limit && !(absent_allowed && list[i] == SCULL_SITE_ABSENT))
      return false;
  }
  return true;
}

static bool arity_ok(const scull_site_op_t *op) {
  const scull_opdef_t *def = op->def;
  return op->input_count >= def->inputs_min &&
         (def->inputs_max == SCULL_ARITY_MANY || op->input_count <= def->inputs_max) &&
         op->output_count >= def->outputs_min &&
         (def->outputs_max == SCULL_ARITY_MANY || op->output_count <= def->outputs_max) &&
         op->output_count > 0;
}

/* True when no operand that the operator must have is left out: tactics and rules look at them.
 * What owns graphs has no rule and looks itself. */
static bool has_operands(const scull_site_op_t *op) {
  for (size_t i = 0; op->def->infer != NULL && i < (size_t)op->def->inputs_min; i++) {
    if (op->inputs[i] == SCULL_SITE_ABSENT)
      return false;
  }
  return true;
}

static bool holds(const uint16_t *list, size_t count, uint16_t item) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] == item)
      return true;
  }
  return false;
}

/* True when the value is there before op number `end` runs: from outside, or from an op before. */
static bool is_there(const scull_site_t *site, size_t end, uint16_t value) {
  if (site->values[value].is_constant || holds(site->inputs, site->input_count, value))
    return true;
  for (size_t i = 0; i < end; i++) {
    if (holds(site->ops[i].outputs, site->ops[i].output_count, value))
      return true;
  }
  return false;
}

static const char *op_fault(const scull_site_t *site, size_t index) {
  const scull_site_op_t *op = &site->ops[index];
  if (!indices_ok(op->inputs, op->input_count, site->value_count, true) ||
      !indices_ok(op->outputs, op->output_count, site->value_count, false))
    return "has an operand that does not exist";
  if (!arity_ok(op))
    return "has an operator with a wrong number of operands";
  if (!has_operands(op))
    return "has an operator without an operand that it needs";
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && !is_there(site, index, op->inputs[i]))
      return "reads what nobody has written";
  }
  for (size_t i = 0; i < op->output_count; i++) {
    if (is_there(site, index, op->outputs[i]))
      return "writes over an operand";
  }
  return NULL;
}

static const char *quant_fault(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->quant != NULL && scull_tensor_quant_fault(v->quant, &v->opt) != NULL)
      return "has a value that is quantized in an impossible way";
    if (v->as == SCULL_AS_INT8 && v->quant == NULL)
      return "has a value without the quantization that it is stored by";
  }
  return NULL;
}

static const char *site_fault(const scull_site_t *site) {
  const char *fault = NULL;
  if (site->op_count == 0 || site->value_count == 0 || site->value_count >= SCULL_SITE_ABSENT)
    return "has no operator or too many values";
  if (!indices_ok(site->inputs, site->input_count, site->value_count, false) ||
      !indices_ok(site->outputs, site->output_count, site->value_count, false))
    return "has an input or output that does not exist";
  fault = quant_fault(site);
  for (size_t i = 0; i < site->op_count && fault == NULL; i++)
    fault = op_fault(site, i);
  for (size_t i = 0; i < site->output_count && fault == NULL; i++) {
    if (!is_there(site, site->op_count, site->outputs[i]))
      fault = "gives what no operator has written";
  }
  return fault;
}

/* The site's idea of a value and the plan's must be one, or a tactic would write past its memory.
 */
static const char *binding_fault(const scull_plan_t *plan, const scull_plan_step_t *step,
                                 size_t k) {
  const scull_site_value_t *s = &step->site.values[k];
  uint32_t id = step->bindings[k];
  if (id == SCULL_PLAN_NONE)
    return NULL;
  if (id >= plan->value_count)
    return "binds a value that does not exist";
  const scull_plan_value_t *v = &plan->values[id];
  bool constant = plan->buffers[v->buffer].storage == SCULL_PLAN_CONSTANT;
  if (s->dtype != v->dtype || s->layout != v->layout || s->as != v->as ||
      !scull_tensor_quant_equal(s->quant, v->quant) || s->channel_total != v->channel_total ||
      s->channel_offset != v->channel_offset || (s->is_constant && !constant) ||
      !scull_tensor_shape_equal(&s->opt, &v->opt) || !scull_tensor_shape_equal(&s->min, &v->min) ||
      !scull_tensor_shape_equal(&s->max, &v->max))
    return "binds a value of another type";
  return NULL;
}

static bool is_bound(const scull_plan_step_t *step, const uint16_t *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (list[i] != SCULL_SITE_ABSENT && step->bindings[list[i]] == SCULL_PLAN_NONE)
      return false;
  }
  return true;
}

/* A step may write into the arena, an output or, while shapes are set, the shape memory: weights
 * and inputs are nobody's to write. */
static bool may_write(const scull_plan_t *plan, const scull_plan_step_t *step) {
  for (size_t i = 0; i < step->site.output_count; i++) {
    const scull_plan_value_t *v = &plan->values[step->bindings[step->site.outputs[i]]];
    uint8_t storage = plan->buffers[v->buffer].storage;
    if (step->late && storage >= SCULL_PLAN_BLOCK)
      continue;
    if (step->late && step->kind != SCULL_PLAN_CONTROL)
      return false;
    if (step->kind == SCULL_PLAN_AT_SHAPE
            ? storage != SCULL_PLAN_SHAPE
            : storage != SCULL_PLAN_ARENA && storage != SCULL_PLAN_OUTPUT &&
                  storage != SCULL_PLAN_HOST)
      return false;
  }
  return true;
}

/* What the runtime takes for granted of a step without a tactic: one operator, all in memory. */
static bool is_plain_call(const scull_plan_step_t *step) {
  const scull_site_op_t *op = &step->site.ops[0];
  return step->site.op_count == 1 && is_bound(step, op->inputs, op->input_count) &&
         is_bound(step, op->outputs, op->output_count);
}

/* What the runtime takes for granted of a copy: one whole value becomes the same elsewhere. */
static const char *copy_fault(const scull_plan_t *plan, const scull_plan_step_t *step) {
  if (!is_plain_call(step) || step->site.input_count > 1 || step->site.output_count != 1 ||
      step->site.ops[0].input_count != 1)
    return "is no copy of one value";
  const scull_plan_value_t *x = &plan->values[step->bindings[step->site.ops[0].inputs[0]]];
  const scull_plan_value_t *y = &plan->values[step->bindings[step->site.outputs[0]]];
  if (x->layout != y->layout || x->dtype != y->dtype || x->as != y->as || x->channel_total != 0 ||
      y->channel_total != 0 || !scull_tensor_shape_equal(&x->max, &y->max) ||
      !scull_tensor_shape_equal(&x->opt, &y->opt) || !scull_tensor_shape_equal(&x->min, &y->min))
    return "copies into a value of another type";
  return NULL;
}

static bool runs_in_a_run(const scull_plan_step_t *step) {
  return step->kind == SCULL_PLAN_RUN || step->kind == SCULL_PLAN_ON_HOST;
}

/* Nothing is written that the list of outputs does not name. */
static bool writes_secretly(const scull_plan_step_t *step) {
  const scull_site_t *site = &step->site;
  for (size_t i = 0; i < site->op_count; i++) {
    for (size_t o = 0; o < site->ops[i].output_count; o++) {
      uint16_t k = site->ops[i].outputs[o];
      if (step->bindings[k] != SCULL_PLAN_NONE && !holds(site->outputs, site->output_count, k))
        return true;
    }
  }
  return false;
}

/* What a run settles is for steps that look at it in the run. */
static const char *late_fault(const scull_plan_t *plan, const scull_plan_step_t *step) {
  bool control = step->kind == SCULL_PLAN_CONTROL;
  for (size_t k = 0; k < step->site.op_count; k++) {
    if ((step->site.ops[k].def->control != SCULL_CONTROL_NONE) != control)
      return "runs lists without an operator that has some, or the reverse";
  }
  if (control && (!step->late || step->site.op_count != 1))
    return "runs lists before the run";
  if (step->late && step->kind == SCULL_PLAN_AT_SHAPE)
    return "is to be done when shapes are set and in the run";
  for (size_t k = 0; k < step->site.value_count && !step->late; k++) {
    if (step->bindings[k] != SCULL_PLAN_NONE && plan->values[step->bindings[k]].late)
      return "reads or writes what only a run sizes";
  }
  return NULL;
}

static const char *step_fault(const scull_plan_t *plan, const scull_plan_step_t *step) {
  const char *fault = step->kind < SCULL_PLAN_KINDS ? NULL : "is of an unknown kind";
  if (fault == NULL)
    fault = site_fault(&step->site);
  for (size_t k = 0; fault == NULL && k < step->site.value_count; k++)
    fault = binding_fault(plan, step, k);
  if (fault == NULL)
    fault = late_fault(plan, step);
  if (fault != NULL)
    return fault;
  if (!is_bound(step, step->site.inputs, step->site.input_count) ||
      !is_bound(step, step->site.outputs, step->site.output_count))
    return "has an input or output without memory";
  if (writes_secretly(step))
    return "writes a value that is none of its outputs";
  if (step->kind != SCULL_PLAN_VIEW && !may_write(plan, step))
    return "writes where it must not";
  if (step->kind == SCULL_PLAN_COPY && (fault = copy_fault(plan, step)) != NULL)
    return fault;
  if ((step->tactic_name[0] == '\0' || !runs_in_a_run(step)) && !is_plain_call(step))
    return "has no tactic and more than one operator, or operands without memory";
  if (!inside(step->packed_offset, step->packed_bytes, plan->weights.size) ||
      step->packed_offset % SCULL_MEMORY_ALIGN != 0)
    return "has packed weights outside the file";
  return NULL;
}

/* Ports are dense tensors in the caller's memory of that number. */
static const char *port_fault(const scull_plan_t *plan, const scull_plan_port_t *port,
                              scull_plan_storage_t storage, size_t index) {
  if (port->value >= plan->value_count)
    return "names a value that does not exist";
  const scull_plan_value_t *v = &plan->values[port->value];
  const scull_plan_buffer_t *b = &plan->buffers[v->buffer];
  bool grown = storage == SCULL_PLAN_OUTPUT && v->late && b->storage >= SCULL_PLAN_BLOCK;
  for (size_t i = 0; grown && i < plan->buffer_count; i++) {
    if (plan->buffers[i].storage == SCULL_PLAN_OUTPUT && plan->buffers[i].index == index)
      return "has memory of the caller and of the context";
  }
  if (!grown && (b->storage != storage || b->index != index))
    return "does not lie in the caller's memory";
  return v->layout == SCULL_LAYOUT_PLAIN && v->as == SCULL_AS_MODEL && v->channel_total == 0
             ? NULL
             : "is not dense";
}

scull_status_t scull_plan_verify(const scull_plan_t *plan, const char *name, scull_diag_t *diag) {
  const char *fault = NULL;
  if (plan->threads < 1 || plan->threads > 4096)
    return bad(diag, name, "threads", (size_t)plan->threads, "an impossible number");
  if (plan->block_count > plan->buffer_count || plan->sequence_count > plan->buffer_count)
    return bad(diag, name, "blocks", plan->block_count, "more of them than buffers");
  for (size_t i = 0; i < plan->buffer_count; i++) {
    if ((fault = buffer_fault(plan, &plan->buffers[i])) != NULL)
      return bad(diag, name, "buffer", i, fault);
  }
  for (size_t i = 0; i < plan->value_count; i++) {
    if ((fault = value_fault(plan, &plan->values[i])) != NULL)
      return bad(diag, name, "value", i, fault);
  }
  for (size_t i = 0; i < plan->step_count; i++) {
    if ((fault = step_fault(plan, &plan->steps[i])) != NULL)
      return bad(diag, name, "step", i, fault);
  }
  size_t list = 0;
  uint32_t *depth = scull_base_alloc(plan->list_count * sizeof *depth);
  if (depth == NULL)
    return scull_base_fail_memory(diag, "a plan");
  fault = scull_plan_lists_fault(plan, depth, &list);
  scull_base_free(depth);
  if (fault != NULL)
    return bad(diag, name, "list", list, fault);
  for (size_t i = 0; i < plan->input_count; i++) {
    if ((fault = port_fault(plan, &plan->inputs[i], SCULL_PLAN_INPUT, i)) != NULL)
      return bad(diag, name, "input", i, fault);
  }
  for (size_t i = 0; i < plan->output_count; i++) {
    if ((fault = port_fault(plan, &plan->outputs[i], SCULL_PLAN_OUTPUT, i)) != NULL)
      return bad(diag, name, "output", i, fault);
  }
  return SCULL_OK;
}
