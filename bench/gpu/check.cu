/* check.cu: the kernels against plain loops on shapes that no network of the bench has: odd channel
 * counts, slices of wider tensors, 1x7, dilation, batch tails, all tiles and splits. Fresh data
 * from the seed given (or the clock); outputs poisoned first. Ends with one line; exit 1 when any
 * is wrong. check [SEED] */
#include "backend/cuda/pool.h"
#include "gpu_bench.cuh"

#include <ctime>

namespace {

rng random_state{1};
error_sums *sums;
int tried, wrong;

int between(int a, int b) {
  return a + (int)(random_state.next() % (uint32_t)(b - a + 1));
}

template <class T> T pick(std::initializer_list<T> list) {
  return list.begin()[random_state.next() % list.size()];
}

void *random_tensor(int type, size_t count) {
  std::vector<uint8_t> bytes(count * (type == SCULL_CUDA_S8 ? 1 : 2));
  for (size_t i = 0; i < count; i++) {
    if (type == SCULL_CUDA_S8) {
      bytes[i] = (uint8_t)random_state.next();
    } else {
      __half h = __float2half(random_state.normal());
      memcpy(&bytes[2 * i], &h, 2);
    }
  }
  return device_copy(bytes);
}

void judge(const char *what, double limit) {
  error_sums host;
  CHECK(cudaMemcpy(&host, sums, sizeof host, cudaMemcpyDeviceToHost));
  double relative = sqrt(host.diff2 / (host.ref2 + 1e-30));
  tried++;
  if (relative < limit && host.ref2 > 0)
    return;
  wrong++;
  printf("WRONG: %s: error %.2e, worst %.3g\n", what, relative, host.worst);
}

struct problem {
  scull_cuda_conv_t t;
  void *w;
  std::vector<void *> owned;
  size_t dst_bytes;
};

template <class T> T *keep(problem &p, T *memory) {
  p.owned.push_back((void *)memory);
  return memory;
}

problem random_problem(int type) {
  problem p = {};
  scull_cuda_conv_t &t = p.t;
  int unit = type == SCULL_CUDA_S8 ? 16 : 8;
  t.type = type;
  t.dst_type = type == SCULL_CUDA_S8 ? pick({SCULL_CUDA_S8, SCULL_CUDA_F16, SCULL_CUDA_F32})
                                     : pick({SCULL_CUDA_F16, SCULL_CUDA_F16, SCULL_CUDA_F32});
  t.n = between(1, 3), t.h = between(3, 20), t.w = between(3, 20);
  t.c = pick(
      {unit, 2 * unit, 3 * unit, 4 * unit, 5 * unit, 6 * unit, 8 * unit, 12 * unit, 16 * unit});
  t.r = pick({1, 1, 3, 3, 5, 1, 7}), t.s = pick({1, t.r, t.r});
  t.stride_h = t.stride_w = pick({1, 1, 2}), t.dil_h = t.dil_w = pick({1, 1, 2});
  t.pad_h = t.r / 2 * t.dil_h, t.pad_w = t.s / 2 * t.dil_w;
  t.p = (t.h + 2 * t.pad_h - (t.r - 1) * t.dil_h - 1) / t.stride_h + 1;
  t.q = (t.w + 2 * t.pad_w - (t.s - 1) * t.dil_w - 1) / t.stride_w + 1;
  t.k = 16 * between(1, 14);
  t.src_pitch = t.c + unit * between(0, 2), t.dst_pitch = t.k + 16 * between(0, 2);
  t.res_pitch = t.k + 16 * between(0, 1);
  t.lo = pick({0.0f, -INFINITY}), t.hi = INFINITY, t.res_scale = 0.7f;
  t.src = keep(p, random_tensor(type, (size_t)t.n * t.h * t.w * t.src_pitch));
  if (between(0, 1))
    t.residual = keep(p, random_tensor(type, (size_t)t.n * t.p * t.q * t.res_pitch));
  int size = type == SCULL_CUDA_S8 ? 1 : 2, rs = t.r * t.s;
  std::vector<uint8_t> w((size_t)t.k * rs * t.c * size);
  p.w = keep(p, random_tensor(type, (size_t)t.k * rs * t.c));
  CHECK(cudaMemcpy(w.data(), p.w, w.size(), cudaMemcpyDeviceToHost));
  std::vector<uint8_t> packed(scull_cuda_conv_pack_size((scull_cuda_type_t)type, t.k, rs, t.c, 0));
  scull_cuda_conv_pack((scull_cuda_type_t)type, w.data(), nullptr, t.k, rs, t.c, 0, packed.data());
  std::vector<float> bias((t.k + 31) / 32 * 32), scale(bias.size());
  for (size_t i = 0; i < bias.size(); i++) {
    bias[i] = random_state.normal();
    scale[i] = (0.5f + random_state.unit()) * 40 / (5476 * sqrtf((float)(rs * t.c)));
  }
  t.weights = keep(p, device_copy(packed));
  t.bias = keep(p, device_copy(bias));
  t.scale = keep(p, device_copy(scale));
  p.dst_bytes = (size_t)t.n * t.p * t.q * t.dst_pitch * 4;
  CHECK(cudaMalloc(&t.dst, p.dst_bytes));
  p.owned.push_back(t.dst);
  return p;
}

void check_cfg(problem &p, const scull_cuda_conv_cfg_t &cfg) {
  const scull_cuda_conv_t &t = p.t;
  if (!scull_cuda_conv_smem(&t, &cfg))
    return;
  CHECK(cudaMemset(t.dst, 0xff, p.dst_bytes));
  CHECK(cudaMemset(sums, 0, sizeof *sums));
  CHECK(scull_cuda_conv_enqueue(&t, &cfg, 0, nullptr));
  size_t total = (size_t)t.n * t.p * t.q * t.k;
  int samples = (int)std::min<size_t>(total, 1 << 16);
  check_conv<<<(samples + 127) / 128, 128>>>(t, p.w, nullptr, total, samples, sums);
  CHECK(cudaDeviceSynchronize());
  char what[256];
  snprintf(what, sizeof what,
           "type %d>%d n%d %dx%d c%d/%d k%d/%d %dx%d stride %d dil %d res %d: kernel %d %dx%d/%d "
           "stages %d threads %d half %d",
           t.type, t.dst_type, t.n, t.h, t.w, t.c, t.src_pitch, t.k, t.dst_pitch, t.r, t.s,
           t.stride_h, t.dil_h, t.residual != nullptr, cfg.kernel, cfg.bm, cfg.bn, cfg.split,
           cfg.stages, cfg.threads_gather, cfg.half_partials);
  judge(what, t.dst_type == SCULL_CUDA_S8 ? 3e-3 : 1e-3);
}

void check_convs(int problems) {
  for (int i = 0; i < problems; i++) {
    problem p = random_problem(i & 1 ? SCULL_CUDA_S8 : SCULL_CUDA_F16);
    for (int bn : {64, 128})
      check_cfg(p, {SCULL_CUDA_CONV_MANY, 128, bn, 1, 0, 0, 0, 1});
    for (int bm : {64, 128})
      for (int bn : {32, 64, 128, 256})
        for (int split : {1, 2, 3, 5, 8, 16})
          check_cfg(p, {SCULL_CUDA_CONV_FEW, bm, bn, split, between(2, 6), between(0, 1),
                        p.t.type == SCULL_CUDA_F16 ? between(0, 1) : 0, 1});
    for (void *memory : p.owned)
      CHECK(cudaFree(memory));
  }
}

__global__ void check_depth(scull_cuda_depthwise_t t, const void *w, const float *bias,
                            const float *scale, error_sums *out) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < (size_t)t.n * t.p * t.q * t.c)
    error_add(out, value_of(t.dst, t.type, i / t.c * t.dst_pitch + i % t.c),
              plain_depthwise(t, w, bias, scale, i));
}

