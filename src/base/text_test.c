/* Growing texts, quoting, patterns, and numbers under a foreign locale. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/real.h"
#include "base/text.h"

static void pieces_add_up(void **state) {
  (void)state;
  scull_text_t text = {0};
  assert_string_equal(scull_base_text_get(&text), "");
  scull_base_text_add(&text, "", 0);
  scull_base_text_add(&text, "abcd", 2);
  scull_base_text_print(&text, "%d%s", 7, "x");
  assert_string_equal(scull_base_text_get(&text), "ab7x");
  assert_int_equal(text.size, 4);
  for (int i = 0; i < 1000; i++)
    scull_base_text_print(&text, "%d,", i);
  assert_int_equal(strlen(text.data), text.size);
  assert_false(text.failed);
  scull_base_text_deinit(&text);
  assert_null(text.data);
}

static void failure_stays(void **state) {
  (void)state;
  scull_text_t text = {0};
  scull_base_text_add(&text, "kept", 4);
  scull_base_memory_fail_at(1);
  scull_base_text_print(&text, "%100d", 1);
  scull_base_memory_fail_at(0);
  assert_true(text.failed);
  scull_base_text_add(&text, "x", 1);
  assert_true(text.failed);
  assert_string_equal(scull_base_text_get(&text), "kept");
  scull_base_text_deinit(&text);
}

static void quoting(void **state) {
  (void)state;
  scull_text_t text = {0};
  scull_base_text_quote(&text, "a \"b\" \\ \n\t\x01\x7f \xc3\xa4");
  assert_string_equal(text.data, "\"a \\\"b\\\" \\\\ \\n\\t\\x01\\x7f \xc3\xa4\"");
  scull_base_text_deinit(&text);
  scull_base_text_quote(&text, "");
  assert_string_equal(text.data, "\"\"");
  scull_base_text_deinit(&text);
}

static void patterns(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *text;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "abc", true},
      {"a", "a", true},
      {"a", "b", false},
      {"a", "ab", false},
      {"ab", "a", false},
      {"?", "a", true},
      {"?", "", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"a*", "a", true},
      {"*a", "bca", true},
      {"*a", "bcab", false},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "axxbyy", false},
      {"*aab", "aaaab", true},
      {"**", "x", true},
      {"a**b", "ab", true},
      {"*.bn?", "conv1.bn2", true},
      {"*?", "", false},
      {"*?*", "x", true},
      {"conv[1]", "conv[1]", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (scull_base_glob(cases[i].pattern, cases[i].text) != cases[i].matches)
      fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
  }
}

/* The classic that takes exponential time when stars recurse. */
static void hostile_pattern_ends(void **state) {
  (void)state;
  char text[5001], pattern[1001];
  memset(text, 'a', 5000);
  text[5000] = '\0';
  for (int i = 0; i < 999; i += 3)
    memcpy(pattern + i, "*aa", 3);
  memcpy(pattern + 999, "b", 2);
  assert_false(scull_base_glob(pattern, text));
}

static void bytes_compare(void **state) {
  (void)state;
  const uint8_t a[] = {1, 2}, b[] = {1, 3};
  assert_true(scull_base_bytes_equal((scull_bytes_t){a, 2}, (scull_bytes_t){a, 2}));
  assert_false(scull_base_bytes_equal((scull_bytes_t){a, 2}, (scull_bytes_t){b, 2}));
  assert_true(scull_base_bytes_equal((scull_bytes_t){a, 1}, (scull_bytes_t){b, 1}));
  assert_false(scull_base_bytes_equal((scull_bytes_t){a, 1}, (scull_bytes_t){a, 2}));
  assert_true(scull_base_bytes_equal((scull_bytes_t){NULL, 0}, (scull_bytes_t){a, 0}));
}

static void expect_real(double value, bool is_single, const char *want) {
  scull_text_t text = {0};
  const char *end = NULL;
  double again = 0;
  scull_base_real_print(&text, value, is_single);
  assert_string_equal(text.data, want);
  assert_true(scull_base_real_read(text.data, &end, &again));
  assert_true(*end == '\0');
  assert_true(isnan(value) ? isnan(again)
                           : (is_single ? (float)again == (float)value : again == value));
  scull_base_text_deinit(&text);
}

