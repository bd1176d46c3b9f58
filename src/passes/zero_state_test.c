/* Zeros as initial states go, others stay. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_zero_state;

#define LAYER                                                                                      \
  "input %x: f32[3x1:2:4x5]\n"                                                                     \
  "const %w: f32[1x8x5] ~normal:1\n"                                                               \
  "const %r: f32[1x8x2] ~normal:2\n"

/* the ladder goes to the layer */
static void drops_filled_zeros(void **state) {
  (void)state;
  pass_check(pass,
             LAYER "const %one: i64[1]={1}\n"
                   "const %two: i64[1]={2}\n"
                   "%s = shape(%x)\n"
                   "%n = slice(%s) axes=0 starts=1 ends=2\n"
                   "%t = concat(%one, %n, %two)\n"
                   "%z = fill(%t)\n"
                   "%y, %h, %c = lstm(%x, %w, %r, -, %z, %z)\n"
                   "output %y\n",
             "y, h, c = lstm(x, f32[1x8x5], f32[1x8x2], -, -, -)\n");
}

/* as PaddleOCR's recognizers have them */
static void drops_slices_of_zeros(void **state) {
  (void)state;
  pass_check(pass,
             LAYER "const %four: i64[1]={4}\n"
                   "const %two: i64[1]={2}\n"
                   "%s = shape(%x)\n"
                   "%n = slice(%s) axes=0 starts=1 ends=2\n"
                   "%t = concat(%four, %n, %two)\n"
                   "%z = fill(%t)\n"
                   "%h0 = slice(%z) axes=0 starts=2 ends=3\n"
                   "%c0 = slice(%z) axes=0 starts=3 ends=4\n"
                   "%y, %h, %c = lstm(%x, %w, %r, -, %h0, %c0)\n"
                   "output %y\n",
             "y, h, c = lstm(x, f32[1x8x5], f32[1x8x2], -, -, -)\n");
}

static void drops_constant_zeros(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[3x1x5]\n"
             "input %c0: f32[1x1x2]\n"
             "const %w: f32[1x8x5] ~normal:1\n"
             "const %r: f32[1x8x2] ~normal:2\n"
             "const %z: f32[1x1x2]={0,0}\n"
             "%y, %h, %c = lstm(%x, %w, %r, -, %z, %c0)\n"
             "output %y\n",
             "y, h, c = lstm(x, f32[1x8x5], f32[1x8x2], -, -, c0)\n");
}

static void keeps_other_states(void **state) {
  (void)state;
  pass_check_unchanged(pass, LAYER "input %z: f32[1x1:2:4x2]\n"
                                   "%o = scale(%z) scale=0 bias=1\n"
                                   "%y, %h, %c = lstm(%x, %w, %r, -, %o, %z)\n"
                                   "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(drops_filled_zeros),
      cmocka_unit_test(drops_slices_of_zeros),
      cmocka_unit_test(drops_constant_zeros),
      cmocka_unit_test(keeps_other_states),
  };
  return cmocka_run_group_tests_name("zero_state", tests, NULL, NULL);
}
