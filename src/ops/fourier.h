/* Attributes of dft and stft, and the transform of one line that they share. */
#ifndef SCULL_OPS_FOURIER_H
#define SCULL_OPS_FOURIER_H

#include "ops/opdef.h"

typedef struct scull_dft_attrs {
  int64_t axis;
  int64_t length; /* of the line that is transformed: cut, or filled up with zeros; 0: as it is */
  bool inverse;   /* and divided by the length */
  bool one_sided; /* the first half of the result, which says all of a real signal */
} scull_dft_attrs_t;

typedef struct scull_stft_attrs {
  int64_t step;   /* from one frame to the next */
  int64_t length; /* of a frame */
  bool one_sided;
} scull_stft_attrs_t;

enum { SCULL_FOURIER_MAX = 1 << 24 }; /* elements of a line */

/* Doubles of scratch memory that a line of `length` wants, as bytes. */
size_t scull_ops_fourier_scratch(int64_t length);

/* Where the caller puts the line before each transform: `length` real parts, then as many imaginary
 * ones. */
double *scull_ops_fourier_line(void *scratch, int64_t length);

/* Prepares the roots of unity in the scratch memory, once for all lines of that length. */
void scull_ops_fourier_begin(void *scratch, int64_t length, bool inverse);

/* Element `k` of the transform of the line. */
void scull_ops_fourier_bin(const void *scratch, int64_t length, int64_t k, double *real,
                           double *imaginary);

#endif
