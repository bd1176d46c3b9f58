/* The demo's network (zoo/digits) through the public header: built, opened, run on the pictures
 * that were kept back. */
#ifndef SCULL_TESTS_SUPPORT_DIGITS_H
#define SCULL_TESTS_SUPPORT_DIGITS_H

#include <scull/scull.h>

enum { DIGITS_CLASSES = 10, DIGITS_PIXELS = 64, DIGITS_PICTURES = 360 };

/* Options for a quick build of the digits at 1:8:8 pictures; nothing is timed. */
void digits_options(scull_build_options_t *options);

/* Builds to `path`; asserts (cmocka) that it succeeds. */
void digits_build(const char *path);

/* An engine of a fresh plan; the file is removed again. */
scull_engine_t *digits_engine(void);

/* The kept pictures as [360, 64] and what Paddle answered as [360, 10]; static. */
const float *digits_pictures(void);
const float *digits_expected(void);

/* Runs `count` pictures from `first` on; 0 when the answers are Paddle's (1e-4), else 1. Asserts
 * nothing: threads and children may call it. */
int digits_run(scull_context_t *context, int first, int count);

#endif
