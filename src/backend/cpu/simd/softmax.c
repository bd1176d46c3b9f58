/* The exponentials of a row, less its largest: what softmax and attention divide by their sum.
 * Floor: an exponential is some 20 instructions for 16 numbers; the row stays in L1 meanwhile. */
#include "backend/cpu/simd/post.h"
#include "backend/cpu/simd/simd.h"

/* row *= scale; returns the largest. */
static float scale_row(float *row, int64_t count, float scale) {
  const int64_t whole = count / 16 * 16;
  const v16_t factor = v16_set1(scale);
  v16_t top = v16_set1(-INFINITY);
  for (int64_t i = 0; i < whole; i += 16) {
    const v16_t x = v16_mul(v16_load(row + i), factor);
    v16_store(row + i, x);
    top = v16_max(x, top);
  }
  float largest = v16_top(top);
  for (int64_t i = whole; i < count; i++) {
    row[i] *= scale;
    largest = row[i] > largest ? row[i] : largest;
  }
  return largest;
}

float SCULL_SIMD(scull_cpu_exponentials)(float *row, int64_t count, float scale) {
  const int64_t whole = count / 16 * 16, rest = count - whole;
  const v16_t largest = v16_set1(scale_row(row, count, scale));
  v16_t sum = v16_zero();
  for (int64_t i = 0; i < whole; i += 16) {
    const v16_t e = v16_exp(v16_sub(v16_load(row + i), largest));
    v16_store(row + i, e);
    sum = v16_add(sum, e);
  }
  if (rest > 0) {
    v16_store_n(row + whole, v16_exp(v16_sub(v16_load_n(row + whole, rest), largest)), rest);
    sum = v16_add(sum, v16_load_n(row + whole, rest));
  }
  return v16_sum(sum);
}
