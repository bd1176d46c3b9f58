/* Generic work on attribute structs, driven by their field tables. */
#include "ops/attr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"

static void *field_of(const scull_attr_field_t *field, void *attrs) {
  return (char *)attrs + field->offset;
}

static const void *field_in(const scull_attr_field_t *field, const void *attrs) {
  return (const char *)attrs + field->offset;
}

scull_ints_t scull_ops_ints(scull_arena_t *arena, const int64_t *data, size_t size) {
  return (scull_ints_t){scull_base_arena_copy(arena, data, size * sizeof *data), size};
}

scull_floats_t scull_ops_floats(scull_arena_t *arena, const double *data, size_t size) {
  return (scull_floats_t){scull_base_arena_copy(arena, data, size * sizeof *data), size};
}

static bool parse_int(const char *text, const char **end, int64_t *out) {
  char *stop = NULL;
  errno = 0;
  long long value = strtoll(text, &stop, 10);
  *end = stop;
  *out = value;
  return stop != text && errno == 0;
}

static size_t list_length(const char *text) {
  size_t count = *text == '\0' ? 0 : 1;
  for (; *text != '\0'; text++)
    count += *text == ',';
  return count;
}

/* Reads "a,b,c" into items of int64_t or double. */
static bool parse_list(const char *text, bool floats, scull_arena_t *arena, const void **out,
                       size_t *size) {
  size_t count = list_length(text);
  int64_t *ints = SCULL_ARENA_ARRAY(arena, int64_t, count);
  double *reals = (double *)(void *)ints; /* both are 8 bytes wide */
  if (ints == NULL)
    return false;
  for (size_t i = 0; i < count; i++) {
    bool ok =
        floats ? scull_base_real_read(text, &text, &reals[i]) : parse_int(text, &text, &ints[i]);
    if (!ok || *text != (i + 1 == count ? '\0' : ','))
      return false;
    text++;
  }
  *out = ints;
  *size = count;
  return true;
}

static bool parse_enum(const scull_attr_field_t *field, const char *text, int32_t *out) {
  for (int32_t i = 0; field->names[i] != NULL; i++) {
    if (strcmp(field->names[i], text) == 0) {
      *out = i;
      return true;
    }
  }
  return false;
}

static bool parse_bool(const char *text, bool *out) {
  *out = strcmp(text, "true") == 0;
  return *out || strcmp(text, "false") == 0;
}

static bool parse_field(const scull_attr_field_t *field, void *at, const char *text,
                        scull_arena_t *arena) {
  const char *end = "";
  switch (field->kind) {
  case SCULL_ATTR_INT: return parse_int(text, &end, at) && *end == '\0';
  case SCULL_ATTR_FLOAT: return scull_base_real_read(text, &end, at) && *end == '\0';
  case SCULL_ATTR_BOOL: return parse_bool(text, at);
  case SCULL_ATTR_ENUM: return parse_enum(field, text, at);
  case SCULL_ATTR_DTYPE:
    *(scull_dtype_t *)at = scull_tensor_dtype_find(text);
    return *(scull_dtype_t *)at != SCULL_DTYPE_NONE || strcmp(text, "none") == 0;
  case SCULL_ATTR_STRING:
    *(const char **)at = scull_base_arena_string(arena, text, strlen(text));
    return *(const char **)at != NULL;
  case SCULL_ATTR_INTS: {
    scull_ints_t *list = at;
    return parse_list(text, false, arena, (const void **)&list->data, &list->size);
  }
  case SCULL_ATTR_FLOATS: {
    scull_floats_t *list = at;
    return parse_list(text, true, arena, (const void **)&list->data, &list->size);
  }
  }
  return false;
}

typedef union {
  int64_t whole;
  double real;
  bool flag;
  int32_t word;
  scull_dtype_t dtype;
  const char *string;
  scull_ints_t ints;
  scull_floats_t floats;
} any_field_t;

