/* From a histogram to a threshold: what is beyond it is clipped, what is below is cut into equal
 * steps. */
#include <math.h>
#include <string.h>

#include "quant/histogram.h"

static const char *const names[SCULL_QUANT_METHODS] = {
    "entropy", "minmax", "percentile-99.9", "percentile-99.99", "percentile-99.999", "mse", "best"};

const char *scull_quant_method_name(scull_quant_method_t method) {
  return (unsigned)method < SCULL_QUANT_METHODS ? names[method] : "?";
}

bool scull_quant_method_find(const char *name, scull_quant_method_t *out) {
  for (int i = 0; i < SCULL_QUANT_METHODS; i++) {
    if (strcmp(names[i], name) == 0) {
      *out = (scull_quant_method_t)i;
      return true;
    }
  }
  return false;
}

/* --- what a threshold costs ------------------------------------------------------------------- */

double scull_quant_noise(const scull_histogram_t *h, float threshold, int levels) {
  const double step = (double)threshold / levels, width = (double)h->width;
  double sum = 0;
  if (h->count == 0 || !(threshold > 0))
    return scull_quant_power(h);
  for (int i = 0; i < SCULL_QUANT_BINS; i++) {
    if (h->bin[i] == 0)
      continue;
    const double x = (i + 0.5) * width;
    double error = x - (double)threshold;
    if (error > 0) /* clipped; the numbers of a bin are spread over it */
      sum += (double)h->bin[i] * (error * error + width * width / 12);
    else if (width < step) {
      error = x - step * floor(x / step + 0.5);
      sum += (double)h->bin[i] * (error * error + width * width / 12);
    } else {
      sum += (double)h->bin[i] * step * step / 12;
    }
  }
  return sum / (double)h->count;
}

double scull_quant_power(const scull_histogram_t *h) {
  double sum = 0;
  for (int i = 0; i < SCULL_QUANT_BINS; i++) {
    const double x = (i + 0.5) * (double)h->width;
    sum += (double)h->bin[i] * x * x;
  }
  return h->count == 0 ? 0 : sum / (double)h->count;
}

double scull_quant_clipped(const scull_histogram_t *h, float threshold) {
  uint64_t beyond = 0;
  for (int i = 0; i < SCULL_QUANT_BINS; i++)
    beyond += ((float)i + 0.5f) * h->width > threshold ? h->bin[i] : 0;
  return h->count == 0 ? 0 : (double)beyond / (double)h->count;
}

/* --- entropy ---------------------------------------------------------------------------------- */

enum { LEVELS = 128 };

/* KL divergence between the first `count` bins with all that is beyond in the last one, and the
 * same squeezed into LEVELS steps, each spread again over the bins that were not empty. */
static double divergence(const double *bin, int count, double beyond, double total) {
  double q_total = 0, sum = 0, q[SCULL_QUANT_BINS] = {0};
  for (int level = 0; level < LEVELS; level++) {
    const int begin = level * count / LEVELS, end = (level + 1) * count / LEVELS;
    double mass = 0;
    int filled = 0;
    for (int i = begin; i < end; i++) {
      mass += bin[i];
      filled += bin[i] > 0;
    }
    for (int i = begin; i < end; i++)
      q[i] = bin[i] > 0 ? mass / filled : 0;
    q_total += mass;
  }
  for (int i = 0; i < count; i++) {
    const double p = bin[i] + (i == count - 1 ? beyond : 0);
    if (p <= 0)
      continue;
    const double wanted = p / total;
    const double got = q[i] > 0 ? q[i] / q_total : 1e-12; /* clipped into an empty bin */
    sum += wanted * log(wanted / got);
  }
  return sum;
}

/* The first bin is left out: zeros say nothing about the range. Where numbers are few and far
 * apart, as in a picture of 16 or 256 greys, steps lose nothing at all and the least threshold
 * would win whatever it clips: one with more empty bins than filled ones below it does not count.
 */
static float entropy(const scull_histogram_t *h) {
  double bin[SCULL_QUANT_BINS], total = 0, below = 0, best = HUGE_VAL;
  int filled = 0, at = SCULL_QUANT_BINS;
  for (int i = 0; i < SCULL_QUANT_BINS; i++) {
    bin[i] = i == 0 ? 0 : (double)h->bin[i];
    total += bin[i];
  }
  if (total <= 0)
    return scull_quant_histogram_peak(h);
  for (int i = 0; i < LEVELS; i++) {
    below += bin[i];
    filled += bin[i] > 0;
  }
  for (int count = LEVELS; count <= SCULL_QUANT_BINS; count++) {
    if (2 * filled >= count) {
      const double d = divergence(bin, count, total - below, total);
      if (d < best) {
        best = d;
        at = count;
      }
    }
    below += count < SCULL_QUANT_BINS ? bin[count] : 0;
    filled += count < SCULL_QUANT_BINS && bin[count] > 0;
  }
  return fminf(((float)at - 0.5f) * h->width, scull_quant_histogram_peak(h));
}

/* --- the others ------------------------------------------------------------------------------- */

static float percentile(const scull_histogram_t *h, double share) {
  const double wanted = share * (double)h->count;
  double below = 0;
  for (int i = 0; i < SCULL_QUANT_BINS; i++) {
    below += (double)h->bin[i];
    if (below >= wanted)
      return fminf((float)(i + 1) * h->width, scull_quant_histogram_peak(h));
  }
  return scull_quant_histogram_peak(h);
}

static float least_noise(const scull_histogram_t *h, int levels) {
  const float peak = scull_quant_histogram_peak(h);
  float best = peak;
  double least = scull_quant_noise(h, peak, levels);
  for (int i = 1; i < 128; i++) {
    const float threshold = peak * (float)i / 128.0f;
    const double noise = scull_quant_noise(h, threshold, levels);
    if (noise < least) {
      least = noise;
      best = threshold;
    }
  }
  return best;
}

static float of_method(const scull_histogram_t *h, scull_quant_method_t method, int levels) {
  switch (method) {
  case SCULL_QUANT_ENTROPY: return entropy(h);
  case SCULL_QUANT_P999: return percentile(h, 0.999);
  case SCULL_QUANT_P9999: return percentile(h, 0.9999);
  case SCULL_QUANT_P99999: return percentile(h, 0.99999);
  case SCULL_QUANT_MSE: return least_noise(h, levels);
  case SCULL_QUANT_MINMAX:
  case SCULL_QUANT_BEST:
  case SCULL_QUANT_METHODS: break;
  }
  return scull_quant_histogram_peak(h);
}

float scull_quant_threshold(const scull_histogram_t *h, scull_quant_method_t method, int levels,
                            scull_quant_method_t *chosen) {
  scull_quant_method_t found = method;
  float threshold = 0;
  if (method != SCULL_QUANT_BEST) {
    threshold = of_method(h, method, levels);
  } else {
    double least = HUGE_VAL;
    for (int m = 0; m < SCULL_QUANT_BEST; m++) {
      const float t = of_method(h, (scull_quant_method_t)m, levels);
      const double noise = scull_quant_noise(h, t, levels);
      if (noise < least) {
        least = noise;
        threshold = t;
        found = (scull_quant_method_t)m;
      }
    }
  }
  if (chosen != NULL)
    *chosen = found;
  return threshold;
}
