/* PIR JSON into the plain structs of program.h, with the names and slots of the ProgramDesc form.
 * Values are numbered in the file; a number stands for one variable, or for a list of them
 * (builtin.combine), so that combine and split leave no operator behind. jansson checks the syntax
 * and bounds the nesting; every shape of the document is checked here before it is used. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/paddle/pir_names.h"
#include "import/paddle/program.h"

enum { MAX_REGION_DEPTH = 64, MAX_OPERANDS = 1 << 20 };

/* What a value number stands for. */
typedef struct {
  uint32_t *vars;
  size_t count;
  bool is_list;
} value_t;

typedef struct {
  scull_paddle_program_t *program;
  scull_arena_t *arena;
  const char *file;
  scull_diag_t *diag;
  SCULL_VEC(value_t) values;
  scull_map_t numbers;    /* the bytes of a value's number -> index into values */
  const char *op;         /* of the operator being read, for messages */
  int64_t feeds, fetches; /* seen so far */
  size_t operands;        /* of all operators: lists may be read many times over */
  uint32_t blocks;        /* behind the network's own */
} reader_t;

static scull_status_t fail(const reader_t *reader, const char *cause) {
  uint32_t index = reader->program->op_count == 0 ? 0 : (uint32_t)reader->program->op_count - 1;
  return scull_base_fail(reader->diag, SCULL_CORRUPT, "%s: operator %u (%.60s): %s", reader->file,
                         index, reader->op == NULL ? "?" : reader->op, cause);
}

static scull_status_t no_memory(const reader_t *reader) {
  return scull_base_fail_memory(reader->diag, "a Paddle program");
}

static const char *text_of(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

static scull_status_t copy_text(reader_t *reader, const char *text, const char **out) {
  *out = scull_base_arena_string(reader->arena, text == NULL ? "" : text,
                                 text == NULL ? 0 : strlen(text));
  return *out == NULL ? no_memory(reader) : SCULL_OK;
}

/* --- types ----------------------------------------------------------------------------------- */

/* Paddle's number for "0.t_f32" or "float32", -1 for those that Scull has not. */
static int32_t element_of(const char *name) {
  static const struct {
    const char *type, *attr;
    int32_t element;
  } table[] = {{"0.t_bool", "bool", 0},     {"0.t_i16", "int16", 1},   {"0.t_i32", "int32", 2},
               {"0.t_i64", "int64", 3},     {"0.t_f16", "float16", 4}, {"0.t_f32", "float32", 5},
               {"0.t_f64", "float64", 6},   {"0.t_ui8", "uint8", 20},  {"0.t_i8", "int8", 21},
               {"0.t_bf16", "bfloat16", 22}};
  for (size_t i = 0; name != NULL && i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(table[i].type, name) == 0 || strcmp(table[i].attr, name) == 0)
      return table[i].element;
  }
  return -1;
}

/* All integers of a JSON array. */
static scull_status_t read_ints(reader_t *reader, const json_t *array, scull_ints_t *out) {
  size_t count = json_array_size(array);
  int64_t *data = SCULL_ARENA_ARRAY(reader->arena, int64_t, count);
  if (data == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    if (!json_is_integer(json_array_get(array, i)))
      return fail(reader, "a list of whole numbers holds something else");
    data[i] = json_integer_value(json_array_get(array, i));
  }
  *out = (scull_ints_t){data, count};
  return SCULL_OK;
}

/* A dense tensor's element type and dimensions; other types leave the variable undeclared, though
 * an array says what its elements are of. */
static scull_status_t read_type(reader_t *reader, const json_t *type, scull_paddle_var_t *var) {
  const char *kind = text_of(type, "#");
  const json_t *data = json_object_get(type, "D");
  if (kind != NULL && strcmp(kind, "1.t_dense_tensor_array") == 0)
    var->element = element_of(text_of(json_array_get(data, 0), "#"));
  if (kind == NULL || strcmp(kind, "0.t_dtensor") != 0 || json_array_size(data) < 2)
    return SCULL_OK;
  var->declared = true;
  var->kind = SCULL_PADDLE_LOD_TENSOR;
  var->element = element_of(text_of(json_array_get(data, 0), "#"));
  return read_ints(reader, json_array_get(data, 1), &var->dims);
}

