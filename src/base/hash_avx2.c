/* XXH3 compiled for AVX2: the same values, about twice the speed. Built with -mavx2, called only
 * where the processor has it. */
#include "base/hash_piece.h"

#define XXH_INLINE_ALL
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#include <xxhash.h>
#pragma GCC diagnostic pop

uint64_t scull_base_hash_piece_avx2(const void *data, size_t size, uint64_t seed) {
  return XXH3_64bits_withSeed(data, size, seed);
}
