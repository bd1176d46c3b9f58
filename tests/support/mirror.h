/* A backend for tests: the processor made to look like a discrete device. Its memory is a part of
 * the host's that only its own steps may touch (each of them is checked for that), its tactics are
 * the CPU's, its work can be captured and replayed. */
#ifndef SCULL_TESTS_SUPPORT_MIRROR_H
#define SCULL_TESTS_SUPPORT_MIRROR_H

#include "backend/backend.h"

/* What has happened since mirror_add. */
typedef struct mirror_counts {
  int enqueued; /* steps run one by one */
  int captured; /* pieces of work */
  int replayed; /* pieces of work */
  int copies, waits;
  int strays; /* steps that were given memory that is not the mirror's */
} mirror_counts_t;

/* Puts the backend "mirror" among those that scull_backend_find knows; counts begin at 0. */
void mirror_add(void);
mirror_counts_t mirror_counts(void);

/* From now on steps of tactics whose names fit fail when they are enqueued; NULL: none. */
void mirror_fail(const char *pattern);

#endif
