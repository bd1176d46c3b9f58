/* Runs of numbers between f32 and what is stored: bf16, and small integers with a scale. Rounded to
 * the nearest, ties to even; integers clamp. Floor: the bytes read and written at the speed of the
 * cache that they are in. */
#include <string.h>

#include "backend/cpu/simd/numbers.h"
#include "backend/cpu/simd/simd.h"

V16_INLINE void widen_all(const void *src, scull_cpu_number_t from, float scale, float *dst,
                          int64_t count) {
  const v16_t factor = v16_set1(scale);
  const size_t size = number_size(from);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    v16_store(dst + i, v16_widen((const char *)src + (size_t)i * size, from, factor));
  if (i < count) {
    _Alignas(64) char rest[64] = {0};
    memcpy(rest, (const char *)src + (size_t)i * size, (size_t)(count - i) * size);
    v16_store_n(dst + i, v16_widen(rest, from, factor), count - i);
  }
}

void SCULL_SIMD(scull_cpu_widen)(const void *src, scull_cpu_number_t from, float scale, float *dst,
                                 int64_t count) {
  switch (from) {
  case SCULL_CPU_F32: memmove(dst, src, (size_t)count * sizeof *dst); break;
  case SCULL_CPU_BF16: widen_all(src, SCULL_CPU_BF16, 1.0f, dst, count); break;
  case SCULL_CPU_U8: widen_all(src, SCULL_CPU_U8, scale, dst, count); break;
  case SCULL_CPU_I8: widen_all(src, SCULL_CPU_I8, scale, dst, count); break;
  }
}

V16_INLINE void narrow_all(const float *src, scull_cpu_number_t to, float scale, void *dst,
                           int64_t count) {
  const v16_t factor = v16_set1(1.0f / scale);
  const size_t size = number_size(to);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    v16_narrow((char *)dst + (size_t)i * size, v16_load(src + i), to, factor);
  if (i < count) {
    _Alignas(64) char rest[64];
    v16_narrow(rest, v16_load_n(src + i, count - i), to, factor);
    memcpy((char *)dst + (size_t)i * size, rest, (size_t)(count - i) * size);
  }
}

void SCULL_SIMD(scull_cpu_narrow)(const float *src, scull_cpu_number_t to, float scale, void *dst,
                                  int64_t count) {
  switch (to) {
  case SCULL_CPU_F32: memmove(dst, src, (size_t)count * sizeof *src); break;
  case SCULL_CPU_BF16: narrow_all(src, SCULL_CPU_BF16, 1.0f, dst, count); break;
  case SCULL_CPU_U8: narrow_all(src, SCULL_CPU_U8, scale, dst, count); break;
  case SCULL_CPU_I8: narrow_all(src, SCULL_CPU_I8, scale, dst, count); break;
  }
}
