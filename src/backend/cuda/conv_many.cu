/* conv_many.cu: convolution as an implicit matrix product for many rows: the tensor cores and the
 * memory kept busy at once.
 *
 * Algorithm: persistent blocks, one an SM, walk tiles of 128 pixels x BN channels. Warp 0 feeds a
 * ring of stages (128 bytes of K: pixels through TMA's im2col mode, weights as 4 KiB bulk copies).
 * Two warpgroups take turns, a whole tile each, so that one finishes (bias, residual, clamp) while
 * the other multiplies. Warp 1 fetches residual tiles into the warpgroups' output buffers ahead of
 * time, the results replace them there, and warp 2 sends them out through TMA. Tiles of the same
 * pixels follow each other, so that pixels come from HBM once.
 *
 *   tile   128 x BN (64, 128) x 64; two m64nBNk16 accumulators a warpgroup
 *   smem   FP16: 5 stages of 32 KB and two outputs of 32 KB (BN 128); 8 of 24 KB and two of 16 KB
 *   floor  max(2 * MACs / 790 TFLOP/s, bytes / 4.3 TB/s); ResNet50 batch 128: 1.7 ms of bytes, 1.3
 * ms of products. Measured share: docs/kernels.md. */
#include <cuda_runtime.h>

#include "backend/cuda/conv_common.cuh"
#include "backend/cuda/tensor_map.cuh"

namespace {

using namespace conv;

enum { BM = 128, A_BYTES = BM * STEP_BYTES, MAX_STAGES = 8 };

struct many_args {
  CUtensorMap x, x2, z, y;
  const char *weights;
  const float *bias, *scale;
  float lo, hi, res_scale;
  int rows, k, p, q, steps, steps1, per_tap, r, s;
  int stride_h, stride_w, pad_h, pad_w, dil_h, dil_w, stride2;
  int tiles_n, tiles, residual, signs;
};

/* Results leave in panels of 128 bytes a row, or one of 64 (64 channels of INT8). */
template <class T, int BN> struct layout {
  static constexpr int STAGES = BN == 64 ? 8 : sizeof(T) == 1 ? 6 : 5;
  static constexpr int STAGE_BYTES = A_BYTES + BN * STEP_BYTES;
  static constexpr int OUT_BYTES = BM * BN * sizeof(T);
  static constexpr int PANEL_ROW = BN * sizeof(T) < 128 ? 64 : 128;
  static constexpr int PANEL_BYTES = BM * PANEL_ROW, PANEL = PANEL_ROW / sizeof(T);
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

/* One thread: every stage of every tile of this block. */
template <class T, int BN, int PARTS>
__device__ void feed(const many_args &a, const barriers &bar, uint32_t stages) {
  constexpr int PART = element<T>::STEP / PARTS;
  ring at;
  bool first = true;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x) {
    int m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    int y = m0 / a.q, x = m0 - y * a.q, n = y / a.p;
    y -= n * a.p;
    int r = 0, s = 0, cc = 0;
    for (int step = 0; step < a.steps; step++) {
      uint32_t buf = stages + at.stage * layout<T, BN>::STAGE_BYTES, full = bar.full(at.stage);
      sm90::mbar_wait(bar.empty(at.stage), at.parity ^ 1);
      sm90::mbar_expect(full, layout<T, BN>::STAGE_BYTES);
      load_weights<BN, PARTS>(a.weights, a.k, a.steps, step, n0, buf + A_BYTES, full);
      if (first)
        sm90::chain_wait(); /* only the pixels come from the kernel before */
      first = false;
      if (step >= a.steps1) {
        sm90::tma_load_im2col(buf, &a.x2, full, (step - a.steps1) * PART, x * a.stride2,
                              y * a.stride2, n, 0, 0);
        at.next<layout<T, BN>::STAGES>();
        continue;
      }
      for (int i = 0; i < PARTS; i++) {
        if (PARTS > 1 && r == a.r) /* the part behind the last tap: its weights are zero */
          r = s = cc = 0;
        sm90::tma_load_im2col(buf + i * BM * (STEP_BYTES / PARTS), &a.x, full, cc * PART,
                              x * a.stride_w - a.pad_w, y * a.stride_h - a.pad_h, n, s * a.dil_w,
                              r * a.dil_h);
        if (++cc == a.per_tap) {
          cc = 0;
          if (++s == a.s)
            s = 0, r++;
        }
      }
      at.next<layout<T, BN>::STAGES>();
    }
  }
}

template <class T, int BN>
__device__ void fetch_residual(const many_args &a, const barriers &bar, uint32_t outs) {
  sm90::chain_wait();
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    int w = count & 1, m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    sm90::mbar_wait(bar.sent(w), (count >> 1 & 1) ^ 1);
    sm90::mbar_expect(bar.residual(w), layout<T, BN>::OUT_BYTES);
    for (int j = 0; j < BN / layout<T, BN>::PANEL; j++)
      sm90::tma_load_2d(outs + w * layout<T, BN>::OUT_BYTES + j * layout<T, BN>::PANEL_BYTES, &a.z,
                        bar.residual(w), n0 + j * layout<T, BN>::PANEL, m0);
  }
}

