/* What calibration keeps of a tensor: how often its numbers were how large. One pass, bounded
 * memory: a histogram of absolute values whose range doubles (pairs of bins join) when a larger one
 * comes. Values are collected by one thread at a time. */
#ifndef SCULL_QUANT_HISTOGRAM_H
#define SCULL_QUANT_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCULL_QUANT_BINS = 2048 };

typedef struct scull_histogram {
  uint64_t bin[SCULL_QUANT_BINS]; /* of |x|; bin i holds [i, i + 1) * width */
  uint64_t count;                 /* of finite numbers */
  uint64_t broken;                /* NaN and infinities, which are in no bin */
  float width;                    /* 0: nothing but zeros so far */
  float min, max;                 /* of the finite numbers; valid when count > 0 */
  float tiny;                     /* the smallest |x| but zero; 0: none */
} scull_histogram_t;

/* Adds numbers. */
void scull_quant_histogram_add(scull_histogram_t *h, const float *values, size_t count);

/* The largest |x|. */
float scull_quant_histogram_peak(const scull_histogram_t *h);

typedef enum scull_quant_method {
  SCULL_QUANT_ENTROPY = 0, /* least Kullback-Leibler divergence, 128 levels, as published by NVIDIA
                              for TensorRT 2 (GTC 2017, S7310) */
  SCULL_QUANT_MINMAX = 1,  /* the largest |x| */
  SCULL_QUANT_P999 = 2,    /* percentiles of |x| */
  SCULL_QUANT_P9999 = 3,
  SCULL_QUANT_P99999 = 4,
  SCULL_QUANT_MSE = 5,  /* least mean square of the error of rounding and clipping */
  SCULL_QUANT_BEST = 6, /* of the above, the one with the least such error for this tensor (a
                           build's trial looks at the network's results instead) */
  SCULL_QUANT_METHODS = 7,
} scull_quant_method_t;

/* "entropy", "minmax", "percentile-99.9", "percentile-99.99", "percentile-99.999", "mse", "best".
 */
const char *scull_quant_method_name(scull_quant_method_t method);
bool scull_quant_method_find(const char *name, scull_quant_method_t *out);

/* The threshold that a method gives: 0 when there is nothing but zeros. `*chosen` (may be NULL) is
 * the method itself, or what BEST found. `levels`: positive steps, 127, or 255 without negatives.
 */
float scull_quant_threshold(const scull_histogram_t *h, scull_quant_method_t method, int levels,
                            scull_quant_method_t *chosen);

/* Mean square of what rounding to `levels` steps below the threshold changes, from the bins. */
double scull_quant_noise(const scull_histogram_t *h, float threshold, int levels);

/* Mean square of the numbers themselves. */
double scull_quant_power(const scull_histogram_t *h);

/* Share of the numbers beyond the threshold. */
double scull_quant_clipped(const scull_histogram_t *h, float threshold);

#endif
