/* The same hash under two instruction sets. Private to base/. */
#ifndef SCULL_BASE_HASH_PIECE_H
#define SCULL_BASE_HASH_PIECE_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t (*scull_hash_piece_fn_t)(const void *data, size_t size, uint64_t seed);

/* scull_base_hash64 with AVX2: only where the processor has it. */
uint64_t scull_base_hash_piece_avx2(const void *data, size_t size, uint64_t seed);

#endif
