/* Our own kernels of small integers: u8 or s8 activations, s8 weights, sums in s32. One table for
 * AVX512-VNNI and one for AVX2, where products are widened to 16 bits first, so that no sum
 * saturates. Channels are innermost in memory (NHWC). Products take u8: an s8 source is shifted by
 * 128 on its way in, and `start` takes 128 times the weights off again. */
#ifndef SCULL_BACKEND_CPU_SIMD_KERNELS8_H
#define SCULL_BACKEND_CPU_SIMD_KERNELS8_H

#include "backend/cpu/simd/kernels.h"

/* What follows a sum in registers: sum * scale[c] + bias[c], the residual times its scale, clipped;
 * all in units of the destination. */
typedef struct scull_cpu_post8 {
  scull_cpu_number_t to, residual; /* U8, I8 or F32 */
  float residual_scale;
  float low, high;
  bool add_first; /* the residual before the clip, else behind */
  bool clips_low; /* false: what the type holds is the lower bound */
} scull_cpu_post8_t;

/* `rows` pixels times a panel of `columns` blocks of 16 channels. */
typedef struct scull_cpu_tile8 {
  const uint8_t *a;
  int64_t a_row, a_block;  /* bytes from row to row; from segment to segment */
  int64_t segments, depth; /* depth in steps of four bytes */
  const int8_t *b;         /* [segment][step][column * 16][4] */
  int64_t b_skip;          /* bytes of b left out behind each segment */
  const int32_t *start;    /* three times columns * 16 numbers, in the order of `channel` */
  const float *scale, *bias;
  char *c;
  const char *residual;        /* NULL: none */
  int64_t c_row, residual_row; /* bytes */
  int64_t channels;            /* of the panel that exist, at most 16 * columns */
  const scull_cpu_post8_t *post;
  const char *ahead; /* weights that come next, a line a step; or NULL */
} scull_cpu_tile8_t;

typedef void (*scull_cpu_tile8_fn_t)(const scull_cpu_tile8_t *t);

/* One result row of a depthwise 3x3 convolution in blocks of 64 channels; with `pairs` two rows of
 * at most 32 channels go as one of 64. */
typedef struct scull_cpu_depthwise8 {
  const uint8_t *src[3], *src2[3];  /* the rows of the windows; NULL: padding. 2: of a pair */
  char *dst, *dst2;                 /* dst2: NULL where a pair is half */
  const char *residual, *residual2; /* NULL: none */
  int64_t src_pixel, dst_pixel, residual_pixel, blocks; /* bytes */
  int64_t channels;
  const int8_t *filter; /* [block][kx][4][16][4]: in the order of `channel` of four columns */
  const int32_t *start; /* [block][64], as scale and bias */
  const float *scale, *bias;
  const scull_cpu_post8_t *post; /* to bytes */
  int64_t width, columns, pad_x;
  int stride; /* 1 or 2 */
  bool is_signed, pairs;
} scull_cpu_depthwise8_t;

/* One result row of a pooling. */
typedef struct scull_cpu_pool8 {
  const uint8_t *src; /* the first source row of the window that lies in the picture */
  uint8_t *dst;
  int64_t src_row, src_pixel, dst_pixel, rows, channels;
  int64_t width, columns, kernel, stride, pad_begin, pad_end;
  float rows_counted, factor; /* an average: sum * factor / (rows_counted * columns counted) */
  bool is_max, include_pad, is_signed, to_signed;
} scull_cpu_pool8_t;

enum { SCULL_CPU_POOL8_TAPS = 256 }; /* of an average, at most: sums of 16 bits */

typedef struct scull_cpu_kernels8 {
  int columns; /* widest panel, in blocks of 16 */
  int rows[4]; /* highest tile of one, two, ... columns */
  scull_cpu_tile8_fn_t (*tile)(int rows, int columns);
  /* Which channel of a panel stands at position i of its vectors. */
  int (*channel)(scull_cpu_number_t to, int columns, int i);
  void (*depthwise)(const scull_cpu_depthwise8_t *p);
  void (*pool)(const scull_cpu_pool8_t *p);
  /* `count` pixels of up to 4 planes become `channels` bytes each: round(x * factor), u8, or
   * s8 + 128. */
  void (*quantize)(const float *src, int64_t plane, int channels, float factor, bool is_signed,
                   uint8_t *dst, int64_t count);
  /* dst = src ^ flip */
  void (*flip)(const uint8_t *src, uint8_t flip, uint8_t *dst, int64_t count);
} scull_cpu_kernels8_t;

extern const scull_cpu_kernels8_t scull_cpu_kernels8_avx512, scull_cpu_kernels8_avx2;

#endif
