/* Windows of ONNX's convolutions and pools: what auto_pad asks for as pads. Private to
 * import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_WINDOW_H
#define SCULL_IMPORT_ONNX_WINDOW_H

#include "import/onnx/call.h"

enum { SCULL_ONNX_MAX_SPATIAL = 3 };

typedef struct scull_onnx_window {
  size_t spatial;
  scull_ints_t kernel, strides, dilations, pads; /* empty: 1, 1, 0 */
  const char *auto_pad;                          /* a word of ours */
  int64_t made[2 * SCULL_ONNX_MAX_SPATIAL];      /* pads that were computed; `pads` may lie here */
} scull_onnx_window_t;

/* Reads strides, dilations, pads and auto_pad of a window of `kernel` that slides over the picture
 * x. What our operators know goes on as a word; SAME_LOWER and dilated windows become pads, which
 * wants a fixed extent where the stride is not 1. *window must not be moved afterwards. */
scull_status_t scull_onnx_window_read(scull_onnx_call_t *call, scull_value_id_t x,
                                      scull_ints_t kernel,
                                      scull_onnx_window_t *window) SCULL_MUST_USE;

/* A conv or a pool with the call's attributes over operands of choice; bias may be SCULL_NO_ID. */
scull_status_t scull_onnx_emit_conv(scull_onnx_call_t *call, scull_value_id_t x,
                                    scull_value_id_t filter, scull_value_id_t bias,
                                    const char *name, scull_value_id_t *out) SCULL_MUST_USE;
scull_status_t scull_onnx_emit_pool(scull_onnx_call_t *call, const char *op, scull_value_id_t x,
                                    const char *name, scull_value_id_t *out) SCULL_MUST_USE;

/* Element `i` of a list whose absence means `otherwise`. */
static inline int64_t scull_onnx_item(scull_ints_t list, size_t i, int64_t otherwise) {
  return i < list.size ? list.data[i] : otherwise;
}

#endif
