/* ProgramDesc (framework.proto, proto2) into plain structs. Field numbers stand where they are
 * read. Unknown fields and attribute types are skipped; names are tied to variables here, so that
 * nothing later looks a name up. */
#include "import/paddle/program.h"

#include <stdlib.h>
#include <string.h>

#include "import/wire.h"

enum { TENSOR_MAX_DIMS = 64 };

typedef struct {
  scull_paddle_program_t *program;
  scull_map_t names; /* variable name -> index */
  const char *file;
  scull_diag_t *diag;
} reader_t;

void scull_paddle_program_deinit(scull_paddle_program_t *program) {
  SCULL_VEC_DEINIT(&program->vars);
  scull_base_arena_deinit(&program->arena);
}

scull_dtype_t scull_paddle_dtype(int64_t element) {
  static const scull_dtype_t table[] = {
      [0] = SCULL_DTYPE_BOOL, [1] = SCULL_DTYPE_I16,  [2] = SCULL_DTYPE_I32, [3] = SCULL_DTYPE_I64,
      [4] = SCULL_DTYPE_F16,  [5] = SCULL_DTYPE_F32,  [6] = SCULL_DTYPE_F64, [20] = SCULL_DTYPE_U8,
      [21] = SCULL_DTYPE_I8,  [22] = SCULL_DTYPE_BF16};
  bool inside = element >= 0 && element < (int64_t)(sizeof table / sizeof table[0]);
  return inside ? table[element] : SCULL_DTYPE_NONE;
}

static scull_status_t no_memory(const reader_t *reader) {
  return scull_base_fail_memory(reader->diag, "a Paddle program");
}

/* --- variables ------------------------------------------------------------------------------- */

/* Index of the variable of that name, made when it is new. */
static scull_status_t find_var(reader_t *reader, const char *name, uint32_t *out) {
  size_t index = 0;
  if (!scull_base_map_find(&reader->names, name, strlen(name), &index)) {
    scull_paddle_var_t var = {.name = name};
    index = reader->program->vars.size;
    if (!SCULL_VEC_PUSH(&reader->program->vars, var) ||
        !scull_base_map_set(&reader->names, name, strlen(name), index))
      return no_memory(reader);
  }
  *out = (uint32_t)index;
  return SCULL_OK;
}

static scull_status_t read_tensor_desc(reader_t *reader, const scull_wire_t *wire,
                                       const scull_wire_field_t *field, scull_paddle_var_t *var) {
  scull_wire_t tensor;
  scull_wire_field_t f;
  SCULL_TRY(scull_import_wire_enter(wire, field, &tensor));
  SCULL_TRY(scull_import_wire_ints(&tensor, 2, false, &reader->program->arena, &var->dims));
  if (var->dims.size > TENSOR_MAX_DIMS)
    return scull_import_wire_fail(&tensor, "variable '%.80s' has %zu dimensions", var->name,
                                  var->dims.size);
  while (scull_import_wire_next(&tensor, &f)) {
    if (f.number == 1) /* data_type */
      var->element = scull_import_wire_int32(&f);
  }
  return tensor.status;
}

static scull_status_t read_var_type(reader_t *reader, const scull_wire_t *wire,
                                    const scull_wire_field_t *field, scull_paddle_var_t *var) {
  scull_wire_t type, lod;
  scull_wire_field_t f, inner;
  SCULL_TRY(scull_import_wire_enter(wire, field, &type));
  while (scull_import_wire_next(&type, &f)) {
    if (f.number == 1)
      var->kind = scull_import_wire_int32(&f);
    if (f.number != 3) /* lod_tensor */
      continue;
    SCULL_TRY(scull_import_wire_enter(&type, &f, &lod));
    while (scull_import_wire_next(&lod, &inner)) {
      if (inner.number == 1)
        SCULL_TRY(read_tensor_desc(reader, &lod, &inner, var));
      else if (inner.number == 2)
        var->lod_level = scull_import_wire_int32(&inner);
    }
    SCULL_TRY(lod.status);
  }
  return type.status;
}