/* --- values ---------------------------------------------------------------------------------- */

static scull_status_t add_var(reader_t *reader, const char *name, const json_t *type,
                              uint32_t *out) {
  scull_paddle_var_t var = {.name = name, .element = -1};
  SCULL_TRY(read_type(reader, type, &var));
  if (name == NULL || !SCULL_VEC_PUSH(&reader->program->vars, var))
    return no_memory(reader);
  *out = (uint32_t)(reader->program->vars.size - 1);
  return SCULL_OK;
}

static scull_status_t define(reader_t *reader, int64_t number, value_t value) {
  size_t ignored = 0;
  const char *key = scull_base_arena_copy(reader->arena, &number, sizeof number);
  if (key == NULL)
    return no_memory(reader);
  /* arguments of blocks have numbers below 0, which other blocks may use again */
  if (number > 0 && scull_base_map_find(&reader->numbers, key, sizeof number, &ignored))
    return fail(reader, "it gives a value that exists already");
  if (!SCULL_VEC_PUSH(&reader->values, value) ||
      !scull_base_map_set(&reader->numbers, key, sizeof number, reader->values.size - 1))
    return no_memory(reader);
  return SCULL_OK;
}

/* Another value under a number that was just defined. */
static scull_status_t redefine(reader_t *reader, int64_t number, value_t value) {
  size_t index = 0;
  if (!scull_base_map_find(&reader->numbers, (const char *)&number, sizeof number, &index) ||
      index >= reader->values.size)
    return fail(reader, "it gives no value");
  reader->values.data[index] = value;
  return SCULL_OK;
}

/* The value of an operand {"%": n}; `out->count` is 0 for the absent one (n = 0). */
static scull_status_t find_value(reader_t *reader, const json_t *operand, value_t *out) {
  int64_t number = json_integer_value(json_object_get(operand, "%"));
  size_t index = 0;
  *out = (value_t){0};
  if (number == 0)
    return SCULL_OK;
  if (!scull_base_map_find(&reader->numbers, (const char *)&number, sizeof number, &index) ||
      index >= reader->values.size)
    return fail(reader, "it reads a value that nothing before it gives");
  *out = reader->values.data[index];
  return SCULL_OK;
}

/* A new value for one result: a variable, or a list of them where the type is a vector. */
static scull_status_t make_result(reader_t *reader, const char *stem, const json_t *result,
                                  value_t *out) {
  const json_t *type = json_object_get(result, "TT"), *items = json_object_get(type, "D");
  const char *kind = text_of(type, "#");
  int64_t number = json_integer_value(json_object_get(result, "%"));
  out->is_list = kind != NULL && strcmp(kind, "0.t_vec") == 0;
  out->count = out->is_list ? json_array_size(items) : 1;
  out->vars = SCULL_ARENA_ARRAY(reader->arena, uint32_t, out->count);
  if (out->vars == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < out->count; i++) {
    const char *name =
        out->is_list
            ? scull_base_arena_format(reader->arena, "%s_%lld.%zu", stem, (long long)number, i)
            : scull_base_arena_format(reader->arena, "%s_%lld", stem, (long long)number);
    SCULL_TRY(add_var(reader, name, out->is_list ? json_array_get(items, i) : type, &out->vars[i]));
  }
  return define(reader, number, *out);
}

/* --- attributes ------------------------------------------------------------------------------ */

/* A number, also one that JSON cannot write. */
static double number_of(const json_t *value) {
  const char *text = text_of(value, "VD");
  const json_t *data = json_object_get(value, "D");
  if (text != NULL)
    return strcmp(text, "NaN") == 0 ? (double)NAN : (text[0] == '-' ? -HUGE_VAL : HUGE_VAL);
  if (json_is_array(data)) /* a scalar: [dtype, number] */
    data = json_array_get(data, 1);
  return json_is_boolean(data) ? (double)json_boolean_value(data) : json_number_value(data);
}

static bool is_kind(const char *kind, const char *kinds) {
  const char *at = strstr(kinds, kind);
  return at != NULL;
}

