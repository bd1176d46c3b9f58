/* The blobs of a .caffemodel, by layer. Packed floats, which is what Caffe writes, stay in the
 * file; other encodings (single floats, doubles, NVCaffe's raw data of 16 or 32 bits) are
 * converted. */
#include <string.h>

#include "base/checked.h"
#include "import/caffe/net.h"
#include "import/wire.h"

/* Field numbers of caffe.proto, as far as they are spoken of. */
enum {
  NET_LAYERS = 2, /* V1 */
  NET_LAYER = 100,
  LAYER_NAME = 1,
  LAYER_BLOBS = 7,
  V1_LAYER = 1, /* V0 inside */
  V1_NAME = 4,
  V1_BLOBS = 6,
  V0_NAME = 1,
  V0_BLOBS = 50,
  BLOB_DIM = 1, /* num, channels, height, width: 1 to 4 */
  BLOB_DATA = 5,
  BLOB_SHAPE = 7,
  BLOB_DOUBLES = 8,
  BLOB_RAW_TYPE = 10,
  BLOB_RAW = 12,
  RAW_DOUBLE = 0,
  RAW_FLOAT = 1,
  RAW_FLOAT16 = 2,
};

typedef struct {
  scull_caffe_weights_t *weights;
  scull_arena_t *arena;
} reader_t;

static scull_status_t no_memory(const scull_wire_t *wire) {
  return scull_base_fail_memory(wire->diag, "the weights");
}

void scull_caffe_weights_deinit(scull_caffe_weights_t *weights) {
  SCULL_VEC_DEINIT(&weights->layers);
  scull_base_map_deinit(&weights->names);
  scull_base_arena_deinit(&weights->arena);
}

/* --- one blob -------------------------------------------------------------------------------- */

typedef struct {
  scull_bytes_t packed;   /* the only packed list of floats, if there is just that */
  size_t floats, doubles; /* fields */
  scull_bytes_t raw;
  int64_t raw_type;
  bool has_shape, has_raw;
} parts_t;

static scull_status_t read_shape(const scull_wire_t *wire, const scull_wire_field_t *field,
                                 scull_arena_t *arena, scull_shape_t *out) {
  scull_wire_t message;
  scull_ints_t dims = {0};
  SCULL_TRY(scull_import_wire_enter(wire, field, &message));
  SCULL_TRY(scull_import_wire_ints(&message, 1, false, arena, &dims));
  if (dims.size > SCULL_MAX_RANK)
    return scull_import_wire_fail(&message, "a blob of more than %d dimensions", SCULL_MAX_RANK);
  *out = scull_tensor_shape((int32_t)dims.size, dims.data);
  return SCULL_OK;
}

static scull_status_t read_parts(const reader_t *r, scull_wire_t *blob, parts_t *parts,
                                 scull_shape_t *shape) {
  scull_wire_field_t f;
  scull_shape_t old = {.rank = 4, .dim = {1, 1, 1, 1}};
  *parts = (parts_t){0};
  while (scull_import_wire_next(blob, &f)) {
    if (f.number >= BLOB_DIM && f.number < BLOB_DIM + 4) {
      old.dim[f.number - BLOB_DIM] = scull_import_wire_int32(&f);
    } else if (f.number == BLOB_DATA) {
      parts->floats++;
      parts->packed = f.type == SCULL_WIRE_BYTES ? f.bytes : (scull_bytes_t){0};
    } else if (f.number == BLOB_DOUBLES) {
      parts->doubles++;
    } else if (f.number == BLOB_SHAPE) {
      SCULL_TRY(read_shape(blob, &f, &r->weights->arena, shape));
      parts->has_shape = true;
    } else if (f.number == BLOB_RAW_TYPE) {
      parts->raw_type = scull_import_wire_int(&f);
    } else if (f.number == BLOB_RAW && f.type == SCULL_WIRE_BYTES) {
      parts->raw = f.bytes;
      parts->has_raw = true;
    }
  }
  if (!parts->has_shape)
    *shape = old;
  return blob->status;
}

/* Elements of any type as f32 in the arena; they may lie at any address. */
static const void *convert(const reader_t *r, scull_bytes_t bytes, scull_dtype_t dtype,
                           size_t *count) {
  uint64_t item = 0;
  size_t size = scull_tensor_dtype_size(dtype);
  *count = bytes.size / size;
  float *out = SCULL_ARENA_ARRAY(r->arena, float, *count);
  for (size_t i = 0; out != NULL && i < *count; i++) {
    memcpy(&item, bytes.data + i * size, size);
    out[i] = (float)scull_tensor_load(&item, dtype, 0);
  }
  return out;
}

static scull_status_t gather(const reader_t *r, const scull_wire_t *blob, const parts_t *parts,
                             scull_caffe_blob_t *out, size_t *count) {
  scull_floats_t list = {0};
  bool wide = parts->doubles > 0;
  SCULL_TRY(scull_import_wire_floats(blob, wide ? BLOB_DOUBLES : BLOB_DATA, wide,
                                     &r->weights->arena, &list));
  float *data = SCULL_ARENA_ARRAY(r->arena, float, list.size);
  if (data == NULL)
    return no_memory(blob);
  for (size_t i = 0; i < list.size; i++)
    data[i] = (float)list.data[i];
  *count = list.size;
  out->data = data;
  return SCULL_OK;
}

