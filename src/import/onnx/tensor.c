/* TensorProto: its bytes lie in the file as they are (raw, or packed 4- and 8-byte numbers), in
 * another file, or in lists of numbers that are rewritten. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "import/onnx/model.h"

/* Fields of TensorProto and SparseTensorProto. */
enum {
  DIMS = 1,
  DATA_TYPE = 2,
  FLOAT_DATA = 4,
  INT32_DATA = 5,
  INT64_DATA = 7,
  NAME = 8,
  RAW_DATA = 9,
  DOUBLE_DATA = 10,
  UINT64_DATA = 11,
  EXTERNAL_DATA = 13,
  DATA_LOCATION = 14,
  SPARSE_VALUES = 1,
  SPARSE_INDICES = 2,
  SPARSE_DIMS = 3,
};

enum { SPARSE_MAX_BYTES = 256 << 20 }; /* a few bytes of file must not make us hold more */

static const struct {
  const char *name;
  scull_dtype_t dtype;
  uint32_t list; /* the field that holds the numbers when they are not raw */
} elements[] = {
    [1] = {"FLOAT", SCULL_DTYPE_F32, FLOAT_DATA},
    [2] = {"UINT8", SCULL_DTYPE_U8, INT32_DATA},
    [3] = {"INT8", SCULL_DTYPE_I8, INT32_DATA},
    [4] = {"UINT16", SCULL_DTYPE_U16, INT32_DATA},
    [5] = {"INT16", SCULL_DTYPE_I16, INT32_DATA},
    [6] = {"INT32", SCULL_DTYPE_I32, INT32_DATA},
    [7] = {"INT64", SCULL_DTYPE_I64, INT64_DATA},
    [8] = {"STRING", SCULL_DTYPE_NONE, 0},
    [9] = {"BOOL", SCULL_DTYPE_BOOL, INT32_DATA},
    [10] = {"FLOAT16", SCULL_DTYPE_F16, INT32_DATA},
    [11] = {"DOUBLE", SCULL_DTYPE_F64, DOUBLE_DATA},
    [12] = {"UINT32", SCULL_DTYPE_U32, UINT64_DATA},
    [13] = {"UINT64", SCULL_DTYPE_U64, UINT64_DATA},
    [14] = {"COMPLEX64", SCULL_DTYPE_NONE, 0},
    [15] = {"COMPLEX128", SCULL_DTYPE_NONE, 0},
    [16] = {"BFLOAT16", SCULL_DTYPE_BF16, INT32_DATA},
    [17] = {"FLOAT8E4M3FN", SCULL_DTYPE_NONE, 0},
    [18] = {"FLOAT8E4M3FNUZ", SCULL_DTYPE_NONE, 0},
    [19] = {"FLOAT8E5M2", SCULL_DTYPE_NONE, 0},
    [20] = {"FLOAT8E5M2FNUZ", SCULL_DTYPE_NONE, 0},
    [21] = {"UINT4", SCULL_DTYPE_U8, INT32_DATA},
    [22] = {"INT4", SCULL_DTYPE_I8, INT32_DATA},
    [23] = {"FLOAT4E2M1", SCULL_DTYPE_NONE, 0},
};

enum { ELEMENT_COUNT = sizeof elements / sizeof elements[0] };

scull_dtype_t scull_onnx_dtype(int64_t element) {
  return element > 0 && element < ELEMENT_COUNT ? elements[element].dtype : SCULL_DTYPE_NONE;
}

const char *scull_onnx_element_name(int64_t element) {
  return element > 0 && element < ELEMENT_COUNT ? elements[element].name : "of an unknown number";
}

void scull_onnx_store_deinit(scull_onnx_store_t *store) {
  SCULL_VEC_DEINIT(&store->files);
}