/* Whole numbers, or floats as soon as one item is none. */
static scull_status_t read_array(reader_t *reader, const json_t *array, scull_paddle_attr_t *attr) {
  size_t count = json_array_size(array);
  bool whole = true;
  for (size_t i = 0; i < count && whole; i++) {
    const json_t *item = json_object_get(json_array_get(array, i), "D");
    whole = json_is_integer(item) || json_is_boolean(item);
  }
  int64_t *ints = SCULL_ARENA_ARRAY(reader->arena, int64_t, count);
  double *floats = SCULL_ARENA_ARRAY(reader->arena, double, count);
  if (ints == NULL || floats == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    const json_t *item = json_array_get(array, i), *data = json_object_get(item, "D");
    floats[i] = number_of(item);
    ints[i] = json_is_boolean(data) ? json_boolean_value(data) : json_integer_value(data);
  }
  attr->kind = whole ? SCULL_PADDLE_ATTR_INTS : SCULL_PADDLE_ATTR_FLOATS;
  attr->ints = (scull_ints_t){ints, whole ? count : 0};
  attr->floats = (scull_floats_t){floats, whole ? 0 : count};
  return SCULL_OK;
}

static scull_status_t read_value(reader_t *reader, const json_t *value, scull_paddle_attr_t *attr) {
  const char *kind = text_of(value, "#");
  const json_t *data = json_object_get(value, "D");
  if (kind == NULL)
    return SCULL_OK;
  if (is_kind(kind, "0.a_i32 0.a_i64 0.a_index 0.a_bool")) {
    attr->kind = SCULL_PADDLE_ATTR_INT;
    attr->i = json_is_boolean(data) ? json_boolean_value(data) : json_integer_value(data);
  } else if (is_kind(kind, "0.a_f32 0.a_f64 1.a_scalar")) {
    attr->kind = SCULL_PADDLE_ATTR_FLOAT;
    attr->f = number_of(value);
  } else if (strcmp(kind, "0.a_str") == 0) {
    attr->kind = SCULL_PADDLE_ATTR_STRING;
    return copy_text(reader, json_string_value(data), &attr->s);
  } else if (strcmp(kind, "1.a_dtype") == 0) {
    attr->kind = SCULL_PADDLE_ATTR_INT;
    attr->i = element_of(json_string_value(data));
  } else if (strcmp(kind, "1.a_intarray") == 0) {
    attr->kind = SCULL_PADDLE_ATTR_INTS;
    return read_ints(reader, data, &attr->ints);
  } else if (strcmp(kind, "0.a_array") == 0) {
    return read_array(reader, data, attr);
  }
  return SCULL_OK;
}

/* The next word of `*text` up to a blank or one of `stops`. */
static size_t next_word(const char **text, const char *stops, const char **word) {
  *text += strspn(*text, " ");
  *word = *text;
  size_t length = strcspn(*text, stops);
  *text += length;
  return length;
}

/* The name that the attribute has in the ProgramDesc form. */
static scull_status_t rename_attr(reader_t *reader, const char *renames, const char *name,
                                  const char **out) {
  const char *word = NULL;
  while (*renames != '\0') {
    size_t length = next_word(&renames, ">", &word);
    bool same = strlen(name) == length && memcmp(name, word, length) == 0;
    renames += *renames == '>';
    length = next_word(&renames, " ", &word);
    if (!same)
      continue;
    *out = scull_base_arena_string(reader->arena, word, length);
    return *out == NULL ? no_memory(reader) : SCULL_OK;
  }
  return copy_text(reader, name, out);
}

static scull_status_t read_attrs(reader_t *reader, const json_t *array, const char *renames,
                                 scull_paddle_op_t *op) {
  size_t count = json_array_size(array);
  op->attrs =
      SCULL_ARENA_ARRAY(reader->arena, scull_paddle_attr_t, count + 3); /* col, two blocks */
  if (op->attrs == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    const json_t *item = json_array_get(array, i);
    scull_paddle_attr_t *attr = &op->attrs[op->attr_count];
    const char *name = text_of(item, "N");
    if (name == NULL)
      return fail(reader, "an attribute without a name");
    SCULL_TRY(rename_attr(reader, renames, name, &attr->name));
    attr->s = "";
    SCULL_TRY(read_value(reader, json_object_get(item, "AT"), attr));
    op->attr_count++;
  }
  return SCULL_OK;
}

/* --- operators ------------------------------------------------------------------------------- */