static scull_status_t read_data(const reader_t *r, const scull_wire_t *blob, const parts_t *parts,
                                scull_caffe_blob_t *out, size_t *count) {
  if (parts->has_raw) {
    scull_dtype_t dtype = parts->raw_type == RAW_DOUBLE    ? SCULL_DTYPE_F64
                          : parts->raw_type == RAW_FLOAT   ? SCULL_DTYPE_F32
                          : parts->raw_type == RAW_FLOAT16 ? SCULL_DTYPE_F16
                                                           : SCULL_DTYPE_NONE;
    if (dtype == SCULL_DTYPE_NONE)
      return scull_import_wire_fail(blob, "raw data of a type that Scull does not read");
    out->data = convert(r, parts->raw, dtype, count);
    return out->data == NULL ? no_memory(blob) : SCULL_OK;
  }
  if (parts->floats == 1 && parts->doubles == 0 && parts->packed.data != NULL) {
    out->data = parts->packed.data;
    *count = parts->packed.size / sizeof(float);
    return SCULL_OK;
  }
  return gather(r, blob, parts, out, count);
}

static scull_status_t read_blob(const reader_t *r, const scull_wire_t *wire,
                                const scull_wire_field_t *field, scull_caffe_blob_t *out) {
  scull_wire_t blob;
  parts_t parts;
  size_t count = 0;
  int64_t wanted = 0;
  SCULL_TRY(scull_import_wire_enter(wire, field, &blob));
  SCULL_TRY(read_parts(r, &blob, &parts, &out->shape));
  SCULL_TRY(read_data(r, &blob, &parts, out, &count));
  if (!scull_tensor_shape_count(&out->shape, &wanted) || (uint64_t)wanted != count)
    return scull_import_wire_fail(&blob, "a blob of %zu numbers, its shape wants another count",
                                  count);
  return SCULL_OK;
}

/* --- layers ---------------------------------------------------------------------------------- */

static scull_status_t read_layer(const reader_t *r, scull_wire_t *layer, uint32_t name_field,
                                 uint32_t blobs_field) {
  scull_wire_field_t f;
  const char *name = NULL;
  scull_caffe_blobs_t blobs = {0};
  blobs.data = SCULL_ARENA_ARRAY(&r->weights->arena, scull_caffe_blob_t,
                                 scull_import_wire_count(layer, blobs_field));
  if (blobs.data == NULL)
    return no_memory(layer);
  while (scull_import_wire_next(layer, &f)) {
    if (f.number == name_field)
      SCULL_TRY(scull_import_wire_string(layer, &f, &r->weights->arena, &name));
    else if (f.number == blobs_field)
      SCULL_TRY(read_blob(r, layer, &f, &blobs.data[blobs.size++]));
  }
  SCULL_TRY(layer->status);
  if (name == NULL || blobs.size == 0)
    return SCULL_OK;
  bool ok = SCULL_VEC_PUSH(&r->weights->layers, blobs) &&
            scull_base_map_set(&r->weights->names, name, strlen(name), r->weights->layers.size - 1);
  return ok ? SCULL_OK : no_memory(layer);
}

/* V1's layer, which may be one of V0 in a wrapper. */
static scull_status_t read_old_layer(const reader_t *r, scull_wire_t *layer) {
  scull_wire_t walk = *layer, inner;
  scull_wire_field_t f;
  while (scull_import_wire_next(&walk, &f)) {
    if (f.number == V1_LAYER) {
      SCULL_TRY(scull_import_wire_enter(&walk, &f, &inner));
      return read_layer(r, &inner, V0_NAME, V0_BLOBS);
    }
  }
  SCULL_TRY(walk.status);
  return read_layer(r, layer, V1_NAME, V1_BLOBS);
}

scull_status_t scull_caffe_weights_read(scull_bytes_t bytes, const char *file, scull_diag_t *diag,
                                        scull_arena_t *arena, scull_caffe_weights_t *out) {
  reader_t r = {out, arena};
  scull_wire_t root = scull_import_wire_open(bytes, file, diag), layer;
  scull_wire_field_t f;
  while (scull_import_wire_next(&root, &f)) {
    if (f.number != NET_LAYER && f.number != NET_LAYERS)
      continue;
    SCULL_TRY(scull_import_wire_enter(&root, &f, &layer));
    SCULL_TRY(f.number == NET_LAYER ? read_layer(&r, &layer, LAYER_NAME, LAYER_BLOBS)
                                    : read_old_layer(&r, &layer));
  }
  return root.status;
}

scull_caffe_blobs_t scull_caffe_weights_find(const scull_caffe_weights_t *weights,
                                             const char *name) {
  size_t index = 0;
  bool found = scull_base_map_find(&weights->names, name, strlen(name), &index);
  return found ? weights->layers.data[index] : (scull_caffe_blobs_t){0};
}