template <class T, int BN>
__device__ void send_results(const many_args &a, const barriers &bar, uint32_t outs) {
  sm90::chain_wait();
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    int w = count & 1, m0 = tile / a.tiles_n * BM, n0 = tile % a.tiles_n * BN;
    sm90::mbar_wait(bar.result(w), count >> 1 & 1);
    for (int j = 0; j < BN / layout<T, BN>::PANEL; j++)
      if (n0 + j * layout<T, BN>::PANEL < a.k)
        sm90::tma_store_2d(&a.y,
                           outs + w * layout<T, BN>::OUT_BYTES + j * layout<T, BN>::PANEL_BYTES,
                           n0 + j * layout<T, BN>::PANEL, m0);
    sm90::store_commit();
    sm90::store_wait_read();
    sm90::mbar_arrive(bar.sent(w));
  }
  sm90::store_wait_all();
}

/* One warpgroup's products of a tile. Tiles are multiplied strictly in order: a barrier's parity
 * says nothing to a warpgroup that has not seen every phase, so it starts only when the other has
 * seen all of its own stages full. */
template <class T, int BN, int PARTS>
__device__ __forceinline__ void multiply(const many_args &a, const barriers &bar, uint32_t stages,
                                         ring &at, typename element<T>::sum (&acc)[2][BN / 2],
                                         int w, int parity) {
  using wgmma = typename element<T>::template wgmma<BN>;
  int last = -1;
  sm90::mbar_wait(bar.turn(w), parity);
  for (int step = 0; step < a.steps; step++) {
    uint32_t buf = stages + at.stage * layout<T, BN>::STAGE_BYTES;
    sm90::mbar_wait(bar.full(at.stage), at.parity);
    uint64_t da = describe<PARTS>(buf), db = describe<PARTS>(buf + A_BYTES);
    sm90::wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) {
      int qa = quarter<PARTS>(k, BM), qb = quarter<PARTS>(k, BN);
      wgmma::mma(acc[0], da + qa, db + qb, step > 0 || k > 0);
      wgmma::mma(acc[1], da + qa + 64 * (8 / PARTS), db + qb, step > 0 || k > 0);
    }
    sm90::wgmma_commit();
    sm90::wgmma_wait<1>();
    if (last >= 0 && (threadIdx.x & 31) == 0)
      sm90::mbar_arrive(bar.empty(last));
    last = at.stage;
    at.next<layout<T, BN>::STAGES>();
  }
  if ((threadIdx.x & 127) == 0)
    sm90::mbar_arrive(bar.turn(w ^ 1));
  sm90::wgmma_wait<0>();
  settle(acc[0]);
  settle(acc[1]);
  if ((threadIdx.x & 31) == 0)
    sm90::mbar_arrive(bar.empty(last));
}

