/* Operators that make tensors from attributes: small ones become constants, large ones fill nodes.
 */
#include <stdlib.h>
#include <string.h>

#include "import/paddle/call.h"

enum { CONSTANT_MAX = 1024 }; /* elements */

static scull_status_t need_dtype(scull_paddle_call_t *call, const char *attr, int64_t otherwise,
                                 scull_dtype_t *out) {
  int64_t element = scull_paddle_int(call, attr, otherwise);
  *out = scull_paddle_dtype(element);
  return *out != SCULL_DTYPE_NONE
             ? SCULL_OK
             : scull_import_unsupported(&call->emitter,
                                        "its element type %lld is none that Scull "
                                        "knows",
                                        (long long)element);
}

/* Ends a fill: from a list of extents, or from a tensor of them. */
static scull_status_t emit_fill(scull_paddle_call_t *call, scull_ints_t shape,
                                scull_value_id_t tensor, double value, scull_dtype_t dtype) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "fill", SCULL_NO_ID);
  if (tensor != SCULL_NO_ID)
    scull_import_emit_input(&emit, tensor);
  else
    scull_import_emit_ints(&emit, "shape", shape);
  scull_import_emit_float(&emit, "value", value);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_paddle_end(call, &emit, "Out");
}

/* One value many times over. */
static scull_status_t emit_constant(scull_paddle_call_t *call, const scull_type_t *type,
                                    double value) {
  scull_value_id_t out = SCULL_NO_ID;
  uint64_t place[CONSTANT_MAX];
  for (int64_t i = 0; i < scull_tensor_count(&type->shape); i++)
    scull_tensor_store(place, type->dtype, i, value);
  SCULL_TRY(scull_import_emit_constant(&call->emitter, type, place,
                                       scull_paddle_out_name(call, "Out", 0), &out));
  scull_paddle_set(call, "Out", 0, out);
  return SCULL_OK;
}

static scull_status_t make(scull_paddle_call_t *call, scull_ints_t shape, scull_value_id_t tensor,
                           double value, scull_dtype_t dtype) {
  scull_type_t type = {.dtype = dtype};
  int64_t count = 0;
  if (tensor != SCULL_NO_ID || shape.size > SCULL_MAX_RANK)
    return emit_fill(call, shape, tensor, value, dtype);
  type.shape = scull_tensor_shape((int32_t)shape.size, shape.data);
  if (!scull_tensor_shape_count(&type.shape, &count))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT,
                           "its shape has a negative extent or "
                           "overflows");
  return count <= CONSTANT_MAX ? emit_constant(call, &type, value)
                               : emit_fill(call, shape, tensor, value, dtype);
}

static scull_status_t fill_constant(scull_paddle_call_t *call) {
  scull_ints_t shape = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  double value = 0;
  const char *text = scull_paddle_text(call, "str_value", "");
  SCULL_TRY(need_dtype(call, "dtype", SCULL_PADDLE_FP32, &dtype));
  SCULL_TRY(scull_paddle_list(call, "shape", "ShapeTensor", "ShapeTensorList", &shape, &tensor));
  SCULL_TRY(scull_paddle_fixed_float(call, "value", "ValueTensor", 0, &value));
  if (text[0] != '\0') /* exact where a float is not */
    value = strtod(text, NULL);
  return make(call, shape, tensor, value, dtype);
}

/* `shape` with one extent taken from another tensor. */
static scull_status_t fill_batch_like(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t like = SCULL_NO_ID, parts[3], tensor = SCULL_NO_ID, sizes = SCULL_NO_ID;
  size_t count = 0;
  scull_ints_t shape = scull_paddle_ints(call, "shape");
  int64_t from = scull_paddle_int(call, "input_dim_idx", 0);
  int64_t at = scull_paddle_int(call, "output_dim_idx", 0);
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  SCULL_TRY(need_dtype(call, "dtype", SCULL_PADDLE_FP32, &dtype));
  SCULL_TRY(scull_paddle_need(call, "Input", &like));
  double value = scull_paddle_float(call, "value", 0);
  const char *text = scull_paddle_text(call, "str_value", "");
  if (at < 0 || at >= (int64_t)shape.size || from < 0 ||
      from >= scull_import_rank(call->graph, like))
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "extent %lld of the input at %lld",
                           (long long)from, (long long)at);
  SCULL_TRY(scull_import_emit_simple(to, "shape", like, SCULL_NO_ID, NULL, &sizes));
  scull_emit_t slice = scull_import_emit(to, "slice", sizes);
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(from));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(from + 1));
  if (at > 0)
    SCULL_TRY(scull_import_emit_i64(to, (scull_ints_t){shape.data, (size_t)at}, &parts[count++]));
  SCULL_TRY(scull_import_emit_end(&slice, NULL, &parts[count++]));
  scull_ints_t rest = {shape.data + at + 1, shape.size - (size_t)at - 1};
  if (rest.size > 0)
    SCULL_TRY(scull_import_emit_i64(to, rest, &parts[count++]));
  scull_emit_t concat = scull_import_emit(to, "concat", SCULL_NO_ID);
  scull_import_emit_inputs(&concat, parts, count);
  SCULL_TRY(scull_import_emit_end(&concat, NULL, &tensor));
  return make(call, shape, tensor, text[0] != '\0' ? strtod(text, NULL) : value, dtype);
}

static scull_status_t fill_like(scull_paddle_call_t *call, double value) {
  scull_value_id_t like = SCULL_NO_ID, shape = SCULL_NO_ID;
  scull_dtype_t dtype = scull_paddle_dtype(scull_paddle_int(call, "dtype", -1));
  SCULL_TRY(scull_paddle_need(call, "X", &like));
  if (dtype == SCULL_DTYPE_NONE)
    dtype = scull_graph_value(call->graph, like)->dtype;
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", like, SCULL_NO_ID, NULL, &shape));
  return make(call, (scull_ints_t){0}, shape, value, dtype);
}

