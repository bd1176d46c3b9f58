/* window.cu: what looks at windows of pictures, for any type and layout: pooling, resizing, and
 * convolutions that no faster kernel takes. One result a thread, neighbouring threads along the
 * result's dense dimension.
 *
 *   tile   one result a thread, 256 a block
 *   floor  the bytes (windows overlap in L1); direct convolutions are bound by their loads */
#include "backend/cuda/activation.cuh"
#include "backend/cuda/element.cuh"
#include "backend/cuda/window.h"

namespace {

enum { THREADS = 256 };

struct place {
  int n, c, y, x;
};

/* Result number i: the dense dimension of dst runs fastest. */
__device__ __forceinline__ place place_of(unsigned i, bool last, int c, int h, int w) {
  place p;
  if (last) {
    p.c = i % c, i /= c;
    p.x = i % w, i /= w;
    p.y = i % h, p.n = i / h;
  } else {
    p.x = i % w, i /= w;
    p.y = i % h, i /= h;
    p.c = i % c, p.n = i / c;
  }
  return p;
}

__device__ __forceinline__ long long at(const scull_cuda_picture_t &p, int n, int c, int y, int x) {
  return n * p.n + c * p.c + y * p.h + x * p.w;
}

__device__ __forceinline__ void range(const scull_cuda_axis_t &a, int o, int adaptive, int &from,
                                      int &to) {
  if (adaptive) {
    from = (int)((long long)o * a.in / a.out);
    to = (int)(((long long)(o + 1) * a.in + a.out - 1) / a.out);
  } else {
    from = o * a.stride - a.pad;
    to = from + a.kernel * a.dilation;
  }
}

/* Taps of the window inside the padded picture. */
__device__ __forceinline__ int taps_padded(const scull_cuda_axis_t &a, int from) {
  int limit = a.in + a.pad_end, count = 0;
  for (int k = 0, u = from; k < a.kernel; k++, u += a.dilation)
    count += u < limit;
  return count;
}

__global__ void __launch_bounds__(THREADS) pooling(const __grid_constant__ scull_cuda_pooling_t t,
                                                   unsigned count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= count)
    return;
  place p = place_of(i, t.dst.c == 1, t.c, t.y.out, t.x.out);
  int y0, y1, x0, x1, inside = 0;
  range(t.y, p.y, t.adaptive, y0, y1);
  range(t.x, p.x, t.adaptive, x0, x1);
  int dy = t.adaptive ? 1 : t.y.dilation, dx = t.adaptive ? 1 : t.x.dilation;
  float best = -3.402823466e38f, sum = 0; /* of no elements: the smallest number */
  for (int v = y0; v < y1; v += dy)
    for (int u = x0; u < x1; u += dx) {
      if ((unsigned)v >= (unsigned)t.y.in || (unsigned)u >= (unsigned)t.x.in)
        continue;
      float f = element::load(t.src.data, at(t.src, p.n, p.c, v, u), t.src.type);
      best = fmaxf(best, f);
      sum += f;
      inside++;
    }
  if (t.include_pad && !t.adaptive)
    inside = taps_padded(t.y, y0) * taps_padded(t.x, x0);
  element::store((void *)t.dst.data, at(t.dst, p.n, p.c, p.y, p.x), t.dst.type,
                 t.mean ? sum / (float)(inside > 0 ? inside : 1) : best);
}

__device__ __forceinline__ void finish(const scull_cuda_end_t &end, const scull_cuda_picture_t &dst,
                                       const scull_cuda_picture_t &residual, place p, float v) {
  if (end.bias)
    v += end.bias[p.c];
  float r = residual.data ? element::load(residual.data, at(residual, p.n, p.c, p.y, p.x),
                                          residual.type)
                          : 0;
  v = end.add_first ? activation::unary(v + r, end.act.kind, end.act.p)
                    : activation::unary(v, end.act.kind, end.act.p) + r;
  element::store((void *)dst.data, at(dst, p.n, p.c, p.y, p.x), dst.type, v);
}

