/* Every pair of layouts, whole tiles and rests, with both instruction sets and with none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

static void check(scull_device_t *device, const int64_t dims[4], scull_layout_t src,
                  scull_layout_t dst) {
  harness_t h;
  harness_run_t run;
  const scull_tactic_t *tactic = &scull_tactic_cpu_reformat;
  const scull_config_t config = {.src = src, .dst = dst};
  harness_init(&h, device, 2);
  uint16_t x = harness_value(&h, false, 4, dims);
  harness_op(&h, "identity", NULL, 1, &x);
  harness_reference(&h);
  assert_null(tactic->refuse(&h.site, device));
  assert_true(harness_prepare(&h, tactic, &config, &run));
  harness_enqueue(&h, &run);
  if (harness_error(&h, &run) > 0)
    fail_msg("%s to %s, %lld channels", scull_backend_layout_name(src),
             scull_backend_layout_name(dst), (long long)dims[1]);
  harness_release(&run);
  harness_deinit(&h);
}

static void all_pairs(void **state) {
  static const int64_t shapes[][4] = {{2, 32, 4, 8},  {1, 3, 17, 5}, {2, 40, 7, 9},
                                      {1, 16, 1, 16}, {1, 8, 6, 6},  {1, 33, 1, 1}};
  static const uint32_t features[] = {0, SCULL_CPU_AVX2, SCULL_CPU_AVX2 | SCULL_CPU_AVX512};
  scull_device_t *device;
  (void)state;
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  const uint32_t own = device->features;
  for (size_t f = 0; f < 3; f++) {
    device->features = own & features[f];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      for (int src = 0; src < SCULL_LAYOUTS; src++) {
        for (int dst = 0; dst < SCULL_LAYOUTS; dst++)
          check(device, shapes[i], (scull_layout_t)src, (scull_layout_t)dst);
      }
    }
  }
  scull_backend_cpu.close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_pairs)};
  return cmocka_run_group_tests_name("reformat", tests, NULL, NULL);
}
