/* The inputs of an ONNX model. Those whose values the user gave are constants. A sequence is given
 * as so many tensors: an input `x` of two elements becomes the inputs `x:0` and `x:1`, and how many
 * there are is the shape that the user gives `x` itself. */
#include "import/onnx/convert.h"

#include <string.h>

enum { MAX_ELEMENTS = 1024 };

static scull_status_t no_memory(const scull_onnx_converter_t *cx) {
  return scull_base_fail_memory(cx->source->diag, "a model");
}

/* What an input of the model is here: inputs [first, first + count) of ours. */
typedef struct {
  const scull_onnx_value_t *value;
  size_t first, count;
  bool is_sequence; /* of them; behind its length, which is no input of the graph */
} slot_t;

typedef struct {
  scull_onnx_converter_t *cx;
  scull_onnx_scope_t *scope;
  scull_import_input_t *inputs;
  slot_t *slots;
  size_t input_count, slot_count;
} work_t;

static bool is_initializer(const scull_map_t *initial, const char *name) {
  size_t index = 0;
  return scull_base_map_find(initial, name, strlen(name), &index);
}

/* True when the user says that an input is not there. */
static bool is_left_out(const scull_onnx_converter_t *cx, const char *name) {
  const scull_import_options_t *options = cx->source->options;
  for (size_t i = 0; i < options->value_count; i++) {
    if (strcmp(options->values[i].name, name) == 0)
      return options->values[i].tensor.type.dtype == SCULL_DTYPE_NONE;
  }
  return false;
}

/* The length of a sequence that the user gave, or -1. */
static int64_t find_length(const scull_onnx_converter_t *cx, const char *name) {
  const scull_import_options_t *options = cx->source->options;
  for (size_t i = 0; i < options->shape_count; i++) {
    const scull_import_shape_t *given = &options->shapes[i];
    if (strcmp(given->name, name) != 0)
      continue;
    bool one = given->opt.rank == 1 && given->min.rank == 1 && given->max.rank == 1 &&
               given->min.dim[0] == given->opt.dim[0] && given->max.dim[0] == given->opt.dim[0];
    return one && given->opt.dim[0] >= 0 && given->opt.dim[0] <= MAX_ELEMENTS ? given->opt.dim[0]
                                                                              : -1;
  }
  return -1;
}

/* Why an input cannot be one of ours, or NULL. */
static const char *input_fault(const scull_onnx_converter_t *cx, const scull_onnx_value_t *value) {
  if (value->kind == SCULL_ONNX_VALUE_OTHER)
    return "no tensor";
  if (scull_onnx_dtype(value->element) == SCULL_DTYPE_NONE)
    return scull_onnx_element_name(value->element);
  if (value->dims.size > SCULL_MAX_RANK)
    return "a tensor of more than 8 dimensions";
  return value->holds_sequence && find_length(cx, value->name) < 0
             ? "a sequence of unknown length: give that as its shape (x=2), and the shapes of its "
               "tensors (x:0, x:1)"
             : NULL;
}

/* Room for every input, at the most that the options can mean. */
static scull_status_t begin(work_t *w) {
  const scull_onnx_graph_t *graph = w->scope->from;
  size_t room = graph->input_count;
  for (size_t i = 0; i < graph->input_count; i++) {
    int64_t length =
        graph->inputs[i].holds_sequence ? find_length(w->cx, graph->inputs[i].name) : 0;
    room += length > 0 ? (size_t)length : 0;
  }
  w->inputs = SCULL_ARENA_ARRAY(&w->cx->arena, scull_import_input_t, room);
  w->slots = SCULL_ARENA_ARRAY(&w->cx->arena, slot_t, graph->input_count);
  return w->inputs == NULL || w->slots == NULL ? no_memory(w->cx) : SCULL_OK;
}

