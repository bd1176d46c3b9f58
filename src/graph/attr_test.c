/* Attributes (ops/attr.h): every kind through set, print, copy and equal. They stand here because
 * the test files of ops/ are tables of operator cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/opdef.h"

typedef struct {
  int64_t count;
  double factor, tiny;
  bool flag;
  int32_t mode;
  scull_dtype_t to;
  const char *label;
  scull_ints_t axes, ones;
  scull_floats_t scales;
} sample_t;

static const char *const modes[] = {"near", "far", NULL};

static const scull_attr_field_t fields[] = {
    SCULL_FIELD(sample_t, INT, count, "3"),         SCULL_FIELD(sample_t, FLOAT, factor, "0.5"),
    SCULL_FIELD(sample_t, FLOAT, tiny, "1e-5"),     SCULL_FIELD(sample_t, BOOL, flag, "true"),
    SCULL_FIELD_ENUM(sample_t, mode, "far", modes), SCULL_FIELD(sample_t, DTYPE, to, "f32"),
    SCULL_FIELD(sample_t, STRING, label, ""),       SCULL_FIELD(sample_t, INTS, axes, ""),
    SCULL_FIELD(sample_t, INTS, ones, "1,1"),       SCULL_FIELD(sample_t, FLOATS, scales, ""),
};

static const scull_attr_schema_t schema = SCULL_SCHEMA(sample_t, fields);

static scull_arena_t arena;

static int begin(void **state) {
  (void)state;
  scull_base_arena_init(&arena);
  return 0;
}

static int end(void **state) {
  (void)state;
  scull_base_arena_deinit(&arena);
  return 0;
}

static void expect_printed(const sample_t *attrs, bool all, const char *want) {
  scull_text_t text = {0};
  scull_ops_attrs_print(&schema, attrs, all, &text);
  assert_string_equal(scull_base_text_get(&text), want);
  scull_base_text_deinit(&text);
}

static void set(sample_t *attrs, const char *name, const char *value) {
  assert_int_equal(scull_ops_attrs_set(&schema, attrs, name, value, &arena, NULL), SCULL_OK);
}

static void defaults(void **state) {
  (void)state;
  const sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
  assert_int_equal(attrs->count, 3);
  assert_true(attrs->factor == 0.5 && attrs->tiny == 1e-5 && attrs->flag);
  assert_int_equal(attrs->mode, 1);
  assert_int_equal(attrs->to, SCULL_DTYPE_F32);
  assert_string_equal(attrs->label, "");
  assert_int_equal(attrs->axes.size, 0);
  assert_int_equal(attrs->ones.size, 2);
  expect_printed(attrs, false, "");
  expect_printed(
      attrs, true,
      "count=3 factor=0.5 tiny=1e-05 flag=true mode=far to=f32 label=\"\" axes= ones=1,1 "
      "scales=");
}

static void every_kind_is_set_and_printed(void **state) {
  (void)state;
  sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
  set(attrs, "count", "-9223372036854775808");
  set(attrs, "factor", "inf");
  set(attrs, "tiny", "0.1");
  set(attrs, "flag", "false");
  set(attrs, "mode", "near");
  set(attrs, "to", "none");
  set(attrs, "label", "two \"words\"");
  set(attrs, "axes", "-1,0,7");
  set(attrs, "ones", "");
  set(attrs, "scales", "0.25,1e300");
  expect_printed(attrs, false,
                 "count=-9223372036854775808 factor=inf tiny=0.1 flag=false mode=near to=none "
                 "label=\"two \\\"words\\\"\" axes=-1,0,7 ones= scales=0.25,1e+300");
  set(attrs, "label", "one-word/x.y_z");
  set(attrs, "count", "3");
  set(attrs, "factor", "5e-1");
  set(attrs, "tiny", "0.00001");
  expect_printed(attrs, false,
                 "flag=false mode=near to=none label=one-word/x.y_z axes=-1,0,7 "
                 "ones= scales=0.25,1e+300");
}

static void wrong_values_are_refused(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"count", ""},     {"count", "1x"},  {"count", "1.5"},  {"count", "9223372036854775808"},
      {"factor", ""},    {"factor", "a"},  {"factor", "1 2"}, {"flag", "yes"},
      {"flag", ""},      {"mode", "Near"}, {"mode", ""},      {"to", "f33"},
      {"axes", "1,"},    {"axes", ",1"},   {"axes", "1,,2"},  {"axes", "1;2"},
      {"axes", "1,2.5"}, {"scales", "x"},  {"scales", "1,"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    scull_diag_t diag;
    sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
    scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    if (scull_ops_attrs_set(&schema, attrs, wrong[i][0], wrong[i][1], &arena, &diag) !=
        SCULL_INVALID_ARGUMENT)
      fail_msg("%s=%s was accepted", wrong[i][0], wrong[i][1]);
    assert_non_null(strstr(scull_base_diag_first_error(&diag), wrong[i][0]));
    expect_printed(attrs, false, ""); /* what was there stays */
    scull_base_diag_deinit(&diag);
  }
  sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
  assert_int_equal(scull_ops_attrs_set(&schema, attrs, "Count", "1", &arena, NULL),
                   SCULL_INVALID_ARGUMENT);
  assert_null(scull_ops_attr_find(&schema, "counts"));
  assert_ptr_equal(scull_ops_attr_find(&schema, "flag"), &fields[3]);
}

