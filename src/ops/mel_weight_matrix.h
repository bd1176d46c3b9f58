/* Attributes of mel_weight_matrix. */
#ifndef SCULL_OPS_MEL_WEIGHT_MATRIX_H
#define SCULL_OPS_MEL_WEIGHT_MATRIX_H

#include "ops/opdef.h"

typedef struct scull_mel_weight_matrix_attrs {
  scull_dtype_t to; /* a float type */
} scull_mel_weight_matrix_attrs_t;

#endif
