/* conv_igemm.cu: convolution as an implicit matrix product, for few rows above all.
 *
 * Algorithm: D[pixel][channel] = sum over K = (tap, input channel) of X * W. A tile of bm pixels x
 * bn channels belongs to a cluster of `split` blocks; each walks its own share of K in steps of 64
 * and the partial sums meet in distributed shared memory, scattered so that each block finishes a
 * part of the tile. Per step: weights come as 4 KiB bulk copies (packed and swizzled ahead), pixels
 * are gathered with 16-byte cp.async, zero where the filter leaves the image; both count on one
 * mbarrier; wgmma m64nBNk16 reads the two buffers. Nothing of the weights depends on the previous
 * kernel, so they are fetched before griddepcontrol.wait; after it the latency left is one gather,
 * the products and one one-way exchange.
 *
 * In front of a 1x1 convolution a depthwise 3x3 can take the gather's place: its results are made
 * in registers, tap by tap, and stored as the step's pixels.
 *
 *   tile   bm 64: 4 warps, 128: 8 warps (a warpgroup is 64 pixels x bn channels), smem a step
 *          (bm + bn) * 128 bytes; with stages >= steps nothing is ever refilled.
 *   floor  ResNet50 batch 1: 0.1-0.3 us of products a layer, 0.3-1 us to read the pixels from L2.
 *          Measured share: docs/kernels.md. */
#include "conv_igemm.h"

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "sm90.cuh"
#include "tensor_map.cuh"
#include "wgmma_f16.cuh"

namespace {

/* How a step's pixels come: TMA where c is a multiple of 64; else by cp.async of all threads (TAPS:
 * a step lies in one tap, FLAT: it crosses taps); DEPTHWISE: made here. */
enum gather_mode { TMA, TAPS, FLAT, DEPTHWISE };
enum { DW_BYTES = 9 * 64 * 2 + 64 * 4 }; /* depthwise taps and bias of one step */
enum { STEP_BYTES = 128, GROUP_BYTES = 32 * STEP_BYTES, HALF_UNIT = 1024, MAX_STAGES = 24 };

struct igemm_args {
  CUtensorMap x, x2;
  scull_cuda_conv_t t;
  int rows;   /* n * p * q */
  int steps;  /* of all of K */
  int steps1; /* of src */
  int split, stages, trigger;
};

/* What one thread gathers: four pixel rows (stride `T / 8`), one 16-byte unit of each step. */
struct gather {
  int off[4], off2[4]; /* element offset of the row's first tap; row's pixel of src2 */
  uint32_t mask[4];    /* bit i: filter row i is inside the image; bit 16 + i: column */
  int r, s, cc;        /* position of the next step: tap and 64-channel step in it */
};

__device__ __forceinline__ void gather_init(const igemm_args &a, gather &g, int m0, int row_step) {
  const scull_cuda_conv_t &t = a.t;
  int row = threadIdx.x >> 3;
#pragma unroll
  for (int i = 0; i < 4; i++, row += row_step) {
    int m = m0 + row;
    g.mask[i] = 0;
    g.off[i] = g.off2[i] = 0;
    if (m >= a.rows)
      continue;
    int y = m / t.q, x = m - y * t.q, n = y / t.p;
    y -= n * t.p;
    g.off2[i] = ((n * t.h2 + y * t.stride2) * t.w2 + x * t.stride2) * t.src2_pitch;
    y = y * t.stride_h - t.pad_h;
    x = x * t.stride_w - t.pad_w;
    g.off[i] = ((n * t.h + y) * t.w + x) * t.src_pitch;
    for (int k = 0; k < t.r; k++)
      g.mask[i] |= (unsigned)(y + k * t.dil_h) < (unsigned)t.h ? 1u << k : 0;
    for (int k = 0; k < t.s; k++)
      g.mask[i] |= (unsigned)(x + k * t.dil_w) < (unsigned)t.w ? 0x10000u << k : 0;
  }
}

/* FLAT: c is no multiple of 64, so a step crosses taps and every unit finds its own. */
template <int BM, gather_mode MODE>
__device__ __forceinline__ void gather_step(const igemm_args &a, gather &g, int step, int m0,
                                            uint32_t dst) {
  const scull_cuda_conv_t &t = a.t;
  constexpr int ROW_STEP = BM / 4;
  int unit = threadIdx.x & 7, row = threadIdx.x >> 3;
  dst += row * STEP_BYTES + ((unit ^ (row & 7)) << 4);
  if (step >= a.steps1) {
    int c = (step - a.steps1) * 64 + unit * 8;
    const __half *src = (const __half *)t.src2 + c;
#pragma unroll
    for (int i = 0; i < 4; i++)
      sm90::copy16(dst + i * ROW_STEP * STEP_BYTES, src + g.off2[i],
                   m0 + row + i * ROW_STEP < a.rows && c < t.c2);
    return;
  }
  int r = g.r, s = g.s, c = g.cc * 64 + unit * 8;
  bool inside = true;
  if (MODE == FLAT) {
    int k = step * 64 + unit * 8, tap = k / t.c;
    c = k - tap * t.c;
    r = tap / t.s;
    s = tap - r * t.s;
    inside = r < t.r;
  } else if (++g.cc * 64 == t.c) {
    g.cc = 0;
    if (++g.s == t.s)
      g.s = 0, g.r++;
  }
  int delta = (r * t.dil_h * t.w + s * t.dil_w) * t.src_pitch + c;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    bool valid = inside && (g.mask[i] >> r & g.mask[i] >> (16 + s) & 1);
    const __half *src = (const __half *)t.src + (valid ? g.off[i] + delta : 0);
    sm90::copy16(dst + i * ROW_STEP * STEP_BYTES, src, valid);
  }
}

