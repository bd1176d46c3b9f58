/* Attributes of tf_idf: which runs of words are counted, and where their counts go. */
#ifndef SCULL_OPS_TF_IDF_H
#define SCULL_OPS_TF_IDF_H

#include "ops/opdef.h"

enum { SCULL_TF_IDF_COUNT, SCULL_TF_IDF_WEIGHT, SCULL_TF_IDF_BOTH };

typedef struct scull_tf_idf_attrs {
  int64_t shortest, longest; /* words of a run */
  int64_t skips;             /* up to so many words may lie between those of a run, evenly */
  int32_t mode;      /* SCULL_TF_IDF_*: the count; the weight where there is any; count * weight */
  scull_ints_t pool; /* the runs of one word, then those of two, ... */
  scull_ints_t starts;    /* where in the pool the runs of one, two, ... words begin */
  scull_ints_t places;    /* of each run's count in the result */
  scull_floats_t weights; /* of each run; empty: 1 */
} scull_tf_idf_attrs_t;

#endif