static void reals(void **state) {
  (void)state;
  expect_real(0.1, false, "0.1");
  expect_real((double)0.1f, true, "0.1");
  expect_real((double)0.1f, false, "0.10000000149011612");
  expect_real(1.0 / 3, false, "0.3333333333333333");
  expect_real((double)(1.0f / 3), true, "0.33333334");
  expect_real(-INFINITY, false, "-inf");
  expect_real(NAN, true, "nan");
  expect_real(-0.0, false, "-0");
  expect_real(1e300, false, "1e+300");
  expect_real(0x1p-1074, false, "4.94066e-324");
}

static void no_number(void **state) {
  (void)state;
  const char *text = "x1", *end = NULL;
  double value = 7;
  assert_false(scull_base_real_read(text, &end, &value));
  assert_ptr_equal(end, text);
  assert_true(value == 7);
}

/* An application with a decimal comma changes nothing. Skipped where no such locale is installed.
 */
static void numbers_ignore_the_locale(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  const char *set = NULL;
  for (size_t i = 0; set == NULL && i < sizeof names / sizeof names[0]; i++)
    set = setlocale(LC_ALL, names[i]);
  if (set == NULL)
    skip();
  expect_real(0.5, false, "0.5");
  assert_string_equal(localeconv()->decimal_point, ","); /* and it is the application's again */
  setlocale(LC_ALL, "C");
}

typedef struct {
  int calls;
  char last[64];
} log_t;

static void log_line(void *user, scull_severity_t severity, const char *text) {
  log_t *log = user;
  (void)severity;
  log->calls++;
  strncpy(log->last, text, sizeof log->last - 1);
}

static void diagnostics(void **state) {
  (void)state;
  log_t log = {0};
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_WARNING, log_line, &log);
  assert_string_equal(scull_base_diag_first_error(&diag), "");
  scull_base_warn(&diag, "w %d", 1);
  scull_base_info(&diag, "not shown");
  assert_int_equal(scull_base_fail(&diag, SCULL_IO, "e %s", "one"), SCULL_IO);
  assert_int_equal(scull_base_fail(&diag, SCULL_CORRUPT, "e two"), SCULL_CORRUPT);
  assert_int_equal(log.calls, 3);
  assert_string_equal(log.last, "e two");
  assert_string_equal(scull_base_diag_first_error(&diag), "e one");
  assert_int_equal(diag.errors, 2);
  assert_int_equal(diag.warnings, 1);
  assert_string_equal(diag.first->text, "w 1");
  assert_int_equal(diag.last->status, SCULL_CORRUPT);
  scull_base_diag_clear(&diag);
  assert_string_equal(scull_base_diag_first_error(&diag), "");
  assert_int_equal(diag.errors, 0);
  for (int i = 0; i < 5000; i++)
    scull_base_warn(&diag, "%4096d", i);
  assert_true(diag.arena.bytes < 2 << 20); /* words about a hostile file are bounded */
  assert_int_equal(scull_base_fail(NULL, SCULL_IO, "lost"), SCULL_IO);
  scull_base_memory_fail_at(1);
  assert_int_equal(scull_base_fail_memory(&diag, "it"), SCULL_OUT_OF_MEMORY);
  scull_base_memory_fail_at(0);
  scull_base_diag_deinit(&diag);
}

static void statuses_have_names(void **state) {
  (void)state;
  assert_string_equal(scull_base_status_name(SCULL_OK), "OK");
  assert_string_equal(scull_base_status_name(SCULL_NEEDS_BUILD), "NEEDS_BUILD");
  assert_string_equal(scull_base_status_name((scull_status_t)99), "UNKNOWN");
  assert_true(strlen(scull_base_status_text(SCULL_IO)) > 10);
  assert_true(strlen(scull_base_status_text((scull_status_t)-1)) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_add_up),
      cmocka_unit_test(failure_stays),
      cmocka_unit_test(quoting),
      cmocka_unit_test(patterns),
      cmocka_unit_test(hostile_pattern_ends),
      cmocka_unit_test(bytes_compare),
      cmocka_unit_test(reals),
      cmocka_unit_test(no_number),
      cmocka_unit_test(numbers_ignore_the_locale),
      cmocka_unit_test(diagnostics),
      cmocka_unit_test(statuses_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
