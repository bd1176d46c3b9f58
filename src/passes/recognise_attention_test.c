/* softmax(q k^T * scale + mask) v, with the scale anywhere. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_recognise_attention;

static void finds_it(void **state) {
  (void)state;
  pass_check(pass,
             "input %q: f32[1:2:4x2x5x4]\n"
             "input %k: f32[1:2:4x2x6x4]\n"
             "input %v: f32[1:2:4x2x6x3]\n"
             "%s = matmul(%q, %k) trans_y=true\n"
             "%t = scale(%s) scale=0.5\n"
             "%p = softmax(%t) axis=-1\n"
             "%y = matmul(%p, %v)\n"
             "output %y\n",
             "y = attention(q, k, v) scale=0.5\n");
  pass_check(pass,
             "input %q: f32[1:2:4x2x5x4]\n"
             "input %k: f32[1:2:4x2x6x4]\n"
             "input %v: f32[1:2:4x2x6x3]\n"
             "input %mask: f32[5x6]\n"
             "%u = scale(%q) scale=0.5\n"
             "%w = scale(%k) scale=0.5\n"
             "%s = matmul(%u, %w) trans_y=true\n"
             "%m = add(%mask, %s)\n"
             "%p = softmax(%m) axis=3\n"
             "%y = matmul(%p, %v)\n"
             "output %y\n",
             "y = attention(q, k, v, mask) scale=0.25\n");
}

/* composed with the transpose that is there */
static void swaps_a_transposed_key(void **state) {
  (void)state;
  pass_check(pass,
             "input %q: f32[2x2x5x4]\n"
             "input %k: f32[2x2x4x6]\n"
             "input %v: f32[2x2x6x3]\n"
             "%s = matmul(%q, %k)\n"
             "%p = softmax(%s)\n"
             "%y = matmul(%p, %v)\n"
             "output %y\n",
             "k.k = transpose(k) perm=0,1,3,2\n"
             "y = attention(q, k.k, v)\n");
  pass_check(pass,
             "input %q: f32[2x2x5x4]\n"
             "input %k: f32[2x6x2x4]\n"
             "input %v: f32[2x2x6x3]\n"
             "%t = transpose(%k) perm=0,2,3,1\n"
             "%s = matmul(%q, %t)\n"
             "%p = softmax(%s)\n"
             "%y = matmul(%p, %v)\n"
             "output %y\n",
             "t.k = transpose(k) perm=0,2,1,3\n"
             "y = attention(q, t.k, v)\n");
}

/* another axis, a bias, a broadcast batch, scores that are wanted, three axes */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %q: f32[1:2:4x2x5x4]\n"
                             "input %k: f32[1:2:4x2x6x4]\n"
                             "input %v: f32[1:2:4x2x6x3]\n"
                             "%s = matmul(%q, %k) trans_y=true\n"
                             "%p = softmax(%s) axis=2\n"
                             "%y = matmul(%p, %v)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %q: f32[1:2:4x2x5x4]\n"
                             "input %k: f32[1:2:4x2x6x4]\n"
                             "input %v: f32[1:2:4x2x6x3]\n"
                             "%s = matmul(%q, %k) trans_y=true\n"
                             "%t = scale(%s) scale=0.5 bias=1\n"
                             "%p = softmax(%t)\n"
                             "%y = matmul(%p, %v)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %q: f32[2x2x5x4]\n"
                             "input %k: f32[1x2x6x4]\n"
                             "input %v: f32[2x2x6x3]\n"
                             "%s = matmul(%q, %k) trans_y=true\n"
                             "%p = softmax(%s)\n"
                             "%y = matmul(%p, %v)\n"
                             "output %y\n");
  pass_check_unchanged(pass, "input %q: f32[1:2:4x2x5x4]\n"
                             "input %k: f32[1:2:4x2x6x4]\n"
                             "input %v: f32[1:2:4x2x6x3]\n"
                             "%s = matmul(%q, %k) trans_y=true\n"
                             "%p = softmax(%s)\n"
                             "%y = matmul(%p, %v)\n"
                             "output %y\n"
                             "output %p\n");
  pass_check_unchanged(pass, "input %q: f32[2x5x4]\n"
                             "input %k: f32[2x6x4]\n"
                             "input %v: f32[2x6x3]\n"
                             "%s = matmul(%q, %k) trans_y=true\n"
                             "%p = softmax(%s)\n"
                             "%y = matmul(%p, %v)\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_it),
      cmocka_unit_test(swaps_a_transposed_key),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("recognise_attention", tests, NULL, NULL);
}
