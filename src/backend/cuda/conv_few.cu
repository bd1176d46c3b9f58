/* conv_few.cu: convolution as an implicit matrix product, for few rows above all.
 *
 * Algorithm: D[pixel][channel] = sum over K = (tap, input channel) of X * W. A tile of bm pixels x
 * bn channels belongs to a cluster of `split` blocks; each walks its own share of K in steps of 128
 * bytes and the partial sums meet in distributed shared memory, scattered so that each block
 * finishes a part of the tile. Per step: weights come as 4 KiB bulk copies (packed and swizzled
 * ahead), pixels through TMA's im2col mode, zero where the filter leaves the image (16-byte
 * cp.async where channels do not fit); both count on one mbarrier; wgmma m64nBN reads the two
 * buffers. Nothing of the weights depends on the previous kernel, so they are fetched before
 * griddepcontrol.wait; after it the latency left is one gather, the products and one one-way
 * exchange.
 *
 *   tile   bm 64: 4 warps, 128: 8 warps (a warpgroup is 64 pixels x bn channels), smem a step
 *          (bm + bn) * 128 bytes; with stages >= steps nothing is ever refilled.
 *   floor  ResNet50 batch 1: 0.1-0.3 us of products a layer, 0.3-1 us to read the pixels from L2,
 * 14 bytes a cycle an SM for what is exchanged. Measured share: docs/kernels.md. */
#include <cuda_runtime.h>

#include "backend/cuda/conv_common.cuh"
#include "backend/cuda/tensor_map.cuh"

