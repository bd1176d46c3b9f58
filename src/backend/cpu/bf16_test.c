/* Our own kernels of bf16: every place where a tile, a block, a panel or a row may end, odd runs,
 * padding, strides, slices, residuals. */
#include "kernels/steps.h"

typedef struct {
  int64_t batch, in, height, width, out, kernel[2], groups;
  const char *attrs;
} conv_t;

enum { ADD = 1, LATE = 2, CLIP = 4, SLICE = 8, SOURCE_SLICE = 16, VARIANTS = 32 };

static void set_slice(scull_site_value_t *v, int64_t offset) {
  v->channel_offset = offset;
  v->channel_total = 2 * offset + v->opt.dim[1];
}

/* All residuals, clips and slices of one convolution. */
static void run_conv(const conv_t *c, const scull_tactic_t *tactic, scull_device_t *device) {
  for (int i = 0; i < VARIANTS; i++) {
    harness_t h;
    harness_init(&h, device, 2);
    const uint16_t ops[] = {
        bf16_value(&h, false, 4, (int64_t[]){c->batch, c->in, c->height, c->width}),
        bf16_value(&h, true, 4, (int64_t[]){c->out, c->in / c->groups, c->kernel[0], c->kernel[1]}),
        harness_value(&h, true, 1, (int64_t[]){c->out})};
    uint16_t y = harness_op(&h, "conv", c->attrs, 3, ops);
    if ((i & CLIP) != 0 && (i & LATE) != 0)
      y = harness_op(&h, "clip", "min=0 max=1.5", 1, &y);
    if ((i & ADD) != 0) {
      const uint16_t sum[] = {y, bf16_value(&h, false, 4, h.values[y].opt.dim)};
      y = harness_op(&h, "add", NULL, 2, sum);
    }
    if ((i & CLIP) != 0 && (i & LATE) == 0)
      y = harness_op(&h, "relu", NULL, 1, &y);
    if ((i & SLICE) != 0)
      set_slice(&h.values[y], 16);
    if ((i & SOURCE_SLICE) != 0)
      set_slice(&h.values[ops[0]], 7);
    assert_true(run_as(&h, tactic, SCULL_AS_BF16) >= 1);
  }
}

/* The test ends here where no kernel of bf16 runs. */
static scull_device_t *open_bf16(void) {
  scull_device_t *device = open_cpu();
  if ((device->features & SCULL_CPU_AVX512_BF16) == 0) {
    scull_backend_cpu.close(device);
    skip();
  }
  return device;
}

static void dense(void **state) {
  static const conv_t cases[] = {
      {2, 64, 5, 5, 64, {1, 1}, 1, "strides=1,1"},
      {1, 20, 13, 3, 112, {1, 1}, 1, "strides=2,2"},
      {1, 7, 3, 3, 200, {1, 1}, 1, "strides=1,1"},
      {2, 32, 9, 7, 48, {3, 3}, 1, "pads=1,1"},
      {1, 16, 7, 14, 96, {3, 3}, 1, "pads=1,1 strides=2,2"},
      {1, 5, 8, 9, 17, {3, 3}, 1, "strides=1,1"},
      {1, 12, 6, 6, 80, {5, 5}, 1, "pads=2,2"},
      {1, 8, 9, 9, 33, {1, 7}, 1, "pads=0,3"},
      {1, 8, 9, 9, 64, {7, 1}, 1, "pads=3,0"},
      {2, 3, 19, 21, 32, {3, 3}, 1, "pads=1,1 strides=2,2"},
      {1, 3, 23, 37, 64, {7, 7}, 1, "pads=3,3 strides=2,2"},
      {1, 4, 9, 18, 24, {3, 3}, 1, "pads=1,1"},
      {1, 1, 9, 40, 16, {3, 3}, 1, "pads=1,1"},
      {1, 2, 9, 33, 16, {3, 3}, 1, "pads=1,1"},
  };
  scull_device_t *device = open_bf16();
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    run_conv(&cases[i], &scull_tactic_cpu_conv_bf16, device);
  scull_backend_cpu.close(device);
}

static void depthwise(void **state) {
  static const conv_t cases[] = {
      {1, 32, 7, 7, 32, {3, 3}, 32, "pads=1,1 groups=32"},
      {2, 96, 6, 9, 96, {3, 3}, 96, "pads=1,1 groups=96 strides=2,2"},
      {1, 65, 5, 8, 65, {3, 3}, 65, "pads=0,2 groups=65"},
      {1, 17, 9, 6, 17, {3, 3}, 17, "pads=1,0,0,2 groups=17 strides=2,2"},
      {1, 256, 4, 4, 256, {3, 3}, 256, "pads=1,1 groups=256"},
  };
  scull_device_t *device = open_bf16();
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    run_conv(&cases[i], &scull_tactic_cpu_depthwise_bf16, device);
  scull_backend_cpu.close(device);
}

