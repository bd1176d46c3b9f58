/* Squares of factor x factor pixels as channels: what pixel_shuffle and space_to_depth share. */
#ifndef SCULL_OPS_BLOCK_H
#define SCULL_OPS_BLOCK_H

#include "ops/box.h"

/* Which channel holds pixel (row, column) of channel c's square, of C channels and factor f. */
typedef enum scull_block_order {
  SCULL_BLOCK_CRD = 0,     /* c f f + row f + column: ONNX's CRD, Paddle's pixel_shuffle */
  SCULL_BLOCK_DCR = 1,     /* (row f + column) C + c: ONNX's DCR and SpaceToDepth, TensorFlow */
  SCULL_BLOCK_COLUMNS = 2, /* (column f + row) C + c: the slices that YOLO's focus layer joins */
} scull_block_order_t;

typedef struct scull_block_attrs {
  int64_t factor; /* pixels along a side of a square */
  int32_t order;  /* scull_block_order_t */
} scull_block_attrs_t;

extern const scull_attr_field_t scull_ops_block_fields[2];

/* Channels from one c, row or column to the next, among `channels` times factor^2. */
typedef struct scull_block_steps {
  int64_t channel, row, column;
} scull_block_steps_t;
scull_block_steps_t scull_ops_block_steps(const scull_block_attrs_t *attrs, int64_t channels);

/* factor^2 of a picture [N, C, H, W], checked; fails for other ranks and factors. */
scull_status_t scull_ops_block_square(const scull_op_call_t *call, int64_t *square) SCULL_MUST_USE;

/* Copies between `wide` [N, C, H f, W f] and the other tensor of the call, `deep` [N, C f f, H, W].
 */
scull_status_t scull_ops_block_copy(const scull_op_call_t *call, bool to_deep) SCULL_MUST_USE;

#define SCULL_BLOCK_OP(op)                                                                         \
  const scull_opdef_t scull_opdef_##op = {                                                         \
      .name = #op,                                                                                 \
      .inputs_min = 1,                                                                             \
      .inputs_max = 1,                                                                             \
      .outputs_min = 1,                                                                            \
      .outputs_max = 1,                                                                            \
      .traits = SCULL_OP_MOVES_DATA,                                                               \
      .attrs = SCULL_SCHEMA(scull_block_attrs_t, scull_ops_block_fields),                          \
      .infer = infer,                                                                              \
      .reference = reference,                                                                      \
      .flops = scull_ops_flops_none}

#endif
