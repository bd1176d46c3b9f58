/* The header is a Python literal of known form; only its three fields are looked for. */
#include "support/npy.h"

#include <stdlib.h>
#include <string.h>

static scull_dtype_t dtype_of(const char *descr) {
  static const struct {
    const char *text;
    scull_dtype_t dtype;
  } table[] = {{"<f4", SCULL_DTYPE_F32}, {"<f8", SCULL_DTYPE_F64}, {"<f2", SCULL_DTYPE_F16},
               {"<i8", SCULL_DTYPE_I64}, {"<i4", SCULL_DTYPE_I32}, {"<i2", SCULL_DTYPE_I16},
               {"|i1", SCULL_DTYPE_I8},  {"|u1", SCULL_DTYPE_U8},  {"|b1", SCULL_DTYPE_BOOL}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strncmp(descr, table[i].text, 3) == 0)
      return table[i].dtype;
  }
  return SCULL_DTYPE_NONE;
}

static bool parse_header(char *header, scull_type_t *type) {
  const char *descr = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
  if (descr == NULL || shape == NULL || strstr(header, "'fortran_order': False") == NULL)
    return false;
  type->dtype = dtype_of(descr + 10);
  type->shape.rank = 0;
  for (char *at = header + (shape - header) + 10; *at != ')' && *at != '\0';) {
    char *end = NULL;
    int64_t dim = strtoll(at, &end, 10);
    if (end == at || type->shape.rank == SCULL_MAX_RANK)
      return false;
    type->shape.dim[type->shape.rank++] = dim;
    at = end + strspn(end, ", ");
  }
  return type->dtype != SCULL_DTYPE_NONE;
}

scull_status_t npy_read(const char *path, scull_tensor_t *tensor, scull_diag_t *diag) {
  scull_file_t file;
  char header[256] = {0};
  size_t bytes = 0, begin = 10;
  *tensor = (scull_tensor_t){0};
  SCULL_TRY(scull_base_file_open(path, &file, diag));
  const uint8_t *data = file.bytes.data;
  size_t length = file.bytes.size < begin ? 0 : (size_t)data[8] + 256u * data[9];
  bool ok = length > 0 && length < sizeof header && begin + length <= file.bytes.size &&
            memcmp(data, "\x93NUMPY\x01", 7) == 0;
  if (ok)
    memcpy(header, data + begin, length);
  ok = ok && parse_header(header, &tensor->type) &&
       scull_tensor_type_bytes(&tensor->type, &bytes) && begin + length + bytes == file.bytes.size;
  if (ok) {
    tensor->data = scull_base_alloc(bytes);
    if (tensor->data != NULL && bytes > 0)
      memcpy(tensor->data, data + begin + length, bytes);
  }
  scull_base_file_close(&file);
  if (!ok)
    return scull_base_fail(diag, SCULL_CORRUPT, "%s: no array of the simple form", path);
  return tensor->data == NULL ? scull_base_fail_memory(diag, path) : SCULL_OK;
}
