/* conv.h: convolution (and FC as a 1x1 convolution over one pixel) on NHWC FP16 or INT8 as an
 * implicit matrix product on Hopper's tensor cores. Plain structs for a backend written in C; the
 * kernels are in conv_few.cu and conv_many.cu, the packing of weights in conv_pack.c. Valid C17 and
 * C++17. */
#ifndef SCULL_CUDA_CONV_H
#define SCULL_CUDA_CONV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum scull_cuda_type { SCULL_CUDA_F16, SCULL_CUDA_F32, SCULL_CUDA_S8 } scull_cuda_type_t;

/* What of INT8 is unsigned. */
enum { SCULL_CUDA_UNSIGNED_SRC = 1, SCULL_CUDA_UNSIGNED_DST = 2, SCULL_CUDA_UNSIGNED_RES = 4 };

/* FP16: dst = clamp(conv(src, weights) + conv1x1(src2, weights2) + bias + residual, lo, hi).
 * INT8 (symmetric, `signs` tells which tensors are u8, weights are s8): dst = clamp(conv(src,
 * weights) * scale[k] + bias[k] + residual * res_scale, lo, hi), rounded half to even when dst is
 * INT8 and saturated; scale, bias, lo and hi are in units of dst. All pointers are device
 * addresses, 16-byte aligned. Pitches are elements between pixels, so that a tensor may be a slice
 * of the channels of a wider one; 16 bytes divide them and c, c2; 8 divides k. */
typedef struct scull_cuda_conv {
  const void *src;      /* `type` [n][h][w][src_pitch] */
  const void *src2;     /* FP16 only, NULL for none: a second 1x1 operand (a projection shortcut) */
  const void *weights;  /* from scull_cuda_conv_pack */
  const float *scale;   /* INT8: [k rounded up to 32] */
  const float *bias;    /* [k rounded up to 32] */
  const void *residual; /* `type` [n][p][q][res_pitch], NULL for none; may not be dst */
  void *dst;            /* `dst_type` [n][p][q][dst_pitch] */
  int32_t type;         /* SCULL_CUDA_F16 or _S8, of src and weights */
  int32_t dst_type;     /* F16, F32, or S8 with INT8 operands */
  int32_t n, h, w, c, src_pitch;
  int32_t r, s, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w; /* r, s <= 16 */
  int32_t p, q, k, dst_pitch, res_pitch;
  int32_t h2, w2, c2, src2_pitch, stride2;
  float lo, hi; /* ReLU: 0, +infinity. None: both infinite */
  float res_scale;
  int32_t signs; /* SCULL_CUDA_UNSIGNED_*, 0: all are s8 */
} scull_cuda_conv_t;

/* FEW: one tile a block or cluster, short way from input to output (conv_few.cu). MANY: persistent
 * blocks that stream tiles (conv_many.cu); a pixel of c a multiple of 64 bytes, of c2 128; dst_type
 * = type. */
enum { SCULL_CUDA_CONV_FEW, SCULL_CUDA_CONV_MANY };

/* One configuration. FEW: a tile of bm pixels x bn channels is one block, or `split` blocks of one
 * cluster that share K; `stages` shared-memory buffers of one step of K each. MANY: bm is 128,
 * split 1, the rest is not read. */
typedef struct scull_cuda_conv_cfg {
  int32_t kernel;
  int32_t bm;             /* 64, 128 */
  int32_t bn;             /* FEW: 32 (bm 64 only), 64, 128, 256 (bm 128 only); MANY: 64, 128 */
  int32_t split;          /* 1 .. 16 */
  int32_t stages;         /* 2 .. 24 */
  int32_t threads_gather; /* 1: pixels by cp.async of all threads even where TMA could (FP16) */
  int32_t
      half_partials; /* 1: split sums travel as FP16: half the traffic, one rounding more (FP16) */
  int32_t trigger;   /* when the next kernel of the chain may come: 0 at the end, 1 at once, 2 after
                        wait */
} scull_cuda_conv_cfg_t;

/* Steps of K: 128 bytes of channels each. */
int scull_cuda_conv_steps(const scull_cuda_conv_t *conv);

/* Bytes of shared memory of a block; 0 when the configuration does not fit the problem. */
size_t scull_cuda_conv_smem(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg);

/* Enqueues one kernel on `stream` (a CUstream). With `chained` it may start before its predecessor
 * in the stream ends (programmatic dependent launch); the predecessor must be a kernel. Returns a
 * cudaError_t, 0 on success. Allocates nothing, waits for nothing, may be captured. */
int scull_cuda_conv_enqueue(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg,
                            int chained, void *stream);

/* MANY's own halves of the two functions above. */
size_t scull_cuda_conv_many_smem(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg);
int scull_cuda_conv_many_enqueue(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg,
                                 int chained, void *stream);

/* Bytes that the packed weights of k x rs x c take, with c2 more of K for src2. */
size_t scull_cuda_conv_pack_size(scull_cuda_type_t type, int k, int rs, int c, int c2);

/* Packs weights krsc[k][rs][c] and kc2[k][c2] (NULL without src2), FP16 or INT8, in host memory.
 * One packing serves every configuration. */
void scull_cuda_conv_pack(scull_cuda_type_t type, const void *krsc, const void *kc2, int k, int rs,
                          int c, int c2, void *dst);

#ifdef __cplusplus
}
#endif
#endif