/* What is read of a TensorProto before its bytes are looked for. */
typedef struct {
  scull_onnx_tensor_t *out;
  int64_t element, count, location;
  bool raw;
  scull_bytes_t raw_data;
  const char *file;
  uint64_t offset, length;
  bool has_length;
} reading_t;

static bool is_packed4(const reading_t *r) {
  return r->element == SCULL_ONNX_UINT4 || r->element == SCULL_ONNX_INT4;
}

/* Bytes of the elements as they lie in a file. */
static size_t stored_bytes(const reading_t *r) {
  return is_packed4(r) ? ((size_t)r->count + 1) / 2 : scull_tensor_bytes(&r->out->type);
}

/* --- external data --------------------------------------------------------------------------- */

static scull_status_t read_entry(scull_wire_t *wire, scull_onnx_store_t *store, reading_t *r) {
  scull_wire_field_t field;
  const char *key = "", *value = "";
  while (scull_import_wire_next(wire, &field)) {
    if (field.number == 1)
      SCULL_TRY(scull_import_wire_string(wire, &field, store->arena, &key));
    else if (field.number == 2)
      SCULL_TRY(scull_import_wire_string(wire, &field, store->arena, &value));
  }
  SCULL_TRY(wire->status);
  if (strcmp(key, "location") == 0) {
    r->file = value;
    return SCULL_OK;
  }
  bool offset = strcmp(key, "offset") == 0, length = strcmp(key, "length") == 0;
  if (!offset && !length) /* a checksum */
    return SCULL_OK;
  char *end = NULL;
  unsigned long long number = strtoull(value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || *end != '\0')
    return scull_import_wire_fail(wire, "external data: %s '%.40s'", key, value);
  r->has_length = r->has_length || length;
  *(offset ? &r->offset : &r->length) = number;
  return SCULL_OK;
}

static scull_status_t take_external(const scull_wire_t *wire, scull_onnx_store_t *store,
                                    reading_t *r) {
  scull_bytes_t file = {0};
  size_t need = stored_bytes(r);
  if (r->file == NULL)
    return scull_import_wire_fail(wire, "tensor '%.80s': external data without a location",
                                  r->out->name);
  SCULL_TRY(scull_onnx_external_open(store, r->file, &file));
  if (r->has_length && r->length != need)
    return scull_import_wire_fail(wire, "tensor '%.80s': %llu bytes of external data for %zu",
                                  r->out->name, (unsigned long long)r->length, need);
  if (r->offset > file.size || need > file.size - r->offset)
    return scull_import_wire_fail(wire, "tensor '%.80s': its external data ends past '%.80s'",
                                  r->out->name, r->file);
  r->raw_data = (scull_bytes_t){file.data == NULL ? NULL : file.data + r->offset, need};
  r->raw = true;
  return SCULL_OK;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static void *new_bytes(const scull_wire_t *wire, scull_onnx_store_t *store, size_t size) {
  void *data = scull_base_arena_alloc(store->bytes, size);
  if (data == NULL)
    (void)scull_base_fail_memory(wire->diag, "a tensor");
  return data;
}

/* The low half of a byte is the first element. */
static void widen(const uint8_t *from, int64_t count, bool is_signed, int8_t *to) {
  for (int64_t i = 0; i < count; i++) {
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): as long as its size was checked */
    int value = from[i / 2] >> (i % 2 == 0 ? 0 : 4) & 15;
    to[i] = (int8_t)(is_signed && value > 7 ? value - 16 : value);
  }
}

static scull_status_t take_raw(const scull_wire_t *wire, scull_onnx_store_t *store, reading_t *r) {
  size_t need = stored_bytes(r);
  if (r->raw_data.size != need)
    return scull_import_wire_fail(wire, "tensor '%.80s' has %zu bytes where its shape wants %zu",
                                  r->out->name, r->raw_data.size, need);
  r->out->data = r->raw_data.data;
  if (!is_packed4(r))
    return SCULL_OK;
  int8_t *wide = new_bytes(wire, store, (size_t)r->count);
  if (wide == NULL)
    return SCULL_OUT_OF_MEMORY;
  widen(r->raw_data.data, r->count, r->element == SCULL_ONNX_INT4, wide);
  r->out->data = wide;
  return SCULL_OK;
}

