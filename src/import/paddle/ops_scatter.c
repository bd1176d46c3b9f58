/* Elements that are picked out, put in place or sorted by conditions and indices; matrices of ones
 * and triangles; functions chosen by a word in the row. */
#include <string.h>

#include "import/paddle/call.h"

/* A node with a function of that name, the row's word: trig, bitwise. */
static scull_status_t with_function(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, call->row->op, x);
  if (scull_paddle_in(call, "Y") != SCULL_NO_ID)
    scull_import_emit_input(&emit, scull_paddle_in(call, "Y"));
  scull_import_emit_word(&emit, "fn", call->row->slots);
  return scull_paddle_end(call, &emit, "Out");
}

/* ~x: of truth values the opposite, of integers x xor -1. */
static scull_status_t bitwise_not(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, ones = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  scull_dtype_t dtype = scull_graph_value(call->graph, x)->dtype;
  scull_emit_t emit =
      scull_import_emit(&call->emitter, dtype == SCULL_DTYPE_BOOL ? "logical_not" : "bitwise", x);
  if (dtype != SCULL_DTYPE_BOOL) {
    SCULL_TRY(scull_import_emit_scalar(&call->emitter, dtype, -1, &ones));
    scull_import_emit_input(&emit, ones);
    scull_import_emit_word(&emit, "fn", "xor");
  }
  return scull_paddle_end(call, &emit, "Out");
}

/* The row's word says which values: "nan", "inf", or "finite", which is neither. */
static scull_status_t is_special(scull_paddle_call_t *call) {
  const char *which = call->row->slots;
  bool finite = strcmp(which, "finite") == 0;
  scull_value_id_t out = SCULL_NO_ID;
  scull_emit_t emit = scull_import_emit(&call->emitter, "is_special", scull_paddle_in(call, "X"));
  scull_import_emit_bool(&emit, "nan", finite || strcmp(which, "nan") == 0);
  scull_import_emit_bool(&emit, "positive", finite || strcmp(which, "inf") == 0);
  scull_import_emit_bool(&emit, "negative", finite || strcmp(which, "inf") == 0);
  if (!finite)
    return scull_paddle_end(call, &emit, "Out");
  SCULL_TRY(scull_import_emit_end(&emit, NULL, &out));
  scull_emit_t opposite = scull_import_emit(&call->emitter, "logical_not", out);
  return scull_paddle_end(call, &opposite, "Out");
}

/* --- putting in place ------------------------------------------------------------------------ */

/* x, index, updates -> Out by scatter_nd, or scatter_elements where there is an axis. */
static scull_status_t emit_scatter(scull_paddle_call_t *call, scull_value_id_t x,
                                   scull_value_id_t index, scull_value_id_t updates,
                                   const char *reduction) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "scatter_nd", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_input(&emit, updates);
  scull_import_emit_word(&emit, "reduction", reduction);
  return scull_paddle_end(call, &emit, "Out");
}

/* Rows that replace others, or (without overwrite) add up in the place of those. */
static scull_status_t scatter(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, ids = SCULL_NO_ID, updates = SCULL_NO_ID, zeros = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Ids", &ids));
  SCULL_TRY(scull_paddle_need(call, "Updates", &updates));
  if (scull_import_rank(call->graph, ids) < 2)
    SCULL_TRY(scull_import_emit_reshape(&call->emitter, ids, SCULL_INTS(-1, 1), NULL, &ids));
  if (scull_paddle_bool(call, "overwrite", true))
    return emit_scatter(call, x, ids, updates, "none");
  SCULL_TRY(scull_import_emit_scale(&call->emitter, updates, 0, 0, NULL, &zeros));
  scull_emit_t clear = scull_import_emit(&call->emitter, "scatter_nd", x);
  scull_import_emit_input(&clear, ids);
  scull_import_emit_input(&clear, zeros);
  SCULL_TRY(scull_import_emit_end(&clear, NULL, &x));
  return emit_scatter(call, x, ids, updates, "add");
}

static scull_status_t scatter_nd_add(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID, updates = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Index", &index));
  SCULL_TRY(scull_paddle_need(call, "Updates", &updates));
  return emit_scatter(call, x, index, updates, "add");
}

