/* Products of small integers against the reference kernels: operands are first made numbers that
 * 8 bits hold exactly, so that results may differ by one step of the destination and no more. For
 * the tests of tactics; header only. */
#ifndef SCULL_TESTS_KERNELS_STEPS_H
#define SCULL_TESTS_KERNELS_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernels/harness.h"

static const float source_scale = 1.0f / 100, result_scale = 1.0f / 40, other_scale = 1.0f / 120;
static const scull_quant_t source_u8 = {SCULL_DTYPE_U8, -1, 1, &source_scale, NULL};
static const scull_quant_t source_s8 = {SCULL_DTYPE_I8, -1, 1, &source_scale, NULL};
static const scull_quant_t result_u8 = {SCULL_DTYPE_U8, -1, 1, &result_scale, NULL};
static const scull_quant_t result_s8 = {SCULL_DTYPE_I8, -1, 1, &result_scale, NULL};
static const scull_quant_t other_s8 = {SCULL_DTYPE_I8, -1, 1, &other_scale, NULL};

typedef struct {
  harness_t h;
  scull_quant_t weights;
  float scales[256];
} bench_t;

/* The nearest numbers that the quantization can hold. */
static inline void snap(const scull_quant_t *q, const scull_shape_t *shape, float *data) {
  int64_t inner = 1;
  for (int32_t i = q->axis + 1; q->axis >= 0 && i < shape->rank; i++)
    inner *= shape->dim[i];
  for (int64_t i = 0; i < scull_tensor_count(shape); i++) {
    const float scale = q->scales[q->count == 1 ? 0 : (size_t)(i / inner) % q->count];
    data[i] = scale * (float)scull_tensor_quantize(q->dtype, scale, data[i]);
  }
}

static inline uint16_t activation(bench_t *b, int32_t rank, const int64_t *dims,
                                  const scull_quant_t *q) {
  const uint16_t v = harness_value(&b->h, false, rank, dims);
  b->h.values[v].quant = q;
  snap(q, &b->h.values[v].opt, b->h.data[v]);
  return v;
}

/* Weights with a scale a channel that fits the largest of each. */
static inline uint16_t weights(bench_t *b, int32_t rank, const int64_t *dims, int32_t axis) {
  const uint16_t v = harness_value(&b->h, true, rank, dims);
  for (int64_t c = 0; c < dims[axis]; c++)
    b->scales[c] = (1.0f + (float)(c % 5) / 10) / 127;
  b->weights = (scull_quant_t){SCULL_DTYPE_I8, axis, (size_t)dims[axis], b->scales, NULL};
  b->h.values[v].quant = &b->weights;
  snap(&b->weights, &b->h.values[v].opt, b->h.data[v]);
  return v;
}

static inline void put(const scull_site_value_t *v, void *memory, const float *reals) {
  const float scale = scull_backend_site_scale(v);
  for (int64_t i = 0; i < scull_tensor_count(&v->opt); i++)
    scull_tensor_store(memory, scull_backend_site_stored(v), harness_at(v, i),
                       v->as == SCULL_AS_INT8
                           ? scull_tensor_quantize(v->quant->dtype, scale, reals[i])
                           : (double)reals[i]);
}

/* Largest distance from the reference, in steps of the destination; a small part of the range for
 * f32. What the destination cannot hold is clamped on both sides. */
static inline double distance(const harness_t *h, const harness_run_t *run) {
  const scull_site_value_t *y = &h->values[h->outputs[0]];
  const float *wanted = h->data[h->outputs[0]];
  const double scale = y->as == SCULL_AS_INT8 ? (double)y->quant->scales[0] : 1e-4;
  double worst = 0;
  for (int64_t i = 0; i < scull_tensor_count(&y->opt); i++) {
    double real = (double)wanted[i];
    if (y->as == SCULL_AS_INT8)
      real = scale * scull_tensor_quantize(y->quant->dtype, y->quant->scales[0], wanted[i]);
    const double got =
        scull_tensor_load(run->out[0], scull_backend_site_stored(y), harness_at(y, i)) *
        (double)scull_backend_site_scale(y);
    worst = fabs(got - real) / scale > worst ? fabs(got - real) / scale : worst;
  }
  return worst;
}

/* Every configuration of the tactic that computes in 8 bits; returns how many there are. */
static inline int run_all(bench_t *b, const scull_tactic_t *tactic, const scull_quant_t *result) {
  scull_config_t configs[SCULL_MAX_CONFIGS];
  harness_t *h = &b->h;
  int runs = 0;
  h->values[h->outputs[0]].quant = result;
  h->site.precisions = 1u << SCULL_AS_INT8;
  harness_reference(h);
  assert_null(tactic->refuse(&h->site, h->device));
  const size_t count = tactic->configs(&h->site, h->device, configs, SCULL_MAX_CONFIGS);
  for (size_t i = 0; i < count; i++) {
    harness_run_t run;
    if (configs[i].src_as != SCULL_AS_INT8 && configs[i].dst_as != SCULL_AS_INT8)
      continue;
    assert_true(harness_prepare(h, tactic, &configs[i], &run));
    for (size_t k = 0; k < h->site.input_count; k++)
      put(&h->values[h->inputs[k]], run.in[k], h->data[h->inputs[k]]);
    harness_enqueue(h, &run);
    const double steps = distance(h, &run);
    if (steps > 1.01)
      fail_msg("config %zu (%s, to %s): off by %g steps", i,
               scull_backend_layout_name(configs[i].src),
               scull_backend_precision_name(configs[i].dst_as), steps);
    harness_release(&run);
    runs++;
  }
  harness_deinit(h);
  return runs;
}

static inline bool begin(bench_t *b, scull_device_t *device) {
  *b = (bench_t){0};
  harness_init(&b->h, device, 2);
  return (device->features & SCULL_CPU_AVX512) != 0 || (device->features & SCULL_CPU_AVX2) != 0;
}

static inline scull_device_t *open_cpu(void) {
  scull_device_t *device = NULL;
  assert_int_equal(scull_backend_cpu.open(0, &device, NULL), SCULL_OK);
  return device;
}

#endif
