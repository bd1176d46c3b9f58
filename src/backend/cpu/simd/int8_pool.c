/* One row of max or average pooling of bytes, 64 channels a vector. Averages add up in 16 bits:
 * s8 are shifted to u8 first. Windows of three columns keep each column's sum for the windows that
 * share it; all others go tap by tap. Floor: the bytes read and written once. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

typedef scull_cpu_pool8_t args_t;

enum { AHEAD = 6 }; /* pixels: too far apart for the processor to see the run */

/* A maximum is in `low` alone; a sum has 16 bits in both, halves of each 128 bits. */
typedef struct {
  b64_t low, high;
} sum_t;

V16_INLINE sum_t join(sum_t a, sum_t b, bool is_max) {
  if (is_max)
    return (sum_t){b64_max_u8(a.low, b.low), a.high};
  return (sum_t){b64_add16(a.low, b.low), b64_add16(a.high, b.high)};
}

V16_INLINE b64_t get(const args_t *p, const uint8_t *from, int64_t n) {
  const b64_t x = n == 64 ? b64_load(from) : b64_load_n(from, n);
  return p->is_signed ? b64_xor(x, b64_set8(0x80)) : x;
}

/* Column x of a window, over its rows. */
V16_INLINE sum_t column(const args_t *p, int64_t x, int64_t at, int64_t n, bool is_max) {
  const uint8_t *from = p->src + x * p->src_pixel + at;
  const b64_t zero = b64_zero();
  sum_t sum = {zero, zero};
  for (int64_t y = 0; y < p->rows; y++, from += p->src_row) {
    __builtin_prefetch(from + AHEAD * p->src_pixel);
    const b64_t in = get(p, from, n);
    sum = is_max ? join(sum, (sum_t){in, zero}, true)
                 : join(sum, (sum_t){b64_unpack_low8(in, zero), b64_unpack_high8(in, zero)}, false);
  }
  return sum;
}

/* An average of u8 as a number of FRACTION bits behind the point for each, in 16 bits; 0 when it
 * cannot be told so finely. Averages of nine have no halves, of which ties would be made. */
enum { FRACTION = 2 };

V16_INLINE int factor16(const args_t *p, float counted) {
  const float factor = p->factor / counted * 65536.0f * (1 << FRACTION);
  if (p->is_signed || p->to_signed || counted != 9.0f || !(factor >= 8192.0f && factor < 65535.0f))
    return 0;
  return (int)(factor + 0.5f);
}

V16_INLINE void put16(const args_t *p, sum_t sum, int64_t x, int64_t at, int64_t n, int factor) {
  uint8_t *to = p->dst + x * p->dst_pixel + at;
  const b64_t f = b64_set16(factor), half = b64_set16(1 << (FRACTION - 1));
  const b64_t low = b64_add16(b64_high16(sum.low, f), half);
  const b64_t high = b64_add16(b64_high16(sum.high, f), half);
  const b64_t out =
      b64_pack16_u8(b64_shift_down16(low, FRACTION), b64_shift_down16(high, FRACTION));
  if (n == 64)
    b64_store(to, out);
  else
    b64_store_n(to, out, n);
}

/* `taps` pixels of the picture are in the sum, which is divided by `counted`. */
V16_INLINE void put(const args_t *p, sum_t sum, int64_t x, int64_t at, int64_t n, bool is_max,
                    int64_t taps, float counted) {
  uint8_t *to = p->dst + x * p->dst_pixel + at;
  b64_t out = sum.low;
  if (is_max && taps == 0) { /* the least number that there is */
    out = b64_set8(p->is_signed ? -128 : 0);
  } else if (is_max) {
    out = p->is_signed ? b64_xor(out, b64_set8(0x80)) : out;
  } else {
    const v16_t share = v16_set1(taps == 0 ? 0.0f : p->factor / counted);
    const v16_t shift = v16_set1(p->is_signed ? -128.0f * (float)taps : 0.0f);
    const b64_t zero = b64_zero();
    b64_t part[4] = {b64_unpack_low16(sum.low, zero), b64_unpack_high16(sum.low, zero),
                     b64_unpack_low16(sum.high, zero), b64_unpack_high16(sum.high, zero)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      v16_t y = v16_mul(v16_add(b64_to_float(part[i]), shift), share);
      part[i] = b64_round(v16_min(v16_max(y, v16_set1(-128.0f)), v16_set1(255.0f)));
    }
    out = b64_narrow(part, p->to_signed);
  }
  if (n == 64)
    b64_store(to, out);
  else
    b64_store_n(to, out, n);
}

/* One window, clipped to the picture. */
V16_INLINE void any_window(const args_t *p, int64_t x, int64_t at, int64_t n, bool is_max) {
  const int64_t left = x * p->stride - p->pad_begin, right = left + p->kernel;
  const int64_t x0 = left < 0 ? 0 : left, x1 = right < p->width ? right : p->width;
  const int64_t wide = right < p->width + p->pad_end ? right : p->width + p->pad_end;
  const int64_t across = p->include_pad ? wide - left : x1 - x0;
  sum_t sum = {b64_zero(), b64_zero()};
  for (int64_t i = x0; i < x1; i++)
    sum = join(sum, column(p, i, at, n, is_max), is_max);
  put(p, sum, x, at, n, is_max, p->rows > 0 && x1 > x0 ? p->rows * (x1 - x0) : 0,
      (float)across * p->rows_counted);
}

V16_INLINE void block_of_row(const args_t *p, int64_t at, int64_t n, bool is_max) {
  int64_t x = 0;
  while (x < p->columns) {
    const int64_t left = x * p->stride - p->pad_begin;
    if (p->kernel != 3 || p->stride > 2 || left < 0 || left + 3 > p->width) {
      any_window(p, x++, at, n, is_max);
      continue;
    }
    /* A run of whole windows. */
    const float counted = 3.0f * p->rows_counted;
    const int64_t taps = 3 * p->rows;
    sum_t a = column(p, left, at, n, is_max);
    if (p->stride == 2) {
      for (int64_t i = left; x < p->columns && i + 3 <= p->width; i += 2, x++) {
        const sum_t b = column(p, i + 1, at, n, is_max), c = column(p, i + 2, at, n, is_max);
        put(p, join(join(a, b, is_max), c, is_max), x, at, n, is_max, taps, counted);
        a = c;
      }
      continue;
    }
    sum_t b = column(p, left + 1, at, n, is_max);
    const int factor = is_max ? 0 : factor16(p, counted);
    for (int64_t i = left; x < p->columns && i + 3 <= p->width; i++, x++) {
      const sum_t c = column(p, i + 2, at, n, is_max), all = join(join(a, b, is_max), c, is_max);
      if (factor != 0)
        put16(p, all, x, at, n, factor);
      else
        put(p, all, x, at, n, is_max, taps, counted);
      a = b;
      b = c;
    }
  }
}

void SCULL_SIMD(scull_cpu_pool8)(const scull_cpu_pool8_t *p) {
  for (int64_t at = 0; at < p->channels; at += 64) {
    const int64_t n = p->channels - at;
    if (n >= 64 && p->is_max)
      block_of_row(p, at, 64, true);
    else if (n >= 64)
      block_of_row(p, at, 64, false);
    else if (p->is_max)
      block_of_row(p, at, n, true);
    else
      block_of_row(p, at, n, false);
  }
}
