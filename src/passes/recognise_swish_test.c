/* x * sigmoid(beta * x). */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_swish;

static void finds_both_orders(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%s = sigmoid(%x)\n"
             "%y = mul(%x, %s)\n"
             "output %y\n",
             "y = swish(x)\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%b = scale(%x) scale=1.5\n"
             "%s = sigmoid(%b)\n"
             "%y = mul(%s, %x)\n"
             "output %y\n",
             "y = swish(x) beta=1.5\n");
}

/* of another value, with a bias, broadcast, needed elsewhere */
static void leaves_other_gates(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "input %z: f32[2x3]\n"
                             "%s = sigmoid(%z)\n"
                             "%y = mul(%x, %s)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%b = scale(%x) scale=1.5 bias=1\n"
                             "%s = sigmoid(%b)\n"
                             "%y = mul(%s, %x)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%s = sigmoid(%x)\n"
                             "%y = mul(%x, %s)\n"
                             "output %y\n"
                             "output %s\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%s = sigmoid(%x)\n"
                             "%y = mul(%x, %s)\n"
                             "%z = tanh(%s)\n"
                             "output %y\n"
                             "output %z\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_both_orders),
      cmocka_unit_test(leaves_other_gates),
  };
  return cmocka_run_group_tests_name("recognise_swish", tests, NULL, NULL);
}
