/* Kernels of narrow numbers (small integers, bf16) against the reference kernels: operands are
 * first made numbers that the narrow type holds exactly, so that results may differ by one step of
 * the destination and no more. For the tests of tactics; header only. */
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

/* A value whose numbers bf16 holds. */
static inline uint16_t bf16_value(harness_t *h, bool constant, int32_t rank, const int64_t *dims) {
  const uint16_t v = harness_value(h, constant, rank, dims);
  float *data = h->data[v];
  for (int64_t i = 0; i < scull_tensor_count(&h->values[v].opt); i++)
    data[i] = scull_tensor_bf16_to_f32(scull_tensor_f32_to_bf16(data[i]));
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

/* One step of the destination at `real`; a small part of the range for f32. */
static inline double step_at(const scull_site_value_t *y, double real) {
  if (y->as == SCULL_AS_INT8)
    return (double)y->quant->scales[0];
  return y->as == SCULL_AS_BF16 ? fmax(fabs(real), 1e-2) / 256 : 1e-4;
}

/* Largest distance from the reference, in steps of the destination. What the destination cannot
 * hold is clamped on both sides. */
static inline double distance(const harness_t *h, const harness_run_t *run) {
  const scull_site_value_t *y = &h->values[h->outputs[0]];
  const float *wanted = h->data[h->outputs[0]];
  double worst = 0;
  for (int64_t i = 0; i < scull_tensor_count(&y->opt); i++) {
    double real = (double)wanted[i];
    if (y->as == SCULL_AS_INT8)
      real = (double)y->quant->scales[0] *
             scull_tensor_quantize(y->quant->dtype, y->quant->scales[0], wanted[i]);
    const double got =
        scull_tensor_load(run->out[0], scull_backend_site_stored(y), harness_at(y, i)) *
        (double)scull_backend_site_scale(y);
    worst = fmax(worst, fabs(got - real) / step_at(y, real));
  }
  return worst;
}

/* Every configuration of the tactic with operands stored as `as`; returns how many there are. */
static inline int run_as(harness_t *h, const scull_tactic_t *tactic, scull_precision_t as) {
  scull_config_t configs[SCULL_MAX_CONFIGS];
  int runs = 0;
  h->site.precisions = 1u << as;
  harness_reference(h);
  assert_null(tactic->refuse(&h->site, h->device));
  const size_t count = tactic->configs(&h->site, h->device, configs, SCULL_MAX_CONFIGS);
  for (size_t i = 0; i < count; i++) {
    harness_run_t run;
    if (configs[i].src_as != as && configs[i].dst_as != as)
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

/* The same in 8 bits. */
static inline int run_all(bench_t *b, const scull_tactic_t *tactic, const scull_quant_t *result) {
  b->h.values[b->h.outputs[0]].quant = result;
  return run_as(&b->h, tactic, SCULL_AS_INT8);
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