/* A packed list of 4- or 8-byte numbers in one piece is the tensor's bytes. */
static bool borrow_list(const scull_wire_t *wire, uint32_t list, size_t need, const void **out) {
  scull_wire_t walk = *wire;
  scull_wire_field_t field;
  scull_bytes_t found = {0};
  size_t pieces = 0;
  walk.at = walk.begin;
  if (list != FLOAT_DATA && list != DOUBLE_DATA)
    return false;
  while (scull_import_wire_next(&walk, &field)) {
    if (field.number != list)
      continue;
    pieces++;
    found = field.bytes;
  }
  *out = found.data;
  return pieces == 1 && found.data != NULL && found.size == need;
}

static void store_int(const reading_t *r, void *data, int64_t i, int64_t value) {
  if (r->out->type.dtype == SCULL_DTYPE_F16 || r->out->type.dtype == SCULL_DTYPE_BF16)
    scull_tensor_store_i64(data, SCULL_DTYPE_U16, i, value & 0xffff); /* the bits */
  else if (r->out->type.dtype == SCULL_DTYPE_U64)
    ((uint64_t *)data)[i] = (uint64_t)value;
  else
    scull_tensor_store_i64(data, r->out->type.dtype, i, value);
}

/* Four-bit integers come two in a number. */
static void store_ints(const reading_t *r, scull_ints_t ints, void *data) {
  for (size_t i = 0; i < ints.size; i++) {
    if (!is_packed4(r)) {
      store_int(r, data, (int64_t)i, ints.data[i]);
      continue;
    }
    uint8_t both = (uint8_t)ints.data[i];
    int64_t left = r->count - 2 * (int64_t)i;
    widen(&both, left < 2 ? left : 2, r->element == SCULL_ONNX_INT4, (int8_t *)data + 2 * i);
  }
}

static scull_status_t take_list(const scull_wire_t *wire, scull_onnx_store_t *store, reading_t *r) {
  uint32_t list = elements[r->element].list;
  scull_ints_t ints = {0};
  scull_floats_t floats = {0};
  size_t bytes = scull_tensor_bytes(&r->out->type);
  if (borrow_list(wire, list, bytes, &r->out->data))
    return SCULL_OK;
  if (list == FLOAT_DATA || list == DOUBLE_DATA)
    SCULL_TRY(scull_import_wire_floats(wire, list, list == DOUBLE_DATA, store->arena, &floats));
  else
    SCULL_TRY(scull_import_wire_ints(wire, list, list == INT32_DATA, store->arena, &ints));
  size_t given = ints.size + floats.size;
  size_t want = is_packed4(r) ? ((size_t)r->count + 1) / 2 : (size_t)r->count;
  if (given != want)
    return scull_import_wire_fail(wire, "tensor '%.80s' has %zu numbers where its shape wants %zu",
                                  r->out->name, given, want);
  void *data = new_bytes(wire, store, bytes);
  if (data == NULL)
    return SCULL_OUT_OF_MEMORY;
  store_ints(r, ints, data);
  for (size_t i = 0; i < floats.size; i++)
    scull_tensor_store(data, r->out->type.dtype, (int64_t)i, floats.data[i]);
  r->out->data = data;
  return SCULL_OK;
}

/* --- a tensor -------------------------------------------------------------------------------- */

