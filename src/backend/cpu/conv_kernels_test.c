/* Our own convolutions against the reference: odd sizes, borders, every config, slices, threads,
 * epilogues, in-place residuals, both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

typedef struct {
  const scull_tactic_t *tactic;
  int64_t x[4], w[4];
  const char *attrs;
  int options;                   /* bits of the enum */
  const char *act;               /* "relu", or NULL */
  int64_t offset, total;         /* slice of the result; total 0: none */
  int64_t src_offset, src_total; /* of the source */
} case_t;

enum { BIAS = 1, RESIDUAL = 2, ACT_FIRST = 4 };

#define WINOGRAD &scull_tactic_cpu_conv_winograd_f4x4
#define DEPTHWISE &scull_tactic_cpu_conv_depthwise
#define ROWS &scull_tactic_cpu_conv_rows
#define GEMM &scull_tactic_cpu_conv_gemm

static const case_t cases[] = {
    {WINOGRAD, {1, 16, 8, 8}, {16, 16, 3, 3}, "pads=1,1", 0, NULL, 0, 0, 0, 0},
    {WINOGRAD, {2, 32, 7, 9}, {48, 32, 3, 3}, "pads=1,1", BIAS, "relu", 0, 0, 0, 0},
    {WINOGRAD, {1, 16, 13, 5}, {80, 16, 3, 3}, NULL, BIAS | RESIDUAL, "relu", 0, 0, 0, 0},
    {WINOGRAD, {3, 48, 6, 11}, {96, 48, 3, 3}, "pads=1,0,0,2", 7, "relu", 0, 0, 0, 0},
    {WINOGRAD, {1, 128, 14, 14}, {144, 128, 3, 3}, "pads=1,1", RESIDUAL, NULL, 0, 0, 0, 0},
    {WINOGRAD, {2, 64, 4, 3}, {32, 64, 3, 3}, "pads=1,1", BIAS, NULL, 16, 96, 0, 0},
    {WINOGRAD, {2, 32, 17, 6}, {64, 32, 3, 3}, "pads=2,2", 3, "relu", 32, 128, 16, 64},
    {WINOGRAD, {1, 25, 11, 9}, {28, 25, 3, 3}, "pads=1,1", 3, "relu", 0, 0, 0, 0},
    {WINOGRAD, {2, 96, 10, 13}, {24, 96, 3, 3}, "pads=1,1", 7, "relu", 5, 70, 3, 101},
    {WINOGRAD, {1, 9, 5, 6}, {100, 9, 3, 3}, NULL, BIAS, NULL, 0, 0, 0, 0},
    {WINOGRAD, {1, 32, 6, 6}, {24, 32, 3, 3}, "pads=1,1", 3, "hard_swish", 0, 0, 0, 0},
    {GEMM, {1, 16, 4, 4}, {16, 16, 1, 1}, NULL, 0, NULL, 0, 0, 0, 0},
    {GEMM, {2, 24, 7, 5}, {40, 24, 1, 1}, NULL, BIAS, "relu", 0, 0, 0, 0},
    {GEMM, {3, 64, 7, 7}, {80, 64, 1, 1}, NULL, 3, "relu", 0, 0, 0, 0},
    {GEMM, {2, 7, 5, 9}, {19, 7, 1, 1}, NULL, 7, "relu", 0, 0, 0, 0},
    {GEMM, {2, 48, 9, 8}, {96, 48, 1, 1}, "strides=2,2", BIAS, "relu", 0, 0, 0, 0},
    {GEMM, {1, 32, 9, 8}, {33, 32, 1, 1}, "strides=2,1", 3, NULL, 0, 0, 0, 0},
    {GEMM, {2, 32, 6, 7}, {64, 32, 1, 1}, NULL, 3, "relu", 32, 160, 16, 80},
    {GEMM, {2, 20, 6, 7}, {12, 20, 1, 1}, NULL, BIAS, "relu", 5, 31, 3, 25},
    {DEPTHWISE, {1, 16, 5, 5}, {16, 1, 3, 3}, "pads=1,1 groups=16", 0, NULL, 0, 0, 0, 0},
    {DEPTHWISE, {2, 48, 7, 13}, {48, 1, 3, 3}, "pads=1,1 groups=48", 3, "relu", 0, 0, 0, 0},
    {DEPTHWISE,
     {1, 32, 13, 10},
     {32, 1, 3, 3},
     "pads=1,0,0,2 groups=32 strides=2,2",
     7,
     "relu",
     0,
     0,
     0,
     0},
    {DEPTHWISE, {1, 16, 24, 25}, {16, 1, 5, 5}, "pads=2,2 groups=16", 1, "relu", 0, 0, 0, 0},
    {DEPTHWISE,
     {2, 32, 15, 16},
     {32, 1, 5, 5},
     "pads=2,2 groups=32 strides=2,2",
     3,
     NULL,
     16,
     64,
     16,
     96},
    {DEPTHWISE, {1, 16, 5, 3}, {16, 1, 5, 5}, "groups=16 pads=0,1", 3, NULL, 0, 0, 0, 0},
    {ROWS, {1, 3, 31, 29}, {16, 3, 7, 7}, "strides=2,2 pads=3,3", 1, "relu", 0, 0, 0, 0},
    {ROWS, {2, 3, 17, 23}, {32, 3, 3, 3}, "strides=2,2 pads=1,0,1,1", 3, "relu", 0, 0, 0, 0},
    {ROWS, {2, 1, 6, 7}, {5, 1, 3, 2}, NULL, 0, NULL, 0, 0, 0, 0},
    {ROWS, {2, 48, 9, 8}, {64, 48, 5, 5}, "pads=2,2", 1, "relu", 16, 96, 8, 80},
    {ROWS, {1, 32, 17, 17}, {80, 32, 1, 7}, "pads=0,3", 3, "relu", 0, 0, 0, 0},
    {ROWS, {1, 19, 17, 5}, {21, 19, 7, 1}, "pads=3,0", 7, "relu", 3, 50, 0, 0},
    {ROWS, {3, 16, 13, 14}, {16, 16, 3, 3}, "strides=2,2", 1, NULL, 0, 0, 0, 0},
    {ROWS, {1, 8, 3, 3}, {16, 8, 3, 3}, "pads=4,4", 1, NULL, 0, 0, 0, 0},
    {ROWS, {1, 25, 45, 60}, {25, 25, 3, 3}, "pads=16,16 dilations=16,16", 3, NULL, 0, 0, 0, 0},
    {ROWS, {2, 12, 19, 23}, {12, 12, 3, 3}, "pads=2,3 dilations=2,3", 7, "relu", 3, 40, 5, 30},
    {ROWS, {1, 16, 30, 31}, {32, 16, 3, 3}, "pads=8,8 dilations=8,8", 3, "relu", 16, 96, 0, 0},
    {ROWS, {1, 3, 20, 21}, {8, 3, 3, 2}, "pads=4,0 dilations=4,1", 1, NULL, 0, 0, 0, 0},
    {ROWS, {1, 6, 21, 9}, {17, 6, 2, 3}, "strides=2,1 dilations=3,4", 1, "relu", 0, 0, 0, 0},
    {ROWS, {1, 6, 5, 4}, {7, 6, 3, 3}, "pads=9,9 dilations=9,9", 1, NULL, 0, 0, 0, 0},
    {GEMM, {1, 256, 15, 15}, {272, 256, 1, 1}, NULL, 3, "relu", 0, 0, 0, 0},
};