namespace {

using namespace conv;

/* How a step's pixels come: TMA where c is a multiple of 64; else by cp.async of all threads (TAPS:
 * a step lies in one tap, FLAT: it crosses taps). */
enum gather_mode { TMA, TAPS, FLAT };
enum { UNIT_BYTES = 1024, MAX_STAGES = 24 };

struct few_args {
  CUtensorMap x, x2;
  scull_cuda_conv_t t;
  int rows;   /* n * p * q */
  int steps;  /* of all of K */
  int steps1; /* of src */
  int split, stages, half_partials, trigger;
};

/* What one thread gathers: four pixel rows (stride `T / 8`), one 16-byte unit of each step. */
struct gather {
  int off[4], off2[4]; /* element offset of the row's first tap; row's pixel of src2 */
  uint32_t mask[4];    /* bit i: filter row i is inside the image; bit 16 + i: column */
  int r, s, cc;        /* position of the next step: tap and step in it */
};

__device__ __forceinline__ void gather_init(const few_args &a, gather &g, int m0, int row_step) {
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
template <class T, int BM, gather_mode MODE>
__device__ __forceinline__ void gather_step(const few_args &a, gather &g, int step, int m0,
                                            uint32_t dst) {
  const scull_cuda_conv_t &t = a.t;
  constexpr int ROW_STEP = BM / 4, STEP = element<T>::STEP, UNIT = STEP / 8;
  int unit = threadIdx.x & 7, row = threadIdx.x >> 3;
  dst += row * STEP_BYTES + ((unit ^ (row & 7)) << 4);
  if (step >= a.steps1) {
    int c = (step - a.steps1) * STEP + unit * UNIT;
    const T *src = (const T *)t.src2 + c;
#pragma unroll
    for (int i = 0; i < 4; i++)
      sm90::copy16(dst + i * ROW_STEP * STEP_BYTES, src + g.off2[i],
                   m0 + row + i * ROW_STEP < a.rows && c < t.c2);
    return;
  }
  int r = g.r, s = g.s, c = g.cc * STEP + unit * UNIT;
  bool inside = true;
  if (MODE == FLAT) {
    int k = step * STEP + unit * UNIT, tap = k / t.c;
    c = k - tap * t.c;
    r = tap / t.s;
    s = tap - r * t.s;
    inside = r < t.r;
  } else if (++g.cc * STEP == t.c) {
    g.cc = 0;
    if (++g.s == t.s)
      g.s = 0, g.r++;
  }
  int delta = (r * t.dil_h * t.w + s * t.dil_w) * t.src_pitch + c;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    bool valid = inside && (g.mask[i] >> r & g.mask[i] >> (16 + s) & 1);
    const T *src = (const T *)t.src + (valid ? g.off[i] + delta : 0);
    sm90::copy16(dst + i * ROW_STEP * STEP_BYTES, src, valid);
  }
}

/* Where the tile's first pixel lies, and the next tap: for the thread that drives TMA. PART
 * channels come at a time: a step's, or half of it. */
struct walk {
  int n, y, x, r, s, cc;
};

__device__ __forceinline__ walk walk_init(const few_args &a, int m0, int begin, int part) {
  walk w;
  int row = m0 / a.t.q, per_tap = a.t.c / part, tap = begin / per_tap;
  w.x = m0 - row * a.t.q, w.n = row / a.t.p, w.y = row - w.n * a.t.p;
  w.cc = begin - tap * per_tap, w.r = tap / a.t.s, w.s = tap - w.r * a.t.s;
  return w;
}

__device__ __forceinline__ void walk_part(const few_args &a, walk &w, int part, uint32_t dst,
                                          uint32_t bar) {
  const scull_cuda_conv_t &t = a.t;
  sm90::tma_load_im2col(dst, &a.x, bar, w.cc * part, w.x * t.stride_w - t.pad_w,
                        w.y * t.stride_h - t.pad_h, w.n, w.s * t.dil_w, w.r * t.dil_h);
  if (++w.cc * part == t.c) {
    w.cc = 0;
    if (++w.s == t.s)
      w.s = 0, w.r++;
  }
}

/* Behind the last tap a step may have parts left: their weights are zero, so any pixels will do. */
template <class T, int BM, int PARTS>
__device__ __forceinline__ void walk_step(const few_args &a, walk &w, int step, uint32_t dst,
                                          uint32_t bar) {
  constexpr int PART = element<T>::STEP / PARTS;
  if (step >= a.steps1) {
    sm90::tma_load_im2col(dst, &a.x2, bar, (step - a.steps1) * PART, w.x * a.t.stride2,
                          w.y * a.t.stride2, w.n, 0, 0);
    return;
  }
  for (int i = 0; i < PARTS; i++) {
    if (PARTS > 1 && w.r == a.t.r)
      w.r = w.s = w.cc = 0;
    walk_part(a, w, PART, dst + i * BM * (STEP_BYTES / PARTS), bar);
  }
}

template <class T>
__device__ __forceinline__ uint4 residual_load(const few_args &a, int m, int ch) {
  uint4 v = make_uint4(0, 0, 0, 0);
  if (a.t.residual == nullptr || m >= a.rows || ch >= a.t.k)
    return v;
  const T *p = (const T *)a.t.residual + (size_t)m * a.t.res_pitch + ch;
  if (sizeof(T) == 2)
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(p)
                 : "memory");
  else
    asm volatile("ld.global.v2.u32 {%0, %1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p) : "memory");
  return v;
}

/* Eight neighbouring channels of one pixel: scale and bias, residual, clamp, store. */
template <class T>
__device__ __forceinline__ void finish8(const few_args &a, const typename element<T>::sum (&sum)[8],
                                        int m, int ch, const affine8<T> &scale, uint4 residual) {
  if (m >= a.rows || ch >= a.t.k)
    return;
  float v[8];
  affine(v, sum, scale);
  if (a.t.residual)
    residual_add<T>(v, residual, a.t.res_scale, a.t.signs);
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = fminf(fmaxf(v[i], a.t.lo), a.t.hi);
  size_t at = (size_t)m * a.t.dst_pitch + ch;
  if (a.t.dst_type == SCULL_CUDA_F16) {
    *(uint4 *)((__half *)a.t.dst + at) = pack_half(v);
  } else if (a.t.dst_type == SCULL_CUDA_S8) {
    *(uint2 *)((int8_t *)a.t.dst + at) = pack_bytes(v, a.t.signs);
  } else {
    float4 *dst = (float4 *)((float *)a.t.dst + at);
    dst[0] = make_float4(v[0], v[1], v[2], v[3]);
    dst[1] = make_float4(v[4], v[5], v[6], v[7]);
  }
}

/* What the end of a tile needs from memory, asked for early where the registers allow it. */
template <class T, int BN> struct ahead {
  static constexpr int GROUPS = BN <= 64 ? BN / 32 : 1;
  affine8<T> scale[GROUPS];
  uint4 residual[GROUPS][2];
};

/* The thread's place in group j of 32 channels, half h of 16 pixels; or the first it will finish.
 */
template <int BN>
__device__ __forceinline__ void place_of(const few_args &a, int m0, int n0, int rank, int j, int h,
                                         int &m, int &ch) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, unit = (2 * warp + h) * (BN / 32) + j;
  if (a.split > 1)
    unit = rank + a.split * warp;
  m = m0 + unit / (BN / 32) * 8 + (lane >> 2);
  ch = n0 + unit % (BN / 32) * 32 + (lane & 3) * 8;
}