/* The slot of the next position: the first of "A/B", or the second for a list. */
static scull_status_t next_slot(reader_t *reader, const char **slots, bool is_list,
                                const char **out) {
  const char *word = NULL;
  size_t length = next_word(slots, " ", &word);
  const char *slash = memchr(word, '/', length);
  if (slash != NULL && is_list) {
    length -= (size_t)(slash + 1 - word);
    word = slash + 1;
  } else if (slash != NULL) {
    length = (size_t)(slash - word);
  }
  *out = scull_base_arena_string(reader->arena, word, length);
  return *out == NULL ? no_memory(reader) : SCULL_OK;
}

static scull_status_t read_operands(reader_t *reader, const json_t *array, const char *slots,
                                    scull_paddle_op_t *op) {
  size_t count = json_array_size(array);
  op->inputs = SCULL_ARENA_ARRAY(reader->arena, scull_paddle_slot_t, count);
  if (op->inputs == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    value_t value;
    const char *slot = NULL;
    SCULL_TRY(find_value(reader, json_array_get(array, i), &value));
    SCULL_TRY(next_slot(reader, &slots, value.is_list, &slot));
    if (value.vars == NULL || strcmp(slot, "-") == 0)
      continue;
    if (slot[0] == '\0') /* an operand that the table does not know of */
      op->type = "an operator with more operands than Scull knows";
    op->inputs[op->input_count++] = (scull_paddle_slot_t){slot, value.vars, value.count};
    reader->operands += value.count;
    if (reader->operands > MAX_OPERANDS)
      return fail(reader, "the program has too many operands");
    for (size_t k = 0; k < value.count; k++)
      reader->program->vars.data[value.vars[k]].reads++;
  }
  return SCULL_OK;
}

static scull_status_t read_results(reader_t *reader, const json_t *array, const char *slots,
                                   const char *stem, scull_paddle_op_t *op) {
  size_t count = json_array_size(array);
  op->outputs = SCULL_ARENA_ARRAY(reader->arena, scull_paddle_slot_t, count);
  if (op->outputs == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    value_t value;
    const char *slot = NULL;
    SCULL_TRY(make_result(reader, stem, json_array_get(array, i), &value));
    SCULL_TRY(next_slot(reader, &slots, false, &slot));
    op->outputs[op->output_count++] = (scull_paddle_slot_t){slot, value.vars, value.count};
  }
  return SCULL_OK;
}

/* "1.batch_norm_" -> dialect 1, name "batch_norm". */
static const char *split_name(const char *id, size_t *length, bool *is_paddle) {
  const char *dot = strchr(id, '.'), *name = dot == NULL ? id : dot + 1;
  *length = strlen(name);
  *is_paddle = dot != NULL && strncmp(id, "1.", 2) == 0;
  if (*length > 1 && name[*length - 1] == '_')
    (*length)--;
  return name;
}

static scull_status_t add_op(reader_t *reader, uint32_t block, scull_paddle_op_t **out) {
  scull_paddle_op_t *op = &reader->program->ops[reader->program->op_count++];
  op->block = block;
  op->index = (uint32_t)(reader->program->op_count - 1);
  *out = op;
  return SCULL_OK;
}

/* An operator of the table, or one that is called alike in both forms. */
static scull_status_t read_common(reader_t *reader, const json_t *json, const char *id,
                                  scull_paddle_op_t *op) {
  static const scull_pir_name_t alike = {"", "", "X", "Out", ""};
  size_t length = 0;
  bool is_paddle = false;
  const char *name = split_name(id, &length, &is_paddle);
  const scull_pir_name_t *row = is_paddle ? scull_paddle_pir_name_find(name, length) : NULL;
  const char *stem = scull_base_arena_string(reader->arena, name, length);
  if (stem == NULL)
    return no_memory(reader);
  if (row != NULL)
    op->type = row->type;
  else
    op->type = is_paddle ? stem : scull_base_arena_string(reader->arena, id, strlen(id));
  if (op->type == NULL)
    return no_memory(reader);
  row = row == NULL ? &alike : row;
  SCULL_TRY(read_operands(reader, json_object_get(json, "I"), row->inputs, op));
  SCULL_TRY(read_results(reader, json_object_get(json, "O"), row->outputs, stem, op));
  return read_attrs(reader, json_object_get(json, "A"), row->attrs, op);
}