static scull_status_t put_along_axis(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, index = SCULL_NO_ID, value = SCULL_NO_ID, shape = SCULL_NO_ID;
  const char *reduce = scull_paddle_text(call, "Reduce", "assign");
  bool assigns = strcmp(reduce, "assign") == 0, multiplies = strcmp(reduce, "multiply") == 0;
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  SCULL_TRY(scull_paddle_need(call, "Index", &index));
  SCULL_TRY(scull_paddle_need(call, "Value", &value));
  SCULL_TRY(scull_import_emit_simple(&call->emitter, "shape", index, SCULL_NO_ID, NULL, &shape));
  scull_emit_t expand = scull_import_emit(&call->emitter, "expand", value);
  scull_import_emit_input(&expand, shape);
  SCULL_TRY(scull_import_emit_end(&expand, NULL, &value));
  scull_emit_t emit = scull_import_emit(&call->emitter, "scatter_elements", x);
  scull_import_emit_input(&emit, index);
  scull_import_emit_input(&emit, value);
  scull_import_emit_int(&emit, "axis", scull_paddle_int(call, "Axis", 0));
  scull_import_emit_word(&emit, "reduction", assigns ? "none" : multiplies ? "mul" : reduce);
  return scull_paddle_end(call, &emit, "Result");
}

/* What is put in place: a tensor, or one number of the attributes, of x's type. */
static scull_status_t value_of(scull_paddle_call_t *call, scull_dtype_t dtype,
                               scull_value_id_t *out) {
  static const char *const lists[] = {"fp32_values",  "fp64_values", "int32_values",
                                      "int64_values", "bool_values", "values"};
  *out = scull_paddle_in(call, "ValueTensor");
  if (*out != SCULL_NO_ID)
    return scull_graph_value(call->graph, *out)->dtype == dtype
               ? SCULL_OK
               : scull_import_emit_cast(&call->emitter, *out, dtype, NULL, out);
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    scull_floats_t reals = scull_paddle_floats(call, lists[i]);
    scull_ints_t wholes = scull_paddle_ints(call, lists[i]);
    if (reals.size == 1 || wholes.size == 1)
      return scull_import_emit_scalar(
          &call->emitter, dtype, reals.size == 1 ? reals.data[0] : (double)wholes.data[0], out);
  }
  return scull_import_unsupported(&call->emitter, "values in attributes, unless it is one");
}

/* A list of numbers, or as an operand where the run computes it. */
static scull_status_t add_list(scull_paddle_call_t *call, scull_emit_t *emit, const char *name,
                               const char *slot) {
  scull_ints_t known = {0};
  scull_value_id_t tensor = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_list(call, name, NULL, slot, &known, &tensor));
  scull_import_emit_input(emit, tensor);
  if (tensor == SCULL_NO_ID)
    scull_import_emit_ints(emit, name, known);
  return SCULL_OK;
}

/* x[starts:ends:steps] = value */
static scull_status_t set_value(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, value = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Input", &x));
  if (scull_paddle_ints(call, "none_axes").size > 0)
    return scull_import_unsupported(&call->emitter, "axes that the index adds");
  SCULL_TRY(value_of(call, scull_graph_value(call->graph, x)->dtype, &value));
  scull_emit_t emit = scull_import_emit(&call->emitter, "slice_assign", x);
  scull_import_emit_input(&emit, value);
  scull_import_emit_ints(&emit, "axes", scull_paddle_ints(call, "axes"));
  SCULL_TRY(add_list(call, &emit, "starts", "StartsTensorList"));
  SCULL_TRY(add_list(call, &emit, "ends", "EndsTensorList"));
  SCULL_TRY(add_list(call, &emit, "steps", "StepsTensorList"));
  scull_import_emit_ints(&emit, "dropped", scull_paddle_ints(call, "decrease_axes"));
  return scull_paddle_end(call, &emit, "Out");
}

/* --- picking out ----------------------------------------------------------------------------- */