__device__ __forceinline__ uint4 pixel_load(const void *src, bool valid) {
  uint4 v = make_uint4(0, 0, 0, 0);
  if (valid)
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(src));
  return v;
}

/* The step's pixels are results of the depthwise filter, made here: two rows at a time, so that
 * their 18 loads are in flight together. `dw` is the shared memory with the step's taps and bias.
 */
template <int BM>
__device__ __forceinline__ void depthwise_step(const igemm_args &a, const gather &g, int step,
                                               uint32_t dst, uint32_t dw) {
  const scull_cuda_conv_t &t = a.t;
  constexpr int ROW_STEP = BM / 4;
  int unit = threadIdx.x & 7, row = threadIdx.x >> 3, c = step * 64 + unit * 8;
  dst += row * STEP_BYTES + ((unit ^ (row & 7)) << 4);
#pragma unroll
  for (int half = 0; half < 4; half += 2) {
    uint4 in[2][9];
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
      for (int k = 0; k < 9; k++) {
        uint32_t mask = g.mask[half + i];
        bool valid = c < t.c && (mask >> (k / 3) & mask >> (16 + k % 3) & 1);
        int delta = (k / 3 * t.w + k % 3) * t.src_pitch + c;
        in[i][k] = pixel_load((const __half *)t.src + g.off[half + i] + delta, valid);
      }
    float acc[2][8];
#pragma unroll
    for (int e = 0; e < 8; e++) {
      asm volatile("ld.shared.f32 %0, [%1];"
                   : "=f"(acc[0][e])
                   : "r"(dw + 9 * 128 + (unit * 8 + e) * 4));
      acc[1][e] = acc[0][e];
    }
#pragma unroll
    for (int k = 0; k < 9; k++) {
      uint32_t w[4];
      asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                   : "=r"(w[0]), "=r"(w[1]), "=r"(w[2]), "=r"(w[3])
                   : "r"(dw + k * 128 + unit * 16));
#pragma unroll
      for (int e = 0; e < 4; e++) {
        float2 f = __half22float2(*(__half2 *)&w[e]);
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float2 p = __half22float2(((const __half2 *)&in[i][k])[e]);
          acc[i][2 * e] = fmaf(p.x, f.x, acc[i][2 * e]);
          acc[i][2 * e + 1] = fmaf(p.y, f.y, acc[i][2 * e + 1]);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < 2; i++) {
      uint32_t out[4];
#pragma unroll
      for (int e = 0; e < 4; e++)
        *(__half2 *)&out[e] = __floats2half2_rn(fminf(fmaxf(acc[i][2 * e], t.dw_lo), t.dw_hi),
                                                fminf(fmaxf(acc[i][2 * e + 1], t.dw_lo), t.dw_hi));
      asm volatile("st.shared.v4.u32 [%4], {%0, %1, %2, %3};" ::"r"(out[0]), "r"(out[1]),
                   "r"(out[2]), "r"(out[3]), "r"(dst + (half + i) * ROW_STEP * STEP_BYTES)
                   : "memory");
    }
  }
}

