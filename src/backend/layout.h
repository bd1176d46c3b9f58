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
