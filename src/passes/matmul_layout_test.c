/* Transposed operands are read in place. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_matmul_layout;

static void takes_transposes_in(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "input %y: f32[2x5x4]\n"
             "%t = transpose(%y) perm=0,2,1\n"
             "%z = matmul(%x, %t)\n"
             "output %z\n",
             "z = matmul(x, y) trans_y=true\n");
  pass_check(pass,
             "input %x: f32[4x3]\n"
             "input %y: f32[4x5]\n"
             "const %b: f32[5] ~normal:1\n"
             "%t = transpose(%x)\n"
             "%z = matmul(%t, %y, %b)\n"
             "output %z\n",
             "z = matmul(x, y, f32[5]) trans_x=true\n");
  pass_check(pass,
             "input %x: f32[3x4]\n"
             "input %y: f32[4x5]\n"
             "%t = transpose(%x)\n"
             "%z = matmul(%t, %y) trans_x=true\n"
             "output %z\n",
             "z = matmul(x, y)\n");
}

static void takes_a_shared_transpose_in_and_leaves_it_to_others(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[3x4]\n"
             "input %y: f32[5x4]\n"
             "%t = transpose(%y)\n"
             "%z = matmul(%x, %t)\n"
             "output %z\n"
             "output %t\n",
             "t = transpose(y)\n"
             "z = matmul(x, y) trans_y=true\n");
}

static void leaves_other_transposes_and_vectors(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3x4]\n"
                             "input %y: f32[4x2x5]\n"
                             "%t = transpose(%y) perm=1,0,2\n"
                             "%z = matmul(%x, %t)\n"
                             "output %z\n");
  pass_check_unchanged(pass, "input %x: f32[3x4]\n"
                             "input %y: f32[4]\n"
                             "%t = transpose(%y)\n"
                             "%z = matmul(%x, %t)\n"
                             "output %z\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_transposes_in),
      cmocka_unit_test(takes_a_shared_transpose_in_and_leaves_it_to_others),
      cmocka_unit_test(leaves_other_transposes_and_vectors),
  };
  return cmocka_run_group_tests_name("matmul_layout", tests, NULL, NULL);
}
