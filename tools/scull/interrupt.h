/* Ctrl-C during a build: the first one cancels the build, which then ends cleanly; a second one
 * ends the process. */
#ifndef SCULL_TOOL_INTERRUPT_H
#define SCULL_TOOL_INTERRUPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "command.h"

typedef struct cli_interrupt {
  scull_builder_t *builder;
  pthread_t watcher;
  atomic_bool over; /* the build has ended */
} cli_interrupt_t;

/* Call before the build starts threads: they inherit that signals are the watcher's. */
CLI_CHECKED scull_status_t cli_interrupt_begin(cli_interrupt_t *interrupt,
                                               scull_builder_t *builder);
void cli_interrupt_end(cli_interrupt_t *interrupt);

#endif
