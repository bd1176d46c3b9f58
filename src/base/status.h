/* Statuses inside the library: the public list plus the macros that pass a failure on. */
#ifndef SCULL_BASE_STATUS_H
#define SCULL_BASE_STATUS_H

#include <scull/types.h>

#define SCULL_MUST_USE __attribute__((warn_unused_result))

/* Returns from the caller when `expr` fails. Only where nothing is owned yet. */
#define SCULL_TRY(expr)                                                                            \
  do {                                                                                             \
    scull_status_t scull_try_status = (expr);                                                      \
    if (scull_try_status != SCULL_OK)                                                              \
      return scull_try_status;                                                                     \
  } while (0)

/* Jumps to `done:` with `status` set when `expr` fails: for functions that own something. */
#define SCULL_TRY_DONE(expr)                                                                       \
  do {                                                                                             \
    status = (expr);                                                                               \
    if (status != SCULL_OK)                                                                        \
      goto done;                                                                                   \
  } while (0)

/* "INVALID_ARGUMENT"; never NULL, also for values outside the list. */
const char *scull_base_status_name(scull_status_t status);

/* One sentence that says what the status means; never NULL. */
const char *scull_base_status_text(scull_status_t status);

#endif
