/* Depthwise convolution on blocks of 16 channels: groups of 6 or 4 neighbouring results share the
 * pixels that they load and the taps of the filter; the blocks of a group follow each other (in
 * NHWC they are neighbours). Groups that touch the border test each pixel; the others do not.
 * Floor: a multiply-add a tap and result; 2 floats of memory a pixel. With 3x3 of stride 1 a row of
 * taps costs 8 + 3 loads for 18 multiply-adds. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

#ifdef __AVX512F__
enum { WIDE = 6, NARROW = 4 };
#else
enum { WIDE = 2, NARROW = 2 }; /* two results and their pixels fill the 16 ymm registers */
#endif
enum { MAX_PIXELS = 2 * (WIDE - 1) + 5 };

typedef scull_cpu_depthwise_t args_t;

/* Results [x, x + width) of row y and one block, of which `count` are wanted. */
V16_INLINE void group(const args_t *p, int64_t block, int64_t y, int64_t x, int count, int width,
                      int kernel, int stride, bool checked) {
  const int64_t left = x * stride - p->pad_x, top = y * stride - p->pad_y;
  const int pixels = (width - 1) * stride + kernel;
  v16_t acc[WIDE];
#pragma GCC unroll 6
  for (int j = 0; j < width; j++)
    acc[j] = v16_load(p->bias + 16 * block);
  for (int ky = 0; ky < kernel; ky++) {
    if (top + ky < 0 || top + ky >= p->height)
      continue;
    const float *row = p->src + block * p->src_step.block + (top + ky) * p->src_step.row +
                       left * p->src_step.pixel;
    const float *filter = p->filter + (block * kernel + ky) * kernel * 16;
    v16_t in[MAX_PIXELS];
#pragma GCC unroll 15
    for (int i = 0; i < pixels; i++) {
      const bool inside = !checked || (left + i >= 0 && left + i < p->width);
      in[i] = inside ? v16_load(row + i * p->src_step.pixel) : v16_zero();
    }
#pragma GCC unroll 5
    for (int kx = 0; kx < kernel; kx++) {
      const v16_t tap = v16_load(filter + kx * 16);
#pragma GCC unroll 6
      for (int j = 0; j < width; j++)
        acc[j] = v16_fma(in[j * stride + kx], tap, acc[j]);
    }
  }
  float *to = p->dst + block * p->dst_step.block + y * p->dst_step.row + x * p->dst_step.pixel;
  const float *other = p->residual == NULL
                           ? NULL
                           : p->residual + block * p->residual_step.block +
                                 y * p->residual_step.row + x * p->residual_step.pixel;
#pragma GCC unroll 6
  for (int j = 0; j < width; j++) {
    if (checked && j >= count)
      break;
    v16_t added = v16_zero();
    if (other != NULL)
      added = v16_load(other + j * p->residual_step.pixel);
    v16_store(to + j * p->dst_step.pixel,
              v16_finish(p->post, acc[j], other == NULL ? NULL : &added));
  }
}

V16_INLINE void any_group(const args_t *p, int64_t y, int64_t x, int count, int width, int kernel,
                          int stride) {
  const int64_t left = x * stride - p->pad_x;
  if (count == width && left >= 0 && left + (width - 1) * stride + kernel <= p->width) {
    for (int64_t b = 0; b < p->blocks; b++)
      group(p, b, y, x, count, width, kernel, stride, false);
  } else {
    for (int64_t b = 0; b < p->blocks; b++)
      group(p, b, y, x, count, width, kernel, stride, true);
  }
}

/* Groups of 6, and at the end 4s where that leaves fewer unused places. */
V16_INLINE void rows(const args_t *p, int kernel, int stride) {
  for (int64_t y = p->begin; y < p->end; y++) {
    int64_t x = 0;
    while (x < p->columns) {
      const int64_t left = p->columns - x;
      if (left >= WIDE + NARROW || left == WIDE || left == WIDE - 1) {
        any_group(p, y, x, left < WIDE ? (int)left : WIDE, WIDE, kernel, stride);
        x += WIDE;
      } else {
        any_group(p, y, x, left < NARROW ? (int)left : NARROW, NARROW, kernel, stride);
        x += NARROW;
      }
    }
  }
}

void SCULL_SIMD(scull_cpu_depthwise)(const scull_cpu_depthwise_t *p) {
  if (p->kernel == 3 && p->stride == 1)
    rows(p, 3, 1);
  else if (p->kernel == 3)
    rows(p, 3, 2);
  else if (p->stride == 1)
    rows(p, 5, 1);
  else
    rows(p, 5, 2);
}
