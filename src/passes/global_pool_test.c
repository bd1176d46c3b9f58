/* Means of whole pictures are global pooling. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_global_pool;

static void writes_global_pooling(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x3x5x4]\n"
             "%p = adaptive_avg_pool(%x) size=1,1\n"
             "%q = adaptive_max_pool(%x) size=1,1\n"
             "output %p\n"
             "output %q\n",
             "p = avg_pool(x) global=true\n"
             "q = max_pool(x) global=true\n");
  pass_check(pass,
             "input %x: f32[1:2:4x3x5x4]\n"
             "%p = reduce_mean(%x) axes=2,3 keep_dims=true\n"
             "%q = reduce_max(%x) axes=-1,-2\n"
             "output %p\n"
             "output %q\n",
             "p = avg_pool(x) global=true\n"
             "q.5 = max_pool(x) global=true\n"
             "q = reshape(q.5) shape=0,3\n");
}

/* other axes, other sizes, no picture */
static void leaves_others(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[2x3x5x4]\n"
                             "%p = reduce_mean(%x) axes=1,2,3\n"
                             "%q = reduce_mean(%x) axes=3\n"
                             "%r = adaptive_avg_pool(%x) size=1,2\n"
                             "output %p\n"
                             "output %q\n"
                             "output %r\n");
  pass_check_unchanged(pass, "input %x: f32[2x3x5]\n"
                             "%p = reduce_mean(%x) axes=2\n"
                             "output %p\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_global_pooling),
      cmocka_unit_test(leaves_others),
  };
  return cmocka_run_group_tests_name("global_pool", tests, NULL, NULL);
}
