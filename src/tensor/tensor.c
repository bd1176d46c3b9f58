/* Shapes and comparison of tensors. */
#include "tensor/tensor.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

scull_shape_t scull_tensor_shape(int32_t rank, const int64_t *dims) {
  scull_shape_t shape = {.rank = rank};
  for (int32_t i = 0; i < rank && i < SCULL_MAX_RANK; i++)
    shape.dim[i] = dims[i];
  return shape;
}

bool scull_tensor_shape_equal(const scull_shape_t *a, const scull_shape_t *b) {
  if (a->rank != b->rank)
    return false;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] != b->dim[i])
      return false;
  }
  return true;
}

bool scull_tensor_shape_count(const scull_shape_t *shape, int64_t *count) {
  int64_t product = 1;
  bool empty = false;
  for (int32_t i = 0; i < shape->rank; i++) {
    if (shape->dim[i] < 0)
      return false;
    if (shape->dim[i] == 0)
      empty = true;
    else if (!scull_base_i64_mul(product, shape->dim[i], &product))
      return false;
  }
  *count = empty ? 0 : product;
  return true;
}

int64_t scull_tensor_count(const scull_shape_t *shape) {
  int64_t count = 1;
  for (int32_t i = 0; i < shape->rank; i++)
    count *= shape->dim[i];
  return count;
}

bool scull_tensor_type_bytes(const scull_type_t *type, size_t *bytes) {
  int64_t count = 0;
  if (!scull_tensor_shape_count(&type->shape, &count))
    return false;
  return scull_base_size_mul((size_t)count, scull_tensor_dtype_size(type->dtype), bytes);
}

size_t scull_tensor_bytes(const scull_type_t *type) {
  return (size_t)scull_tensor_count(&type->shape) * scull_tensor_dtype_size(type->dtype);
}

void scull_tensor_strides(const scull_shape_t *shape, int64_t strides[SCULL_MAX_RANK]) {
  int64_t step = 1;
  for (int32_t i = shape->rank - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape->dim[i];
  }
}

bool scull_tensor_axis(int64_t axis, int32_t rank, int32_t *out) {
  if (axis < -(int64_t)rank || axis >= rank)
    return false;
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return true;
}

bool scull_tensor_shape_broadcast(const scull_shape_t *a, const scull_shape_t *b,
                                  scull_shape_t *out) {
  scull_shape_t result = {.rank = a->rank > b->rank ? a->rank : b->rank};
  for (int32_t i = 0; i < result.rank; i++) {
    int32_t ia = i - (result.rank - a->rank), ib = i - (result.rank - b->rank);
    int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
    if (da != db && da != 1 && db != 1)
      return false;
    result.dim[i] = da == 1 ? db : da;
  }
  *out = result;
  return true;
}

void scull_tensor_shape_print(const scull_shape_t *shape, scull_text_t *text) {
  if (shape->rank == 0)
    scull_base_text_print(text, "scalar");
  for (int32_t i = 0; i < shape->rank; i++)
    scull_base_text_print(text, "%s%lld", i == 0 ? "" : "x", (long long)shape->dim[i]);
}

const char *scull_tensor_type_text(const scull_type_t *type, char *buffer, size_t size) {
  int used = snprintf(buffer, size, "%s[", scull_tensor_dtype_name(type->dtype));
  for (int32_t i = 0; i < type->shape.rank && used >= 0 && (size_t)used < size; i++)
    used += snprintf(buffer + used, size - (size_t)used, "%s%lld", i == 0 ? "" : "x",
                     (long long)type->shape.dim[i]);
  if (used >= 0 && (size_t)used < size)
    snprintf(buffer + used, size - (size_t)used, "]");
  return buffer;
}

/* |a - b|, where equal infinities and two NaNs are 0 apart and a lone NaN is infinitely far. */
static double distance(double a, double b) {
  if (a == b || (isnan(a) && isnan(b)))
    return 0;
  double d = fabs(a - b);
  return isnan(d) ? HUGE_VAL : d;
}

/* The distance of element `i`. 64-bit integers that doubles cannot tell apart are 1 apart. */
static double distance_at(const scull_tensor_t *a, const scull_tensor_t *b, int64_t i) {
  double d = distance(scull_tensor_load(a->data, a->type.dtype, i),
                      scull_tensor_load(b->data, b->type.dtype, i));
  bool whole = scull_tensor_dtype_is_integer(a->type.dtype);
  if (d == 0 && whole &&
      scull_tensor_load_i64(a->data, a->type.dtype, i) !=
          scull_tensor_load_i64(b->data, b->type.dtype, i))
    return 1;
  return d;
}

scull_difference_t scull_tensor_compare(const scull_tensor_t *a, const scull_tensor_t *b,
                                        scull_tolerance_t tolerance) {
  scull_difference_t result = {.count = scull_tensor_count(&b->type.shape)};
  double peak = 0, worst_excess = 0;
  for (int64_t i = 0; i < result.count; i++) {
    double vb = scull_tensor_load(b->data, b->type.dtype, i);
    double d = distance_at(a, b, i), bound = isfinite(vb) ? fabs(vb) : 0;
    double excess = d - (tolerance.absolute + tolerance.relative * bound);
    peak = bound > peak ? bound : peak;
    result.max_absolute = d > result.max_absolute ? d : result.max_absolute;
    if (excess > 0)
      result.outside++;
    if (excess > worst_excess) {
      worst_excess = excess;
      result.worst = i;
    }
  }
  result.max_relative = peak > 0 ? result.max_absolute / peak : result.max_absolute;
  return result;
}

/* --- quantization ----------------------------------------------------------------------------- */

bool scull_tensor_quant_equal(const scull_quant_t *a, const scull_quant_t *b) {
  if (a == NULL || b == NULL || a == b)
    return a == b;
  return a->dtype == b->dtype && a->axis == b->axis && a->count == b->count &&
         memcmp(a->scales, b->scales, a->count * sizeof *a->scales) == 0;
}

const char *scull_tensor_quant_fault(const scull_quant_t *quant, const scull_shape_t *shape) {
  if (quant->dtype != SCULL_DTYPE_U8 && quant->dtype != SCULL_DTYPE_I8)
    return "is quantized to an unknown type";
  if (quant->axis < -1 || quant->axis >= shape->rank)
    return "is quantized along an axis that it has not";
  if (quant->count != (quant->axis < 0 ? 1 : (uint64_t)shape->dim[quant->axis]))
    return "is quantized with another number of scales than channels";
  for (size_t i = 0; i < quant->count; i++) {
    if (!(quant->scales[i] > 0) || quant->scales[i] > FLT_MAX)
      return "is quantized with a scale that is no positive number";
  }
  return NULL;
}

int32_t scull_tensor_quantize(scull_dtype_t dtype, float scale, float real) {
  const float low = dtype == SCULL_DTYPE_U8 ? 0.0f : -128.0f;
  const float high = dtype == SCULL_DTYPE_U8 ? 255.0f : 127.0f;
  const float x = nearbyintf(real / scale);
  if (isnan(x))
    return 0;
  return (int32_t)(x < low ? low : x > high ? high : x);
}
