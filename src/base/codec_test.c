/* Records: round trips, every truncation, counts and words that lie, memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"

typedef struct {
  uint8_t small;
  uint16_t middle;
  uint32_t large;
  uint64_t huge;
  int32_t below;
  int64_t far_below;
  double real;
  bool yes, no;
  const char *word, *empty;
  scull_bytes_t blob;
  uint32_t *items;
  size_t item_count;
} sample_t;

static void describe(scull_codec_t *codec, sample_t *s) {
  scull_base_codec_u8(codec, &s->small);
  scull_base_codec_u16(codec, &s->middle);
  scull_base_codec_u32(codec, &s->large);
  scull_base_codec_u64(codec, &s->huge);
  scull_base_codec_i32(codec, &s->below);
  scull_base_codec_i64(codec, &s->far_below);
  scull_base_codec_f64(codec, &s->real);
  scull_base_codec_bool(codec, &s->yes);
  scull_base_codec_bool(codec, &s->no);
  scull_base_codec_string(codec, &s->word);
  scull_base_codec_string(codec, &s->empty);
  scull_base_codec_bytes(codec, &s->blob);
  void *items = s->items;
  scull_base_codec_array(codec, &items, &s->item_count, 4, sizeof *s->items);
  s->items = items;
  for (size_t i = 0; i < s->item_count && !codec->failed; i++)
    scull_base_codec_u32(codec, &s->items[i]);
}

static uint32_t three[] = {7, 8, 9};
static const sample_t sample = {.small = 200,
                                .middle = 60000,
                                .large = 4000000000u,
                                .huge = UINT64_MAX - 1,
                                .below = INT32_MIN,
                                .far_below = INT64_MIN,
                                .real = -0.1,
                                .yes = true,
                                .word = "w\xc3\xb6rt",
                                .empty = "",
                                .blob = {(const uint8_t *)"a\0b", 3},
                                .items = three,
                                .item_count = 3};

static void write_sample(scull_codec_t *codec) {
  sample_t copy = sample;
  scull_base_codec_write(codec);
  describe(codec, &copy);
  assert_false(codec->failed);
}

static scull_bytes_t written(const scull_codec_t *codec) {
  return (scull_bytes_t){(const uint8_t *)codec->out.data, codec->out.size};
}

static void round_trip(void **state) {
  (void)state;
  scull_codec_t out, in;
  scull_arena_t arena = {0};
  sample_t got = {0};
  write_sample(&out);
  scull_base_codec_read(&in, written(&out), &arena);
  describe(&in, &got);
  assert_false(in.failed);
  assert_int_equal(in.at, out.out.size);
  assert_int_equal(got.small, sample.small);
  assert_int_equal(got.middle, sample.middle);
  assert_int_equal(got.large, sample.large);
  assert_true(got.huge == sample.huge && got.far_below == sample.far_below);
  assert_int_equal(got.below, sample.below);
  assert_true(got.real == sample.real && got.yes && !got.no);
  assert_string_equal(got.word, sample.word);
  assert_string_equal(got.empty, "");
  assert_int_equal(got.blob.size, 3);
  assert_memory_equal(got.blob.data, "a\0b", 3);
  assert_int_equal(got.item_count, 3);
  assert_memory_equal(got.items, three, sizeof three);
  scull_base_arena_deinit(&arena);
  scull_base_codec_deinit(&out);
}

static void every_truncation_fails(void **state) {
  (void)state;
  scull_codec_t out, in;
  write_sample(&out);
  for (size_t size = 0; size < out.out.size; size++) {
    scull_arena_t arena = {0};
    sample_t got = {0};
    uint8_t *exact = malloc(size == 0 ? 1 : size); /* a sanitizer sees what lies beyond */
    assert_non_null(exact);
    memcpy(exact, out.out.data, size);
    scull_base_codec_read(&in, (scull_bytes_t){exact, size}, &arena);
    describe(&in, &got);
    assert_true(in.failed);
    assert_true(in.fault != NULL && in.fault[0] != '\0');
    assert_true(in.at <= size);
    free(exact);
    scull_base_arena_deinit(&arena);
  }
  scull_base_codec_deinit(&out);
}

static void strings_are_never_null(void **state) {
  (void)state;
  scull_codec_t in;
  scull_arena_t arena = {0};
  const char *word = NULL;
  scull_base_codec_read(&in, (scull_bytes_t){NULL, 0}, &arena);
  scull_base_codec_string(&in, &word);
  assert_true(in.failed);
  assert_string_equal(word, "");
  scull_base_arena_deinit(&arena);
}

static void lying_counts_take_no_memory(void **state) {
  (void)state;
  static const uint64_t lies[] = {1, 2, 1u << 20, UINT64_MAX / 8, UINT64_MAX};
  for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
    scull_codec_t in;
    scull_arena_t arena = {0};
    void *items = NULL;
    size_t count = 99;
    scull_base_codec_read(&in, (scull_bytes_t){(const uint8_t *)&lies[i], 8}, &arena);
    scull_base_codec_array(&in, &items, &count, 1, 1000);
    assert_true(in.failed);
    assert_null(items);
    assert_int_equal(count, 0);
    assert_int_equal(arena.bytes, 0);
    scull_base_arena_deinit(&arena);
  }
}

static void truth_is_0_or_1(void **state) {
  (void)state;
  for (int byte = 0; byte < 256; byte++) {
    scull_codec_t in;
    const uint8_t data = (uint8_t)byte;
    bool value = false;
    scull_base_codec_read(&in, (scull_bytes_t){&data, 1}, NULL);
    scull_base_codec_bool(&in, &value);
    assert_int_equal(in.failed, byte > 1);
    assert_int_equal(value, byte == 1);
  }
}

static void the_first_fault_stays(void **state) {
  (void)state;
  scull_codec_t in;
  uint32_t value = 5;
  scull_base_codec_read(&in, (scull_bytes_t){(const uint8_t *)"abcd", 4}, NULL);
  scull_base_codec_fail(&in, "first");
  scull_base_codec_fail(&in, "second");
  scull_base_codec_u32(&in, &value);
  assert_string_equal(in.fault, "first");
  assert_int_equal(value, 0);
  assert_int_equal(in.at, 0);
}

/* Also when the last thing written is a run of bytes, which nothing follows. */
static void short_memory_is_said(void **state) {
  (void)state;
  scull_codec_t out;
  static const uint8_t large[100000];
  scull_bytes_t blob = {large, sizeof large};
  scull_base_codec_write(&out);
  scull_base_memory_fail_at(2);
  scull_base_codec_bytes(&out, &blob);
  scull_base_memory_fail_at(0);
  assert_true(out.failed);
  assert_string_equal(out.fault, "out of memory");
  scull_base_codec_deinit(&out);

  scull_codec_t in;
  scull_arena_t arena = {0};
  sample_t got = {0};
  write_sample(&out);
  scull_base_codec_read(&in, written(&out), &arena);
  scull_base_memory_fail_at(1);
  describe(&in, &got);
  scull_base_memory_fail_at(0);
  assert_true(in.failed);
  assert_string_equal(in.fault, "out of memory");
  scull_base_codec_deinit(&out);
  scull_base_arena_deinit(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),
      cmocka_unit_test(every_truncation_fails),
      cmocka_unit_test(strings_are_never_null),
      cmocka_unit_test(lying_counts_take_no_memory),
      cmocka_unit_test(truth_is_0_or_1),
      cmocka_unit_test(the_first_fault_stays),
      cmocka_unit_test(short_memory_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
