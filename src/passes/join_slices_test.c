/* Slices that are parts of one tensor are one split. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_join_slices;

/* as Paddle writes q, k and v: in any order, the last end far behind the extent */
static void joins_parts(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[3x1:2:4x5]\n"
             "%q = slice(%x) axes=0 starts=0 ends=1\n"
             "%v = slice(%x) axes=-3 starts=-1 ends=2147483647\n"
             "%k = slice(%x) axes=0 starts=1 ends=2 steps=1\n"
             "%a = mul(%q, %k)\n"
             "%y = add(%a, %v)\n"
             "output %y\n",
             "q, k, v = split(x) sections=1,1,1\n"
             "a = mul(q, k)\n"
             "y = add(a, v)\n");
}

/* the tensor has another reader, the parts differ and one is an output */
static void joins_halves(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x5]\n"
             "%l = slice(%x) axes=1 starts=0 ends=2\n"
             "%r = slice(%x) axes=1 starts=2 ends=5\n"
             "%s = sigmoid(%x)\n"
             "%t = slice(%x) axes=0 starts=0 ends=1\n"
             "output %l\n"
             "output %r\n"
             "output %s\n"
             "output %t\n",
             "s = sigmoid(x)\n"
             "t = slice(x) axes=0 starts=0 ends=1\n"
             "l, r = split(x) axis=1 sections=2,3\n");
}

/* a gap, an overlap, the same part twice, a step, an axis that varies, one part alone */
static void leaves_others(void **state) {
  (void)state;
#define TWO(x, a, b)                                                                               \
  "input %x: " x "\n%p = slice(%x) " a "\n%q = slice(%x) " b "\noutput %p\noutput %q\n"
  pass_check_unchanged(pass, TWO("f32[5]", "axes=0 starts=0 ends=2", "axes=0 starts=3 ends=5"));
  pass_check_unchanged(pass, TWO("f32[5]", "axes=0 starts=0 ends=3", "axes=0 starts=2 ends=5"));
  pass_check_unchanged(pass, TWO("f32[4]", "axes=0 starts=0 ends=2", "axes=0 starts=0 ends=2"));
  pass_check_unchanged(
      pass, TWO("f32[4]", "axes=0 starts=0 ends=4 steps=2", "axes=0 starts=1 ends=4 steps=2"));
  pass_check_unchanged(pass,
                       TWO("f32[2:4:6x3]", "axes=0 starts=0 ends=1", "axes=0 starts=1 ends=9"));
  pass_check_unchanged(pass, TWO("f32[4x4]", "axes=0 starts=0 ends=2", "axes=1 starts=2 ends=4"));
#undef TWO
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(joins_parts),
      cmocka_unit_test(joins_halves),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("join_slices", tests, NULL, NULL);
}
