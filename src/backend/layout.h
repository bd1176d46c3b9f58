/* How a tensor's elements lie in memory. A layout is a tactic's choice, never a property of the
 * model: the graph, its operators and the user only know row-major tensors. */
#ifndef SCULL_BACKEND_LAYOUT_H
#define SCULL_BACKEND_LAYOUT_H

#include "tensor/tensor.h"

typedef enum scull_layout {
  SCULL_LAYOUT_PLAIN = 0, /* row-major, channels first */
  SCULL_LAYOUT_NHWC = 1,  /* axis 1 is moved to the end */
  SCULL_LAYOUT_C16 = 2,   /* channels in blocks of 16: [N, C/16, spatial..., 16], zero-filled */
  SCULL_LAYOUT_C8 = 3,    /* the same in blocks of 8 */
  SCULL_LAYOUTS = 4,
} scull_layout_t;

/* As what a tensor of f32 is stored between tactics, and so computed with. Tensors of other element
 * types are stored as they are. Its numbers are those of the bits SCULL_PRECISION_* and stand in
 * plans. */
typedef enum scull_precision {
  SCULL_AS_MODEL = 0, /* the model's own element type */
  SCULL_AS_BF16 = 1,
  SCULL_AS_F16 = 2,
  SCULL_AS_INT8 = 3, /* u8 or s8, as the tensor's quantization says */
  SCULL_PRECISIONS = 4,
} scull_precision_t;

/* Beside the bits 1 << as in a set of permitted precisions: products of f32 may be computed in
 * TF32. */
#define SCULL_PERMITS_TF32 (1u << SCULL_PRECISIONS)

/* Everything about how a tensor is stored that a tactic may choose. */
typedef struct scull_storage {
  scull_layout_t layout;
  scull_precision_t as;
} scull_storage_t;

/* "fp32", "bf16", "fp16", "int8". */
const char *scull_backend_precision_name(scull_precision_t as);
bool scull_backend_precision_find(const char *name, scull_precision_t *out);

bool scull_backend_storage_equal(scull_storage_t a, scull_storage_t b);

/* "nhwc", "nhwc:int8". */
const char *scull_backend_storage_text(scull_storage_t format, char *buffer, size_t size);
bool scull_backend_storage_find(const char *text, scull_storage_t *out);

/* The element type in memory; `quant` may be NULL unless `as` is INT8. */
scull_dtype_t scull_backend_stored_dtype(scull_dtype_t dtype, scull_precision_t as,
                                         const scull_quant_t *quant);

/* The format that a tensor gets when `wanted` is asked for: PLAIN where the layout does not fit the
 * shape, MODEL for what is not f32 or, as INT8, has no quantization of one scale. */
scull_storage_t scull_backend_storage_fit(scull_dtype_t dtype, const scull_shape_t *shape,
                                          const scull_quant_t *quant, scull_storage_t wanted);

/* "plain", "nhwc", "c16", "c8". */
const char *scull_backend_layout_name(scull_layout_t layout);
bool scull_backend_layout_find(const char *name, scull_layout_t *out);

/* Layouts other than PLAIN need a batch axis, a channel axis and at least one spatial axis. */
bool scull_backend_layout_fits(const scull_shape_t *shape, scull_layout_t layout);

/* Channels of one block: 16, 8, or 1 for layouts without blocks. */
int64_t scull_backend_layout_block(scull_layout_t layout);

/* Bytes that a tensor takes in a layout (blocked ones round the channels up); false on overflow. */
bool scull_backend_layout_bytes(const scull_type_t *type, scull_layout_t layout, size_t *bytes);

/* True when both layouts hold this shape's elements in the same order (no reformat is needed). */
bool scull_backend_layout_same(const scull_shape_t *shape, scull_layout_t a, scull_layout_t b);

/* Copies a tensor out of a layout into row-major order, with plain loops: for looking at values,
 * not for running. `src` points at the first element of the slice; channel_total > 0: the slice
 * lies in a tensor that is that wide. `dst` has room for scull_tensor_bytes(type). */
void scull_backend_layout_to_plain(const scull_type_t *type, scull_layout_t layout,
                                   int64_t channel_total, const void *src, void *dst);

#endif
