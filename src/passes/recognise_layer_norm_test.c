/* Layer normalization in its spellings. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_layer_norm;

static void finds_the_quotient(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x8]\n"
             "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
             "%d = sub(%x, %m)\n"
             "%q = square(%d)\n"
             "%v = reduce_mean(%q) axes=-1 keep_dims=true\n"
             "%e = scale(%v) bias=0.001\n"
             "%s = sqrt(%e)\n"
             "%y = div(%d, %s)\n"
             "output %y\n",
             "y = layer_norm(x) axis=2 epsilon=0.001\n");
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "const %two: f32[]={2}\n"
             "const %half: f32[]={-0.5}\n"
             "%m = reduce_mean(%x) axes=1,2 keep_dims=true\n"
             "%d = sub(%x, %m)\n"
             "%d2 = sub(%x, %m)\n"
             "%q = pow(%d2, %two)\n"
             "%v = reduce_mean(%q) axes=2,1 keep_dims=true\n"
             "%e = scale(%v) bias=0.5\n"
             "%s = pow(%e, %half)\n"
             "%y = mul(%s, %d)\n"
             "output %y\n",
             "y = layer_norm(x) axis=1 epsilon=0.5\n");
  pass_check(pass,
             "input %x: f32[1:2:4x3x8]\n"
             "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
             "%d = sub(%x, %m)\n"
             "%q = mul(%d, %d)\n"
             "%v = reduce_mean(%q) axes=2 keep_dims=true\n"
             "%e = scale(%v) bias=0.001\n"
             "%s = sqrt(%e)\n"
             "%r = reciprocal(%s)\n"
             "%y = mul(%d, %r)\n"
             "output %y\n",
             "y = layer_norm(x) axis=2 epsilon=0.001\n");
}

static void takes_scale_and_bias_in(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x8]\n"
             "const %g: f32[1x1x8] ~normal:1\n"
             "const %b: f32[8] ~normal:2\n"
             "%n = layer_norm(%x)\n"
             "%m = mul(%n, %g)\n"
             "%y = add(%b, %m)\n"
             "output %y\n",
             "y = layer_norm(x, f32[8], f32[8])\n");
  pass_check(pass,
             "input %x: f32[2x3x8]\n"
             "const %b: f32[8] ~normal:2\n"
             "%n = layer_norm(%x)\n"
             "%y = add(%b, %n)\n"
             "output %y\n",
             "y = layer_norm(x, -, f32[8])\n");
}

/* or after a bias, or of a norm that others read */
static void leaves_scales_of_other_axes(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x8x8]\n"
                             "const %g: f32[8x1] ~normal:1\n"
                             "%n = layer_norm(%x)\n"
                             "%y = mul(%n, %g)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3x8]\n"
                             "const %g: f32[8] ~normal:1\n"
                             "const %b: f32[8] ~normal:1\n"
                             "%n = layer_norm(%x, -, %b)\n"
                             "%y = mul(%n, %g)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3x8]\n"
                             "const %g: f32[8] ~normal:1\n"
                             "%n = layer_norm(%x)\n"
                             "%y = mul(%n, %g)\n"
                             "output %n\n"
                             "output %y\n");
}

/* axes that differ, that are no last ones, deviations that others read */
static void leaves_other_statistics(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1:2:4x3x8]\n"
                             "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
                             "%d = sub(%x, %m)\n"
                             "%q = square(%d)\n"
                             "%v = reduce_mean(%q) axes=1,2 keep_dims=true\n"
                             "%e = scale(%v) bias=0.001\n"
                             "%s = sqrt(%e)\n"
                             "%y = div(%d, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3x8]\n"
                             "%m = reduce_mean(%x) axes=1 keep_dims=true\n"
                             "%d = sub(%x, %m)\n"
                             "%q = square(%d)\n"
                             "%v = reduce_mean(%q) axes=1 keep_dims=true\n"
                             "%e = scale(%v) bias=0.001\n"
                             "%s = sqrt(%e)\n"
                             "%y = div(%d, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1:2:4x3x8]\n"
                             "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
                             "%d = sub(%x, %m)\n"
                             "%q = square(%x)\n"
                             "%v = reduce_mean(%q) axes=-1 keep_dims=true\n"
                             "%e = scale(%v) bias=0.001\n"
                             "%s = sqrt(%e)\n"
                             "%y = div(%d, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1:2:4x3x8]\n"
                             "%m = reduce_mean(%x) axes=-1 keep_dims=true\n"
                             "%d = sub(%x, %m)\n"
                             "%q = square(%d)\n"
                             "%v = reduce_mean(%q) axes=-1 keep_dims=true\n"
                             "%e = scale(%v) bias=0.001\n"
                             "%s = sqrt(%e)\n"
                             "%y = div(%d, %s)\n"
                             "output %y\n"
                             "output %s\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_quotient),
      cmocka_unit_test(takes_scale_and_bias_in),
      cmocka_unit_test(leaves_scales_of_other_axes),
      cmocka_unit_test(leaves_other_statistics),
  };
  return cmocka_run_group_tests_name("recognise_layer_norm", tests, NULL, NULL);
}
