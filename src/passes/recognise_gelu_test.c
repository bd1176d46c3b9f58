/* GELU by erf and by tanh, however the product is ordered. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_gelu;

static void finds_erf(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = scale(%x) scale=0.70710678\n"
             "%e = erf(%a)\n"
             "%g = scale(%e) bias=1\n"
             "%h = scale(%x) scale=0.5\n"
             "%y = mul(%h, %g)\n"
             "output %y\n",
             "y = gelu(x)\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = scale(%x) scale=0.70710678\n"
             "%e = erf(%a)\n"
             "%g = scale(%e) bias=1\n"
             "%m = mul(%x, %g)\n"
             "%y = scale(%m) scale=0.5\n"
             "output %y\n",
             "y = gelu(x)\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = scale(%x) scale=0.70710678\n"
             "%e = erf(%a)\n"
             "%g = scale(%e) scale=0.5 bias=0.5\n"
             "%y = mul(%g, %x)\n"
             "output %y\n",
             "y = gelu(x)\n");
}

/* the cube as a power, and as a product of its own */
static void finds_tanh(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %three: f32[]={3}\n"
             "%p = pow(%x, %three)\n"
             "%q = scale(%p) scale=0.044715\n"
             "%r = add(%x, %q)\n"
             "%s = scale(%r) scale=0.7978845608\n"
             "%t = tanh(%s)\n"
             "%g = scale(%t) bias=1\n"
             "%h = mul(%x, %g)\n"
             "%y = scale(%h) scale=0.5\n"
             "output %y\n",
             "y = gelu(x) approximate=true\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%p = square(%x)\n"
             "%q = scale(%p) scale=0.0356774081 bias=0.7978845608\n"
             "%s = mul(%q, %x)\n"
             "%t = tanh(%s)\n"
             "%g = scale(%t) scale=0.5 bias=0.5\n"
             "%y = mul(%x, %g)\n"
             "output %y\n",
             "y = gelu(x) approximate=true\n");
}

/* other coefficients, another value, a result in between */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=0.7\n"
                             "%e = erf(%a)\n"
                             "%g = scale(%e) scale=0.5 bias=0.5\n"
                             "%y = mul(%g, %x)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=0.70710678\n"
                             "%e = erf(%a)\n"
                             "%g = scale(%e) scale=0.5 bias=0.25\n"
                             "%y = mul(%g, %x)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "input %z: f32[2x3]\n"
                             "%a = scale(%z) scale=0.70710678\n"
                             "%e = erf(%a)\n"
                             "%g = scale(%e) scale=0.5 bias=0.5\n"
                             "%y = mul(%g, %x)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=0.70710678\n"
                             "%e = erf(%a)\n"
                             "%g = scale(%e) scale=0.5 bias=0.5\n"
                             "%y = mul(%g, %x)\n"
                             "output %e\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_erf),
      cmocka_unit_test(finds_tanh),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_gelu", tests, NULL, NULL);
}
