/* conv_many.cu: convolution as an implicit matrix product for many rows: the tensor cores and the
 * memory kept busy at once.
 *
 * Algorithm: persistent blocks, one an SM, walk tiles of 128 pixels x BN channels. Warp 0 feeds a
 * ring of stages (64 K-values: pixels through TMA's im2col mode, weights as 4 KiB bulk copies). Two
 * warpgroups take turns, a whole tile each, so that one finishes (bias, residual, clamp) while the
 * other multiplies. Warp 1 fetches residual tiles into the warpgroups' output buffers ahead of
 * time, the results replace them there, and warp 2 sends them out through TMA. Tiles of the same
 * pixels follow each other, so that pixels come from HBM once.
 *
 *   tile   128 x BN (64, 128) x 64; two m64nBNk16 accumulators a warpgroup
 *   smem   5 stages of 32 KB and two outputs of 32 KB (BN 128); 8 of 24 KB and two of 16 KB (BN 64)
 *   floor  max(2 * MACs / 790 TFLOP/s, bytes / 4.3 TB/s); ResNet50 batch 128: 1.7 ms of bytes, 1.3
 * ms of products. Measured share: docs/kernels.md. */
#include "conv_igemm.h"

#include <cuda.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "sm90.cuh"
#include "tensor_map.cuh"
#include "wgmma_f16.cuh"

namespace {

enum { BM = 128, STEP_BYTES = 128, A_BYTES = BM * STEP_BYTES, GROUP_BYTES = 4096, MAX_STAGES = 8 };
enum { PANEL_BYTES = BM * 128 }; /* 64 channels of an output tile */

struct many_args {
  CUtensorMap x, x2, z, y;
  const char *weights;
  const float *bias;
  float lo, hi;
  int rows, k, p, q, steps, steps1, per_tap, s;
  int stride_h, stride_w, pad_h, pad_w, dil_h, dil_w, stride2;
  int tiles_n, tiles, residual;
};

template <int BN> struct layout {
  static constexpr int STAGES = BN == 128 ? 5 : 8;
  static constexpr int STAGE_BYTES = A_BYTES + BN * STEP_BYTES;
  static constexpr int OUT_BYTES = BM * BN * 2;
  static constexpr int SMEM = 2048 + STAGES * STAGE_BYTES + 2 * OUT_BYTES;
};

/* Addresses of the barriers; stages first, then one of each kind for the two warpgroups. */
struct barriers {
  uint32_t base;
  __device__ uint32_t full(int i) const {
    return base + 8 * i;
  }
  __device__ uint32_t empty(int i) const {
    return base + 8 * (MAX_STAGES + i);
  }
  __device__ uint32_t residual(int w) const {
    return base + 8 * (2 * MAX_STAGES + w);
  }
  __device__ uint32_t result(int w) const {
    return base + 8 * (2 * MAX_STAGES + 2 + w);
  }
  __device__ uint32_t sent(int w) const {
    return base + 8 * (2 * MAX_STAGES + 4 + w);
  }
  __device__ uint32_t turn(int w) const {
    return base + 8 * (2 * MAX_STAGES + 6 + w);
  }
};

struct ring {
  int stage = 0, parity = 0;
  template <int STAGES> __device__ void next() {
    if (++stage == STAGES)
      stage = 0, parity ^= 1;
  }
};

template <int BN>
__device__ __forceinline__ void load_weights(const many_args &a, int step, int n0, uint32_t dst,
                                             uint32_t bar) {
  int groups = (a.k + 31) / 32;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int group = min(n0 / 32 + j, groups - 1);
    sm90::bulk_load(dst + j * GROUP_BYTES,
                    a.weights + ((size_t)group * a.steps + step) * GROUP_BYTES, GROUP_BYTES, bar);
  }
}

/* One thread: every stage of every tile of this block. */
template <int BN> __device__ void feed(const many_args &a, const barriers &bar, uint32_t stages) {
  ring at;
  bool first = true;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x) {
    int m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    int y = m0 / a.q, x = m0 - y * a.q, n = y / a.p;
    y -= n * a.p;
    int r = 0, s = 0, cc = 0;
    for (int step = 0; step < a.steps; step++) {
      uint32_t buf = stages + at.stage * layout<BN>::STAGE_BYTES, full = bar.full(at.stage);
      sm90::mbar_wait(bar.empty(at.stage), at.parity ^ 1);
      sm90::mbar_expect(full, layout<BN>::STAGE_BYTES);
      load_weights<BN>(a, step, n0, buf + A_BYTES, full);
      if (first)
        sm90::chain_wait(); /* only the pixels come from the kernel before */
      first = false;
      if (step >= a.steps1) {
        sm90::tma_load_im2col(buf, &a.x2, full, (step - a.steps1) * 64, x * a.stride2,
                              y * a.stride2, n, 0, 0);
      } else {
        sm90::tma_load_im2col(buf, &a.x, full, cc * 64, x * a.stride_w - a.pad_w,
                              y * a.stride_h - a.pad_h, n, s * a.dil_w, r * a.dil_h);
        if (++cc == a.per_tap) {
          cc = 0;
          if (++s == a.s)
            s = 0, r++;
        }
      }
      at.next<layout<BN>::STAGES>();
    }
  }
}

