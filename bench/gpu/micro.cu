/* micro.cu: what a hand-over costs on this device, in the ways a chain of small kernels can do it.
 * Prints one line a fact; nothing here is used by the library. */
#include "backend/cuda/sm90.cuh"
#include "gpu_bench.cuh"

namespace {

enum { BLOCKS = 132, NODES = 60, FACTS = 8 };

__global__ void empty_node(int *p) {
  sm90::chain_trigger();
  sm90::chain_wait();
  if (threadIdx.x == 0)
    p[blockIdx.x * 32] += 1;
}

template <class... P, class... A>
void launch(void (*kernel)(P...), int blocks, int threads, size_t smem, int cluster, bool chained,
            cudaStream_t stream, A... args) {
  cudaLaunchAttribute attr[2];
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(blocks), config.blockDim = dim3(threads);
  config.dynamicSmemBytes = smem, config.stream = stream, config.attrs = attr;
  CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)smem));
  if (cluster > 8)
    CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  if (chained) {
    attr[config.numAttrs].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attr[config.numAttrs++].val.programmaticStreamSerializationAllowed = 1;
  }
  if (cluster > 1) {
    attr[config.numAttrs].id = cudaLaunchAttributeClusterDimension;
    attr[config.numAttrs].val.clusterDim.x = cluster;
    attr[config.numAttrs].val.clusterDim.y = attr[config.numAttrs].val.clusterDim.z = 1;
    config.numAttrs++;
  }
  CHECK(cudaLaunchKernelEx(&config, kernel, P(args)...));
}

void nodes(cudaStream_t stream) {
  int *p;
  CHECK(cudaMalloc(&p, 1 << 20));
  for (size_t smem : {(size_t)0, (size_t)(50 << 10), (size_t)(100 << 10), (size_t)(200 << 10)})
    for (bool chained : {false, true}) {
      graph g(stream, [&] {
        for (int i = 0; i < NODES; i++)
          launch(empty_node, BLOCKS, 128, smem, 1, chained && i > 0, stream, p);
      });
      printf("node of a chain, %3zu KB smem, %s: %.2f us\n", smem >> 10,
             chained ? "programmatic" : "full edge", time_replays(g, stream, 50) / NODES);
    }
  CHECK(cudaFree(p));
}

/* The clock, read when `v` is there. */
__device__ __forceinline__ long long clock_after(uint32_t v) {
  long long t;
  asm volatile("{ .reg .pred p; .reg .u32 z; setp.eq.u32 p, %1, 0x12345; selp.u32 z, 1, 0, p;\n"
               "@p bra skip;\nskip: mov.u64 %0, %%clock64; }"
               : "=l"(t)
               : "r"(v)
               : "memory");
  return t;
}

/* After the wait: how long until what the previous node wrote, on another SM, is here? */
__global__ void __launch_bounds__(128) first_read(const char *src, char *dst, long long *facts) {
  __shared__ __align__(128) char buf[8192];
  __shared__ __align__(8) uint64_t bars[2];
  uint32_t bar = sm90::smem_addr(bars), at = sm90::smem_addr(buf);
  if (threadIdx.x == 0) {
    sm90::mbar_init(bar, 128);
    sm90::mbar_init(bar + 8, 1);
    sm90::mbar_init_fence();
  }
  __syncthreads();
  sm90::chain_trigger();
  long long t[6];
  t[0] = clock64();
  sm90::chain_wait();
  const char *from = src + ((blockIdx.x + 37) % BLOCKS) * 32768;
  t[1] = clock64();
  uint32_t v, w;
  asm volatile("ld.global.u32 %0, [%1];" : "=r"(v) : "l"(from + threadIdx.x * 4) : "memory");
  t[2] = clock_after(v);
  asm volatile("ld.global.u32 %0, [%1];" : "=r"(w) : "l"(from + 4096 + threadIdx.x * 4) : "memory");
  t[3] = clock_after(w);
  for (int i = 0; i < 4; i++)
    sm90::copy16(at + i * 2048 + threadIdx.x * 16, from + 8192 + i * 2048 + threadIdx.x * 16, true);
  sm90::copy_arrive(bar);
  sm90::mbar_wait(bar, 0);
  t[4] = clock64();
  if (threadIdx.x == 0) {
    sm90::mbar_expect(bar + 8, 8192);
    sm90::bulk_load(at, from + 16384, 8192, bar + 8);
  }
  sm90::mbar_wait(bar + 8, 0);
  t[5] = clock64();
  for (int i = threadIdx.x * 16; i < 32768; i += 2048)
    *(uint4 *)(dst + blockIdx.x * 32768 + i) = make_uint4(v, w, i, 7);
  if (threadIdx.x == 0)
    for (int i = 0; i < 5; i++)
      facts[blockIdx.x * FACTS + i] = t[i + 1] - t[i];
}

void average(const long long *facts, int blocks, const std::vector<const char *> &names) {
  std::vector<long long> host((size_t)blocks * FACTS);
  CHECK(cudaMemcpy(host.data(), facts, host.size() * 8, cudaMemcpyDeviceToHost));
  for (size_t i = 0; i < names.size(); i++) {
    double sum = 0;
    long long most = 0;
    for (int b = 0; b < blocks; b++)
      sum += (double)host[b * FACTS + i], most = std::max(most, host[b * FACTS + i]);
    printf("  %-52s %6.0f cycles, at most %lld\n", names[i], sum / blocks, most);
  }
}

