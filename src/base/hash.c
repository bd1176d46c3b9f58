/* XXH3 behind two plain functions, so that only this file sees the library's macros. */
#include "base/hash.h"

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
