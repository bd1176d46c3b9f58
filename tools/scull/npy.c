/* .npy: "\x93NUMPY", version, header length, a Python dictionary as text ({'descr': '<f4',
 * 'fortran_order': False, 'shape': (1, 3), }), the elements. Only the three keys that the format
 * defines are read; what else may stand there is refused.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#define _POSIX_C_SOURCE 200809L
#include "npy.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define HEADER_MAX                                                                                 \
  65536 /* our ranks need some 200 bytes; structured types, which we refuse, more */
#define HEADER_ALIGN 64

/* X(dtype, NumPy's letters) */
#define NPY_TYPES(X)                                                                               \
  X(F32, "f4")                                                                                     \
  X(F64, "f8")                                                                                     \
  X(F16, "f2")                                                                                     \
  X(I8, "i1")                                                                                      \
  X(U8, "u1")                                                                                      \
  X(I16, "i2")                                                                                     \
  X(I32, "i4")                                                                                     \
  X(I64, "i8")                                                                                     \
  X(BOOL, "b1")                                                                                    \
  X(U16, "u2")                                                                                     \
  X(U32, "u4")                                                                                     \
  X(U64, "u8")

static const struct {
  scull_dtype_t dtype;
  const char *letters;
} npy_types[] = {
#define X(name, letters) {SCULL_DTYPE_##name, letters},
    NPY_TYPES(X)
#undef X
};

const char *cli_dtype_name(scull_dtype_t dtype) {
  static const char *const names[] = {"none", "f32", "f64", "f16",  "bf16", "i8",  "u8",
                                      "i16",  "i32", "i64", "bool", "u16",  "u32", "u64"};
  return (size_t)dtype < CLI_COUNT(names) ? names[dtype] : "unknown";
}

size_t cli_dtype_size(scull_dtype_t dtype) {
  switch (dtype) {
#define SCULL_X(name, value, size)                                                                 \
  case SCULL_DTYPE_##name: return size;
    SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  case SCULL_DTYPE_SEQUENCE: break;
  }
  return 0;
}

void cli_array_deinit(cli_array_t *array) {
  free(array->data);
  *array = (cli_array_t){0};
}

/* Bytes of a shape; false when they do not fit a size_t. */
static bool shape_bytes(scull_dtype_t dtype, int32_t rank, const int64_t *dims, size_t *out) {
  size_t bytes = cli_dtype_size(dtype);
  bool empty = false;
  for (int32_t i = 0; i < rank; i++) {
    empty = empty || dims[i] == 0;
    if (dims[i] < 0 || (dims[i] > 0 && __builtin_mul_overflow(bytes, (size_t)dims[i], &bytes)))
      return false;
  }
  *out = empty ? 0 : bytes;
  return true;
}

