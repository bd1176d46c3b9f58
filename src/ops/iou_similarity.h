/* Attributes of iou_similarity. */
#ifndef SCULL_OPS_IOU_SIMILARITY_H
#define SCULL_OPS_IOU_SIMILARITY_H

#include "ops/opdef.h"

typedef struct scull_iou_similarity_attrs {
  bool normalized; /* a width is x2 - x1, else x2 - x1 + 1 */
} scull_iou_similarity_attrs_t;

#endif
