/* Histograms and thresholds: what is collected, what each method gives for tensors whose answer is
 * known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "quant/histogram.h"

enum { COUNT = 100000 };

static float values[COUNT];
static scull_histogram_t h;

static uint32_t seed = 1;

static float uniform(void) { /* -1 to 1 */
  seed = seed * 1664525u + 1013904223u;
  return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

/* About normal with deviation 1. */
static void fill_normal(void) {
  for (int i = 0; i < COUNT; i++) {
    float sum = 0;
    for (int k = 0; k < 12; k++)
      sum += uniform() / 2;
    values[i] = sum;
  }
}

static void ranges_grow_without_losing_a_number(void **state) {
  (void)state;
  memset(&h, 0, sizeof h);
  for (int i = 0; i < COUNT; i++)
    values[i] = uniform() * (float)(i + 1);
  for (int i = 0; i < COUNT; i += 1000)
    scull_quant_histogram_add(&h, values + i, 1000);
  uint64_t sum = 0;
  for (int i = 0; i < SCULL_QUANT_BINS; i++)
    sum += h.bin[i];
  float peak = 0;
  for (int i = 0; i < COUNT; i++)
    peak = fmaxf(peak, fabsf(values[i]));
  assert_int_equal(sum, COUNT);
  assert_int_equal(h.count, COUNT);
  assert_true(scull_quant_histogram_peak(&h) == peak);
  assert_true(h.width * SCULL_QUANT_BINS >= peak && h.width * SCULL_QUANT_BINS < 2.1f * peak);
}

static void what_is_no_number_is_counted_apart(void **state) {
  (void)state;
  const float some[] = {0, 0, NAN, 2, -INFINITY, -1};
  memset(&h, 0, sizeof h);
  scull_quant_histogram_add(&h, some, 6);
  assert_int_equal(h.broken, 2);
  assert_int_equal(h.count, 4);
  assert_true(h.min == -1 && h.max == 2 && h.tiny == 1);
}

static void zeros_have_no_threshold(void **state) {
  (void)state;
  const float zeros[100] = {0};
  memset(&h, 0, sizeof h);
  scull_quant_histogram_add(&h, zeros, 100);
  for (int m = 0; m < SCULL_QUANT_METHODS; m++)
    assert_true(scull_quant_threshold(&h, (scull_quant_method_t)m, 127, NULL) == 0);
}

static void percentiles_are_where_they_should(void **state) {
  (void)state;
  memset(&h, 0, sizeof h);
  for (int i = 0; i < COUNT; i++)
    values[i] = (float)(i + 1) / COUNT;
  scull_quant_histogram_add(&h, values, COUNT);
  assert_float_equal(scull_quant_threshold(&h, SCULL_QUANT_P999, 127, NULL), 0.999, 1e-3);
  assert_float_equal(scull_quant_threshold(&h, SCULL_QUANT_P9999, 127, NULL), 0.9999, 1e-3);
  assert_float_equal(scull_quant_threshold(&h, SCULL_QUANT_MINMAX, 127, NULL), 1, 1e-6);
}

/* A normal tensor with one wild number: the range of the many is kept. */
static void outliers_are_clipped(void **state) {
  (void)state;
  memset(&h, 0, sizeof h);
  fill_normal();
  values[7] = 60;
  scull_quant_histogram_add(&h, values, COUNT);
  assert_true(scull_quant_threshold(&h, SCULL_QUANT_MINMAX, 127, NULL) == 60);
  const float entropy = scull_quant_threshold(&h, SCULL_QUANT_ENTROPY, 127, NULL);
  const float mse = scull_quant_threshold(&h, SCULL_QUANT_MSE, 127, NULL);
  assert_true(entropy > 2.5f && entropy < 8);
  assert_true(mse > 10 && mse < 59); /* (60 - t)^2 / COUNT against rounding */
  assert_true(scull_quant_noise(&h, mse, 127) < scull_quant_noise(&h, 60, 127));
}

/* A picture of few greys is no reason to clip most of them. */
static void greys_are_kept(void **state) {
  (void)state;
  for (int greys = 16; greys <= 256; greys *= 16) {
    memset(&h, 0, sizeof h);
    for (int i = 0; i < COUNT; i++)
      values[i] = (float)(i % greys) / (float)(greys - 1);
    scull_quant_histogram_add(&h, values, COUNT);
    assert_float_equal(scull_quant_threshold(&h, SCULL_QUANT_ENTROPY, 127, NULL), 1, 1e-3);
  }
}

/* The noise from the bins is that of rounding each number. */
static void noise_is_that_of_rounding(void **state) {
  (void)state;
  double sum = 0;
  const float threshold = 3;
  memset(&h, 0, sizeof h);
  fill_normal();
  scull_quant_histogram_add(&h, values, COUNT);
  for (int i = 0; i < COUNT; i++) {
    const float step = threshold / 127, x = fminf(fmaxf(values[i], -threshold), threshold);
    const double error = (double)(values[i] - step * nearbyintf(x / step));
    sum += error * error / COUNT;
  }
  const double estimate = scull_quant_noise(&h, threshold, 127);
  assert_true(fabs(estimate - sum) < 0.1 * sum);
}

static void best_is_no_worse_than_any(void **state) {
  (void)state;
  scull_quant_method_t chosen = SCULL_QUANT_BEST;
  memset(&h, 0, sizeof h);
  fill_normal();
  scull_quant_histogram_add(&h, values, COUNT);
  const float best = scull_quant_threshold(&h, SCULL_QUANT_BEST, 127, &chosen);
  assert_true(chosen < SCULL_QUANT_BEST);
  for (int m = 0; m < SCULL_QUANT_BEST; m++) {
    const float t = scull_quant_threshold(&h, (scull_quant_method_t)m, 127, NULL);
    assert_true(scull_quant_noise(&h, best, 127) <= scull_quant_noise(&h, t, 127));
  }
}

static void methods_have_names(void **state) {
  (void)state;
  for (int m = 0; m < SCULL_QUANT_METHODS; m++) {
    scull_quant_method_t found;
    assert_true(scull_quant_method_find(scull_quant_method_name((scull_quant_method_t)m), &found));
    assert_int_equal(found, m);
  }
  assert_false(scull_quant_method_find("guess", NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_grow_without_losing_a_number),
      cmocka_unit_test(what_is_no_number_is_counted_apart),
      cmocka_unit_test(zeros_have_no_threshold),
      cmocka_unit_test(percentiles_are_where_they_should),
      cmocka_unit_test(outliers_are_clipped),
      cmocka_unit_test(greys_are_kept),
      cmocka_unit_test(noise_is_that_of_rounding),
      cmocka_unit_test(best_is_no_worse_than_any),
      cmocka_unit_test(methods_have_names),
  };
  return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}