static scull_status_t read_field(scull_wire_t *wire, const scull_wire_field_t *field,
                                 scull_onnx_store_t *store, reading_t *r) {
  scull_wire_t entry;
  switch (field->number) {
  case DATA_TYPE: r->element = scull_import_wire_int32(field); break;
  case NAME: return scull_import_wire_string(wire, field, store->arena, &r->out->name);
  case RAW_DATA:
    r->raw = field->type == SCULL_WIRE_BYTES;
    r->raw_data = field->bytes;
    break;
  case DATA_LOCATION: r->location = scull_import_wire_int(field); break;
  case EXTERNAL_DATA:
    SCULL_TRY(scull_import_wire_enter(wire, field, &entry));
    return read_entry(&entry, store, r);
  default: break;
  }
  return SCULL_OK;
}

/* Type from dimensions and number; `fault` where Scull has no such tensor. */
static scull_status_t settle_type(const scull_wire_t *wire, scull_arena_t *arena, scull_ints_t dims,
                                  int64_t element, scull_onnx_tensor_t *out, int64_t *count) {
  scull_shape_t all = {0};
  out->type.dtype = scull_onnx_dtype(element);
  if (out->type.dtype == SCULL_DTYPE_NONE) {
    out->fault =
        scull_base_arena_format(arena, "a tensor of type %s", scull_onnx_element_name(element));
    return out->fault == NULL ? scull_base_fail_memory(wire->diag, "a tensor") : SCULL_OK;
  }
  if (dims.size > SCULL_MAX_RANK) {
    out->fault = scull_base_arena_format(arena, "a tensor of %zu dimensions", dims.size);
    return out->fault == NULL ? scull_base_fail_memory(wire->diag, "a tensor") : SCULL_OK;
  }
  size_t bytes = 0;
  all = scull_tensor_shape((int32_t)dims.size, dims.data);
  out->type.shape = all;
  if (!scull_tensor_shape_count(&all, count) || !scull_tensor_type_bytes(&out->type, &bytes))
    return scull_import_wire_fail(wire,
                                  "tensor '%.80s': a negative extent or more than memory "
                                  "can hold",
                                  out->name);
  return SCULL_OK;
}

scull_status_t scull_onnx_tensor_read(scull_wire_t *wire, scull_onnx_store_t *store,
                                      scull_onnx_tensor_t *out) {
  reading_t r = {.out = out};
  scull_wire_field_t field;
  scull_ints_t dims = {0};
  *out = (scull_onnx_tensor_t){.name = ""};
  SCULL_TRY(scull_import_wire_ints(wire, DIMS, false, store->arena, &dims));
  while (scull_import_wire_next(wire, &field))
    SCULL_TRY(read_field(wire, &field, store, &r));
  SCULL_TRY(wire->status);
  SCULL_TRY(settle_type(wire, store->arena, dims, r.element, out, &r.count));
  if (out->fault != NULL)
    return SCULL_OK;
  if (r.location == 1)
    SCULL_TRY(take_external(wire, store, &r));
  return r.raw ? take_raw(wire, store, &r) : take_list(wire, store, &r);
}

static uint64_t element(const scull_onnx_tensor_t *tensor, int64_t index) {
  size_t size = scull_tensor_dtype_size(tensor->type.dtype);
  uint64_t place = 0;
  memcpy(&place, (const char *)tensor->data + (size_t)index * size, size);
  return place;
}

double scull_onnx_tensor_at(const scull_onnx_tensor_t *tensor, int64_t index) {
  uint64_t place = element(tensor, index);
  return scull_tensor_load(&place, tensor->type.dtype, 0);
}

int64_t scull_onnx_tensor_i64_at(const scull_onnx_tensor_t *tensor, int64_t index) {
  uint64_t place = element(tensor, index);
  return scull_tensor_load_i64(&place, tensor->type.dtype, 0);
}

/* --- sparse tensors -------------------------------------------------------------------------- */

