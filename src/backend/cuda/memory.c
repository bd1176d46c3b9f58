/* Device memory in blocks that are kept. Sizes are rounded up to a quarter of a power of two, so
 * that a block that was given back serves the next of about its size; what is kept is given to the
 * driver when it has no more. */
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <string.h>

#include "backend/cuda/device.h"
#include "base/vec.h"

typedef struct {
  void *memory;
  size_t bytes;
  bool taken;
} block_t;

struct scull_cuda_pool {
  pthread_mutex_t lock;
  SCULL_VEC(block_t) blocks;
};

scull_cuda_pool_t *scull_cuda_pool_create(void) {
  scull_cuda_pool_t *pool = scull_base_alloc(sizeof *pool);
  if (pool == NULL || pthread_mutex_init(&pool->lock, NULL) != 0) {
    scull_base_free(pool);
    return NULL;
  }
  return pool;
}

/* Gives all that nobody has back to the driver. */
static void trim(scull_cuda_pool_t *pool) {
  size_t kept = 0;
  for (size_t i = 0; i < pool->blocks.size; i++) {
    block_t *b = &pool->blocks.data[i];
    if (b->taken)
      pool->blocks.data[kept++] = *b;
    else
      cudaFree(b->memory);
  }
  pool->blocks.size = kept;
}

void scull_cuda_pool_destroy(scull_cuda_pool_t *pool) {
  if (pool == NULL)
    return;
  trim(pool);
  pthread_mutex_destroy(&pool->lock);
  SCULL_VEC_DEINIT(&pool->blocks);
  scull_base_free(pool);
}

static size_t round_up(size_t bytes) {
  size_t step = 256;
  while (step * 8 < bytes)
    step *= 2;
  return (bytes + step - 1) / step * step;
}

static block_t *find_free(scull_cuda_pool_t *pool, size_t bytes) {
  for (size_t i = 0; i < pool->blocks.size; i++) {
    block_t *b = &pool->blocks.data[i];
    if (!b->taken && b->bytes == bytes)
      return b;
  }
  return NULL;
}

static scull_status_t grow(scull_cuda_pool_t *pool, size_t bytes, void **out) {
  block_t block = {.bytes = bytes, .taken = true};
  cudaError_t error = cudaMalloc(&block.memory, bytes);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    trim(pool);
    error = cudaMalloc(&block.memory, bytes);
  }
  if (error != cudaSuccess)
    return scull_cuda_status(error);
  if (!SCULL_VEC_PUSH(&pool->blocks, block)) {
    cudaFree(block.memory);
    return SCULL_OUT_OF_MEMORY;
  }
  *out = block.memory;
  return SCULL_OK;
}

scull_status_t scull_cuda_pool_take(scull_cuda_pool_t *pool, size_t bytes, void **out) {
  scull_status_t status = SCULL_OK;
  *out = NULL;
  if (bytes > SIZE_MAX / 4)
    return SCULL_OUT_OF_MEMORY;
  bytes = round_up(bytes == 0 ? 1 : bytes);
  pthread_mutex_lock(&pool->lock);
  block_t *block = find_free(pool, bytes);
  if (block != NULL) {
    block->taken = true;
    *out = block->memory;
  } else {
    status = grow(pool, bytes, out);
  }
  pthread_mutex_unlock(&pool->lock);
  return status;
}

void scull_cuda_pool_give(scull_cuda_pool_t *pool, void *memory) {
  pthread_mutex_lock(&pool->lock);
  for (size_t i = 0; i < pool->blocks.size; i++) {
    if (pool->blocks.data[i].memory == memory)
      pool->blocks.data[i].taken = false;
  }
  pthread_mutex_unlock(&pool->lock);
}