static const scull_paddle_attr_t *attr_of(const scull_paddle_op_t *op, const char *name) {
  for (size_t i = 0; i < op->attr_count; i++) {
    if (strcmp(op->attrs[i].name, name) == 0)
      return &op->attrs[i];
  }
  return NULL;
}

/* `data` is an input: a feed operator whose variable has the input's name. */
static scull_status_t read_data(reader_t *reader, const json_t *json, scull_paddle_op_t *op) {
  SCULL_TRY(read_common(reader, json, "1.data", op));
  const scull_paddle_attr_t *name = attr_of(op, "name");
  if (op->output_count != 1 || op->outputs[0].count != 1 || name == NULL ||
      name->kind != SCULL_PADDLE_ATTR_STRING)
    return fail(reader, "an input needs a name and one result");
  reader->program->vars.data[op->outputs[0].vars[0]].name = name->s;
  op->type = "feed";
  op->attrs[op->attr_count++] =
      (scull_paddle_attr_t){.name = "col", .kind = SCULL_PADDLE_ATTR_INT, .i = reader->feeds++};
  return SCULL_OK;
}

/* A parameter: in the short form {"A": [.., .., .., name], "O": {...}}. */
static scull_status_t read_parameter(reader_t *reader, const json_t *json) {
  const json_t *result = json_object_get(json, "O"), *flags = json_object_get(json, "OA");
  const char *name = NULL;
  uint32_t *var = SCULL_ARENA_NEW(reader->arena, uint32_t);
  const char *given = json_string_value(json_array_get(json_object_get(json, "A"), 3));
  if (given == NULL)
    return fail(reader, "a parameter without a name");
  if (json_is_array(result))
    result = json_array_get(result, 0);
  SCULL_TRY(copy_text(reader, given, &name));
  if (var == NULL)
    return no_memory(reader);
  SCULL_TRY(add_var(reader, name, json_object_get(result, "TT"), var));
  reader->program->vars.data[*var].persistable =
      json_array_size(flags) == 0 || json_integer_value(json_array_get(flags, 0)) != 0;
  return define(reader, json_integer_value(json_object_get(result, "%")), (value_t){var, 1, false});
}

/* builtin.combine: all operands as one list. */
static scull_status_t read_combine(reader_t *reader, const json_t *json) {
  const json_t *operands = json_object_get(json, "I");
  const json_t *result = json_array_get(json_object_get(json, "O"), 0);
  value_t list = {.is_list = true}, part;
  for (size_t i = 0; i < json_array_size(operands); i++) {
    SCULL_TRY(find_value(reader, json_array_get(operands, i), &part));
    if (part.is_list)
      return fail(reader, "a list of lists");
    list.count += part.count;
  }
  list.vars = SCULL_ARENA_ARRAY(reader->arena, uint32_t, list.count);
  if (list.vars == NULL)
    return no_memory(reader);
  size_t at = 0;
  for (size_t i = 0; i < json_array_size(operands); i++) {
    SCULL_TRY(find_value(reader, json_array_get(operands, i), &part));
    if (part.count > 0)
      memcpy(list.vars + at, part.vars, part.count * sizeof *list.vars);
    at += part.count;
  }
  return define(reader, json_integer_value(json_object_get(result, "%")), list);
}

/* builtin.split and builtin.slice: items of a list, from `first` on, under numbers of their own. */
static scull_status_t read_items(reader_t *reader, const json_t *json, size_t first) {
  const json_t *results = json_object_get(json, "O");
  value_t list;
  SCULL_TRY(find_value(reader, json_array_get(json_object_get(json, "I"), 0), &list));
  for (size_t i = 0; i < json_array_size(results); i++) {
    const json_t *result = json_array_get(results, i);
    if (first + i >= list.count)
      return fail(reader, "it takes more items than the list has");
    value_t item = {.vars = list.vars + first + i, .count = 1};
    SCULL_TRY(define(reader, json_integer_value(json_object_get(result, "%")), item));
  }
  return SCULL_OK;
}

static scull_status_t read_slice(reader_t *reader, const json_t *json) {
  const json_t *attrs = json_object_get(json, "A");
  int64_t index = 0;
  for (size_t i = 0; i < json_array_size(attrs); i++) {
    const json_t *attr = json_array_get(attrs, i);
    const char *name = text_of(attr, "N");
    if (name != NULL && strcmp(name, "index") == 0)
      index = json_integer_value(json_object_get(json_object_get(attr, "AT"), "D"));
  }
  return index < 0 || index > MAX_OPERANDS ? fail(reader, "an index outside its list")
                                           : read_items(reader, json, (size_t)index);
}

