/* Numbers in texts are written and read under a "C" locale of our own: an application that runs
 * with a decimal comma must not change what a file means. Needs _POSIX_C_SOURCE 200809L. */
#ifndef SCULL_BASE_LOCALE_H
#define SCULL_BASE_LOCALE_H

#include <locale.h>

/* Switches this thread over; hand the result to leave. */
locale_t scull_base_locale_enter(void);
void scull_base_locale_leave(locale_t before);

#endif
