/* Numbers through the C library, under the plain locale. */
#define _POSIX_C_SOURCE 200809L
#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/locale.h"

bool scull_base_real_read(const char *text, const char **end, double *out) {
  char *stop = NULL;
  void *before = scull_base_locale_enter();
  double value = strtod(text, &stop);
  scull_base_locale_leave(before);
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
    void *before = scull_base_locale_enter();
    for (int digits = 6; digits <= 17; digits++) { /* 17 always suffice */
      snprintf(buffer, sizeof buffer, "%.*g", digits, value);
      if (reads_back(buffer, value, is_single))
        break;
    }
    scull_base_locale_leave(before);
  }
  scull_base_text_print(text, "%s", buffer);
}
