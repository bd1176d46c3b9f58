/* Every implementation that oneDNN offers for products of small integers, with what may stand
 * behind the product. */
#include "kernels/steps.h"

static void convolutions(void **state) {
  static const int64_t x[] = {2, 32, 9, 7}, w3[] = {48, 32, 3, 3}, bias[] = {48};
  scull_device_t *device = open_cpu();
  (void)state;
  for (int i = 0; i < 4; i++) {
    bench_t b;
    if (!begin(&b, device))
      break;
    const uint16_t ops[] = {activation(&b, 4, x, i & 1 ? &source_s8 : &source_u8),
                            weights(&b, 4, w3, 0), harness_value(&b.h, true, 1, bias)};
    const uint16_t y = harness_op(&b.h, "conv", "strides=1,1 pads=1,1", 3, ops);
    if (i & 2)
      harness_op(&b.h, "relu", NULL, 1, &y);
    assert_true(
        run_all(&b, &scull_tactic_cpu_onednn_conv_direct, i & 2 ? &result_u8 : &result_s8) >= 2);
  }
  scull_backend_cpu.close(device);
}

static void depthwise(void **state) {
  static const int64_t x[] = {1, 32, 12, 12}, w[] = {32, 1, 3, 3};
  scull_device_t *device = open_cpu();
  bench_t b;
  (void)state;
  if (begin(&b, device)) {
    const uint16_t ops[] = {activation(&b, 4, x, &source_u8), weights(&b, 4, w, 0)};
    const uint16_t y = harness_op(&b.h, "conv", "strides=1,1 pads=1,1 groups=32", 2, ops);
    harness_op(&b.h, "relu", NULL, 1, &y);
    assert_true(run_all(&b, &scull_tactic_cpu_onednn_conv_direct, &result_u8) >= 1);
  }
  scull_backend_cpu.close(device);
}

/* A residual of another scale and sign, then an activation that scales or does not. */
static void residuals_and_activations(void **state) {
  static const int64_t x[] = {1, 64, 8, 8}, w[] = {32, 64, 1, 1}, r[] = {1, 32, 8, 8};
  static const char *const activations[] = {"relu", "hard_swish", "sigmoid", NULL};
  scull_device_t *device = open_cpu();
  (void)state;
  for (int i = 0; i < 8; i++) {
    bench_t b;
    const char *act = activations[i / 2];
    if (!begin(&b, device))
      break;
    const uint16_t ops[] = {activation(&b, 4, x, &source_u8), weights(&b, 4, w, 0)};
    uint16_t y = harness_op(&b.h, "conv", "strides=1,1", 2, ops);
    if (i % 2 == 1 && act != NULL) /* behind the activation */
      y = harness_op(&b.h, act, NULL, 1, &y);
    const uint16_t sum[] = {y, activation(&b, 4, r, &other_s8)};
    y = harness_op(&b.h, "add", NULL, 2, sum);
    if (i % 2 == 0 && act != NULL)
      harness_op(&b.h, act, NULL, 1, &y);
    assert_true(run_all(&b, &scull_tactic_cpu_onednn_conv_direct, &result_s8) >= 1);
  }
  scull_backend_cpu.close(device);
}

static void matrices(void **state) {
  static const int64_t x[] = {5, 64}, w[] = {64, 40}, bias[] = {40};
  const scull_tactic_t *const tactics[] = {&scull_tactic_cpu_onednn_matmul,
                                           &scull_tactic_cpu_onednn_inner_product};
  scull_device_t *device = open_cpu();
  (void)state;
  for (int i = 0; i < 2; i++) {
    bench_t b;
    if (!begin(&b, device))
      break;
    const uint16_t ops[] = {activation(&b, 2, x, &source_u8), weights(&b, 2, w, 1),
                            harness_value(&b.h, true, 1, bias)};
    harness_op(&b.h, "matmul", NULL, 3, ops);
    assert_true(run_all(&b, tactics[i], &result_s8) >= 1);
  }
  scull_backend_cpu.close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(convolutions), cmocka_unit_test(depthwise),
                                     cmocka_unit_test(residuals_and_activations),
                                     cmocka_unit_test(matrices)};
  return cmocka_run_group_tests_name("int8", tests, NULL, NULL);
}
