/* The wire reader on hand-made bytes, good and bad. */
#include "import/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/proto.h"

typedef struct {
  scull_text_t text;
  scull_diag_t diag;
  scull_arena_t arena;
} world_t;

static world_t begin(void) {
  world_t w = {0};
  scull_base_diag_init(&w.diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  return w;
}

static void end(world_t *w) {
  scull_base_text_deinit(&w->text);
  scull_base_diag_deinit(&w->diag);
  scull_base_arena_deinit(&w->arena);
}

static void test_fields_come_in_order(void **state) {
  (void)state;
  world_t w = begin();
  scull_wire_field_t f;
  proto_int(&w.text, 1, -5);
  proto_float(&w.text, 2, 0.5f);
  proto_double(&w.text, 3, -0.25);
  proto_text(&w.text, 536870911, "abc"); /* the largest field number */
  scull_wire_t wire = scull_import_wire_open(proto_get(&w.text), "f", &w.diag);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(f.number, 1);
  assert_int_equal(scull_import_wire_int(&f), -5);
  assert_int_equal(scull_import_wire_int32(&f), -5);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_true(scull_import_wire_float(&f) == 0.5);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_true(scull_import_wire_float(&f) == -0.25);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(f.number, 536870911);
  assert_int_equal(f.bytes.size, 3);
  assert_ptr_equal(f.bytes.data, wire.end - 3); /* nothing was copied */
  assert_false(scull_import_wire_next(&wire, &f));
  assert_int_equal(wire.status, SCULL_OK);
  end(&w);
}

static void test_lists_packed_and_not(void **state) {
  (void)state;
  world_t w = begin();
  scull_text_t packed = {0};
  scull_ints_t ints;
  scull_floats_t floats;
  const float pair[] = {1.5f, -2.0f};
  proto_int(&w.text, 6, 3);
  proto_varint(&packed, 4);
  proto_varint(&packed, (uint64_t)-1);
  proto_message(&w.text, 6, &packed);
  proto_int(&w.text, 6, INT64_MAX);
  proto_bytes(&w.text, 7, pair, sizeof pair);
  proto_float(&w.text, 7, 8.0f);
  scull_wire_t wire = scull_import_wire_open(proto_get(&w.text), "f", &w.diag);
  assert_int_equal(scull_import_wire_ints(&wire, 6, false, &w.arena, &ints), SCULL_OK);
  assert_int_equal(ints.size, 4);
  assert_int_equal(ints.data[0], 3);
  assert_int_equal(ints.data[1], 4);
  assert_int_equal(ints.data[2], -1);
  assert_true(ints.data[3] == INT64_MAX);
  assert_int_equal(scull_import_wire_ints(&wire, 6, true, &w.arena, &ints), SCULL_OK);
  assert_int_equal(ints.data[3], -1); /* as an int32 */
  assert_int_equal(scull_import_wire_floats(&wire, 7, false, &w.arena, &floats), SCULL_OK);
  assert_int_equal(floats.size, 3);
  assert_true(floats.data[1] == -2.0 && floats.data[2] == 8.0);
  assert_int_equal(scull_import_wire_count(&wire, 6), 3);
  assert_int_equal(scull_import_wire_ints(&wire, 9, false, &w.arena, &ints), SCULL_OK);
  assert_int_equal(ints.size, 0);
  assert_int_equal(scull_import_wire_ints(&wire, 7, false, &w.arena, &ints), SCULL_CORRUPT);
  end(&w);
}

static void test_groups_are_skipped(void **state) {
  (void)state;
  world_t w = begin();
  scull_wire_field_t f;
  proto_tag(&w.text, 4, 3); /* a group with a group and a field inside */
  proto_tag(&w.text, 5, 3);
  proto_int(&w.text, 1, 7);
  proto_tag(&w.text, 5, 4);
  proto_tag(&w.text, 4, 4);
  proto_int(&w.text, 2, 9);
  scull_wire_t wire = scull_import_wire_open(proto_get(&w.text), "f", &w.diag);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(f.number, 2);
  assert_false(scull_import_wire_next(&wire, &f));
  assert_int_equal(wire.status, SCULL_OK);
  end(&w);
}

/* Walks everything; the first error must hold `words`. */
static void expect_fault(const void *bytes, size_t size, const char *words) {
  scull_diag_t diag;
  scull_wire_field_t f;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_wire_t wire = scull_import_wire_open((scull_bytes_t){bytes, size}, "some.file", &diag);
  while (scull_import_wire_next(&wire, &f)) {
  }
  assert_int_equal(wire.status, SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&diag), words));
  assert_non_null(strstr(scull_base_diag_first_error(&diag), "some.file: offset "));
  scull_base_diag_deinit(&diag);
}

static void test_faults_are_told(void **state) {
  (void)state;
  expect_fault("\x08", 1, "ends inside a number");
  expect_fault("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "more than ten bytes");
  expect_fault("\x0d\x01\x02", 3, "offset 1: the file or message ends inside a number");
  expect_fault("\x0a\x05"
               "ab",
               4, "offset 2: a field is longer");
  expect_fault("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "a field is longer");
  expect_fault("\x02\x00", 2, "not a field number");
  expect_fault("\x0e\x00", 2, "unknown wire type");
  expect_fault("\x0b\x08\x01", 3, "ends inside a number"); /* a group without an end */
  expect_fault("\x0c", 1, "unknown wire type");            /* an end without a group */
}

static void test_depth_is_limited(void **state) {
  (void)state;
  world_t w = begin();
  scull_text_t inner = {0};
  for (int i = 0; i < SCULL_WIRE_MAX_DEPTH + 1; i++) {
    proto_message(&w.text, 1, &inner);
    inner = w.text;
    w.text = (scull_text_t){0};
  }
  scull_wire_t wire = scull_import_wire_open(proto_get(&inner), "f", &w.diag), child;
  scull_wire_field_t f;
  int depth = 0;
  scull_status_t status = SCULL_OK;
  while (scull_import_wire_next(&wire, &f)) {
    status = scull_import_wire_enter(&wire, &f, &child);
    if (status != SCULL_OK)
      break;
    wire = child;
    depth++;
  }
  assert_int_equal(status, SCULL_CORRUPT);
  assert_int_equal(depth, SCULL_WIRE_MAX_DEPTH);
  scull_base_text_deinit(&inner);
  end(&w);
}

static void test_texts(void **state) {
  (void)state;
  world_t w = begin();
  scull_wire_field_t f;
  const char *text = NULL;
  proto_text(&w.text, 1, "name");
  proto_bytes(&w.text, 1, "a\0b", 3);
  proto_int(&w.text, 1, 3);
  scull_wire_t wire = scull_import_wire_open(proto_get(&w.text), "f", &w.diag);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(scull_import_wire_string(&wire, &f, &w.arena, &text), SCULL_OK);
  assert_string_equal(text, "name");
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(scull_import_wire_string(&wire, &f, &w.arena, &text), SCULL_CORRUPT);
  assert_true(scull_import_wire_next(&wire, &f));
  assert_int_equal(scull_import_wire_string(&wire, &f, &w.arena, &text), SCULL_CORRUPT);
  wire = scull_import_wire_open((scull_bytes_t){0}, "f", &w.diag);
  assert_false(scull_import_wire_next(&wire, &f)); /* an empty file is an empty message */
  assert_int_equal(wire.status, SCULL_OK);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fields_come_in_order), cmocka_unit_test(test_lists_packed_and_not),
      cmocka_unit_test(test_groups_are_skipped),   cmocka_unit_test(test_faults_are_told),
      cmocka_unit_test(test_depth_is_limited),     cmocka_unit_test(test_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
