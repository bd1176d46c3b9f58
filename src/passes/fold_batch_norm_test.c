/* Affine maps of channels go into the weights beside them. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_fold_batch_norm;

static void folds_after_convolutions(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:3x3x5x5]\n"
             "const %w: f32[4x3x3x3] ~normal:1\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%c = conv(%x, %w) pads=1,1 \"the conv\"\n"
             "%y = batch_norm(%c, %s, %b, %m, %v) epsilon=0.001\n"
             "output %y\n",
             "y = conv(x, f32[4x3x3x3], f32[4]) pads=1,1\n");
  pass_check(pass,
             "input %x: f32[2x4x5x5]\n"
             "const %w: f32[4x2x3x3] ~normal:1\n"
             "const %k: f32[4] ~normal:6\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%c = conv(%x, %w, %k) groups=2 strides=2,2\n"
             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
             "output %y\n",
             "y = conv(x, f32[4x2x3x3], f32[4]) strides=2,2 groups=2\n");
  pass_check(pass,
             "input %x: f32[2x6x4x3]\n"
             "const %w: f32[6x2x3x2] ~normal:1\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%c = conv_transpose(%x, %w) groups=2 strides=2,2\n"
             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
             "output %y\n",
             "y = conv_transpose(x, f32[6x2x3x2], f32[4]) strides=2,2 groups=2\n");
}

static void folds_after_matrix_products(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[3x5]\n"
             "const %w: f32[5x4] ~normal:1\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%c = matmul(%x, %w)\n"
             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
             "output %y\n",
             "y = matmul(x, f32[5x4], f32[4])\n");
  pass_check(pass,
             "input %x: f32[2x3x5]\n"
             "const %w: f32[4x5] ~normal:1\n"
             "const %k: f32[4] ~normal:6\n"
             "const %f: f32[1x1x4] ~normal:7\n"
             "%c = matmul(%x, %w, %k) trans_y=true\n"
             "%y = mul(%f, %c)\n"
             "output %y\n",
             "y = matmul(x, f32[4x5], f32[4]) trans_y=true\n");
}

static void folds_arithmetic_in_a_row(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x3x5x5]\n"
             "const %w: f32[4x3x1x1] ~normal:1\n"
             "const %f: f32[4x1x1] ~normal:7\n"
             "const %g: f32[1x4x1x1] ~pos:8\n"
             "%c = conv(%x, %w)\n"
             "%d = mul(%c, %f)\n"
             "%e = div(%d, %g)\n"
             "%y = scale(%e) scale=3 bias=1\n"
             "output %y\n",
             "y = conv(x, f32[4x3x1x1], f32[4])\n");
}

static void folds_before_where_nothing_is_padded(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x4x5x5]\n"
             "const %w: f32[6x2x3x3] ~normal:1\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%n = batch_norm(%x, %s, %b, %m, %v)\n"
             "%y = conv(%n, %w) groups=2\n"
             "output %y\n",
             "y = conv(x, f32[6x2x3x3], f32[6]) groups=2\n");
  pass_check(pass,
             "input %x: f32[1x4x5x5]\n"
             "const %w: f32[6x4x3x3] ~normal:1\n"
             "%n = scale(%x) scale=0.25\n"
             "%y = conv(%n, %w) pads=1,1\n"
             "output %y\n",
             "y = conv(x, f32[6x4x3x3], f32[6]) pads=1,1\n");
  pass_check(pass,
             "input %x: f32[3x4]\n"
             "const %w: f32[4x2] ~normal:1\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%n = batch_norm(%x, %s, %b, %m, %v)\n"
             "%y = matmul(%n, %w)\n"
             "output %y\n",
             "y = matmul(x, f32[4x2], f32[2])\n");
  pass_check(pass,
             "input %x: f32[2x4x3]\n"
             "const %w: f32[2x4] ~normal:1\n"
             "const %f: f32[4x1] ~normal:2\n"
             "%n = mul(%x, %f)\n"
             "%y = matmul(%n, %w) trans_x=true trans_y=true\n"
             "output %y\n",
             "y = matmul(x, f32[2x4], f32[2]) trans_x=true trans_y=true\n");
}

static void leaves_a_shift_before_padding(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x4x5x5]\n"
                             "const %w: f32[6x4x3x3] ~normal:1\n"
                             "const %s: f32[4] ~pos:2\n"
                             "const %b: f32[4] ~normal:3\n"
                             "const %m: f32[4] ~normal:4\n"
                             "const %v: f32[4] ~pos:5\n"
                             "%n = batch_norm(%x, %s, %b, %m, %v)\n"
                             "%y = conv(%n, %w) pads=1,1\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x5x5]\n"
                             "const %w: f32[4x6x2x2] ~normal:1\n"
                             "%n = scale(%x) scale=2 bias=1\n"
                             "%y = conv_transpose(%n, %w)\n"
                             "output %y\n");
}

static void leaves_what_others_read(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3x5x5]\n"
                             "const %w: f32[4x3x3x3] ~normal:1\n"
                             "const %s: f32[4] ~pos:2\n"
                             "const %b: f32[4] ~normal:3\n"
                             "const %m: f32[4] ~normal:4\n"
                             "const %v: f32[4] ~pos:5\n"
                             "%c = conv(%x, %w)\n"
                             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
                             "%z = relu(%c)\n"
                             "output %y\n"
                             "output %z\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x5x5]\n"
                             "const %w: f32[4x3x3x3] ~normal:1\n"
                             "const %s: f32[4] ~pos:2\n"
                             "const %b: f32[4] ~normal:3\n"
                             "const %m: f32[4] ~normal:4\n"
                             "const %v: f32[4] ~pos:5\n"
                             "%c = conv(%x, %w)\n"
                             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
                             "output %y\n"
                             "output %c\n");
}

static void leaves_operands_that_are_no_constants_or_of_another_axis(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3x5x5]\n"
                             "input %w: f32[4x3x3x3]\n"
                             "const %s: f32[4] ~pos:2\n"
                             "const %b: f32[4] ~normal:3\n"
                             "const %m: f32[4] ~normal:4\n"
                             "const %v: f32[4] ~pos:5\n"
                             "%c = conv(%x, %w)\n"
                             "%y = batch_norm(%c, %s, %b, %m, %v)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x4x4]\n"
                             "const %w: f32[4x3x1x1] ~normal:1\n"
                             "const %f: f32[4] ~normal:2\n"
                             "%c = conv(%x, %w)\n"
                             "%y = mul(%c, %f)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[4x3x5]\n"
                             "const %w: f32[5x4] ~normal:1\n"
                             "const %f: f32[4x1x1] ~normal:2\n"
                             "%c = matmul(%x, %w)\n"
                             "%y = mul(%c, %f)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x4]\n"
                             "const %w: f32[4x4] ~normal:1\n"
                             "const %f: f32[2x4] ~normal:2\n"
                             "%c = matmul(%x, %w)\n"
                             "%y = mul(%c, %f)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folds_after_convolutions),
      cmocka_unit_test(folds_after_matrix_products),
      cmocka_unit_test(folds_arithmetic_in_a_row),
      cmocka_unit_test(folds_before_where_nothing_is_padded),
      cmocka_unit_test(leaves_a_shift_before_padding),
      cmocka_unit_test(leaves_what_others_read),
      cmocka_unit_test(leaves_operands_that_are_no_constants_or_of_another_axis),
  };
  return cmocka_run_group_tests_name("fold_batch_norm", tests, NULL, NULL);
}