template <class T, int BN>
__device__ __forceinline__ void ask_scale(const few_args &a, int n0, int rank,
                                          ahead<T, BN> &early) {
#pragma unroll
  for (int j = 0; j < ahead<T, BN>::GROUPS; j++) {
    int m, ch;
    place_of<BN>(a, 0, n0, rank, j, 0, m, ch);
    early.scale[j] = affine_load<T>(a.t.bias, a.t.scale, ch, a.t.k);
  }
}

template <class T, int BN>
__device__ __forceinline__ void ask_residual(const few_args &a, int m0, int n0, int rank,
                                             ahead<T, BN> &early) {
#pragma unroll
  for (int j = 0; j < ahead<T, BN>::GROUPS; j++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int m, ch;
      early.residual[j][h] = make_uint4(0, 0, 0, 0);
      place_of<BN>(a, m0, n0, rank, j, h, m, ch);
      if (a.t.residual && (a.split == 1 ? BN <= 64 : j == 0 && h == 0))
        early.residual[j][h] = residual_load<T>(a, m, ch);
    }
}

/* The tile of this block alone. */
template <class T, int BN>
__device__ __forceinline__ void finish_alone(const few_args &a,
                                             typename element<T>::sum (&acc)[BN / 2], int m0,
                                             int n0, const ahead<T, BN> &early) {
#pragma unroll
  for (int j = 0; j < BN / 32; j++) {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      constexpr bool EARLY = BN <= 64;
      int m, ch;
      place_of<BN>(a, m0, n0, 0, j, h, m, ch);
      typename element<T>::sum v[8];
#pragma unroll
      for (int i = 0; i < 8; i++)
        v[i] = acc[(4 * j + i / 2) * 4 + 2 * h + i % 2];
      finish8<T>(a, v, m, ch,
                 EARLY ? early.scale[EARLY ? j : 0]
                       : affine_load<T>(a.t.bias, a.t.scale, ch, a.t.k),
                 EARLY ? early.residual[EARLY ? j : 0][h] : residual_load<T>(a, m, ch));
    }
  }
}

/* Units of 8 pixels x 32 channels (1 KiB of sums) that hold pixels of the tensor. */
template <int BM, int BN> __device__ __forceinline__ int units_of(const few_args &a, int m0) {
  return (min(BM, a.rows - m0) + 7) / 8 * (BN / 32);
}

/* Bytes that a block gets from each of its cluster, itself included, for `owned` units. */
__device__ __forceinline__ int unit_bytes(const few_args &a) {
  return a.half_partials ? UNIT_BYTES / 2 : UNIT_BYTES;
}

template <class T>
__device__ __forceinline__ void send_unit(const few_args &a, const typename element<T>::sum *p,
                                          uint32_t to, uint32_t bar) {
  if constexpr (sizeof(T) == 2) {
    if (a.half_partials) {
      const float v[8] = {p[0], p[1], p[4], p[5], p[8], p[9], p[12], p[13]};
      uint4 h = pack_half(v);
      sm90::peer_store(to, bar, h.x, h.y, h.z, h.w);
      return;
    }
    sm90::peer_store(to, bar, __float_as_uint(p[0]), __float_as_uint(p[1]), __float_as_uint(p[4]),
                     __float_as_uint(p[5]));
    sm90::peer_store(to + 512, bar, __float_as_uint(p[8]), __float_as_uint(p[9]),
                     __float_as_uint(p[12]), __float_as_uint(p[13]));
  } else {
    sm90::peer_store(to, bar, p[0], p[1], p[4], p[5]);
    sm90::peer_store(to + 512, bar, p[8], p[9], p[12], p[13]);
  }
}