/* The place of sparse element `i` in the dense tensor, or -1. Indices are flat or one row each. */
static int64_t place_of(const scull_onnx_tensor_t *indices, const scull_shape_t *shape,
                        int64_t count, int64_t i) {
  const scull_shape_t *is = &indices->type.shape;
  int64_t flat = 0;
  if (is->rank == 1) {
    flat = scull_onnx_tensor_i64_at(indices, i);
    return flat >= 0 && flat < count ? flat : -1;
  }
  for (int32_t d = 0; d < shape->rank; d++) {
    int64_t at = scull_onnx_tensor_i64_at(indices, i * shape->rank + d);
    if (at < 0 || at >= shape->dim[d])
      return -1;
    flat = flat * shape->dim[d] + at;
  }
  return flat;
}

static scull_status_t scatter(const scull_wire_t *wire, scull_onnx_store_t *store,
                              const scull_onnx_tensor_t *values, const scull_onnx_tensor_t *indices,
                              int64_t count, scull_onnx_tensor_t *out) {
  const scull_shape_t *is = &indices->type.shape, *vs = &values->type.shape;
  size_t item = scull_tensor_dtype_size(out->type.dtype);
  bool rows = is->rank == 2 && is->dim[1] == out->type.shape.rank;
  if (indices->type.dtype != SCULL_DTYPE_I64 || indices->fault != NULL || vs->rank != 1 ||
      (is->rank != 1 && !rows) || is->dim[0] != vs->dim[0])
    return scull_import_wire_fail(wire, "sparse tensor '%.80s': its indices do not fit its values",
                                  out->name);
  if (scull_tensor_bytes(&out->type) > SPARSE_MAX_BYTES)
    return scull_base_fail(wire->diag, SCULL_UNSUPPORTED,
                           "%s: sparse tensor '%.80s' has more than %d bytes", wire->file,
                           out->name, SPARSE_MAX_BYTES);
  char *data = new_bytes(wire, store, scull_tensor_bytes(&out->type));
  if (data == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t i = 0; i < vs->dim[0]; i++) {
    int64_t at = place_of(indices, &out->type.shape, count, i);
    if (at < 0)
      return scull_import_wire_fail(wire, "sparse tensor '%.80s': index %lld lies outside",
                                    out->name, (long long)i);
    memcpy(data + (size_t)at * item, (const char *)values->data + (size_t)i * item, item);
  }
  out->data = data;
  return SCULL_OK;
}

scull_status_t scull_onnx_sparse_read(scull_wire_t *wire, scull_onnx_store_t *store,
                                      scull_onnx_tensor_t *out) {
  scull_wire_field_t field;
  scull_wire_t inner;
  scull_ints_t dims = {0};
  scull_onnx_tensor_t values = {.name = ""}, indices = {.name = ""};
  int64_t count = 0;
  SCULL_TRY(scull_import_wire_ints(wire, SPARSE_DIMS, false, store->arena, &dims));
  while (scull_import_wire_next(wire, &field)) {
    if (field.number != SPARSE_VALUES && field.number != SPARSE_INDICES)
      continue;
    SCULL_TRY(scull_import_wire_enter(wire, &field, &inner));
    SCULL_TRY(
        scull_onnx_tensor_read(&inner, store, field.number == SPARSE_VALUES ? &values : &indices));
  }
  SCULL_TRY(wire->status);
  *out = (scull_onnx_tensor_t){.name = values.name, .fault = values.fault, .type = values.type};
  if (values.fault != NULL)
    return SCULL_OK;
  out->type.shape = (scull_shape_t){0};
  if (dims.size > SCULL_MAX_RANK) {
    out->fault = "a sparse tensor of many dimensions";
    return SCULL_OK;
  }
  out->type.shape = scull_tensor_shape((int32_t)dims.size, dims.data);
  size_t bytes = 0;
  if (!scull_tensor_shape_count(&out->type.shape, &count) ||
      !scull_tensor_type_bytes(&out->type, &bytes))
    return scull_import_wire_fail(wire, "sparse tensor '%.80s': its extents", out->name);
  return scatter(wire, store, &values, &indices, count, out);
}
