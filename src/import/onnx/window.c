/* auto_pad as pads. */
#include "import/onnx/window.h"

#include <string.h>

/* All pads of an axis together, so that out = ceil(in / stride). */
static scull_status_t pads_of(scull_onnx_call_t *call, scull_value_id_t x,
                              const scull_onnx_window_t *w, size_t axis, int64_t *out) {
  enum { MAX = 1 << 30 };
  int64_t stride = scull_onnx_item(w->strides, axis, 1);
  int64_t dilation = scull_onnx_item(w->dilations, axis, 1), kernel = w->kernel.data[axis];
  scull_shape_t shape;
  if (stride < 1 || stride > MAX || dilation < 1 || dilation > MAX || kernel < 1 || kernel > MAX)
    return scull_base_fail(call->graph->diag, SCULL_CORRUPT, "a stride, dilation or kernel");
  int64_t reach = dilation * (kernel - 1) + 1;
  *out = reach - stride; /* where the stride divides the extent; always for a stride of 1 */
  if (stride > 1) {
    SCULL_TRY(scull_onnx_fixed_shape(call, x, &shape));
    int64_t rest = shape.dim[2 + axis] % stride;
    *out = reach - (rest == 0 ? stride : rest);
  }
  *out = *out < 0 ? 0 : *out;
  return SCULL_OK;
}

static bool is_dilated(const scull_onnx_window_t *w) {
  for (size_t i = 0; i < w->dilations.size; i++) {
    if (w->dilations.data[i] != 1)
      return true;
  }
  return false;
}

scull_status_t scull_onnx_window_read(scull_onnx_call_t *call, scull_value_id_t x,
                                      scull_ints_t kernel, scull_onnx_window_t *w) {
  const char *how = scull_onnx_text(call, "auto_pad", "NOTSET");
  bool upper = strcmp(how, "SAME_UPPER") == 0, lower = strcmp(how, "SAME_LOWER") == 0;
  *w = (scull_onnx_window_t){.spatial = kernel.size, .kernel = kernel, .auto_pad = "explicit"};
  w->strides = scull_onnx_ints(call, "strides");
  w->dilations = scull_onnx_ints(call, "dilations");
  w->pads = scull_onnx_ints(call, "pads");
  if (kernel.size < 1 || kernel.size > SCULL_ONNX_MAX_SPATIAL ||
      scull_import_rank(call->graph, x) != (int32_t)kernel.size + 2)
    return scull_import_unsupported(&call->emitter, "a window of %zu dimensions over %d",
                                    kernel.size, scull_import_rank(call->graph, x));
  if (strcmp(how, "VALID") == 0 || upper || lower)
    w->pads = (scull_ints_t){0};
  if (strcmp(how, "VALID") == 0)
    w->auto_pad = "valid";
  if (upper && !is_dilated(w))
    w->auto_pad = "same";
  if (!lower && !(upper && is_dilated(w)))
    return SCULL_OK;
  for (size_t i = 0; i < w->spatial; i++) {
    int64_t sum = 0;
    SCULL_TRY(pads_of(call, x, w, i, &sum));
    w->made[i] = lower ? sum - sum / 2 : sum / 2;
    w->made[w->spatial + i] = sum - w->made[i];
  }
  w->pads = (scull_ints_t){w->made, 2 * w->spatial};
  return SCULL_OK;
}
