/* PIR JSON into plain structs, on small documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "import/paddle/program.h"

#define F32(dims) "{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_f32\"},[" dims "],\"NCHW\",[],0]}"
#define HEAD                                                                                       \
  "{\"base_code\":{\"magic\":\"pir\",\"version\":1},\"program\":{\"regions\":[{\"#\":\"r\","       \
  "\"blocks\":[{\"#\":\"b\",\"args\":[],\"ops\":["
#define TAIL "]}]}]}}"
#define DATA                                                                                       \
  "{\"#\":\"1.data\",\"I\":[],\"A\":[{\"N\":\"name\",\"AT\":{\"#\":\"0.a_str\",\"D\":\"x\"}}],"    \
  "\"O\":[{\"%\":1,\"TT\":" F32("-1,4") "}]}"
#define FETCH(n)                                                                                   \
  "{\"#\":\"1.fetch\",\"A\":[{\"N\":\"name\",\"AT\":{\"#\":\"0.a_str\",\"D\":\"fetch_name_0\"}}]," \
  "\"I\":[{\"%\":" n "}],\"O\":[]}"

typedef struct {
  scull_diag_t diag;
  scull_paddle_program_t program;
} world_t;

static scull_status_t read(world_t *w, const char *json) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  return scull_paddle_pir_read((scull_bytes_t){(const uint8_t *)json, strlen(json)}, "net.json",
                               &w->diag, &w->program);
}

static void end(world_t *w) {
  scull_paddle_program_deinit(&w->program);
  scull_base_diag_deinit(&w->diag);
}

static const char *input_name(const world_t *w, size_t op, size_t slot) {
  return w->program.vars.data[w->program.ops[op].inputs[slot].vars[0]].name;
}

static void test_names_become_fluid(void **state) {
  (void)state;
  world_t w;
  const char *json = HEAD DATA
      ","
      "{\"#\":\"p\",\"A\":[0,1,1,\"linear.w\"],\"O\":{\"%\":2,\"TT\":" F32(
          "4,3") "},\"OA\":[1,0,1]},"
                 "{\"#\":\"1.matmul\",\"A\":[{\"N\":\"transpose_y\",\"AT\":{\"#\":\"0.a_bool\","
                 "\"D\":true}}],"
                 "\"I\":[{\"%\":1},{\"%\":2}],\"O\":[{\"%\":3,\"TT\":" F32(
                     "-1,3") "}]},"
                             "{\"#\":\"1.relu_\",\"I\":[{\"%\":3}],\"O\":[{\"%\":4,\"TT\":" F32(
                                 "-1,3") "}]}," FETCH("4") TAIL;
  assert_int_equal(read(&w, json), SCULL_OK);
  assert_int_equal(w.program.op_count, 4);
  assert_string_equal(w.program.ops[0].type, "feed");
  assert_string_equal(w.program.ops[1].type, "matmul_v2");
  assert_string_equal(w.program.ops[1].attrs[0].name, "trans_y");
  assert_int_equal(w.program.ops[1].attrs[0].i, 1);
  assert_string_equal(w.program.ops[1].inputs[1].name, "Y");
  assert_string_equal(input_name(&w, 1, 0), "x");
  assert_string_equal(input_name(&w, 1, 1), "linear.w");
  assert_string_equal(w.program.ops[2].type, "relu"); /* in-place, and called alike */
  assert_string_equal(input_name(&w, 3, 0), "relu_4");
  assert_true(w.program.vars.data[1].persistable);
  assert_int_equal(w.program.vars.data[0].dims.data[0], -1);
  end(&w);
}

static void test_lists(void **state) {
  (void)state;
  world_t w;
  const char *json = HEAD DATA
      ","
      "{\"#\":\"1.split_with_num\",\"A\":[{\"N\":\"num\",\"AT\":{\"#\":\"0.a_i32\",\"D\":2}}],"
      "\"I\":[{\"%\":1},{\"%\":0}],\"O\":[{\"%\":2,\"TT\":{\"#\":\"0.t_vec\",\"D\":[" F32(
          "-1,2") "," F32("-1,2") "]}}]},"
                                  "{\"#\":\"0.split\",\"I\":[{\"%\":2}],\"O\":[{\"%\":3},{\"%\":4}]"
                                  "},"
                                  "{\"#\":\"0.combine\",\"I\":[{\"%\":4},{\"%\":3}],\"O\":[{\"%\":"
                                  "5}]},"
                                  "{\"#\":\"1.concat\",\"I\":[{\"%\":5},{\"%\":0}],\"O\":[{\"%\":6,"
                                  "\"TT\":" F32("-1,4") "}]}," FETCH("6") TAIL;
  assert_int_equal(read(&w, json), SCULL_OK);
  assert_int_equal(w.program.op_count, 4); /* split and combine leave nothing behind */
  assert_int_equal(w.program.ops[1].outputs[0].count, 2);
  const scull_paddle_slot_t *x = &w.program.ops[2].inputs[0];
  assert_int_equal(w.program.ops[2].input_count, 1); /* the axis is absent */
  assert_int_equal(x->count, 2);
  assert_int_equal(x->vars[0], w.program.ops[1].outputs[0].vars[1]);
  assert_int_equal(x->vars[1], w.program.ops[1].outputs[0].vars[0]);
  end(&w);
}

