/* boxes.h: what detectors do with their heads before boxes are chosen. Valid C17, C++17. */
#ifndef SCULL_CUDA_BOXES_H
#define SCULL_CUDA_BOXES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SCULL_CUDA_ANCHORS = 16 };

/* The operator yolo_box (src/ops/yolo_box.c), f32. */
typedef struct scull_cuda_yolo {
  const float *x;       /* [n][anchors * (5 + classes) (+ anchors before them)][height][width] */
  const int32_t *sizes; /* [n][2]: height and width of the pictures */
  float *boxes;         /* [n][anchors * height * width][4] */
  float *scores;        /* [n][anchors * height * width][classes] */
  int32_t n, anchors, classes, height, width, iou_aware, clip;
  float anchor[2 * SCULL_CUDA_ANCHORS], least, downsample, scale, iou_factor;
} scull_cuda_yolo_t;
int scull_cuda_yolo_enqueue(const scull_cuda_yolo_t *yolo, int chained, void *stream);

/* The operator box_coder (src/ops/box_coder.c), f32; results [rows][columns][4]. */
typedef struct scull_cuda_coder {
  const float *prior, *variance, *target; /* variance NULL: `constant` */
  float *dst;
  int32_t rows, columns, encode, prior_by_row;
  float offset, constant[4];
} scull_cuda_coder_t;
int scull_cuda_coder_enqueue(const scull_cuda_coder_t *coder, int chained, void *stream);

#ifdef __cplusplus
}
#endif
#endif
