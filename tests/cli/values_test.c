/* The tool's small languages: shapes, sizes, lists, devices, option tables. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "values.h"

static void ranges_are_read(void **state) {
  (void)state;
  scull_shape_range_t range;
  assert_int_equal(cli_values_range("x=1x3x32x40", &range), SCULL_OK);
  assert_string_equal(range.name, "x");
  assert_int_equal(range.rank, 4);
  const int64_t dims[] = {1, 3, 32, 40};
  assert_memory_equal(range.min, dims, sizeof dims);
  assert_memory_equal(range.opt, dims, sizeof dims);
  assert_memory_equal(range.max, dims, sizeof dims);
  free((char *)(uintptr_t)range.name);

  assert_int_equal(cli_values_range("a=b:0=1x2:3x4:5x6", &range), SCULL_OK);
  assert_string_equal(range.name, "a=b:0");
  assert_int_equal(range.rank, 2);
  assert_int_equal(range.min[1], 2);
  assert_int_equal(range.opt[0], 3);
  assert_int_equal(range.max[1], 6);
  free((char *)(uintptr_t)range.name);

  assert_int_equal(cli_values_range("scalar=", &range), SCULL_OK);
  assert_int_equal(range.rank, 0);
  free((char *)(uintptr_t)range.name);
}

static void ranges_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"x",
                                      "=1x2",
                                      "x=1x",
                                      "x=x1",
                                      "x=1y2",
                                      "x=1x2:3",
                                      "x=1x2:3x4",
                                      "x=1:2:3:4",
                                      "x=-1x2",
                                      "x=1:2x3:4",
                                      "x=1x1x1x1x1x1x1x1x1",
                                      "x=99999999999999999999",
                                      "x=1:2:3:"};
  scull_shape_range_t range;
  for (size_t i = 0; i < CLI_COUNT(wrong); i++)
    assert_int_equal(cli_values_range(wrong[i], &range), SCULL_INVALID_ARGUMENT);
}

static void sizes_are_read(void **state) {
  (void)state;
  size_t size = 0;
  assert_int_equal(cli_values_size("workspace", "1GiB", &size), SCULL_OK);
  assert_int_equal(size, (size_t)1 << 30);
  assert_int_equal(cli_values_size("workspace", "64MB", &size), SCULL_OK);
  assert_int_equal(size, 64000000);
  assert_int_equal(cli_values_size("workspace", "17", &size), SCULL_OK);
  assert_int_equal(size, 17);
  static const char *const wrong[] = {
      "", "-1", "1TiBs", "GiB", "18446744073709551615GiB", "99999999999999999999999"};
  for (size_t i = 0; i < CLI_COUNT(wrong); i++)
    assert_int_equal(cli_values_size("workspace", wrong[i], &size), SCULL_INVALID_ARGUMENT);
}

static void devices_and_precisions_are_read(void **state) {
  (void)state;
  char name[8];
  int index = -1;
  assert_int_equal(cli_values_device("cuda:3", name, sizeof name, &index), SCULL_OK);
  assert_string_equal(name, "cuda");
  assert_int_equal(index, 3);
  assert_int_equal(cli_values_device("cpu", name, sizeof name, &index), SCULL_OK);
  assert_int_equal(index, 0);
  assert_int_equal(cli_values_device("toolongname", name, sizeof name, &index),
                   SCULL_INVALID_ARGUMENT);
  assert_int_equal(cli_values_device("cuda:-1", name, sizeof name, &index), SCULL_INVALID_ARGUMENT);

  cli_list_t words = {0};
  uint32_t bits = 0;
  assert_int_equal(cli_list_split(&words, "bf16,int8"), SCULL_OK);
  assert_int_equal(cli_values_precisions(&words, &bits), SCULL_OK);
  assert_int_equal(bits, SCULL_PRECISION_F32 | SCULL_PRECISION_BF16 | SCULL_PRECISION_INT8);
  assert_int_equal(cli_list_split(&words, "fp8"), SCULL_OK);
  assert_int_equal(cli_values_precisions(&words, &bits), SCULL_INVALID_ARGUMENT);
  cli_list_deinit(&words);
}

/* --- a table of options of every kind --------------------------------------------------------- */

