/* Sequences: order, storage that only grows, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/sequence.h"

static scull_status_t put(scull_sequence_t *sequence, size_t at, float value, int64_t count) {
  float data[8];
  for (int64_t i = 0; i < count; i++)
    data[i] = value;
  const scull_tensor_t tensor = {{SCULL_DTYPE_F32, {.rank = 1, .dim = {count}}}, data};
  return scull_tensor_sequence_insert(sequence, at, &tensor);
}

static float first_of(const scull_sequence_t *sequence, size_t at) {
  return *(const float *)sequence->items[at].data;
}

static void keeps_order(void **state) {
  (void)state;
  scull_sequence_t *s = scull_tensor_sequence_create(NULL);
  size_t at = 0;
  for (int i = 0; i < 20; i++)
    assert_int_equal(put(s, 0, (float)i, 1 + i % 3), SCULL_OK);
  assert_float_equal(first_of(s, 0), 19, 0);
  assert_float_equal(first_of(s, 19), 0, 0);
  assert_true(scull_tensor_sequence_index(s, -1, s->count, &at));
  assert_int_equal(at, 19);
  assert_false(scull_tensor_sequence_index(s, 20, s->count, &at));
  assert_false(scull_tensor_sequence_index(s, -21, s->count, &at));
  scull_tensor_sequence_erase(s, 3);
  assert_float_equal(first_of(s, 3), 15, 0);
  assert_int_equal(put(s, 3, 100, 2), SCULL_OK);
  assert_float_equal(first_of(s, 3), 100, 0);
  assert_float_equal(first_of(s, 4), 15, 0);
  scull_tensor_sequence_destroy(s);
}

static void filled_again_it_asks_for_nothing(void **state) {
  (void)state;
  scull_sequence_t *s = scull_tensor_sequence_create(NULL), *t = scull_tensor_sequence_create(NULL);
  uint64_t before = 0;
  for (int round = 0; round < 3; round++) {
    if (round == 1)
      before = scull_base_memory_stats().allocations;
    scull_tensor_sequence_clear(s);
    for (size_t i = 0; i < 10; i++)
      assert_int_equal(put(s, i, (float)i, 4), SCULL_OK);
    assert_int_equal(scull_tensor_sequence_copy(t, s), SCULL_OK);
  }
  assert_int_equal(scull_base_memory_stats().allocations, before);
  assert_float_equal(first_of(t, 9), 9, 0);
  scull_tensor_sequence_destroy(s);
  scull_tensor_sequence_destroy(t);
}

static void stops_at_its_limit(void **state) {
  (void)state;
  size_t left = 2000, puts = 0;
  scull_sequence_t *s = scull_tensor_sequence_create(&left);
  while (put(s, 0, 1, 8) == SCULL_OK)
    puts++;
  assert_in_range(puts, 8, 62);
  assert_int_equal(s->count, puts);
  scull_tensor_sequence_destroy(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_order),
      cmocka_unit_test(filled_again_it_asks_for_nothing),
      cmocka_unit_test(stops_at_its_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
