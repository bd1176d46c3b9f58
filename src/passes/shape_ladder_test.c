/* Computed shapes become attributes. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_shape_ladder;

static void moves_constants_into_attributes(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x6]\n"
             "const %s: i64[3]={0,2,-1}\n"
             "const %b: i32[1]={1}\n"
             "const %e: i32[1]={3}\n"
             "%r = reshape(%x, %s)\n"
             "%y = slice(%r, %b, %e) axes=2\n"
             "output %y\n",
             "r = reshape(x) shape=0,2,-1\n"
             "y = slice(r) axes=2 starts=1 ends=3\n");
  pass_check(pass,
             "input %x: f32[2x1]\n"
             "const %s: i64[2]={2,3}\n"
             "const %t: i64[2]={1,2}\n"
             "const %p: i64[4]={0,1,0,1}\n"
             "%a = expand(%x, %s)\n"
             "%b = tile(%a, %t)\n"
             "%y = pad(%b, %p)\n"
             "output %y\n",
             "a = expand(x) shape=2,3\n"
             "b = tile(a) repeats=1,2\n"
             "y = pad(b) pads=0,1,0,1\n");
  pass_check(pass,
             "input %x: f32[1:2:4x2x3x3]\n"
             "const %s: i32[2]={6,5}\n"
             "%y = resize(%x, %s) mode=linear\n"
             "output %y\n",
             "y = resize(x) size=6,5 mode=linear\n");
}

/* the ladder goes to the reshape */
static void writes_a_varying_batch_as_zero_or_what_is_left(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x6x5]\n"
             "const %rest: i64[1]={30}\n"
             "%s = shape(%x)\n"
             "%n = slice(%s) axes=0 starts=0 ends=1\n"
             "%t = concat(%n, %rest)\n"
             "%y = reshape(%x, %t)\n"
             "output %y\n",
             "y = reshape(x) shape=0,30\n");
  pass_check(pass,
             "input %x: f32[1:2:4x6x5]\n"
             "const %six: i64[1]={6}\n"
             "const %five: i64[1]={5}\n"
             "%s = shape(%x)\n"
             "%n = slice(%s) axes=0 starts=0 ends=1\n"
             "%m = mul(%n, %six)\n"
             "%t = concat(%m, %five)\n"
             "%y = reshape(%x, %t)\n"
             "output %y\n",
             "y = reshape(x) shape=-1,5\n");
  pass_check(pass,
             "input %x: f32[1:2:4x1]\n"
             "const %three: i64[1]={3}\n"
             "%s = shape(%x)\n"
             "%n = slice(%s) axes=0 starts=0 ends=1\n"
             "%t = concat(%n, %three)\n"
             "%y = expand(%x, %t)\n"
             "output %y\n",
             "y = expand(x) shape=-1,3\n");
}

static void leaves_what_an_attribute_cannot_say(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3]\n"
                             "input %z: f32[1:2:4x2]\n"
                             "const %three: i64[1]={3}\n"
                             "%s = shape(%z)\n"
                             "%n = slice(%s) axes=0 starts=0 ends=1\n"
                             "%t = concat(%n, %three)\n"
                             "%y = expand(%x, %t)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moves_constants_into_attributes),
      cmocka_unit_test(writes_a_varying_batch_as_zero_or_what_is_left),
      cmocka_unit_test(leaves_what_an_attribute_cannot_say),
  };
  return cmocka_run_group_tests_name("shape_ladder", tests, NULL, NULL);
}
