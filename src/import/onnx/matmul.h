/* Products of matrices that several mappings make. Private to import/onnx/. */
#ifndef SCULL_IMPORT_ONNX_MATMUL_H
#define SCULL_IMPORT_ONNX_MATMUL_H

#include "import/onnx/call.h"

/* alpha * A' * B' + beta * C with the call's attributes alpha, beta, transA, transB over operands
 * of choice; c may be SCULL_NO_ID. */
scull_status_t scull_onnx_emit_gemm(scull_onnx_call_t *call, scull_value_id_t a, scull_value_id_t b,
                                    scull_value_id_t c, const char *name,
                                    scull_value_id_t *out) SCULL_MUST_USE;

#endif
