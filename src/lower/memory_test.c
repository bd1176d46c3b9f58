/* Placement: spans that live together never overlap, nothing beats the bound, chains and networks
 * with branches come close to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lower/lower.h"

enum { MOST = 400 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t random_below(uint64_t n) {
  state_of_random ^= state_of_random << 13;
  state_of_random ^= state_of_random >> 7;
  state_of_random ^= state_of_random << 17;
  return state_of_random % n;
}

static void check(const scull_span_t *spans, size_t count, uint64_t total, uint64_t bound) {
  assert_true(bound <= total);
  for (size_t i = 0; i < count; i++) {
    const scull_span_t *a = &spans[i];
    assert_int_equal(a->offset % 64, 0);
    assert_true(a->offset + a->bytes <= total);
    for (size_t k = 0; k < i; k++) {
      const scull_span_t *b = &spans[k];
      bool together = a->first <= b->last && b->first <= a->last;
      bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
      assert_true(!together || apart);
    }
  }
}

static double ratio_of(scull_span_t *spans, size_t count) {
  uint64_t total = 0, bound = 0;
  assert_true(scull_lower_place(spans, count, &total, &bound));
  check(spans, count, total, bound);
  return bound == 0 ? 1 : (double)total / (double)bound;
}

static void random_spans(void **state) {
  (void)state;
  static scull_span_t spans[MOST];
  for (int round = 0; round < 200; round++) {
    size_t count = 1 + random_below(round < 150 ? 40 : MOST), steps = 1 + random_below(100);
    for (size_t i = 0; i < count; i++) {
      size_t first = random_below(steps);
      spans[i] = (scull_span_t){.bytes = 64 * random_below(1000),
                                .first = first,
                                .last = first + random_below(steps - first)};
    }
    assert_true(ratio_of(spans, count) < 1.6);
  }
}

static void nothing_and_one(void **state) {
  (void)state;
  uint64_t total = 7, bound = 7;
  assert_true(scull_lower_place(NULL, 0, &total, &bound));
  assert_int_equal(bound, 0);
  scull_span_t one = {.bytes = 640, .first = 3, .last = 3, .offset = 99};
  assert_true(scull_lower_place(&one, 1, &total, &bound));
  assert_int_equal(one.offset, 0);
  assert_int_equal(total, 640);
  assert_int_equal(bound, 640);
}

/* A chain: each result lives until the next step has read it. */
static void a_chain_reaches_the_bound(void **state) {
  (void)state;
  static scull_span_t spans[100];
  for (size_t i = 0; i < 100; i++)
    spans[i] = (scull_span_t){.bytes = 64 * (1 + (i * 37) % 50), .first = i, .last = i + 1};
  assert_true(ratio_of(spans, 100) <= 1.15);
}

/* Residual blocks as in ResNet50: three convolutions, a shortcut, sizes that halve. */
static void residual_blocks_are_near_the_bound(void **state) {
  (void)state;
  static scull_span_t spans[MOST];
  size_t count = 0, step = 0;
  uint64_t size = 802816;
  for (int stage = 0; stage < 4; stage++, size /= 2) {
    for (int block = 0; block < 4; block++) {
      spans[count++] = (scull_span_t){.bytes = size, .first = step, .last = step + 1};
      spans[count++] = (scull_span_t){.bytes = size, .first = step + 1, .last = step + 2};
      spans[count++] = (scull_span_t){.bytes = size * 4, .first = step + 2, .last = step + 5};
      step += 3;
    }
  }
  assert_true(ratio_of(spans, count) <= 1.15);
}

/* Inception blocks: four branches side by side into one wide result. */
static void branches_are_near_the_bound(void **state) {
  (void)state;
  static scull_span_t spans[MOST];
  size_t count = 0, step = 1;
  uint64_t wide = 64 * 4000;
  spans[count++] = (scull_span_t){.bytes = wide, .first = 0, .last = 8};
  for (int block = 0; block < 9; block++) {
    uint64_t width = wide / (1 + (uint64_t)block % 3);
    for (size_t branch = 0; branch < 4; branch++) {
      spans[count++] = (scull_span_t){
          .bytes = 64 * (width / 512), .first = step + 2 * branch, .last = step + 2 * branch + 1};
    }
    spans[count++] = (scull_span_t){.bytes = 64 * (width / 64), .first = step, .last = step + 16};
    step += 8;
  }
  assert_true(ratio_of(spans, count) <= 1.15);
}

static void short_memory(void **state) {
  (void)state;
  scull_span_t spans[2] = {{.bytes = 64}, {.bytes = 64}};
  uint64_t total = 0, bound = 0;
  scull_base_memory_fail_at(1);
  assert_false(scull_lower_place(spans, 2, &total, &bound));
  scull_base_memory_fail_at(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_spans),
      cmocka_unit_test(nothing_and_one),
      cmocka_unit_test(a_chain_reaches_the_bound),
      cmocka_unit_test(residual_blocks_are_near_the_bound),
      cmocka_unit_test(branches_are_near_the_bound),
      cmocka_unit_test(short_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
