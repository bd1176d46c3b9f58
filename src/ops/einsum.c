/* einsum: products of tensors summed over the letters that the result does not have (numpy.einsum).
 * A letter that stands twice in an operand takes its diagonal, "..." are leading dimensions that
 * broadcast, and an extent of 1 does. The equation becomes a table of axes: for each its extent and
 * its step in every operand; the result's come first. */
#include "ops/einsum.h"

#include <ctype.h>
#include <string.h>

#include "base/checked.h"
#include "ops/shape_rules.h"

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(scull_einsum_attrs_t, STRING, equation, ""),
};

/* Axes are letters, and the dimensions of "...", counted from the last: DOTS, DOTS + 1, ... */
enum { OPERANDS = 8, AXES = 16, DOTS = 128 };

typedef struct {
  int label;
  int64_t extent, step[OPERANDS];
} axis_t;

typedef struct {
  axis_t axis[AXES];
  int count, kept; /* the first `kept` are those of the result */
} table_t;

/* What an operand (or the result) is called: a label a dimension. */
typedef struct {
  int label[SCULL_MAX_RANK];
  int count;
  bool has_dots;
} term_t;

/* Reads a term up to a comma, an arrow or the end. `dots` dimensions stand for "...". */
static scull_status_t read_term(const scull_op_call_t *call, const char **text, int dots,
                                term_t *out) {
  *out = (term_t){0};
  for (; **text != '\0' && **text != ',' && **text != '-'; ++*text) {
    int labels = 1, first = (unsigned char)**text;
    if (**text == ' ')
      continue;
    if (strncmp(*text, "...", 3) == 0 && !out->has_dots) {
      out->has_dots = true;
      *text += 2;
      labels = dots;
      first = DOTS + dots - 1;
    } else if (!isalpha(first)) {
      return scull_ops_fail(call, "'%.60s' in the equation", *text);
    }
    if (out->count + labels > SCULL_MAX_RANK)
      return scull_ops_fail(call, "a term of more than %d dimensions", SCULL_MAX_RANK);
    for (int i = 0; i < labels; i++)
      out->label[out->count++] = first - i;
  }
  return SCULL_OK;
}

static axis_t *find_axis(table_t *table, int label) {
  for (int i = 0; i < table->count; i++) {
    if (table->axis[i].label == label)
      return &table->axis[i];
  }
  return NULL;
}

static scull_status_t add_axis(const scull_op_call_t *call, table_t *table, int label,
                               axis_t **out) {
  *out = find_axis(table, label);
  if (*out != NULL)
    return SCULL_OK;
  if (table->count == AXES)
    return scull_ops_fail(call, "more than %d letters", AXES);
  *out = &table->axis[table->count++];
  **out = (axis_t){.label = label, .extent = 1};
  return SCULL_OK;
}

/* The dimensions of operand `index`, whose "..." are as many as its letters leave. */
static scull_status_t add_operand(const scull_op_call_t *call, size_t index, const char **text,
                                  table_t *table) {
  const scull_shape_t *shape = &call->inputs[index].type.shape;
  const char *again = *text;
  int64_t steps[SCULL_MAX_RANK];
  term_t term;
  SCULL_TRY(read_term(call, &again, 0, &term));
  int dots = shape->rank - term.count;
  if (dots < 0 || (dots > 0 && !term.has_dots))
    return scull_ops_fail(call, "operand %zu has %d dimensions, and %d letters", index, shape->rank,
                          term.count);
  SCULL_TRY(read_term(call, text, dots, &term));
  scull_tensor_strides(shape, steps);
  for (int i = 0; i < term.count; i++) {
    axis_t *axis = NULL;
    SCULL_TRY(add_axis(call, table, term.label[i], &axis));
    if (axis->extent != shape->dim[i] && axis->extent != 1 && shape->dim[i] != 1)
      return scull_ops_fail(call, "dimension %d of operand %zu has %lld elements, not %lld", i,
                            index, (long long)shape->dim[i], (long long)axis->extent);
    axis->extent = axis->extent == 1 ? shape->dim[i] : axis->extent;
    axis->step[index] += shape->dim[i] == 1 ? 0 : steps[i];
  }
  return SCULL_OK;
}

static int dots_of(const table_t *table) {
  int count = 0;
  for (int i = 0; i < table->count; i++)
    count += table->axis[i].label >= DOTS;
  return count;
}

/* How often a letter stands before the arrow. */
static int times(const char *equation, int label) {
  int count = 0;
  for (; *equation != '\0' && *equation != '-'; equation++)
    count += *equation == label;
  return count;
}

/* Without an arrow: "...", then the letters that stand once, by alphabet. */
static void implicit_result(const char *equation, const table_t *table, term_t *out) {
  int dots = dots_of(table);
  *out = (term_t){0};
  for (int i = dots - 1; i >= 0; i--)
    out->label[out->count++] = DOTS + i;
  for (int letter = 'A'; letter <= 'z'; letter++) {
    if (isalpha(letter) && times(equation, letter) == 1 && out->count < SCULL_MAX_RANK)
      out->label[out->count++] = letter;
  }
}

