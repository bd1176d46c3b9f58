/* TensorProto: its bytes lie in the file as they are (tensor_content, or packed numbers of the
 * element's own width), or in lists of numbers that are rewritten. A list may be shorter than the
 * tensor: its last number then stands for the rest, so a few bytes can stand for gigabytes. One
 * number for all is kept as one; other short lists are written out, up to a bound. */
#include <string.h>

#include "import/tensorflow/graph.h"

/* Fields of TensorProto. */
enum {
  DTYPE = 1,
  SHAPE = 2,
  CONTENT = 4,
  FLOATS = 5,
  DOUBLES = 6,
  INTS = 7,
  INT64S = 10,
  BOOLS = 11,
  HALVES = 13,
  UINT32S = 16,
  UINT64S = 17,
};

enum { WRITTEN_OUT_MAX = 16 << 20 }; /* bytes that a list shorter than its tensor may become */

static const struct {
  scull_dtype_t dtype;
  uint32_t list; /* the field with the numbers when there is no content */
} types[] = {
    [1] = {SCULL_DTYPE_F32, FLOATS},   [2] = {SCULL_DTYPE_F64, DOUBLES},
    [3] = {SCULL_DTYPE_I32, INTS},     [4] = {SCULL_DTYPE_U8, INTS},
    [5] = {SCULL_DTYPE_I16, INTS},     [6] = {SCULL_DTYPE_I8, INTS},
    [9] = {SCULL_DTYPE_I64, INT64S},   [10] = {SCULL_DTYPE_BOOL, BOOLS},
    [14] = {SCULL_DTYPE_BF16, HALVES}, [17] = {SCULL_DTYPE_U16, INTS},
    [19] = {SCULL_DTYPE_F16, HALVES},  [22] = {SCULL_DTYPE_U32, UINT32S},
    [23] = {SCULL_DTYPE_U64, UINT64S},
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

scull_dtype_t scull_tf_dtype(int64_t number) {
  return number > 0 && number < TYPE_COUNT ? types[number].dtype : SCULL_DTYPE_NONE;
}

scull_status_t scull_tf_shape_read(const scull_wire_t *message, scull_shape_t *shape,
                                   bool *has_rank) {
  scull_wire_t walk = *message, dim;
  scull_wire_field_t f, d;
  *shape = (scull_shape_t){0};
  *has_rank = true;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number == 3 && scull_import_wire_int(&f) != 0)
      *has_rank = false;
    if (f.number != 2)
      continue;
    if (shape->rank == SCULL_MAX_RANK)
      return scull_import_wire_fail(&walk, "more than %d dimensions", SCULL_MAX_RANK);
    SCULL_TRY(scull_import_wire_enter(&walk, &f, &dim));
    int64_t extent = 0;
    while (scull_import_wire_next(&dim, &d)) {
      if (d.number == 1)
        extent = scull_import_wire_int(&d);
    }
    SCULL_TRY(dim.status);
    if (extent < -1)
      return scull_import_wire_fail(&walk, "a dimension of %lld", (long long)extent);
    shape->dim[shape->rank++] = extent;
  }
  return walk.status;
}

typedef struct {
  int64_t dtype;
  scull_bytes_t content;
} parts_t;

static scull_status_t read_parts(const scull_wire_t *message, parts_t *parts, scull_type_t *type) {
  scull_wire_t walk = *message, shape;
  scull_wire_field_t f;
  bool has_rank = true;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number == DTYPE)
      parts->dtype = scull_import_wire_int(&f);
    else if (f.number == CONTENT && f.type == SCULL_WIRE_BYTES)
      parts->content = f.bytes;
    if (f.number == SHAPE) {
      SCULL_TRY(scull_import_wire_enter(&walk, &f, &shape));
      SCULL_TRY(scull_tf_shape_read(&shape, &type->shape, &has_rank));
    }
  }
  SCULL_TRY(walk.status);
  type->dtype = scull_tf_dtype(parts->dtype);
  for (int32_t d = 0; d < type->shape.rank; d++)
    has_rank = has_rank && type->shape.dim[d] >= 0;
  return has_rank ? SCULL_OK : scull_import_wire_fail(&walk, "a tensor without a full shape");
}