typedef struct everything {
  const char *first, *second, *text;
  bool flag;
  int64_t integer;
  double number;
  size_t size;
  int choice;
  cli_list_t list, repeated;
} everything_t;

#define FIELD(name) offsetof(everything_t, name)

static const cli_operand_t operands[] = {{"FIRST", FIELD(first), false},
                                         {"SECOND", FIELD(second), true}};
static const cli_option_t options[] = {
    {"text", 't', CLI_TEXT, FIELD(text), "T", "", 0},
    {"flag", 'f', CLI_FLAG, FIELD(flag), NULL, "", 0},
    {"integer", 0, CLI_INTEGER, FIELD(integer), "N", "", 1},
    {"number", 0, CLI_NUMBER, FIELD(number), "X", "", 0},
    {"size", 0, CLI_SIZE, FIELD(size), "S", "", 0},
    {"choice", 0, CLI_CHOICE, FIELD(choice), "none|fast|full", "", 0},
    {"list", 0, CLI_LIST, FIELD(list), "L", "", 0},
    {"repeated", 'r', CLI_REPEATED, FIELD(repeated), "R", "", 0},
};
static const cli_command_t command = {.name = "test",
                                      .summary = "",
                                      .operands = operands,
                                      .operand_count = CLI_COUNT(operands),
                                      .options = options,
                                      .option_count = CLI_COUNT(options),
                                      .args_size = sizeof(everything_t)};

/* Parses a line of words that are separated by single spaces. */
static scull_status_t parse(char *line, everything_t *args, bool *help) {
  char *words[32];
  int count = 0;
  *args = (everything_t){0};
  while (*line) {
    words[count++] = line;
    line += strcspn(line, " ");
    if (*line)
      *line++ = '\0';
  }
  return cli_options_parse(&command, count, words, args, help);
}

static void options_fill_their_fields(void **state) {
  (void)state;
  char line[] = "one --text=a=b -f --integer 7 --number 1.5 --size 2KiB --choice full --list a,b "
                "--list c -r x,y -rz -- --two";
  everything_t args;
  bool help = true;
  assert_int_equal(parse(line, &args, &help), SCULL_OK);
  assert_false(help);
  assert_string_equal(args.first, "one");
  assert_string_equal(args.second, "--two");
  assert_string_equal(args.text, "a=b");
  assert_true(args.flag);
  assert_int_equal(args.integer, 7);
  assert_true(args.number == 1.5);
  assert_int_equal(args.size, 2048);
  assert_int_equal(args.choice, 2);
  assert_int_equal(args.list.count, 3);
  assert_string_equal(args.list.items[2], "c");
  assert_int_equal(args.repeated.count, 2);
  assert_string_equal(args.repeated.items[0], "x,y");
  assert_string_equal(args.repeated.items[1], "z");
  cli_options_deinit(&command, &args);
}

static void wrong_words_are_refused(void **state) {
  (void)state;
  static const char *const lines[] = {"",
                                      "a b c",
                                      "a --what",
                                      "a --text",
                                      "a --flag=1",
                                      "a --integer 0",
                                      "a --integer x",
                                      "a -q",
                                      "a --choice slow",
                                      "a --number -1",
                                      "a --number nan"};
  everything_t args;
  bool help = false;
  for (size_t i = 0; i < CLI_COUNT(lines); i++) {
    char line[32];
    snprintf(line, sizeof line, "%s", lines[i]);
    assert_int_equal(parse(line, &args, &help), SCULL_INVALID_ARGUMENT);
    cli_options_deinit(&command, &args);
  }
  char line[] = "--nothing-yet --help";
  assert_int_equal(parse(line, &args, &help), SCULL_INVALID_ARGUMENT);
  char asked[] = "--help --whatever";
  assert_int_equal(parse(asked, &args, &help), SCULL_OK);
  assert_true(help);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_are_read),
      cmocka_unit_test(ranges_are_refused),
      cmocka_unit_test(sizes_are_read),
      cmocka_unit_test(devices_and_precisions_are_read),
      cmocka_unit_test(options_fill_their_fields),
      cmocka_unit_test(wrong_words_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