static scull_status_t masked_select(scull_paddle_call_t *call) {
  scull_value_id_t x = SCULL_NO_ID, mask = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "X", &x));
  SCULL_TRY(scull_paddle_need(call, "Mask", &mask));
  SCULL_TRY(scull_import_emit_reshape(&call->emitter, mask, SCULL_INTS(-1), NULL, &mask));
  scull_emit_t emit = scull_import_emit(&call->emitter, "compress", x);
  scull_import_emit_input(&emit, mask);
  scull_import_emit_bool(&emit, "flat", true);
  return scull_paddle_end(call, &emit, "Y");
}

static scull_status_t index_select(scull_paddle_call_t *call) {
  scull_value_id_t index = SCULL_NO_ID;
  SCULL_TRY(scull_paddle_need(call, "Index", &index));
  scull_emit_t emit = scull_import_emit(&call->emitter, "gather", scull_paddle_in(call, "X"));
  scull_import_emit_input(&emit, index);
  scull_import_emit_int(&emit, "axis", scull_paddle_int(call, "dim", 0));
  return scull_paddle_end(call, &emit, "Out");
}

/* The different elements; each further result when somebody reads it. */
static scull_status_t unique(scull_paddle_call_t *call) {
  static const char *const slots[] = {"Out", "Indices", "Index", "Counts"};
  scull_ints_t axis = scull_paddle_ints(call, "axis");
  scull_dtype_t to = scull_paddle_dtype(scull_paddle_int(call, "dtype", SCULL_PADDLE_INT64));
  scull_value_id_t outs[4];
  const char *names[4] = {scull_paddle_out_name(call, "Out", 0)};
  scull_emit_t emit = scull_import_emit(&call->emitter, "unique", scull_paddle_in(call, "X"));
  scull_import_emit_bool(&emit, "flat", axis.size == 0);
  scull_import_emit_int(&emit, "axis", axis.size == 0 ? 0 : axis.data[0]);
  scull_import_emit_bool(&emit, "sorted", scull_paddle_bool(call, "is_sorted", false));
  SCULL_TRY(scull_import_emit_end_many(&emit, names, 4, outs));
  scull_paddle_set(call, "Out", 0, outs[0]);
  for (size_t i = 1; i < 4; i++) {
    if (scull_paddle_out_count(call, slots[i]) == 0)
      continue;
    if (to != SCULL_DTYPE_NONE && to != SCULL_DTYPE_I64)
      SCULL_TRY(scull_import_emit_cast(&call->emitter, outs[i], to,
                                       scull_paddle_out_name(call, slots[i], 0), &outs[i]));
    scull_paddle_set(call, slots[i], 0, outs[i]);
  }
  return SCULL_OK;
}

/* --- matrices and lists ---------------------------------------------------------------------- */

static scull_status_t tril_triu(scull_paddle_call_t *call) {
  scull_emit_t emit = scull_import_emit(&call->emitter, "trilu", scull_paddle_in(call, "X"));
  scull_import_emit_bool(&emit, "upper", !scull_paddle_bool(call, "lower", true));
  scull_import_emit_int(&emit, "diagonal", scull_paddle_int(call, "diagonal", 0));
  return scull_paddle_end(call, &emit, "Out");
}

static scull_status_t eye(scull_paddle_call_t *call) {
  int64_t rows = scull_paddle_int(call, "num_rows", 1);
  int64_t columns = scull_paddle_int(call, "num_columns", -1);
  scull_dtype_t to = scull_paddle_dtype(scull_paddle_int(call, "dtype", SCULL_PADDLE_FP32));
  scull_value_id_t x = SCULL_NO_ID;
  if (to == SCULL_DTYPE_NONE)
    return scull_import_unsupported(&call->emitter, "its dtype is none that Scull knows");
  scull_emit_t fill = scull_import_emit(&call->emitter, "fill", SCULL_NO_ID);
  scull_import_emit_ints(&fill, "shape", SCULL_INTS(rows, columns < 0 ? rows : columns));
  scull_import_emit_dtype(&fill, "to", to);
  SCULL_TRY(scull_import_emit_end(&fill, NULL, &x));
  scull_emit_t emit = scull_import_emit(&call->emitter, "eye_like", x);
  return scull_paddle_end(call, &emit, "Out");
}

