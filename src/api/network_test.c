/* Networks written with calls: built and run as files are, and wrong calls told at once. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/net.h"

#include <scull/scull.h>

static const scull_shape_range_t pictures = {
    .rank = 4, .min = {1, 1, 4, 4}, .opt = {2, 1, 4, 4}, .max = {3, 1, 4, 4}};

static scull_tensor_id_t add(scull_network_t *network, const char *type, const char *name,
                             const scull_tensor_id_t *inputs, size_t count,
                             const scull_attribute_t *attributes, size_t attribute_count) {
  scull_operator_t op = SCULL_OPERATOR_INIT;
  scull_tensor_id_t out = SCULL_NO_TENSOR;
  op.type = type;
  op.name = name;
  op.inputs = inputs;
  op.input_count = count;
  op.attributes = attributes;
  op.attribute_count = attribute_count;
  if (scull_network_add_operator(network, &op, &out) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  return out;
}

/* relu(conv(x, 3 x 3 of ones, same) - 6), summed over the picture. */
static scull_network_t *make_network(void) {
  static const scull_attribute_t same[] = {{"pads", "1,1"}, {"groups", "1"}};
  static const scull_attribute_t over[] = {{"axes", "1,2,3"}, {"keep_dims", "false"}};
  scull_network_t *network = NULL;
  scull_tensor_id_t x, w, b, y;
  float ones[9], minus = -6;
  for (int i = 0; i < 9; i++)
    ones[i] = 1;
  assert_int_equal(scull_network_create(&network), SCULL_OK);
  assert_int_equal(scull_network_add_input(network, "x", SCULL_DTYPE_F32, &pictures, &x), SCULL_OK);
  assert_int_equal(scull_network_add_constant(network, "w", SCULL_DTYPE_F32, 4,
                                              (const int64_t[]){1, 1, 3, 3}, ones, sizeof ones, &w),
                   SCULL_OK);
  assert_int_equal(scull_network_add_constant(network, "b", SCULL_DTYPE_F32, 1,
                                              (const int64_t[]){1}, &minus, sizeof minus, &b),
                   SCULL_OK);
  memset(ones, 0, sizeof ones); /* it was copied */
  y = add(network, "conv", "c", (const scull_tensor_id_t[]){x, w, b}, 3, same, 2);
  y = add(network, "relu", "r", &y, 1, NULL, 0);
  y = add(network, "reduce_sum", "s", &y, 1, over, 2);
  assert_int_equal(scull_network_add_output(network, y, "sum"), SCULL_OK);
  return network;
}

static void check_run(const char *path) {
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  scull_tensor_view_t view;
  float x[3 * 16];
  for (int i = 0; i < 48; i++)
    x[i] = (float)(1 + i / 16);
  assert_int_equal(scull_engine_open(path, NULL, &engine), SCULL_OK);
  assert_int_equal(scull_context_create(engine, NULL, &context), SCULL_OK);
  assert_int_equal(scull_context_set_input_shape(context, 0, 4, (const int64_t[]){3, 1, 4, 4}),
                   SCULL_OK);
  assert_int_equal(scull_context_set_input(context, 0, x, sizeof x), SCULL_OK);
  assert_int_equal(scull_context_run(context), SCULL_OK);
  assert_int_equal(scull_context_output(context, 0, &view), SCULL_OK);
  assert_int_equal(view.size, 3 * sizeof(float));
  /* 4 corners of 4, 8 edges of 6, 4 of 9 ones: less 6, times the picture's number */
  const float *sums = view.data;
  assert_float_equal(sums[0], 4 * 3, 1e-4);
  assert_float_equal(sums[1], 4 * 2 + 8 * 6 + 4 * 12, 1e-4);
  assert_float_equal(sums[2], 4 * 6 + 8 * 12 + 4 * 21, 1e-4);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
}

