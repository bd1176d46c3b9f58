/* Channel shuffle, pixel shuffle and space-to-depth, spelled in small operators. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_shuffle;

#define SPELLED(x, middle, perm, y)                                                                \
  "input %x: " x "\n%m = reshape(%x) shape=" middle "\n%t = transpose(%m) perm=" perm              \
  "\n%y = reshape(%t) shape=" y "\noutput %y\n"

static void finds_channel_shuffle(void **state) {
  (void)state;
  pass_check(pass, SPELLED("f32[1:2:3x6x4x5]", "0,3,2,4,5", "0,2,1,3,4", "0,6,4,5"),
             "y = channel_shuffle(x) groups=3\n");
  /* the pixels as one axis, and sizes that vary */
  pass_check(pass, SPELLED("f32[2x6x2:4:8x5]", "2,2,3,-1", "0,2,1,3", "2,6,-1,5"),
             "y = channel_shuffle(x) groups=2\n");
}

static void finds_pixel_shuffle(void **state) {
  (void)state;
  pass_check(pass, SPELLED("f32[2x12x3x5]", "2,3,2,2,3,5", "0,1,4,2,5,3", "2,3,6,10"),
             "y = pixel_shuffle(x) factor=2\n");
  pass_check(pass, SPELLED("f32[1x18x3x5]", "1,3,3,2,3,5", "0,3,4,1,5,2", "1,2,9,15"),
             "y = pixel_shuffle(x) factor=3 order=dcr\n");
  pass_check(pass, SPELLED("f32[1:2:4x8x3x5]", "0,2,2,2,3,5", "0,3,4,2,5,1", "0,2,6,10"),
             "y = pixel_shuffle(x) factor=2 order=columns\n");
}

static void finds_space_to_depth(void **state) {
  (void)state;
  pass_check(pass, SPELLED("f32[2x3x6x10]", "2,3,3,2,5,2", "0,1,3,5,2,4", "2,12,3,5"),
             "y = space_to_depth(x) factor=2\n");
  pass_check(pass, SPELLED("f32[2x3x6x10]", "2,3,3,2,5,2", "0,3,5,1,2,4", "2,12,3,5"),
             "y = space_to_depth(x) factor=2 order=dcr\n");
  pass_check(pass, SPELLED("f32[1:2:4x3x6x10]", "0,3,3,2,5,2", "0,5,3,1,2,4", "0,12,3,5"),
             "y = space_to_depth(x) factor=2 order=columns\n");
}

/* another order of dims, squares that are none, a middle that others read, a batch that takes part
 */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, SPELLED("f32[2x6x4x5]", "2,3,2,4,5", "0,1,2,4,3", "2,6,5,4"));
  pass_check_unchanged(pass, SPELLED("f32[2x18x3x5]", "2,3,2,3,3,5", "0,1,4,2,5,3", "2,3,6,15"));
  pass_check_unchanged(pass, SPELLED("f32[2x6x4x5]", "4,3,1,4,5", "0,2,1,3,4", "2,6,4,5"));
  pass_check_unchanged(pass, "input %x: f32[2x6x4x5]\n"
                             "%m = reshape(%x) shape=2,3,2,4,5\n"
                             "%t = transpose(%m) perm=0,2,1,3,4\n"
                             "%y = reshape(%t) shape=2,6,4,5\n"
                             "%z = relu(%m)\n"
                             "output %y\n"
                             "output %z\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_channel_shuffle),
      cmocka_unit_test(finds_pixel_shuffle),
      cmocka_unit_test(finds_space_to_depth),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_shuffle", tests, NULL, NULL);
}
