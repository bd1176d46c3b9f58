/* Hashes for checksums and keys (XXH3 of the xxHash library): fast, stable over machines and
 * versions, not cryptographic. */
#ifndef SCULL_BASE_HASH_H
#define SCULL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 64 bits of `size` bytes; data may be NULL when size is 0. Chain calls through `seed`. */
uint64_t scull_base_hash64(const void *data, size_t size, uint64_t seed);

/* 64 bits of a large block, in pieces of 1 MiB that several threads share: another value than
 * scull_base_hash64 gives, the same whatever the number of threads. */
uint64_t scull_base_hash64_large(const void *data, size_t size, uint64_t seed);

typedef struct scull_hash128 {
  uint64_t low, high;
} scull_hash128_t;

/* 128 bits: for keys that must not collide by accident. */
scull_hash128_t scull_base_hash128(const void *data, size_t size, uint64_t seed);

#endif
