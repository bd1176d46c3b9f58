/* Arithmetic with one number is a scale; scales in a row are one. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_merge_scale;

static void writes_arithmetic_as_scale(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %k: f32[]={2}\n"
             "%y = mul(%x, %k)\n"
             "output %y\n",
             "y = scale(x) scale=2\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %k: f32[1]={4}\n"
             "%y = div(%x, %k)\n"
             "output %y\n",
             "y = scale(x) scale=0.25\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %k: f32[3]={4,4,4}\n"
             "%y = sub(%k, %x)\n"
             "output %y\n",
             "y = scale(x) scale=-1 bias=4\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %k: f32[]={4}\n"
             "%y = sub(%x, %k)\n"
             "output %y\n",
             "y = scale(x) bias=-4\n");
}

static void merges_scales(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %k: f32[]={3}\n"
             "%a = scale(%x) scale=2 bias=1\n"
             "%b = add(%a, %k)\n"
             "%y = scale(%b) scale=0.5\n"
             "output %y\n",
             "y = scale(x) bias=2\n");
}

/* several numbers, a broadcast of x, integers, k / x, x / 0 */
static void leaves_other_arithmetic(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "const %k: f32[3]={1,2,3}\n"
                             "const %one: f32[]={1}\n"
                             "const %zero: f32[]={0}\n"
                             "const %wide: f32[2x2x3] ~normal:1\n"
                             "%a = mul(%x, %k)\n"
                             "%b = div(%one, %a)\n"
                             "%c = div(%b, %zero)\n"
                             "output %c\n");
  pass_check_unchanged(pass, "input %x: f32[1x3]\n"
                             "const %k: f32[2x3]={2,2,2,2,2,2}\n"
                             "%y = mul(%x, %k)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: i32[2x3]\n"
                             "const %k: i32[]={2}\n"
                             "%y = mul(%x, %k)\n"
                             "output %y\n");
}

static void keeps_scales_whose_middle_is_needed(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=2\n"
                             "%b = scale(%a) scale=2\n"
                             "output %a\n"
                             "output %b\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=1e30\n"
                             "%b = scale(%a) scale=1e30\n"
                             "output %b\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_arithmetic_as_scale),
      cmocka_unit_test(merges_scales),
      cmocka_unit_test(leaves_other_arithmetic),
      cmocka_unit_test(keeps_scales_whose_middle_is_needed),
  };
  return cmocka_run_group_tests_name("merge_scale", tests, NULL, NULL);
}