/* One lane of warp 0 fetches the tile's weights of one step. */
template <int BN>
__device__ __forceinline__ void weights_step(const igemm_args &a, int step, int n0, uint32_t dst,
                                             uint32_t bar) {
  int groups = (a.t.k + 31) / 32;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int group = min(n0 / 32 + j, groups - 1);
    const char *src = (const char *)a.t.weights + ((size_t)group * a.steps + step) * GROUP_BYTES;
    sm90::bulk_load(dst + j * GROUP_BYTES, src, GROUP_BYTES, bar);
  }
}

/* Where the tile's first pixel lies, and the next step's tap: for the thread that drives TMA. */
struct walk {
  int n, y, x, r, s, cc;
};

__device__ __forceinline__ walk walk_init(const igemm_args &a, int m0, int begin) {
  walk w;
  int row = m0 / a.t.q, per_tap = a.t.c / 64, tap = begin / per_tap;
  w.x = m0 - row * a.t.q, w.n = row / a.t.p, w.y = row - w.n * a.t.p;
  w.cc = begin - tap * per_tap, w.r = tap / a.t.s, w.s = tap - w.r * a.t.s;
  return w;
}

__device__ __forceinline__ void walk_step(const igemm_args &a, walk &w, int step, uint32_t dst,
                                          uint32_t bar) {
  const scull_cuda_conv_t &t = a.t;
  if (step >= a.steps1) {
    sm90::tma_load_im2col(dst, &a.x2, bar, (step - a.steps1) * 64, w.x * t.stride2, w.y * t.stride2,
                          w.n, 0, 0);
    return;
  }
  sm90::tma_load_im2col(dst, &a.x, bar, w.cc * 64, w.x * t.stride_w - t.pad_w,
                        w.y * t.stride_h - t.pad_h, w.n, w.s * t.dil_w, w.r * t.dil_h);
  if (++w.cc * 64 == t.c) {
    w.cc = 0;
    if (++w.s == t.s)
      w.s = 0, w.r++;
  }
}

__device__ __forceinline__ uint4 residual_load(const igemm_args &a, int m, int ch) {
  if (a.t.residual == nullptr || m >= a.rows || ch >= a.t.k)
    return make_uint4(0, 0, 0, 0);
  const __half *p = (const __half *)a.t.residual + (size_t)m * a.t.res_pitch + ch;
  uint4 v;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(p)
               : "memory");
  return v;
}

struct bias8 {
  float4 a, b;
};

__device__ __forceinline__ bias8 bias_load(const igemm_args &a, int ch) {
  ch = min(ch, a.t.k - 8);
  return {__ldg((const float4 *)(a.t.bias + ch)), __ldg((const float4 *)(a.t.bias + ch) + 1)};
}