template <class T>
__device__ __forceinline__ void sum_unit(const few_args &a, typename element<T>::sum (&v)[8],
                                         uint32_t from) {
#pragma unroll
  for (int i = 0; i < 8; i++)
    v[i] = 0;
#pragma unroll 4
  for (int i = 0; i < a.split; i++, from += unit_bytes(a)) {
    uint4 x = sm90::load_words(from);
    if constexpr (sizeof(T) == 2) {
      if (a.half_partials) {
        residual_half(v, x);
        continue;
      }
    }
    uint4 y = sm90::load_words(from + 512);
    const uint32_t w[8] = {x.x, x.y, x.z, x.w, y.x, y.y, y.z, y.w};
#pragma unroll
    for (int e = 0; e < 8; e++)
      if constexpr (sizeof(T) == 2)
        v[e] += __uint_as_float(w[e]);
      else
        v[e] += (int)w[e];
  }
}

/* Every block sends each unit to the block that owns it; owners sum in the order of ranks. */
template <class T, int BM, int BN>
__device__ __forceinline__ void
finish_split(const few_args &a, typename element<T>::sum (&acc)[BN / 2], int m0, int n0, int rank,
             uint32_t red, uint32_t bar, const ahead<T, BN> &early) {
  constexpr int NJ = BN / 32, WARPS = BM / 16;
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, bytes = unit_bytes(a);
  int units = units_of<BM, BN>(a, m0), owned = (units - rank + a.split - 1) / a.split;
  sm90::cluster_wait(); /* the peers have started */
#pragma unroll
  for (int h = 0; h < 2; h++) {
#pragma unroll
    for (int j = 0; j < NJ; j++) {
      int unit = (2 * warp + h) * NJ + j, slot = unit / a.split, owner = unit - slot * a.split;
      uint32_t at = red + (slot * a.split + rank) * bytes + lane * 16;
      if (unit < units)
        send_unit<T>(a, acc + 16 * j + 2 * h, sm90::peer_addr(at, owner),
                     sm90::peer_addr(bar, owner));
    }
  }
  if (owned > 0)
    sm90::mbar_wait_cluster(bar, 0);
  for (int o = warp; o < owned; o += WARPS) {
    typename element<T>::sum v[8];
    sum_unit<T>(a, v, red + o * a.split * bytes + lane * 16);
    int unit = rank + a.split * o;
    int m = m0 + unit / NJ * 8 + (lane >> 2), ch = n0 + unit % NJ * 32 + (lane & 3) * 8;
    bool first = o == warp;
    finish8<T>(a, v, m, ch, first ? early.scale[0] : affine_load<T>(a.t.bias, a.t.scale, ch, a.t.k),
               first ? early.residual[0][0] : residual_load<T>(a, m, ch));
  }
}

template <class T, int BM, int BN, int PARTS, bool FENCE>
__device__ __forceinline__ void multiply(typename element<T>::sum (&acc)[BN / 2], uint32_t pixels,
                                         uint32_t weights) {
  uint64_t da = describe<PARTS>(pixels + (threadIdx.x >> 7) * 64 * (STEP_BYTES / PARTS));
  uint64_t db = describe<PARTS>(weights);
  if (FENCE)
    sm90::fence_async();
  sm90::wgmma_fence();
#pragma unroll
  for (int k = 0; k < 4; k++)
    element<T>::template wgmma<BN>::mma(acc, da + quarter<PARTS>(k, BM), db + quarter<PARTS>(k, BN),
                                        1);
  sm90::wgmma_commit();
}

/* Starts the coming of one step's pixels, to be counted on `bar`. */
template <class T, int BM, gather_mode MODE, int PARTS>
__device__ __forceinline__ void pixels_step(const few_args &a, gather &g, walk &w, int step, int m0,
                                            uint32_t dst, uint32_t bar) {
  if (MODE == TMA) {
    if (threadIdx.x == 0)
      walk_step<T, BM, PARTS>(a, w, step, dst, bar);
  } else {
    gather_step<T, BM, MODE>(a, g, step, m0, dst);
    sm90::copy_arrive(bar);
  }
}

