/* Our own f32 kernels, one table an instruction set. The table of a device is chosen at run time;
 * everything behind it works on blocks of 16 channels addressed by steps, so NHWC and C16 (and
 * slices of wider tensors) are the same to a kernel. */
#ifndef SCULL_BACKEND_CPU_SIMD_KERNELS_H
#define SCULL_BACKEND_CPU_SIMD_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum scull_cpu_act {
  SCULL_CPU_ACT_NONE = 0,     /* as CLIP: p0 and p1 are infinite */
  SCULL_CPU_ACT_CLIP,         /* min(max(x, p0), p1) */
  SCULL_CPU_ACT_LEAKY,        /* x < 0 ? p0 x : x */
  SCULL_CPU_ACT_LINEAR,       /* p0 x + p1 */
  SCULL_CPU_ACT_HARD_SIGMOID, /* clip(p0 x + p1, 0, 1) */
  SCULL_CPU_ACT_HARD_SWISH,   /* p2 x clip(x + p0, 0, p1) */
  SCULL_CPU_ACT_SIGMOID,
  SCULL_CPU_ACT_SWISH, /* x sigmoid(p0 x) */
  SCULL_CPU_ACT_TANH,
  SCULL_CPU_ACT_EXP,
  SCULL_CPU_ACT_SQRT,
  SCULL_CPU_ACT_ABS,
  SCULL_CPU_ACT_SQUARE,
} scull_cpu_act_t;

/* Element types in memory; registers hold f32. */
typedef enum scull_cpu_number {
  SCULL_CPU_F32 = 0,
  SCULL_CPU_BF16,
  SCULL_CPU_U8, /* these two stand for themselves times a scale */
  SCULL_CPU_I8,
} scull_cpu_number_t;

/* act(y + r) when add_first, else act(y) + r; r is absent in many calls. */
typedef struct scull_cpu_post {
  scull_cpu_act_t act;
  float param[3];
  bool add_first;
} scull_cpu_post_t;

/* How elements lie, in elements: channel c of pixel (y, x) of image n stands at n * image + y * row
 * + x * pixel + c / 16 * block + c % 16. */
typedef struct scull_cpu_view {
  int64_t image, row, pixel, block;
} scull_cpu_view_t;

/* c[rows][columns * 16] = sum over k of a[row][k] * b[k][columns * 16]. */
typedef struct scull_cpu_gemm {
  const float *a;
  int64_t a_row, a_block;  /* step from row to row; from segment to segment */
  int64_t segments, depth; /* k runs over `segments` x `depth`; `plain` takes one segment */
  const float *b;          /* packed, dense */
  float *c;
  int64_t c_row, c_block;
  /* Of `finish` only: */
  const float *bias;     /* columns * 16 floats */
  const float *residual; /* NULL: none; steps as of c */
  int64_t residual_row, residual_block;
  const scull_cpu_post_t *post;
  int64_t tail; /* channels of the last block that exist, 1 to 16 */
  bool ahead;   /* one segment, and the next rows of a are not in the cache yet */
} scull_cpu_gemm_t;

typedef void (*scull_cpu_gemm_fn_t)(const scull_cpu_gemm_t *g);

enum { SCULL_CPU_GEMM_ROWS = 6, SCULL_CPU_GEMM_COLUMNS = 4 /* at most */ };

/* A 6x6 window into 36 planes. */
typedef struct scull_cpu_winograd_input {
  const void *src;         /* of the picture */
  int64_t corner;          /* the window's, which may lie outside the picture */
  scull_cpu_number_t from; /* F32 or BF16 */
  scull_cpu_view_t step;
  int y0, y1, x0, x1;   /* rows [y0, y1) and columns [x0, x1) of the window lie inside */
  float *dst;           /* [blocks][16] in each plane */
  int64_t plane;        /* step between planes */
  int64_t blocks, tail; /* channels of the last block that exist, 1 to 16 */
} scull_cpu_winograd_input_t;

/* 36 planes into a 4x4 patch. */
typedef struct scull_cpu_winograd_output {
  const float *src;
  int64_t plane, blocks;
  void *dst;
  const void *residual;  /* NULL: none */
  scull_cpu_number_t to; /* F32 or BF16: of dst and residual */
  scull_cpu_view_t step, residual_step;
  const float *bias;
  const scull_cpu_post_t *post;
  int rows, columns; /* of the patch that exist, 1 to 4 */
  int64_t tail;      /* channels of the last block that exist, 1 to 16 */
} scull_cpu_winograd_output_t;

