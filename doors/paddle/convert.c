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

/* True when a real number is this integer: 2^63 and more are none. */
static bool is_integer(double y, int64_t x) {
  return y < 0x1p63 && (int64_t)y == x;
}

static bool put_integer(int64_t x, void *dst, scull_dtype_t to, size_t i) {
  switch ((int)to) {
  case SCULL_DTYPE_F32: ((float *)dst)[i] = (float)x; return is_integer((double)(float)x, x);
  case SCULL_DTYPE_F64: ((double *)dst)[i] = (double)x; return is_integer((double)x, x);
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
  return x >= -0x1p63f && x < 0x1p63f && floorf(x) == x && put_integer((int64_t)x, dst, to, i);
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