/* Where a block's barriers and buffers lie, and which steps of K are its own. */
template <int BM, int BN> struct block_view {
  static constexpr int A_BYTES = BM * STEP_BYTES, B_BYTES = BN * STEP_BYTES;
  uint32_t bars, red_bar, buf_a, buf_b, red;
  int rank, m0, n0, begin, count, loaded;
};

template <int BM, int BN>
__device__ __forceinline__ block_view<BM, BN> view_of(const few_args &a, const void *smem) {
  using V = block_view<BM, BN>;
  V v;
  v.bars = sm90::smem_addr(smem), v.red_bar = v.bars + 8 * MAX_STAGES;
  v.buf_a = (v.red_bar + 8 + 1023) & ~1023u, v.buf_b = v.buf_a + a.stages * V::A_BYTES;
  v.red = v.buf_b + a.stages * V::B_BYTES;
  v.rank = a.split > 1 ? blockIdx.x : 0; /* the cluster is the whole of x */
  v.n0 = blockIdx.y * BN, v.m0 = blockIdx.z * BM;
  v.begin = a.steps * v.rank / a.split;
  v.count = a.steps * (v.rank + 1) / a.split - v.begin;
  v.loaded = min(a.stages, v.count);
  return v;
}

/* The weights of the block's step `step` into buffer `stage`, by one thread. */
template <int BM, int BN, gather_mode MODE, int PARTS>
__device__ __forceinline__ void weights_step(const few_args &a, const block_view<BM, BN> &v,
                                             int step, int stage) {
  using V = block_view<BM, BN>;
  sm90::mbar_expect(v.bars + 8 * stage, V::B_BYTES + (MODE == TMA ? V::A_BYTES : 0));
  load_weights<BN, PARTS>((const char *)a.t.weights, a.t.k, a.steps, v.begin + step, v.n0,
                          v.buf_b + stage * V::B_BYTES, v.bars + 8 * stage);
}

/* By one thread, before the wait for the input: barriers, and the first weights on their way. */
template <int BM, int BN, gather_mode MODE, int PARTS>
__device__ __forceinline__ void open_block(const few_args &a, const block_view<BM, BN> &v) {
  for (int i = 0; i < v.loaded; i++)
    sm90::mbar_init(v.bars + 8 * i, MODE == TMA ? 1 : BM * 2 + 1);
  sm90::mbar_init(v.red_bar, 1);
  sm90::mbar_init_fence();
  for (int i = 0; i < v.loaded; i++)
    weights_step<BM, BN, MODE, PARTS>(a, v, i, i);
  int owned = (units_of<BM, BN>(a, v.m0) - v.rank + a.split - 1) / a.split;
  if (a.split > 1 && owned > 0)
    sm90::mbar_expect(v.red_bar, owned * a.split * unit_bytes(a));
}