void check_depthwise(int type) {
  scull_cuda_depthwise_t t = {};
  t.type = type, t.n = between(1, 40), t.h = between(2, 40), t.w = between(2, 40);
  t.c = 8 * between(1, 20), t.src_pitch = t.c + 16, t.dst_pitch = t.c + 8;
  t.r = pick({3, 5}), t.stride = pick({1, 2}), t.pad = t.r / 2;
  t.p = (t.h + 2 * t.pad - t.r) / t.stride + 1, t.q = (t.w + 2 * t.pad - t.r) / t.stride + 1;
  t.lo = -INFINITY, t.hi = 100;
  std::vector<float> bias(t.c), scale(t.c);
  for (int i = 0; i < t.c; i++)
    bias[i] = random_state.normal(), scale[i] = (0.5f + random_state.unit()) / 400;
  std::vector<uint8_t> w((size_t)t.c * t.r * t.r * (type == SCULL_CUDA_S8 ? 1 : 2));
  void *dw = random_tensor(type, (size_t)t.c * t.r * t.r);
  CHECK(cudaMemcpy(w.data(), dw, w.size(), cudaMemcpyDeviceToHost));
  std::vector<uint8_t> packed(scull_cuda_depthwise_pack_size((scull_cuda_type_t)type, t.c, t.r));
  scull_cuda_depthwise_pack((scull_cuda_type_t)type, w.data(), bias.data(), scale.data(), t.c, t.r,
                            packed.data());
  void *packed_at = device_copy(packed),
       *src = random_tensor(type, (size_t)t.n * t.h * t.w * t.src_pitch);
  float *bias_at = device_copy(bias), *scale_at = device_copy(scale);
  size_t bytes = (size_t)t.n * t.p * t.q * t.dst_pitch * 2, total = (size_t)t.n * t.p * t.q * t.c;
  t.weights = packed_at, t.src = src;
  CHECK(cudaMalloc(&t.dst, bytes));
  CHECK(cudaMemset(t.dst, 0xff, bytes));
  CHECK(cudaMemset(sums, 0, sizeof *sums));
  CHECK(scull_cuda_depthwise_enqueue(&t, 0, nullptr));
  check_depth<<<(unsigned)((total + 127) / 128), 128>>>(t, dw, bias_at, scale_at, sums);
  CHECK(cudaDeviceSynchronize());
  char what[128];
  snprintf(what, sizeof what, "depthwise type %d n%d %dx%d c%d r%d stride %d", type, t.n, t.h, t.w,
           t.c, t.r, t.stride);
  judge(what, type == SCULL_CUDA_S8 ? 3e-3 : 1e-3);
  for (void *memory : {dw, packed_at, src, (void *)bias_at, (void *)scale_at, t.dst})
    CHECK(cudaFree(memory));
}

