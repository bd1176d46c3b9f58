/* Arithmetic on sizes that come from files or callers: the result is stored only when it fits. */
#ifndef SCULL_BASE_CHECKED_H
#define SCULL_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns false on overflow and then leaves *out as it was. */
static inline bool scull_base_size_add(size_t a, size_t b, size_t *out) {
  size_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    return false;
  *out = sum;
  return true;
}

static inline bool scull_base_size_mul(size_t a, size_t b, size_t *out) {
  size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    return false;
  *out = product;
  return true;
}

static inline bool scull_base_i64_mul(int64_t a, int64_t b, int64_t *out) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    return false;
  *out = product;
  return true;
}

static inline bool scull_base_i64_add(int64_t a, int64_t b, int64_t *out) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    return false;
  *out = sum;
  return true;
}

/* `n` rounded up to a multiple of `align` (a power of two); n must be <= SIZE_MAX - align. */
static inline size_t scull_base_align_up(size_t n, size_t align) {
  return (n + align - 1) & ~(align - 1);
}

#endif
