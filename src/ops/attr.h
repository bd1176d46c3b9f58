/* Attributes of operators: each operator has a plain C struct and a table of its fields, so that
 * parsing, printing, comparing, hashing and plan writing are written once, here. */
#ifndef SCULL_OPS_ATTR_H
#define SCULL_OPS_ATTR_H

#include "base/diag.h"
#include "tensor/tensor.h"

typedef struct scull_ints {
  const int64_t *data;
  size_t size;
} scull_ints_t;

typedef struct scull_floats {
  const double *data;
  size_t size;
} scull_floats_t;

/* The C type of a field of each kind: int64_t, double, bool, int32_t (an index into `names`),
 * scull_dtype_t, const char * (never NULL), scull_ints_t, scull_floats_t. */
typedef enum scull_attr_kind {
  SCULL_ATTR_INT,
  SCULL_ATTR_FLOAT,
  SCULL_ATTR_BOOL,
  SCULL_ATTR_ENUM,
  SCULL_ATTR_DTYPE,
  SCULL_ATTR_STRING,
  SCULL_ATTR_INTS,
  SCULL_ATTR_FLOATS,
} scull_attr_kind_t;

typedef struct scull_attr_field {
  const char *name;
  scull_attr_kind_t kind;
  size_t offset;
  const char *initial;      /* the default, in the text form; "" = empty list or string */
  const char *const *names; /* ENUM: the words, ended by NULL */
} scull_attr_field_t;

/* A row of a field table: SCULL_FIELD(scull_conv_attrs_t, INTS, strides, ""). */
#define SCULL_FIELD(type, kind, field, initial)                                                    \
  { #field, SCULL_ATTR_##kind, offsetof(type, field), initial, NULL }
#define SCULL_FIELD_ENUM(type, field, initial, words)                                              \
  { #field, SCULL_ATTR_ENUM, offsetof(type, field), initial, words }

typedef struct scull_attr_schema {
  const scull_attr_field_t *fields;
  size_t count;
  size_t size; /* of the struct; 0 = the operator has no attributes */
} scull_attr_schema_t;

#define SCULL_SCHEMA(type, table)                                                                  \
  { table, sizeof(table) / sizeof((table)[0]), sizeof(type) }

/* A new struct with every field at its default; lists and strings live in `arena` or are static.
 * NULL when memory is short. An empty schema gives a one-byte dummy. */
void *scull_ops_attrs_create(const scull_attr_schema_t *schema, scull_arena_t *arena);

/* A deep copy into `arena`. */
void *scull_ops_attrs_copy(const scull_attr_schema_t *schema, const void *attrs,
                           scull_arena_t *arena);

/* Sets one field from text: "3", "0.5", "true", "same", "f32", "abc", "1,2,3". INVALID_ARGUMENT for
 * an unknown field or a value that does not parse; the field then keeps its value. */
scull_status_t scull_ops_attrs_set(const scull_attr_schema_t *schema, void *attrs, const char *name,
                                   const char *value, scull_arena_t *arena,
                                   scull_diag_t *diag) SCULL_MUST_USE;

/* Prints the fields that differ from their defaults, in table order: "strides=2,2 groups=4". Floats
 * are printed so that reading them back gives the same number; strings that are not one plain word
 * are quoted (scull_base_text_quote). `all` prints every field. */
void scull_ops_attrs_print(const scull_attr_schema_t *schema, const void *attrs, bool all,
                           scull_text_t *text);

bool scull_ops_attrs_equal(const scull_attr_schema_t *schema, const void *a, const void *b);

/* The field of that name, or NULL. */
const scull_attr_field_t *scull_ops_attr_find(const scull_attr_schema_t *schema, const char *name);

/* Copies of lists into an arena; the result's data is NULL when memory is short and size > 0. */
scull_ints_t scull_ops_ints(scull_arena_t *arena, const int64_t *data, size_t size);
scull_floats_t scull_ops_floats(scull_arena_t *arena, const double *data, size_t size);

#endif
