/* By way of int64 or double, which hold every value that the interface can give. */
#include "convert.h"

#include <math.h>
#include <stdint.h>

size_t door_element_size(scull_dtype_t dtype) {
  switch ((int)dtype) {
#define SCULL_X(name, value, size)                                                                 \
  case SCULL_DTYPE_##name: return size;
    SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  default: return 0;
  }
}

/* Integers up to 2^24 and 2^53 are exact in float and double. */
static bool put_integer(int64_t x, void *dst, scull_dtype_t to, size_t i) {
  const int64_t f32_most = INT64_C(1) << 24, f64_most = INT64_C(1) << 53;
  switch ((int)to) {
  case SCULL_DTYPE_F32: ((float *)dst)[i] = (float)x; return x >= -f32_most && x <= f32_most;
  case SCULL_DTYPE_F64: ((double *)dst)[i] = (double)x; return x >= -f64_most && x <= f64_most;
  case SCULL_DTYPE_I64: ((int64_t *)dst)[i] = x; return true;
  case SCULL_DTYPE_I32: ((int32_t *)dst)[i] = (int32_t)x; return x >= INT32_MIN && x <= INT32_MAX;
  case SCULL_DTYPE_I8: ((int8_t *)dst)[i] = (int8_t)x; return x >= INT8_MIN && x <= INT8_MAX;
  case SCULL_DTYPE_U8: ((uint8_t *)dst)[i] = (uint8_t)x; return x >= 0 && x <= UINT8_MAX;
  case SCULL_DTYPE_BOOL: ((uint8_t *)dst)[i] = x != 0; return x == 0 || x == 1;
  default: return false;
  }
}

static bool put_real(float x, void *dst, scull_dtype_t to, size_t i) {
  if (to == SCULL_DTYPE_F64) {
    ((double *)dst)[i] = (double)x;
    return true;
  }
  return fabsf(x) <= 0x1p24f && floorf(x) == x && put_integer((int64_t)x, dst, to, i);
}

bool door_convert(const void *src, scull_dtype_t from, void *dst, scull_dtype_t to, size_t count) {
  bool ok = true;
  for (size_t i = 0; i < count && ok; i++) {
    switch ((int)from) {
    case SCULL_DTYPE_F32: ok = put_real(((const float *)src)[i], dst, to, i); break;
    case SCULL_DTYPE_I64: ok = put_integer(((const int64_t *)src)[i], dst, to, i); break;
    case SCULL_DTYPE_I32: ok = put_integer(((const int32_t *)src)[i], dst, to, i); break;
    case SCULL_DTYPE_I8: ok = put_integer(((const int8_t *)src)[i], dst, to, i); break;
    case SCULL_DTYPE_U8: ok = put_integer(((const uint8_t *)src)[i], dst, to, i); break;
    default: ok = false;
    }
  }
  return ok;
}