static scull_status_t read_fetch(reader_t *reader, const json_t *json, scull_paddle_op_t *op) {
  SCULL_TRY(read_common(reader, json, "1.fetch", op));
  if (attr_of(op, "col") == NULL)
    op->attrs[op->attr_count++] =
        (scull_paddle_attr_t){.name = "col", .kind = SCULL_PADDLE_ATTR_INT, .i = reader->fetches};
  reader->fetches++;
  return SCULL_OK;
}

/* array_write_ writes the array that it takes: its result is that variable once more. */
static scull_status_t read_array_write(reader_t *reader, const json_t *json, const char *id,
                                       scull_paddle_op_t *op) {
  const json_t *result = json_array_get(json_object_get(json, "O"), 0);
  value_t array;
  SCULL_TRY(find_value(reader, json_array_get(json_object_get(json, "I"), 0), &array));
  if (array.is_list || array.count != 1)
    return fail(reader, "it writes no array");
  SCULL_TRY(read_common(reader, json, id, op));
  if (op->output_count != 1 || result == NULL)
    return fail(reader, "it gives no array");
  op->outputs[0].vars = array.vars;
  op->outputs[0].count = 1;
  return redefine(reader, json_integer_value(json_object_get(result, "%")), array);
}

/* --- control flow ----------------------------------------------------------------------------- */

/* All operands from `first` on, each a variable, in one slot. */
static scull_status_t gather_operands(reader_t *reader, const json_t *json, size_t first,
                                      size_t count, const char *slot, scull_paddle_op_t *op) {
  const json_t *array = json_object_get(json, "I");
  uint32_t *vars = SCULL_ARENA_ARRAY(reader->arena, uint32_t, count);
  if (vars == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    value_t value;
    SCULL_TRY(find_value(reader, json_array_get(array, first + i), &value));
    if (value.is_list || value.count != 1)
      return fail(reader, "control flow over lists, or over what is not there");
    vars[i] = value.vars[0];
    reader->program->vars.data[vars[i]].reads++;
  }
  op->inputs[op->input_count++] = (scull_paddle_slot_t){slot, vars, count};
  return SCULL_OK;
}

static scull_status_t gather_results(reader_t *reader, const json_t *json, const char *stem,
                                     scull_paddle_op_t *op) {
  const json_t *array = json_object_get(json, "O");
  size_t count = json_array_size(array);
  uint32_t *vars = SCULL_ARENA_ARRAY(reader->arena, uint32_t, count);
  op->outputs = SCULL_ARENA_NEW(reader->arena, scull_paddle_slot_t);
  if (vars == NULL || op->outputs == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    value_t value;
    SCULL_TRY(make_result(reader, stem, json_array_get(array, i), &value));
    if (value.count != 1)
      return fail(reader, "control flow over lists");
    vars[i] = value.vars[0];
  }
  op->outputs[op->output_count++] = (scull_paddle_slot_t){"Out", vars, count};
  return SCULL_OK;
}

/* An operator of control flow, or NULL. */
static const char *flow_type(const char *id) {
  static const char *const types[][2] = {
      {"1.if", "pd_op.if"}, {"1.while", "pd_op.while"}, {"2.yield", "cf.yield"}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcmp(types[i][0], id) == 0)
      return types[i][1];
  }
  return NULL;
}

/* All that it takes is X, but for the condition of an if or a while; all that it gives is Out. */
static scull_status_t read_flow(reader_t *reader, const json_t *json, const char *type,
                                scull_paddle_op_t *op) {
  size_t count = json_array_size(json_object_get(json, "I"));
  bool has_condition = strcmp(type, "cf.yield") != 0;
  op->type = type;
  op->inputs = SCULL_ARENA_ARRAY(reader->arena, scull_paddle_slot_t, 2);
  if (op->inputs == NULL)
    return no_memory(reader);
  if (has_condition && count == 0)
    return fail(reader, "it has no condition");
  reader->operands += count;
  if (reader->operands > MAX_OPERANDS)
    return fail(reader, "the program has too many operands");
  if (has_condition)
    SCULL_TRY(gather_operands(reader, json, 0, 1, "Cond", op));
  SCULL_TRY(gather_operands(reader, json, has_condition, count - has_condition, "X", op));
  SCULL_TRY(gather_results(reader, json, has_condition ? type + strlen("pd_op.") : "yield", op));
  return read_attrs(reader, NULL, "", op);
}