static void copies_are_deep_and_equal(void **state) {
  (void)state;
  int64_t axes[] = {1, 2};
  double scales[] = {0.5};
  char label[] = "abc";
  sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
  attrs->axes = (scull_ints_t){axes, 2};
  attrs->scales = (scull_floats_t){scales, 1};
  attrs->label = label;
  sample_t *copy = scull_ops_attrs_copy(&schema, attrs, &arena);
  assert_true(scull_ops_attrs_equal(&schema, attrs, copy));
  axes[1] = 9;
  scales[0] = 9;
  label[0] = 'x';
  assert_int_equal(copy->axes.data[1], 2);
  assert_true(copy->scales.data[0] == 0.5);
  assert_string_equal(copy->label, "abc");
  assert_false(scull_ops_attrs_equal(&schema, attrs, copy));
}

/* Each field alone makes a difference. */
static void every_field_counts(void **state) {
  (void)state;
  static const char *const changes[][2] = {
      {"count", "4"},   {"factor", "0.25"}, {"tiny", "1"},   {"flag", "false"},
      {"mode", "near"}, {"to", "f16"},      {"label", "x"},  {"axes", "0"},
      {"ones", "1,2"},  {"ones", "1"},      {"scales", "1"},
  };
  const sample_t *initial = scull_ops_attrs_create(&schema, &arena);
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    sample_t *attrs = scull_ops_attrs_create(&schema, &arena);
    assert_true(scull_ops_attrs_equal(&schema, initial, attrs));
    set(attrs, changes[i][0], changes[i][1]);
    assert_false(scull_ops_attrs_equal(&schema, initial, attrs));
  }
}

static void short_memory(void **state) {
  (void)state;
  const scull_attr_schema_t none = {0};
  scull_arena_t small;
  scull_base_arena_init(&small);
  scull_base_memory_fail_at(1);
  assert_null(scull_ops_attrs_create(&schema, &small));
  assert_null(scull_ops_attrs_create(&none, &small));
  scull_base_memory_fail_at(0);
  assert_non_null(scull_ops_attrs_create(&none, &small));
  scull_base_arena_deinit(&small);
}

/* A default that does not parse would make every node of the operator fail. */
static void every_operator_has_readable_defaults(void **state) {
  (void)state;
  for (size_t i = 0; i < scull_ops_count(); i++) {
    const scull_opdef_t *op = scull_ops_at(i);
    scull_text_t text = {0};
    const void *attrs = scull_ops_attrs_create(&op->attrs, &arena);
    if (attrs == NULL)
      fail_msg("%s: a default does not parse", op->name);
    scull_ops_attrs_print(&op->attrs, attrs, false, &text);
    if (text.size > 0)
      fail_msg("%s: a default prints as %s", op->name, text.data);
    assert_ptr_equal(scull_ops_find(op->name), op);
    for (size_t k = 0; k < op->attrs.count; k++)
      assert_ptr_equal(scull_ops_attr_find(&op->attrs, op->attrs.fields[k].name),
                       &op->attrs.fields[k]);
  }
  assert_null(scull_ops_at(scull_ops_count()));
  assert_null(scull_ops_find("no_such_operator"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(every_kind_is_set_and_printed),
      cmocka_unit_test(wrong_values_are_refused),
      cmocka_unit_test(copies_are_deep_and_equal),
      cmocka_unit_test(every_field_counts),
      cmocka_unit_test(short_memory),
      cmocka_unit_test(every_operator_has_readable_defaults),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
