/* The discrete Fourier transform of a line, by its sum: the roots of unity are computed once. */
#include "ops/fourier.h"

#include <math.h>

#include "base/checked.h"

/* Scratch memory: the roots' real and imaginary parts, the line's. */
size_t scull_ops_fourier_scratch(int64_t length) {
  size_t bytes = 0;
  return scull_base_size_mul((size_t)length, 4 * sizeof(double), &bytes) ? bytes : SIZE_MAX;
}

double *scull_ops_fourier_line(void *scratch, int64_t length) {
  return (double *)scratch + 2 * length;
}

void scull_ops_fourier_begin(void *scratch, int64_t length, bool inverse) {
  static const double turn = 6.283185307179586476925;
  double *root = scratch, sign = inverse ? 1 : -1;
  for (int64_t i = 0; i < length; i++) {
    double angle = turn * (double)i / (double)length;
    root[i] = cos(angle);
    root[length + i] = sign * sin(angle);
  }
}

void scull_ops_fourier_bin(const void *scratch, int64_t length, int64_t k, double *real,
                           double *imaginary) {
  const double *root = scratch, *line = root + 2 * length;
  double re = 0, im = 0;
  for (int64_t i = 0, at = 0; i < length; i++) {
    re += line[i] * root[at] - line[length + i] * root[length + at];
    im += line[i] * root[length + at] + line[length + i] * root[at];
    at += k;
    at = at >= length ? at - length : at;
  }
  *real = re;
  *imaginary = im;
}
