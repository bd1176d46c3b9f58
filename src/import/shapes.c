/* Which shapes an input takes at the graph's points. The user's declaration wins, also over a fixed
 * one of the file (Paddle's exporters write the training size, and networks run on others); without
 * one an open dimension 0 is the batch, and any other open dimension is an error that names it. */
#include <string.h>

#include "import/format.h"

static const scull_import_shape_t *find_shape(const scull_import_options_t *options,
                                              const char *name) {
  for (size_t i = 0; i < options->shape_count; i++) {
    if (strcmp(options->shapes[i].name, name) == 0)
      return &options->shapes[i];
  }
  return NULL;
}

static const scull_import_value_t *find_value(const scull_import_options_t *options,
                                              const char *name) {
  for (size_t i = 0; i < options->value_count; i++) {
    if (strcmp(options->values[i].name, name) == 0)
      return &options->values[i];
  }
  return NULL;
}

static int64_t gcd(int64_t a, int64_t b) {
  while (b != 0) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* A value between min and max that nobody chose, if there is one. It keeps the common divisor of
 * the three: networks that want multiples of 32 then get one. */
static int64_t probe_of(int64_t min, int64_t opt, int64_t max) {
  int64_t step = gcd(gcd(min, opt), max);
  if (step == 0 || min == max)
    return min;
  int64_t middle = min + (max - min) / step / 2 * step;
  if (middle != opt && middle != min)
    return middle;
  if (middle + step < max && middle + step != opt)
    return middle + step;
  return middle - step > min && middle - step != opt ? middle - step : middle;
}

static scull_status_t set_dim(const scull_import_source_t *source, scull_import_input_t *input,
                              int32_t d, int64_t min, int64_t opt, int64_t max) {
  if (min < 0 || min > opt || opt > max)
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                           "input '%s', dimension %d: %lld:%lld:%lld is no range", input->name, d,
                           (long long)min, (long long)opt, (long long)max);
  input->shape[SCULL_POINT_OPT].dim[d] = opt;
  input->shape[SCULL_POINT_MIN].dim[d] = min;
  input->shape[SCULL_POINT_MAX].dim[d] = max;
  input->shape[SCULL_POINT_PROBE].dim[d] = probe_of(min, opt, max);
  return SCULL_OK;
}

static scull_status_t from_user(const scull_import_source_t *source, scull_import_input_t *input,
                                const scull_import_shape_t *given) {
  int32_t rank = given->opt.rank;
  if (given->min.rank != rank || given->max.rank != rank || rank < 0 || rank > SCULL_MAX_RANK)
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                           "input '%s': its smallest, best and largest shape differ in rank",
                           input->name);
  for (int p = 0; p < SCULL_POINTS; p++)
    input->shape[p].rank = rank;
  for (int32_t d = 0; d < rank; d++) {
    int64_t declared = d < input->declared.rank ? input->declared.dim[d] : -1;
    if (declared >= 0 && (given->min.dim[d] != declared || given->max.dim[d] != declared))
      scull_base_verbose(source->diag, "input '%s', dimension %d: the model declares %lld",
                         input->name, d, (long long)declared);
    SCULL_TRY(set_dim(source, input, d, given->min.dim[d], given->opt.dim[d], given->max.dim[d]));
  }
  return SCULL_OK;
}

static scull_status_t from_declaration(const scull_import_source_t *source,
                                       scull_import_input_t *input) {
  int64_t batch = source->options->max_batch < 1 ? 1 : source->options->max_batch;
  if (input->declared.rank < 0)
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                           "input '%s': the model does not say how many dimensions it has; give a "
                           "shape for this input",
                           input->name);
  for (int p = 0; p < SCULL_POINTS; p++)
    input->shape[p].rank = input->declared.rank;
  if (input->rows_of != NULL) {
    int64_t rows = input->rows_of->shape[SCULL_POINT_MAX].dim[0];
    int64_t most = rows < 1 ? 2 : rows < INT64_MAX ? rows + 1 : rows;
    return set_dim(source, input, 0, 2, most, most);
  }
  for (int32_t d = 0; d < input->declared.rank; d++) {
    int64_t declared = input->declared.dim[d];
    if (declared >= 0)
      SCULL_TRY(set_dim(source, input, d, declared, declared, declared));
    else if (d == 0)
      SCULL_TRY(set_dim(source, input, d, 1, batch, batch));
    else
      return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                             "input '%s': dimension %d is open in the model; give a shape for this "
                             "input",
                             input->name, d);
  }
  return SCULL_OK;
}

