/* Element-wise chains against the reference: every unary and binary kernel, broadcast numbers and
 * channels, layouts, lengths that leave rests, both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

static scull_device_t *device;

/* Reference, then every config on 1 and 2 threads. */
static void check(harness_t *h) {
  const scull_tactic_t *tactic = &scull_tactic_cpu_elementwise;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  harness_reference(h);
  const char *reason = tactic->refuse(&h->site, device);
  if (reason != NULL)
    fail_msg("%s: %s", h->ops[0].def->name, reason);
  size_t count = tactic->configs(&h->site, device, configs, SCULL_MAX_CONFIGS);
  assert_true(count > 0);
  for (size_t i = 0; i < 2 * count; i++) {
    harness_run_t run;
    h->site.threads = 1 + (int)(i % 2);
    assert_true(harness_prepare(h, tactic, &configs[i / 2], &run));
    harness_enqueue(h, &run);
    if (!(harness_error(h, &run) < 2e-6))
      fail_msg("%s, config %zu: %g", h->ops[0].def->name, i / 2, harness_error(h, &run));
    harness_release(&run);
  }
  harness_deinit(h);
}

static const int64_t shape[4] = {2, 16, 19, 31};

static void unary_kernels(void) {
  static const char *const ops[][2] = {
      {"relu", NULL},
      {"sigmoid", NULL},
      {"tanh", NULL},
      {"exp", NULL},
      {"abs", NULL},
      {"square", NULL},
      {"identity", NULL},
      {"leaky_relu", "alpha=0.1"},
      {"clip", "min=-0.5 max=0.25"},
      {"scale", "scale=2 bias=-1"},
      {"hard_sigmoid", NULL},
      {"hard_swish", NULL},
      {"swish", "beta=1.5"},
  };
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    harness_t h;
    harness_init(&h, device, 1);
    uint16_t x = harness_value(&h, false, 4, shape);
    uint16_t y = harness_op(&h, "scale", "scale=8", 1, &x); /* wide inputs */
    harness_op(&h, ops[i][0], ops[i][1], 1, &y);
    check(&h);
  }
}

static void binary_kernels(void) {
  static const char *const ops[] = {"add", "sub", "mul", "div", "max", "min", "prelu"};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    harness_t h;
    harness_init(&h, device, 1);
    uint16_t x = harness_value(&h, false, 4, shape), y = harness_value(&h, false, 4, shape);
    harness_op(&h, ops[i], NULL, 2, (uint16_t[]){x, y});
    check(&h);
  }
}

static void broadcasts(void) {
  static const int64_t channels[4][4] = {{1, 16, 1, 1}, {2, 16, 1, 1}, {1, 1, 1, 1}, {16, 1, 1, 0}};
  for (int i = 0; i < 4; i++) {
    for (int constant = i == 3; constant < 2; constant++) {
      for (int swapped = 0; swapped < 2; swapped++) {
        harness_t h;
        harness_init(&h, device, 1);
        uint16_t x = harness_value(&h, false, 4, shape);
        uint16_t c = harness_value(&h, constant != 0, i == 3 ? 3 : 4, channels[i]);
        uint16_t y =
            harness_op(&h, "sub", NULL, 2, swapped != 0 ? (uint16_t[]){c, x} : (uint16_t[]){x, c});
        harness_op(&h, "relu", NULL, 1, &y);
        check(&h);
      }
    }
  }
}

/* Channels innermost in numbers that leave a rest of a run, numbers of each image, batch norms. */
static void channel_steps(void) {
  static const int64_t shapes[3][4] = {{2, 12, 9, 31}, {1, 131, 5, 6}, {3, 300, 2, 3}};
  for (int i = 0; i < 3; i++) {
    const int64_t c = shapes[i][1], one[4] = {1, c, 1, 1}, each[4] = {shapes[i][0], c, 1, 1};
    harness_t h;
    harness_init(&h, device, 1);
    uint16_t x = harness_value(&h, false, 4, shapes[i]), r = harness_value(&h, false, 4, shapes[i]);
    uint16_t k[4];
    for (int p = 0; p < 4; p++)
      k[p] = harness_value(&h, true, 1, &c);
    uint16_t variance = k[3], slope = harness_value(&h, true, 3, &one[1]);
    for (int64_t p = 0; p < c; p++)
      ((float *)h.data[variance])[p] = 0.5f + 0.01f * (float)p;
    uint16_t y = harness_op(&h, "add", NULL, 2, (uint16_t[]){x, r});
    y = harness_op(&h, "batch_norm", NULL, 5, (uint16_t[]){y, k[0], k[1], k[2], k[3]});
    y = harness_op(&h, "prelu", NULL, 2, (uint16_t[]){y, slope});
    uint16_t weight = harness_value(&h, false, 4, each);
    harness_op(&h, "mul", NULL, 2, (uint16_t[]){y, weight});
    check(&h);
  }
}

static void chains(void) {
  static const int64_t flat[1] = {1337}, table[2] = {7, 129};
  harness_t h;
  harness_init(&h, device, 1);
  uint16_t x = harness_value(&h, false, 1, flat), z = harness_value(&h, false, 1, flat);
  uint16_t one = harness_value(&h, true, 1, (int64_t[]){1});
  uint16_t a = harness_op(&h, "sigmoid", NULL, 1, &x);
  uint16_t b = harness_op(&h, "mul", NULL, 2, (uint16_t[]){a, x});
  uint16_t c = harness_op(&h, "add", NULL, 2, (uint16_t[]){z, b});
  uint16_t d = harness_op(&h, "mul", NULL, 2, (uint16_t[]){c, a});
  harness_op(&h, "add", NULL, 2, (uint16_t[]){d, one});
  check(&h);
  harness_init(&h, device, 1);
  x = harness_value(&h, false, 2, table);
  z = harness_value(&h, true, 2, table);
  a = harness_op(&h, "mul", NULL, 2, (uint16_t[]){x, z});
  harness_op(&h, "tanh", NULL, 1, &a);
  check(&h);
}

static void run_all(uint32_t features) {
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  const bool present = (device->features & features) == features;
  device->features = features;
  if (present) {
    unary_kernels();
    binary_kernels();
    broadcasts();
    channel_steps();
    chains();
  }
  scull_backend_cpu.close(device);
  if (!present)
    skip();
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
  return cmocka_run_group_tests_name("element-wise chains", tests, NULL, NULL);
}
