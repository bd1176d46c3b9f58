/* Numbers in texts are written and read under a "C" locale of our own: an application that runs
 * with a decimal comma must not change what a file means. */
#ifndef SCULL_BASE_LOCALE_H
#define SCULL_BASE_LOCALE_H

/* Switches this thread over; hand the result (a locale_t; NULL: nothing was switched) to leave. */
void *scull_base_locale_enter(void);
void scull_base_locale_leave(void *before);

#endif