static void build(scull_network_t *network, const char *path) {
  scull_builder_t *builder = NULL;
  scull_build_options_t options;
  scull_build_options_init(&options);
  options.model.network = network;
  options.tune = SCULL_TUNE_NONE;
  options.min_subgraph_size = 0;
  options.threads = 1;
  assert_int_equal(scull_builder_create(&builder), SCULL_OK);
  if (scull_builder_build(builder, &options, path) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  scull_builder_destroy(builder);
}

/* Built twice, and once more after an output was added: a build takes a copy. */
static void builds_and_runs(void **state) {
  (void)state;
  char path[128];
  scull_network_t *network = make_network();
  net_temporary("network.plan", path);
  build(network, path);
  check_run(path);
  assert_int_equal(scull_network_add_output(network, 0, "same_as_x"), SCULL_OK);
  build(network, path);
  scull_network_destroy(network);
  check_run(path); /* the plan needs the network no more */
  unlink(path);
}

static void tensors(void **state) {
  (void)state;
  scull_tensor_info_t info;
  scull_network_t *network = make_network();
  assert_int_equal(scull_network_tensor(network, 3, &info), SCULL_OK);
  assert_string_equal(info.name, "c");
  assert_int_equal(info.rank, 4);
  assert_int_equal(info.min[0], 1);
  assert_int_equal(info.opt[0], 2);
  assert_int_equal(info.max[0], 3);
  assert_int_equal(scull_network_tensor(network, 99, &info), SCULL_INVALID_ARGUMENT);
  scull_network_destroy(network);
  scull_network_destroy(NULL);
}

static void refuses(scull_status_t status, const char *words) {
  assert_int_not_equal(status, SCULL_OK);
  if (strstr(scull_last_error(), words) == NULL)
    fail_msg("'%s' does not say '%s'", scull_last_error(), words);
}

static void wrong_calls(void **state) {
  (void)state;
  static const scull_attribute_t misspelt[] = {{"stride", "1,1"}}, wrong[] = {{"axis", "first"}};
  scull_network_t *network = make_network();
  scull_operator_t op = SCULL_OPERATOR_INIT;
  scull_tensor_id_t id = 7, x = 0;
  scull_shape_range_t none = {.rank = 1, .min = {3}, .opt = {2}, .max = {4}};
  refuses(scull_network_create(NULL), "scull_network_create");
  refuses(scull_network_add_input(network, "y", SCULL_DTYPE_F32, &none, &id),
          "dimension 0: 3:2:4 is no range");
  refuses(scull_network_add_input(network, "x", SCULL_DTYPE_F32, &pictures, &id), "'x'");
  assert_int_equal(id, SCULL_NO_TENSOR);
  refuses(scull_network_add_constant(network, "k", SCULL_DTYPE_F32, 1, (const int64_t[]){2}, &x, 4,
                                     &id),
          "size is not that of the shape");
  refuses(scull_network_add_operator(network, &op, &id), "without a type");
  op.type = "cnov";
  op.name = "second";
  op.inputs = &x;
  op.input_count = 1;
  refuses(scull_network_add_operator(network, &op, &id), "'second': there is no operator");
  refuses(scull_network_add_operator(network, &op, &id), "did you mean 'conv'?");
  op.type = "softmax";
  op.attributes = misspelt;
  op.attribute_count = 1;
  refuses(scull_network_add_operator(network, &op, &id), "softmax has no attribute 'stride'");
  op.attributes = wrong;
  refuses(scull_network_add_operator(network, &op, &id), "axis takes no 'first'");
  op.attribute_count = 0;
  op.type = "conv";
  refuses(scull_network_add_operator(network, &op, &id), "second"); /* a filter is wanted */
  op.type = "relu";
  x = 12345;
  refuses(scull_network_add_operator(network, &op, &id), "input 0 is no tensor of this network");
  refuses(scull_network_add_output(network, 0, "sum"), "there is an output 'sum' already");
  refuses(scull_network_add_output(network, 999, "z"), "no tensor of this network");
  op.struct_size = 3;
  refuses(scull_network_add_operator(network, &op, &id), "another version of the header");
  scull_network_destroy(network);
}

static void wrong_builds(void **state) {
  (void)state;
  scull_network_t *network = NULL;
  scull_builder_t *builder = NULL;
  scull_build_options_t options;
  scull_build_options_init(&options);
  assert_int_equal(scull_network_create(&network), SCULL_OK);
  assert_int_equal(scull_builder_create(&builder), SCULL_OK);
  options.model.network = network;
  refuses(scull_builder_build(builder, &options, "x"), "the network has no output");
  options.use_static = true;
  refuses(scull_builder_build(builder, &options, "x"), "use_static");
  scull_network_destroy(network);
  network = make_network();
  options.model.network = network;
  options.use_static = false;
  options.max_batch = 4;
  refuses(scull_builder_build(builder, &options, "x"), "has said its inputs' shapes already");
  scull_network_destroy(network);
  scull_builder_destroy(builder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(builds_and_runs),
      cmocka_unit_test(tensors),
      cmocka_unit_test(wrong_calls),
      cmocka_unit_test(wrong_builds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