template <class T, int BM, int BN, gather_mode MODE, int PARTS>
__global__ void __launch_bounds__(BM * 2) conv_few(const __grid_constant__ few_args a) {
  extern __shared__ unsigned char smem_raw[];
  using V = block_view<BM, BN>;
  const V v = view_of<BM, BN>(a, smem_raw);
  if (threadIdx.x == 0)
    open_block<BM, BN, MODE, PARTS>(a, v);
  gather g;
  walk w;
  if (MODE == TMA)
    w = walk_init(a, v.m0, v.begin * PARTS, element<T>::STEP / PARTS);
  else
    gather_init(a, g, v.m0, BM / 4);
  if (MODE == TAPS) {
    int per_tap = a.t.c / element<T>::STEP, tap = v.begin / per_tap;
    g.cc = v.begin - tap * per_tap;
    g.r = tap / a.t.s;
    g.s = tap - g.r * a.t.s;
  }
  ahead<T, BN> early;
  ask_scale<T, BN>(a, v.n0, v.rank, early);
  __syncthreads();
  if (a.split > 1)
    sm90::cluster_arrive();
  if (a.trigger == 1)
    sm90::chain_trigger();
  sm90::chain_wait();
  if (a.trigger == 2)
    sm90::chain_trigger();

  for (int i = 0; i < v.loaded; i++)
    pixels_step<T, BM, MODE, PARTS>(a, g, w, v.begin + i, v.m0, v.buf_a + i * V::A_BYTES,
                                    v.bars + 8 * i);
  ask_residual<T, BN>(a, v.m0, v.n0, v.rank, early);
  typename element<T>::sum acc[BN / 2];
#pragma unroll
  for (int i = 0; i < BN / 2; i++)
    acc[i] = 0;
  int stage = 0, parity = 0, before = 0;
  for (int i = 0; i < v.count; i++) {
    sm90::mbar_wait(v.bars + 8 * stage, parity);
    multiply<T, BM, BN, PARTS, MODE != TMA>(acc, v.buf_a + stage * V::A_BYTES,
                                            v.buf_b + stage * V::B_BYTES);
    if (v.count > v.loaded) {
      /* All have read the step before: its buffers take the step `loaded` after it. */
      int next = i - 1 + v.loaded;
      sm90::wgmma_wait<1>();
      __syncthreads();
      if (i > 0 && next < v.count) {
        if (threadIdx.x == 0)
          weights_step<BM, BN, MODE, PARTS>(a, v, next, before);
        pixels_step<T, BM, MODE, PARTS>(a, g, w, v.begin + next, v.m0,
                                        v.buf_a + before * V::A_BYTES, v.bars + 8 * before);
      }
    }
    before = stage;
    if (++stage == v.loaded)
      stage = 0, parity ^= 1;
  }
  sm90::wgmma_wait<0>();
  settle(acc);
  if (a.split > 1)
    finish_split<T, BM, BN>(a, acc, v.m0, v.n0, v.rank, v.red, v.red_bar, early);
  else
    finish_alone<T, BN>(a, acc, v.m0, v.n0, early);
}

using kernel_t = void (*)(few_args);

/* What decides the kernel besides the tile. */
struct shape_class {
  bool s8, u8; /* u8: the pixels are unsigned bytes */
  gather_mode mode;
  int parts;
};

shape_class class_of(const scull_cuda_conv_t *t, bool threads) {
  bool s8 = t->type == SCULL_CUDA_S8, tma = t->stride_h <= 8 && t->stride_w <= 8;
  bool u8 = s8 && (t->signs & SCULL_CUDA_UNSIGNED_SRC);
  int parts = parts_of(t->c * (s8 ? 1 : 2)), whole = t->c2 * (s8 ? 1 : 2) % 128 == 0;
  if (parts == 1 && whole && !s8 && threads)
    return {s8, u8, TAPS, 1};
  if (parts >= 1 && tma && (parts == 1 ? whole : !t->src2))
    return {s8, u8, TMA, parts};
  return {s8, u8, parts > 1 ? TAPS : FLAT, parts > 1 ? 2 : 1};
}

/* TAPS stands for "none" where it is not built: pixels in parts that TMA cannot bring. */
template <class T, int BM, int BN> kernel_t kernel_of_class(shape_class c) {
  if (c.mode == FLAT)
    return conv_few<T, BM, BN, FLAT, 1>;
  if (c.mode == TAPS)
    return c.s8 || c.parts > 1 ? nullptr : conv_few<__half, BM, BN, TAPS, 1>;
  return c.parts == 1   ? conv_few<T, BM, BN, TMA, 1>
         : c.parts == 2 ? conv_few<T, BM, BN, TMA, 2>
                        : conv_few<T, BM, BN, TMA, 4>;
}

template <int BM, int BN> kernel_t kernel_of_class(shape_class c) {
  return c.u8   ? kernel_of_class<uint8_t, BM, BN>(c)
         : c.s8 ? kernel_of_class<int8_t, BM, BN>(c)
                : kernel_of_class<__half, BM, BN>(c);
}