__global__ void __launch_bounds__(THREADS) direct(const __grid_constant__ scull_cuda_direct_t t,
                                                  unsigned count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= count)
    return;
  place p = place_of(i, t.dst.c == 1, t.k, t.y.out, t.x.out);
  int each = t.c / t.groups, g = p.c / (t.k / t.groups);
  const float *w = t.weights + (long long)p.c * each * t.y.kernel * t.x.kernel;
  float sum = 0;
  for (int r = 0; r < t.y.kernel; r++) {
    int v = p.y * t.y.stride - t.y.pad + r * t.y.dilation;
    if ((unsigned)v >= (unsigned)t.y.in)
      continue;
    for (int s = 0; s < t.x.kernel; s++) {
      int u = p.x * t.x.stride - t.x.pad + s * t.x.dilation;
      if ((unsigned)u >= (unsigned)t.x.in)
        continue;
      for (int c = 0; c < each; c++)
        sum += element::load(t.src.data, at(t.src, p.n, g * each + c, v, u), t.src.type) *
               w[(c * t.y.kernel + r) * t.x.kernel + s];
    }
  }
  finish(t.end, t.dst, t.residual, p, sum);
}

/* A result gathers from the inputs whose window reaches it. */
__global__ void __launch_bounds__(THREADS)
    direct_transposed(const __grid_constant__ scull_cuda_direct_t t, unsigned count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= count)
    return;
  place p = place_of(i, t.dst.c == 1, t.k, t.y.in, t.x.in);
  int out_each = t.k / t.groups, in_each = t.c / t.groups, g = p.c / out_each;
  int taps = t.y.kernel * t.x.kernel;
  float sum = 0;
  for (int r = 0; r < t.y.kernel; r++) {
    int v = p.y + t.y.pad - r * t.y.dilation;
    if (v < 0 || v % t.y.stride || v / t.y.stride >= t.y.out)
      continue;
    for (int s = 0; s < t.x.kernel; s++) {
      int u = p.x + t.x.pad - s * t.x.dilation;
      if (u < 0 || u % t.x.stride || u / t.x.stride >= t.x.out)
        continue;
      for (int c = 0; c < in_each; c++)
        sum += element::load(t.src.data,
                             at(t.src, p.n, g * in_each + c, v / t.y.stride, u / t.x.stride),
                             t.src.type) *
               t.weights[((long long)(g * in_each + c) * out_each + p.c % out_each) * taps +
                         r * t.x.kernel + s];
    }
  }
  finish(t.end, t.dst, t.residual, p, sum);
}

__global__ void __launch_bounds__(THREADS) resize(const __grid_constant__ scull_cuda_resize_t t,
                                                  unsigned count) {
  sm90::chain_trigger();
  sm90::chain_wait();
  unsigned i = blockIdx.x * THREADS + threadIdx.x;
  if (i >= count)
    return;
  place p = place_of(i, t.dst.c == 1, t.c, t.out_h, t.out_w);
  float sum = 0;
  for (int a = 0; a < t.taps; a++) {
    float wy = t.weight_y[p.y * t.taps + a];
    if (wy == 0)
      continue;
    float row = 0;
    for (int b = 0; b < t.taps; b++) {
      float wx = t.weight_x[p.x * t.taps + b];
      if (wx != 0)
        row += wx * element::load(t.src.data,
                                  at(t.src, p.n, p.c, t.index_y[p.y * t.taps + a],
                                     t.index_x[p.x * t.taps + b]),
                                  t.src.type);
    }
    sum += wy * row;
  }
  element::store((void *)t.dst.data, at(t.dst, p.n, p.c, p.y, p.x), t.dst.type, sum);
}

template <class T>
int start(void (*kernel)(T, unsigned), const T &t, long long count, int chained, void *stream) {
  if (count == 0)
    return cudaSuccess;
  element::launch l(dim3((unsigned)((count + THREADS - 1) / THREADS)), dim3(THREADS), chained,
                    stream);
  return cudaLaunchKernelEx(&l.config, kernel, t, (unsigned)count);
}

} // namespace

int scull_cuda_pooling_enqueue(const scull_cuda_pooling_t *t, int chained, void *stream) {
  return start(pooling, *t, (long long)t->n * t->c * t->y.out * t->x.out, chained, stream);
}

int scull_cuda_direct_enqueue(const scull_cuda_direct_t *t, int chained, void *stream) {
  if (t->transposed)
    return start(direct_transposed, *t, (long long)t->n * t->k * t->y.in * t->x.in, chained,
                 stream);
  return start(direct, *t, (long long)t->n * t->k * t->y.out * t->x.out, chained, stream);
}

int scull_cuda_resize_enqueue(const scull_cuda_resize_t *t, int chained, void *stream) {
  return start(resize, *t, (long long)t->n * t->c * t->out_h * t->out_w, chained, stream);
}
