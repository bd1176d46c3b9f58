/* Element types; the 16-bit floats over all their patterns and at every rounding edge. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/dtype.h"

static void names_and_sizes(void **state) {
  (void)state;
#define SCULL_X(name, value, size)                                                                 \
  assert_int_equal(scull_tensor_dtype_size(SCULL_DTYPE_##name), size);                             \
  if (size > 0)                                                                                    \
    assert_int_equal(scull_tensor_dtype_find(scull_tensor_dtype_name(SCULL_DTYPE_##name)),         \
                     SCULL_DTYPE_##name);
  SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  assert_int_equal(scull_tensor_dtype_find("none"), SCULL_DTYPE_NONE);
  assert_int_equal(scull_tensor_dtype_find("F32"), SCULL_DTYPE_NONE);
  assert_int_equal(scull_tensor_dtype_find(""), SCULL_DTYPE_NONE);
  assert_string_equal(scull_tensor_dtype_name((scull_dtype_t)63), "?");
  assert_int_equal(scull_tensor_dtype_size((scull_dtype_t)63), 0);
  scull_dtype_t sequence = scull_tensor_dtype_sequence_of(SCULL_DTYPE_F32);
  assert_string_equal(scull_tensor_dtype_name(sequence), "seq_f32");
  assert_int_equal(scull_tensor_dtype_find("seq_f32"), sequence);
  assert_int_equal(scull_tensor_dtype_size(sequence), 0);
  assert_true(scull_tensor_dtype_exists(sequence));
  assert_false(scull_tensor_dtype_exists(SCULL_DTYPE_SEQUENCE));
  assert_false(scull_tensor_dtype_is_integer(scull_tensor_dtype_sequence_of(SCULL_DTYPE_I64)));
  assert_int_equal(scull_tensor_dtype_element(sequence), SCULL_DTYPE_F32);
  assert_int_equal(scull_tensor_dtype_size((scull_dtype_t)-1), 0);
  assert_true(scull_tensor_dtype_is_float(SCULL_DTYPE_BF16));
  assert_false(scull_tensor_dtype_is_float(SCULL_DTYPE_I8));
  assert_true(scull_tensor_dtype_is_integer(SCULL_DTYPE_U64));
  assert_false(scull_tensor_dtype_is_integer(SCULL_DTYPE_BOOL));
  assert_false(scull_tensor_dtype_is_integer(SCULL_DTYPE_NONE));
}

/* The value of a half by its definition. */
static double half_by_definition(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
  double magnitude = ldexp(1024 + fraction, exponent - 25);
  if (exponent == 0)
    magnitude = ldexp(fraction, -24);
  else if (exponent == 31)
    magnitude = fraction == 0 ? HUGE_VAL : nan("");
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

static void all_halves(void **state) {
  (void)state;
  for (uint32_t i = 0; i <= 0xffff; i++) {
    uint16_t bits = (uint16_t)i;
    float value = scull_tensor_f16_to_f32(bits);
    double want = half_by_definition(bits);
    if (isnan(want)) {
      assert_true(isnan(value));
      assert_true(isnan(scull_tensor_f16_to_f32(scull_tensor_f32_to_f16(value))));
      continue;
    }
    assert_true((double)value == want);
    assert_int_equal(scull_tensor_f32_to_f16(value), bits);
  }
}

static void all_bfloats(void **state) {
  (void)state;
  for (uint32_t i = 0; i <= 0xffff; i++) {
    float value = scull_tensor_bf16_to_f32((uint16_t)i);
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    assert_int_equal(bits, i << 16);
    if (isnan(value))
      assert_true(isnan(scull_tensor_bf16_to_f32(scull_tensor_f32_to_bf16(value))));
    else
      assert_int_equal(scull_tensor_f32_to_bf16(value), i);
  }
}

/* Between two neighbours: below the middle down, above it up, the middle to the even one. */
static void rounding_between(uint16_t low, float (*widen)(uint16_t), uint16_t (*narrow)(float)) {
  uint16_t high = (uint16_t)(low + 1);
  double a = (double)widen(low), b = (double)widen(high);
  if (isinf(b)) /* the step that the format would go on with */
    b = 2 * a - (double)widen((uint16_t)(low - 1));
  float middle = (float)((a + b) / 2);
  assert_int_equal(narrow(middle), (low & 1) == 0 ? low : high);
  assert_int_equal(narrow(nextafterf(middle, (float)a)), low);
  assert_int_equal(narrow(nextafterf(middle, INFINITY)), high);
  assert_int_equal(narrow(-middle), ((low & 1) == 0 ? low : high) | 0x8000);
}

static void rounding_is_to_nearest_even(void **state) {
  (void)state;
  for (uint16_t low = 0; low < 0x7c00; low++)
    rounding_between(low, scull_tensor_f16_to_f32, scull_tensor_f32_to_f16);
  for (uint16_t low = 0x0080; low < 0x7f7f; low++) /* normal ones: f32 has the middles exactly */
    rounding_between(low, scull_tensor_bf16_to_f32, scull_tensor_f32_to_bf16);
}

static void edges(void **state) {
  (void)state;
  assert_int_equal(scull_tensor_f32_to_f16(65519.996f), 0x7bff);
  assert_int_equal(scull_tensor_f32_to_f16(65520), 0x7c00);
  assert_int_equal(scull_tensor_f32_to_f16(3.4e38f), 0x7c00);
  assert_int_equal(scull_tensor_f32_to_f16(-INFINITY), 0xfc00);
  assert_int_equal(scull_tensor_f32_to_f16(1e-30f), 0);
  assert_int_equal(scull_tensor_f32_to_f16(-0.0f), 0x8000);
  assert_int_equal(scull_tensor_f32_to_f16(0x1p-149f), 0);
  assert_int_equal(scull_tensor_f32_to_bf16(3.4028235e38f), 0x7f80);
  assert_int_equal(scull_tensor_f32_to_bf16(0x1p-149f), 0);
}

/* A NaN whose payload lies in the dropped bits only must not become infinity. */
static void nan_stays_nan(void **state) {
  (void)state;
  static const uint32_t patterns[] = {0x7f800001u, 0xff800001u, 0x7fc00000u, 0x7fffffffu};
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
    float value;
    memcpy(&value, &patterns[i], sizeof value);
    assert_true(isnan(scull_tensor_f16_to_f32(scull_tensor_f32_to_f16(value))));
    assert_true(isnan(scull_tensor_bf16_to_f32(scull_tensor_f32_to_bf16(value))));
  }
}

