/* Our own kernels of small integers, on AVX512-VNNI and on AVX2: every place where a tile, a block,
 * a panel or a row may end, padding, strides, slices, signs, residuals. */
#include "kernels/steps.h"

static scull_device_t *open_with(bool vnni) {
  scull_device_t *device = open_cpu();
  if (!vnni)
    device->features &= ~(uint32_t)SCULL_CPU_AVX512_VNNI;
  return device;
}

typedef struct {
  int64_t batch, in, height, width, out, kernel[2], groups;
  const char *attrs;
} conv_t;

/* All signs, residuals, clips and slices of one convolution. */
static void run_conv(const conv_t *c, const scull_tactic_t *tactic) {
  for (int i = 0; i < 64; i++) {
    bench_t b;
    scull_device_t *device = open_with((i & 1) != 0);
    if (!begin(&b, device)) {
      scull_backend_cpu.close(device);
      return;
    }
    const bool add = (i & 8) != 0, late = (i & 16) != 0;
    const uint16_t ops[] = {
        activation(&b, 4, (int64_t[]){c->batch, c->in, c->height, c->width},
                   i & 2 ? &source_s8 : &source_u8),
        weights(&b, 4, (int64_t[]){c->out, c->in / c->groups, c->kernel[0], c->kernel[1]}, 0),
        harness_value(&b.h, true, 1, (int64_t[]){c->out})};
    uint16_t y = harness_op(&b.h, "conv", c->attrs, 3, ops);
    if ((i & 4) != 0 && late)
      y = harness_op(&b.h, "clip", "min=0 max=1.5", 1, &y);
    if (add) {
      const scull_shape_t *shape = &b.h.values[y].opt;
      const uint16_t sum[] = {y, activation(&b, 4, shape->dim, &other_s8)};
      y = harness_op(&b.h, "add", NULL, 2, sum);
    }
    if ((i & 4) != 0 && !late)
      y = harness_op(&b.h, "relu", NULL, 1, &y);
    if ((i & 32) != 0) {
      b.h.values[b.h.outputs[0]].channel_offset = 16;
      b.h.values[b.h.outputs[0]].channel_total = 32 + c->out;
    }
    const scull_quant_t *result = (i & 4) != 0 && !(add && late) ? &result_u8 : &result_s8;
    assert_true(run_all(&b, tactic, result) >= 1);
    scull_backend_cpu.close(device);
  }
}

static void dense(void **state) {
  static const conv_t cases[] = {
      {2, 64, 5, 5, 64, {1, 1}, 1, "strides=1,1"},
      {1, 20, 13, 3, 112, {1, 1}, 1, "strides=2,2"},
      {1, 6, 3, 3, 200, {1, 1}, 1, "strides=1,1"},
      {2, 32, 9, 7, 48, {3, 3}, 1, "pads=1,1"},
      {1, 16, 7, 14, 96, {3, 3}, 1, "pads=1,1 strides=2,2"},
      {1, 5, 8, 9, 17, {3, 3}, 1, "strides=1,1"},
      {1, 12, 6, 6, 80, {5, 5}, 1, "pads=2,2"},
      {1, 8, 9, 9, 33, {1, 7}, 1, "pads=0,3"},
      {2, 3, 19, 21, 32, {3, 3}, 1, "pads=1,1 strides=2,2"},
      {1, 3, 21, 17, 64, {7, 7}, 1, "pads=3,3 strides=2,2"},
      {1, 4, 6, 35, 16, {3, 3}, 1, "strides=1,1"},
      {1, 1, 9, 20, 8, {3, 3}, 1, "pads=1,1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    run_conv(&cases[i], &scull_tactic_cpu_conv_int8);
}

static void depthwise(void **state) {
  static const conv_t cases[] = {
      {2, 64, 6, 5, 64, {3, 3}, 64, "pads=1,1 groups=64"},
      {1, 96, 7, 7, 96, {3, 3}, 96, "pads=1,1 strides=2,2 groups=96"},
      {1, 32, 9, 8, 32, {3, 3}, 32, "pads=1,1 groups=32"},
      {1, 24, 8, 9, 24, {3, 3}, 24, "pads=1,1 strides=2,2 groups=24"},
      {1, 130, 5, 4, 130, {3, 3}, 130, "groups=130"},
      {1, 16, 4, 4, 16, {3, 3}, 16, "pads=0,0,1,1 strides=2,2 groups=16"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    run_conv(&cases[i], &scull_tactic_cpu_depthwise_int8);
}

typedef struct {
  const char *op, *attrs;
  int64_t channels, height, width;
} pool_case_t;

static void pools(void **state) {
  static const pool_case_t cases[] = {
      {"max_pool", "kernel=3,3 strides=2,2 pads=1,1", 64, 9, 12},
      {"max_pool", "kernel=3,3 strides=2,2", 200, 7, 9},
      {"max_pool", "kernel=2,2 strides=2,2", 20, 8, 8},
      {"avg_pool", "kernel=3,3 strides=1,1 pads=1,1", 80, 6, 7},
      {"avg_pool", "kernel=3,3 strides=1,1 pads=1,1 include_pad=true", 64, 5, 5},
      {"avg_pool", "kernel=5,3 strides=2,1", 33, 9, 9},
      {"avg_pool", "global=true", 300, 7, 7},
  };
  (void)state;
  for (size_t i = 0; i < 8 * sizeof cases / sizeof *cases; i++) {
    const pool_case_t *c = &cases[i / 8];
    const scull_quant_t *from = i & 1 ? &source_s8 : &source_u8, *to = &result_s8;
    scull_device_t *device = open_with((i & 2) != 0);
    bench_t b;
    if (c->op[0] == 'm') /* a maximum keeps its scale */
      to = from;
    else if ((i & 1) == 0)
      to = &result_u8;
    if (begin(&b, device)) {
      const uint16_t x = activation(&b, 4, (int64_t[]){2, c->channels, c->height, c->width}, from);
      const uint16_t y = harness_op(&b.h, c->op, c->attrs, 1, &x);
      if ((i & 4) != 0) {
        b.h.values[y].channel_offset = 8;
        b.h.values[y].channel_total = 24 + c->channels;
      }
      assert_int_equal(run_all(&b, &scull_tactic_cpu_pool_int8, to), 1);
    }
    scull_backend_cpu.close(device);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(dense), cmocka_unit_test(depthwise),
                                     cmocka_unit_test(pools)};
  return cmocka_run_group_tests_name("own kernels of small integers", tests, NULL, NULL);
}