/* Eight neighbouring channels of one pixel: bias, residual, clamp, store. */
__device__ __forceinline__ void finish8(const igemm_args &a, float (&v)[8], int m, int ch,
                                        const bias8 &bias, uint4 residual) {
  if (m >= a.rows || ch >= a.t.k)
    return;
  const float b[8] = {bias.a.x, bias.a.y, bias.a.z, bias.a.w,
                      bias.b.x, bias.b.y, bias.b.z, bias.b.w};
  const __half2 *z = (const __half2 *)&residual;
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    float2 r = __half22float2(z[i / 2]);
    v[i] = fminf(fmaxf(v[i] + b[i] + r.x, a.t.lo), a.t.hi);
    v[i + 1] = fminf(fmaxf(v[i + 1] + b[i + 1] + r.y, a.t.lo), a.t.hi);
  }
  size_t at = (size_t)m * a.t.dst_pitch + ch;
  if (a.t.dst_f32) {
    float4 *dst = (float4 *)((float *)a.t.dst + at);
    dst[0] = make_float4(v[0], v[1], v[2], v[3]);
    dst[1] = make_float4(v[4], v[5], v[6], v[7]);
    return;
  }
  uint4 out;
  __half2 *o = (__half2 *)&out;
#pragma unroll
  for (int i = 0; i < 4; i++)
    o[i] = __floats2half2_rn(v[2 * i], v[2 * i + 1]);
  *(uint4 *)((__half *)a.t.dst + at) = out;
}

/* What the end of a tile needs from memory, asked for early where the registers allow it. */
template <int BN> struct ahead {
  static constexpr int GROUPS = BN <= 64 ? BN / 32 : 1;
  bias8 bias[GROUPS];
  uint4 residual[GROUPS][2];
};

/* The tile of this block alone. */
template <int BN>
__device__ __forceinline__ void finish_alone(const igemm_args &a, float (&acc)[BN / 2], int m0,
                                             int n0, const ahead<BN> &early) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
    int ch = n0 + j * 32 + (lane & 3) * 8;
    bias8 bias = BN <= 64 ? early.bias[BN <= 64 ? j : 0] : bias_load(a, ch);
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int m = m0 + warp * 16 + h * 8 + (lane >> 2);
      float v[8];
#pragma unroll
      for (int i = 0; i < 8; i++)
        v[i] = acc[(4 * j + i / 2) * 4 + 2 * h + i % 2];
      finish8(a, v, m, ch, bias,
              BN <= 64 ? early.residual[BN <= 64 ? j : 0][h] : residual_load(a, m, ch));
    }
  }
}

/* Half units (8 pixels x 32 channels, 1 KiB of floats) that hold pixels of the tensor. */
template <int BM, int BN> __device__ __forceinline__ int half_units(const igemm_args &a, int m0) {
  return (min(BM, a.rows - m0) + 7) / 8 * (BN / 32);
}

/* Every block lays its half units out by the block that owns them (in `stage`, whose contents have
 * been read), one bulk copy an owner carries them over; owners sum in the order of ranks. */
