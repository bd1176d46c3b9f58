/* Equalization changes numbers between products and nothing behind them; rounding keeps means; the
 * end of a network is exact. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/evaluate.h"
#include "quant/equalize.h"
#include "quant/place.h"
#include "quant/tail.h"
#include "support/net.h"

static const char text[] =
    "input %x: f32[1x3x8x8]\nconst %w: f32[4x3x1x1] ~normal:1\nconst %b: f32[4] ~normal:2\n"
    "const %v: f32[4x1x3x3] ~normal:3\nconst %u: f32[2x4x1x1] ~normal:4\n"
    "%a = conv(%x, %w, %b)\n%r = relu(%a)\n%d = conv(%r, %v) groups=4 pads=1,1\n"
    "%s = leaky_relu(%d)\n%e = conv(%s, %u)\n%y = sigmoid(%e)\noutput %y\n";

/* Ranges of 4 channels that differ much. */
static void add_range(scull_quant_table_t *table, const char *name, float low) {
  static const float peak[] = {4, 0.5f, 1, 0}, mean[] = {1, 0.1f, 0.2f, 0};
  static const float square[] = {2, 0.02f, 0.1f, 0};
  const scull_range_t range = {.name = name,
                               .threshold = 4,
                               .min = low,
                               .max = 4,
                               .method = "user",
                               .channels = 4,
                               .peak = peak,
                               .mean = mean,
                               .square = square};
  assert_int_equal(scull_quant_table_set(table, &range), SCULL_OK);
}

static scull_tensor_t answer(net_t *net) {
  const scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){1, 3, 8, 8});
  scull_tensor_t x = net_input(net, 0, &shape, 9), y = {0};
  assert_int_equal(scull_graph_evaluate(net->graph, &x, &y, NULL), SCULL_OK);
  scull_base_free(x.data);
  return y;
}

static void results_stay(void **state) {
  (void)state;
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  net_open(&net, text, "null");
  scull_quant_table_init(&table);
  add_range(&table, "a", -3);
  add_range(&table, "r", 0);
  add_range(&table, "d", -4);
  add_range(&table, "s", -4);
  scull_tensor_t before = answer(&net);
  const scull_place_options_t options = {.table = &table};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(scull_graph_verify(net.graph), SCULL_OK);
  assert_true(result.equalized >= 1);
  scull_tensor_t after = answer(&net);
  const float *p = before.data, *q = after.data;
  for (int64_t i = 0; i < scull_tensor_count(&before.type.shape); i++)
    assert_true(fabsf(p[i] - q[i]) < 1e-5f);
  /* the tensor before the depthwise convolution holds other numbers now, and its name says so */
  const scull_value_t *r = scull_graph_value(net.graph, net_value(&net, "r"));
  assert_string_equal(r->name, "r" SCULL_QUANT_SCALED);
  assert_true(fabsf(r->quant->scales[0] - 4.0f / 255) < 1e-6f);
  scull_base_free(before.data);
  scull_base_free(after.data);
  scull_quant_table_deinit(&table);
  net_close(&net);
}

static void nothing_moves_without_leave(void **state) {
  (void)state;
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  net_open(&net, text, "null");
  scull_quant_table_init(&table);
  add_range(&table, "r", 0);
  const scull_place_options_t options = {
      .table = &table, .no_equalization = true, .no_rounding = true};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(result.equalized, 0);
  assert_int_equal(result.rounded, 0);
  assert_string_equal(scull_graph_value(net.graph, net_value(&net, "r"))->name, "r");
  scull_quant_table_deinit(&table);
  net_close(&net);
}

