/* What a value is: an element type, a shape, and (where it has any) bytes in row-major order.
 * Layouts (blocked, channels last) are no property of a tensor; they belong to tactics. */
#ifndef SCULL_TENSOR_TENSOR_H
#define SCULL_TENSOR_TENSOR_H

#include "base/text.h"
#include "tensor/dtype.h"

typedef struct scull_shape {
  int32_t rank; /* 0 = a scalar of one element */
  int64_t dim[SCULL_MAX_RANK];
} scull_shape_t;

typedef struct scull_type {
  scull_dtype_t dtype;
  scull_shape_t shape;
} scull_type_t;

/* How real numbers stand as small integers: stored = real / scale, rounded to the nearest (ties to
 * even) and clamped; zero is always stored as 0. */
typedef struct scull_quant {
  scull_dtype_t dtype; /* U8: 0 to 255; I8: -128 to 127, weights -127 to 127 */
  int32_t axis;        /* the axis along which the scales run; -1: one scale for all */
  size_t count;        /* of scales: 1, or the extent of the axis */
  const float *scales; /* finite and positive */
  const int8_t
      *integers; /* of a constant: what its elements are stored as, in steps of these scales;
                    NULL: each as the nearest. For packing only, no plan keeps it */
} scull_quant_t;

/* A dense row-major tensor. `data` may be NULL where only the type is known. An absent optional
 * operand has dtype NONE. Not an owner. */
typedef struct scull_tensor {
  scull_type_t type;
  void *data;
} scull_tensor_t;

/* Convenience for tests and rules: scull_tensor_shape(3, (int64_t[]){1, 2, 3}). rank <= MAX_RANK.
 */
scull_shape_t scull_tensor_shape(int32_t rank, const int64_t *dims);

/* True when rank and all dimensions agree. */
bool scull_tensor_shape_equal(const scull_shape_t *a, const scull_shape_t *b);

/* Number of elements in *count; false when a dimension is negative or the product overflows. */
bool scull_tensor_shape_count(const scull_shape_t *shape, int64_t *count);

/* As above for shapes that were checked before (every shape in a verified graph or plan is). */
int64_t scull_tensor_count(const scull_shape_t *shape);

/* Bytes of a dense tensor; false on overflow. */
bool scull_tensor_type_bytes(const scull_type_t *type, size_t *bytes);
size_t scull_tensor_bytes(const scull_type_t *type); /* for checked types */

/* Row-major strides in elements. */
void scull_tensor_strides(const scull_shape_t *shape, int64_t strides[SCULL_MAX_RANK]);

/* `axis` in [-rank, rank) made non-negative; false when outside. */
bool scull_tensor_axis(int64_t axis, int32_t rank, int32_t *out);

/* NumPy's broadcast of two shapes, right-aligned; false when they do not fit. */
bool scull_tensor_shape_broadcast(const scull_shape_t *a, const scull_shape_t *b,
                                  scull_shape_t *out);

/* Prints "1x3x224x224" ("scalar" for rank 0). */
void scull_tensor_shape_print(const scull_shape_t *shape, scull_text_t *text);

/* "f32[1x3x224x224]" in a buffer of the caller; cut when too small. Returns `buffer`. */
const char *scull_tensor_type_text(const scull_type_t *type, char *buffer, size_t size);

/* True when both are NULL, or say the same. */
bool scull_tensor_quant_equal(const scull_quant_t *a, const scull_quant_t *b);

/* NULL when the quantization can be used for a tensor of that shape, else what is wrong with it. */
const char *scull_tensor_quant_fault(const scull_quant_t *quant, const scull_shape_t *shape);

/* One number: nearest integer of real / scale, clamped to the range of the type; NaN gives 0. */
int32_t scull_tensor_quantize(scull_dtype_t dtype, float scale, float real);

/* --- comparison ------------------------------------------------------------------------------ */

typedef struct scull_tolerance {
  double absolute, relative;
} scull_tolerance_t;

typedef struct scull_difference {
  int64_t count, outside; /* elements; those beyond the tolerance */
  int64_t worst;          /* index of the largest excess */
  double max_absolute;    /* largest |a - b| */
  double max_relative;    /* largest |a - b| over the largest |b| of the tensor */
} scull_difference_t;

/* Element by element |a - b| <= absolute + relative * |b|; b is the reference. NaN equals NaN,
 * infinities equal those of their sign. The types must be equal. */
scull_difference_t scull_tensor_compare(const scull_tensor_t *a, const scull_tensor_t *b,
                                        scull_tolerance_t tolerance);

#endif
