/* Channels of calibration tables: along the axis on which the product that reads a tensor has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "quant/table.h"
#include "support/net.h"

#include <scull/scull.h>

enum { C = 4 }; /* channels, and as many positions: nothing tells them apart but who reads */

typedef struct {
  float x[C * C];
  bool given;
  scull_quant_table_t table;
} source_t;

static scull_status_t next_batch(void *user, scull_named_tensor_t *tensors, size_t count,
                                 bool *more) {
  source_t *source = user;
  assert_int_equal(count, 1);
  *more = !source->given;
  source->given = true;
  tensors[0].data = source->x;
  tensors[0].size = sizeof source->x;
  return SCULL_OK;
}

static scull_status_t write_table(void *user, const char *text, size_t size) {
  source_t *source = user;
  return scull_quant_table_read((scull_bytes_t){(const uint8_t *)text, size}, "table",
                                &source->table, NULL);
}

static scull_tensor_id_t add(scull_network_t *network, const char *type, const char *name,
                             const scull_tensor_id_t *inputs, size_t count) {
  scull_operator_t op = SCULL_OPERATOR_INIT;
  scull_tensor_id_t out = SCULL_NO_TENSOR;
  op.type = type;
  op.name = name;
  op.inputs = inputs;
  op.input_count = count;
  if (scull_network_add_operator(network, &op, &out) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  return out;
}

static scull_tensor_id_t add_weight(scull_network_t *network, const char *name, int32_t rank) {
  static const float unit[C * C] = {[0] = 1, [C + 1] = 1, [2 * C + 2] = 1, [3 * C + 3] = 1};
  scull_tensor_id_t out = SCULL_NO_TENSOR;
  assert_int_equal(scull_network_add_constant(network, name, SCULL_DTYPE_F32, rank,
                                              (const int64_t[]){C, C, 1}, unit, sizeof unit, &out),
                   SCULL_OK);
  return out;
}

/* x is read as `words` has it, one letter a path: relu and conv, or relu and matmul. */
static scull_network_t *make_network(const char *words) {
  static const scull_shape_range_t shape = {
      .rank = 3, .min = {1, C, C}, .opt = {1, C, C}, .max = {1, C, C}};
  scull_network_t *network = NULL;
  scull_tensor_id_t x = SCULL_NO_TENSOR;
  assert_int_equal(scull_network_create(&network), SCULL_OK);
  assert_int_equal(scull_network_add_input(network, "x", SCULL_DTYPE_F32, &shape, &x), SCULL_OK);
  for (; *words != '\0'; words++) {
    const bool conv = *words == 'c';
    const scull_tensor_id_t r = add(network, "relu", conv ? "rc" : "rm", &x, 1);
    const scull_tensor_id_t w = add_weight(network, conv ? "wc" : "wm", conv ? 3 : 2);
    const scull_tensor_id_t y =
        add(network, conv ? "conv" : "matmul", conv ? "c" : "m", (scull_tensor_id_t[]){r, w}, 2);
    assert_int_equal(scull_network_add_output(network, y, NULL), SCULL_OK);
  }
  return network;
}

/* Peaks of tensor `name`, or nothing known of its channels where `peak` is NULL. */
static void check(const source_t *source, const char *name, const float *peak) {
  const scull_range_t *range = scull_quant_table_find(&source->table, name);
  assert_non_null(range);
  assert_int_equal(range->channels, peak == NULL ? 0 : C);
  for (size_t c = 0; peak != NULL && c < C; c++)
    assert_float_equal(range->peak[c], peak[c], 1e-6);
}

static void collect(const char *words, source_t *source) {
  const scull_calibrator_t calibrator = {.struct_size = sizeof calibrator,
                                         .user = source,
                                         .next_batch = next_batch,
                                         .write_table = write_table};
  scull_calibrate_options_t how;
  scull_build_options_t options;
  scull_builder_t *builder = NULL;
  scull_network_t *network = make_network(words);
  *source = (source_t){.given = false};
  scull_quant_table_init(&source->table);
  for (int i = 0; i < C * C; i++)
    source->x[i] = (float)(i + 1); /* rows end in 4, 8, 12, 16, columns in 13 to 16 */
  scull_calibrate_options_init(&how);
  how.calibrator = &calibrator;
  scull_build_options_init(&options);
  options.model.network = network;
  options.threads = 1;
  assert_int_equal(scull_builder_create(&builder), SCULL_OK);
  if (scull_builder_calibrate(builder, &options, &how) != SCULL_OK)
    fail_msg("%s", scull_last_error());
  scull_builder_destroy(builder);
  scull_network_destroy(network);
}

static const float by_row[C] = {4, 8, 12, 16}, by_column[C] = {13, 14, 15, 16};

static void convolutions_read_rows(void **state) {
  (void)state;
  source_t source;
  collect("c", &source);
  check(&source, "rc", by_row);
  check(&source, "x", by_row);
  scull_quant_table_deinit(&source.table);
}

static void products_read_columns(void **state) {
  (void)state;
  source_t source;
  collect("m", &source);
  check(&source, "rm", by_column);
  check(&source, "x", by_column);
  scull_quant_table_deinit(&source.table);
}

static void who_disagrees_gets_none(void **state) {
  (void)state;
  source_t source;
  collect("cm", &source);
  check(&source, "rc", by_row);
  check(&source, "rm", by_column);
  check(&source, "x", NULL);
  scull_quant_table_deinit(&source.table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(convolutions_read_rows),
      cmocka_unit_test(products_read_columns),
      cmocka_unit_test(who_disagrees_gets_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
