/* PReLU with one slope. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_leaky_relu;

static void takes_one_slope(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x5]\n"
             "const %s: f32[1]={0.25}\n"
             "const %t: f32[3x1]={0.5,0.5,0.5}\n"
             "%a = prelu(%x, %s)\n"
             "%y = prelu(%a, %t)\n"
             "output %y\n",
             "a = leaky_relu(x) alpha=0.25\n"
             "y = leaky_relu(a) alpha=0.5\n");
}

/* slopes that differ, a slope that is computed, no channels at all */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "const %s: f32[3]={0.25,0.25,0.5}\n"
                             "%y = prelu(%x, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "input %s: f32[1]\n"
                             "%y = prelu(%x, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x0]\n"
                             "const %s: f32[0]={}\n"
                             "%y = prelu(%x, %s)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_one_slope),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_leaky_relu", tests, NULL, NULL);
}