static scull_status_t read_var(reader_t *reader, const scull_wire_t *wire,
                               const scull_wire_field_t *field) {
  scull_wire_t message;
  scull_wire_field_t f;
  scull_paddle_var_t var = {.declared = true, .element = -1};
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  scull_wire_t names = message; /* the name first: the rest of the messages speak of it */
  while (var.name == NULL && scull_import_wire_next(&names, &f)) {
    if (f.number == 1)
      SCULL_TRY(scull_import_wire_string(&names, &f, &reader->program->arena, &var.name));
  }
  if (var.name == NULL)
    return scull_import_wire_fail(&message, "a variable without a name");
  while (scull_import_wire_next(&message, &f)) {
    if (f.number == 2)
      SCULL_TRY(read_var_type(reader, &message, &f, &var));
    else if (f.number == 3)
      var.persistable = scull_import_wire_int(&f) != 0;
  }
  SCULL_TRY(message.status);
  uint32_t index = 0;
  SCULL_TRY(find_var(reader, var.name, &index));
  if (reader->program->vars.data[index].declared)
    return scull_import_wire_fail(&message, "variable '%.80s' is declared twice", var.name);
  reader->program->vars.data[index] = var;
  return SCULL_OK;
}

/* --- attributes ------------------------------------------------------------------------------ */

/* One Scalar message as a double; integers beyond 2^53 round. */
static scull_status_t read_scalar(const scull_wire_t *wire, const scull_wire_field_t *field,
                                  double *out) {
  scull_wire_t scalar;
  scull_wire_field_t f;
  SCULL_TRY(scull_import_wire_enter(wire, field, &scalar));
  while (scull_import_wire_next(&scalar, &f)) {
    if (f.number == 2 || f.number == 3)
      *out = (double)scull_import_wire_int(&f);
    else if (f.number == 4)
      *out = scull_import_wire_float(&f);
  }
  return scalar.status;
}

static scull_status_t read_scalars(reader_t *reader, const scull_wire_t *wire,
                                   scull_paddle_attr_t *attr) {
  scull_wire_t walk = *wire;
  scull_wire_field_t f;
  size_t count = scull_import_wire_count(wire, 21), i = 0;
  double *values = SCULL_ARENA_ARRAY(&reader->program->arena, double, count);
  if (values == NULL)
    return no_memory(reader);
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number == 21)
      SCULL_TRY(read_scalar(&walk, &f, &values[i++]));
  }
  attr->floats = (scull_floats_t){values, i};
  return walk.status;
}

/* Lists stand in a field of their own each; `wire` is the whole attribute. */
static scull_status_t read_list(reader_t *reader, const scull_wire_t *wire, int32_t type,
                                scull_paddle_attr_t *attr) {
  scull_arena_t *arena = &reader->program->arena;
  switch (type) {
  case 3: /* INTS */
    attr->kind = SCULL_PADDLE_ATTR_INTS;
    return scull_import_wire_ints(wire, 6, true, arena, &attr->ints);
  case 7: /* BOOLEANS */
    attr->kind = SCULL_PADDLE_ATTR_INTS;
    return scull_import_wire_ints(wire, 11, false, arena, &attr->ints);
  case 11: /* LONGS */
    attr->kind = SCULL_PADDLE_ATTR_INTS;
    return scull_import_wire_ints(wire, 15, false, arena, &attr->ints);
  case 4: /* FLOATS */
    attr->kind = SCULL_PADDLE_ATTR_FLOATS;
    return scull_import_wire_floats(wire, 7, false, arena, &attr->floats);
  case 12: /* FLOAT64S */
    attr->kind = SCULL_PADDLE_ATTR_FLOATS;
    return scull_import_wire_floats(wire, 16, true, arena, &attr->floats);
  case 17: /* SCALARS */
    attr->kind = SCULL_PADDLE_ATTR_FLOATS;
    return read_scalars(reader, wire, attr);
  default: return SCULL_OK;
  }
}

/* Which field holds the value of a scalar attribute type, and as what it is kept. */
static const struct {
  int32_t type;
  uint32_t field;
  scull_paddle_kind_t kind;
} scalars[] = {{0, 3, SCULL_PADDLE_ATTR_INT},    {1, 4, SCULL_PADDLE_ATTR_FLOAT},
               {2, 5, SCULL_PADDLE_ATTR_STRING}, {6, 10, SCULL_PADDLE_ATTR_INT},
               {9, 13, SCULL_PADDLE_ATTR_INT},   {15, 19, SCULL_PADDLE_ATTR_FLOAT},
               {8, 12, SCULL_PADDLE_ATTR_BLOCK}, {10, 14, SCULL_PADDLE_ATTR_BLOCK},
               {16, 20, SCULL_PADDLE_ATTR_FLOAT}};

