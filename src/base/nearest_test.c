/* What is near and what is not. */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Offers a few names; returns the words. */
static const char *ask(const char *wanted) {
  static scull_nearest_t nearest;
  static const char *const names[] = {"conv", "conv_transpose", "softmax", "relu", "relu6",
                                      "",     "log_softmax"};
  scull_base_nearest_init(&nearest, wanted);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    scull_base_nearest_offer(&nearest, names[i]);
  return scull_base_nearest_words(&nearest);
}

static void test_near(void **state) {
  (void)state;
  assert_string_equal(ask("covn"), " (did you mean 'conv'?)");      /* swapped */
  assert_string_equal(ask("sofmax"), " (did you mean 'softmax'?)"); /* left out */
  assert_string_equal(ask("reluu"), " (did you mean 'relu'?)");     /* added; the first of two */
  assert_string_equal(ask("relu7"), " (did you mean 'relu'?)");
  assert_string_equal(ask("conv_tranpsose"), " (did you mean 'conv_transpose'?)");
  assert_string_equal(ask("relu6"), " (did you mean 'relu6'?)");
}

static void test_far(void **state) {
  (void)state;
  char longest[300];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_string_equal(ask("transpose"), "");
  assert_string_equal(ask("xx"), "");
  assert_string_equal(ask(longest), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_near),
      cmocka_unit_test(test_far),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
