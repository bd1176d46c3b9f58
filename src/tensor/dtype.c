/* Element types. */
#include "tensor/dtype.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

typedef struct {
  const char *name;
  size_t size;
} dtype_row_t;

static const dtype_row_t rows[] = {
#define SCULL_X(name, value, size) [value] = {#name, size},
    SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
};

enum { ROWS = sizeof rows / sizeof rows[0], NAME_ROOM = 8 };

enum { PREFIX = sizeof "seq_" - 1 };

/* With the prefix of sequences, which the others leave out. */
static const char *long_name(scull_dtype_t dtype) {
  switch (dtype) {
  case SCULL_DTYPE_NONE: return "seq_none";
  case SCULL_DTYPE_F32: return "seq_f32";
  case SCULL_DTYPE_F64: return "seq_f64";
  case SCULL_DTYPE_F16: return "seq_f16";
  case SCULL_DTYPE_BF16: return "seq_bf16";
  case SCULL_DTYPE_I8: return "seq_i8";
  case SCULL_DTYPE_U8: return "seq_u8";
  case SCULL_DTYPE_I16: return "seq_i16";
  case SCULL_DTYPE_I32: return "seq_i32";
  case SCULL_DTYPE_I64: return "seq_i64";
  case SCULL_DTYPE_BOOL: return "seq_bool";
  case SCULL_DTYPE_U16: return "seq_u16";
  case SCULL_DTYPE_U32: return "seq_u32";
  case SCULL_DTYPE_U64: return "seq_u64";
  case SCULL_DTYPE_SEQUENCE: break;
  }
  return "seq_?";
}

const char *scull_tensor_dtype_name(scull_dtype_t dtype) {
  const char *name = long_name(scull_tensor_dtype_element(dtype));
  return scull_tensor_dtype_is_sequence(dtype) ? name : name + PREFIX;
}

scull_dtype_t scull_tensor_dtype_find(const char *name) {
  for (size_t i = 1; i < ROWS; i++) {
    if (strcmp(scull_tensor_dtype_name((scull_dtype_t)i), name) == 0)
      return (scull_dtype_t)i;
    if (strcmp(long_name((scull_dtype_t)i), name) == 0)
      return scull_tensor_dtype_sequence_of((scull_dtype_t)i);
  }
  return SCULL_DTYPE_NONE;
}

bool scull_tensor_dtype_is_sequence(scull_dtype_t dtype) {
  return (dtype & SCULL_DTYPE_SEQUENCE) != 0;
}

scull_dtype_t scull_tensor_dtype_sequence_of(scull_dtype_t element) {
  return element | SCULL_DTYPE_SEQUENCE;
}

scull_dtype_t scull_tensor_dtype_element(scull_dtype_t sequence) {
  return sequence & ~(unsigned)SCULL_DTYPE_SEQUENCE;
}

bool scull_tensor_dtype_exists(scull_dtype_t dtype) {
  return scull_tensor_dtype_size(scull_tensor_dtype_element(dtype)) > 0;
}

size_t scull_tensor_dtype_size(scull_dtype_t dtype) {
  return (size_t)dtype < ROWS ? rows[dtype].size : 0;
}

bool scull_tensor_dtype_is_float(scull_dtype_t dtype) {
  return dtype == SCULL_DTYPE_F32 || dtype == SCULL_DTYPE_F64 || dtype == SCULL_DTYPE_F16 ||
         dtype == SCULL_DTYPE_BF16;
}

bool scull_tensor_dtype_is_integer(scull_dtype_t dtype) {
  return dtype != SCULL_DTYPE_NONE && dtype != SCULL_DTYPE_BOOL &&
         !scull_tensor_dtype_is_sequence(dtype) && !scull_tensor_dtype_is_float(dtype);
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float scull_tensor_f16_to_f32(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u;
  uint32_t fraction = bits & 0x3ffu;
  if (exponent == 31) /* infinity, NaN */
    return float_of(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) { /* zero, subnormal: fraction * 2^-24 is exact in f32 */
    float tiny = ldexpf((float)fraction, -24);
    return sign != 0 ? -tiny : tiny;
  }
  return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

/* `bits` shifted right by `shift` (1..31), rounded to nearest even. */
static uint32_t shift_round(uint32_t bits, unsigned shift) {
  uint32_t kept = bits >> shift, rest = bits & ((1u << shift) - 1), half = 1u << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1u) != 0));
}

