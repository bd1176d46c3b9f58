/* Depthwise 3x3 convolution of bytes (columns.h): rows are interleaved to (r0, r1, r2, 0), sixteen
 * channels a vector, so that one product instruction adds a whole column of the window. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

#define COLUMN_SUMS four_t
#include "backend/cpu/simd/columns.h"

/* Column x of the source, interleaved. */
V16_INLINE four_t column(const args_t *p, int64_t x, int64_t block, int64_t n, kind_t kind,
                         bool is_signed) {
  const b64_t flip = b64_set8(is_signed ? 0x80 : 0), zero = b64_zero();
  b64_t r[3] = {flip, flip, flip};
  if (x >= 0 && x < p->width) {
#pragma GCC unroll 3
    for (int k = 0; k < 3; k++) {
      r[k] = load_row(p, k, x * p->src_pixel + 64 * block, n, kind);
      if (is_signed)
        r[k] = b64_xor(r[k], flip);
    }
  }
  const b64_t low = b64_unpack_low8(r[0], r[1]), high = b64_unpack_high8(r[0], r[1]);
  const b64_t last_low = b64_unpack_low8(r[2], zero), last_high = b64_unpack_high8(r[2], zero);
  return (four_t){{b64_unpack_low16(low, last_low), b64_unpack_high16(low, last_low),
                   b64_unpack_low16(high, last_high), b64_unpack_high16(high, last_high)}};
}

V16_INLINE sums_t add_column(sums_t acc, four_t in, const four_t *filter) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    acc.v[i] = b64_dot(acc.v[i], in.v[i], filter->v[i]);
  return acc;
}

V16_INLINE void put(const args_t *p, sums_t acc, int64_t x, int64_t block, int64_t n, kind_t kind) {
  const scull_cpu_narrow_post_t *post = p->post;
  const int64_t at = x * p->dst_pixel + 64 * block, from = x * p->residual_pixel + 64 * block;
  four_t other;
  if (p->residual != NULL) {
    b64_t bytes = kind == FULL ? b64_load(p->residual + from)
                  : kind == TAIL
                      ? b64_load_n(p->residual + from, n)
                      : b64_load_pair(p->residual + from,
                                      p->residual2 == NULL ? NULL : p->residual2 + from, n);
    b64_widen(bytes, post->residual == SCULL_CPU_I8, other.v);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    acc.v[i] = b64_round(b64_finish(post, acc.v[i], v16_load(p->scale + 64 * block + 16 * i),
                                    v16_load(p->bias + 64 * block + 16 * i),
                                    p->residual == NULL ? NULL : &other.v[i], true));
  const b64_t bytes = b64_narrow(acc.v, post->to == SCULL_CPU_I8);
  if (kind == FULL)
    b64_store(p->dst + at, bytes);
  else if (kind == TAIL)
    b64_store_n(p->dst + at, bytes, n);
  else
    b64_store_pair(p->dst + at, p->dst2 == NULL ? NULL : p->dst2 + at, bytes, n);
}

V16_INLINE sums_t begin_sums(const args_t *p, int64_t block, bool is_signed) {
  sums_t acc;
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    acc.v[i] = is_signed ? b64_load((const int32_t *)p->start + 64 * block + 16 * i) : b64_zero();
  return acc;
}

#define BLOCKS(kind) BLOCK(1, kind, 0) BLOCK(1, kind, 1) BLOCK(2, kind, 0) BLOCK(2, kind, 1)
#define NAMES(kind)                                                                                \
  {                                                                                                \
    {block_1_##kind##_0, block_1_##kind##_1}, {                                                    \
      block_2_##kind##_0, block_2_##kind##_1                                                       \
    }                                                                                              \
  }

BLOCKS(FULL)
BLOCKS(TAIL)
BLOCKS(PAIRS)
static const block_fn_t functions[3][2][2] = {NAMES(FULL), NAMES(TAIL), NAMES(PAIRS)};

void SCULL_SIMD(scull_cpu_depthwise8)(const args_t *p) {
  for (int64_t block = 0; block < p->blocks; block++) {
    const int64_t n = p->bytes - 64 * block < 64 ? p->bytes - 64 * block : 64;
    const kind_t kind = p->pairs ? PAIRS : n == 64 ? FULL : TAIL;
    functions[kind][p->stride - 1][p->is_signed](p, block, n);
  }
}
