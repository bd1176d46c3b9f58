/* Attributes of multiclass_nms and locality_aware_nms. */
#ifndef SCULL_OPS_MULTICLASS_NMS_H
#define SCULL_OPS_MULTICLASS_NMS_H

#include "ops/opdef.h"

typedef struct scull_multiclass_nms_attrs {
  int64_t background; /* a class that is left out; -1: none */
  double least;       /* a score must exceed it */
  int64_t nms_top_k;  /* candidates of a class; -1: all */
  int64_t keep_top_k; /* boxes of a picture; -1: all */
  double threshold;   /* a box goes when it overlaps a better one by more */
  double eta;         /* below 1: the threshold shrinks by it while above 0.5 */
  bool normalized;    /* a width is x2 - x1, else x2 - x1 + 1 */
  bool empty_row;     /* nothing found gives one row [-1], else no row */
} scull_multiclass_nms_attrs_t;

extern const scull_attr_field_t scull_ops_multiclass_nms_fields[8];

/* Fails when numbers are out of range. */
scull_status_t scull_ops_multiclass_nms_check(const scull_op_call_t *call) SCULL_MUST_USE;

/* Upper bound of the rows that `pictures` give with `boxes` and `classes` each; false when that
 * does not fit. */
bool scull_ops_multiclass_nms_rows(const scull_multiclass_nms_attrs_t *attrs, int64_t pictures,
                                   int64_t boxes, int64_t classes, int64_t *rows);

#endif