/* Eight results of one pixel, in place in the swizzled output buffer, where the residual is. */
template <class T, int BN>
__device__ __forceinline__ void finish8(const many_args &a, uint32_t out, int row, int ch,
                                        const typename element<T>::sum (&sum)[8],
                                        const affine8<T> &scale) {
  using L = layout<T, BN>;
  int byte = ch % L::PANEL * sizeof(T), unit = byte / 16;
  unit ^= L::PANEL_ROW == 128 ? row & 7 : row >> 1 & 3;
  uint32_t at = out + ch / L::PANEL * L::PANEL_BYTES + row * L::PANEL_ROW + unit * 16 + byte % 16;
  uint4 z = make_uint4(0, 0, 0, 0);
  float v[8];
  affine(v, sum, scale);
  if (a.residual) {
    if (sizeof(T) == 2)
      z = sm90::load_words(at);
    else
      asm volatile("ld.shared.v2.u32 {%0, %1}, [%2];" : "=r"(z.x), "=r"(z.y) : "r"(at) : "memory");
    residual_add<T>(v, z, a.res_scale, a.signs);
  }
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = fminf(fmaxf(v[i], a.lo), a.hi);
  if (sizeof(T) == 2) {
    z = pack_half(v);
    asm volatile("st.shared.v4.u32 [%4], {%0, %1, %2, %3};" ::"r"(z.x), "r"(z.y), "r"(z.z),
                 "r"(z.w), "r"(at)
                 : "memory");
  } else {
    uint2 b = pack_bytes(v, a.signs);
    asm volatile("st.shared.v2.u32 [%2], {%0, %1};" ::"r"(b.x), "r"(b.y), "r"(at) : "memory");
  }
}

template <class T, int BN>
__device__ __forceinline__ void finish(const many_args &a, uint32_t out, int n0,
                                       typename element<T>::sum (&acc)[2][BN / 2]) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5 & 3;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int ch = j * 32 + (lane & 3) * 8;
    affine8<T> scale = affine_load<T>(a.bias, a.scale, n0 + ch, a.k);
#pragma unroll
    for (int h = 0; h < 4; h++) {
      typename element<T>::sum v[8];
#pragma unroll
      for (int i = 0; i < 8; i++)
        v[i] = acc[h / 2][(4 * j + i / 2) * 4 + 2 * (h % 2) + i % 2];
      finish8<T, BN>(a, out, h / 2 * 64 + warp * 16 + h % 2 * 8 + (lane >> 2), ch, v, scale);
    }
  }
}

template <class T, int BN, int PARTS>
__device__ __forceinline__ void consume(const many_args &a, const barriers &bar, uint32_t stages,
                                        uint32_t outs, int w) {
  using L = layout<T, BN>;
  ring at;
  typename element<T>::sum acc[2][BN / 2];
  int count = 0;
  for (int tile = blockIdx.x; tile < a.tiles; tile += gridDim.x, count++) {
    if ((count & 1) != w) {
      int skip = at.stage + a.steps;
      at.parity ^= skip / L::STAGES & 1;
      at.stage = skip % L::STAGES;
      continue;
    }
    int turn = count >> 1 & 1;
    multiply<T, BN, PARTS>(a, bar, stages, at, acc, w, w ? turn : turn ^ 1);
    if (a.residual)
      sm90::mbar_wait(bar.residual(w), turn);
    else
      sm90::mbar_wait(bar.sent(w), turn ^ 1);
    finish<T, BN>(a, outs + w * L::OUT_BYTES, tile % a.tiles_n * BN, acc);
    sm90::fence_async();
    sm90::mbar_arrive(bar.result(w));
  }
}

template <class T, int BN, int PARTS>
__global__ void __launch_bounds__(384, 1) conv_many(const __grid_constant__ many_args a) {
  extern __shared__ unsigned char smem_raw[];
  using L = layout<T, BN>;
  const barriers bar = {sm90::smem_addr(smem_raw)};
  const uint32_t stages = (bar.base + 8 * (2 * MAX_STAGES + 8) + 1023) & ~1023u;
  const uint32_t outs = stages + L::STAGES * L::STAGE_BYTES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < L::STAGES; i++) {
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
      feed<T, BN, PARTS>(a, bar, stages);
    else if (threadIdx.x == 32 && a.residual)
      fetch_residual<T, BN>(a, bar, outs);
    else if (threadIdx.x == 64)
      send_results<T, BN>(a, bar, outs);
  } else {
    sm90::registers_grow<232>();
    consume<T, BN, PARTS>(a, bar, stages, outs, group - 1);
  }
}

