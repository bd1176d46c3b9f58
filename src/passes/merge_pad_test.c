/* Borders go into the convolution or pooling behind them. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_merge_pad;

static void convolutions_pad(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x5x4]\n"
             "const %w: f32[2x3x3x3] ~normal:1\n"
             "%p = pad(%x) pads=0,0,1,0,0,0,2,1\n"
             "%y = conv(%p, %w, -) strides=2,1\n"
             "%q = pad(%x) pads=0,0,0,0,0,0,1,1\n"
             "%z = conv(%q, %w, -) pads=1,2\n"
             "output %y\n"
             "output %z\n",
             "y = conv(x, f32[2x3x3x3]) strides=2,1 pads=1,0,2,1\n"
             "z = conv(x, f32[2x3x3x3]) pads=1,2,2,3\n");
}

static void poolings_pad(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x5x6]\n"
             "%p = pad(%x) pads=0,0,1,1,0,0,1,1\n"
             "%y = avg_pool(%p) kernel=3,3 strides=2,2 pads=0,0,0,0\n"
             "%q = pad(%x) pads=0,0,0,1,0,0,1,0 value=-inf\n"
             "%z = max_pool(%q) kernel=2,3 strides=2,1\n"
             "output %y\n"
             "output %z\n",
             "y = avg_pool(x) kernel=3,3 strides=2,2 pads=1,1,1,1 include_pad=true\n"
             "z = max_pool(x) kernel=2,3 strides=2,1 pads=0,1,1,0\n");
}

/* other numbers, other axes, crops, other modes, borders that others read */
static void leaves_other_borders(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3x5x4]\n"
                             "const %w: f32[2x3x3x3] ~normal:1\n"
                             "const %v: f32[2x4x1x1] ~normal:2\n"
                             "%p = pad(%x) pads=0,0,1,1,0,0,1,1 value=1\n"
                             "%y = conv(%p, %w, -)\n"
                             "%q = pad(%x) pads=0,1,0,0,0,0,0,0\n"
                             "%z = conv(%q, %v, -)\n"
                             "%r = pad(%x) pads=0,0,-1,1,0,0,0,0\n"
                             "%u = conv(%r, %w, -)\n"
                             "%s = pad(%x) pads=0,0,1,1,0,0,1,1 mode=edge\n"
                             "%t = conv(%s, %w, -)\n"
                             "%o = pad(%x) pads=0,0,1,1,0,0,1,1\n"
                             "%k = conv(%o, %w, -)\n"
                             "output %y\n"
                             "output %z\n"
                             "output %u\n"
                             "output %t\n"
                             "output %k\n"
                             "output %o\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x5x4]\n"
                             "%p = pad(%x) pads=0,0,1,1,0,0,1,1\n"
                             "%y = max_pool(%p) kernel=3,3\n"
                             "%q = pad(%x) pads=0,0,3,0,0,0,0,0\n"
                             "%z = avg_pool(%q) kernel=3,3\n"
                             "%r = pad(%x) pads=0,0,1,0,0,0,0,0\n"
                             "%u = avg_pool(%r) kernel=3,3 pads=1,1\n"
                             "output %y\n"
                             "output %z\n"
                             "output %u\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(convolutions_pad),
      cmocka_unit_test(poolings_pad),
      cmocka_unit_test(leaves_other_borders),
  };
  return cmocka_run_group_tests_name("merge_pad", tests, NULL, NULL);
}
