/* Borders of zeros before convolutions. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_merge_pad;

static void merges_borders(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:3x3x5x4]\n"
             "const %w: f32[2x3x3x3] ~normal:1\n"
             "const %b: f32[2] ~normal:2\n"
             "%p = pad(%x) pads=0,0,0,1,0,0,1,2\n"
             "%y = conv(%p, %w, %b) strides=2,2\n"
             "output %y\n",
             "y = conv(x, f32[2x3x3x3], f32[2]) strides=2,2 pads=0,1,1,2\n");
  pass_check(pass,
             "input %x: f32[2x4x6]\n"
             "const %w: f32[4x1x3] ~normal:1\n"
             "%p = pad(%x) pads=0,0,1,0,0,0\n"
             "%y = conv(%p, %w) pads=1 groups=4\n"
             "output %y\n",
             "y = conv(x, f32[4x1x3]) pads=2,1 groups=4\n");
}

/* another value, another mode, batch or channels, a crop, more than the filter spans, a second
 * reader, a computed window */
static void leaves_others(void **state) {
  (void)state;
  static const char *const pads[] = {
      "pads=0,0,1,1,0,0,1,1 value=1", "pads=0,0,1,1,0,0,1,1 mode=reflect",
      "pads=1,0,1,1,0,0,1,1",         "pads=0,0,-1,0,0,0,1,1",
      "pads=0,0,3,0,0,0,0,0",
  };
  for (size_t i = 0; i < sizeof pads / sizeof pads[0]; i++) {
    char text[400];
    (void)snprintf(text, sizeof text,
                   "input %%x: f32[2x3x5x4]\n"
                   "const %%w: f32[2x3x3x3] ~normal:1\n"
                   "%%p = pad(%%x) %s\n"
                   "%%y = conv(%%p, %%w)\n"
                   "output %%y\n",
                   pads[i]);
    pass_check_unchanged(pass, text);
  }
  pass_check_unchanged(pass, "input %x: f32[2x3x5x4]\n"
                             "const %w: f32[2x3x3x3] ~normal:1\n"
                             "%p = pad(%x) pads=0,0,1,1,0,0,1,1\n"
                             "%y = conv(%p, %w)\n"
                             "output %y\n"
                             "output %p\n");
  pass_check_unchanged(pass, "input %x: f32[2x3x5x4]\n"
                             "const %w: f32[2x3x3x3] ~normal:1\n"
                             "%p = pad(%x) pads=0,0,1,1,0,0,1,1\n"
                             "%y = conv(%p, %w) auto_pad=same\n"
                             "output %y\n");
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

/* zeros before a maximum, a window of nothing but border, a pooling that pads already */
static void leaves_other_poolings(void **state) {
  (void)state;
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
      cmocka_unit_test(poolings_pad),
      cmocka_unit_test(leaves_other_poolings),
      cmocka_unit_test(merges_borders),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("merge_pad", tests, NULL, NULL);
}
