/* Depthwise 3x3 convolution of bf16 (columns.h): rows are interleaved to (r0, r1) and (r2, 0),
 * sixteen channels a vector; two product instructions add a column of the window. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

typedef struct {
  v16_t v[2]; /* channels 8 l to 8 l + 3 of each lane l, then the others */
} two_t;
#define COLUMN_SUMS two_t
#include "backend/cpu/simd/columns.h"

V16_INLINE four_t column(const args_t *p, int64_t x, int64_t block, int64_t n, kind_t kind,
                         bool is_signed) {
  const b64_t zero = b64_zero();
  b64_t r[3] = {zero, zero, zero};
  (void)is_signed;
  if (x >= 0 && x < p->width) {
#pragma GCC unroll 3
    for (int k = 0; k < 3; k++)
      r[k] = load_row(p, k, x * p->src_pixel + 64 * block, n, kind);
  }
  return (four_t){{b64_unpack_low16(r[0], r[1]), b64_unpack_high16(r[0], r[1]),
                   b64_unpack_low16(r[2], zero), b64_unpack_high16(r[2], zero)}};
}

V16_INLINE sums_t begin_sums(const args_t *p, int64_t block, bool is_signed) {
  const float *bias = (const float *)p->start + 32 * block;
  (void)is_signed;
  return (sums_t){{v16_load(bias), v16_load(bias + 16)}};
}

V16_INLINE sums_t add_column(sums_t sums, four_t in, const four_t *filter) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    sums.v[i % 2] = _mm512_dpbf16_ps(sums.v[i % 2], (__m512bh)in.v[i], (__m512bh)filter->v[i]);
  return sums;
}

V16_INLINE v16_t finish(const args_t *p, v16_t x, v16_t other) {
  const scull_cpu_narrow_post_t *post = p->post;
  if (p->residual != NULL && post->add_first)
    x = v16_add(x, other);
  x = v16_min(v16_max(x, v16_set1(post->low)), v16_set1(post->high));
  return p->residual != NULL && !post->add_first ? v16_add(x, other) : x;
}

V16_INLINE void put(const args_t *p, sums_t sums, int64_t x, int64_t block, int64_t n,
                    kind_t kind) {
  static const _Alignas(64)
      uint16_t order[32] = {0, 1, 2,  3,  16, 17, 18, 19, 4,  5,  6,  7,  20, 21, 22, 23,
                            8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31};
  const int64_t from = x * p->residual_pixel + 64 * block, to = x * p->dst_pixel + 64 * block;
  v16_t other[2] = {v16_zero(), v16_zero()};
  if (p->residual != NULL) {
    const b64_t in =
        kind == FULL ? b64_load(p->residual + from) : b64_load_n(p->residual + from, n);
    other[0] = (v16_t)b64_unpack_low16(b64_zero(), in); /* to the upper halves: f32 */
    other[1] = (v16_t)b64_unpack_high16(b64_zero(), in);
  }
  const v16_t low = finish(p, sums.v[0], other[0]), high = finish(p, sums.v[1], other[1]);
  const b64_t out =
      _mm512_permutexvar_epi16(b64_load(order), (__m512i)_mm512_cvtne2ps_pbh(high, low));
  if (kind == FULL)
    b64_store(p->dst + to, out);
  else
    b64_store_n(p->dst + to, out, n);
}

BLOCK(1, FULL, 0)
BLOCK(1, TAIL, 0)
BLOCK(2, FULL, 0)
BLOCK(2, TAIL, 0)
static const block_fn_t functions[2][2] = {{block_1_FULL_0, block_1_TAIL_0},
                                           {block_2_FULL_0, block_2_TAIL_0}};

void scull_cpu_depthwise_bf16(const scull_cpu_narrow_depthwise_t *p) {
  for (int64_t block = 0; block < p->blocks; block++) {
    const int64_t n = p->bytes - 64 * block < 64 ? p->bytes - 64 * block : 64;
    functions[p->stride - 1][n == 64 ? FULL : TAIL](p, block, n);
  }
}
