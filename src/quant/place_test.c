/* Placement: scales from ranges, through operators that only move elements, and of weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "quant/place.h"
#include "support/net.h"

static const char text[] =
    "input %x: f32[1x4x8x8]\nconst %w: f32[2x4x1x1]={1,-2,3,4,0,0,0,0}\n"
    "%a = conv(%x, %w) strides=1,1\n%b = relu(%a)\n%p = max_pool(%b) kernel=2,2\n"
    "%q = reshape(%p) shape=1,-1\n%s = sigmoid(%q)\n%t = add(%s, %s)\noutput %t\n";

static const scull_quant_t *quant_of(const net_t *net, const char *value) {
  return scull_graph_value(net->graph, net_value(net, value))->quant;
}

static void add(scull_quant_table_t *table, const char *name, float min, float max) {
  const scull_range_t range = {.name = name,
                               .threshold = fmaxf(fabsf(min), fabsf(max)),
                               .min = min,
                               .max = max,
                               .method = "user"};
  assert_int_equal(scull_quant_table_set(table, &range), SCULL_OK);
}

static void scales_follow_the_elements(void **state) {
  (void)state;
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  net_open(&net, text, "null");
  scull_quant_table_init(&table);
  add(&table, "x", -2, 1);
  add(&table, "a", -5, 4);
  add(&table, "b", 0, 4);
  const scull_place_options_t options = {.table = &table};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(quant_of(&net, "x")->dtype, SCULL_DTYPE_I8);
  assert_true(quant_of(&net, "x")->scales[0] == 2.0f / 127);
  assert_int_equal(quant_of(&net, "b")->dtype, SCULL_DTYPE_U8);
  assert_true(quant_of(&net, "b")->scales[0] == 4.0f / 255);
  assert_true(scull_tensor_quant_equal(quant_of(&net, "p"), quant_of(&net, "b")));
  assert_true(scull_tensor_quant_equal(quant_of(&net, "q"), quant_of(&net, "b")));
  assert_null(quant_of(&net, "s")); /* never a guess */
  assert_null(quant_of(&net, "t"));
  assert_int_equal(result.quantized, 5);
  assert_int_equal(result.inferred, 2);
  assert_int_equal(result.missing_count, 2);
  scull_quant_table_deinit(&table);
  net_close(&net);
}

static void weights_have_a_scale_a_channel(void **state) {
  (void)state;
  net_t net;
  scull_place_result_t result;
  net_open(&net, text, "null");
  assert_int_equal(scull_quant_place(net.graph, &(scull_place_options_t){0}, &result), SCULL_OK);
  const scull_quant_t *w = quant_of(&net, "w");
  assert_non_null(w);
  assert_true(w->dtype == SCULL_DTYPE_I8 && w->axis == 0 && w->count == 2);
  assert_true(w->scales[0] == 4.0f / 127 && w->scales[1] == 1.0f); /* all zeros */
  assert_null(
      scull_tensor_quant_fault(w, &scull_graph_value(net.graph, net_value(&net, "w"))->shape[0]));
  assert_int_equal(result.quantized, 0);
  net_close(&net);
}

/* A cache that tells no sign: what a relu gives is not negative. */
static void signs_are_found_in_the_graph(void **state) {
  (void)state;
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  net_open(&net, text, "null");
  scull_quant_table_init(&table);
  const scull_range_t unsigned_range = {
      .name = "p", .threshold = 1, .min = 1, .max = -1, .method = ""};
  const scull_range_t other = {.name = "a", .threshold = 1, .min = 1, .max = -1, .method = ""};
  assert_int_equal(scull_quant_table_set(&table, &unsigned_range), SCULL_OK);
  assert_int_equal(scull_quant_table_set(&table, &other), SCULL_OK);
  const scull_place_options_t options = {.table = &table};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(quant_of(&net, "b")->dtype, SCULL_DTYPE_U8);
  assert_int_equal(quant_of(&net, "a")->dtype, SCULL_DTYPE_I8);
  scull_quant_table_deinit(&table);
  net_close(&net);
}

static void dummies_are_everywhere(void **state) {
  (void)state;
  net_t net;
  scull_place_result_t result;
  net_open(&net, text, "null");
  const scull_place_options_t options = {.dummy = 4};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(result.missing_count, 0);
  assert_non_null(quant_of(&net, "t"));
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scales_follow_the_elements),
      cmocka_unit_test(weights_have_a_scale_a_channel),
      cmocka_unit_test(signs_are_found_in_the_graph),
      cmocka_unit_test(dummies_are_everywhere),
  };
  return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
