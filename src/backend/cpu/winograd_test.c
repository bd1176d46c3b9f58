/* Winograd against the reference: odd sizes, borders, layouts, slices, threads, epilogues, both
 * instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

typedef struct {
  int64_t batch, in, out, height, width;
  const char *attrs;
  bool bias, residual, act_first;
  const char *act;
  int64_t offset, total; /* slice of the result; total 0: none */
} case_t;

static const case_t cases[] = {
    {1, 16, 16, 8, 8, "pads=1,1", false, false, false, NULL, 0, 0},
    {2, 32, 48, 7, 9, "pads=1,1", true, false, false, "relu", 0, 0},
    {1, 16, 80, 13, 5, "pads=0,0", true, true, false, "relu", 0, 0},
    {3, 48, 96, 6, 11, "pads=1,0,0,2", true, true, true, "relu", 0, 0},
    {1, 128, 144, 14, 14, "pads=1,1", true, true, false, NULL, 0, 0},
    {2, 64, 32, 4, 3, "pads=1,1", true, false, false, NULL, 16, 96},
    {1, 32, 64, 17, 6, "pads=2,2", true, true, false, "relu", 32, 128},
};

static void run_case(const case_t *c, scull_device_t *device, int threads) {
  harness_t h;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  const scull_tactic_t *tactic = &scull_tactic_cpu_conv_winograd_f4x4;
  harness_init(&h, device, threads);
  uint16_t x = harness_value(&h, false, 4, (int64_t[]){c->batch, c->in, c->height, c->width});
  uint16_t w = harness_value(&h, true, 4, (int64_t[]){c->out, c->in, 3, 3});
  uint16_t b = c->bias ? harness_value(&h, true, 1, &c->out) : SCULL_SITE_ABSENT;
  uint16_t y = harness_op(&h, "conv", c->attrs, 3, (uint16_t[]){x, w, b});
  if (c->act != NULL && c->act_first)
    y = harness_op(&h, c->act, NULL, 1, &y);
  if (c->residual) {
    uint16_t r = harness_value(&h, false, 4, h.values[y].opt.dim);
    y = harness_op(&h, "add", NULL, 2, (uint16_t[]){y, r});
  }
  if (c->act != NULL && !c->act_first)
    y = harness_op(&h, c->act, NULL, 1, &y);
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
    double error = harness_error(&h, &run);
    if (!(error < 2e-5))
      fail_msg("config %zu: error %g", i, error);
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
  return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
