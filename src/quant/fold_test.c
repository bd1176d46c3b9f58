/* A model's own scales: what pairs of quantize and dequantize become, and what stays as it is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quant/place.h"
#include "support/net.h"
#include "support/pass_check.h"

/* Folds a graph in text; the nodes that are left must be `after`. */
static scull_fold_result_t fold(net_t *net, const char *text, const char *after) {
  scull_fold_result_t result;
  scull_text_t lines = {0};
  net_open(net, text, "null");
  assert_int_equal(scull_quant_fold(net->graph, &result), SCULL_OK);
  assert_int_equal(scull_graph_verify(net->graph), SCULL_OK);
  pass_check_skeleton(net->graph, &lines);
  assert_string_equal(scull_base_text_get(&lines), after);
  scull_base_text_deinit(&lines);
  return result;
}

static const scull_quant_t *quant_of(const net_t *net, const char *value) {
  return scull_graph_value(net->graph, net_value(net, value))->quant;
}

static void a_pair_becomes_a_scale(void **state) {
  (void)state;
  net_t net;
  const scull_fold_result_t r =
      fold(&net,
           "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %z: i8[1]={0}\n"
           "%q = quantize_linear(%x, %s, %z)\n%d = dequantize_linear(%q, %s, %z)\n"
           "%y = sigmoid(%d)\noutput %y\n",
           "y = sigmoid(x)\n");
  assert_int_equal(r.folded, 1);
  assert_int_equal(r.left, 0);
  assert_int_equal(quant_of(&net, "x")->dtype, SCULL_DTYPE_I8);
  assert_true(quant_of(&net, "x")->scales[0] == 0.5f);
  net_close(&net);
}

static void a_type_without_negatives_cuts_them_off(void **state) {
  (void)state;
  net_t net;
  fold(&net,
       "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %z: u8[1]={0}\n%a = neg(%x)\n"
       "%q = quantize_linear(%a, %s, %z)\n%d = dequantize_linear(%q, %s, %z)\n"
       "%e = dequantize_linear(%q, %s, %z)\n%y = add(%d, %e)\noutput %y\n",
       "a = neg(x)\nd = clip(a) min=0 max=127.5\ny = add(d, d)\n");
  assert_int_equal(quant_of(&net, "d")->dtype, SCULL_DTYPE_U8);
  assert_null(quant_of(&net, "a"));
  net_close(&net);
  fold(&net,
       "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %z: i8[1]={-128}\n%a = relu(%x)\n"
       "%q = quantize_linear(%a, %s, %z)\n%d = dequantize_linear(%q, %s, %z)\n"
       "%y = sigmoid(%d)\noutput %y\n",
       "a = relu(x)\ny = sigmoid(a)\n");
  assert_int_equal(quant_of(&net, "a")->dtype, SCULL_DTYPE_U8);
  net_close(&net);
}

static void whole_numbers_may_be_moved_about(void **state) {
  (void)state;
  net_t net;
  fold(&net,
       "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %z: u8[1]={128}\n"
       "%q = quantize_linear(%x, %s, %z)\n%r = reshape(%q) shape=4,64\n"
       "%t = transpose(%r) perm=1,0\n%d = dequantize_linear(%t, %s, %z)\n"
       "%y = sigmoid(%d)\noutput %y\n",
       "d.8 = reshape(x) shape=4,64\nd = transpose(d.8) perm=1,0\ny = sigmoid(d)\n");
  assert_int_equal(quant_of(&net, "x")->dtype, SCULL_DTYPE_I8);
  net_close(&net);
}

/* A zero point that storage has not: near the middle a symmetric range will do, else it stays
 * float. */
static void other_zero_points(void **state) {
  (void)state;
  net_t net;
  static const char text[] =
      "input %%x: f32[1x4x8x8]\nconst %%s: f32[1]={0.5}\nconst %%z: u8[1]={%d}\n"
      "%%q = quantize_linear(%%x, %%s, %%z)\n%%d = dequantize_linear(%%q, %%s, %%z)\n"
      "%%y = sigmoid(%%d)\noutput %%y\n";
  char near[512], far[512];
  snprintf(near, sizeof near, text, 120);
  snprintf(far, sizeof far, text, 40);
  assert_int_equal(fold(&net, near, "y = sigmoid(x)\n").asymmetric, 1);
  assert_true(fabsf(quant_of(&net, "x")->scales[0] - 0.5f * 135 / 127) < 1e-6f);
  net_close(&net);
  assert_int_equal(fold(&net, far, "y = sigmoid(x)\n").asymmetric, 1);
  assert_null(quant_of(&net, "x"));
  net_close(&net);
}

static void what_is_wanted_unrounded_stays(void **state) {
  (void)state;
  net_t net;
  static const char also[] =
      "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %z: i8[1]={0}\n"
      "%q = quantize_linear(%x, %s, %z)\n%d = dequantize_linear(%q, %s, %z)\n"
      "%y = add(%d, %x)\noutput %y\n";
  static const char unequal[] =
      "input %x: f32[1x4x8x8]\nconst %s: f32[1]={0.5}\nconst %t: f32[1]={0.25}\n"
      "%q = quantize_linear(%x, %s) to=i8\n%d = dequantize_linear(%q, %t)\n"
      "%y = sigmoid(%d)\noutput %y\n";
  net_open(&net, also, "null");
  scull_fold_result_t result;
  assert_int_equal(scull_quant_fold(net.graph, &result), SCULL_OK);
  assert_int_equal(result.left, 1);
  assert_null(quant_of(&net, "x"));
  net_close(&net);
  net_open(&net, unequal, "null");
  assert_int_equal(scull_quant_fold(net.graph, &result), SCULL_OK);
  assert_int_equal(result.left, 1);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pair_becomes_a_scale),
      cmocka_unit_test(a_type_without_negatives_cuts_them_off),
      cmocka_unit_test(whole_numbers_may_be_moved_about),
      cmocka_unit_test(other_zero_points),
      cmocka_unit_test(what_is_wanted_unrounded_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
