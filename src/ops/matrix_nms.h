/* Attributes of matrix_nms. */
#ifndef SCULL_OPS_MATRIX_NMS_H
#define SCULL_OPS_MATRIX_NMS_H

#include "ops/opdef.h"

typedef struct scull_matrix_nms_attrs {
  int64_t background; /* a class that is left out; -1: none */
  double least;       /* a score must exceed it */
  double post_least;  /* and a decayed score this */
  int64_t nms_top_k;  /* candidates of a class; -1: all */
  int64_t keep_top_k; /* boxes of a picture; -1: all */
  bool normalized;    /* a width is x2 - x1, else x2 - x1 + 1 */
  bool gaussian;      /* the decay, else linear */
  double sigma;       /* of the gaussian */
} scull_matrix_nms_attrs_t;

#endif
