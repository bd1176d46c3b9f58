/* Attributes of window. */
#ifndef SCULL_OPS_WINDOW_H
#define SCULL_OPS_WINDOW_H

#include "ops/opdef.h"

typedef struct scull_window_attrs {
  int32_t kind;     /* hann, hamming, blackman */
  bool periodic;    /* the window of one element more, without its last */
  scull_dtype_t to; /* a float type */
} scull_window_attrs_t;

#endif