static void expect_stored(scull_dtype_t dtype, double value, double want) {
  uint64_t place[2] = {0};
  scull_tensor_store(place, dtype, 1, value);
  double got = scull_tensor_load(place, dtype, 1);
  if (!(got == want))
    fail_msg("%s: %g became %g", scull_tensor_dtype_name(dtype), value, got);
  scull_tensor_store(place, dtype, 1, 0);
  assert_true(place[0] == 0 && place[1] == 0); /* and nothing beside it was touched */
}

static void stores_truncate_and_clamp(void **state) {
  (void)state;
  static const struct {
    scull_dtype_t dtype;
    double low, high;
  } ranges[] = {
      {SCULL_DTYPE_I8, -128, 127},
      {SCULL_DTYPE_U8, 0, 255},
      {SCULL_DTYPE_I16, -32768, 32767},
      {SCULL_DTYPE_U16, 0, 65535},
      {SCULL_DTYPE_I32, -0x1p31, 0x1p31 - 1},
      {SCULL_DTYPE_U32, 0, 0x1p32 - 1},
      {SCULL_DTYPE_I64, -0x1p63, 0x1p63},
      {SCULL_DTYPE_U64, 0, 0x1p64},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    scull_dtype_t dtype = ranges[i].dtype;
    expect_stored(dtype, 7.9, 7);
    expect_stored(dtype, -7.9, ranges[i].low < 0 ? -7 : 0);
    expect_stored(dtype, -0.5, 0);
    expect_stored(dtype, NAN, 0);
    expect_stored(dtype, 1e30, ranges[i].high);
    expect_stored(dtype, -1e30, ranges[i].low);
    expect_stored(dtype, INFINITY, ranges[i].high);
    expect_stored(dtype, -INFINITY, ranges[i].low);
    expect_stored(dtype, ranges[i].high, ranges[i].high);
    expect_stored(dtype, ranges[i].low, ranges[i].low);
  }
  expect_stored(SCULL_DTYPE_BOOL, 0.25, 1);
  expect_stored(SCULL_DTYPE_BOOL, -3, 1);
  expect_stored(SCULL_DTYPE_F32, 0.1, (double)0.1f);
  expect_stored(SCULL_DTYPE_F64, 0.1, 0.1);
  expect_stored(SCULL_DTYPE_F16, 0.1, 0.0999755859375);
  expect_stored(SCULL_DTYPE_BF16, 0.1, 0.10009765625);
}

static void integers_are_exact(void **state) {
  (void)state;
  int64_t whole = 0;
  uint64_t natural = 0;
  float real = 0;
  scull_tensor_store_i64(&whole, SCULL_DTYPE_I64, 0, INT64_MIN + 1);
  assert_true(scull_tensor_load_i64(&whole, SCULL_DTYPE_I64, 0) == INT64_MIN + 1);
  scull_tensor_store_i64(&natural, SCULL_DTYPE_U64, 0, -1);
  assert_true(natural == UINT64_MAX);
  assert_true(scull_tensor_load(&natural, SCULL_DTYPE_U64, 0) == 0x1p64);
  scull_tensor_store_i64(&real, SCULL_DTYPE_F32, 0, -5);
  assert_true(real == -5);
  real = 2.75f;
  assert_int_equal(scull_tensor_load_i64(&real, SCULL_DTYPE_F32, 0), 2);
  real = NAN;
  assert_int_equal(scull_tensor_load_i64(&real, SCULL_DTYPE_F32, 0), 0);
  real = INFINITY;
  assert_true(scull_tensor_load_i64(&real, SCULL_DTYPE_F32, 0) == INT64_MAX);
  assert_int_equal(scull_tensor_load_i64(&real, SCULL_DTYPE_NONE, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_sizes),
      cmocka_unit_test(all_halves),
      cmocka_unit_test(all_bfloats),
      cmocka_unit_test(rounding_is_to_nearest_even),
      cmocka_unit_test(edges),
      cmocka_unit_test(nan_stays_nan),
      cmocka_unit_test(stores_truncate_and_clamp),
      cmocka_unit_test(integers_are_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
