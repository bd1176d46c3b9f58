/* Hashes: known values, seeds, and that pieces, threads and instruction sets change nothing. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash_piece.h"
#include "base/memory.h"

/* XXH3's own test vectors: the hash of nothing with seed 0. */
static void nothing(void **state) {
  (void)state;
  assert_true(scull_base_hash64(NULL, 0, 0) == 0x2d06800538d394c2u);
  assert_true(scull_base_hash64("", 0, 0) != scull_base_hash64("", 0, 1));
  scull_hash128_t h = scull_base_hash128("abc", 3, 0);
  assert_true(h.low != 0 && h.high != 0 && h.low != h.high);
}

static void fill(uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++)
    data[i] = (uint8_t)(i * 2654435761u >> 13);
}

static void avx2_is_the_same(void **state) {
  uint8_t data[4096];
  (void)state;
  if (!__builtin_cpu_supports("avx2"))
    skip();
  fill(data, sizeof data);
  for (size_t size = 0; size <= sizeof data; size += 97)
    assert_true(scull_base_hash_piece_avx2(data, size, size) ==
                scull_base_hash64(data, size, size));
}

/* Every byte of a large block counts, also without memory for the list of pieces. */
static void large_blocks(void **state) {
  const size_t size = ((size_t)3 << 20) + 5;
  uint8_t *data = scull_base_alloc(size);
  (void)state;
  assert_non_null(data);
  fill(data, size);
  uint64_t hash = scull_base_hash64_large(data, size, 7);
  for (size_t at = 0; at < size; at += size / 7) {
    data[at] ^= 1;
    assert_true(scull_base_hash64_large(data, size, 7) != hash);
    data[at] ^= 1;
  }
  assert_true(scull_base_hash64_large(data, size - 1, 7) != hash);
  scull_base_memory_fail_at(1);
  assert_true(scull_base_hash64_large(data, size, 7) == hash);
  scull_base_memory_fail_at(0);
  assert_true(scull_base_hash64_large(data, size, 7) == hash);
  scull_base_free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing), cmocka_unit_test(avx2_is_the_same),
                                     cmocka_unit_test(large_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
