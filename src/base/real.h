/* Floating-point numbers as text, with a point whatever the process's locale says, and with as few
 * digits as bring the number back. */
#ifndef SCULL_BASE_REAL_H
#define SCULL_BASE_REAL_H

#include "base/text.h"

/* Reads a number ("0.5", "-1e9", "inf", "nan") at `text`; *end is set behind it. False, and *end =
 * text, when there is none. */
bool scull_base_real_read(const char *text, const char **end, double *out);

/* Adds the shortest text that reads back as `value`; `is_single`: as the same f32. */
void scull_base_real_print(scull_text_t *text, double value, bool is_single);

#endif
