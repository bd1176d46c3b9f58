/* One locale object for the whole process, made at first use. */
#define _POSIX_C_SOURCE 200809L
#include "base/locale.h"

#include <locale.h>
#include <pthread.h>

static locale_t plain; /* 0 when it cannot be had: the process's locale then serves */
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void make_plain(void) {
  plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

void *scull_base_locale_enter(void) {
  pthread_once(&plain_once, make_plain);
  return plain == (locale_t)0 ? NULL : (void *)uselocale(plain);
}

void scull_base_locale_leave(void *before) {
  if (before != NULL)
    uselocale((locale_t)before);
}
