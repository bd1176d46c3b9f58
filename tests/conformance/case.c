/* Reader of operator cases. Random values come from a fixed generator, so a case is the same on
 * every machine. */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include <cmocka.h>

#include "base/hash.h"

typedef struct {
  const char *at;
  uint64_t seed;
  case_data_t *data;
} reader_t;

/* Uniform in [0, 1). */
static double next_uniform(uint64_t *seed) {
  *seed = scull_base_hash64(seed, sizeof *seed, 7);
  return (double)(*seed >> 11) * 0x1p-53;
}

/* About normal: the sum of twelve uniform values has variance 1. */
static double next_normal(uint64_t *seed) {
  double sum = -6;
  for (int i = 0; i < 12; i++)
    sum += next_uniform(seed);
  return sum;
}

static double next_value(const char *kind, uint64_t *seed) {
  if (strncmp(kind, "pos", 3) == 0)
    return 0.1 + next_uniform(seed);
  if (strncmp(kind, "unit", 4) == 0)
    return 2 * next_uniform(seed) - 1;
  if (strncmp(kind, "index:", 6) == 0)
    return floor(next_uniform(seed) * atof(kind + 6));
  return next_normal(seed);
}

static scull_shape_t read_shape(reader_t *r) {
  scull_shape_t shape = {0};
  assert_int_equal(*r->at, '[');
  r->at++;
  while (*r->at != ']') {
    char *end = NULL;
    assert_true(shape.rank < SCULL_MAX_RANK);
    shape.dim[shape.rank++] = strtoll(r->at, &end, 10);
    assert_ptr_not_equal(end, r->at);
    r->at = *end == 'x' ? end + 1 : end;
  }
  r->at++;
  return shape;
}

static double read_number(reader_t *r) {
  char *end = NULL;
  double value = strtod(r->at, &end); /* also nan, inf */
  assert_ptr_not_equal(end, r->at);
  r->at = *end == ',' ? end + 1 : end;
  return value;
}

static void fill(reader_t *r, case_tensor_t *out) {
  const scull_type_t *type = &out->tensor.type;
  int64_t count = scull_tensor_count(&type->shape);
  bool whole = !scull_tensor_dtype_is_float(type->dtype);
  if (*r->at == '=') {
    assert_int_equal(r->at[1], '{');
    r->at += 2;
    out->has_values = true;
    for (int64_t i = 0; i < count; i++) {
      if (type->dtype == SCULL_DTYPE_I64) {
        char *end = NULL;
        scull_tensor_store_i64(out->tensor.data, type->dtype, i, strtoll(r->at, &end, 10));
        r->at = *end == ',' ? end + 1 : end;
      } else {
        scull_tensor_store(out->tensor.data, type->dtype, i, read_number(r));
      }
    }
    assert_int_equal(*r->at, '}');
    r->at++;
    return;
  }
  const char *kind = *r->at == '~' ? r->at + 1 : "normal";
  for (int64_t i = 0; i < count; i++) {
    double v = next_value(kind, &r->seed);
    scull_tensor_store(out->tensor.data, type->dtype, i, whole && kind[0] == 'n' ? v * 5 : v);
  }
  while (*r->at != ' ' && *r->at != '\0')
    r->at++;
}

static void read_tensor(reader_t *r, case_tensor_t *out) {
  char name[8] = "";
  *out = (case_tensor_t){0};
  if (*r->at == '-') {
    r->at++;
    return;
  }
  size_t length = strcspn(r->at, "[");
  assert_true(length < sizeof name);
  memcpy(name, r->at, length);
  r->at += length;
  out->tensor.type.dtype = scull_tensor_dtype_find(name);
  assert_int_not_equal(out->tensor.type.dtype, SCULL_DTYPE_NONE);
  out->tensor.type.shape = read_shape(r);
  size_t bytes = scull_tensor_bytes(&out->tensor.type);
  out->tensor.data = scull_base_arena_alloc(&r->data->arena, bytes < 4096 ? 4096 : bytes);
  assert_non_null(out->tensor.data);
  fill(r, out);
}

static size_t read_tensors(case_data_t *data, const char *text, case_tensor_t *out) {
  reader_t r = {.at = text, .seed = scull_base_hash64(text, strlen(text), 1), .data = data};
  size_t count = 0;
  while (*r.at != '\0') {
    assert_true(count < CASE_MAX_TENSORS);
    read_tensor(&r, &out[count++]);
    while (*r.at == ' ')
      r.at++;
  }
  return count;
}

static void read_attrs(case_data_t *data, const char *text) {
  const scull_attr_schema_t *schema = &data->def->attrs;
  data->attrs = scull_ops_attrs_create(schema, &data->arena);
  assert_non_null(data->attrs);
  while (text != NULL && *text != '\0') {
    size_t length = strcspn(text, " "), name_length = strcspn(text, "=");
    assert_true(name_length < length);
    char *name = scull_base_arena_string(&data->arena, text, name_length);
    char *value =
        scull_base_arena_string(&data->arena, text + name_length + 1, length - name_length - 1);
    assert_int_equal(scull_ops_attrs_set(schema, data->attrs, name, value, &data->arena, NULL),
                     SCULL_OK);
    text += length;
    while (*text == ' ')
      text++;
  }
}

void case_data_init(case_data_t *data, const scull_opdef_t *def, const scull_opcase_t *one) {
  *data = (case_data_t){.def = def};
  scull_base_arena_init(&data->arena);
  read_attrs(data, one->attrs);
  data->input_count = read_tensors(data, one->inputs, data->inputs);
  data->wants_error = strcmp(one->outputs, "error") == 0;
  if (!data->wants_error)
    data->output_count = read_tensors(data, one->outputs, data->outputs);
}

void case_data_deinit(case_data_t *data) {
  scull_base_arena_deinit(&data->arena);
}

static scull_status_t run_reference(case_data_t *data, scull_op_call_t *call) {
  SCULL_TRY(scull_ops_infer(call));
  for (size_t i = 0; i < call->output_count; i++) {
    size_t bytes = scull_tensor_bytes(&call->outputs[i].type);
    /* a block of its own, so that the address sanitizer sees a write beyond it */
    call->outputs[i].data = scull_base_arena_alloc(&data->arena, bytes < 4096 ? 4096 : bytes);
    assert_non_null(call->outputs[i].data);
    memset(call->outputs[i].data, 0x7b, bytes); /* poison: every element must be written */
  }
  if (call->def->scratch != NULL)
    call->scratch = scull_base_arena_alloc(&data->arena, call->def->scratch(call) + 4096);
  return call->def->reference(call);
}

scull_status_t case_reference(case_data_t *data, scull_tensor_t *out, scull_diag_t *diag) {
  scull_tensor_t inputs[CASE_MAX_TENSORS];
  for (size_t i = 0; i < data->input_count; i++)
    inputs[i] = data->inputs[i].tensor;
  scull_op_call_t call = {.def = data->def,
                          .attrs = data->attrs,
                          .inputs = inputs,
                          .input_count = data->input_count,
                          .outputs = out,
                          .output_count =
                              data->wants_error ? data->def->outputs_min : data->output_count,
                          .node = "case",
                          .diag = diag};
  return run_reference(data, &call);
}
