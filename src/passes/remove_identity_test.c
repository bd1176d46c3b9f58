/* Nodes that change nothing, in all their disguises, and those that only look so. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_remove_identity;

static void removes_plain_identities(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "%a = identity(%x)\n"
             "%b = cast(%a) to=f32\n"
             "%c = scale(%b) scale=1 bias=0\n"
             "%d = concat(%c) axis=1\n"
             "%e = relu(%d)\n"
             "output %e\n",
             "e = relu(x)\n");
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "%a = relu(%x)\n"
             "%b = split(%a) axis=1\n"
             "%c = pad(%b) pads=0,0,0,0,0,0\n"
             "%d = slice(%c) axes=0,2 starts=0,0 ends=2,100\n"
             "%e = expand(%d) shape=2,-1,4\n"
             "%f = tile(%e) repeats=1,1,1\n"
             "output %f\n",
             "f = relu(x)\n");
  pass_check(pass,
             "input %x: f32[1x3x4x4]\n"
             "%a = adaptive_avg_pool(%x) size=4,4\n"
             "%y = relu(%a)\n"
             "output %y\n",
             "y = relu(x)\n");
}

static void asks_every_point(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3]\n"
             "%a = relu(%x)\n"
             "%b = reshape(%a) shape=-1,3\n"
             "%c = slice(%b) axes=1 starts=0 ends=3\n"
             "%d = tanh(%c)\n"
             "output %d\n",
             "a = relu(x)\n"
             "d = tanh(a)\n");
  pass_check_unchanged(pass, "input %x: f32[1:2:4x3]\n"
                             "%a = slice(%x) axes=0 starts=0 ends=3\n"
                             "%b = tanh(%a)\n"
                             "output %b\n");
}

static void keeps_what_changes_something(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[3x3]\n"
                             "%a = slice(%x) axes=0 starts=-1 ends=-100 steps=-1\n"
                             "%b = transpose(%a)\n"
                             "%c = scale(%b) scale=1 bias=0.5\n"
                             "%d = cast(%c) to=f64\n"
                             "%e = pad(%d) pads=1,0,-1,0\n"
                             "output %e\n");
  pass_check_unchanged(pass, "input %x: f32[1x3x4x4]\n"
                             "%y = adaptive_avg_pool(%x) size=2,2\n"
                             "output %y\n");
}

/* somebody has to copy */
static void leaves_a_node_between_input_and_output(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[3]\n"
                             "%y = identity(%x)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[3]\n"
                             "%a = relu(%x)\n"
                             "%y = identity(%a)\n"
                             "output %a\n"
                             "output %y\n");
}

static void passes_the_name_of_an_output_on(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[3]\n"
             "%a = relu(%x)\n"
             "%b = tanh(%a)\n"
             "%y = identity(%a)\n"
             "output %y\n"
             "output %b\n",
             "y = relu(x)\n"
             "b = tanh(y)\n");
}

static void merges_views(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x12]\n"
             "%a = reshape(%x) shape=2,3,4\n"
             "%b = flatten(%a) start=0 stop=1\n"
             "%c = unsqueeze(%b) axes=0\n"
             "%y = relu(%c)\n"
             "output %y\n",
             "c = reshape(x) shape=1,6,4\n"
             "y = relu(c)\n");
  pass_check(pass,
             "input %x: f32[1:2:4x3x1x1]\n"
             "%a = squeeze(%x) axes=2,3\n"
             "%b = unsqueeze(%a) axes=2,3\n"
             "%y = relu(%b)\n"
             "output %y\n",
             "y = relu(x)\n");
  pass_check(pass,
             "input %x: f32[1:2:4x6]\n"
             "%a = reshape(%x) shape=0,2,3\n"
             "%b = reshape(%a) shape=-1,3\n"
             "%y = relu(%b)\n"
             "output %y\n",
             "b = reshape(x) shape=-1,3\n"
             "y = relu(b)\n");
}

/* two dims vary and move */
static void keeps_views_that_one_reshape_cannot_say(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1:2:4x1:3:6x5]\n"
                             "%a = reshape(%x) shape=1,0,-1,5\n"
                             "%b = transpose(%a) perm=0,2,1,3\n"
                             "%y = relu(%b)\n"
                             "output %y\n");
}

static void merges_transposes(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "%a = transpose(%x) perm=1,2,0\n"
             "%b = transpose(%a) perm=2,0,1\n"
             "%y = relu(%b)\n"
             "output %y\n",
             "y = relu(x)\n");
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "%a = transpose(%x) perm=1,2,0\n"
             "%b = transpose(%a) perm=1,0,2\n"
             "%y = relu(%b)\n"
             "%z = tanh(%a)\n"
             "output %y\n"
             "output %z\n",
             "a = transpose(x) perm=1,2,0\n"
             "z = tanh(a)\n"
             "b = transpose(x) perm=2,1,0\n"
             "y = relu(b)\n");
}

static void makes_views_of_transposes_that_move_ones(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x1x4]\n"
             "%a = transpose(%x) perm=0,2,1,3\n"
             "%y = relu(%a)\n"
             "output %y\n",
             "a = reshape(x) shape=2,1,3,4\n"
             "y = relu(a)\n");
  pass_check_unchanged(pass, "input %x: f32[1:2:4x3]\n"
                             "%a = transpose(%x) perm=1,0\n"
                             "%y = relu(%a)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(removes_plain_identities),
      cmocka_unit_test(asks_every_point),
      cmocka_unit_test(keeps_what_changes_something),
      cmocka_unit_test(leaves_a_node_between_input_and_output),
      cmocka_unit_test(passes_the_name_of_an_output_on),
      cmocka_unit_test(merges_views),
      cmocka_unit_test(keeps_views_that_one_reshape_cannot_say),
      cmocka_unit_test(merges_transposes),
      cmocka_unit_test(makes_views_of_transposes_that_move_ones),
  };
  return cmocka_run_group_tests_name("remove_identity", tests, NULL, NULL);
}