/* Rows [begin, end) of one image and some blocks of 16 channels of a depthwise convolution. */
typedef struct scull_cpu_depthwise {
  const float *src, *residual; /* of the image and first block; residual may be NULL */
  float *dst;
  scull_cpu_view_t src_step, dst_step, residual_step;
  const float *filter, *bias; /* [blocks][taps][16], [blocks][16] */
  const scull_cpu_post_t *post;
  int64_t height, width, columns; /* of the source; of the result */
  int64_t blocks, pad_y, pad_x, begin, end;
  int kernel, stride; /* 3 or 5; 1 or 2 */
} scull_cpu_depthwise_t;

/* One result row of a pooling. */
typedef struct scull_cpu_pool {
  const void *src; /* the first source row of the window that lies in the picture */
  void *dst;
  scull_cpu_number_t as; /* F32 or BF16: of both */
  scull_cpu_view_t src_step, dst_step;
  int64_t rows;                               /* of the window that lie in the picture */
  int64_t blocks, tail;                       /* of channels; channels of the last block, 1 to 16 */
  int64_t width, columns;                     /* of the source; of the result */
  int64_t kernel, stride, pad_begin, pad_end; /* across */
  float rows_counted;                         /* that an average divides by */
  bool is_max, include_pad;
} scull_cpu_pool_t;

/* Operators of two operands, element by element. */
typedef enum scull_cpu_binary {
  SCULL_CPU_BINARY_ADD,
  SCULL_CPU_BINARY_SUB,
  SCULL_CPU_BINARY_MUL,
  SCULL_CPU_BINARY_DIV,
  SCULL_CPU_BINARY_MAX,
  SCULL_CPU_BINARY_MIN,
  SCULL_CPU_BINARY_PRELU, /* a below 0: a b, else a */
} scull_cpu_binary_t;

/* dst[c] = the sum over y < rows and x < columns of down[y] * along[x] * src[y * row + x * pixel +
 * c] for c < count; channels innermost. */
typedef struct scull_cpu_window {
  const float *src, *down, *along;
  int64_t row, pixel, rows, columns, count;
  float *dst;
} scull_cpu_window_t;

typedef struct scull_cpu_kernels {
  int columns; /* widest panel of the gemm, in blocks of 16 */
  /* A tile of `rows` (1 to 6) and `columns` blocks; `plain` stores, `finish` adds bias, residual
   * and activation. */
  scull_cpu_gemm_fn_t (*gemm_plain)(int rows, int columns);
  scull_cpu_gemm_fn_t (*gemm_finish)(int rows, int columns);
  void (*winograd_input)(const scull_cpu_winograd_input_t *p);
  void (*winograd_output)(const scull_cpu_winograd_output_t *p);
  void (*depthwise)(const scull_cpu_depthwise_t *p);
  void (*pool)(const scull_cpu_pool_t *p);
  /* dst = act(src); dst may be src. */
  void (*unary)(const scull_cpu_post_t *post, const float *src, float *dst, int64_t count);
  /* dst = a op b; an operand of period 1 is one number, of 16 a vector that repeats, of 0 as long
   * as dst. */
  void (*binary)(scull_cpu_binary_t op, const float *a, int a_period, const float *b, int b_period,
                 float *dst, int64_t count);
  float (*sum)(const float *x, int64_t count);
  float (*spread)(const float *x, float mean, int64_t count); /* sum of (x - mean)^2 */
  /* dst = the sum of 1 to 4 runs, each times its weight. */
  void (*combine)(const float *const *src, const float *weight, int runs, float *dst,
                  int64_t count);
  /* A weighted sum of pixels. */
  void (*window)(const scull_cpu_window_t *p);
  /* To and from f32; `scale` is that of the small integers. dst and src may be one. */
  void (*widen)(const void *src, scull_cpu_number_t from, float scale, float *dst, int64_t count);
  void (*narrow)(const float *src, scull_cpu_number_t to, float scale, void *dst, int64_t count);
  /* row = e^(row * scale - its largest); returns the sum. */
  float (*exponentials)(float *row, int64_t count, float scale);
  /* dst[x * dst_step + y] = src[y * src_step + x] for x, y < 16; floats moved as bits. */
  void (*transpose)(const float *src, int64_t src_step, float *dst, int64_t dst_step);
  /* The same for y < rows and x < columns, 1 to 16 each; nothing else is read or written. */
  void (*transpose_part)(const float *src, int64_t src_step, float *dst, int64_t dst_step,
                         int64_t rows, int64_t columns);
} scull_cpu_kernels_t;

/* Winograd's F(4x4, 3x3) with the points 0, +-SCULL_CPU_WINOGRAD_A, +-SCULL_CPU_WINOGRAD_B and
 * infinity. */
#define SCULL_CPU_WINOGRAD_A 0.75
#define SCULL_CPU_WINOGRAD_B 1.5

extern const scull_cpu_kernels_t scull_cpu_kernels_avx512, scull_cpu_kernels_avx2;

#endif