template <int BM, int BN>
__device__ __forceinline__ void finish_split(const igemm_args &a, float (&acc)[BN / 2], int m0,
                                             int n0, int rank, uint32_t stage, uint32_t red,
                                             uint32_t bar, const ahead<BN> &early) {
  constexpr int NJ = BN / 32, WARPS = BM / 16;
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  int units = half_units<BM, BN>(a, m0), share = (BM / 8 * NJ + a.split - 1) / a.split * HALF_UNIT;
  int owned = (units - rank + a.split - 1) / a.split;
  __syncthreads();
#pragma unroll
  for (int h = 0; h < 2; h++) {
#pragma unroll
    for (int j = 0; j < NJ; j++) {
      int unit = (2 * warp + h) * NJ + j, slot = unit / a.split, owner = unit - slot * a.split;
      uint32_t to = stage + owner * share + slot * HALF_UNIT + lane * 16;
      const float *p = acc + 16 * j + 2 * h;
      sm90::store_floats(to, p[0], p[1], p[4], p[5]);
      sm90::store_floats(to + 512, p[8], p[9], p[12], p[13]);
    }
  }
  sm90::fence_async();
  sm90::cluster_wait(); /* the peers have started */
  __syncthreads();
  if (threadIdx.x < a.split) {
    int to = threadIdx.x, count = (units - to + a.split - 1) / a.split;
    if (count > 0)
      sm90::peer_copy(sm90::peer_addr(red + rank * share, to), stage + to * share,
                      count * HALF_UNIT, sm90::peer_addr(bar, to));
  }
  if (owned > 0)
    sm90::mbar_wait_cluster(bar, 0);
  __syncwarp();
  sm90::cluster_arrive(); /* what was sent here has arrived */
  for (int o = warp; o < owned; o += WARPS) {
    float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    uint32_t from = red + o * HALF_UNIT + lane * 16;
#pragma unroll 4
    for (int i = 0; i < a.split; i++, from += share) {
      float4 x = sm90::load_floats(from), y = sm90::load_floats(from + 512);
      v[0] += x.x, v[1] += x.y, v[2] += x.z, v[3] += x.w;
      v[4] += y.x, v[5] += y.y, v[6] += y.z, v[7] += y.w;
    }
    int unit = rank + a.split * o;
    int m = m0 + unit / NJ * 8 + (lane >> 2), ch = n0 + unit % NJ * 32 + (lane & 3) * 8;
    bool first = o == warp;
    finish8(a, v, m, ch, first ? early.bias[0] : bias_load(a, ch),
            first ? early.residual[0][0] : residual_load(a, m, ch));
  }
  sm90::cluster_wait(); /* the copies out of this block have been made */
}

/* The first place (of `at`, half h) that this thread will finish. */
template <int BN>
__device__ __forceinline__ void first_place(const igemm_args &a, int m0, int n0, int rank, int j,
                                            int h, int &m, int &ch) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, unit = (2 * warp + h) * (BN / 32) + j;
  if (a.split > 1)
    unit = rank + a.split * warp;
  m = m0 + unit / (BN / 32) * 8 + (lane >> 2);
  ch = n0 + unit % (BN / 32) * 32 + (lane & 3) * 8;
}

template <int BN>
__device__ __forceinline__ void ask_bias(const igemm_args &a, int n0, int rank, ahead<BN> &early) {
#pragma unroll
  for (int j = 0; j < ahead<BN>::GROUPS; j++) {
    int m, ch;
    first_place<BN>(a, 0, n0, rank, j, 0, m, ch);
    early.bias[j] = bias_load(a, ch);
  }
}

template <int BN>
__device__ __forceinline__ void ask_residual(const igemm_args &a, int m0, int n0, int rank,
                                             ahead<BN> &early) {
#pragma unroll
  for (int j = 0; j < ahead<BN>::GROUPS; j++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int m, ch;
      early.residual[j][h] = make_uint4(0, 0, 0, 0);
      first_place<BN>(a, m0, n0, rank, j, h, m, ch);
      if (a.t.residual && (a.split == 1 ? BN <= 64 : j == 0 && h == 0))
        early.residual[j][h] = residual_load(a, m, ch);
    }
}

template <int BM, int BN, bool FENCE>
__device__ __forceinline__ void multiply(float (&acc)[BN / 2], uint32_t pixels, uint32_t weights,
                                         bool first) {
  uint64_t da = sm90::wgmma_desc(pixels + (threadIdx.x >> 7) * 64 * STEP_BYTES);
  uint64_t db = sm90::wgmma_desc(weights);
  if (FENCE)
    sm90::fence_async();
  sm90::wgmma_fence();
#pragma unroll
  for (int k = 0; k < 4; k++)
    wgmma_f16<BN>::mma(acc, da + 2 * k, db + 2 * k, !first || k > 0);
  sm90::wgmma_commit();
}