void reads(cudaStream_t stream) {
  char *a, *b;
  long long *facts;
  CHECK(cudaMalloc(&a, BLOCKS * 32768));
  CHECK(cudaMalloc(&b, BLOCKS * 32768));
  CHECK(cudaMalloc(&facts, 1 << 20));
  graph g(stream, [&] {
    for (int i = 0; i < 20; i++)
      launch(first_read, BLOCKS, 128, 0, 1, i > 0, stream, i & 1 ? b : a, i & 1 ? a : b, facts);
  });
  double us = time_replays(g, stream, 20) / 20;
  printf("reading what the node before wrote, %d blocks (%.2f us a node):\n", BLOCKS, us);
  average(facts, BLOCKS,
          {"in the wait", "first 4-byte load", "second load", "8 KB by cp.async + mbarrier",
           "8 KB by one bulk copy + mbarrier"});
}

/* Shared memory of this block into a peer's, counted on the peer's barrier. */
__device__ __forceinline__ void peer_copy(uint32_t dst, uint32_t src, uint32_t bytes,
                                          uint32_t bar) {
  asm volatile("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes "
               "[%0], [%1], %2, [%3];" ::"r"(dst),
               "r"(src), "r"(bytes), "r"(bar)
               : "memory");
}

/* Each block sends `kb` KB in equal parts to the blocks of its cluster and waits for as much. */
__global__ void __launch_bounds__(128) exchange(long long *facts, int size, int kb) {
  extern __shared__ __align__(128) char buf[];
  __shared__ __align__(8) uint64_t bars[1];
  uint32_t bar = sm90::smem_addr(bars), at = sm90::smem_addr(buf);
  int rank = sm90::cluster_rank();
  if (threadIdx.x == 0) {
    sm90::mbar_init(bar, 1);
    sm90::mbar_init_fence();
    sm90::mbar_expect(bar, kb * 1024);
  }
  __syncthreads();
  long long t[5];
  sm90::cluster_arrive();
  sm90::cluster_wait();
  t[0] = clock64();
  sm90::cluster_arrive();
  sm90::cluster_wait();
  t[1] = clock64();
  int count = kb * 1024 / 16 / 128, each = kb * 1024 / size;
  for (int i = 0; i < count; i++) {
    int unit = (i * 128 + threadIdx.x) * 16, to = unit / each;
    sm90::peer_store(sm90::peer_addr(at + rank * each + unit % each, to), sm90::peer_addr(bar, to),
                     1, 2, 3, i);
  }
  sm90::mbar_wait_cluster(bar, 0);
  t[2] = clock64();
  if (threadIdx.x == 0)
    sm90::mbar_expect(bar, kb * 1024);
  sm90::cluster_arrive();
  sm90::cluster_wait();
  t[3] = clock64();
  if (threadIdx.x < size)
    peer_copy(sm90::peer_addr(at + rank * each, threadIdx.x), at + 65536 + threadIdx.x * each, each,
              sm90::peer_addr(bar, threadIdx.x));
  sm90::mbar_wait_cluster(bar, 1);
  t[4] = clock64();
  if (threadIdx.x == 0)
    for (int i = 0; i < 4; i++)
      facts[blockIdx.x * FACTS + i] = t[i + 1] - t[i];
  sm90::cluster_arrive();
  sm90::cluster_wait();
}

void clusters(cudaStream_t stream) {
  long long *facts;
  CHECK(cudaMalloc(&facts, 1 << 20));
  for (int size : {2, 4, 8, 16})
    for (int kb : {4, 16, 32}) {
      int most = 0;
      cudaLaunchConfig_t config = {};
      cudaLaunchAttribute attr;
      attr.id = cudaLaunchAttributeClusterDimension;
      attr.val.clusterDim.x = size, attr.val.clusterDim.y = attr.val.clusterDim.z = 1;
      config.gridDim = dim3(size), config.blockDim = dim3(128), config.attrs = &attr;
      config.dynamicSmemBytes = 120 << 10, config.numAttrs = 1;
      int blocks = 128 / size * size;
      for (int i = 0; i < 3; i++)
        launch(exchange, blocks, 128, 120 << 10, size, false, stream, facts, size, kb);
      CHECK(cudaStreamSynchronize(stream));
      CHECK(cudaOccupancyMaxActiveClusters(&most, exchange, &config));
      printf("cluster of %d, %d KB a block (clusters at once: %d):\n", size, kb, most);
      average(facts, blocks,
              {"barrier.cluster", "st.async to all, own part complete", "(barrier again)",
               "one bulk copy to each, own part complete"});
    }
}

/* Two blocks pass a flag to and fro through L2. */
__global__ void flags(unsigned *flag, int turns, long long *facts) {
  long long t = clock64();
  unsigned *mine = flag + blockIdx.x * 64, *other = flag + (1 - blockIdx.x) * 64;
  for (int i = 1; i <= turns; i++) {
    unsigned seen = 0;
    if (blockIdx.x == 0)
      asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(other) : "memory");
    do
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(mine) : "memory");
    while (seen < (unsigned)i);
    if (blockIdx.x == 1)
      asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(other) : "memory");
  }
  facts[blockIdx.x * FACTS] = (clock64() - t) / (2 * turns);
}

void hand_off(cudaStream_t stream) {
  unsigned *flag;
  long long *facts;
  CHECK(cudaMalloc(&flag, 4096));
  CHECK(cudaMemset(flag, 0, 4096));
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaMalloc(&facts, 1 << 20));
  launch(flags, 2, 1, 0, 1, false, stream, flag, 1000, facts);
  CHECK(cudaStreamSynchronize(stream));
  printf("flag from SM to SM through L2:\n");
  average(facts, 2, {"red.release to ld.acquire, one way"});
}

} // namespace

int main() {
  cudaStream_t stream;
  CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  nodes(stream);
  reads(stream);
  clusters(stream);
  hand_off(stream);
  return 0;
}