static size_t size_of(scull_attr_kind_t kind) {
  static const size_t sizes[] = {
      [SCULL_ATTR_INT] = sizeof(int64_t),         [SCULL_ATTR_FLOAT] = sizeof(double),
      [SCULL_ATTR_BOOL] = sizeof(bool),           [SCULL_ATTR_ENUM] = sizeof(int32_t),
      [SCULL_ATTR_DTYPE] = sizeof(scull_dtype_t), [SCULL_ATTR_STRING] = sizeof(const char *),
      [SCULL_ATTR_INTS] = sizeof(scull_ints_t),   [SCULL_ATTR_FLOATS] = sizeof(scull_floats_t),
  };
  return sizes[kind];
}

/* Sets the field only when all of `text` parses. */
static bool set_field(const scull_attr_field_t *field, void *attrs, const char *text,
                      scull_arena_t *arena) {
  any_field_t parsed = {0};
  if (!parse_field(field, &parsed, text, arena))
    return false;
  memcpy(field_of(field, attrs), &parsed, size_of(field->kind));
  return true;
}

void *scull_ops_attrs_create(const scull_attr_schema_t *schema, scull_arena_t *arena) {
  void *attrs = scull_base_arena_alloc(arena, schema->size == 0 ? 1 : schema->size);
  for (size_t i = 0; attrs != NULL && i < schema->count; i++) {
    const scull_attr_field_t *field = &schema->fields[i];
    if (!set_field(field, attrs, field->initial, arena))
      return NULL;
  }
  return attrs;
}

void *scull_ops_attrs_copy(const scull_attr_schema_t *schema, const void *attrs,
                           scull_arena_t *arena) {
  if (schema->size == 0)
    return scull_base_arena_alloc(arena, 1);
  void *copy = scull_base_arena_copy(arena, attrs, schema->size);
  for (size_t i = 0; copy != NULL && i < schema->count; i++) {
    const scull_attr_field_t *field = &schema->fields[i];
    void *at = field_of(field, copy);
    if (field->kind == SCULL_ATTR_INTS) {
      scull_ints_t *list = at;
      *list = scull_ops_ints(arena, list->data, list->size);
      copy = list->data == NULL ? NULL : copy;
    } else if (field->kind == SCULL_ATTR_FLOATS) {
      scull_floats_t *list = at;
      *list = scull_ops_floats(arena, list->data, list->size);
      copy = list->data == NULL ? NULL : copy;
    } else if (field->kind == SCULL_ATTR_STRING) {
      const char **text = at;
      *text = scull_base_arena_string(arena, *text, strlen(*text));
      copy = *text == NULL ? NULL : copy;
    }
  }
  return copy;
}

const scull_attr_field_t *scull_ops_attr_find(const scull_attr_schema_t *schema, const char *name) {
  for (size_t i = 0; i < schema->count; i++) {
    if (strcmp(schema->fields[i].name, name) == 0)
      return &schema->fields[i];
  }
  return NULL;
}

scull_status_t scull_ops_attrs_set(const scull_attr_schema_t *schema, void *attrs, const char *name,
                                   const char *value, scull_arena_t *arena, scull_diag_t *diag) {
  const scull_attr_field_t *field = scull_ops_attr_find(schema, name);
  if (field == NULL)
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "no attribute '%s'", name);
  if (!set_field(field, attrs, value, arena))
    return scull_base_fail(diag, SCULL_INVALID_ARGUMENT, "attribute %s: cannot read '%.80s'", name,
                           value);
  return SCULL_OK;
}