static void test_slots_by_kind_of_operand(void **state) {
  (void)state;
  world_t w;
  const char *json =
      HEAD DATA ","
                "{\"#\":\"0.combine\",\"I\":[{\"%\":1},{\"%\":1}],\"O\":[{\"%\":2}]},"
                "{\"#\":\"1.reshape\",\"I\":[{\"%\":1},{\"%\":2}],\"O\":[{\"%\":3}]},"
                "{\"#\":\"1.reshape\",\"I\":[{\"%\":1},{\"%\":1}],\"O\":[{\"%\":4}]}" TAIL;
  assert_int_equal(read(&w, json), SCULL_OK);
  assert_string_equal(w.program.ops[1].inputs[1].name, "ShapeTensor");
  assert_string_equal(w.program.ops[2].inputs[1].name, "Shape");
  end(&w);
}

static void test_attribute_kinds(void **state) {
  (void)state;
  world_t w;
  const char *json =
      HEAD "{\"#\":\"1.full\",\"I\":[],\"O\":[{\"%\":1}],\"A\":["
           "{\"N\":\"shape\",\"AT\":{\"#\":\"1.a_intarray\",\"D\":[2,3]}},"
           "{\"N\":\"value\",\"AT\":{\"#\":\"0.a_f64\",\"VD\":\"-INF\"}},"
           "{\"N\":\"dtype\",\"AT\":{\"#\":\"1.a_dtype\",\"D\":\"int64\"}},"
           "{\"N\":\"list\",\"AT\":{\"#\":\"0.a_array\",\"D\":[{\"#\":\"0.a_f32\",\"D\":0.5},{\"#"
           "\":\"0.a_f32\",\"D\":1}]}},"
           "{\"N\":\"bools\",\"AT\":{\"#\":\"0.a_array\",\"D\":[{\"#\":\"0.a_bool\",\"D\":true}]}},"
           "{\"N\":\"one\",\"AT\":{\"#\":\"1.a_scalar\",\"D\":[\"float32\",1.5]}},"
           "{\"N\":\"place\",\"AT\":{\"#\":\"1.a_place\",\"D\":[0,0,\"\"]}}]}" TAIL;
  assert_int_equal(read(&w, json), SCULL_OK);
  const scull_paddle_attr_t *a = w.program.ops[0].attrs;
  assert_int_equal(w.program.ops[0].attr_count, 7);
  assert_int_equal(a[0].ints.size, 2);
  assert_true(a[1].kind == SCULL_PADDLE_ATTR_FLOAT && a[1].f < -1e308);
  assert_int_equal(a[2].i, SCULL_PADDLE_INT64);
  assert_true(a[3].kind == SCULL_PADDLE_ATTR_FLOATS && a[3].floats.data[1] == 1.0);
  assert_true(a[4].kind == SCULL_PADDLE_ATTR_INTS && a[4].ints.data[0] == 1);
  assert_true(a[5].f == 1.5);
  assert_int_equal(a[6].kind, SCULL_PADDLE_ATTR_OTHER);
  end(&w);
}

/* Blocks are numbered, an operator names its own; arguments come first, under numbers that a block
 * within may use for its own. */
static void test_control_flow(void **state) {
  (void)state;
  world_t w;
  const char *json =
      HEAD DATA ",{\"#\":\"1.while\",\"I\":[{\"%\":1},{\"%\":1}],\"O\":[{\"%\":2}],\"regions\":[{"
                "\"blocks\":[{"
                "\"args\":[{\"#\":-1}],\"ops\":["
                "{\"#\":\"1.while\",\"I\":[{\"%\":1},{\"%\":-1}],\"O\":[{\"%\":3}],\"regions\":[{"
                "\"blocks\":[{"
                "\"args\":[{\"#\":-1}],\"ops\":["
                "{\"#\":\"2.yield\",\"I\":[{\"%\":1},{\"%\":-1}],\"O\":[]}]}]}]},"
                "{\"#\":\"2.yield\",\"I\":[{\"%\":1},{\"%\":-1}],\"O\":[]}]}]}]}" TAIL;
  assert_int_equal(read(&w, json), SCULL_OK);
  assert_int_equal(w.program.block_count, 3);
  assert_int_equal(w.program.op_count, 7);
  const scull_paddle_op_t *ops = w.program.ops;
  assert_string_equal(ops[1].type, "pd_op.while");
  assert_int_equal(ops[1].attrs[0].kind, SCULL_PADDLE_ATTR_BLOCK);
  assert_int_equal(ops[1].attrs[0].i, 1);
  assert_string_equal(ops[1].inputs[1].name, "X");
  assert_string_equal(ops[2].type, "block arguments");
  assert_int_equal(ops[3].attrs[0].i, 2);
  assert_int_equal(ops[3].inputs[1].vars[0], ops[2].outputs[0].vars[0]);
  assert_string_equal(ops[5].type, "cf.yield");
  assert_int_equal(ops[5].inputs[0].vars[1], ops[4].outputs[0].vars[0]);
  assert_int_equal(ops[6].inputs[0].vars[1], ops[2].outputs[0].vars[0]);
  assert_int_equal(ops[6].block, 1);
  end(&w);
}

