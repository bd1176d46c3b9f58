/* x * clip(x + 3, 0, 6) / 6 and x * hard_sigmoid(x). */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_hard_swish;

static void finds_the_spellings(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = scale(%x) bias=3\n"
             "%c = clip(%a) min=0 max=6\n"
             "%m = mul(%x, %c)\n"
             "%y = scale(%m) scale=0.125\n"
             "output %y\n",
             "y = hard_swish(x) scale=8\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = scale(%x) bias=2\n"
             "%c = clip(%a) min=0 max=4\n"
             "%d = scale(%c) scale=0.25\n"
             "%y = mul(%d, %x)\n"
             "output %y\n",
             "y = hard_swish(x) threshold=4 scale=4 offset=2\n");
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "%a = hard_sigmoid(%x) alpha=0.25 beta=0.5\n"
             "%y = mul(%a, %x)\n"
             "output %y\n",
             "y = hard_swish(x) threshold=4 scale=4 offset=2\n");
}

/* clipped from elsewhere, another value, a slope, a result in between */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) bias=3\n"
                             "%c = clip(%a) min=-1 max=6\n"
                             "%y = mul(%x, %c)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "input %z: f32[2x3]\n"
                             "%a = hard_sigmoid(%z)\n"
                             "%y = mul(%x, %a)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = scale(%x) scale=2 bias=3\n"
                             "%c = clip(%a) min=0 max=6\n"
                             "%y = mul(%x, %c)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[2x3]\n"
                             "%a = hard_sigmoid(%x)\n"
                             "%y = mul(%x, %a)\n"
                             "output %y\n"
                             "output %a\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_spellings),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_hard_swish", tests, NULL, NULL);
}
