/* A concat of slices with steps is space-to-depth. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_focus;

#define PART_TO(end, name, row, column)                                                            \
  "%" name " = slice(%x) axes=2,3 starts=" row "," column " ends=" end "," end " steps=2,2\n"
#define PART(name, row, column) PART_TO("999", name, row, column)

/* one slice a part, rows first */
static void finds_rows_first(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x6x10]\n" PART("a", "0", "0") PART("b", "0", "1")
                 PART("c", "1", "0") PART("d", "1", "1") "%y = concat(%a, %b, %c, %d) axis=1\n"
                                                         "output %y\n",
             "y = space_to_depth(x) factor=2 order=dcr\n");
}

/* two slices a part, the first shared, columns first: as YOLOX is exported */
static void finds_columns_first(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x3x4:8:16x10]\n"
             "%r = slice(%x) axes=2 starts=0 ends=999 steps=2\n"
             "%s = slice(%x) axes=-2 starts=1 ends=999 steps=2\n"
             "%a = slice(%r) axes=3 starts=0 ends=999 steps=2\n"
             "%b = slice(%s) axes=3 starts=0 ends=999 steps=2\n"
             "%c = slice(%r) axes=3 starts=1 ends=999 steps=2\n"
             "%d = slice(%s) axes=3 starts=1 ends=999 steps=2\n"
             "%y = concat(%a, %b, %c, %d) axis=-3\n"
             "output %y\n",
             "y = space_to_depth(x) factor=2 order=columns\n");
}

/* another order, a part twice, an end before the last pixel, three parts */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x3x6x10]\n" PART("a", "1", "1") PART("b", "0", "1")
                                 PART("c", "1", "0")
                                     PART("d", "0", "0") "%y = concat(%a, %b, %c, %d) axis=1\n"
                                                         "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x6x10]\n" PART("a", "0", "0")
                                 PART("b", "0", "1") "%y = concat(%a, %b, %b, %a) axis=1\n"
                                                     "output %y\n");
  pass_check_unchanged(pass,
                       "input %x: f32[1x3x6x100:110:120]\n" PART_TO("98", "a", "0", "0")
                           PART_TO("98", "b", "0", "1") PART_TO("98", "c", "1", "0")
                               PART_TO("98", "d", "1", "1") "%y = concat(%a, %b, %c, %d) axis=1\n"
                                                            "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x6x10]\n" PART("a", "0", "0") PART("b", "0", "1")
                                 PART("c", "1", "0") "%y = concat(%a, %b, %c) axis=1\n"
                                                     "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_rows_first),
      cmocka_unit_test(finds_columns_first),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_focus", tests, NULL, NULL);
}