scull_status_t cli_array_init(cli_array_t *array, scull_dtype_t dtype, int32_t rank,
                              const int64_t *dims) {
  *array = (cli_array_t){.dtype = dtype, .rank = rank};
  if (!shape_bytes(dtype, rank, dims, &array->size))
    return cli_fail(SCULL_OUT_OF_RANGE, "a tensor of that shape does not fit into memory");
  memcpy(array->dims, dims, (size_t)rank * sizeof *dims);
  array->data = calloc(1, array->size ? array->size : 1);
  return array->data ? SCULL_OK : cli_fail_memory();
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct header {
  const char *path;
  const char *at; /* into the NUL-terminated dictionary */
  scull_dtype_t dtype;
  bool fortran;
  int32_t rank;
  int64_t dims[SCULL_MAX_RANK];
} header_t;

static scull_status_t corrupt(const header_t *header, const char *what) {
  return cli_fail(SCULL_CORRUPT, "%s: not a .npy file that can be read: %s", header->path, what);
}

static void skip_spaces(header_t *header) {
  while (*header->at == ' ' || *header->at == '\n')
    header->at++;
}

static bool take(header_t *header, char wanted) {
  skip_spaces(header);
  if (*header->at != wanted)
    return false;
  header->at++;
  return true;
}

static bool take_word(header_t *header, const char *word) {
  skip_spaces(header);
  size_t length = strlen(word);
  if (strncmp(header->at, word, length) != 0)
    return false;
  header->at += length;
  return true;
}

static scull_status_t read_descr(header_t *header) {
  if (!take(header, '\''))
    return corrupt(header, "its elements are structured");
  char order = *header->at;
  if (order == '>')
    return corrupt(header, "its elements are big-endian");
  if (order && strchr("<|=", order))
    header->at++;
  for (size_t i = 0; i < CLI_COUNT(npy_types); i++) {
    if (strncmp(header->at, npy_types[i].letters, 2) == 0 && header->at[2] == '\'') {
      header->dtype = npy_types[i].dtype;
      header->at += 3;
      return SCULL_OK;
    }
  }
  return corrupt(header, "its element type is not supported");
}

static scull_status_t read_order(header_t *header) {
  if (take_word(header, "False"))
    return SCULL_OK;
  if (take_word(header, "True"))
    header->fortran = true;
  return header->fortran ? SCULL_OK : corrupt(header, "fortran_order is neither True nor False");
}

static scull_status_t read_shape(header_t *header) {
  if (!take(header, '('))
    return corrupt(header, "shape is not a tuple");
  while (!take(header, ')')) {
    char *end = NULL;
    if (header->rank == SCULL_MAX_RANK)
      return corrupt(header, "it has too many dimensions");
    if (!isdigit((unsigned char)*header->at))
      return corrupt(header, "shape is not a tuple of sizes");
    errno = 0;
    header->dims[header->rank++] = strtoll(header->at, &end, 10);
    if (errno)
      return corrupt(header, "a dimension is too large");
    header->at = end;
    if (!take(header, ',') && *header->at != ')')
      return corrupt(header, "shape is not a tuple of sizes");
  }
  return SCULL_OK;
}

static scull_status_t read_dictionary(header_t *header) {
  bool descr = false, order = false, shape = false;
  if (!take(header, '{'))
    return corrupt(header, "its header is no dictionary");
  while (!take(header, '}')) {
    if (take_word(header, "'descr':")) {
      descr = true;
      CLI_TRY(read_descr(header));
    } else if (take_word(header, "'fortran_order':")) {
      order = true;
      CLI_TRY(read_order(header));
    } else if (!shape && take_word(header, "'shape':")) {
      shape = true;
      CLI_TRY(read_shape(header));
    } else {
      return corrupt(header, "its header has an unknown or repeated key");
    }
    (void)take(header, ',');
  }
  if (!descr || !order || !shape)
    return corrupt(header, "its header lacks descr, fortran_order or shape");
  if (header->fortran && header->rank > 1)
    return cli_fail(SCULL_UNSUPPORTED, "%s: Fortran order; save numpy.ascontiguousarray(x)",
                    header->path);
  return SCULL_OK;
}

/* Reads everything before the elements. */
static scull_status_t read_header(FILE *file, header_t *header) {
  unsigned char head[MAGIC_SIZE + 6] = {0};
  if (fread(head, 1, MAGIC_SIZE + 2, file) != MAGIC_SIZE + 2 ||
      memcmp(head, MAGIC, MAGIC_SIZE) != 0)
    return corrupt(header, "it does not begin with \\x93NUMPY");
  unsigned version = head[MAGIC_SIZE];
  size_t width = version == 1 ? 2 : 4;
  const unsigned char *size = head + MAGIC_SIZE + 2;
  if (version < 1 || version > 3)
    return corrupt(header, "its version is unknown");
  if (fread(head + MAGIC_SIZE + 2, 1, width, file) != width)
    return corrupt(header, "it is truncated");
  size_t length = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
  if (length > HEADER_MAX)
    return corrupt(header, "its header is too long");
  char *text = calloc(1, length + 1);
  if (!text)
    return cli_fail_memory();
  header->at = text;
  scull_status_t status = fread(text, 1, length, file) == length
                              ? read_dictionary(header)
                              : corrupt(header, "it is truncated");
  header->at = NULL;
  free(text);
  return status;
}

/* The elements must fill the rest of the file exactly: so a hostile shape allocates nothing. */
static scull_status_t read_elements(FILE *file, const header_t *header, cli_array_t *out) {
  struct stat info;
  size_t size = 0;
  long at = ftell(file);
  if (at < 0 || fstat(fileno(file), &info) != 0)
    return cli_fail_errno(header->path, "inspect");
  if (!shape_bytes(header->dtype, header->rank, header->dims, &size))
    return corrupt(header, "its shape is larger than any file");
  if (size != (size_t)(info.st_size - at))
    return cli_fail(SCULL_CORRUPT, "%s: %lld bytes of elements, its shape wants %zu", header->path,
                    (long long)(info.st_size - at), size);
  CLI_TRY(cli_array_init(out, header->dtype, header->rank, header->dims));
  if (fread(out->data, 1, size, file) == size)
    return SCULL_OK;
  cli_array_deinit(out);
  return cli_fail_errno(header->path, "read");
}

scull_status_t cli_npy_read(const char *path, cli_array_t *out) {
  header_t header = {.path = path};
  *out = (cli_array_t){0};
  FILE *file = fopen(path, "rb");
  if (!file)
    return cli_fail_errno(path, "open");
  scull_status_t status = read_header(file, &header);
  if (status == SCULL_OK)
    status = read_elements(file, &header, out);
  fclose(file);
  return status;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *letters_of(scull_dtype_t dtype) {
  for (size_t i = 0; i < CLI_COUNT(npy_types); i++)
    if (npy_types[i].dtype == dtype)
      return npy_types[i].letters;
  return "f4"; /* BF16 */
}

static bool write_header(FILE *file, const scull_tensor_view_t *tensor) {
  char text[512];
  const char *letters = letters_of(tensor->dtype);
  size_t used =
      (size_t)snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                       letters[1] == '1' ? '|' : '<', letters);
  for (int32_t i = 0; i < tensor->rank; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%lld,%s", (long long)tensor->dims[i],
                             i + 1 < tensor->rank ? " " : "");
  used += (size_t)snprintf(text + used, sizeof text - used, "), }");
  size_t begin = MAGIC_SIZE + 4;
  while ((begin + used + 1) % HEADER_ALIGN != 0)
    text[used++] = ' ';
  text[used++] = '\n';
  const unsigned char head[] = {1, 0, (unsigned char)used, (unsigned char)(used >> 8)};
  return fwrite(MAGIC, 1, MAGIC_SIZE, file) == MAGIC_SIZE &&
         fwrite(head, 1, sizeof head, file) == sizeof head && fwrite(text, 1, used, file) == used;
}

static bool write_bf16(FILE *file, const scull_tensor_view_t *tensor) {
  const unsigned char *src = tensor->data;
  for (size_t i = 0; i + 1 < tensor->size; i += 2) {
    const unsigned char wide[4] = {0, 0, src[i], src[i + 1]}; /* the upper half of an f32 */
    if (fwrite(wide, 1, sizeof wide, file) != sizeof wide)
      return false;
  }
  return true;
}

scull_status_t cli_npy_write(const char *path, const scull_tensor_view_t *tensor) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return cli_fail_errno(path, "write");
  bool good = write_header(file, tensor);
  if (tensor->dtype == SCULL_DTYPE_BF16)
    good = good && write_bf16(file, tensor);
  else if (tensor->size > 0)
    good = good && fwrite(tensor->data, 1, tensor->size, file) == tensor->size;
  if (fclose(file) != 0)
    good = false;
  return good ? SCULL_OK : cli_fail_errno(path, "write");
}