/* Mean of the error of output channel 0 of %d's weights, by the means of its input. */
static void rounding_keeps_means(void **state) {
  (void)state;
  static const char net_text[] = "input %x: f32[1x4x8x8]\nconst %w: f32[2x4x3x3] ~normal:5\n"
                                 "%y = conv(%x, %w)\n%z = sigmoid(%y)\noutput %z\n";
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  static const float mean[] = {1, 0.1f, 0.2f, 0};
  net_open(&net, net_text, "null");
  scull_quant_table_init(&table);
  add_range(&table, "x", -4);
  const scull_place_options_t options = {.table = &table};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  assert_int_equal(result.rounded, 1);
  const scull_value_t *w = scull_graph_value(net.graph, net_value(&net, "w"));
  assert_non_null(w->quant->integers);
  for (int o = 0; o < 2; o++) {
    double nearest = 0, chosen = 0;
    const double scale = (double)w->quant->scales[o];
    for (int64_t e = o * 36; e < (o + 1) * 36; e++) {
      const double x = scull_graph_constant_at(net.graph, net_value(&net, "w"), e);
      const double m = (double)mean[e / 9 % 4];
      nearest += (rint(x / scale) * scale - x) * m;
      chosen += (w->quant->integers[e] * scale - x) * m;
      assert_true(fabs(w->quant->integers[e] - x / scale) < 1.0 + 1e-6);
    }
    assert_true(fabs(chosen) <= fabs(nearest));
    assert_true(fabs(chosen) <= 0.1 * scale); /* of what turning one weight does, little is left */
  }
  scull_quant_table_deinit(&table);
  net_close(&net);
}

/* Nine weights cannot be turned so that a mean stays, but their step can be chosen. */
static void few_weights_choose_their_step(void **state) {
  (void)state;
  net_t net;
  scull_quant_table_t table;
  scull_place_result_t result;
  net_open(&net,
           "input %x: f32[1x4x8x8]\nconst %w: f32[4x1x3x3] ~normal:5\n"
           "%y = conv(%x, %w) groups=4\n%z = sigmoid(%y)\noutput %z\n",
           "null");
  scull_quant_table_init(&table);
  add_range(&table, "x", -4);
  const scull_place_options_t options = {.table = &table};
  assert_int_equal(scull_quant_place(net.graph, &options, &result), SCULL_OK);
  const scull_value_t *w = scull_graph_value(net.graph, net_value(&net, "w"));
  assert_int_equal(result.rounded, 1);
  double chosen_all = 0, nearest_all = 0;
  for (int o = 0; o < 3; o++) { /* nothing is known of channel 3's mean but that it is 0 */
    double peak = 0, sum = 0, nearest = 0;
    const double step = (double)w->quant->scales[o];
    for (int64_t e = o * 9; e < (o + 1) * 9; e++)
      peak = fmax(peak, fabs(scull_graph_constant_at(net.graph, net_value(&net, "w"), e)));
    for (int64_t e = o * 9; e < (o + 1) * 9; e++) {
      const double x = scull_graph_constant_at(net.graph, net_value(&net, "w"), e);
      const double least = peak / 127;
      sum += w->quant->integers[e] * step - x;
      nearest += rint(x / least) * least - x;
      assert_true(fabs(w->quant->integers[e] * step - x) < step * 1.001);
    }
    assert_true(step >= peak / 127 * 0.9999 && step <= peak / 96 * 1.0001);
    assert_true(fabs(sum) < 0.15 * step); /* turning alone leaves up to half of one */
    chosen_all += fabs(sum) / step;
    nearest_all += fabs(nearest) / step;
  }
  assert_true(chosen_all < 0.5 * nearest_all);
  scull_quant_table_deinit(&table);
  net_close(&net);
}

static void the_end_is_exact(void **state) {
  (void)state;
  net_t net;
  net_open(&net, text, "null");
  assert_int_equal(scull_quant_mark_tail(net.graph), SCULL_OK);
  assert_true(scull_graph_value(net.graph, net_value(&net, "y"))->exact);
  assert_true(scull_graph_value(net.graph, net_value(&net, "e"))->exact);
  assert_false(scull_graph_value(net.graph, net_value(&net, "s"))->exact);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_stay),         cmocka_unit_test(nothing_moves_without_leave),
      cmocka_unit_test(rounding_keeps_means), cmocka_unit_test(few_weights_choose_their_step),
      cmocka_unit_test(the_end_is_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
