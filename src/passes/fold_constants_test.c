/* What is known at build time becomes a constant, unless the model would grow. */
#include "support/pass_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const scull_pass_t *const pass = &scull_pass_fold_constants;

/* the first user inherits what is folded */
static void folds_chains_of_constants(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[2x3]\n"
             "const %w: f32[3x4] ~normal:1\n"
             "%t = transpose(%w) perm=1,0\n"
             "%r = relu(%t)\n"
             "%y = matmul(%x, %r) trans_y=true\n"
             "output %y\n",
             "y = matmul(x, f32[4x3]) trans_y=true\n");
}

static void folds_shape_arithmetic_that_is_the_same_everywhere(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1:2:4x6x2]\n"
             "const %i: i64[2]={1,2}\n"
             "const %k: f32[1x1]={3}\n"
             "%s = shape(%x)\n"
             "%t = gather(%s, %i)\n"
             "%z = expand(%k, %t)\n"
             "%y = add(%x, %z)\n"
             "output %y\n",
             "y = add(x, f32[6x2])\n");
}

static void keeps_shapes_that_differ_between_points(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1:2:4x6]\n"
                             "input %k: f32[1x6]\n"
                             "%s = shape(%x)\n"
                             "%y = expand(%k, %s)\n"
                             "output %y\n");
}

/* 512 KiB out of four bytes */
static void keeps_what_would_grow(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[1x1]\n"
                             "const %k: f32[1x1]={3}\n"
                             "%z = expand(%k) shape=256,512\n"
                             "%y = add(%x, %z)\n"
                             "output %y\n");
}

/* 64 KiB */
static void folds_what_stays_small(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x1]\n"
             "const %k: f32[1x1]={3}\n"
             "%z = expand(%k) shape=128,128\n"
             "%y = add(%x, %z)\n"
             "output %y\n",
             "y = add(x, f32[128x128])\n");
}

/* their users see the node, not a copy */
static void keeps_outputs_of_the_graph(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[3]\n"
                             "const %k: f32[3]={1,-2,3}\n"
                             "%r = relu(%k)\n"
                             "%y = add(%x, %r)\n"
                             "output %r\n"
                             "output %y\n");
}

static void keeps_what_depends_on_inputs(void **state) {
  (void)state;
  pass_check_unchanged(pass, "input %x: f32[3]\n"
                             "const %k: f32[3]={1,-2,3}\n"
                             "%y = add(%x, %k)\n"
                             "output %y\n");
}

/* 48 KiB that are known, since the maps' extents are */
static void folds_what_types_decide(void **state) {
  (void)state;
  pass_check(pass,
             "input %x: f32[1x8x32x32]\n"
             "input %p: f32[1x3x64x64]\n"
             "%r = relu(%x)\n"
             "%a, %v = prior_box(%r, %p) min_sizes=4,8,16\n"
             "%y = add(%a, %v)\n"
             "output %r\n"
             "output %y\n",
             "r = relu(x)\ny = add(f32[32x32x3x4], f32[32x32x3x4])\n");
  pass_check_unchanged(pass, "input %x: f32[1x8x32:40:64x32]\n"
                             "input %p: f32[1x3x64x64]\n"
                             "%r = relu(%x)\n"
                             "%a, %v = prior_box(%r, %p) min_sizes=4,8,16\n"
                             "%y = add(%a, %v)\n"
                             "output %r\n"
                             "output %y\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folds_what_types_decide),
      cmocka_unit_test(folds_chains_of_constants),
      cmocka_unit_test(folds_shape_arithmetic_that_is_the_same_everywhere),
      cmocka_unit_test(keeps_shapes_that_differ_between_points),
      cmocka_unit_test(keeps_what_would_grow),
      cmocka_unit_test(folds_what_stays_small),
      cmocka_unit_test(keeps_outputs_of_the_graph),
      cmocka_unit_test(keeps_what_depends_on_inputs),
  };
  return cmocka_run_group_tests_name("fold_constants", tests, NULL, NULL);
}
