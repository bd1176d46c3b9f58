/* recurrent.cu: the walk over time of lstm, gru and rnn, in FP32.
 *
 * Algorithm: the products with x are one matrix product for all steps, made before. Here a block
 * owns one sequence in one direction: its threads share the product of r and the state (columns
 * side by side, K in as many parts as there are threads for), then one thread a unit adds the parts
 * up, applies the cell and writes the state. r stands in shared memory where it fits, else it comes
 * out of the L2 every step.
 *
 *   tile   a sequence and direction a block of up to 1024 threads
 *   floor  latency: steps x (hidden / parts loads of shared memory + two barriers), some 1 us a
 * step
 */
#include "backend/cuda/element.cuh"
#include "backend/cuda/recurrent.h"

namespace {

enum { MOST_THREADS = 1024, MOST_SMEM = 200 << 10 };

__host__ __device__ constexpr int gates_of(int cell) {
  return cell == SCULL_CUDA_LSTM ? 4 : cell == SCULL_CUDA_GRU ? 3 : 1;
}

__host__ __device__ constexpr int biases_of(int cell) {
  return cell == SCULL_CUDA_RNN ? 1 : 4;
}

__device__ __forceinline__ float sigmoid(float v) {
  return 1 / (1 + expf(-v));
}

/* One unit: x and h are the gates' products. */
template <int CELL>
__device__ __forceinline__ void advance(const float *x, const float *h, const float *bias,
                                        int hidden, float &state, float &cell) {
  if constexpr (CELL == SCULL_CUDA_LSTM) {
    float z[4];
#pragma unroll
    for (int g = 0; g < 4; g++)
      z[g] = x[g] + h[g] + bias[g * hidden];
    cell = sigmoid(z[1]) * cell + sigmoid(z[0]) * tanhf(z[2]);
    state = sigmoid(z[3]) * tanhf(cell);
  } else if constexpr (CELL == SCULL_CUDA_GRU) {
    float reset = sigmoid(x[0] + h[0] + bias[0]), keep = sigmoid(x[1] + h[1] + bias[hidden]);
    float fresh = tanhf(x[2] + bias[2 * hidden] + reset * (h[2] + bias[3 * hidden]));
    state = keep * state + (1 - keep) * fresh;
  } else {
    state = tanhf(x[0] + h[0] + bias[0]);
  }
}

/* `parts` of K, each of `rows` sums. */
template <int CELL>
__global__ void __launch_bounds__(MOST_THREADS)
    walk(const __grid_constant__ scull_cuda_recurrent_t t, int parts, int in_smem) {
  constexpr int GATES = gates_of(CELL);
  extern __shared__ float smem[];
  int rows = GATES * t.hidden, n = blockIdx.x, d = blockIdx.y, unit = threadIdx.x;
  float *state = smem, *sums = state + t.hidden, *own = sums + parts * rows;
  const float *r = t.r + (long long)d * t.hidden * rows;
  const float *bias = t.bias + (long long)d * biases_of(CELL) * t.hidden + unit;
  bool backward = t.reverse || d == 1;
  float h = 0, c = 0;
  sm90::chain_trigger();
  if (in_smem)
    for (int i = threadIdx.x; i < t.hidden * rows; i += blockDim.x)
      own[i] = r[i];
  sm90::chain_wait();
  long long at = ((long long)d * t.batch + n) * t.hidden + unit;
  if (unit < t.hidden) {
    h = t.h0 ? element::load(t.h0, at, t.h0_type) : 0;
    c = t.c0 ? element::load(t.c0, at, t.c0_type) : 0;
    state[unit] = h;
  }
  if (in_smem)
    r = own;
  __syncthreads();
  for (int i = 0; i < t.steps; i++) {
    int step = backward ? t.steps - 1 - i : i;
    const volatile float *from =
        t.gate_x + (((long long)d * t.steps + step) * t.batch + n) * rows + unit;
    float x[GATES] = {}, z[GATES] = {};
    if (unit < t.hidden)
#pragma unroll
      for (int g = 0; g < GATES; g++)
        x[g] = from[g * t.hidden];
    for (int j = threadIdx.x; j < rows * parts; j += blockDim.x) {
      int part = j / rows, row = j - part * rows;
      int first = part * t.hidden / parts, end = (part + 1) * t.hidden / parts;
      float sum = 0;
      for (int k = first; k < end; k++)
        sum = fmaf(state[k], r[k * rows + row], sum);
      sums[j] = sum;
    }
    __syncthreads();
    if (unit < t.hidden) {
      for (int part = 0; part < parts; part++)
#pragma unroll
        for (int g = 0; g < GATES; g++)
          z[g] += sums[part * rows + g * t.hidden + unit];
      advance<CELL>(x, z, bias, t.hidden, h, c);
      state[unit] = h;
      element::store(t.y, (((long long)step * t.batch + n) * t.directions + d) * t.hidden + unit,
                     t.y_type, h);
    }
    __syncthreads();
  }
  if (unit < t.hidden && t.h)
    element::store(t.h, at, t.h_type, h);
  if (unit < t.hidden && t.c)
    element::store(t.c, at, t.c_type, c);
}

template <int CELL> int launch(const scull_cuda_recurrent_t *t, int chained, void *stream) {
  int rows = gates_of(CELL) * t->hidden, parts = MOST_THREADS / rows;
  parts = parts < 1 ? 1 : parts > t->hidden ? t->hidden : parts > 8 ? 8 : parts;
  int threads = parts * rows > MOST_THREADS ? MOST_THREADS : (parts * rows + 31) / 32 * 32;
  size_t bytes = (size_t)(t->hidden + parts * rows) * sizeof(float);
  size_t weights = (size_t)t->hidden * (size_t)rows * sizeof(float);
  int in_smem = bytes + weights <= MOST_SMEM;
  cudaError_t error = cudaSuccess;
  bytes += in_smem ? weights : 0;
  if (bytes > 48 << 10)
    error =
        cudaFuncSetAttribute(walk<CELL>, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
  if (error != cudaSuccess && in_smem) { /* an older device */
    cudaGetLastError();
    bytes -= weights, in_smem = 0;
  }
  element::launch l(dim3((unsigned)t->batch, (unsigned)t->directions), dim3((unsigned)threads),
                    chained, stream);
  l.config.dynamicSmemBytes = bytes;
  return cudaLaunchKernelEx(&l.config, walk<CELL>, *t, parts, in_smem);
}

} // namespace

int scull_cuda_recurrent_enqueue(const scull_cuda_recurrent_t *t, int chained, void *stream) {
  if (t->batch == 0 || t->hidden == 0)
    return cudaSuccess;
  if (t->hidden > SCULL_CUDA_HIDDEN || t->directions > 2)
    return cudaErrorInvalidValue;
  return t->cell == SCULL_CUDA_LSTM  ? launch<SCULL_CUDA_LSTM>(t, chained, stream)
         : t->cell == SCULL_CUDA_GRU ? launch<SCULL_CUDA_GRU>(t, chained, stream)
                                     : launch<SCULL_CUDA_RNN>(t, chained, stream);
}