/* A word as it is; anything else in quotes, so that attributes stay apart. */
static void print_string(const char *value, scull_text_t *text) {
  size_t length = strlen(value);
  if (length > 0 && strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_./-") == length)
    scull_base_text_add(text, value, length);
  else
    scull_base_text_quote(text, value);
}

static void print_field(const scull_attr_field_t *field, const void *at, scull_text_t *text) {
  switch (field->kind) {
  case SCULL_ATTR_INT: scull_base_text_print(text, "%lld", (long long)*(const int64_t *)at); break;
  case SCULL_ATTR_FLOAT: scull_base_real_print(text, *(const double *)at, false); break;
  case SCULL_ATTR_BOOL: scull_base_text_print(text, *(const bool *)at ? "true" : "false"); break;
  case SCULL_ATTR_ENUM:
    scull_base_text_print(text, "%s", field->names[*(const int32_t *)at]);
    break;
  case SCULL_ATTR_DTYPE:
    scull_base_text_print(text, "%s", scull_tensor_dtype_name(*(const scull_dtype_t *)at));
    break;
  case SCULL_ATTR_STRING: print_string(*(const char *const *)at, text); break;
  case SCULL_ATTR_INTS: {
    const scull_ints_t *list = at;
    for (size_t i = 0; i < list->size; i++)
      scull_base_text_print(text, "%s%lld", i == 0 ? "" : ",", (long long)list->data[i]);
    break;
  }
  case SCULL_ATTR_FLOATS: {
    const scull_floats_t *list = at;
    for (size_t i = 0; i < list->size; i++) {
      scull_base_text_print(text, "%s", i == 0 ? "" : ",");
      scull_base_real_print(text, list->data[i], false);
    }
    break;
  }
  }
}

/* Defaults are compared as text, except where one value has several: 1e-5 and 1e-05, abc and
 * "abc". */
static bool is_initial(const scull_attr_field_t *field, const void *at, const char *printed) {
  const char *end = NULL;
  double real = 0;
  if (field->kind == SCULL_ATTR_FLOAT)
    return scull_base_real_read(field->initial, &end, &real) && real == *(const double *)at;
  if (field->kind == SCULL_ATTR_STRING)
    return strcmp(*(const char *const *)at, field->initial) == 0;
  return strcmp(printed, field->initial) == 0;
}

void scull_ops_attrs_print(const scull_attr_schema_t *schema, const void *attrs, bool all,
                           scull_text_t *text) {
  bool first = true;
  for (size_t i = 0; i < schema->count; i++) {
    const scull_attr_field_t *field = &schema->fields[i];
    scull_text_t value = {0};
    print_field(field, field_in(field, attrs), &value);
    if (all || !is_initial(field, field_in(field, attrs), scull_base_text_get(&value))) {
      scull_base_text_print(text, "%s%s=%s", first ? "" : " ", field->name,
                            scull_base_text_get(&value));
      first = false;
    }
    text->failed = text->failed || value.failed;
    scull_base_text_deinit(&value);
  }
}

static bool lists_equal(const void *a, size_t a_size, const void *b, size_t b_size) {
  return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size * sizeof(int64_t)) == 0);
}

static bool fields_equal(const scull_attr_field_t *field, const void *a, const void *b) {
  switch (field->kind) {
  case SCULL_ATTR_INT: return *(const int64_t *)a == *(const int64_t *)b;
  case SCULL_ATTR_FLOAT: return memcmp(a, b, sizeof(double)) == 0;
  case SCULL_ATTR_BOOL: return *(const bool *)a == *(const bool *)b;
  case SCULL_ATTR_ENUM: return *(const int32_t *)a == *(const int32_t *)b;
  case SCULL_ATTR_DTYPE: return *(const scull_dtype_t *)a == *(const scull_dtype_t *)b;
  case SCULL_ATTR_STRING: return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
  case SCULL_ATTR_INTS: {
    const scull_ints_t *x = a, *y = b;
    return lists_equal(x->data, x->size, y->data, y->size);
  }
  case SCULL_ATTR_FLOATS: {
    const scull_floats_t *x = a, *y = b;
    return lists_equal(x->data, x->size, y->data, y->size);
  }
  }
  return false;
}

bool scull_ops_attrs_equal(const scull_attr_schema_t *schema, const void *a, const void *b) {
  for (size_t i = 0; i < schema->count; i++) {
    const scull_attr_field_t *field = &schema->fields[i];
    if (!fields_equal(field, field_in(field, a), field_in(field, b)))
      return false;
  }
  return true;
}