static scull_status_t read_value(reader_t *reader, const scull_wire_t *wire,
                                 const scull_wire_field_t *f, scull_paddle_attr_t *attr) {
  switch (attr->kind) {
  case SCULL_PADDLE_ATTR_BLOCK: /* its number; of several blocks the last */
  case SCULL_PADDLE_ATTR_INT:
    attr->i = f->number == 3 ? scull_import_wire_int32(f) : scull_import_wire_int(f);
    break;
  case SCULL_PADDLE_ATTR_STRING:
    return scull_import_wire_string(wire, f, &reader->program->arena, &attr->s);
  case SCULL_PADDLE_ATTR_FLOAT:
    if (f->type == SCULL_WIRE_BYTES)
      return read_scalar(wire, f, &attr->f);
    attr->f = scull_import_wire_float(f);
    break;
  default: break;
  }
  return SCULL_OK;
}

static scull_status_t read_scalar_attr(reader_t *reader, const scull_wire_t *wire, int32_t type,
                                       scull_paddle_attr_t *attr) {
  for (size_t k = 0; k < sizeof scalars / sizeof scalars[0]; k++) {
    if (scalars[k].type != type)
      continue;
    scull_wire_t walk = *wire;
    scull_wire_field_t f;
    attr->kind = scalars[k].kind;
    attr->s = "";
    while (scull_import_wire_next(&walk, &f)) {
      if (f.number == scalars[k].field)
        SCULL_TRY(read_value(reader, &walk, &f, attr));
    }
    return walk.status;
  }
  return SCULL_OK;
}

static scull_status_t read_attr(reader_t *reader, const scull_wire_t *wire,
                                const scull_wire_field_t *field, scull_paddle_attr_t *attr) {
  scull_wire_t message;
  scull_wire_field_t f;
  int32_t type = -1;
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  scull_wire_t walk = message;
  attr->name = "";
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number == 1)
      SCULL_TRY(scull_import_wire_string(&walk, &f, &reader->program->arena, &attr->name));
    else if (f.number == 2)
      type = scull_import_wire_int32(&f);
  }
  SCULL_TRY(walk.status);
  SCULL_TRY(read_scalar_attr(reader, &message, type, attr));
  return read_list(reader, &message, type, attr);
}

/* --- operators ------------------------------------------------------------------------------- */

static scull_status_t read_slot(reader_t *reader, const scull_wire_t *wire,
                                const scull_wire_field_t *field, scull_paddle_slot_t *slot) {
  scull_wire_t message;
  scull_wire_field_t f;
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  slot->name = "";
  slot->vars =
      SCULL_ARENA_ARRAY(&reader->program->arena, uint32_t, scull_import_wire_count(&message, 2));
  if (slot->vars == NULL)
    return no_memory(reader);
  while (scull_import_wire_next(&message, &f)) {
    const char *name = NULL;
    if (f.number == 1) {
      SCULL_TRY(scull_import_wire_string(&message, &f, &reader->program->arena, &slot->name));
    } else if (f.number == 2) { /* arguments */
      SCULL_TRY(scull_import_wire_string(&message, &f, &reader->program->arena, &name));
      SCULL_TRY(find_var(reader, name, &slot->vars[slot->count++]));
    }
  }
  return message.status;
}

static scull_status_t make_op(reader_t *reader, const scull_wire_t *message,
                              scull_paddle_op_t *op) {
  scull_arena_t *arena = &reader->program->arena;
  op->inputs = SCULL_ARENA_ARRAY(arena, scull_paddle_slot_t, scull_import_wire_count(message, 1));
  op->outputs = SCULL_ARENA_ARRAY(arena, scull_paddle_slot_t, scull_import_wire_count(message, 2));
  op->attrs = SCULL_ARENA_ARRAY(arena, scull_paddle_attr_t, scull_import_wire_count(message, 4));
  bool ok = op->inputs != NULL && op->outputs != NULL && op->attrs != NULL;
  return ok ? SCULL_OK : no_memory(reader);
}

