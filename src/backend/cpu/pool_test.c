/* Pooling against the reference: borders, ceil mode, both averages, global, rests of channels,
 * slices, threads, both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

typedef struct {
  const char *op, *attrs;
  int64_t x[4], offset, total; /* slice of the result; total 0: none */
} case_t;

static const case_t cases[] = {
    {"max_pool", "kernel=3,3 strides=2,2 pads=1,1", {2, 64, 13, 14}, 0, 0},
    {"max_pool", "kernel=3,3 strides=2,2", {1, 32, 17, 17}, 32, 96},
    {"max_pool", "kernel=2,2 strides=2,2", {1, 19, 9, 8}, 0, 0},
    {"max_pool", "kernel=3,3 strides=2,2 ceil_mode=true", {1, 24, 10, 12}, 0, 0},
    {"max_pool", "kernel=5,3 strides=1,3 pads=2,1", {2, 16, 11, 13}, 16, 48},
    {"avg_pool", "kernel=3,3 pads=1,1", {1, 48, 9, 11}, 0, 0},
    {"avg_pool", "kernel=3,3 pads=1,1 include_pad=true", {2, 32, 12, 7}, 16, 64},
    {"avg_pool", "kernel=3,3 strides=2,2 pads=0,0,1,2 ceil_mode=true", {1, 20, 8, 9}, 0, 0},
    {"avg_pool",
     "kernel=3,3 strides=2,2 pads=1,1 ceil_mode=true include_pad=true",
     {1, 16, 8, 10},
     0,
     0},
    {"avg_pool", "global=true", {2, 144, 7, 7}, 0, 0},
    {"max_pool", "global=true", {1, 30, 5, 3}, 0, 0},
};

static void run_case(const case_t *c, scull_device_t *device, int threads) {
  const scull_tactic_t *tactic = &scull_tactic_cpu_pool;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  harness_t h;
  harness_init(&h, device, threads);
  uint16_t x = harness_value(&h, false, 4, c->x);
  uint16_t y = harness_op(&h, c->op, c->attrs, 1, &x);
  h.values[y].channel_offset = c->offset;
  h.values[y].channel_total = c->total;
  harness_reference(&h);
  assert_null(tactic->refuse(&h.site, device));
  size_t count = tactic->configs(&h.site, device, configs, SCULL_MAX_CONFIGS);
  assert_true(count > 0);
  for (size_t i = 0; i < count; i++) {
    harness_run_t run;
    assert_true(harness_prepare(&h, tactic, &configs[i], &run));
    harness_enqueue(&h, &run);
    if (!(harness_error(&h, &run) < 1e-6))
      fail_msg("%s %s, config %zu: %g", c->op, c->attrs, i, harness_error(&h, &run));
    harness_release(&run);
  }
  harness_deinit(&h);
}

static void run_all(uint32_t features) {
  scull_device_t *device;
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  if ((device->features & features) != features) {
    scull_backend_cpu.close(device);
    skip();
  }
  device->features = features;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int threads = 1; threads <= 2; threads++)
      run_case(&cases[i], device, threads);
  }
  scull_backend_cpu.close(device);
}

static void avx512(void **state) {
  (void)state;
  run_all(SCULL_CPU_AVX2 | SCULL_CPU_AVX512);
}

static void avx2(void **state) {
  (void)state;
  run_all(SCULL_CPU_AVX2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(avx512), cmocka_unit_test(avx2)};
  return cmocka_run_group_tests_name("pooling", tests, NULL, NULL);
}
