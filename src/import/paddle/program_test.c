/* ProgramDesc into plain structs, on hand-made programs. */
#include "import/paddle/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/paddle_writer.h"

typedef struct {
  scull_text_t bytes;
  scull_diag_t diag;
  scull_paddle_program_t program;
} world_t;

static world_t begin(void) {
  world_t w = {0};
  scull_base_diag_init(&w.diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  return w;
}

static void end(world_t *w) {
  scull_paddle_program_deinit(&w->program);
  scull_base_text_deinit(&w->bytes);
  scull_base_diag_deinit(&w->diag);
}

static scull_status_t read(world_t *w) {
  return scull_paddle_program_read(proto_get(&w->bytes), "net.pdmodel", &w->diag, &w->program);
}

static void test_small_program(void **state) {
  (void)state;
  world_t w = begin();
  scull_text_t params = {0};
  uint32_t *order = NULL;
  size_t count = 0;
  paddle_writer_small(&w.bytes, &params);
  assert_int_equal(read(&w), SCULL_OK);
  assert_int_equal(w.program.block_count, 1);
  assert_int_equal(w.program.op_count, 8);
  const scull_paddle_op_t *conv = &w.program.ops[1];
  assert_string_equal(conv->type, "conv2d");
  assert_int_equal(conv->input_count, 2);
  assert_string_equal(conv->inputs[1].name, "Filter");
  assert_string_equal(w.program.vars.data[conv->inputs[1].vars[0]].name, "w");
  assert_int_equal(conv->attrs[0].kind, SCULL_PADDLE_ATTR_INTS);
  assert_int_equal(conv->attrs[1].ints.data[1], 1);
  assert_string_equal(conv->attrs[4].s, "NCHW");
  const scull_paddle_var_t *x = &w.program.vars.data[2];
  assert_string_equal(x->name, "x");
  assert_int_equal(x->dims.size, 4);
  assert_int_equal(x->dims.data[0], -1);
  assert_int_equal(x->reads, 1);
  assert_int_equal(scull_paddle_program_params(&w.program, &w.diag, &order, &count), SCULL_OK);
  assert_int_equal(count, 3); /* by name; feed and fetch are persistable, but no parameters */
  assert_string_equal(w.program.vars.data[order[0]].name, "b");
  assert_string_equal(w.program.vars.data[order[1]].name, "fc");
  assert_string_equal(w.program.vars.data[order[2]].name, "w");
  scull_base_text_deinit(&params);
  end(&w);
}

/* A program of one operator with one attribute whose bytes are `attr`. */
static void one_attr(world_t *w, scull_text_t *attr) {
  scull_text_t op = {0}, block = {0};
  proto_text(&op, 3, "relu");
  proto_message(&op, 4, attr);
  proto_int(&block, 1, 0);
  proto_message(&block, 4, &op);
  proto_message(&w->bytes, 1, &block);
}

static void test_attribute_types(void **state) {
  (void)state;
  static const struct {
    int type;
    uint32_t field;
    int64_t given, i;
    scull_paddle_kind_t kind;
  } ints[] = {{0, 3, -7, -7, SCULL_PADDLE_ATTR_INT},
              {0, 3, 0xfffffff9, -7, SCULL_PADDLE_ATTR_INT}, /* an int32 without sign extension */
              {6, 10, 1, 1, SCULL_PADDLE_ATTR_INT},
              {9, 13, INT64_MIN, INT64_MIN, SCULL_PADDLE_ATTR_INT},
              {8, 12, 1, 1, SCULL_PADDLE_ATTR_BLOCK},
              {13, 17, 1, 0, SCULL_PADDLE_ATTR_OTHER}, /* VAR: skipped */
              {99, 3, 1, 0, SCULL_PADDLE_ATTR_OTHER}};
  for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
    world_t w = begin();
    scull_text_t attr = {0};
    proto_text(&attr, 1, "a");
    proto_int(&attr, 2, ints[i].type);
    proto_int(&attr, ints[i].field, ints[i].given);
    one_attr(&w, &attr);
    assert_int_equal(read(&w), SCULL_OK);
    assert_int_equal(w.program.ops[0].attrs[0].kind, ints[i].kind);
    assert_true(w.program.ops[0].attrs[0].i == ints[i].i);
    end(&w);
  }
}

static void test_scalar_attributes(void **state) {
  (void)state;
  world_t w = begin();
  scull_text_t attr = {0}, scalar = {0};
  proto_text(&attr, 1, "values");
  proto_int(&attr, 2, 17);
  proto_int(&scalar, 1, 2);
  proto_int(&scalar, 3, 500);
  proto_message(&attr, 21, &scalar);
  proto_int(&scalar, 1, 3);
  proto_double(&scalar, 4, 0.25);
  proto_message(&attr, 21, &scalar);
  one_attr(&w, &attr);
  assert_int_equal(read(&w), SCULL_OK);
  const scull_paddle_attr_t *read_back = &w.program.ops[0].attrs[0];
  assert_int_equal(read_back->kind, SCULL_PADDLE_ATTR_FLOATS);
  assert_int_equal(read_back->floats.size, 2);
  assert_true(read_back->floats.data[0] == 500 && read_back->floats.data[1] == 0.25);
  end(&w);
}

static void test_inner_blocks_are_kept_apart(void **state) {
  (void)state;
  world_t w = begin();
  paddle_writer_t writer = {0};
  paddle_writer_op(&writer, "while X=a > Out=b ; sub_block=B1");
  paddle_writer_end(&writer, 2, &w.bytes);
  assert_int_equal(read(&w), SCULL_OK);
  assert_int_equal(w.program.block_count, 3);
  assert_int_equal(w.program.ops[0].attrs[0].kind, SCULL_PADDLE_ATTR_BLOCK);
  end(&w);
}

static void expect(const char *var, const char *op, const char *words) {
  world_t w = begin();
  paddle_writer_t writer = {0};
  if (var != NULL) {
    paddle_writer_var(&writer, var);
    paddle_writer_var(&writer, var);
  }
  if (op != NULL)
    paddle_writer_op(&writer, op);
  paddle_writer_end(&writer, 0, &w.bytes);
  assert_int_equal(read(&w), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), words));
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "net.pdmodel: offset "));
  end(&w);
}

static void test_faults(void **state) {
  (void)state;
  expect("x f32 1x2", NULL, "variable 'x' is declared twice");
  world_t w = begin();
  assert_int_equal(read(&w), SCULL_CORRUPT); /* no bytes: no block */
  end(&w);
}

static void test_dtypes(void **state) {
  (void)state;
  assert_int_equal(scull_paddle_dtype(5), SCULL_DTYPE_F32);
  assert_int_equal(scull_paddle_dtype(22), SCULL_DTYPE_BF16);
  assert_int_equal(scull_paddle_dtype(7), SCULL_DTYPE_NONE);
  assert_int_equal(scull_paddle_dtype(-1), SCULL_DTYPE_NONE);
  assert_int_equal(scull_paddle_dtype(INT64_MAX), SCULL_DTYPE_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_program),
      cmocka_unit_test(test_attribute_types),
      cmocka_unit_test(test_scalar_attributes),
      cmocka_unit_test(test_inner_blocks_are_kept_apart),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_dtypes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
