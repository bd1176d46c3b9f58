/* Depthwise 3x3 convolution of bytes. The three rows of a column are interleaved to (r0, r1, r2,
 * 0), sixteen channels a vector: one product instruction then adds a whole column of the window,
 * and what is interleaved serves the three (at stride 2: one or two) windows that it lies in.
 * Floor: 12 products and 8 shuffles a column of 64 channels at stride 1; the bytes read and written
 * once. */
#include "backend/cpu/simd/bytes.h"
#include "backend/cpu/simd/simd8.h"

typedef scull_cpu_depthwise8_t args_t;

/* How the 64 bytes of a vector lie in memory. */
typedef enum { FULL, TAIL, PAIRS } kind_t;

typedef struct {
  b64_t v[4];
} four_t;

V16_INLINE b64_t load_row(const args_t *p, int k, int64_t at, int64_t n, kind_t kind) {
  if (kind == PAIRS)
    return b64_load_pair(p->src[k] == NULL ? NULL : p->src[k] + at,
                         p->src2[k] == NULL ? NULL : p->src2[k] + at, n);
  if (p->src[k] == NULL)
    return b64_zero();
  return kind == FULL ? b64_load(p->src[k] + at) : b64_load_n(p->src[k] + at, n);
}

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

V16_INLINE four_t add_column(four_t acc, four_t in, const four_t *filter) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    acc.v[i] = b64_dot(acc.v[i], in.v[i], filter->v[i]);
  return acc;
}

V16_INLINE void put(const args_t *p, four_t acc, int64_t x, int64_t block, int64_t n, kind_t kind) {
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
                                    p->residual == NULL ? NULL : &other.v[i]));
  const b64_t bytes = b64_narrow(acc.v, post->to == SCULL_CPU_I8);
  if (kind == FULL)
    b64_store(p->dst + at, bytes);
  else if (kind == TAIL)
    b64_store_n(p->dst + at, bytes, n);
  else
    b64_store_pair(p->dst + at, p->dst2 == NULL ? NULL : p->dst2 + at, bytes, n);
}

V16_INLINE four_t begin(const args_t *p, int64_t block, bool is_signed) {
  four_t acc;
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    acc.v[i] = is_signed ? b64_load(p->start + 64 * block + 16 * i) : b64_zero();
  return acc;
}

V16_INLINE void block_of_row(const args_t *p, int64_t block, int64_t n, int stride, kind_t kind,
                             bool is_signed) {
  four_t w[3]; /* held in registers: stores of bytes might change what is in memory */
#pragma GCC unroll 12
  for (int i = 0; i < 12; i++)
    w[i / 4].v[i % 4] = b64_load(p->filter + 768 * block + 64 * i);
  int64_t x = -p->pad_x; /* the source column at hand */
  four_t in = column(p, x++, block, n, kind, is_signed);
  /* The window whose last columns are missing. */
  four_t first = add_column(begin(p, block, is_signed), in, &w[0]);
  if (stride == 2) {
    for (int64_t o = 0; o < p->columns; o++, x += 2) {
      in = column(p, x, block, n, kind, is_signed);
      first = add_column(first, in, &w[1]);
      in = column(p, x + 1, block, n, kind, is_signed);
      put(p, add_column(first, in, &w[2]), o, block, n, kind);
      first = add_column(begin(p, block, is_signed), in, &w[0]);
    }
    return;
  }
  in = column(p, x++, block, n, kind, is_signed);
  first = add_column(first, in, &w[1]);
  four_t second = add_column(begin(p, block, is_signed), in, &w[0]);
  for (int64_t o = 0; o < p->columns; o++, x++) {
    in = column(p, x, block, n, kind, is_signed);
    put(p, add_column(first, in, &w[2]), o, block, n, kind);
    first = add_column(second, in, &w[1]);
    second = add_column(begin(p, block, is_signed), in, &w[0]);
  }
}

#define BLOCK(stride, kind, is_signed)                                                             \
  static __attribute__((noinline)) void block_##stride##_##kind##_##is_signed(                     \
      const args_t *p, int64_t block, int64_t n) {                                                 \
    block_of_row(p, block, n, stride, kind, is_signed);                                            \
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
typedef void (*block_fn_t)(const args_t *p, int64_t block, int64_t n);
static const block_fn_t functions[3][2][2] = {NAMES(FULL), NAMES(TAIL), NAMES(PAIRS)};

void SCULL_SIMD(scull_cpu_depthwise8)(const scull_cpu_depthwise8_t *p) {
  for (int64_t block = 0; block < p->blocks; block++) {
    const int64_t n = p->channels - 64 * block < 64 ? p->channels - 64 * block : 64;
    const kind_t kind = p->pairs ? PAIRS : n == 64 ? FULL : TAIL;
    functions[kind][p->stride - 1][p->is_signed](p, block, n);
  }
}