static scull_status_t read_op(reader_t *reader, const scull_wire_t *wire,
                              const scull_wire_field_t *field, scull_paddle_op_t *op) {
  scull_wire_t message;
  scull_wire_field_t f;
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  SCULL_TRY(make_op(reader, &message, op));
  while (scull_import_wire_next(&message, &f)) {
    switch (f.number) {
    case 1: SCULL_TRY(read_slot(reader, &message, &f, &op->inputs[op->input_count++])); break;
    case 2: SCULL_TRY(read_slot(reader, &message, &f, &op->outputs[op->output_count++])); break;
    case 3:
      SCULL_TRY(scull_import_wire_string(&message, &f, &reader->program->arena, &op->type));
      break;
    case 4: SCULL_TRY(read_attr(reader, &message, &f, &op->attrs[op->attr_count++])); break;
    default: break;
    }
  }
  SCULL_TRY(message.status);
  if (op->type == NULL)
    return scull_import_wire_fail(&message, "an operator without a type");
  for (size_t s = 0; s < op->input_count; s++) {
    for (size_t k = 0; k < op->inputs[s].count; k++)
      reader->program->vars.data[op->inputs[s].vars[k]].reads++;
  }
  return SCULL_OK;
}

/* --- blocks ---------------------------------------------------------------------------------- */

static scull_status_t read_block(reader_t *reader, const scull_wire_t *wire,
                                 const scull_wire_field_t *field, uint32_t block) {
  scull_wire_t message;
  scull_wire_field_t f;
  uint32_t index = 0;
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  scull_wire_t vars = message;
  while (scull_import_wire_next(&vars, &f)) {
    if (f.number == 3)
      SCULL_TRY(read_var(reader, &vars, &f));
  }
  SCULL_TRY(vars.status);
  while (scull_import_wire_next(&message, &f)) {
    if (f.number != 4)
      continue;
    scull_paddle_op_t *op = &reader->program->ops[reader->program->op_count++];
    op->block = block;
    op->index = index++;
    SCULL_TRY(read_op(reader, &message, &f, op));
  }
  return message.status;
}

static scull_status_t count_ops(const scull_wire_t *root, size_t *out) {
  scull_wire_t walk = *root, block;
  scull_wire_field_t f;
  *out = 0;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number != 1)
      continue;
    SCULL_TRY(scull_import_wire_enter(&walk, &f, &block));
    *out += scull_import_wire_count(&block, 4);
  }
  return walk.status;
}

static scull_status_t read_root(reader_t *reader, scull_bytes_t bytes) {
  scull_wire_t root = scull_import_wire_open(bytes, reader->file, reader->diag);
  scull_wire_field_t f;
  size_t ops = 0;
  SCULL_TRY(count_ops(&root, &ops));
  reader->program->ops = SCULL_ARENA_ARRAY(&reader->program->arena, scull_paddle_op_t, ops);
  if (reader->program->ops == NULL)
    return no_memory(reader);
  while (scull_import_wire_next(&root, &f)) {
    if (f.number == 1) /* blocks */
      SCULL_TRY(read_block(reader, &root, &f, (uint32_t)reader->program->block_count++));
  }
  SCULL_TRY(root.status);
  if (reader->program->block_count == 0)
    return scull_import_wire_fail(&root, "a program without a block");
  return SCULL_OK;
}

scull_status_t scull_paddle_program_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                         scull_paddle_program_t *out) {
  reader_t reader = {.program = out, .file = file, .diag = diag};
  scull_status_t status = read_root(&reader, bytes);
  scull_base_map_deinit(&reader.names);
  return status;
}

static int compare_names(const void *a, const void *b) {
  const scull_paddle_var_t *const *x = a, *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

scull_status_t scull_paddle_program_params(scull_paddle_program_t *program, scull_diag_t *diag,
                                           uint32_t **order, size_t *count) {
  size_t n = 0;
  const scull_paddle_var_t **sorted =
      SCULL_ARENA_ARRAY(&program->arena, const scull_paddle_var_t *, program->vars.size);
  *order = SCULL_ARENA_ARRAY(&program->arena, uint32_t, program->vars.size);
  if (sorted == NULL || *order == NULL)
    return scull_base_fail_memory(diag, "a list of parameters");
  for (size_t i = 0; i < program->vars.size; i++) {
    const scull_paddle_var_t *var = &program->vars.data[i];
    bool excluded = var->kind == SCULL_PADDLE_FEED_MINIBATCH ||
                    var->kind == SCULL_PADDLE_FETCH_LIST || var->kind == SCULL_PADDLE_RAW;
    if (var->declared && var->persistable && !excluded)
      sorted[n++] = var;
  }
  qsort(sorted, n, sizeof *sorted, compare_names);
  for (size_t i = 0; i < n; i++)
    (*order)[i] = (uint32_t)(sorted[i] - program->vars.data);
  *count = n;
  return SCULL_OK;
}