template <int BN>
__device__ void fetch_residual(const many_args &a, const barriers &bar, uint32_t outs) {
  sm90::chain_wait();
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    int w = count & 1, m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    sm90::mbar_wait(bar.sent(w), (count >> 1 & 1) ^ 1);
    sm90::mbar_expect(bar.residual(w), layout<BN>::OUT_BYTES);
    for (int j = 0; j < BN / 64; j++)
      sm90::tma_load_2d(outs + w * layout<BN>::OUT_BYTES + j * PANEL_BYTES, &a.z, bar.residual(w),
                        n0 + j * 64, m0);
  }
}

template <int BN>
__device__ void send_results(const many_args &a, const barriers &bar, uint32_t outs) {
  sm90::chain_wait();
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    int w = count & 1, m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    sm90::mbar_wait(bar.result(w), count >> 1 & 1);
    for (int j = 0; j < BN / 64; j++)
      if (n0 + j * 64 < a.k)
        sm90::tma_store_2d(&a.y, outs + w * layout<BN>::OUT_BYTES + j * PANEL_BYTES, n0 + j * 64,
                           m0);
    sm90::store_commit();
    sm90::store_wait_read();
    sm90::mbar_arrive(bar.sent(w));
  }
  sm90::store_wait_all();
}

/* One warpgroup's products of a tile. Tiles are multiplied strictly in order: a barrier's parity
 * says nothing to a warpgroup that has not seen every phase, so it starts only when the other has
 * seen all of its own stages full. */
template <int BN>
__device__ __forceinline__ void multiply(const many_args &a, const barriers &bar, uint32_t stages,
                                         ring &at, float (&acc)[2][BN / 2], int w, int parity) {
  int last = -1;
  sm90::mbar_wait(bar.turn(w), parity);
  for (int step = 0; step < a.steps; step++) {
    uint32_t buf = stages + at.stage * layout<BN>::STAGE_BYTES;
    sm90::mbar_wait(bar.full(at.stage), at.parity);
    uint64_t da = sm90::wgmma_desc(buf), db = sm90::wgmma_desc(buf + A_BYTES);
    sm90::wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) {
      wgmma_f16<BN>::mma(acc[0], da + 2 * k, db + 2 * k, step > 0 || k > 0);
      wgmma_f16<BN>::mma(acc[1], da + 2 * k + 512, db + 2 * k, step > 0 || k > 0);
    }
    sm90::wgmma_commit();
    sm90::wgmma_wait<1>();
    if (last >= 0 && (threadIdx.x & 31) == 0)
      sm90::mbar_arrive(bar.empty(last));
    last = at.stage;
    at.next<layout<BN>::STAGES>();
  }
  if ((threadIdx.x & 127) == 0)
    sm90::mbar_arrive(bar.turn(w ^ 1));
  sm90::wgmma_wait<0>();
  if ((threadIdx.x & 31) == 0)
    sm90::mbar_arrive(bar.empty(last));
}

/* Bias, residual (already in the buffer), clamp, FP16, in place in the swizzled output buffer. */
template <int BN>
__device__ __forceinline__ void finish(const many_args &a, uint32_t out, int n0,
                                       float (&acc)[2][BN / 2]) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5 & 3;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int ch = min(n0 + j * 32, (a.k + 31) / 32 * 32 - 32) + (lane & 3) * 8;
    float4 b0 = __ldg((const float4 *)(a.bias + ch)), b1 = __ldg((const float4 *)(a.bias + ch) + 1);
    const float b[8] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
    for (int h = 0; h < 4; h++) {
      int row = h / 2 * 64 + warp * 16 + h % 2 * 8 + (lane >> 2), unit = j % 2 * 4 + (lane & 3);
      uint32_t at = out + j / 2 * PANEL_BYTES + row * 128 + ((unit ^ (row & 7)) << 4);
      uint32_t v[4] = {0, 0, 0, 0};
      if (a.residual)
        asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(v[0]), "=r"(v[1]), "=r"(v[2]), "=r"(v[3])
                     : "r"(at));
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const float *d = &acc[h / 2][(4 * j + i) * 4 + 2 * (h % 2)];
        float2 z = __half22float2(*(__half2 *)&v[i]);
        float p = fminf(fmaxf(d[0] + b[2 * i] + z.x, a.lo), a.hi);
        float q = fminf(fmaxf(d[1] + b[2 * i + 1] + z.y, a.lo), a.hi);
        *(__half2 *)&v[i] = __floats2half2_rn(p, q);
      }
      asm volatile("st.shared.v4.u32 [%4], {%0, %1, %2, %3};" ::"r"(v[0]), "r"(v[1]), "r"(v[2]),
                   "r"(v[3]), "r"(at)
                   : "memory");
    }
  }
}

