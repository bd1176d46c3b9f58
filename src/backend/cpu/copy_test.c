/* Operators that move elements, against the reference: bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

typedef struct {
  const char *op, *attrs;
  int32_t rank;
  int64_t x[5];
} case_t;

static const case_t cases[] = {
    {"transpose", "perm=0,2,3,1", 4, {2, 37, 9, 5}},
    {"transpose", "perm=0,2,1", 3, {3, 50, 33}},
    {"transpose", "perm=1,0", 2, {64, 128}},
    {"transpose", "perm=2,0,1,3", 4, {3, 20, 17, 8}},
    {"transpose", "perm=0,1,2", 3, {2, 3, 4}},
    {"transpose", NULL, 3, {4, 1, 31}},
    {"reshape", "shape=6,20", 3, {2, 3, 20}},
    {"flatten", "start=1", 4, {2, 3, 4, 5}},
    {"unsqueeze", "axes=1", 2, {3, 5}},
    {"expand", "shape=4,3,7,5", 4, {1, 3, 1, 5}},
    {"expand", "shape=2,6,9", 2, {6, 1}},
    {"pixel_shuffle", "factor=2", 4, {2, 12, 5, 7}},
    {"pixel_shuffle", "factor=3", 4, {1, 9, 40, 37}},
    {"pixel_shuffle", "factor=2 order=dcr", 4, {1, 64, 6, 70}},
    {"space_to_depth", "factor=2", 4, {2, 3, 10, 84}},
    {"space_to_depth", "factor=2 order=columns", 4, {1, 3, 64, 2200}},
    {"channel_shuffle", "groups=4", 4, {2, 24, 5, 3}},
    {"channel_shuffle", "groups=2", 4, {1, 116, 14, 15}},
    {"transpose", "perm=0,2,3,1", 4, {1, 3, 60, 50}},
    {"transpose", "perm=0,3,1,2", 4, {1, 60, 50, 3}},
    {"transpose", "perm=1,0", 2, {2000, 33}},
    {"transpose", "perm=1,0", 2, {9, 1100}},
    {"transpose", "perm=0,2,1", 3, {2, 1029, 7}},
    {"transpose", "perm=1,0", 2, {5, 3001}},
    {"slice", "starts=1,2 ends=-1,99", 4, {3, 20, 6, 7}},
    {"slice", "axes=2,3 starts=0,1 ends=99,99 steps=2,2", 4, {1, 32, 17, 30}},
    {"slice", "axes=1,3 starts=16,-1 ends=48,-99 steps=1,-3", 4, {2, 64, 5, 31}},
    {"pad", "pads=0,0,1,1,0,0,1,1 value=-3", 4, {1, 3, 40, 50}},
    {"pad", "pads=0,16,0,2,1,32,3,0", 4, {1, 32, 20, 21}},
    {"pad", "pads=0,-3,-2,4,0,2,5,-6 value=1.5", 4, {2, 9, 11, 13}},
    {"pad", "pads=70000,3", 1, {5}},
};

static void check(harness_t *h) {
  const scull_tactic_t *tactic = &scull_tactic_cpu_copy;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  harness_reference(h);
  assert_null(tactic->refuse(&h->site, h->device));
  const size_t count = tactic->configs(&h->site, h->device, configs, SCULL_MAX_CONFIGS);
  assert_true(count > 0);
  for (size_t i = 0; i < count; i++) {
    harness_run_t run;
    assert_true(harness_prepare(h, tactic, &configs[i], &run));
    harness_enqueue(h, &run);
    if (harness_error(h, &run) > 0)
      fail_msg("%s, config %zu: %g", h->ops[0].def->name, i, harness_error(h, &run));
    harness_release(&run);
  }
  harness_deinit(h);
}

static void movers(void **state) {
  scull_device_t *device;
  (void)state;
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    harness_t h;
    harness_init(&h, device, 1 + (int)(i % 2));
    uint16_t x = harness_value(&h, false, cases[i].rank, cases[i].x);
    harness_op(&h, cases[i].op, cases[i].attrs, 1, &x);
    check(&h);
  }
  for (int axis = 0; axis < 3; axis++) {
    int64_t a[3] = {5, 6, 7}, b[3] = {5, 6, 7};
    char attrs[32];
    harness_t h;
    b[axis] = 11;
    snprintf(attrs, sizeof attrs, "axis=%d", axis == 2 ? -1 : axis);
    harness_init(&h, device, 2);
    uint16_t x = harness_value(&h, false, 3, a), y = harness_value(&h, false, 3, b);
    harness_op(&h, "concat", attrs, 3, (uint16_t[]){x, y, x});
    check(&h);
  }
  scull_backend_cpu.close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(movers)};
  return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