enum { MAX_NUMBERS = 1 << 16 };

/* start + i * (stop - start) / (n - 1) */
static scull_status_t linspace(scull_paddle_call_t *call) {
  scull_emitter_t *to = &call->emitter;
  scull_value_id_t start = SCULL_NO_ID, stop = SCULL_NO_ID, steps = SCULL_NO_ID;
  scull_dtype_t dtype = scull_paddle_dtype(scull_paddle_int(call, "dtype", SCULL_PADDLE_FP32));
  int64_t count = 0;
  SCULL_TRY(scull_paddle_need(call, "Start", &start));
  SCULL_TRY(scull_paddle_need(call, "Stop", &stop));
  SCULL_TRY(scull_paddle_fixed_int(call, "num", "Num", 0, &count));
  if (count < 1 || count > MAX_NUMBERS || !scull_tensor_dtype_is_float(dtype))
    return scull_import_unsupported(to, "%lld numbers of %s", (long long)count,
                                    scull_tensor_dtype_name(dtype));
  double *parts = SCULL_ARENA_ARRAY(&call->graph->arena, double, (size_t)count);
  if (parts == NULL)
    return scull_base_fail_memory(call->graph->diag, "a graph");
  for (int64_t i = 0; i < count; i++)
    parts[i] = count == 1 ? 0 : (double)i / (double)(count - 1);
  const scull_type_t type = {SCULL_DTYPE_F64, {1, {count}}};
  SCULL_TRY(scull_import_emit_constant(to, &type, parts, NULL, &steps));
  SCULL_TRY(scull_import_emit_cast(to, steps, dtype, NULL, &steps));
  SCULL_TRY(scull_import_emit_simple(to, "sub", stop, start, NULL, &stop));
  SCULL_TRY(scull_import_emit_simple(to, "mul", stop, steps, NULL, &steps));
  scull_emit_t emit = scull_import_emit(to, "add", steps);
  scull_import_emit_input(&emit, start);
  return scull_paddle_end(call, &emit, "Out");
}

#define TRIG(word)                                                                                 \
  { word, with_function, "trig", word, NULL }
#define BITWISE(word)                                                                              \
  { "bitwise_" word, with_function, "bitwise", word, NULL }

static const scull_paddle_row_t rows[] = {
    TRIG("tan"),
    TRIG("sinh"),
    TRIG("cosh"),
    TRIG("asin"),
    TRIG("acos"),
    TRIG("atan"),
    TRIG("asinh"),
    TRIG("acosh"),
    TRIG("atanh"),
    BITWISE("and"),
    BITWISE("or"),
    BITWISE("xor"),
    {"bitwise_not", bitwise_not, "bitwise", NULL, NULL},
    {"isnan_v2", is_special, "is_special", "nan", NULL},
    {"isinf_v2", is_special, "is_special", "inf", NULL},
    {"isfinite_v2", is_special, "is_special", "finite", NULL},
    {"scatter", scatter, "scatter_nd", NULL, NULL},
    {"scatter_nd_add", scatter_nd_add, "scatter_nd", NULL, NULL},
    {"set_value", set_value, "slice_assign", NULL, NULL},
    {"put_along_axis", put_along_axis, "scatter_elements", NULL, NULL},
    {"take_along_axis", scull_paddle_map_plain, "gather_elements", "Input Index>Result",
     "Axis>axis=0"},
    {"index_sample", scull_paddle_map_plain, "gather_elements", "X Index>Out", "dim>axis=1"},
    {"index_select", index_select, "gather", NULL, NULL},
    {"masked_select", masked_select, "compress", NULL, NULL},
    {"where_index", scull_paddle_map_plain, "non_zero", "Condition>Out", NULL},
    {"unique", unique, "unique", NULL, NULL},
    {"tril_triu", tril_triu, "trilu", NULL, NULL},
    {"eye", eye, "eye_like", NULL, NULL},
    {"linspace", linspace, NULL, NULL, NULL},
    {"determinant", scull_paddle_map_plain, "det", "Input>Out", NULL},
};

SCULL_PADDLE_ROWS(scatter, rows);
