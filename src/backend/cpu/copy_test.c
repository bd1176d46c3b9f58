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
    {"channel_shuffle", "groups=4", 4, {2, 24, 5, 3}},
};

static void check(harness_t *h) {
  const scull_tactic_t *tactic = &scull_tactic_cpu_copy;
  const scull_config_t config = {0};
  harness_run_t run;
  harness_reference(h);
  assert_null(tactic->refuse(&h->site, h->device));
  assert_true(harness_prepare(h, tactic, &config, &run));
  harness_enqueue(h, &run);
  if (harness_error(h, &run) > 0)
    fail_msg("%s: %g", h->ops[0].def->name, harness_error(h, &run));
  harness_release(&run);
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
