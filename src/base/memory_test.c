/* The allocator's counting, alignment and test door; the arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checked.h"
#include "base/memory.h"
#include "base/vec.h"

static bool is_aligned(const void *p, size_t to) {
  return (uintptr_t)p % to == 0;
}

static bool is_zero(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != 0)
      return false;
  }
  return true;
}

static void blocks_are_aligned_zeroed_and_counted(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    scull_memory_stats_t before = scull_base_memory_stats();
    char *block = scull_base_alloc(sizes[i]);
    assert_non_null(block);
    assert_true(is_aligned(block, SCULL_MEMORY_ALIGN));
    assert_true(is_zero(block, sizes[i]));
    scull_memory_stats_t with = scull_base_memory_stats();
    assert_int_equal(with.allocations, before.allocations + 1);
    assert_int_equal(with.live_blocks, before.live_blocks + 1);
    assert_int_equal(with.live_bytes, before.live_bytes + sizes[i]);
    assert_true(with.peak_bytes >= with.live_bytes);
    scull_base_free(block);
    scull_memory_stats_t after = scull_base_memory_stats();
    assert_int_equal(after.live_blocks, before.live_blocks);
    assert_int_equal(after.live_bytes, before.live_bytes);
  }
  scull_base_free(NULL);
}

static void impossible_sizes_are_refused(void **state) {
  (void)state;
  scull_arena_t arena;
  scull_base_arena_init(&arena);
  assert_null(scull_base_alloc(SIZE_MAX));
  assert_null(scull_base_alloc_raw(SIZE_MAX - 64));
  assert_null(scull_base_arena_alloc(&arena, SIZE_MAX));
  assert_null(scull_base_arena_array(&arena, SIZE_MAX / 2, 4));
  scull_base_arena_deinit(&arena);
}

static void growing_keeps_the_used_part(void **state) {
  (void)state;
  char *block = scull_base_grow(NULL, 0, 4);
  assert_non_null(block);
  memcpy(block, "abcd", 4);
  char *grown = scull_base_grow(block, 2, 100);
  assert_non_null(grown);
  assert_memory_equal(grown, "ab", 2);
  assert_true(is_zero(grown + 2, 98));
  scull_base_memory_fail_at(1);
  assert_null(scull_base_grow(grown, 2, 200));
  scull_base_memory_fail_at(0);
  assert_memory_equal(grown, "ab", 2); /* still ours */
  scull_base_free(grown);
}

static void nth_allocation_and_all_after_fail(void **state) {
  (void)state;
  void *first = NULL, *second = NULL;
  scull_base_memory_fail_at(3);
  first = scull_base_alloc(1);
  second = scull_base_alloc_raw(1);
  assert_non_null(first);
  assert_non_null(second);
  assert_null(scull_base_alloc(1));
  assert_null(scull_base_alloc(1));
  scull_base_memory_fail_at(0);
  scull_base_free(second);
  second = scull_base_alloc(1);
  assert_non_null(second);
  scull_base_free(first);
  scull_base_free(second);
}

static void arena_blocks_live_until_the_end(void **state) {
  (void)state;
  scull_arena_t arena;
  uint64_t live = scull_base_memory_stats().live_blocks;
  char *blocks[3000];
  scull_base_arena_init(&arena);
  assert_int_equal(scull_base_memory_stats().live_blocks, live);
  for (size_t i = 0; i < 3000; i++) { /* many chunks, some blocks larger than one */
    size_t size = i % 500 == 7 ? 100000 : i % 97;
    blocks[i] = scull_base_arena_alloc(&arena, size);
    assert_non_null(blocks[i]);
    assert_true(is_aligned(blocks[i], size >= 4096 ? SCULL_MEMORY_ALIGN : 16));
    assert_true(is_zero(blocks[i], size));
    memset(blocks[i], (int)(i % 251) + 1, size);
  }
  for (size_t i = 0; i < 3000; i++) {
    size_t size = i % 500 == 7 ? 100000 : i % 97;
    for (size_t k = 0; k < size; k++)
      assert_int_equal((unsigned char)blocks[i][k], i % 251 + 1);
  }
  assert_true(arena.bytes >= 6 * 100000);
  scull_base_arena_deinit(&arena);
  assert_int_equal(scull_base_memory_stats().live_blocks, live);
  assert_int_equal(arena.bytes, 0);
}

