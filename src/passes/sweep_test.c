/* Dead code goes, inputs and what outputs need stay. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_sweep;

static void removes_what_no_output_needs(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "input %unused: f32[1]\n"
             "const %k: f32[3]={1,2,3}\n"
             "%dead = add(%x, %k)\n"
             "%deader = relu(%dead)\n"
             "%y = relu(%x)\n"
             "output %y\n",
             "y = relu(x)\n");
}

static void keeps_what_one_of_several_outputs_needs(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x4]\n"
                             "%a, %b = split(%x) axis=1\n"
                             "%y = relu(%b)\n"
                             "output %y\n"
                             "output %x \"again\"\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(removes_what_no_output_needs),
      cmocka_unit_test(keeps_what_one_of_several_outputs_needs),
  };
  return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
