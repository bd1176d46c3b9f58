/* Layouts: names, sizes, equality. */
#include "backend/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

static const char *const names[SCULL_LAYOUTS] = {"plain", "nhwc", "c16", "c8"};

const char *scull_backend_layout_name(scull_layout_t layout) {
  return (unsigned)layout < SCULL_LAYOUTS ? names[layout] : "?";
}

bool scull_backend_layout_find(const char *name, scull_layout_t *out) {
  for (int i = 0; i < SCULL_LAYOUTS; i++) {
    if (strcmp(names[i], name) == 0) {
      *out = (scull_layout_t)i;
      return true;
    }
  }
  return false;
}

/* --- precisions ------------------------------------------------------------------------------- */

static const char *const precision_names[SCULL_PRECISIONS] = {"fp32", "bf16", "fp16", "int8"};

const char *scull_backend_precision_name(scull_precision_t as) {
  return (unsigned)as < SCULL_PRECISIONS ? precision_names[as] : "?";
}

bool scull_backend_precision_find(const char *name, scull_precision_t *out) {
  for (int i = 0; i < SCULL_PRECISIONS; i++) {
    if (strcmp(precision_names[i], name) == 0) {
      *out = (scull_precision_t)i;
      return true;
    }
  }
  return false;
}

bool scull_backend_storage_equal(scull_storage_t a, scull_storage_t b) {
  return a.layout == b.layout && a.as == b.as;
}

const char *scull_backend_storage_text(scull_storage_t format, char *buffer, size_t size) {
  const bool plain = format.as == SCULL_AS_MODEL;
  snprintf(buffer, size, "%s%s%s", scull_backend_layout_name(format.layout), plain ? "" : ":",
           plain ? "" : scull_backend_precision_name(format.as));
  return buffer;
}

bool scull_backend_storage_find(const char *text, scull_storage_t *out) {
  char layout[16];
  const char *colon = strchr(text, ':');
  const size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
  *out = (scull_storage_t){0};
  if (length >= sizeof layout)
    return false;
  memcpy(layout, text, length);
  layout[length] = '\0';
  return scull_backend_layout_find(layout, &out->layout) &&
         (colon == NULL ||
          (scull_backend_precision_find(colon + 1, &out->as) && out->as != SCULL_AS_MODEL));
}

scull_dtype_t scull_backend_stored_dtype(scull_dtype_t dtype, scull_precision_t as,
                                         const scull_quant_t *quant) {
  switch (as) {
  case SCULL_AS_BF16: return SCULL_DTYPE_BF16;
  case SCULL_AS_F16: return SCULL_DTYPE_F16;
  case SCULL_AS_INT8: return quant == NULL ? SCULL_DTYPE_NONE : quant->dtype;
  case SCULL_AS_MODEL:
  case SCULL_PRECISIONS: break;
  }
  return dtype;
}

scull_storage_t scull_backend_storage_fit(scull_dtype_t dtype, const scull_shape_t *shape,
                                          const scull_quant_t *quant, scull_storage_t wanted) {
  if (!scull_backend_layout_fits(shape, wanted.layout))
    wanted.layout = SCULL_LAYOUT_PLAIN;
  if (dtype != SCULL_DTYPE_F32 ||
      (wanted.as == SCULL_AS_INT8 && (quant == NULL || quant->count != 1)))
    wanted.as = SCULL_AS_MODEL;
  return wanted;
}

/* --- bytes ------------------------------------------------------------------------------------ */

bool scull_backend_layout_fits(const scull_shape_t *shape, scull_layout_t layout) {
  return layout == SCULL_LAYOUT_PLAIN || ((unsigned)layout < SCULL_LAYOUTS && shape->rank >= 3);
}

int64_t scull_backend_layout_block(scull_layout_t layout) {
  return layout == SCULL_LAYOUT_C16 ? 16 : layout == SCULL_LAYOUT_C8 ? 8 : 1;
}

bool scull_backend_layout_bytes(const scull_type_t *type, scull_layout_t layout, size_t *bytes) {
  scull_type_t padded = *type;
  int64_t block = scull_backend_layout_block(layout);
  if (!scull_backend_layout_fits(&type->shape, layout))
    return false;
  if (block > 1) {
    if (type->shape.dim[1] > INT64_MAX - block)
      return false;
    padded.shape.dim[1] = (type->shape.dim[1] + block - 1) / block * block;
  }
  return scull_tensor_type_bytes(&padded, bytes);
}

bool scull_backend_layout_same(const scull_shape_t *shape, scull_layout_t a, scull_layout_t b) {
  if (a == b)
    return true;
  if (!scull_backend_layout_fits(shape, a) || !scull_backend_layout_fits(shape, b))
    return false;
  int64_t spatial = 1, channels = shape->dim[1];
  for (int32_t i = 2; i < shape->rank; i++)
    spatial *= shape->dim[i];
  if (channels % scull_backend_layout_block(a) != 0 ||
      channels % scull_backend_layout_block(b) != 0)
    return false;
  if (spatial == 1)
    return true; /* one pixel: channels in order, whatever the blocks */
  bool a_last = a == SCULL_LAYOUT_NHWC || channels == scull_backend_layout_block(a);
  bool b_last = b == SCULL_LAYOUT_NHWC || channels == scull_backend_layout_block(b);
  return a_last && b_last; /* one block, or one channel, is channels last */
}

void scull_backend_layout_to_plain(const scull_type_t *type, scull_layout_t layout,
                                   int64_t channel_total, const void *src, void *dst) {
  const scull_shape_t *shape = &type->shape;
  size_t size = scull_tensor_dtype_size(type->dtype), at = 0;
  if (shape->rank < 2 || (layout == SCULL_LAYOUT_PLAIN && channel_total == 0)) {
    memcpy(dst, src, scull_tensor_bytes(type));
    return;
  }
  int64_t block = scull_backend_layout_block(layout), channels = shape->dim[1], pixels = 1;
  int64_t width = channel_total > 0 ? channel_total : (channels + block - 1) / block * block;
  for (int32_t i = 2; i < shape->rank; i++)
    pixels *= shape->dim[i];
  for (int64_t n = 0; n < shape->dim[0]; n++) {
    for (int64_t c = 0; c < channels; c++) {
      for (int64_t p = 0; p < pixels; p++, at += size) {
        int64_t from = layout == SCULL_LAYOUT_NHWC
                           ? (n * pixels + p) * width + c
                           : n * width * pixels + (c / block * pixels + p) * block + c % block;
        memcpy((char *)dst + at, (const char *)src + (size_t)from * size, size);
      }
    }
  }
}