/* The site; returns the index of the residual's value or SCULL_SITE_ABSENT. */
static uint16_t build(harness_t *h, const case_t *c) {
  uint16_t residual = SCULL_SITE_ABSENT;
  uint16_t x = harness_value(h, false, 4, c->x);
  uint16_t w = harness_value(h, true, 4, c->w);
  uint16_t b = (c->options & BIAS) != 0 ? harness_value(h, true, 1, c->w) : SCULL_SITE_ABSENT;
  uint16_t y = harness_op(h, "conv", c->attrs, 3, (uint16_t[]){x, w, b});
  const bool act_first = (c->options & ACT_FIRST) != 0;
  if (c->act != NULL && act_first)
    y = harness_op(h, c->act, NULL, 1, &y);
  if ((c->options & RESIDUAL) != 0) {
    residual = harness_value(h, false, 4, h->values[y].opt.dim);
    y = harness_op(h, "add", NULL, 2, (uint16_t[]){y, residual});
  }
  if (c->act != NULL && !act_first)
    y = harness_op(h, c->act, NULL, 1, &y);
  h->values[x].channel_offset = c->src_offset;
  h->values[x].channel_total = c->src_total;
  h->values[y].channel_offset = c->offset;
  h->values[y].channel_total = c->total;
  return residual;
}

static void check_config(harness_t *h, const case_t *c, const scull_config_t *config) {
  harness_run_t run;
  assert_true(harness_prepare(h, c->tactic, config, &run));
  harness_enqueue(h, &run);
  double error = harness_error(h, &run);
  if (!(error < 2e-5))
    fail_msg("%s, %s: error %g", c->tactic->name, c->attrs == NULL ? "" : c->attrs, error);
  uint32_t alias = c->tactic->alias == NULL ? 0 : c->tactic->alias(&h->site, config);
  if (alias != 0) { /* again, over the residual */
    assert_int_equal(alias, 2);
    void *own = run.out[0];
    run.out[0] = run.in[1];
    harness_enqueue(h, &run);
    assert_true(harness_error(h, &run) < 2e-5);
    run.out[0] = own;
  }
  harness_release(&run);
}

static void run_case(const case_t *c, scull_device_t *device, int threads) {
  harness_t h;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  harness_init(&h, device, threads);
  build(&h, c);
  harness_reference(&h);
  assert_null(c->tactic->refuse(&h.site, device));
  size_t count = c->tactic->configs(&h.site, device, configs, SCULL_MAX_CONFIGS);
  assert_true(count > 0);
  for (size_t i = 0; i < count; i++)
    check_config(&h, c, &configs[i]);
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
  return cmocka_run_group_tests_name("convolution kernels", tests, NULL, NULL);
}
