/* Shapes, sizes near the limits, broadcast, and the comparison that other tests rely on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/tensor.h"

static scull_shape_t shape2(int64_t a, int64_t b) {
  return scull_tensor_shape(2, (const int64_t[]){a, b});
}

static void counts(void **state) {
  (void)state;
  scull_shape_t scalar = {0}, shape = shape2(3, 5);
  int64_t count = -1;
  assert_true(scull_tensor_shape_count(&scalar, &count));
  assert_int_equal(count, 1);
  assert_int_equal(scull_tensor_count(&shape), 15);
  shape = shape2(0, INT64_MAX);
  assert_true(scull_tensor_shape_count(&shape, &count));
  assert_int_equal(count, 0);
  shape = shape2(INT64_MAX, 2);
  assert_false(scull_tensor_shape_count(&shape, &count));
  shape = shape2(-1, 2);
  assert_false(scull_tensor_shape_count(&shape, &count));
  /* an empty shape is refused, too, where the other extents would overflow: strides are made of
   * them */
  shape = scull_tensor_shape(3, (const int64_t[]){INT64_MAX, 2, 0});
  assert_false(scull_tensor_shape_count(&shape, &count));
}

static void bytes(void **state) {
  (void)state;
  size_t size = 0;
  scull_type_t type = {SCULL_DTYPE_I64, shape2(3, 5)};
  assert_true(scull_tensor_type_bytes(&type, &size));
  assert_int_equal(size, 120);
  assert_int_equal(scull_tensor_bytes(&type), 120);
  type.shape = shape2(INT64_MAX, 1);
  assert_false(scull_tensor_type_bytes(&type, &size));
  type.dtype = SCULL_DTYPE_U8;
  assert_true(scull_tensor_type_bytes(&type, &size));
}

static void equality(void **state) {
  (void)state;
  scull_shape_t a = shape2(2, 3), b = shape2(2, 3), c = shape2(3, 2);
  scull_shape_t longer = scull_tensor_shape(3, (const int64_t[]){2, 3, 1});
  b.dim[5] = 9; /* behind the rank: no part of the shape */
  assert_true(scull_tensor_shape_equal(&a, &b));
  assert_false(scull_tensor_shape_equal(&a, &c));
  assert_false(scull_tensor_shape_equal(&a, &longer));
}

static void strides_and_axes(void **state) {
  (void)state;
  scull_shape_t shape = scull_tensor_shape(3, (const int64_t[]){2, 3, 5});
  int64_t strides[SCULL_MAX_RANK] = {0};
  int32_t axis = 9;
  scull_tensor_strides(&shape, strides);
  assert_true(strides[0] == 15 && strides[1] == 5 && strides[2] == 1);
  assert_true(scull_tensor_axis(-3, 3, &axis) && axis == 0);
  assert_true(scull_tensor_axis(2, 3, &axis) && axis == 2);
  assert_false(scull_tensor_axis(3, 3, &axis));
  assert_false(scull_tensor_axis(-4, 3, &axis));
  assert_false(scull_tensor_axis(0, 0, &axis));
  assert_false(scull_tensor_axis(INT64_MIN, 3, &axis));
  assert_int_equal(axis, 2);
}

static void broadcast(void **state) {
  (void)state;
  scull_shape_t scalar = {0}, row = scull_tensor_shape(1, (const int64_t[]){3}), out;
  scull_shape_t column = shape2(2, 1), wide = shape2(1, 3), empty = shape2(0, 1);
  assert_true(scull_tensor_shape_broadcast(&row, &column, &out));
  assert_true(out.rank == 2 && out.dim[0] == 2 && out.dim[1] == 3);
  assert_true(scull_tensor_shape_broadcast(&scalar, &row, &out));
  assert_true(scull_tensor_shape_equal(&out, &row));
  assert_true(scull_tensor_shape_broadcast(&empty, &wide, &out));
  assert_true(out.dim[0] == 0 && out.dim[1] == 3);
  scull_shape_t two = scull_tensor_shape(1, (const int64_t[]){2}), before = out;
  assert_false(scull_tensor_shape_broadcast(&row, &two, &out));
  assert_true(scull_tensor_shape_equal(&out, &before));
  assert_true(scull_tensor_shape_broadcast(&two, &column, &column)); /* in place */
  assert_true(column.dim[0] == 2 && column.dim[1] == 2);
}

