/* Calibration tables: what is written is read back, TensorRT's caches are read, and every bad line
 * is named. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "quant/table.h"
#include "support/net.h"

static scull_status_t read_text(const char *text, scull_quant_table_t *table, scull_diag_t *diag) {
  scull_quant_table_init(table);
  scull_base_diag_init(diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  return scull_quant_table_read((scull_bytes_t){(const uint8_t *)text, strlen(text)}, "a.table",
                                table, diag);
}

static void a_table_comes_back(void **state) {
  (void)state;
  scull_quant_table_t table, again;
  scull_diag_t diag;
  scull_text_t text = {0}, twice = {0};
  scull_quant_table_init(&table);
  table.model = 0x123456789abcdef0u;
  table.inputs = 500;
  table.method = "best";
  const scull_range_t ranges[] = {
      {.name = "z:0",
       .threshold = 6,
       .min = 0,
       .max = 6.5f,
       .method = "mse",
       .clipped = 0.001,
       .sqnr = 35.5,
       .tiny = 0.25f,
       .sketch = "98765432100000000000000000000001"},
      {.name = "a b/c: deadbeef",
       .threshold = 1,
       .min = -1,
       .max = 0.5f,
       .method = "entropy",
       .sqnr = 40},
      {.name = "m",
       .threshold = 0.3f,
       .min = 1,
       .max = -1,
       .method = "",
       .clipped = NAN,
       .sqnr = NAN},
  };
  static const float peak[] = {3, 0.5f}, mean[] = {-1, 0.25f}, square[] = {2, 0};
  scull_range_t channels = ranges[0];
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(scull_quant_table_set(&table, &ranges[i]), SCULL_OK);
  channels.channels = 2;
  channels.peak = peak;
  channels.mean = mean;
  channels.square = square;
  assert_int_equal(scull_quant_table_set(&table, &channels), SCULL_OK);
  scull_quant_table_print(&table, &text);
  assert_int_equal(read_text(text.data, &again, &diag), SCULL_OK);
  assert_int_equal(again.count, 3);
  assert_true(again.model == table.model && again.inputs == 500 && !again.is_tensorrt);
  assert_string_equal(again.ranges[0].name, "a b/c: deadbeef"); /* sorted */
  const scull_range_t *z = scull_quant_table_find(&again, "z:0");
  assert_non_null(z);
  assert_true(z->min == 0 && z->max == 6.5f && fabsf(z->threshold - 6) < 1e-5f);
  assert_true(scull_quant_table_find(&again, "m")->min > scull_quant_table_find(&again, "m")->max);
  assert_null(scull_quant_table_find(&again, "n"));
  assert_int_equal(z->channels, 2);
  assert_true(z->tiny == 0.25f);
  assert_string_equal(z->sketch, "98765432100000000000000000000001");
  assert_true(z->peak[0] == 3 && z->mean[0] == -1 && z->mean[1] == 0.25f && z->square[0] == 2);
  scull_quant_table_print(&again, &twice);
  assert_string_equal(text.data, twice.data);
  scull_base_text_deinit(&text);
  scull_base_text_deinit(&twice);
  scull_base_diag_deinit(&diag);
  scull_quant_table_deinit(&table);
  scull_quant_table_deinit(&again);
}

static void tensorrt_caches_are_read(void **state) {
  (void)state;
  scull_quant_table_t table;
  scull_diag_t diag;
  assert_int_equal(read_text("TRT-8203-EntropyCalibration2\ndata: 3c000889\n167: 3c009976\r\n"
                             "(Unnamed Layer* 0) [Convolution]_output: 3f810204\n",
                             &table, &diag),
                   SCULL_OK);
  assert_true(table.is_tensorrt);
  assert_int_equal(table.count, 3);
  assert_float_equal(scull_quant_table_find(&table, "data")->threshold, 0.9924, 1e-3);
  assert_float_equal(
      scull_quant_table_find(&table, "(Unnamed Layer* 0) [Convolution]_output")->threshold, 128,
      1e-3);
  scull_base_diag_deinit(&diag);
  scull_quant_table_deinit(&table);
}

static void bad_lines_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"hello\n", "line 1: this is no calibration table"},
      {"scull calibration 1\nx: 00000000 0\n", "line 2: a scale that is no positive number"},
      {"scull calibration 1\nx: bf800000 -1\n", "no positive number"},
      {"scull calibration 1\nx: 7fc00000 nan\n", "no positive number"},
      {"scull calibration 1\nx: 7f7fffff 3e38\n", "no positive number"},
      {"scull calibration 1\nx: 3f800000 2\n", "the decimal scale is not the hexadecimal one"},
      {"scull calibration 1\nx 3f800000\n", "no NAME: SCALE"},
      {"scull calibration 1\nx: 3f80 1\n", "no NAME: SCALE"},
      {"scull calibration 1\nx: 3f800000 1 min=nan max=1\n", "a range that is no number"},
      {"scull calibration 1\nx: 3f800000 1\n\tsketch 12\n", "no sketch"},
      {"scull calibration 1\nx: 3f800000 1\n\tchannels 3f80\n", "twelve hexadecimal digits"},
      {"scull calibration 1\nx: 3f800000 1\n\tchannels bf8000000000\n", "twelve hexadecimal"},
      {"scull calibration 1\nmodel 0123456789abcdef\n", "no tensor has a scale"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    scull_quant_table_t table;
    scull_diag_t diag;
    assert_int_equal(read_text(cases[i].text, &table, &diag), SCULL_CORRUPT);
    net_says(&diag, cases[i].words);
    scull_base_diag_deinit(&diag);
    scull_quant_table_deinit(&table);
  }
}

static scull_status_t read_ranges(const char *text, scull_quant_table_t *table) {
  scull_quant_table_init(table);
  return scull_quant_table_read_ranges((scull_bytes_t){(const uint8_t *)text, strlen(text)}, "r",
                                       table, NULL);
}

static void ranges_of_a_user_are_read(void **state) {
  (void)state;
  scull_quant_table_t table;
  assert_int_equal(read_ranges("# mine\nconv 1 0 6\n\ny -2 1.5\nz 4\n", &table), SCULL_OK);
  assert_int_equal(table.count, 3);
  const scull_range_t *one = scull_quant_table_find(&table, "conv 1");
  assert_non_null(one);
  assert_true(one->min == 0 && one->max == 6 && one->threshold == 6);
  assert_true(scull_quant_table_find(&table, "y")->threshold == 2);
  assert_true(scull_quant_table_find(&table, "z")->min == -4);
  scull_quant_table_deinit(&table);
  static const char *const bad[] = {"x\n", "x 2 1\n", "x 0 0\n", "x nan\n", "x 0 inf\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(read_ranges(bad[i], &table), SCULL_CORRUPT);
    scull_quant_table_deinit(&table);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_comes_back),
      cmocka_unit_test(tensorrt_caches_are_read),
      cmocka_unit_test(bad_lines_are_named),
      cmocka_unit_test(ranges_of_a_user_are_read),
  };
  return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