static void arena_strings(void **state) {
  (void)state;
  scull_arena_t arena;
  scull_base_arena_init(&arena);
  assert_string_equal(scull_base_arena_string(&arena, "hello", 3), "hel");
  assert_string_equal(scull_base_arena_string(&arena, NULL, 0), "");
  assert_string_equal(scull_base_arena_format(&arena, "%s-%d", "a", 7), "a-7");
  assert_memory_equal(scull_base_arena_copy(&arena, "xyz", 3), "xyz", 3);
  assert_non_null(scull_base_arena_copy(&arena, NULL, 0));
  scull_base_memory_fail_at(1);
  assert_null(scull_base_arena_format(&arena, "%70000d", 1)); /* larger than a chunk */
  scull_base_memory_fail_at(0);
  scull_base_arena_deinit(&arena);
}

static void vectors_grow(void **state) {
  (void)state;
  SCULL_VEC(double) v = {0};
  for (int i = 0; i < 1000; i++)
    assert_true(SCULL_VEC_PUSH(&v, i * 0.5));
  assert_int_equal(v.size, 1000);
  for (int i = 0; i < 1000; i++)
    assert_true(v.data[i] == i * 0.5);
  while (v.size < v.room)
    assert_true(SCULL_VEC_PUSH(&v, 1));
  const double *before = v.data;
  size_t size = v.size;
  scull_base_memory_fail_at(1);
  assert_false(SCULL_VEC_PUSH(&v, 2));
  scull_base_memory_fail_at(0);
  assert_ptr_equal(v.data, before);
  assert_int_equal(v.size, size);
  assert_false(SCULL_VEC_RESERVE(&v, SIZE_MAX / 4));
  SCULL_VEC_DEINIT(&v);
  assert_null(v.data);
}

static void checked_arithmetic(void **state) {
  (void)state;
  size_t s = 7;
  int64_t i = 7;
  assert_true(scull_base_size_add(SIZE_MAX - 1, 1, &s) && s == SIZE_MAX);
  assert_false(scull_base_size_add(SIZE_MAX, 1, &s));
  assert_true(s == SIZE_MAX);
  assert_true(scull_base_size_mul(SIZE_MAX / 2, 2, &s) && s == SIZE_MAX - 1);
  assert_false(scull_base_size_mul(SIZE_MAX / 2 + 1, 2, &s));
  assert_true(scull_base_i64_add(INT64_MAX, INT64_MIN, &i) && i == -1);
  assert_false(scull_base_i64_add(INT64_MIN, -1, &i));
  assert_false(scull_base_i64_mul(INT64_MIN, -1, &i));
  assert_int_equal(i, -1);
  assert_true(scull_base_i64_mul(INT64_MAX, -1, &i) && i == -INT64_MAX);
  assert_int_equal(scull_base_align_up(0, 64), 0);
  assert_int_equal(scull_base_align_up(1, 64), 64);
  assert_int_equal(scull_base_align_up(64, 64), 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_aligned_zeroed_and_counted),
      cmocka_unit_test(impossible_sizes_are_refused),
      cmocka_unit_test(growing_keeps_the_used_part),
      cmocka_unit_test(nth_allocation_and_all_after_fail),
      cmocka_unit_test(arena_blocks_live_until_the_end),
      cmocka_unit_test(arena_strings),
      cmocka_unit_test(vectors_grow),
      cmocka_unit_test(checked_arithmetic),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
