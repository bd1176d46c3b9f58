/* The name map and the hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"

enum { NAMES = 5000 };

static void names_are_found(void **state) {
  (void)state;
  static char names[NAMES][16];
  scull_map_t map = {0};
  size_t value = 77;
  assert_false(scull_base_map_find(&map, "x", 1, &value));
  for (size_t i = 0; i < NAMES; i++) {
    snprintf(names[i], sizeof names[i], "name_%zu", i);
    assert_true(scull_base_map_set(&map, names[i], strlen(names[i]), i));
  }
  assert_int_equal(map.used, NAMES);
  assert_true(map.used * 2 <= map.room);
  for (size_t i = 0; i < NAMES; i++) {
    assert_true(scull_base_map_find(&map, names[i], strlen(names[i]), &value));
    assert_int_equal(value, i);
  }
  value = 77;
  assert_false(scull_base_map_find(&map, "name_5000", 9, &value));
  assert_int_equal(value, 77);
  scull_base_map_deinit(&map);
  assert_int_equal(map.room, 0);
}

static void setting_again_replaces(void **state) {
  (void)state;
  scull_map_t map = {0};
  size_t value = 0;
  assert_true(scull_base_map_set(&map, "abc", 3, 1));
  assert_true(scull_base_map_set(&map, "abc", 3, 2));
  assert_true(scull_base_map_set(&map, "abc", 2, 3)); /* "ab": lengths count, not NULs */
  assert_int_equal(map.used, 2);
  assert_true(scull_base_map_find(&map, "abcd", 3, &value));
  assert_int_equal(value, 2);
  assert_true(scull_base_map_find(&map, "ab", 2, &value));
  assert_int_equal(value, 3);
  assert_true(scull_base_map_set(&map, "", 0, 4));
  assert_true(scull_base_map_find(&map, "", 0, &value));
  assert_int_equal(value, 4);
  scull_base_map_deinit(&map);
}

static void short_memory_leaves_the_map(void **state) {
  (void)state;
  static char names[64][8];
  scull_map_t map = {0};
  size_t value = 0, set = 0;
  scull_base_memory_fail_at(1);
  assert_false(scull_base_map_set(&map, "x", 1, 1));
  scull_base_memory_fail_at(2); /* the first table can be had, its successor cannot */
  for (; set < 64; set++) {
    snprintf(names[set], sizeof names[set], "%zu", set);
    if (!scull_base_map_set(&map, names[set], strlen(names[set]), set))
      break;
  }
  scull_base_memory_fail_at(0);
  assert_in_range(set, 8, 63);
  for (size_t i = 0; i < set; i++) {
    assert_true(scull_base_map_find(&map, names[i], strlen(names[i]), &value));
    assert_int_equal(value, i);
  }
  assert_false(scull_base_map_find(&map, names[set], strlen(names[set]), &value));
  scull_base_map_deinit(&map);
}

/* Values of XXH3 as published with xxHash 0.8: they must never change, plans and caches hold them.
 */
static void hashes_are_stable(void **state) {
  (void)state;
  assert_true(scull_base_hash64("", 0, 0) == 0x2d06800538d394c2u);
  assert_true(scull_base_hash64(NULL, 0, 0) == 0x2d06800538d394c2u);
  scull_hash128_t empty = scull_base_hash128(NULL, 0, 0);
  assert_true(empty.high == 0x99aa06d3014798d8u && empty.low == 0x6001c324468d497fu);
  assert_true(scull_base_hash64("abc", 3, 0) == 0x78af5f94892f3950u);
  assert_true(scull_base_hash64("abc", 3, 1) != scull_base_hash64("abc", 3, 0));
  assert_true(scull_base_hash64("abd", 3, 0) != scull_base_hash64("abc", 3, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_found),
      cmocka_unit_test(setting_again_replaces),
      cmocka_unit_test(short_memory_leaves_the_map),
      cmocka_unit_test(hashes_are_stable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
