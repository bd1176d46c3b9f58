/* Siblings that read one tensor become one wider node. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_horizontal;

/* with their activations */
static void merges_convolutions(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:3x3x4x4]\n"
             "const %w1: f32[4x3x1x1] ~normal:1\n"
             "const %w2: f32[5x3x1x1] ~normal:2\n"
             "const %w3: f32[2x3x1x1] ~normal:3\n"
             "const %b2: f32[5] ~normal:4\n"
             "%c1 = conv(%x, %w1)\n"
             "%c2 = conv(%x, %w2, %b2)\n"
             "%c3 = conv(%x, %w3)\n"
             "%r1 = relu(%c1)\n"
             "%r2 = relu(%c2)\n"
             "%r3 = relu(%c3)\n"
             "%p = max_pool(%r1) kernel=2,2\n"
             "%q = tanh(%r2)\n"
             "%s = tanh(%r3)\n"
             "output %p\n"
             "output %q\n"
             "output %s\n",
             "c1.wide = conv(x, f32[11x3x1x1], f32[11])\n"
             "r1.wide = relu(c1.wide)\n"
             "r1, r2, r3 = split(r1.wide) axis=1 sections=4,5,2\n"
             "p = max_pool(r1) kernel=2,2\n"
             "q = tanh(r2)\n"
             "s = tanh(r3)\n");
}

static void merges_matrix_products(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "const %w1: f32[4x2] ~normal:1\n"
             "const %w2: f32[4x3] ~normal:2\n"
             "%a = matmul(%x, %w1)\n"
             "%b = matmul(%x, %w2)\n"
             "%c = concat(%a, %b, %a) axis=2\n"
             "output %c\n",
             "a.wide = matmul(x, f32[4x5])\n"
             "a, b = split(a.wide) axis=-1 sections=2,3\n"
             "c = concat(a, b, a) axis=2\n");
  pass_check(pass,
             "input %x: f32[2x3x4]\n"
             "const %w1: f32[2x4] ~normal:1\n"
             "const %w2: f32[3x4] ~normal:2\n"
             "const %k: f32[2] ~normal:3\n"
             "%a = matmul(%x, %w1, %k) trans_y=true\n"
             "%b = matmul(%x, %w2) trans_y=true\n"
             "%c = concat(%a, %b) axis=2\n"
             "output %c\n",
             "a.wide = matmul(x, f32[5x4], f32[5]) trans_y=true\n"
             "a, b = split(a.wide) axis=-1 sections=2,3\n"
             "c = concat(a, b) axis=2\n");
}

/* strides, kernels, activations, groups */
static void leaves_what_differs(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x4x4x4]\n"
                             "const %w1: f32[4x4x1x1] ~normal:1\n"
                             "const %w2: f32[4x4x1x1] ~normal:2\n"
                             "const %w3: f32[4x4x3x3] ~normal:3\n"
                             "const %w4: f32[4x2x1x1] ~normal:4\n"
                             "%c1 = conv(%x, %w1)\n"
                             "%c2 = conv(%x, %w2) strides=2,2\n"
                             "%c3 = conv(%x, %w3)\n"
                             "%c4 = conv(%x, %w4) groups=2\n"
                             "%y1 = relu(%c1)\n"
                             "%y2 = relu(%c2)\n"
                             "%y3 = relu(%c3)\n"
                             "%y4 = relu(%c4)\n"
                             "output %y1\n"
                             "output %y2\n"
                             "output %y3\n"
                             "output %y4\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x4x4]\n"
                             "const %w1: f32[4x4x1x1] ~normal:1\n"
                             "const %w2: f32[4x4x1x1] ~normal:2\n"
                             "%c1 = conv(%x, %w1)\n"
                             "%c2 = conv(%x, %w2)\n"
                             "%y1 = relu(%c1)\n"
                             "%y2 = tanh(%c2)\n"
                             "%y = add(%y1, %y2)\n"
                             "output %y\n");
}

static void leaves_outputs_of_the_graph_and_weights_that_vary(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x4x4x4]\n"
                             "const %w1: f32[4x4x1x1] ~normal:1\n"
                             "const %w2: f32[4x4x1x1] ~normal:2\n"
                             "%c1 = conv(%x, %w1)\n"
                             "%c2 = conv(%x, %w2)\n"
                             "%y = add(%c1, %c2)\n"
                             "output %c1\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %x: f32[1x4x4x4]\n"
                             "input %w1: f32[4x4x1x1]\n"
                             "const %w2: f32[4x4x1x1] ~normal:2\n"
                             "%c1 = conv(%x, %w1)\n"
                             "%c2 = conv(%x, %w2)\n"
                             "%y = add(%c1, %c2)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges_convolutions),
      cmocka_unit_test(merges_matrix_products),
      cmocka_unit_test(leaves_what_differs),
      cmocka_unit_test(leaves_outputs_of_the_graph_and_weights_that_vary),
  };
  return cmocka_run_group_tests_name("horizontal", tests, NULL, NULL);
}