/* An input whose value is given has that value's shape. */
static scull_status_t from_value(const scull_import_source_t *source, scull_import_input_t *input,
                                 const scull_import_value_t *value) {
  const scull_type_t *type = &value->tensor.type;
  for (int p = 0; p < SCULL_POINTS; p++)
    input->shape[p] = type->shape;
  if (find_shape(source->options, input->name) != NULL)
    return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                           "input '%.80s' is given a shape, and a value", input->name);
  if (type->dtype == SCULL_DTYPE_NONE)
    return input->is_optional ? SCULL_OK
                              : scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                                                "input '%.80s' is to be left out, and is no "
                                                "optional",
                                                input->name);
  if (type->dtype != input->dtype)
    return scull_base_fail(
        source->diag, SCULL_INVALID_ARGUMENT, "input '%.80s' is given a value of %s, and is %s",
        input->name, scull_tensor_dtype_name(type->dtype), scull_tensor_dtype_name(input->dtype));
  return SCULL_OK;
}

static scull_status_t settle(const scull_import_source_t *source, scull_import_input_t *input) {
  const scull_import_shape_t *given = find_shape(source->options, input->name);
  const scull_import_value_t *value = find_value(source->options, input->name);
  if (value != NULL)
    return from_value(source, input, value);
  SCULL_TRY(given != NULL ? from_user(source, input, given) : from_declaration(source, input));
  for (int p = 0; p < SCULL_POINTS; p++) {
    scull_type_t type = {.dtype = input->dtype, .shape = input->shape[p]};
    size_t bytes = 0;
    if (!scull_tensor_type_bytes(&type, &bytes))
      return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT, "input '%s' is too large",
                             input->name);
  }
  return SCULL_OK;
}

static scull_status_t check_name(const scull_import_source_t *source, const char *what,
                                 const char *name, const scull_import_input_t *inputs,
                                 size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, inputs[i].name) == 0)
      return SCULL_OK;
  }
  return scull_base_fail(source->diag, SCULL_INVALID_ARGUMENT,
                         "a %s was given for '%s', which is no input of %s", what, name,
                         source->model_name);
}

/* What is given must be for an input that exists: a misspelt name is not passed over. */
static scull_status_t check_names(const scull_import_source_t *source,
                                  const scull_import_input_t *inputs, size_t count) {
  const scull_import_options_t *options = source->options;
  for (size_t i = 0; i < options->shape_count; i++)
    SCULL_TRY(check_name(source, "shape", options->shapes[i].name, inputs, count));
  for (size_t i = 0; i < options->value_count; i++)
    SCULL_TRY(check_name(source, "value", options->values[i].name, inputs, count));
  return SCULL_OK;
}

scull_status_t scull_import_shapes(const scull_import_source_t *source,
                                   scull_import_input_t *inputs, size_t count, int *points) {
  *points = 1;
  SCULL_TRY(check_names(source, inputs, count));
  for (size_t i = 0; i < count; i++) {
    SCULL_TRY(settle(source, &inputs[i]));
    for (int p = 1; p < SCULL_POINTS; p++) {
      if (!scull_tensor_shape_equal(&inputs[i].shape[0], &inputs[i].shape[p]))
        *points = SCULL_POINTS;
    }
  }
  return SCULL_OK;
}

scull_status_t scull_import_add_input(const scull_import_source_t *source, scull_graph_t *graph,
                                      const scull_import_input_t *input, scull_value_id_t *out) {
  const scull_import_value_t *value = find_value(source->options, input->name);
  *out = SCULL_NO_ID;
  if (value == NULL)
    return scull_graph_add_input(graph, input->name, input->dtype, input->shape, out);
  const scull_type_t *type = &value->tensor.type;
  if (type->dtype == SCULL_DTYPE_NONE)
    return SCULL_OK;
  const void *copy =
      scull_base_arena_copy(&graph->arena, value->tensor.data, scull_tensor_bytes(type));
  if (copy == NULL)
    return scull_base_fail_memory(source->diag, "a model");
  return scull_graph_add_constant(graph, input->name, type, copy, out);
}