/* Kernels of f32 that read and write bf16, on both instruction sets. */
static void winograd(void **state) {
  static const conv_t cases[] = {
      {1, 16, 8, 8, 16, {3, 3}, 1, "pads=1,1"},
      {2, 32, 7, 9, 48, {3, 3}, 1, "pads=1,1"},
      {1, 25, 11, 9, 28, {3, 3}, 1, "pads=1,0,0,2"},
      {1, 9, 5, 6, 100, {3, 3}, 1, NULL},
  };
  (void)state;
  for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
    scull_device_t *device = open_cpu();
    if (i % 2 != 0)
      device->features &= SCULL_CPU_AVX2;
    run_conv(&cases[i / 2], &scull_tactic_cpu_conv_winograd_f4x4, device);
    scull_backend_cpu.close(device);
  }
}

static void pools(void **state) {
  static const struct {
    const char *op, *attrs;
    int64_t channels, height, width;
  } cases[] = {
      {"max_pool", "kernel=3,3 strides=2,2 pads=1,1", 64, 9, 12},
      {"max_pool", "kernel=2,2 strides=2,2", 20, 8, 8},
      {"avg_pool", "kernel=3,3 strides=1,1 pads=1,1", 80, 6, 7},
      {"avg_pool", "kernel=5,3 strides=2,1", 33, 9, 9},
      {"avg_pool", "global=true", 300, 7, 7},
  };
  (void)state;
  for (size_t i = 0; i < 4 * sizeof cases / sizeof *cases; i++) {
    scull_device_t *device = open_cpu();
    harness_t h;
    if (i % 2 != 0)
      device->features &= SCULL_CPU_AVX2;
    harness_init(&h, device, 2);
    const uint16_t x =
        bf16_value(&h, false, 4,
                   (int64_t[]){2, cases[i / 4].channels, cases[i / 4].height, cases[i / 4].width});
    const uint16_t y = harness_op(&h, cases[i / 4].op, cases[i / 4].attrs, 1, &x);
    if (i / 2 % 2 != 0) {
      set_slice(&h.values[x], 8);
      set_slice(&h.values[y], 24);
    }
    assert_int_equal(run_as(&h, &scull_tactic_cpu_pool, SCULL_AS_BF16), 1);
    scull_backend_cpu.close(device);
  }
}

/* A number that is not finite stays in the windows that hold it: runs of odd length end in half a
 * step. */
static void infinities(void **state) {
  scull_device_t *device = open_bf16();
  harness_t h;
  (void)state;
  harness_init(&h, device, 1);
  const uint16_t ops[] = {bf16_value(&h, false, 4, (int64_t[]){1, 3, 9, 9}),
                          bf16_value(&h, true, 4, (int64_t[]){16, 3, 3, 3})};
  ((float *)h.data[ops[0]])[9 * 4 + 5] = INFINITY;
  const uint16_t y = harness_op(&h, "conv", "pads=1,1", 2, ops);
  scull_config_t configs[SCULL_MAX_CONFIGS];
  h.site.precisions = 1u << SCULL_AS_BF16;
  harness_reference(&h);
  const scull_tactic_t *tactic = &scull_tactic_cpu_conv_bf16;
  const size_t count = tactic->configs(&h.site, device, configs, SCULL_MAX_CONFIGS);
  assert_true(count >= 2);
  for (size_t i = 0; i < count; i++) {
    harness_run_t run;
    assert_true(harness_prepare(&h, tactic, &configs[i], &run));
    put(&h.values[ops[0]], run.in[0], h.data[ops[0]]);
    harness_enqueue(&h, &run);
    for (int64_t k = 0; k < scull_tensor_count(&h.values[y].opt); k++) {
      const double got = scull_tensor_load(run.out[0], scull_backend_site_stored(&h.values[y]),
                                           harness_at(&h.values[y], k));
      assert_int_equal(isfinite(got), isfinite(((float *)h.data[y])[k]));
    }
    harness_release(&run);
  }
  harness_deinit(&h);
  scull_backend_cpu.close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(dense), cmocka_unit_test(depthwise),
                                     cmocka_unit_test(winograd), cmocka_unit_test(pools),
                                     cmocka_unit_test(infinities)};
  return cmocka_run_group_tests_name("own kernels of bf16", tests, NULL, NULL);
}