/* Brings the axes of the result to the front, in its order. */
static scull_status_t order_axes(const scull_op_call_t *call, const term_t *result,
                                 table_t *table) {
  for (int i = 0; i < result->count; i++) {
    axis_t *axis = find_axis(table, result->label[i]);
    if (axis == NULL || axis - table->axis < i)
      return scull_ops_fail(call, "a letter of the result stands nowhere else, or twice");
    axis_t kept = *axis;
    *axis = table->axis[i];
    table->axis[i] = kept;
  }
  table->kept = result->count;
  return SCULL_OK;
}

static scull_status_t read_equation(const scull_op_call_t *call, table_t *table) {
  const scull_einsum_attrs_t *attrs = call->attrs;
  const char *text = attrs->equation;
  term_t result;
  *table = (table_t){0};
  for (size_t i = 0; i < call->input_count; i++) {
    if (i > 0 && *text++ != ',')
      return scull_ops_fail(call, "%zu operands for '%.80s'", call->input_count, attrs->equation);
    SCULL_TRY(add_operand(call, i, &text, table));
  }
  if (text[0] == '-' && text[1] == '>') {
    text += 2;
    SCULL_TRY(read_term(call, &text, dots_of(table), &result));
  } else {
    implicit_result(attrs->equation, table, &result);
  }
  if (*text != '\0')
    return scull_ops_fail(call, "%zu operands for '%.80s'", call->input_count, attrs->equation);
  return order_axes(call, &result, table);
}

static scull_status_t infer(const scull_op_call_t *call) {
  table_t table;
  if (call->input_count > OPERANDS)
    return scull_ops_fail(call, "more than %d operands", OPERANDS);
  for (size_t i = 1; i < call->input_count; i++) {
    if (call->inputs[i].type.dtype != call->inputs[0].type.dtype)
      return scull_ops_fail(call, "operands of different types");
  }
  SCULL_TRY(scull_ops_infer_number(call));
  SCULL_TRY(read_equation(call, &table));
  scull_shape_t *y = &call->outputs[0].type.shape;
  *y = (scull_shape_t){.rank = table.kept};
  for (int i = 0; i < table.kept; i++)
    y->dim[i] = table.axis[i].extent;
  return SCULL_OK;
}

/* The next index over axes [first, last); moves the operands' positions. False after the last. */
static bool next(const table_t *table, int first, int last, int64_t *index, int64_t *at,
                 size_t operands) {
  for (int a = last - 1; a >= first; a--) {
    const axis_t *axis = &table->axis[a];
    bool goes_on = ++index[a] < axis->extent;
    for (size_t k = 0; k < operands; k++)
      at[k] += goes_on ? axis->step[k] : -(axis->extent - 1) * axis->step[k];
    if (goes_on)
      return true;
    index[a] = 0;
  }
  return false;
}

static void sum_real(const scull_op_call_t *call, const table_t *table, int64_t *index, int64_t *at,
                     int64_t to) {
  const scull_tensor_t *y = &call->outputs[0];
  double sum = 0;
  do {
    double product = 1;
    for (size_t k = 0; k < call->input_count; k++)
      product *= scull_tensor_load(call->inputs[k].data, y->type.dtype, at[k]);
    sum += product;
  } while (next(table, table->kept, table->count, index, at, call->input_count));
  scull_tensor_store(y->data, y->type.dtype, to, sum);
}

static void sum_whole(const scull_op_call_t *call, const table_t *table, int64_t *index,
                      int64_t *at, int64_t to) {
  const scull_tensor_t *y = &call->outputs[0];
  uint64_t sum = 0;
  do {
    uint64_t product = 1;
    for (size_t k = 0; k < call->input_count; k++)
      product *= (uint64_t)scull_tensor_load_i64(call->inputs[k].data, y->type.dtype, at[k]);
    sum += product;
  } while (next(table, table->kept, table->count, index, at, call->input_count));
  scull_tensor_store_i64(y->data, y->type.dtype, to, (int64_t)sum);
}

static scull_status_t reference(const scull_op_call_t *call) {
  const scull_tensor_t *y = &call->outputs[0];
  int64_t index[AXES] = {0}, at[OPERANDS] = {0}, count = scull_tensor_count(&y->type.shape);
  bool real = scull_tensor_dtype_is_float(y->type.dtype), empty = false;
  table_t table;
  SCULL_TRY(read_equation(call, &table));
  for (int a = table.kept; a < table.count; a++)
    empty = empty || table.axis[a].extent == 0;
  for (int64_t i = 0; i < count; i++) {
    if (empty)
      scull_tensor_store_i64(y->data, y->type.dtype, i, 0);
    else if (real)
      sum_real(call, &table, index, at, i);
    else
      sum_whole(call, &table, index, at, i);
    (void)next(&table, 0, table.kept, index, at, call->input_count);
  }
  return SCULL_OK;
}

static double flops(const scull_op_call_t *call) {
  table_t table;
  double products = (double)call->input_count;
  if (read_equation(call, &table) != SCULL_OK)
    return 0;
  for (int a = 0; a < table.count; a++)
    products *= (double)table.axis[a].extent;
  return products;
}

const scull_opdef_t scull_opdef_einsum = {.name = "einsum",
                                          .inputs_min = 1,
                                          .inputs_max = OPERANDS,
                                          .outputs_min = 1,
                                          .outputs_max = 1,
                                          .attrs = SCULL_SCHEMA(scull_einsum_attrs_t, fields),
                                          .infer = infer,
                                          .reference = reference,
                                          .flops = flops};