/* The only field with the numbers, where it is packed in the element's own width. */
static scull_bytes_t find_packed(const scull_wire_t *message, uint32_t list) {
  scull_wire_t walk = *message;
  scull_wire_field_t f;
  scull_bytes_t found = {0};
  size_t fields = 0;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number != list)
      continue;
    fields++;
    found = f.type == SCULL_WIRE_BYTES ? f.bytes : (scull_bytes_t){0};
  }
  return fields == 1 && (list == FLOATS || list == DOUBLES) ? found : (scull_bytes_t){0};
}

/* The numbers of the lists, `count` of them at most, as elements at `data`. */
static void store(scull_ints_t ints, scull_floats_t floats, scull_dtype_t dtype, int64_t count,
                  void *data) {
  size_t size = ints.size + floats.size; /* one of them is empty */
  for (int64_t i = 0; i < count && size > 0; i++) {
    size_t from = (size_t)i < size ? (size_t)i : size - 1;
    if (ints.size > 0 && (dtype == SCULL_DTYPE_F16 || dtype == SCULL_DTYPE_BF16))
      ((uint16_t *)data)[i] = (uint16_t)ints.data[from]; /* bit patterns */
    else if (floats.size > 0)
      scull_tensor_store(data, dtype, i, floats.data[from]);
    else
      scull_tensor_store_i64(data, dtype, i, ints.data[from]);
  }
}

static scull_status_t read_list(const scull_wire_t *message, uint32_t list, scull_arena_t *arena,
                                scull_arena_t *keep, int64_t count, scull_tf_attr_t *out) {
  scull_ints_t ints = {0};
  scull_floats_t floats = {0};
  size_t bytes = scull_tensor_bytes(&out->type);
  if (list == FLOATS || list == DOUBLES)
    SCULL_TRY(scull_import_wire_floats(message, list, list == DOUBLES, arena, &floats));
  else
    SCULL_TRY(scull_import_wire_ints(message, list, false, arena, &ints));
  size_t size = ints.size + floats.size;
  if (size > (size_t)count && !(count == 0 && size == 0))
    return scull_import_wire_fail(message, "a tensor of %lld elements with %zu numbers",
                                  (long long)count, size);
  out->is_one = count > 1 && size <= 1;
  if (size == 0 || out->is_one) { /* no number: zeros */
    if (size == 1)
      store(ints, floats, out->type.dtype, 1, &out->one);
    out->is_one = count > 0;
    return SCULL_OK;
  }
  if (size < (size_t)count && bytes > WRITTEN_OUT_MAX)
    return scull_import_wire_fail(message, "a tensor of %lld elements with only %zu numbers",
                                  (long long)count, size);
  void *data = scull_base_arena_alloc(keep, bytes);
  if (data == NULL)
    return scull_base_fail_memory(message->diag, "a tensor");
  store(ints, floats, out->type.dtype, count, data);
  out->data = data;
  return SCULL_OK;
}

scull_status_t scull_tf_tensor_read(const scull_wire_t *message, scull_arena_t *arena,
                                    scull_arena_t *keep, scull_tf_attr_t *out) {
  parts_t parts = {0};
  size_t bytes = 0;
  int64_t count = 0;
  SCULL_TRY(read_parts(message, &parts, &out->type));
  if (out->type.dtype == SCULL_DTYPE_NONE)
    return SCULL_OK; /* told when somebody reads it */
  if (!scull_tensor_shape_count(&out->type.shape, &count) ||
      !scull_tensor_type_bytes(&out->type, &bytes))
    return scull_import_wire_fail(message, "a tensor whose size overflows");
  uint32_t list = types[parts.dtype].list;
  scull_bytes_t packed = find_packed(message, list);
  if (parts.content.size == 0 && packed.size == bytes && bytes > 0)
    parts.content = packed;
  if (parts.content.size == 0)
    return read_list(message, list, arena, keep, count, out);
  if (parts.content.size != bytes)
    return scull_import_wire_fail(message, "a tensor of %zu bytes with %zu", bytes,
                                  parts.content.size);
  out->data = parts.content.data;
  return SCULL_OK;
}
