/* Attributes of quantize_linear and dequantize_linear, and which scale an element has. */
#ifndef SCULL_OPS_QUANTIZE_H
#define SCULL_OPS_QUANTIZE_H

#include "ops/opdef.h"

typedef struct scull_quantize_attrs {
  int64_t axis;     /* of a scale that is a list; a scale of one element needs none */
  int64_t block;    /* > 0: neighbours along the axis that share a scale, which then has x's rank */
  scull_dtype_t to; /* quantize_linear without a zero point: i8, u8, i16 or u16 */
} scull_quantize_attrs_t;

/* How the elements of x, seen as [outer, extent, inner], find their scales. */
typedef struct scull_quantize_walk {
  int64_t extent, inner; /* of the axis, and of what lies behind it */
  int64_t block, blocks; /* elements of the axis that share a scale; blocks along the axis */
  bool one, per_inner;   /* one scale in all; a scale an element of what lies behind, too */
} scull_quantize_walk_t;

/* From the types of x, scale and zero point (inputs 0 to 2); fails as the shape rule does. */
scull_status_t scull_ops_quantize_walk(const scull_op_call_t *call,
                                       scull_quantize_walk_t *out) SCULL_MUST_USE;

/* Index of the scale of element `i`. */
static inline int64_t scull_ops_quantize_scale(const scull_quantize_walk_t *walk, int64_t i) {
  if (walk->one)
    return 0;
  int64_t at = i / walk->inner % walk->extent;
  if (!walk->per_inner)
    return at;
  int64_t outer = i / walk->inner / walk->extent;
  return (outer * walk->blocks + at / walk->block) * walk->inner + i % walk->inner;
}

#endif
