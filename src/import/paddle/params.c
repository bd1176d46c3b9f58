/* Parameter files: LoDTensor records, concatenated without names or alone in a file each. Every
 * record is checked against the variable that it is for; the tensors' bytes stay where they are. */
#include <string.h>

#include "import/paddle/program.h"
#include "import/wire.h"

typedef struct {
  scull_bytes_t bytes;
  size_t at;
  const char *file;
  const char *param; /* the one that is being read */
  scull_diag_t *diag;
} reader_t;

static scull_status_t fail(const reader_t *reader, const char *cause) {
  return scull_base_fail(reader->diag, SCULL_CORRUPT, "%s: offset %zu: parameter '%.80s': %s",
                         reader->file, reader->at, reader->param, cause);
}

static scull_status_t take(reader_t *reader, size_t size, const uint8_t **out) {
  if (size > reader->bytes.size - reader->at)
    return fail(reader, "the file ends inside this parameter");
  *out = reader->bytes.data + reader->at;
  reader->at += size;
  return SCULL_OK;
}

static scull_status_t take_number(reader_t *reader, size_t size, uint64_t *out) {
  const uint8_t *bytes = NULL;
  SCULL_TRY(take(reader, size, &bytes));
  *out = 0;
  memcpy(out, bytes, size);
  return SCULL_OK;
}

static scull_status_t skip_lod(reader_t *reader) {
  uint64_t levels = 0, size = 0;
  const uint8_t *ignored = NULL;
  SCULL_TRY(take_number(reader, 8, &levels));
  for (uint64_t i = 0; i < levels; i++) {
    SCULL_TRY(take_number(reader, 8, &size));
    SCULL_TRY(
        take(reader, (size_t)size, &ignored)); /* each level takes bytes: the loop is bounded */
  }
  return SCULL_OK;
}

/* The TensorDesc of the record: element type and dimensions. */
static scull_status_t read_desc(reader_t *reader, scull_bytes_t bytes, scull_arena_t *arena,
                                int32_t *element, scull_ints_t *dims) {
  scull_wire_t wire = scull_import_wire_open(bytes, reader->file, reader->diag);
  scull_wire_field_t field;
  wire.origin = reader->bytes.data;
  *element = -1;
  SCULL_TRY(scull_import_wire_ints(&wire, 2, false, arena, dims));
  while (scull_import_wire_next(&wire, &field)) {
    if (field.number == 1)
      *element = scull_import_wire_int32(&field);
  }
  return wire.status;
}

static bool counts_agree(scull_ints_t a, scull_ints_t b) {
  int64_t x = 1, y = 1;
  for (size_t i = 0; i < a.size; i++)
    x = a.data[i] <= 0 || a.data[i] > INT32_MAX / x ? INT32_MAX : x * a.data[i];
  for (size_t i = 0; i < b.size; i++)
    y = b.data[i] <= 0 || b.data[i] > INT32_MAX / y ? INT32_MAX : y * b.data[i];
  return x == y && x < INT32_MAX && (a.size <= 1 || b.size <= 1);
}

/* What the program declares must be what the file holds; -1 stands for any extent. */
static scull_status_t match(const reader_t *reader, const scull_paddle_var_t *var, int32_t element,
                            scull_ints_t dims, scull_type_t *out) {
  out->dtype = scull_paddle_dtype(element);
  if (out->dtype == SCULL_DTYPE_NONE)
    return fail(reader, "its element type is none that Scull knows");
  const bool steps = element == SCULL_PADDLE_INT8 && var->element == SCULL_PADDLE_FP32;
  if (var->element >= 0 && var->element != element && !steps) /* quantizers leave the declaration */
    return fail(reader, "its element type is not the one that the program declares");
  if (counts_agree(dims, var->dims)) /* scales may be declared with other dimensions than stored */
    dims = var->dims;
  bool same = dims.size == var->dims.size && dims.size <= SCULL_MAX_RANK;
  for (size_t d = 0; same && d < dims.size; d++)
    same = dims.data[d] >= 0 && (var->dims.data[d] < 0 || var->dims.data[d] == dims.data[d]);
  if (!same)
    return fail(reader, "its shape is not the one that the program declares");
  out->shape = scull_tensor_shape((int32_t)dims.size, dims.data);
  return SCULL_OK;
}