template <int BN>
__device__ __forceinline__ void consume(const many_args &a, const barriers &bar, uint32_t stages,
                                        uint32_t outs, int w) {
  ring at;
  float acc[2][BN / 2];
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    if ((count & 1) != w) {
      int skip = at.stage + a.steps;
      at.parity ^= skip / layout<BN>::STAGES & 1;
      at.stage = skip % layout<BN>::STAGES;
      continue;
    }
    int turn = count >> 1 & 1;
    multiply<BN>(a, bar, stages, at, acc, w, w ? turn : turn ^ 1);
    if (a.residual)
      sm90::mbar_wait(bar.residual(w), turn);
    else
      sm90::mbar_wait(bar.sent(w), turn ^ 1);
    finish<BN>(a, outs + w * layout<BN>::OUT_BYTES, tile % a.tiles_n * BN, acc);
    sm90::fence_async();
    sm90::mbar_arrive(bar.result(w));
  }
}

template <int BN>
__global__ void __launch_bounds__(384, 1) conv_many(const __grid_constant__ many_args a) {
  extern __shared__ unsigned char smem_raw[];
  const barriers bar = {sm90::smem_addr(smem_raw)};
  const uint32_t stages = (bar.base + 8 * (2 * MAX_STAGES + 8) + 1023) & ~1023u;
  const uint32_t outs = stages + layout<BN>::STAGES * layout<BN>::STAGE_BYTES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < layout<BN>::STAGES; i++) {
      sm90::mbar_init(bar.full(i), 1);
      sm90::mbar_init(bar.empty(i), 4);
    }
    for (int w = 0; w < 2; w++) {
      sm90::mbar_init(bar.residual(w), 1);
      sm90::mbar_init(bar.result(w), 128);
      sm90::mbar_init(bar.sent(w), 1);
      sm90::mbar_init(bar.turn(w), 1);
    }
    sm90::mbar_init_fence();
  }
  __syncthreads();
  sm90::chain_trigger();
  int group = threadIdx.x >> 7;
  if (group == 0) {
    sm90::registers_shrink<40>();
    if (threadIdx.x == 0)
      feed<BN>(a, bar, stages);
    else if (threadIdx.x == 32 && a.residual)
      fetch_residual<BN>(a, bar, outs);
    else if (threadIdx.x == 64)
      send_results<BN>(a, bar, outs);
  } else {
    sm90::registers_grow<232>();
    consume<BN>(a, bar, stages, outs, group - 1);
  }
}

bool map_all(many_args *a, const scull_cuda_conv_t *t) {
  if (!map_pixels(&a->x, BM, t->src, t->n, t->h, t->w, t->c, t->src_pitch, t->pad_h, t->pad_w,
                  (t->r - 1) * t->dil_h, (t->s - 1) * t->dil_w, t->stride_h, t->stride_w) ||
      !map_rows(&a->y, BM, t->dst, a->rows, t->k, t->dst_pitch))
    return false;
  if (t->src2 && !map_pixels(&a->x2, BM, t->src2, t->n, t->h2, t->w2, t->c2, t->src2_pitch, 0, 0, 0,
                             0, t->stride2, t->stride2))
    return false;
  return !t->residual || map_rows(&a->z, BM, t->residual, a->rows, t->k, t->res_pitch);
}

int sm_count(void) {
  static int count = 0;
  int device = 0;
  if (!count && cudaGetDevice(&device) == cudaSuccess)
    cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
  return count ? count : 1;
}

} // namespace

size_t scull_cuda_conv_many_smem(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg) {
  if (t->dw || t->c % 64 || t->c2 % 64 || t->k % 8 || t->dst_f32 || t->stride_h > 8 ||
      t->stride_w > 8)
    return 0;
  return cfg->bn == 128 ? layout<128>::SMEM : cfg->bn == 64 ? layout<64>::SMEM : 0;
}

int scull_cuda_conv_many_enqueue(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg,
                                 int chained, void *stream) {
  size_t smem = scull_cuda_conv_many_smem(t, cfg);
  many_args a = {};
  a.weights = (const char *)t->weights, a.bias = t->bias, a.lo = t->lo, a.hi = t->hi;
  a.rows = t->n * t->p * t->q, a.k = t->k, a.p = t->p, a.q = t->q;
  a.steps = scull_cuda_conv_steps(t), a.steps1 = t->r * t->s * t->c / 64;
  a.per_tap = t->c / 64, a.s = t->s;
  a.stride_h = t->stride_h, a.stride_w = t->stride_w, a.pad_h = t->pad_h, a.pad_w = t->pad_w;
  a.dil_h = t->dil_h, a.dil_w = t->dil_w, a.stride2 = t->stride2;
  a.residual = t->residual != nullptr;
  if (!smem || !map_all(&a, t))
    return cudaErrorInvalidValue;
  a.tiles_n = (t->k + cfg->bn - 1) / cfg->bn;
  a.tiles = (a.rows + BM - 1) / BM * a.tiles_n;
  auto kernel = cfg->bn == 128 ? conv_many<128> : conv_many<64>;
  cudaError_t e =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)smem);
  if (e != cudaSuccess)
    return e;
  cudaLaunchAttribute attr[1];
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(a.tiles < sm_count() ? a.tiles : sm_count());
  config.blockDim = dim3(384);
  config.dynamicSmemBytes = smem;
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (chained) {
    attr[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelEx(&config, kernel, a);
}
