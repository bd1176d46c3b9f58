/* Protobuf's text format: what it may look like, and that faults are told with their line. */
#include "import/prototext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
  scull_arena_t arena;
  scull_diag_t diag;
  scull_prototext_t root;
} world_t;

static scull_status_t read(world_t *w, const char *text, size_t size) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  return scull_import_prototext_read((scull_bytes_t){(const uint8_t *)text, size}, "net", &w->arena,
                                     &w->diag, &w->root);
}

static void end(world_t *w) {
  scull_base_arena_deinit(&w->arena);
  scull_base_diag_deinit(&w->diag);
}

static void test_forms(void **state) {
  (void)state;
  static const char text[] = "# begin\n"
                             "a: 1, b: -2.5f; c: true [ext.name]: 7 d: 'x\\n\\x41\\101' \"y#z\"\n"
                             "e { f: [1, 2, 0x10] } e: < g: G_1 > h: [] a: 3 # end";
  world_t w;
  int64_t whole = 0;
  double real = 0;
  bool truth = false;
  assert_int_equal(read(&w, text, sizeof text - 1), SCULL_OK);
  const scull_prototext_t *m = &w.root;
  assert_true(scull_import_prototext_int(scull_import_prototext_find(m, "a"), &whole));
  assert_int_equal(whole, 3); /* the last counts */
  assert_int_equal(scull_import_prototext_count(m, "a"), 2);
  assert_int_equal(scull_import_prototext_count(m, "h"), 0);
  assert_true(scull_import_prototext_float(scull_import_prototext_find(m, "b"), &real));
  assert_float_equal(real, -2.5, 0);
  assert_true(scull_import_prototext_bool(scull_import_prototext_find(m, "c"), &truth) && truth);
  assert_string_equal(scull_import_prototext_find(m, "d")->text, "x\nAAy#z");
  assert_int_equal(scull_import_prototext_find(m, "ext.name")->line, 2);
  assert_string_equal(
      scull_import_prototext_find(scull_import_prototext_message(m, "e"), "g")->text, "G_1");
  const scull_prototext_field_t *e = scull_import_prototext_each(m->first, "e");
  assert_true(scull_import_prototext_int(scull_import_prototext_find(e->message, "f"), &whole));
  assert_int_equal(whole, 16);
  end(&w);
}

/* What is no number leaves the caller's value alone. */
static void test_scalars(void **state) {
  (void)state;
  static const char text[] = "a: MAX b: 1.5 c: 99999999999999999999 d { } e: 2";
  world_t w;
  int64_t whole = 42;
  double real = 42;
  bool truth = true;
  assert_int_equal(read(&w, text, sizeof text - 1), SCULL_OK);
  for (const char *name = "abcdx"; *name != '\0'; name++) {
    char one[2] = {*name, '\0'};
    const scull_prototext_field_t *field = scull_import_prototext_find(&w.root, one);
    assert_false(scull_import_prototext_int(field, &whole));
    assert_false(scull_import_prototext_bool(field, &truth));
  }
  assert_false(scull_import_prototext_float(scull_import_prototext_find(&w.root, "a"), &real));
  assert_int_equal(whole, 42);
  assert_float_equal(real, 42, 0);
  assert_true(truth);
  assert_null(scull_import_prototext_find(NULL, "a"));
  assert_null(scull_import_prototext_message(&w.root, "a"));
  end(&w);
}

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } faults[] = {
      {"a", "line 1: ':' or '{' is wanted after a name"},
      {"a:", "line 1: a name or a value is wanted here"},
      {"\n\n}", "line 3: a name or a value is wanted here"},
      {"a {\n b: 1", "line 2: the file ends inside a message"},
      {"a { b: 1 >", "line 1: a name or a value is wanted here"},
      {"a: [1, 2", "line 1: a list without an end"},
      {"[a: 1", "line 1: an extension's name without an end"},
      {"a: 'b\n'", "line 1: a string without an end"},
      {"a: 'b\\0'", "line 1: a string holds a zero byte"},
      {"a: 'b\\", "line 1: a string without an end"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    world_t w;
    assert_int_equal(read(&w, faults[i].text, strlen(faults[i].text)), SCULL_CORRUPT);
    assert_non_null(strstr(scull_base_diag_first_error(&w.diag), faults[i].words));
    end(&w);
  }
  world_t w;
  assert_int_equal(read(&w, "a: 1 \0 b: 2", 11), SCULL_CORRUPT); /* a zero byte is no end */
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_scalars),
                                     cmocka_unit_test(test_faults)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