/* Starts the coming of one step's pixels, to be counted on `bar`. */
template <int BM, gather_mode MODE>
__device__ __forceinline__ void pixels_step(const igemm_args &a, gather &g, walk &w, int step,
                                            int m0, uint32_t dst, uint32_t dw, uint32_t bar) {
  if (MODE == TMA) {
    if (threadIdx.x == 0)
      walk_step(a, w, step, dst, bar);
  } else if (MODE == DEPTHWISE) {
    depthwise_step<BM>(a, g, step, dst, dw);
    sm90::mbar_arrive(bar);
  } else {
    gather_step<BM, MODE>(a, g, step, m0, dst);
    sm90::copy_arrive(bar);
  }
}

template <int BM, int BN, gather_mode MODE>
__global__ void __launch_bounds__(BM * 2) conv_igemm(const __grid_constant__ igemm_args a) {
  extern __shared__ unsigned char smem_raw[];
  constexpr int A_BYTES = BM * STEP_BYTES, B_BYTES = BN * STEP_BYTES;
  constexpr int EXPECT = B_BYTES + (MODE == TMA ? A_BYTES : 0);
  const uint32_t bars = sm90::smem_addr(smem_raw), red_bar = bars + 8 * MAX_STAGES;
  const uint32_t dw_bar = red_bar + 8;
  const uint32_t buf_a = (dw_bar + 8 + 1023) & ~1023u, buf_b = buf_a + a.stages * A_BYTES;
  const uint32_t dw = buf_b + a.stages * B_BYTES;
  const uint32_t red = dw + (MODE == DEPTHWISE ? a.stages * DW_BYTES : 0);
  const int rank = a.split > 1 ? blockIdx.x : 0; /* the cluster is the whole of x */
  const int n0 = blockIdx.y * BN, m0 = blockIdx.z * BM;
  const int begin = a.steps * rank / a.split, count = a.steps * (rank + 1) / a.split - begin;
  const int loaded = min(a.stages, count);

  if (threadIdx.x == 0) {
    for (int i = 0; i < loaded; i++)
      sm90::mbar_init(bars + 8 * i, MODE == TMA ? 1 : BM * 2 + 1);
    sm90::mbar_init(red_bar, 1);
    sm90::mbar_init(dw_bar, 1);
    sm90::mbar_init_fence();
    for (int i = 0; i < loaded; i++) {
      sm90::mbar_expect(bars + 8 * i, EXPECT);
      weights_step<BN>(a, begin + i, n0, buf_b + i * B_BYTES, bars + 8 * i);
    }
    if (MODE == DEPTHWISE) {
      sm90::mbar_expect(dw_bar, loaded * DW_BYTES);
      sm90::bulk_load(dw, (const char *)a.t.dw + begin * DW_BYTES, loaded * DW_BYTES, dw_bar);
    }
    int owned = (half_units<BM, BN>(a, m0) - rank + a.split - 1) / a.split;
    if (a.split > 1 && owned > 0)
      sm90::mbar_expect(red_bar, owned * a.split * HALF_UNIT);
  }
  gather g;
  walk w;
  if (MODE == TMA)
    w = walk_init(a, m0, begin);
  else
    gather_init(a, g, m0, BM / 4);
  if (MODE == TAPS) {
    int per_tap = a.t.c / 64, tap = begin / per_tap;
    g.cc = begin - tap * per_tap;
    g.r = tap / a.t.s;
    g.s = tap - g.r * a.t.s;
  }
  ahead<BN> early;
  ask_bias<BN>(a, n0, rank, early);
  __syncthreads();
  if (a.split > 1)
    sm90::cluster_arrive();
  if (a.trigger == 1)
    sm90::chain_trigger();
  sm90::chain_wait();
  if (a.trigger == 2)
    sm90::chain_trigger();

  if (MODE == DEPTHWISE)
    sm90::mbar_wait(dw_bar, 0);
  for (int i = 0; i < loaded; i++)
    pixels_step<BM, MODE>(a, g, w, begin + i, m0, buf_a + i * A_BYTES, dw + i * DW_BYTES,
                          bars + 8 * i);
  ask_residual<BN>(a, m0, n0, rank, early);
  auto refill = [&](int step, int stage) {
    uint32_t bar = bars + 8 * stage;
    if (threadIdx.x == 0) {
      sm90::mbar_expect(bar, EXPECT);
      weights_step<BN>(a, begin + step, n0, buf_b + stage * B_BYTES, bar);
    }
    pixels_step<BM, MODE>(a, g, w, begin + step, m0, buf_a + stage * A_BYTES, 0, bar);
  };
  float acc[BN / 2];
#pragma unroll
  for (int i = 0; i < BN / 2; i++)
    acc[i] = 0;
  for (int i = 0; i < loaded; i++) {
    sm90::mbar_wait(bars + 8 * i, 0);
    multiply<BM, BN, MODE != TMA>(acc, buf_a + i * A_BYTES, buf_b + i * B_BYTES, false);
    if (count > loaded && i > 0) {
      /* The step before has been read by all: its buffers take step i - 1 + stages. */
      int next = i - 1 + loaded;
      sm90::wgmma_wait<1>();
      __syncthreads();
      if (next < count) {
        refill(next, i - 1);
      }
    }
  }
  if (count > loaded) {
    int stage = 0, parity = 1, free_stage = loaded - 1;
    for (int i = loaded; i < count; i++) {
      sm90::mbar_wait(bars + 8 * stage, parity);
      multiply<BM, BN, MODE != TMA>(acc, buf_a + stage * A_BYTES, buf_b + stage * B_BYTES, false);
      sm90::wgmma_wait<1>();
      __syncthreads();
      int next = i - 1 + loaded;
      if (next < count) {
        refill(next, free_stage);
      }
      free_stage = stage;
      if (++stage == loaded)
        stage = 0, parity ^= 1;
    }
  }
  sm90::wgmma_wait<0>();
  if (a.split > 1)
    finish_split<BM, BN>(a, acc, m0, n0, rank, buf_a, red, red_bar, early);
  else
    finish_alone<BN>(a, acc, m0, n0, early);
}

