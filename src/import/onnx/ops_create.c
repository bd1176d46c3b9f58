/* Operators that make tensors from attributes, or from shapes. */
#include <string.h>

#include "import/onnx/call.h"

/* --- Constant -------------------------------------------------------------------------------- */

static scull_status_t end_constant(scull_onnx_call_t *call, const scull_type_t *type,
                                   const void *data) {
  return scull_import_emit_constant(&call->emitter, type, data, scull_onnx_out_name(call, 0),
                                    &call->out[0]);
}

static scull_status_t floats_constant(scull_onnx_call_t *call, scull_floats_t values,
                                      int32_t rank) {
  scull_type_t type = {.dtype = SCULL_DTYPE_F32,
                       .shape = {.rank = rank, .dim = {(int64_t)values.size}}};
  float *data = SCULL_ARENA_ARRAY(&call->graph->arena, float, values.size);
  if (data == NULL)
    return scull_base_fail_memory(call->graph->diag, "a constant");
  for (size_t i = 0; i < values.size; i++)
    data[i] = (float)values.data[i];
  return end_constant(call, &type, data);
}

static scull_status_t ints_constant(scull_onnx_call_t *call, scull_ints_t values, int32_t rank) {
  scull_type_t type = {.dtype = SCULL_DTYPE_I64,
                       .shape = {.rank = rank, .dim = {(int64_t)values.size}}};
  return end_constant(call, &type, values.data);
}

/* The value stands in one of several attributes, by its kind. */
static scull_status_t constant(scull_onnx_call_t *call) {
  static const char *const names[] = {"value",        "sparse_value", "value_float",
                                      "value_floats", "value_int",    "value_ints"};
  const scull_onnx_attr_t *attr = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0] && attr == NULL; i++)
    attr = scull_onnx_attr(call, names[i]);
  if (call->out_count != 1)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "%zu outputs", call->out_count);
  switch (attr == NULL ? SCULL_ONNX_ATTR_OTHER : attr->kind) {
  case SCULL_ONNX_ATTR_TENSOR:
    return scull_onnx_constant(call, attr->tensor, scull_onnx_out_name(call, 0), &call->out[0]);
  case SCULL_ONNX_ATTR_FLOAT: return floats_constant(call, (scull_floats_t){&attr->f, 1}, 0);
  case SCULL_ONNX_ATTR_FLOATS: return floats_constant(call, attr->floats, 1);
  case SCULL_ONNX_ATTR_INT: return ints_constant(call, (scull_ints_t){&attr->i, 1}, 0);
  case SCULL_ONNX_ATTR_INTS: return ints_constant(call, attr->ints, 1);
  default: return scull_import_unsupported(&call->emitter, "its value is no tensor of numbers");
  }
}

/* --- from shapes ----------------------------------------------------------------------------- */

static scull_status_t constant_of_shape(scull_onnx_call_t *call) {
  const scull_onnx_attr_t *attr = scull_onnx_attr(call, "value");
  scull_ints_t shape = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  scull_dtype_t dtype = SCULL_DTYPE_F32;
  double value = 0;
  bool given = false;
  if (attr != NULL && attr->kind == SCULL_ONNX_ATTR_TENSOR) {
    if (attr->tensor->fault != NULL)
      return scull_import_unsupported(&call->emitter, "%s", attr->tensor->fault);
    if (scull_tensor_count(&attr->tensor->type.shape) != 1)
      return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "its value is not one number");
    dtype = attr->tensor->type.dtype;
    value = scull_onnx_tensor_at(attr->tensor, 0);
  }
  SCULL_TRY(scull_onnx_list(call, NULL, 0, &shape, &tensor, &given));
  scull_emit_t emit = scull_import_emit(&call->emitter, "fill", tensor);
  if (tensor == SCULL_NO_ID)
    scull_import_emit_ints(&emit, "shape", shape);
  scull_import_emit_float(&emit, "value", value);
  scull_import_emit_dtype(&emit, "to", dtype);
  return scull_onnx_end(call, &emit);
}

/* The extents from `start` to `end`, attributes since opset 15. */
static scull_status_t shape(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, t = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  int64_t rank = scull_onnx_in_rank(call, 0);
  int64_t start = scull_onnx_int(call, "start", 0), end = scull_onnx_int(call, "end", rank);
  if (start == 0 && end >= rank)
    return scull_onnx_end_simple(call, "shape", x, SCULL_NO_ID);
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", x, SCULL_NO_ID, NULL, &t));
  scull_emit_t slice = scull_import_emit(&call->emitter, "slice", t);
  scull_import_emit_ints(&slice, "starts", SCULL_INTS(start));
  scull_import_emit_ints(&slice, "ends", SCULL_INTS(end));
  return scull_onnx_end(call, &slice);
}

static scull_status_t size(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, t = SCULL_NO_ID;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", x, SCULL_NO_ID, NULL, &t));
  scull_emit_t emit = scull_import_emit(&call->emitter, "reduce_prod", t);
  return scull_onnx_end(call, &emit);
}

/* Bounds may come as lists of one. */
static scull_status_t range(scull_onnx_call_t *call) {
  scull_value_id_t parts[3];
  for (size_t i = 0; i < 3; i++) {
    SCULL_TRY(scull_onnx_need(call, i, &parts[i]));
    if (scull_onnx_in_rank(call, i) != 0)
      SCULL_TRY(
          scull_import_emit_reshape(&call->emitter, parts[i], (scull_ints_t){0}, NULL, &parts[i]));
  }
  scull_emit_t emit = scull_import_emit(&call->emitter, "range", SCULL_NO_ID);
  scull_import_emit_inputs(&emit, parts, 3);
  return scull_onnx_end(call, &emit);
}

/* Without a dtype the ones are of the input's. */
static scull_status_t eye_like(scull_onnx_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  scull_dtype_t to = SCULL_DTYPE_NONE;
  SCULL_TRY(scull_onnx_need(call, 0, &x));
  SCULL_TRY(scull_onnx_to(call, "dtype", scull_onnx_in_dtype(call, 0), &to));
  scull_emit_t emit = scull_import_emit(&call->emitter, "eye_like", x);
  scull_import_emit_int(&emit, "diagonal", scull_onnx_int(call, "k", 0));
  scull_import_emit_dtype(&emit, "to", to);
  return scull_onnx_end(call, &emit);
}

static const scull_onnx_row_t rows[] = {
    {"Constant", 1, 0, constant, NULL, NULL},
    {"ConstantOfShape", 9, 0, constant_of_shape, "fill", NULL},
    {"Shape", 1, 0, shape, "shape", NULL},
    {"Size", 1, 0, size, NULL, NULL},
    {"EyeLike", 9, 0, eye_like, "eye_like", NULL},
    {"Range", 11, 0, range, "range", NULL},
};

SCULL_ONNX_ROWS(create, "", rows);