__global__ void check_window(scull_cuda_pool_t t, error_sums *out) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= (size_t)t.n * t.p * t.q * t.c)
    return;
  int c = (int)(i % t.c), x = (int)(i / t.c % t.q), y = (int)(i / t.c / t.q % t.p);
  int n = (int)(i / t.c / t.q / t.p), inside = 0;
  float best = -INFINITY, sum = 0;
  for (int r = 0; r < t.r; r++)
    for (int s = 0; s < t.s; s++) {
      int v = y * t.stride_h - t.pad_h + r, u = x * t.stride_w - t.pad_w + s;
      if (v < 0 || v >= t.h || u < 0 || u >= t.w)
        continue;
      float f =
          value_of(t.src, SCULL_CUDA_F16, (((size_t)n * t.h + v) * t.w + u) * t.src_pitch + c);
      best = fmaxf(best, f), sum += f, inside++;
    }
  error_add(out, value_of(t.dst, SCULL_CUDA_F16, i / t.c * t.dst_pitch + c),
            t.mean ? sum / (t.count_inside ? inside : t.r * t.s) : best);
}

void check_pool() {
  scull_cuda_pool_t t = {};
  t.n = between(1, 4), t.h = between(4, 30), t.w = between(4, 30), t.c = 8 * between(1, 20);
  t.src_pitch = t.c + 8, t.dst_pitch = t.c + 16, t.r = between(2, 3), t.s = between(2, 3);
  t.stride_h = t.stride_w = between(1, 2), t.pad_h = t.pad_w = between(0, 1);
  t.p = (t.h + 2 * t.pad_h - t.r) / t.stride_h + 1;
  t.q = (t.w + 2 * t.pad_w - t.s) / t.stride_w + 1;
  t.mean = between(0, 1), t.count_inside = between(0, 1);
  void *src = random_tensor(SCULL_CUDA_F16, (size_t)t.n * t.h * t.w * t.src_pitch);
  size_t bytes = (size_t)t.n * t.p * t.q * t.dst_pitch * 2;
  t.src = src;
  CHECK(cudaMalloc(&t.dst, bytes));
  CHECK(cudaMemset(t.dst, 0xff, bytes));
  CHECK(cudaMemset(sums, 0, sizeof *sums));
  CHECK(scull_cuda_pool_enqueue(&t, 0, nullptr));
  check_window<<<(unsigned)(bytes / 2 / 128 + 1), 128>>>(t, sums);
  CHECK(cudaDeviceSynchronize());
  judge(t.mean ? "mean pooling" : "maximum pooling", 1e-3);
  CHECK(cudaFree(src));
  CHECK(cudaFree(t.dst));
}

} // namespace

int main(int argc, char **argv) {
  uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 10) : (uint64_t)time(nullptr);
  random_state.state = seed * 2654435769u + 1;
  CHECK(cudaMalloc(&sums, sizeof *sums));
  check_convs(60);
  for (int i = 0; i < 40; i++)
    check_depthwise(i & 1 ? SCULL_CUDA_S8 : SCULL_CUDA_F16);
  for (int i = 0; i < 20; i++)
    check_pool();
  printf("seed %llu: %d of %d cases right\n", (unsigned long long)seed, tried - wrong, tried);
  return wrong != 0;
}