kernel_t kernel_of(int bm, int bn, shape_class c) {
  if (bm == 64)
    return bn == 32    ? kernel_of_class<64, 32>(c)
           : bn == 64  ? kernel_of_class<64, 64>(c)
           : bn == 128 ? kernel_of_class<64, 128>(c)
                       : nullptr;
  if (bm == 128)
    return bn == 64    ? kernel_of_class<128, 64>(c)
           : bn == 128 ? kernel_of_class<128, 128>(c)
           : bn == 256 ? kernel_of_class<128, 256>(c)
                       : nullptr;
  return nullptr;
}

bool map_inputs(few_args *a, int bm) {
  const scull_cuda_conv_t *t = &a->t;
  int size = t->type == SCULL_CUDA_S8 ? 1 : 2, part = 128 / parts_of(t->c * size) / size;
  if (!map_pixels(&a->x, t->type, part, bm, t->src, t->n, t->h, t->w, t->c, t->src_pitch, t->pad_h,
                  t->pad_w, t->p, t->q, t->stride_h, t->stride_w))
    return false;
  return !t->src2 || map_pixels(&a->x2, t->type, part, bm, t->src2, t->n, t->h2, t->w2, t->c2,
                                t->src2_pitch, 0, 0, t->p, t->q, t->stride2, t->stride2);
}

bool accepts(const scull_cuda_conv_t *t) {
  int unit = t->type == SCULL_CUDA_S8 ? 16 : 8;
  return (t->type == SCULL_CUDA_F16 || t->type == SCULL_CUDA_S8) && t->c % unit == 0 &&
         t->c2 % unit == 0 && t->k % 8 == 0 && t->r <= 16 && t->s <= 16 &&
         !(t->type == SCULL_CUDA_S8 && t->src2) &&
         !(t->type == SCULL_CUDA_F16 && t->dst_type == SCULL_CUDA_S8);
}

} // namespace

int scull_cuda_conv_steps(const scull_cuda_conv_t *t) {
  int step = t->type == SCULL_CUDA_S8 ? 128 : 64;
  return (t->r * t->s * t->c + step - 1) / step + (t->src2 ? (t->c2 + step - 1) / step : 0);
}

size_t scull_cuda_conv_smem(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg) {
  if (!accepts(t))
    return 0;
  if (cfg->kernel == SCULL_CUDA_CONV_MANY)
    return scull_cuda_conv_many_smem(t, cfg);
  int steps = scull_cuda_conv_steps(t), stages = cfg->stages;
  if (!kernel_of(cfg->bm, cfg->bn, class_of(t, cfg->threads_gather)) || cfg->split < 1 ||
      cfg->split > 16 || cfg->split > steps || stages < 2 || stages > MAX_STAGES ||
      (cfg->half_partials && t->type != SCULL_CUDA_F16))
    return 0;
  size_t bytes = 2048 + (size_t)stages * (cfg->bm + cfg->bn) * STEP_BYTES;
  if (cfg->split > 1) {
    int units = cfg->bm / 8 * (cfg->bn / 32);
    bytes += (size_t)((units + cfg->split - 1) / cfg->split) * cfg->split * UNIT_BYTES;
  }
  return bytes <= 227 * 1024 ? bytes : 0;
}

int scull_cuda_conv_enqueue(const scull_cuda_conv_t *t, const scull_cuda_conv_cfg_t *cfg,
                            int chained, void *stream) {
  size_t smem = scull_cuda_conv_smem(t, cfg);
  if (!smem)
    return cudaErrorInvalidValue;
  if (cfg->kernel == SCULL_CUDA_CONV_MANY)
    return scull_cuda_conv_many_enqueue(t, cfg, chained, stream);
  shape_class shape = class_of(t, cfg->threads_gather);
  kernel_t kernel = kernel_of(cfg->bm, cfg->bn, shape);
  int step = t->type == SCULL_CUDA_S8 ? 128 : 64;
  few_args a = {};
  a.t = *t;
  a.rows = t->n * t->p * t->q;
  a.steps = scull_cuda_conv_steps(t);
  a.steps1 = a.steps - (t->src2 ? (t->c2 + step - 1) / step : 0);
  a.split = cfg->split, a.stages = cfg->stages, a.trigger = cfg->trigger;
  a.half_partials = cfg->half_partials;
  if (shape.mode == TMA && !map_inputs(&a, cfg->bm))
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