using kernel_t = void (*)(igemm_args);

gather_mode mode_of(const scull_cuda_conv_t *t, bool threads) {
  bool whole = t->c % 64 == 0 && t->c2 % 64 == 0 && t->stride_h <= 8 && t->stride_w <= 8;
  return t->dw ? DEPTHWISE : t->c % 64 ? FLAT : threads || !whole ? TAPS : TMA;
}

kernel_t kernel_of(int bm, int bn, gather_mode mode) {
#define PICK(M, N)                                                                                 \
  if (bm == M && bn == N)                                                                          \
    return mode == TMA    ? conv_igemm<M, N, TMA>                                                  \
           : mode == FLAT ? conv_igemm<M, N, FLAT>                                                 \
           : mode == TAPS ? conv_igemm<M, N, TAPS>                                                 \
                          : conv_igemm<M, N, DEPTHWISE>;
  PICK(64, 32)
  PICK(64, 64)
  PICK(64, 128)
  PICK(128, 32)
  PICK(128, 64)
  PICK(128, 128)
  PICK(128, 256)
#undef PICK
  return nullptr;
}

bool map_inputs(igemm_args *a, int bm) {
  const scull_cuda_conv_t *t = &a->t;
  if (!map_pixels(&a->x, bm, t->src, t->n, t->h, t->w, t->c, t->src_pitch, t->pad_h, t->pad_w,
                  (t->r - 1) * t->dil_h, (t->s - 1) * t->dil_w, t->stride_h, t->stride_w))
    return false;
  return !t->src2 || map_pixels(&a->x2, bm, t->src2, t->n, t->h2, t->w2, t->c2, t->src2_pitch, 0, 0,
                                0, 0, t->stride2, t->stride2);
}

} // namespace