uint16_t scull_tensor_f32_to_f16(float value) {
  uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00u);
  if (magnitude >= 0x47800000u) /* 65536 and more, infinity */
    return (uint16_t)(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) /* normal; a carry out of the fraction lands in the exponent */
    return (uint16_t)(sign | shift_round(magnitude - (112u << 23), 13));
  if (magnitude < 0x33000000u) /* below half of the smallest subnormal */
    return (uint16_t)sign;
  uint32_t fraction = (magnitude & 0x7fffffu) | 0x800000u;
  return (uint16_t)(sign | shift_round(fraction, 126u - (magnitude >> 23)));
}

float scull_tensor_bf16_to_f32(uint16_t bits) {
  return float_of((uint32_t)bits << 16);
}

uint16_t scull_tensor_f32_to_bf16(float value) {
  uint32_t bits = bits_of(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)shift_round(bits, 16);
}

double scull_tensor_load(const void *data, scull_dtype_t dtype, int64_t index) {
  switch (dtype) {
  case SCULL_DTYPE_F32: return (double)((const float *)data)[index];
  case SCULL_DTYPE_F64: return ((const double *)data)[index];
  case SCULL_DTYPE_F16: return (double)scull_tensor_f16_to_f32(((const uint16_t *)data)[index]);
  case SCULL_DTYPE_BF16: return (double)scull_tensor_bf16_to_f32(((const uint16_t *)data)[index]);
  case SCULL_DTYPE_U64: return (double)((const uint64_t *)data)[index];
  case SCULL_DTYPE_I8:
  case SCULL_DTYPE_U8:
  case SCULL_DTYPE_I16:
  case SCULL_DTYPE_I32:
  case SCULL_DTYPE_I64:
  case SCULL_DTYPE_BOOL:
  case SCULL_DTYPE_U16:
  case SCULL_DTYPE_U32: return (double)scull_tensor_load_i64(data, dtype, index);
  case SCULL_DTYPE_SEQUENCE:
  case SCULL_DTYPE_NONE: break;
  }
  return 0;
}

/* The range of each integer type; U64 is handled apart. */
static void integer_range(scull_dtype_t dtype, double *low, double *high) {
  size_t bits = 8 * scull_tensor_dtype_size(dtype);
  bool is_signed = dtype == SCULL_DTYPE_I8 || dtype == SCULL_DTYPE_I16 ||
                   dtype == SCULL_DTYPE_I32 || dtype == SCULL_DTYPE_I64;
  *low = is_signed ? -ldexp(1, (int)bits - 1) : 0;
  *high = ldexp(1, (int)bits - (is_signed ? 1 : 0));
}

static void store_integer(void *data, scull_dtype_t dtype, int64_t index, double value) {
  double low = 0, high = 0;
  integer_range(dtype, &low, &high);
  if (isnan(value))
    value = 0;
  value = trunc(value);
  if (dtype == SCULL_DTYPE_U64) {
    ((uint64_t *)data)[index] = value >= high ? UINT64_MAX : value <= 0 ? 0 : (uint64_t)value;
    return;
  }
  int64_t whole = value >= 0x1p63 ? INT64_MAX : value <= -0x1p63 ? INT64_MIN : (int64_t)value;
  if (value >= high)
    whole = dtype == SCULL_DTYPE_I64 ? INT64_MAX : (int64_t)high - 1;
  else if (value < low)
    whole = (int64_t)low;
  scull_tensor_store_i64(data, dtype, index, whole);
}

