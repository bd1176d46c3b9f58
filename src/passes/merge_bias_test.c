/* Constants per channel that are added become the bias. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_merge_bias;

static void merges(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x3x5x5]\n"
             "const %w: f32[4x3x3x3] ~normal:1\n"
             "const %b: f32[4x1x1] ~normal:2\n"
             "%c = conv(%x, %w) pads=1,1\n"
             "%y = add(%c, %b)\n"
             "output %y\n",
             "y = conv(x, f32[4x3x3x3], f32[4]) pads=1,1\n");
  pass_check(pass,
             "input %x: f32[1x3x2x2]\n"
             "const %w: f32[3x4x3x3] ~normal:1\n"
             "const %b: f32[1x4x1x1] ~normal:2\n"
             "const %k: f32[4] ~normal:3\n"
             "%c = conv_transpose(%x, %w, %k) strides=2,2\n"
             "%y = sub(%c, %b)\n"
             "output %y\n",
             "y = conv_transpose(x, f32[3x4x3x3], f32[4]) strides=2,2\n");
  pass_check(pass,
             "input %x: f32[1:2:4x3x5]\n"
             "const %w: f32[5x4] ~normal:1\n"
             "const %b: f32[4] ~normal:2\n"
             "const %d: f32[1x1x4] ~normal:2\n"
             "%c = matmul(%x, %w)\n"
             "%e = add(%b, %c)\n"
             "%f = add(%e, %d)\n"
             "%y = scale(%f) bias=1\n"
             "output %y\n",
             "y = matmul(x, f32[5x4], f32[4])\n");
  pass_check(pass,
             "input %x: f32[2x5x3]\n"
             "const %w: f32[5x4] ~normal:1\n"
             "const %b: f32[4] ~normal:2\n"
             "%c = matmul(%x, %w) trans_x=true\n"
             "%y = add(%c, %b)\n"
             "output %y\n",
             "y = matmul(x, f32[5x4], f32[4]) trans_x=true\n");
}

/* a residual, another axis, a broadcast, several users, a factor */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3x4x4]\n"
                             "input %r: f32[1x4x4x4]\n"
                             "const %w: f32[4x3x1x1] ~normal:1\n"
                             "%c = conv(%x, %w)\n"
                             "%y = add(%c, %r)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x4x4]\n"
                             "const %w: f32[4x3x1x1] ~normal:1\n"
                             "const %b: f32[4] ~normal:2\n"
                             "%c = conv(%x, %w)\n"
                             "%y = add(%c, %b)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x5]\n"
                             "const %w: f32[5x4] ~normal:1\n"
                             "const %b: f32[2x4] ~normal:2\n"
                             "%c = matmul(%x, %w)\n"
                             "%y = add(%c, %b)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x5]\n"
                             "const %w: f32[5x4] ~normal:1\n"
                             "const %b: f32[4] ~normal:2\n"
                             "%c = matmul(%x, %w)\n"
                             "%y = add(%c, %b)\n"
                             "%z = relu(%c)\n"
                             "output %y\n"
                             "output %z\n");
  pass_check_unchanged(pass, "input %x: f32[1x5]\n"
                             "const %w: f32[5x4] ~normal:1\n"
                             "%c = matmul(%x, %w)\n"
                             "%y = scale(%c) scale=2 bias=1\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x5x5]\n"
                             "const %w: f32[4x3x3x3] ~normal:1\n"
                             "const %b: f32[4x1x1] ~normal:2\n"
                             "input %k: f32[4]\n"
                             "%c = conv(%x, %w, %k)\n"
                             "%y = add(%c, %b)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("merge_bias", tests, NULL, NULL);
}