static scull_status_t read_op(reader_t *reader, const json_t *json, uint32_t block) {
  const char *id = text_of(json, "#");
  scull_paddle_op_t *op = NULL;
  if (id == NULL)
    return fail(reader, "an operator without a name");
  reader->op = id;
  if (strcmp(id, "p") == 0 || strcmp(id, "0.parameter") == 0)
    return read_parameter(reader, json);
  if (strcmp(id, "0.combine") == 0)
    return read_combine(reader, json);
  if (strcmp(id, "0.split") == 0)
    return read_items(reader, json, 0);
  if (strcmp(id, "0.slice") == 0)
    return read_slice(reader, json);
  SCULL_TRY(add_op(reader, block, &op));
  if (flow_type(id) != NULL)
    return read_flow(reader, json, flow_type(id), op);
  if (strcmp(id, "1.data") == 0 || strcmp(id, "1.feed") == 0)
    return read_data(reader, json, op);
  if (strcmp(id, "1.fetch") == 0)
    return read_fetch(reader, json, op);
  if (strcmp(id, "1.array_write_") == 0)
    return read_array_write(reader, json, id, op);
  return read_common(reader, json, id, op);
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* No more operators than objects with a name: an upper bound that nesting cannot hide from. */
static size_t count_ops(const json_t *ops, int depth) {
  size_t count = json_array_size(ops);
  for (size_t i = 0; depth <= MAX_REGION_DEPTH && i < json_array_size(ops); i++) {
    const json_t *regions = json_object_get(json_array_get(ops, i), "regions");
    for (size_t r = 0; r < json_array_size(regions); r++) {
      const json_t *blocks = json_object_get(json_array_get(regions, r), "blocks");
      count += json_array_size(blocks); /* its arguments */
      for (size_t b = 0; b < json_array_size(blocks); b++)
        count += count_ops(json_object_get(json_array_get(blocks, b), "ops"), depth + 1);
    }
  }
  return count;
}

static scull_status_t read_block(reader_t *reader, const json_t *json, uint32_t block, int depth);

/* Blocks of an operator: it names the first as sub_block, the second as else_block. */
static scull_status_t read_regions_of(reader_t *reader, const json_t *json, size_t before,
                                      int depth) {
  const json_t *regions = json_object_get(json, "regions");
  const bool owns =
      reader->program->op_count > before && reader->program->ops[before].attrs != NULL;
  size_t named = 0;
  for (size_t r = 0; r < json_array_size(regions); r++) {
    const json_t *blocks = json_object_get(json_array_get(regions, r), "blocks");
    for (size_t b = 0; b < json_array_size(blocks); b++) {
      uint32_t number = ++reader->blocks;
      if (owns && named < 2) {
        scull_paddle_op_t *op = &reader->program->ops[before];
        op->attrs[op->attr_count++] =
            (scull_paddle_attr_t){.name = named++ == 0 ? "sub_block" : "else_block",
                                  .kind = SCULL_PADDLE_ATTR_BLOCK,
                                  .s = "",
                                  .i = number};
      }
      SCULL_TRY(read_block(reader, json_array_get(blocks, b), number, depth + 1));
    }
  }
  return SCULL_OK;
}

static scull_status_t read_ops(reader_t *reader, const json_t *ops, uint32_t block, int depth) {
  for (size_t i = 0; i < json_array_size(ops); i++) {
    size_t before = reader->program->op_count;
    SCULL_TRY(read_op(reader, json_array_get(ops, i), block));
    SCULL_TRY(read_regions_of(reader, json_array_get(ops, i), before, depth));
  }
  return SCULL_OK;
}

/* Which value a number means now, or SIZE_MAX. */
static size_t meaning_of(const reader_t *reader, int64_t number) {
  size_t index = SIZE_MAX;
  return scull_base_map_find(&reader->numbers, (const char *)&number, sizeof number, &index)
             ? index
             : SIZE_MAX;
}

/* The arguments of a block: an operator of its own that gives them. */
static scull_status_t read_arguments(reader_t *reader, const json_t *args, uint32_t block) {
  size_t count = json_array_size(args);
  scull_paddle_op_t *op = NULL;
  uint32_t *vars = SCULL_ARENA_ARRAY(reader->arena, uint32_t, count);
  SCULL_TRY(add_op(reader, block, &op));
  op->type = "block arguments";
  op->outputs = SCULL_ARENA_NEW(reader->arena, scull_paddle_slot_t);
  if (vars == NULL || op->outputs == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++) {
    const json_t *arg = json_array_get(args, i);
    int64_t number = json_integer_value(json_object_get(arg, "#"));
    if (number >= 0 || number == INT64_MIN)
      return fail(reader, "an argument of its block has no number");
    const char *name =
        scull_base_arena_format(reader->arena, "arg_%u_%lld", block, (long long)-number);
    SCULL_TRY(add_var(reader, name, json_object_get(arg, "TT"), &vars[i]));
    SCULL_TRY(define(reader, number, (value_t){&vars[i], 1, false}));
  }
  op->outputs[op->output_count++] = (scull_paddle_slot_t){"Out", vars, count};
  return SCULL_OK;
}

static scull_status_t read_block(reader_t *reader, const json_t *json, uint32_t block, int depth) {
  const json_t *args = json_object_get(json, "args");
  size_t count = json_array_size(args);
  if (depth > MAX_REGION_DEPTH)
    return fail(reader, "blocks are nested too deeply");
  size_t *around = SCULL_ARENA_ARRAY(reader->arena, size_t, count);
  if (around == NULL)
    return no_memory(reader);
  for (size_t i = 0; i < count; i++)
    around[i] =
        meaning_of(reader, json_integer_value(json_object_get(json_array_get(args, i), "#")));
  SCULL_TRY(read_arguments(reader, args, block));
  SCULL_TRY(read_ops(reader, json_object_get(json, "ops"), block, depth));
  for (size_t i = count; i-- > 0;) {
    int64_t number = json_integer_value(json_object_get(json_array_get(args, i), "#"));
    const char *key = scull_base_arena_copy(reader->arena, &number, sizeof number);
    if (around[i] != SIZE_MAX &&
        (key == NULL || !scull_base_map_set(&reader->numbers, key, sizeof number, around[i])))
      return no_memory(reader);
  }
  return SCULL_OK;
}

static scull_status_t read_program(reader_t *reader, const json_t *root) {
  const json_t *regions = json_object_get(json_object_get(root, "program"), "regions");
  const json_t *blocks = json_object_get(json_array_get(regions, 0), "blocks");
  const json_t *ops = json_object_get(json_array_get(blocks, 0), "ops");
  const char *magic = text_of(json_object_get(root, "base_code"), "magic");
  if (magic == NULL || strcmp(magic, "pir") != 0)
    return scull_base_fail(reader->diag, SCULL_CORRUPT, "%s: its base_code is not that of PIR",
                           reader->file);
  if (!json_is_array(ops))
    return scull_base_fail(reader->diag, SCULL_CORRUPT, "%s: there is no program in it",
                           reader->file);
  reader->program->ops = SCULL_ARENA_ARRAY(reader->arena, scull_paddle_op_t, count_ops(ops, 0));
  if (reader->program->ops == NULL)
    return no_memory(reader);
  SCULL_TRY(read_ops(reader, ops, 0, 0));
  reader->program->block_count = 1 + reader->blocks;
  return SCULL_OK;
}

scull_status_t scull_paddle_pir_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                     scull_paddle_program_t *out) {
  json_error_t error;
  reader_t reader = {.program = out, .arena = &out->arena, .file = file, .diag = diag};
  json_t *root = json_loadb((const char *)bytes.data, bytes.size, 0, &error);
  if (root == NULL)
    return scull_base_fail(diag, SCULL_CORRUPT, "%s: line %d, column %d: %s", file, error.line,
                           error.column, error.text);
  scull_status_t status = read_program(&reader, root);
  json_decref(root);
  scull_base_map_deinit(&reader.numbers);
  SCULL_VEC_DEINIT(&reader.values);
  return status;
}
