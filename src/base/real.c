/* Numbers through the C library under a "C" locale of our own: an application that runs with a
 * decimal comma must not change what a model means. */
#define _POSIX_C_SOURCE 200809L
#include "base/real.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t plain; /* 0 when it cannot be had: the process's locale then serves */
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void make_plain(void) {
  plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t enter(void) {
  pthread_once(&plain_once, make_plain);
  return plain == (locale_t)0 ? (locale_t)0 : uselocale(plain);
}

static void leave(locale_t before) {
  if (before != (locale_t)0)
    uselocale(before);
}

bool scull_base_real_read(const char *text, const char **end, double *out) {
  char *stop = NULL;
  locale_t before = enter();
  double value = strtod(text, &stop);
  leave(before);
  *end = stop;
  if (stop == text)
    return false;
  *out = value;
  return true;
}

static bool reads_back(const char *text, double value, bool is_single) {
  double again = strtod(text, NULL);
  return is_single ? (float)again == (float)value : again == value;
}

void scull_base_real_print(scull_text_t *text, double value, bool is_single) {
  char buffer[40] = "nan";
  if (!isnan(value)) {
    locale_t before = enter();
    for (int digits = 6; digits <= 17; digits++) { /* 17 always suffice */
      snprintf(buffer, sizeof buffer, "%.*g", digits, value);
      if (reads_back(buffer, value, is_single))
        break;
    }
    leave(before);
  }
  scull_base_text_print(text, "%s", buffer);
}