int scull_cuda_conv_steps(const scull_cuda_conv_t *t) {
  int taps = t->dw ? 1 : t->r * t->s;
  return (taps * t->c + 63) / 64 + (t->src2 ? (t->c2 + 63) / 64 : 0);
}

size_t scull_cuda_conv_smem(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg) {
  if (cfg->kernel == SCULL_CUDA_CONV_MANY)
    return scull_cuda_conv_many_smem(t, cfg);
  int steps = scull_cuda_conv_steps(t), stages = cfg->stages;
  if (!kernel_of(cfg->bm, cfg->bn, TAPS) || cfg->split < 1 || cfg->split > 16 || stages < 2 ||
      stages > MAX_STAGES || cfg->split > steps || t->c % 8 || t->k % 8 || t->r > 16 || t->s > 16)
    return 0;
  if (t->dw &&
      (t->src2 || t->r != 3 || t->s != 3 || stages < (steps + cfg->split - 1) / cfg->split))
    return 0;
  size_t bytes = 2048 + (t->dw ? (size_t)stages * DW_BYTES : 0) +
                 (size_t)stages * (cfg->bm + cfg->bn) * STEP_BYTES;
  if (cfg->split > 1) {
    int units = cfg->bm / 8 * (cfg->bn / 32);
    size_t sent = (size_t)((units + cfg->split - 1) / cfg->split) * cfg->split * HALF_UNIT;
    if (sent > (size_t)stages * (cfg->bm + cfg->bn) * STEP_BYTES)
      return 0; /* what is sent is laid out where the stages were */
    bytes += sent;
  }
  return bytes <= 227 * 1024 ? bytes : 0;
}

int scull_cuda_conv_enqueue(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg,
                            int chained, void *stream) {
  if (cfg->kernel == SCULL_CUDA_CONV_MANY)
    return scull_cuda_conv_many_enqueue(t, cfg, chained, stream);
  size_t smem = scull_cuda_conv_smem(t, cfg);
  if (!smem)
    return cudaErrorInvalidValue;
  gather_mode mode = mode_of(t, cfg->threads_gather);
  kernel_t kernel = kernel_of(cfg->bm, cfg->bn, mode);
  igemm_args a = {};
  a.t = *t;
  a.rows = t->n * t->p * t->q;
  a.steps = scull_cuda_conv_steps(t);
  a.steps1 = a.steps - (t->src2 ? (t->c2 + 63) / 64 : 0);
  a.split = cfg->split;
  a.stages = cfg->stages;
  a.trigger = cfg->trigger;
  if (mode == TMA && !map_inputs(&a, cfg->bm))
    return cudaErrorInvalidValue;
  cudaError_t e =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024);
  if (e == cudaSuccess && cfg->split > 8)
    e = cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  if (e != cudaSuccess)
    return e;
  cudaLaunchAttribute attr[2];
  cudaLaunchConfig_t config = {};
  config.gridDim =
      dim3(cfg->split, (t->k + cfg->bn - 1) / cfg->bn, (a.rows + cfg->bm - 1) / cfg->bm);
  config.blockDim = dim3(cfg->bm * 2);
  config.dynamicSmemBytes = smem;
  config.stream = (cudaStream_t)stream;
  config.attrs = attr;
  if (cfg->split > 1) {
    attr[config.numAttrs].id = cudaLaunchAttributeClusterDimension;
    attr[config.numAttrs].val.clusterDim.x = cfg->split;
    attr[config.numAttrs].val.clusterDim.y = attr[config.numAttrs].val.clusterDim.z = 1;
    config.numAttrs++;
  }
  if (chained) {
    attr[config.numAttrs].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[config.numAttrs].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs++;
  }
  return cudaLaunchKernelEx(&config, kernel, a);
}
