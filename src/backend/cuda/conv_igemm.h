/* conv_igemm.h: convolution (and FC as a 1x1 convolution over one pixel) on NHWC FP16 as an
 * implicit matrix product on Hopper's tensor cores. Plain structs for a backend written in C; the
 * kernels are in conv_igemm.cu and conv_many.cu, the packing of weights in conv_pack.c. Valid C17
 * and C++17. */
#ifndef SCULL_CUDA_CONV_IGEMM_H
#define SCULL_CUDA_CONV_IGEMM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* dst = clamp(conv(src, weights) + conv1x1(src2, weights2) + bias + residual, lo, hi).
 * All pointers are device addresses, 16-byte aligned. Pitches are elements between pixels, so that
 * a tensor may be a slice of the channels of a wider one; multiples of 8, as are c, c2 and k. */
typedef struct scull_cuda_conv {
  const void *src; /* FP16 [n][h][w][src_pitch] */
  const void
      *src2; /* FP16, NULL for none: a second 1x1 operand summed in (a projection shortcut) */
  const void *weights;  /* from scull_cuda_conv_pack */
  const float *bias;    /* [k rounded up to 32] */
  const void *residual; /* FP16 [n][p][q][res_pitch], NULL for none; may not be dst */
  void *dst;            /* FP16 [n][p][q][dst_pitch], or FP32 with dst_f32 */
  int32_t n, h, w, c, src_pitch;
  int32_t r, s, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w; /* r, s <= 16 */
  int32_t p, q, k, dst_pitch, res_pitch;
  int32_t h2, w2, c2, src2_pitch, stride2;
  /* With dw: src first passes a depthwise 3x3 (from scull_cuda_depthwise_pack, r 3) of the strides
   * and padding above, clamped to dw_lo .. dw_hi; the convolution itself is 1x1 and r, s say 3. FEW
   * only, no src2, stages >= steps of a block. */
  const void *dw;
  float dw_lo, dw_hi;
  float lo, hi; /* ReLU: 0, +infinity. None: both infinite */
  int32_t dst_f32;
} scull_cuda_conv_t;

/* FEW: one tile a block or cluster, short way from input to output (conv_igemm.cu). MANY:
 * persistent blocks that stream tiles through TMA (conv_many.cu); c and c2 multiples of 64, FP16
 * output. */
enum { SCULL_CUDA_CONV_FEW, SCULL_CUDA_CONV_MANY };

/* One configuration. FEW: a tile of bm pixels x bn channels is one block, or `split` blocks of one
 * cluster that share K; `stages` shared-memory buffers of 64 K-values each. MANY: bm is 128, split
 * 1, stages is not read. */
typedef struct scull_cuda_conv_cfg {
  int32_t kernel;
  int32_t bm;             /* 64, 128 */
  int32_t bn;             /* FEW: 32, 64, 128, 256 (256: bm 128 only); MANY: 64, 128 */
  int32_t split;          /* 1 .. 16 */
  int32_t stages;         /* 2 .. 24 */
  int32_t threads_gather; /* 1: pixels by cp.async of all threads even where TMA could */
  int32_t trigger; /* when the next kernel of the chain may come: 0 at the end, 1 at once, 2 after
                      wait */
} scull_cuda_conv_cfg_t;

/* Steps of 64 K-values. */
int scull_cuda_conv_steps(const scull_cuda_conv_t *conv);

/* Bytes of shared memory of a block; 0 when the configuration does not fit the problem. */
size_t scull_cuda_conv_smem(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg);

/* Enqueues one kernel on `stream` (a CUstream). With `chained` it may start before its predecessor
 * in the stream ends (programmatic dependent launch); the predecessor must be a kernel. Returns a
 * cudaError_t, 0 on success. Allocates nothing, waits for nothing, may be captured. */
int scull_cuda_conv_enqueue(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg,
                            int chained, void *stream);

/* The two kernels' own halves of the two functions above. */
size_t scull_cuda_conv_many_smem(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg);
int scull_cuda_conv_many_enqueue(const scull_cuda_conv_t *conv, const scull_cuda_conv_cfg_t *cfg,
                                 int chained, void *stream);

/* Bytes that the packed weights of k x r x s x c, with c2 more rows of K for src2, take. */
size_t scull_cuda_conv_pack_size(int k, int rs, int c, int c2);

/* Packs 16-bit weights krsc[k][rs][c] and kc2[k][c2] (NULL without src2) in host memory. One
 * packing serves every configuration. */
void scull_cuda_conv_pack(const uint16_t *krsc, const uint16_t *kc2, int k, int rs, int c, int c2,
                          uint16_t *dst);

#ifdef __cplusplus
}
#endif
#endif
