/* Products of narrow numbers, one table an instruction set: bytes (kernels8.h) with sums in s32,
 * bf16 with sums in f32. A step multiplies four bytes of each row: four small integers or two bf16.
 * Channels are innermost in memory (NHWC). */
#ifndef SCULL_BACKEND_CPU_SIMD_PRODUCTS_H
#define SCULL_BACKEND_CPU_SIMD_PRODUCTS_H

#include "backend/cpu/simd/kernels.h"

/* What follows a sum in registers. Integers: sum * scale[c] + bias[c], the residual times its
 * scale, clipped; all in units of the destination. bf16: the residual, clipped. */
typedef struct scull_cpu_narrow_post {
  scull_cpu_number_t to, residual; /* F32, or narrow: U8 and I8, or BF16 */
  float residual_scale;
  float low, high;
  bool add_first; /* the residual before the clip, else behind */
  /* False: what the type holds is the bound, and no sum is beyond an s32; integers only. */
  bool clips_low, clips_high;
} scull_cpu_narrow_post_t;

/* `rows` pixels times a panel of `columns` blocks of 16 channels. */
typedef struct scull_cpu_tile {
  const uint8_t *a;
  int64_t a_row, a_block;    /* bytes from row to row; from segment to segment */
  int64_t segments, depth;   /* depth in steps of four bytes */
  bool half;                 /* bf16: behind each segment's steps half of one more */
  const int8_t *b;           /* [segment][step][column * 16][4 bytes] */
  int64_t b_skip;            /* bytes of b left out behind each segment */
  const void *start;         /* columns * 16 sums to begin with, in the order of `channel` */
  const float *scale, *bias; /* likewise; integers only */
  char *c;
  const char *residual;        /* NULL: none */
  int64_t c_row, residual_row; /* bytes */
  int64_t channels;            /* of the panel that exist, at most 16 * columns */
  const scull_cpu_narrow_post_t *post;
  const char *ahead; /* weights that come next, a line a step; or NULL */
} scull_cpu_tile_t;

typedef void (*scull_cpu_tile_fn_t)(const scull_cpu_tile_t *t);

typedef struct scull_cpu_products {
  int64_t size;                                       /* bytes of a number */
  int columns;                                        /* widest panel, in blocks of 16 */
  int rows[4];                                        /* highest tile of one, two, ... columns */
  scull_cpu_tile_fn_t (*tile)(int rows, int columns); /* NULL where registers are too few */
  /* Which channel of a panel stands at position i of its vectors. */
  int (*channel)(scull_cpu_number_t to, int columns, int i);
  /* `count` pixels of up to 4 planes become `channels` numbers each: round(x * factor), u8 or
   * s8 + 128; or bf16, where factor and is_signed say nothing. */
  void (*round)(const float *src, int64_t plane, int channels, float factor, bool is_signed,
                uint8_t *dst, int64_t count);
} scull_cpu_products_t;

/* One result row of a depthwise 3x3 convolution in blocks of 64 bytes of channels; of bytes, with
 * `pairs`, two rows of at most 32 channels go as one of 64. */
typedef struct scull_cpu_narrow_depthwise {
  const uint8_t *src[3], *src2[3];  /* the rows of the windows; NULL: padding. 2: of a pair */
  char *dst, *dst2;                 /* dst2: NULL where a pair is half */
  const char *residual, *residual2; /* NULL: none */
  int64_t src_pixel, dst_pixel, residual_pixel, blocks; /* bytes */
  int64_t bytes;                                        /* of a pixel, from this block on */
  /* [block][kx][4][64 bytes], in the order of a column's vectors: weights of the three rows and 0.
   */
  const int8_t *filter;
  const void *start;         /* [block][channel in the order of the vectors], f32 for bf16 */
  const float *scale, *bias; /* likewise; integers only */
  const scull_cpu_narrow_post_t *post; /* to the source's type */
  int64_t width, columns, pad_x;
  int stride; /* 1 or 2 */
  bool is_signed, pairs;
} scull_cpu_narrow_depthwise_t;

/* Needs AVX512-BF16, and AVX512-VNNI, which all processors with it have. */
extern const scull_cpu_products_t scull_cpu_products_bf16;
void scull_cpu_depthwise_bf16(const scull_cpu_narrow_depthwise_t *p);

#endif