using kernel_t = void (*)(many_args);

template <class T, int PARTS> kernel_t kernel_of(int bn) {
  return bn == 128 ? conv_many<T, 128, PARTS> : bn == 64 ? conv_many<T, 64, PARTS> : nullptr;
}

template <class T> kernel_t kernel_of(int bn, int parts, size_t *smem) {
  *smem = bn == 128 ? layout<T, 128>::SMEM : layout<T, 64>::SMEM;
  return parts == 1 ? kernel_of<T, 1>(bn) : parts == 2 ? kernel_of<T, 2>(bn) : kernel_of<T, 4>(bn);
}

/* The kernel for a problem and its shared memory; NULL when there is none. */
kernel_t kernel_for(const scull_cuda_conv_t *t, int bn, size_t *smem) {
  bool s8 = t->type == SCULL_CUDA_S8;
  int parts = parts_of(t->c * (s8 ? 1 : 2)), bytes2 = t->c2 * (s8 ? 1 : 2);
  if (!parts || bytes2 % 128 || (parts > 1 && t->src2) || t->k % (s8 ? 16 : 8) ||
      t->dst_type != t->type || t->stride_h > 8 || t->stride_w > 8)
    return nullptr;
  return s8 && (t->signs & SCULL_CUDA_UNSIGNED_SRC) ? kernel_of<uint8_t>(bn, parts, smem)
         : s8                                       ? kernel_of<int8_t>(bn, parts, smem)
                                                    : kernel_of<__half>(bn, parts, smem);
}

bool map_all(many_args *a, const scull_cuda_conv_t *t, int bn) {
  int size = t->type == SCULL_CUDA_S8 ? 1 : 2, part = 128 / parts_of(t->c * size) / size;
  int panel = bn * size < 128 ? 64 : 128 / size;
  if (!map_pixels(&a->x, t->type, part, BM, t->src, t->n, t->h, t->w, t->c, t->src_pitch, t->pad_h,
                  t->pad_w, t->p, t->q, t->stride_h, t->stride_w) ||
      !map_rows(&a->y, t->type, panel, BM, t->dst, a->rows, t->k, t->dst_pitch))
    return false;
  if (t->src2 && !map_pixels(&a->x2, t->type, part, BM, t->src2, t->n, t->h2, t->w2, t->c2,
                             t->src2_pitch, 0, 0, t->p, t->q, t->stride2, t->stride2))
    return false;
  return !t->residual ||
         map_rows(&a->z, t->type, panel, BM, t->residual, a->rows, t->k, t->res_pitch);
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
  size_t smem = 0;
  return kernel_for(t, cfg->bn, &smem) ? smem : 0;
}

int scull_cuda_conv_many_enqueue(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg,
                                 int chained, void *stream) {
  size_t smem = 0;
  kernel_t kernel = kernel_for(t, cfg->bn, &smem);
  if (!kernel)
    return cudaErrorInvalidValue;
  int size = t->type == SCULL_CUDA_S8 ? 1 : 2, part = 128 / parts_of(t->c * size) / size;
  many_args a = {};
  a.weights = (const char *)t->weights, a.bias = t->bias, a.scale = t->scale;
  a.lo = t->lo, a.hi = t->hi, a.res_scale = t->res_scale;
  a.rows = t->n * t->p * t->q, a.k = t->k, a.p = t->p, a.q = t->q;
  a.steps = scull_cuda_conv_steps(t), a.per_tap = t->c / part, a.r = t->r, a.s = t->s;
  a.steps1 = a.steps - (t->src2 ? t->c2 / part : 0);
  a.stride_h = t->stride_h, a.stride_w = t->stride_w, a.pad_h = t->pad_h, a.pad_w = t->pad_w;
  a.dil_h = t->dil_h, a.dil_w = t->dil_w, a.stride2 = t->stride2;
  a.residual = t->residual != nullptr;
  a.signs = t->signs;
  if (!map_all(&a, t, cfg->bn))
    return cudaErrorInvalidValue;
  a.tiles_n = (t->k + cfg->bn - 1) / cfg->bn;
  a.tiles = (a.rows + BM - 1) / BM * a.tiles_n;
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
