/* Collecting. */
#include "quant/histogram.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Twice the range: neighbours join. */
static void widen(scull_histogram_t *h) {
  for (int i = 0; i < SCULL_QUANT_BINS / 2; i++)
    h->bin[i] = h->bin[2 * i] + h->bin[2 * i + 1];
  memset(h->bin + SCULL_QUANT_BINS / 2, 0, sizeof h->bin / 2);
  h->width *= 2;
}

/* Range and least of a run; false when some number is not finite. */
static bool look(const float *values, size_t count, float *min, float *max) {
  float low = FLT_MAX, high = -FLT_MAX, sum = 0;
  for (size_t i = 0; i < count; i++) {
    low = values[i] < low ? values[i] : low;
    high = values[i] > high ? values[i] : high;
    sum += values[i] * 0.0f; /* NaN for what is not finite */
  }
  *min = low;
  *max = high;
  return sum == 0.0f;
}

static void add_one(scull_histogram_t *h, float value) {
  const float size = fabsf(value);
  const int i = (int)(size / h->width);
  h->bin[i < SCULL_QUANT_BINS ? i : SCULL_QUANT_BINS - 1]++;
  if (size > 0 && (h->tiny == 0 || size < h->tiny))
    h->tiny = size;
}

static void make_room(scull_histogram_t *h, float peak) {
  if (peak == 0)
    return;
  if (h->width == 0) /* all that came before was zero, and stays in bin 0 */
    h->width = fmaxf(peak / SCULL_QUANT_BINS * 1.0001f, FLT_MIN);
  while (h->width * SCULL_QUANT_BINS < peak)
    widen(h);
}

/* A run of finite numbers in its range. */
static void add_run(scull_histogram_t *h, const float *values, size_t count, float min, float max) {
  h->min = h->count == 0 || min < h->min ? min : h->min;
  h->max = h->count == 0 || max > h->max ? max : h->max;
  h->count += count;
  make_room(h, fmaxf(fabsf(min), fabsf(max)));
  if (h->width == 0) {
    h->bin[0] += count;
    return;
  }
  const float scale = 1.0f / h->width;
  uint32_t part[2][SCULL_QUANT_BINS] = {{0}}; /* two, so that equal neighbours do not wait */
  float tiny = h->tiny == 0 ? FLT_MAX : h->tiny;
  for (size_t i = 0; i < count; i++) {
    const float size = fabsf(values[i]);
    const int k = (int)(size * scale);
    part[i & 1][k < SCULL_QUANT_BINS ? k : SCULL_QUANT_BINS - 1]++;
    tiny = size > 0 && size < tiny ? size : tiny;
  }
  for (int i = 0; i < SCULL_QUANT_BINS; i++)
    h->bin[i] += part[0][i] + part[1][i];
  h->tiny = tiny < FLT_MAX ? tiny : 0;
}

void scull_quant_histogram_add(scull_histogram_t *h, const float *values, size_t count) {
  enum { RUN = 1 << 20 }; /* what the counters of a run can hold, and more than pays */
  for (size_t at = 0; at < count; at += RUN) {
    const size_t n = count - at < RUN ? count - at : RUN;
    float min, max;
    if (look(values + at, n, &min, &max)) {
      add_run(h, values + at, n, min, max);
      continue;
    }
    for (size_t i = at; i < at + n; i++) {
      if (!isfinite(values[i])) {
        h->broken++;
        continue;
      }
      h->min = h->count == 0 || values[i] < h->min ? values[i] : h->min;
      h->max = h->count == 0 || values[i] > h->max ? values[i] : h->max;
      h->count++;
      make_room(h, fabsf(values[i]));
      if (h->width == 0)
        h->bin[0]++;
      else
        add_one(h, values[i]);
    }
  }
}

float scull_quant_histogram_peak(const scull_histogram_t *h) {
  return h->count == 0 ? 0 : fmaxf(fabsf(h->min), fabsf(h->max));
}