static scull_status_t fill_any_like(scull_paddle_call_t *call) {
  double value = 0;
  SCULL_TRY(scull_paddle_fixed_float(call, "value", "ValueTensor", 0, &value));
  return fill_like(call, value);
}

static scull_status_t zeros_like(scull_paddle_call_t *call) {
  return fill_like(call, 0);
}

static scull_status_t ones_like(scull_paddle_call_t *call) {
  return fill_like(call, 1);
}

/* --- lists of values ------------------------------------------------------------------------- */

/* The attribute that holds the values: one a type, or `values` in newer programs. */
static void find_values(const scull_paddle_call_t *call, scull_ints_t *ints,
                        scull_floats_t *floats) {
  static const char *const names[] = {"fp32_values", "int32_values", "int64_values", "bool_values",
                                      "fp64_values", "values",       "value"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    scull_ints_t whole = scull_paddle_ints(call, names[i]);
    scull_floats_t real = scull_paddle_floats(call, names[i]);
    if (whole.size > 0 && ints->size == 0)
      *ints = whole;
    if (real.size > 0 && floats->size == 0)
      *floats = real;
  }
}

static scull_status_t emit_values(scull_paddle_call_t *call, scull_ints_t shape,
                                  scull_dtype_t dtype) {
  scull_ints_t ints = {0};
  scull_floats_t floats = {0};
  scull_type_t type = {.dtype = dtype};
  scull_value_id_t out = SCULL_NO_ID;
  int64_t count = 0;
  const char *name = scull_paddle_out_name(call, "Out", 0);
  find_values(call, &ints, &floats);
  size_t given = ints.size > 0 ? ints.size : floats.size;
  if (shape.size > SCULL_MAX_RANK)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a shape of %zu dimensions",
                           shape.size);
  type.shape = scull_tensor_shape((int32_t)shape.size, shape.data);
  if (!scull_tensor_shape_count(&type.shape, &count) || (size_t)count != given)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu values do not fill its shape",
                           given);
  void *data = scull_base_arena_array(&call->graph->arena, given, scull_tensor_dtype_size(dtype));
  if (data == NULL)
    return scull_base_fail_memory(call->graph->diag, "a constant");
  for (int64_t i = 0; i < count; i++) {
    if (ints.size > 0)
      scull_tensor_store_i64(data, dtype, i, ints.data[i]);
    else
      scull_tensor_store(data, dtype, i, floats.data[i]);
  }
  SCULL_TRY(
      scull_graph_add_constant(call->graph, name == NULL ? "constant" : name, &type, data, &out));
  scull_paddle_set(call, "Out", 0, out);
  return SCULL_OK;
}

static scull_status_t assign_value(scull_paddle_call_t *call) {
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  SCULL_TRY(need_dtype(call, "dtype", SCULL_PADDLE_FP32, &dtype));
  return emit_values(call, scull_paddle_ints(call, "shape"), dtype);
}

/* PIR's full_int_array: a list of whole numbers. */
static scull_status_t int_array(scull_paddle_call_t *call) {
  scull_dtype_t dtype = SCULL_DTYPE_NONE;
  scull_ints_t values = scull_paddle_ints(call, "value");
  SCULL_TRY(need_dtype(call, "dtype", SCULL_PADDLE_INT64, &dtype));
  return emit_values(call, SCULL_INTS((int64_t)values.size), dtype);
}

/* --- from other tensors ---------------------------------------------------------------------- */

static scull_status_t shape_of(scull_paddle_call_t *call) {
  bool wide = strcmp(call->op->type, "shape64") == 0;
  scull_emit_t emit = scull_import_emit(&call->emitter, "shape", scull_paddle_in(call, "Input"));
  scull_import_emit_dtype(&emit, "to", wide ? SCULL_DTYPE_I64 : SCULL_DTYPE_I32);
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t range(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Start", "End", "Step"};
  scull_value_id_t parts[3];
  scull_dtype_t dtype = scull_paddle_dtype(scull_paddle_int(call, "dtype", -1)); /* PIR only */
  for (size_t i = 0; i < 3; i++) {
    SCULL_TRY(scull_paddle_need(call, slots[i], &parts[i]));
    if (dtype != SCULL_DTYPE_NONE && scull_graph_value(call->graph, parts[i])->dtype != dtype)
      SCULL_TRY(scull_import_emit_cast(&call->emitter, parts[i], dtype, NULL, &parts[i]));
    if (scull_import_rank(call->graph, parts[i]) != 0)
      SCULL_TRY(
          scull_import_emit_reshape(&call->emitter, parts[i], (scull_ints_t){0}, NULL, &parts[i]));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "range", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, 3);
  return scull_paddle_end(call, &emit, "Out");
}

static const scull_paddle_row_t rows[] = {
    {"fill_constant", fill_constant, "fill", NULL, NULL},
    {"fill_constant_batch_size_like", fill_batch_like, "fill", NULL, NULL},
    {"fill_any_like", fill_any_like, "fill", NULL, NULL},
    {"fill_zeros_like", zeros_like, "fill", NULL, NULL},
    {"fill_ones_like", ones_like, "fill", NULL, NULL},
    {"assign_value", assign_value, NULL, NULL, NULL},
    {"full_int_array", int_array, NULL, NULL, NULL},
    {"shape", shape_of, "shape", NULL, NULL},
    {"shape64", shape_of, "shape", NULL, NULL},
    {"range", range, "range", NULL, NULL},
};

SCULL_PADDLE_ROWS(create, rows);