static void declare(work_t *w, const scull_onnx_value_t *value, const char *name) {
  scull_import_input_t *input = &w->inputs[w->input_count++];
  *input = (scull_import_input_t){.name = name, .dtype = scull_onnx_dtype(value->element)};
  input->is_optional = value->kind == SCULL_ONNX_VALUE_OPTIONAL;
  input->declared = scull_tensor_shape((int32_t)value->dims.size, value->dims.data);
  if (!value->has_shape)
    input->declared.rank = -1;
}

static scull_status_t declare_slot(work_t *w, const scull_onnx_value_t *value) {
  slot_t *slot = &w->slots[w->slot_count++];
  *slot =
      (slot_t){value, w->input_count, 1, value->holds_sequence && !is_left_out(w->cx, value->name)};
  if (!slot->is_sequence) {
    declare(w, value, value->name);
    return SCULL_OK;
  }
  w->inputs[w->input_count++] =
      (scull_import_input_t){.name = value->name, .dtype = SCULL_DTYPE_U8};
  slot->first++;
  slot->count = (size_t)find_length(w->cx, value->name);
  for (size_t i = 0; i < slot->count; i++) {
    const char *name = scull_base_arena_format(&w->cx->arena, "%s:%zu", value->name, i);
    if (name == NULL)
      return no_memory(w->cx);
    declare(w, value, name);
  }
  return SCULL_OK;
}

/* Declares the graph's inputs that are no initializers. */
static scull_status_t declare_all(work_t *w, const scull_map_t *initial) {
  const scull_onnx_graph_t *graph = w->scope->from;
  for (size_t i = 0; i < graph->input_count; i++) {
    const scull_onnx_value_t *value = &graph->inputs[i];
    if (is_initializer(initial, value->name))
      continue;
    const char *fault = is_left_out(w->cx, value->name) ? NULL : input_fault(w->cx, value);
    if (fault == NULL) {
      SCULL_TRY(declare_slot(w, value));
      continue;
    }
    (void)scull_base_fail(w->cx->source->diag, SCULL_UNSUPPORTED,
                          "%s: input '%.80s' is not supported: %s", w->cx->source->model_name,
                          value->name, fault);
    w->cx->refused = true;
    SCULL_TRY(scull_onnx_bind(w->cx, w->scope, value->name, SCULL_ONNX_LOST));
  }
  return SCULL_OK;
}

static scull_status_t add_slot(const work_t *w, const slot_t *slot) {
  scull_graph_t *graph = w->scope->graph;
  scull_value_id_t value = SCULL_NO_ID;
  scull_value_id_t *values = SCULL_ARENA_ARRAY(&w->cx->arena, scull_value_id_t, slot->count);
  if (values == NULL)
    return no_memory(w->cx);
  for (size_t i = 0; i < slot->count; i++) {
    SCULL_TRY(
        scull_import_add_input(w->cx->source, graph, &w->inputs[slot->first + i], &values[i]));
    value = values[i];
  }
  if (slot->is_sequence) {
    scull_emitter_t emitter = {.graph = graph, .name = slot->value->name};
    scull_emit_t emit = scull_import_emit(&emitter, "sequence_make", SCULL_NO_ID);
    scull_import_emit_inputs(&emit, values, slot->count);
    scull_import_emit_dtype(&emit, "to", scull_onnx_dtype(slot->value->element));
    SCULL_TRY(scull_import_emit_end(&emit, slot->value->name, &value));
  }
  return scull_onnx_bind(w->cx, w->scope, slot->value->name, value);
}

scull_status_t scull_onnx_add_inputs(scull_onnx_converter_t *cx, scull_onnx_scope_t *scope,
                                     const scull_map_t *initial) {
  int points = 1;
  work_t w = {.cx = cx, .scope = scope};
  SCULL_TRY(begin(&w));
  SCULL_TRY(declare_all(&w, initial));
  SCULL_TRY(scull_import_shapes(cx->source, w.inputs, w.input_count, &points));
  SCULL_TRY(scull_graph_create(points, cx->source->diag, &scope->graph));
  for (size_t i = 0; i < w.slot_count; i++)
    SCULL_TRY(add_slot(&w, &w.slots[i]));
  return SCULL_OK;
}
