/* XXH3 behind plain functions, so that only this file and its AVX2 twin see the library's macros.
 */
#include "base/hash.h"

#include <string.h>

#include "base/hash_piece.h"
#include "base/memory.h"
#include "base/thread.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#include <xxhash.h>
#pragma GCC diagnostic pop

uint64_t scull_base_hash64(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data == NULL ? "" : data, size, seed);
}

scull_hash128_t scull_base_hash128(const void *data, size_t size, uint64_t seed) {
  XXH128_hash_t h = XXH3_128bits_withSeed(data == NULL ? "" : data, size, seed);
  return (scull_hash128_t){.low = h.low64, .high = h.high64};
}

enum { PIECE = 1 << 20 };

typedef struct {
  const uint8_t *data;
  size_t size;
  uint64_t seed;
  uint64_t *pieces;
  scull_hash_piece_fn_t hash;
} job_t;

static uint64_t hash_piece(const void *data, size_t size, uint64_t seed) {
  return scull_base_hash64(data, size, seed);
}

static uint64_t piece_at(const job_t *job, size_t index) {
  size_t begin = index * PIECE, rest = job->size - begin;
  return job->hash(job->data + begin, rest < PIECE ? rest : PIECE, job->seed);
}

static void hash_range(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  (void)thread;
  for (int64_t i = begin; i < end; i++)
    job->pieces[i] = piece_at(job, (size_t)i);
}

uint64_t scull_base_hash64_large(const void *data, size_t size, uint64_t seed) {
  size_t count = (size + PIECE - 1) / PIECE;
  job_t job = {.data = data, .size = size, .seed = seed, .hash = hash_piece};
  uint64_t hash = scull_base_hash64(&size, sizeof size, seed);
  if (__builtin_cpu_supports("avx2"))
    job.hash = scull_base_hash_piece_avx2;
  job.pieces = count > 1 ? scull_base_alloc(count * sizeof *job.pieces) : NULL;
  if (job.pieces != NULL)
    scull_base_parallel_once(scull_base_threads_default(), (int64_t)count, hash_range, &job);
  for (size_t i = 0; i < count; i++) { /* short of memory: one after the other */
    uint64_t piece = job.pieces != NULL ? job.pieces[i] : piece_at(&job, i);
    hash = scull_base_hash64(&piece, sizeof piece, hash);
  }
  scull_base_free(job.pieces);
  return hash;
}
