/* boxes.cu: boxes out of the heads of detectors.
 *
 * Algorithm: a thread a box. The scores of a box's classes are written by a thread each, so that
 * they leave in whole lines.
 *
 *   tile   a thread: a box, or one score
 *   floor  the bytes: the head once, scores once */
#include "backend/cuda/boxes.h"
#include "backend/cuda/element.cuh"

namespace {

enum { THREADS = 256 };

__device__ __forceinline__ float sigmoid(float v) {
  return 1 / (1 + expf(-v));
}

__device__ __forceinline__ float at(const float *p, long long i) {
  return ((const volatile float *)p)[i];
}

/* Of box i of picture n: where its numbers begin, `step` apart. */
__device__ __forceinline__ long long head_of(const scull_cuda_yolo_t &t, long long n, int i) {
  int step = t.height * t.width, anchor = i / step;
  long long channels = (long long)t.anchors * (5 + t.classes + t.iou_aware);
  return n * channels * step + (t.iou_aware ? (long long)t.anchors * step : 0) +
         (long long)anchor * (5 + t.classes) * step + i % step;
}

__device__ __forceinline__ float confidence_of(const scull_cuda_yolo_t &t, long long n, int i,
                                               long long head) {
  int step = t.height * t.width;
  float confidence = sigmoid(at(t.x, head + 4 * step));
  if (t.iou_aware) {
    long long channels = (long long)t.anchors * (6 + t.classes);
    confidence = powf(confidence, 1 - t.iou_factor) *
                 powf(sigmoid(at(t.x, n * channels * step + i)), t.iou_factor);
  }
  return confidence;
}

__global__ void __launch_bounds__(THREADS) yolo_boxes(const __grid_constant__ scull_cuda_yolo_t t) {
  int step = t.height * t.width, boxes = t.anchors * step;
  long long all = (long long)blockIdx.x * THREADS + threadIdx.x;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (all >= (long long)t.n * boxes)
    return;
  long long n = all / boxes;
  int i = (int)(all % boxes), place = i % step, anchor = i / step;
  long long head = head_of(t, n, i);
  float4 box = make_float4(0, 0, 0, 0);
  if (!(confidence_of(t, n, i, head) < t.least)) {
    float high = (float)((const volatile int32_t *)t.sizes)[2 * n];
    float wide = (float)((const volatile int32_t *)t.sizes)[2 * n + 1];
    float bias = -0.5f * (t.scale - 1);
    float x = (place % t.width + sigmoid(at(t.x, head)) * t.scale + bias) * wide / t.width;
    float y = (place / t.width + sigmoid(at(t.x, head + step)) * t.scale + bias) * high / t.height;
    float w =
        expf(at(t.x, head + 2 * step)) * t.anchor[2 * anchor] * wide / (t.downsample * t.width);
    float h = expf(at(t.x, head + 3 * step)) * t.anchor[2 * anchor + 1] * high /
              (t.downsample * t.height);
    box = make_float4(x - w / 2, y - h / 2, x + w / 2, y + h / 2);
    if (t.clip)
      box = make_float4(fmaxf(box.x, 0), fmaxf(box.y, 0), fminf(box.z, wide - 1),
                        fminf(box.w, high - 1));
  }
  ((float4 *)t.boxes)[all] = box;
}

__global__ void __launch_bounds__(THREADS)
    yolo_scores(const __grid_constant__ scull_cuda_yolo_t t) {
  int step = t.height * t.width, boxes = t.anchors * step;
  long long all = (long long)blockIdx.x * THREADS + threadIdx.x, row = all / t.classes;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (row >= (long long)t.n * boxes)
    return;
  int c = (int)(all % t.classes), i = (int)(row % boxes);
  long long n = row / boxes, head = head_of(t, n, i);
  float confidence = confidence_of(t, n, i, head);
  t.scores[all] =
      confidence < t.least ? 0 : confidence * sigmoid(at(t.x, head + (long long)(5 + c) * step));
}

/* A box as its centre and extent. */
struct centre {
  float x, y, w, h;
};

__device__ __forceinline__ centre centre_of(const float *p, long long i, float offset) {
  float x = at(p, i), y = at(p, i + 1), w = at(p, i + 2) - x + offset,
        h = at(p, i + 3) - y + offset;
  return {x + w / 2, y + h / 2, w, h};
}

__global__ void __launch_bounds__(THREADS) coder(const __grid_constant__ scull_cuda_coder_t t) {
  long long i = (long long)blockIdx.x * THREADS + threadIdx.x;
  sm90::chain_trigger();
  sm90::chain_wait();
  if (i >= (long long)t.rows * t.columns)
    return;
  long long row = i / t.columns, prior = t.prior_by_row ? row : i % t.columns;
  float v[4];
#pragma unroll
  for (int k = 0; k < 4; k++)
    v[k] = t.variance ? at(t.variance, 4 * prior + k) : t.constant[k];
  centre p = centre_of(t.prior, 4 * prior, t.offset);
  float4 y;
  if (t.encode) {
    long long from = 4 * row;
    centre b = centre_of(t.target, from, t.offset);
    y = make_float4(((at(t.target, from) + at(t.target, from + 2)) / 2 - p.x) / p.w / v[0],
                    ((at(t.target, from + 1) + at(t.target, from + 3)) / 2 - p.y) / p.h / v[1],
                    logf(fabsf(b.w / p.w)) / v[2], logf(fabsf(b.h / p.h)) / v[3]);
  } else {
    float x = v[0] * at(t.target, 4 * i) * p.w + p.x,
          c = v[1] * at(t.target, 4 * i + 1) * p.h + p.y;
    float w = expf(v[2] * at(t.target, 4 * i + 2)) * p.w;
    float h = expf(v[3] * at(t.target, 4 * i + 3)) * p.h;
    y = make_float4(x - w / 2, c - h / 2, x + w / 2 - t.offset, c + h / 2 - t.offset);
  }
  ((float4 *)t.dst)[i] = y;
}

unsigned blocks_of(long long threads) {
  return (unsigned)((threads + THREADS - 1) / THREADS);
}

} // namespace

int scull_cuda_yolo_enqueue(const scull_cuda_yolo_t *t, int chained, void *stream) {
  long long boxes = (long long)t->n * t->anchors * t->height * t->width;
  if (boxes == 0)
    return cudaSuccess;
  if (t->anchors > SCULL_CUDA_ANCHORS)
    return cudaErrorInvalidValue;
  element::launch first(dim3(blocks_of(boxes)), dim3(THREADS), chained, stream);
  cudaError_t error = cudaLaunchKernelEx(&first.config, yolo_boxes, *t);
  if (error != cudaSuccess)
    return error;
  element::launch second(dim3(blocks_of(boxes * t->classes)), dim3(THREADS), chained, stream);
  return cudaLaunchKernelEx(&second.config, yolo_scores, *t);
}

int scull_cuda_coder_enqueue(const scull_cuda_coder_t *t, int chained, void *stream) {
  long long boxes = (long long)t->rows * t->columns;
  if (boxes == 0)
    return cudaSuccess;
  element::launch l(dim3(blocks_of(boxes)), dim3(THREADS), chained, stream);
  return cudaLaunchKernelEx(&l.config, coder, *t);
}