#define ARRAY                                                                                      \
  ",{\"#\":\"1.create_array\",\"I\":[],\"O\":[{\"%\":2,\"TT\":{\"#\":\"1.t_dense_tensor_array\","  \
  "\"D\":[{\"#\":\"0.t_f32\"},[],\"NCHW\"]}}]}"

/* A write gives the variable that it writes. */
static void test_arrays(void **state) {
  (void)state;
  world_t w;
  assert_int_equal(read(&w,
                        HEAD DATA ARRAY ",{\"#\":\"1.array_write_\",\"I\":[{\"%\":2},{\"%\":1},{"
                                        "\"%\":1}],\"O\":[{\"%\":3}]},{\"#\":\"1.array_length\","
                                        "\"I\":[{\"%\":3}],\"O\":[{\"%\":4}]}" TAIL),
                   SCULL_OK);
  const scull_paddle_op_t *ops = w.program.ops;
  const uint32_t array = ops[1].outputs[0].vars[0];
  assert_string_equal(ops[2].type, "write_to_array");
  assert_int_equal(w.program.vars.data[array].element, SCULL_PADDLE_FP32);
  assert_int_equal(ops[2].outputs[0].vars[0], array);
  assert_int_equal(ops[3].inputs[0].vars[0], array);
  end(&w);
}

static void expect(const char *json, const char *words) {
  world_t w;
  assert_int_equal(read(&w, json), SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), words));
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "net.json: "));
  end(&w);
}

static void test_faults(void **state) {
  (void)state;
  expect("{\"base_code\":", "line 1");
  expect("{\"base_code\":{\"magic\":\"pi\"}}", "not that of PIR");
  expect("{\"base_code\":{\"magic\":\"pir\"}}", "no program in it");
  expect(HEAD "{\"I\":[]}" TAIL, "an operator without a name");
  expect(HEAD "{\"#\":\"1.relu\",\"I\":[{\"%\":7}]}" TAIL, "nothing before it gives");
  expect(HEAD DATA "," DATA TAIL, "a value that exists already");
  expect(HEAD "{\"#\":\"1.data\",\"O\":[]}" TAIL, "an input needs a name");
  expect(HEAD "{\"#\":\"p\",\"A\":[1]}" TAIL, "a parameter without a name");
  expect(HEAD DATA ",{\"#\":\"0.split\",\"I\":[{\"%\":1}],\"O\":[{\"%\":2},{\"%\":3}]}" TAIL,
         "more items than the list has");
  expect(HEAD "{\"#\":\"1.relu\",\"A\":[{}]}" TAIL, "an attribute without a name");
  expect(HEAD "{\"#\":\"1.if\",\"I\":[]}" TAIL, "it has no condition");
  expect(HEAD "{\"#\":\"1.if\",\"I\":[{\"%\":0}]}" TAIL, "what is not there");
  expect(HEAD DATA
         ",{\"#\":\"1.if\",\"I\":[{\"%\":1}],\"O\":[],\"regions\":[{\"blocks\":[{\"args\":["
         "{\"#\":5}]}]}]}" TAIL,
         "an argument of its block");
}

/* Lists in lists, and blocks in blocks. */
static void test_deep(void **state) {
  (void)state;
  static const char opening[] = "{\"#\":\"1.if\",\"I\":[{\"%\":1}],\"O\":[],\"regions\":[{"
                                "\"blocks\":[{\"args\":[],\"ops\":[";
  scull_text_t json = {0};
  for (int i = 0; i < 100000; i++)
    scull_base_text_print(&json, "[");
  expect(scull_base_text_get(&json), "depth");
  scull_base_text_deinit(&json);
  scull_base_text_print(&json, "%s,", HEAD DATA);
  for (int i = 0; i < 100; i++)
    scull_base_text_print(&json, "%s", opening);
  for (int i = 0; i < 100; i++)
    scull_base_text_print(&json, "]}]}]}");
  scull_base_text_print(&json, TAIL);
  expect(scull_base_text_get(&json), "blocks are nested too deeply");
  scull_base_text_deinit(&json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_become_fluid),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_slots_by_kind_of_operand),
      cmocka_unit_test(test_attribute_kinds),
      cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_control_flow),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_deep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
