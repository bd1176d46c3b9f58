/* Attributes of retinanet_detection. */
#ifndef SCULL_OPS_RETINANET_DETECTION_H
#define SCULL_OPS_RETINANET_DETECTION_H

#include "ops/opdef.h"

typedef struct scull_retinanet_detection_attrs {
  int64_t levels;     /* of the pyramid */
  double least;       /* a score must exceed it; on the last level any above 0 counts */
  int64_t nms_top_k;  /* candidates of a level */
  int64_t keep_top_k; /* boxes of a picture */
  double threshold;   /* a box goes when it overlaps a better one of its class by more */
  double eta;         /* below 1: the threshold shrinks by it while above 0.5 */
} scull_retinanet_detection_attrs_t;

#endif
