/* A thread of its own waits for the signals, so that cancelling is an ordinary call and not one
 * inside a signal handler. */
#define _POSIX_C_SOURCE 200809L
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "console.h"

static void fill_signals(sigset_t *signals) {
  sigemptyset(signals);
  sigaddset(signals, SIGINT);
  sigaddset(signals, SIGTERM);
  sigaddset(signals, SIGUSR1); /* wakes the watcher at the end */
}

static void *watch(void *user) {
  cli_interrupt_t *interrupt = user;
  sigset_t signals;
  int received = 0;
  bool asked = false;
  fill_signals(&signals);
  while (sigwait(&signals, &received) == 0 && !atomic_load(&interrupt->over)) {
    if (asked)
      _exit(128 + received);
    asked = true;
    cli_note("cancelling (once more to end at once)");
    scull_builder_cancel(interrupt->builder);
  }
  return NULL;
}

scull_status_t cli_interrupt_begin(cli_interrupt_t *interrupt, scull_builder_t *builder) {
  sigset_t signals;
  interrupt->builder = builder;
  atomic_init(&interrupt->over, false);
  fill_signals(&signals);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  if (pthread_create(&interrupt->watcher, NULL, watch, interrupt) == 0)
    return SCULL_OK;
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
  return cli_fail(SCULL_IO, "cannot start a thread");
}

void cli_interrupt_end(cli_interrupt_t *interrupt) {
  sigset_t signals;
  fill_signals(&signals);
  atomic_store(&interrupt->over, true);
  pthread_kill(interrupt->watcher, SIGUSR1);
  pthread_join(interrupt->watcher, NULL);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}
