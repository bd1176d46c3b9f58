/* Maps of channels in a row are one batch norm. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_merge_affine;

static void merges(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x4x3x3]\n"
             "const %f: f32[4x1x1] ~normal:1\n"
             "const %g: f32[1x4x1x1] ~normal:2\n"
             "%a = mul(%x, %f)\n"
             "%y = add(%a, %g)\n"
             "output %y\n",
             "y = batch_norm(x, f32[4], f32[4], f32[4], f32[4]) epsilon=0\n");
  pass_check(pass,
             "input %x: f32[1x4x3x3]\n"
             "const %s: f32[4] ~pos:2\n"
             "const %b: f32[4] ~normal:3\n"
             "const %m: f32[4] ~normal:4\n"
             "const %v: f32[4] ~pos:5\n"
             "%a = batch_norm(%x, %s, %b, %m, %v)\n"
             "%c = scale(%a) scale=2 bias=1\n"
             "%y = relu(%c)\n"
             "output %y\n",
             "c = batch_norm(x, f32[4], f32[4], f32[4], f32[4]) epsilon=0\n"
             "y = relu(c)\n");
}

static void leaves_single_maps_and_other_axes(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x4x3x3]\n"
                             "const %s: f32[4] ~pos:2\n"
                             "const %b: f32[4] ~normal:3\n"
                             "const %m: f32[4] ~normal:4\n"
                             "const %v: f32[4] ~pos:5\n"
                             "%a = batch_norm(%x, %s, %b, %m, %v)\n"
                             "%y = relu(%a)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x3x3]\n"
                             "%a = scale(%x) scale=2\n"
                             "%y = scale(%a) scale=3\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x3x4]\n"
                             "const %f: f32[4x1x1] ~normal:1\n"
                             "const %g: f32[4] ~normal:2\n"
                             "%a = mul(%x, %f)\n"
                             "%y = add(%a, %g)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x3x3]\n"
                             "const %f: f32[4x1x1] ~normal:1\n"
                             "const %g: f32[4x1x1] ~normal:2\n"
                             "%a = mul(%x, %f)\n"
                             "%y = add(%a, %g)\n"
                             "output %a\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges),
      cmocka_unit_test(leaves_single_maps_and_other_axes),
  };
  return cmocka_run_group_tests_name("merge_affine", tests, NULL, NULL);
}