static scull_status_t read_record(reader_t *reader, const scull_paddle_var_t *var,
                                  scull_arena_t *arena, scull_paddle_param_t *out) {
  uint64_t version = 0, desc_size = 0;
  const uint8_t *desc = NULL, *data = NULL;
  scull_ints_t dims = {0};
  int32_t element = -1;
  size_t bytes = 0;
  reader->param = var->name;
  SCULL_TRY(take_number(reader, 4, &version));
  if (version != 0)
    return fail(reader, "no LoDTensor record of version 0");
  SCULL_TRY(skip_lod(reader));
  SCULL_TRY(take_number(reader, 4, &version));
  if (version != 0)
    return fail(reader, "no tensor record of version 0");
  SCULL_TRY(take_number(reader, 4, &desc_size));
  SCULL_TRY(take(reader, (size_t)desc_size, &desc));
  SCULL_TRY(read_desc(reader, (scull_bytes_t){desc, (size_t)desc_size}, arena, &element, &dims));
  SCULL_TRY(match(reader, var, element, dims, &out->type));
  if (!scull_tensor_type_bytes(&out->type, &bytes))
    return fail(reader, "its size overflows");
  SCULL_TRY(take(reader, bytes, &data));
  out->data = data;
  return SCULL_OK;
}

static scull_status_t at_end(const reader_t *reader) {
  if (reader->at == reader->bytes.size)
    return SCULL_OK;
  return scull_base_fail(
      reader->diag, SCULL_CORRUPT,
      "%s: offset %zu: %zu bytes are left over after the last parameter that the "
      "program names",
      reader->file, reader->at, reader->bytes.size - reader->at);
}

static scull_status_t read_combined(const scull_import_source_t *source,
                                    scull_paddle_program_t *program, const uint32_t *order,
                                    size_t count, scull_paddle_param_t *params) {
  reader_t reader = {.bytes = source->params, .file = source->params_name, .diag = source->diag};
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(
        read_record(&reader, &program->vars.data[order[i]], &program->arena, &params[order[i]]));
  return at_end(&reader);
}

/* A name from the file becomes part of a path: it must not lead out of the folder. */
static bool is_safe_name(const char *name) {
  if (name[0] == '\0' || name[0] == '/')
    return false;
  for (const char *part = name; part != NULL; part = strchr(part, '/')) {
    part += *part == '/';
    if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
      return false;
  }
  return true;
}

static scull_status_t read_separate(const scull_import_source_t *source,
                                    scull_paddle_program_t *program, uint32_t index,
                                    scull_paddle_param_t *param) {
  const scull_paddle_var_t *var = &program->vars.data[index];
  if (!is_safe_name(var->name))
    return scull_base_fail(source->diag, SCULL_CORRUPT,
                           "%s: parameter '%.80s': the name is no file name", source->model_name,
                           var->name);
  const char *path =
      scull_base_arena_format(&source->files->arena, "%s/%s", source->params_folder, var->name);
  reader_t reader = {.file = path, .diag = source->diag};
  if (path == NULL)
    return scull_base_fail_memory(source->diag, "a file name");
  SCULL_TRY(scull_import_files_open(source->files, path, source->diag, &reader.bytes));
  SCULL_TRY(read_record(&reader, var, &program->arena, param));
  return at_end(&reader);
}

scull_status_t scull_paddle_params_read(const scull_import_source_t *source,
                                        scull_paddle_program_t *program,
                                        scull_paddle_param_t **params) {
  uint32_t *order = NULL;
  size_t count = 0;
  SCULL_TRY(scull_paddle_program_params(program, source->diag, &order, &count));
  *params = SCULL_ARENA_ARRAY(&program->arena, scull_paddle_param_t, program->vars.size);
  if (*params == NULL)
    return scull_base_fail_memory(source->diag, "a list of parameters");
  if (source->params_name != NULL)
    return read_combined(source, program, order, count, *params);
  if (count > 0 && source->params_folder == NULL)
    return scull_base_fail(source->diag, SCULL_NOT_FOUND,
                           "%s: the program has %zu parameters; no file of parameters was given",
                           source->model_name, count);
  for (size_t i = 0; i < count; i++)
    SCULL_TRY(read_separate(source, program, order[i], &(*params)[order[i]]));
  return SCULL_OK;
}
