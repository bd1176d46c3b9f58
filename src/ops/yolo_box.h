/* Attributes of yolo_box. */
#ifndef SCULL_OPS_YOLO_BOX_H
#define SCULL_OPS_YOLO_BOX_H

#include "ops/opdef.h"

typedef struct scull_yolo_box_attrs {
  scull_ints_t anchors; /* width, height, width, ... in elements of the network's input */
  int64_t classes;
  double least;       /* boxes of a lower confidence become zeros */
  int64_t downsample; /* elements of the network's input a place */
  bool clip;          /* into the picture */
  double scale;       /* of the sigmoid that moves a centre, about its middle */
  bool iou_aware;     /* the first channels of x hold a predicted overlap an anchor ... */
  double iou_factor;  /* ... which counts in the confidence with this exponent */
} scull_yolo_box_attrs_t;

#endif