void scull_tensor_store(void *data, scull_dtype_t dtype, int64_t index, double value) {
  switch (dtype) {
  case SCULL_DTYPE_F32: ((float *)data)[index] = (float)value; break;
  case SCULL_DTYPE_F64: ((double *)data)[index] = value; break;
  case SCULL_DTYPE_F16: ((uint16_t *)data)[index] = scull_tensor_f32_to_f16((float)value); break;
  case SCULL_DTYPE_BF16: ((uint16_t *)data)[index] = scull_tensor_f32_to_bf16((float)value); break;
  case SCULL_DTYPE_BOOL: ((uint8_t *)data)[index] = value != 0; break;
  case SCULL_DTYPE_I8:
  case SCULL_DTYPE_U8:
  case SCULL_DTYPE_I16:
  case SCULL_DTYPE_I32:
  case SCULL_DTYPE_I64:
  case SCULL_DTYPE_U16:
  case SCULL_DTYPE_U32:
  case SCULL_DTYPE_U64: store_integer(data, dtype, index, value); break;
  case SCULL_DTYPE_SEQUENCE:
  case SCULL_DTYPE_NONE: break;
  }
}

int64_t scull_tensor_load_i64(const void *data, scull_dtype_t dtype, int64_t index) {
  switch (dtype) {
  case SCULL_DTYPE_I8: return ((const int8_t *)data)[index];
  case SCULL_DTYPE_BOOL:
  case SCULL_DTYPE_U8: return ((const uint8_t *)data)[index];
  case SCULL_DTYPE_I16: return ((const int16_t *)data)[index];
  case SCULL_DTYPE_U16: return ((const uint16_t *)data)[index];
  case SCULL_DTYPE_I32: return ((const int32_t *)data)[index];
  case SCULL_DTYPE_U32: return ((const uint32_t *)data)[index];
  case SCULL_DTYPE_I64: return ((const int64_t *)data)[index];
  case SCULL_DTYPE_U64: return (int64_t)((const uint64_t *)data)[index];
  case SCULL_DTYPE_F32:
  case SCULL_DTYPE_F64:
  case SCULL_DTYPE_F16:
  case SCULL_DTYPE_BF16: {
    int64_t whole = 0;
    store_integer(&whole, SCULL_DTYPE_I64, 0, scull_tensor_load(data, dtype, index));
    return whole;
  }
  case SCULL_DTYPE_SEQUENCE:
  case SCULL_DTYPE_NONE: break;
  }
  return 0;
}

void scull_tensor_store_i64(void *data, scull_dtype_t dtype, int64_t index, int64_t value) {
  switch (dtype) {
  case SCULL_DTYPE_I8: ((int8_t *)data)[index] = (int8_t)value; break;
  case SCULL_DTYPE_U8: ((uint8_t *)data)[index] = (uint8_t)value; break;
  case SCULL_DTYPE_I16: ((int16_t *)data)[index] = (int16_t)value; break;
  case SCULL_DTYPE_U16: ((uint16_t *)data)[index] = (uint16_t)value; break;
  case SCULL_DTYPE_I32: ((int32_t *)data)[index] = (int32_t)value; break;
  case SCULL_DTYPE_U32: ((uint32_t *)data)[index] = (uint32_t)value; break;
  case SCULL_DTYPE_I64: ((int64_t *)data)[index] = value; break;
  case SCULL_DTYPE_U64: ((uint64_t *)data)[index] = (uint64_t)value; break;
  case SCULL_DTYPE_BOOL: ((uint8_t *)data)[index] = value != 0; break;
  case SCULL_DTYPE_F32:
  case SCULL_DTYPE_F64:
  case SCULL_DTYPE_F16:
  case SCULL_DTYPE_BF16: scull_tensor_store(data, dtype, index, (double)value); break;
  case SCULL_DTYPE_SEQUENCE:
  case SCULL_DTYPE_NONE: break;
  }
}
