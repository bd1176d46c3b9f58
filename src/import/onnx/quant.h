/* Quantized operators written with plain ones: dequantize, compute in floats, quantize. What can
 * run on integers is found again from that. Private to import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_QUANT_H
#define SCULL_IMPORT_ONNX_QUANT_H

#include "import/onnx/call.h"

/* Operand `index` with its scale and zero point (operands too; a zero point may be left out) as
 * floats. `axis` is that of a scale a channel. */
scull_status_t scull_onnx_dequantize(scull_onnx_call_t *call, size_t index, size_t scale,
                                     size_t zero, int64_t axis,
                                     scull_value_id_t *out) SCULL_MUST_USE;

/* x quantized by the scale and zero point in operands, as output 0 of the call. */
scull_status_t scull_onnx_end_quantize(scull_onnx_call_t *call, scull_value_id_t x, size_t scale,
                                       size_t zero) SCULL_MUST_USE;

/* A bias of whole numbers (operand `index`, SCULL_NO_ID when it is left out), whose scale is the
 * product of two operands. */
scull_status_t scull_onnx_dequantize_bias(scull_onnx_call_t *call, size_t index, size_t x_scale,
                                          size_t w_scale, scull_value_id_t *out) SCULL_MUST_USE;

#endif
