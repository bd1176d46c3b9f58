/* A plug-in's shape rule and reference kernel, called the way ours are. */
#include "plugin/op.h"

#include <string.h>

const scull_plugin_op_t *scull_plugin_op(const scull_opdef_t *def) {
  return def->plugin == NULL ? NULL : (const scull_plugin_op_t *)(const void *)def;
}

const scull_plugin_operator_t *scull_plugin_given(const scull_opdef_t *def) {
  const scull_plugin_op_t *op = scull_plugin_op(def);
  return op == NULL ? NULL : &op->given;
}

static void say(const scull_plugin_call_t *call, const char *words) {
  const scull_plugin_frame_t *frame = call->library;
  if (words != NULL)
    (void)scull_base_fail(frame->diag, SCULL_INVALID_ARGUMENT, "node '%s' (%s): %.400s",
                          call->node == NULL ? "?" : call->node, frame->def->name, words);
}

void scull_plugin_frame_init(scull_plugin_frame_t *frame, const scull_opdef_t *def,
                             const void *fields, scull_diag_t *diag) {
  memset(frame, 0, sizeof *frame);
  frame->def = def;
  frame->diag = diag;
  frame->call = (scull_plugin_call_t){.struct_size = sizeof frame->call,
                                      .fields = def->attrs.count == 0 ? NULL : fields,
                                      .inputs = frame->inputs,
                                      .outputs = frame->outputs,
                                      .threads = 1,
                                      .say = say,
                                      .library = frame};
}

void scull_plugin_tensor_fill(scull_plugin_tensor_t *to, scull_dtype_t dtype,
                              const scull_shape_t *shape, const void *data) {
  *to = (scull_plugin_tensor_t){
      .dtype = dtype, .rank = shape->rank, .data = scull_base_unconst(data)};
  memcpy(to->dims, shape->dim, sizeof to->dims);
}

/* Arities are checked before any rule or kernel runs, and a plug-in's are within the limit. */
static void fill(scull_plugin_frame_t *frame, const scull_op_call_t *call) {
  scull_plugin_frame_init(frame, call->def, call->attrs, call->diag);
  for (size_t i = 0; i < call->input_count; i++)
    scull_plugin_tensor_fill(&frame->inputs[i], call->inputs[i].type.dtype,
                             &call->inputs[i].type.shape, call->inputs[i].data);
  for (size_t i = 0; i < call->output_count; i++)
    scull_plugin_tensor_fill(&frame->outputs[i], call->outputs[i].type.dtype,
                             &call->outputs[i].type.shape, call->outputs[i].data);
  frame->call.input_count = call->input_count;
  frame->call.output_count = call->output_count;
  frame->call.scratch = call->scratch;
  frame->call.node = call->node;
}

/* A status of a plug-in's function, which may be any number. */
static scull_status_t settle(const scull_op_call_t *call, scull_status_t status, const char *what) {
  if (status == SCULL_OK)
    return SCULL_OK;
  return scull_base_fail(call->diag,
                         status == SCULL_OUT_OF_MEMORY ? status : SCULL_INVALID_ARGUMENT,
                         "node '%s' (%s): the plug-in's %s fails",
                         call->node == NULL ? "?" : call->node, call->def->name, what);
}

static scull_status_t infer(const scull_op_call_t *call) {
  const scull_plugin_op_t *op = scull_plugin_op(call->def);
  scull_plugin_frame_t frame;
  fill(&frame, call);
  SCULL_TRY(settle(call, op->given.infer(&frame.call), "shape rule"));
  for (size_t i = 0; i < call->output_count; i++) {
    const scull_plugin_tensor_t *y = &frame.outputs[i];
    if (!scull_tensor_dtype_exists(y->dtype) || y->rank < 0 || y->rank > SCULL_MAX_RANK)
      return scull_ops_fail(call, "the plug-in's shape rule gives output %zu no type", i);
    for (int32_t d = 0; d < y->rank; d++) {
      if (y->dims[d] < 0)
        return scull_ops_fail(call, "the plug-in's shape rule gives output %zu a negative extent",
                              i);
    }
    call->outputs[i].type =
        (scull_type_t){.dtype = y->dtype, .shape = scull_tensor_shape(y->rank, y->dims)};
  }
  return SCULL_OK;
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_plugin_op_t *op = scull_plugin_op(call->def);
  scull_plugin_frame_t frame;
  fill(&frame, call);
  SCULL_TRY(settle(call, op->given.run(&frame.call), "function"));
  if ((call->def->traits & SCULL_OP_DATA_SHAPE) == 0)
    return SCULL_OK;
  for (size_t i = 0; i < call->output_count; i++) {
    scull_shape_t *bound = &call->outputs[i].type.shape;
    for (int32_t d = 0; d < bound->rank; d++) {
      if (frame.outputs[i].dims[d] < 0 || frame.outputs[i].dims[d] > bound->dim[d])
        return scull_ops_fail(call, "the plug-in's output %zu is larger than its shape rule says",
                              i);
      bound->dim[d] = frame.outputs[i].dims[d];
    }
  }
  return SCULL_OK;
}

static size_t scratch(const scull_op_call_t *call) {
  scull_plugin_frame_t frame;
  fill(&frame, call);
  return scull_plugin_op(call->def)->given.workspace(&frame.call);
}

void scull_plugin_make_def(scull_plugin_op_t *op) {
  const scull_plugin_operator_t *given = &op->given;
  scull_opdef_t *def = &op->def;
  def->inputs_min = (uint8_t)given->inputs_min;
  def->inputs_max = (uint8_t)given->inputs_max;
  def->outputs_min = (uint8_t)given->outputs_min;
  def->outputs_max = (uint8_t)given->outputs_max;
  def->traits = (given->flags & SCULL_PLUGIN_DATA_SHAPE) != 0 ? SCULL_OP_DATA_SHAPE : 0;
  def->value_inputs = given->value_inputs;
  def->infer = infer;
  def->reference = reference;
  def->scratch = given->workspace == NULL ? NULL : scratch;
}