static void as_text(void **state) {
  (void)state;
  scull_text_t text = {0};
  scull_shape_t scalar = {0}, shape = shape2(2, 3);
  scull_type_t type = {SCULL_DTYPE_F16, shape};
  char buffer[32], small[6];
  scull_tensor_shape_print(&shape, &text);
  scull_base_text_print(&text, " ");
  scull_tensor_shape_print(&scalar, &text);
  assert_string_equal(text.data, "2x3 scalar");
  scull_base_text_deinit(&text);
  assert_string_equal(scull_tensor_type_text(&type, buffer, sizeof buffer), "f16[2x3]");
  assert_string_equal(scull_tensor_type_text(&type, small, sizeof small), "f16[2");
  type.shape = scalar;
  assert_string_equal(scull_tensor_type_text(&type, buffer, sizeof buffer), "f16[]");
}

static scull_difference_t compare(size_t count, const float *a, const float *b, double absolute,
                                  double relative) {
  float left[8], right[8];
  memcpy(left, a, count * sizeof *a);
  memcpy(right, b, count * sizeof *b);
  const scull_type_t type = {SCULL_DTYPE_F32, {1, {(int64_t)count}}};
  const scull_tensor_t x = {type, left}, y = {type, right};
  return scull_tensor_compare(&x, &y, (scull_tolerance_t){absolute, relative});
}

static void differences(void **state) {
  (void)state;
  const float a[] = {1, 2, 100}, b[] = {1, 2.5f, 101};
  scull_difference_t d = compare(3, a, b, 0, 0);
  assert_int_equal(d.count, 3);
  assert_int_equal(d.outside, 2);
  assert_int_equal(d.worst, 2);
  assert_true(d.max_absolute == 1);
  assert_true(fabs(d.max_relative - 1 / 101.0) < 1e-12);
  d = compare(3, a, b, 0, 0.1); /* room 0.1, 0.25, 10.1 */
  assert_int_equal(d.outside, 1);
  assert_int_equal(d.worst, 1);
  assert_int_equal(compare(3, a, b, 1, 0).outside, 0);
  assert_int_equal(compare(0, a, b, 0, 0).outside, 0);
}

static void numbers_that_are_none(void **state) {
  (void)state;
  const float special[] = {NAN, INFINITY, -INFINITY}, plain[] = {1, 2, 3};
  const float swapped[] = {NAN, -INFINITY, INFINITY}, zeros[] = {0, -0.0f};
  const float other[] = {-0.0f, 0};
  assert_int_equal(compare(3, special, special, 0, 0).outside, 0);
  assert_int_equal(compare(3, special, plain, 1e9, 1e9).outside, 3);
  assert_int_equal(compare(3, plain, special, 1e9, 1e9).outside, 3);
  assert_int_equal(compare(3, special, swapped, 1e9, 1e9).outside, 2);
  assert_int_equal(compare(2, zeros, other, 0, 0).outside, 0);
}

static void large_integers_differ(void **state) {
  (void)state;
  int64_t a[] = {INT64_C(9007199254740993)}, b[] = {INT64_C(9007199254740992)};
  const scull_type_t type = {SCULL_DTYPE_I64, {1, {1}}};
  const scull_tensor_t x = {type, a}, y = {type, b};
  assert_int_equal(scull_tensor_compare(&x, &y, (scull_tolerance_t){0, 0}).outside, 1);
  assert_int_equal(scull_tensor_compare(&x, &x, (scull_tolerance_t){0, 0}).outside, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts),
      cmocka_unit_test(bytes),
      cmocka_unit_test(equality),
      cmocka_unit_test(strides_and_axes),
      cmocka_unit_test(broadcast),
      cmocka_unit_test(as_text),
      cmocka_unit_test(differences),
      cmocka_unit_test(numbers_that_are_none),
      cmocka_unit_test(large_integers_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
