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

/* --- with another precision ------------------------------------------------------------------- */

static const float scale = 1.0f / 96;
static const scull_quant_t quants[] = {{SCULL_DTYPE_I8, -1, 1, &scale, NULL},
                                       {SCULL_DTYPE_U8, -1, 1, &scale, NULL}};

static double stored_as(const scull_site_value_t *v, double real) {
  if (v->as == SCULL_AS_INT8)
    return (double)scull_tensor_quantize(v->quant->dtype, scale, (float)real) * (double)scale;
  return v->as == SCULL_AS_BF16
             ? (double)scull_tensor_bf16_to_f32(scull_tensor_f32_to_bf16((float)real))
             : real;
}

static void put(const scull_site_value_t *v, void *memory, int64_t i, double real) {
  if (v->as == SCULL_AS_INT8)
    scull_tensor_store(memory, v->quant->dtype, harness_at(v, i),
                       scull_tensor_quantize(v->quant->dtype, scale, (float)real));
  else
    scull_tensor_store(memory, scull_backend_site_stored(v), harness_at(v, i), real);
}

static double get(const scull_site_value_t *v, const void *memory, int64_t i) {
  return scull_tensor_load(memory, scull_backend_site_stored(v), harness_at(v, i)) *
         (double)scull_backend_site_scale(v);
}

static void convert(scull_device_t *device, const int64_t dims[4], const scull_config_t *config,
                    const scull_quant_t *quant) {
  harness_t h;
  harness_run_t run;
  const scull_tactic_t *tactic = &scull_tactic_cpu_reformat;
  harness_init(&h, device, 2);
  uint16_t x = harness_value(&h, false, 4, dims);
  uint16_t y = harness_op(&h, "identity", NULL, 1, &x);
  const float *reals = h.data[x];
  h.values[x].quant = h.values[y].quant = quant;
  assert_true(harness_prepare(&h, tactic, config, &run));
  assert_true(scull_backend_tactic_applies(tactic, &h.site));
  assert_null(tactic->refuse(&h.site, device));
  for (int64_t i = 0; i < scull_tensor_count(&h.values[x].opt); i++)
    put(&h.values[x], run.in[0], i, (double)reals[i] * 1.5); /* some beyond the range */
  harness_enqueue(&h, &run);
  for (int64_t i = 0; i < scull_tensor_count(&h.values[x].opt); i++) {
    const double wanted = stored_as(&h.values[y], get(&h.values[x], run.in[0], i));
    const double error = get(&h.values[y], run.out[0], i) - wanted;
    /* a product with one over the scale may round a tie to the other side */
    if (fabs(error) > (h.values[y].as == SCULL_AS_INT8 ? (double)scale * 1.01 : 1e-6))
      fail_msg("%s:%d to %s:%d, %lld channels: %g is off by %g",
               scull_backend_layout_name(config->src), config->src_as,
               scull_backend_layout_name(config->dst), config->dst_as, (long long)dims[1], wanted,
               error);
  }
  harness_release(&run);
  harness_deinit(&h);
}

static void all_precisions(void **state) {
  static const int64_t shapes[][4] = {{2, 32, 4, 8}, {1, 3, 17, 5}, {2, 40, 7, 9}, {1, 33, 1, 1}};
  static const uint32_t features[] = {SCULL_CPU_AVX2, SCULL_CPU_AVX2 | SCULL_CPU_AVX512};
  scull_device_t *device;
  (void)state;
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  const uint32_t own = device->features;
  for (size_t f = 0; f < 2 && (own & SCULL_CPU_AVX2) != 0; f++) {
    device->features = own & features[f];
    for (int i = 0; i < 4 * SCULL_LAYOUTS * SCULL_LAYOUTS * 16; i++) {
      const scull_config_t config = {.src = (scull_layout_t)(i / 4 % SCULL_LAYOUTS),
                                     .dst = (scull_layout_t)(i / 16 % SCULL_LAYOUTS),
                                     .src_as = (scull_precision_t)(i / 64 % 4),
                                     .dst_as = (scull_precision_t)(i / 256)};
      if (config.src_as == config.dst_as || config.src_as == SCULL_AS_F16 ||
          config.dst_as == SCULL_AS_F16)
        continue;
      convert(device, shapes[i % 4], &config, &quants[0]);
      convert(device, shapes[i % 4], &config, &quants[1]);
    }
  }
  scull_backend_cpu.close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_pairs), cmocka_unit_test(all_precisions)};
  return cmocka_run_group_tests_name("reformat", tests, NULL, NULL);
}
