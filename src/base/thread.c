/* What both thread bodies share: clock, processor count, fork detection. */
#define _GNU_SOURCE
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "base/thread_body.h"

static atomic_bool pool_used, forked;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void in_child(void) {
  if (atomic_load(&pool_used))
    atomic_store(&forked, true);
}

static void watch_forks(void) {
  pthread_atfork(NULL, NULL, in_child);
}

bool scull_base_threads_forked(void) {
  return atomic_load(&forked);
}

void scull_base_threads_apply(int threads) {
  pthread_once(&fork_once, watch_forks);
  if (scull_base_threads_forked())
    scull_base_body_alone();
  else if (threads > 1)
    atomic_store(&pool_used, true);
  scull_base_body_apply(threads);
}

void scull_base_parallel_for(int threads, int64_t count, scull_range_fn_t fn, void *user) {
  if (count <= 0)
    return;
  if (threads > count)
    threads = (int)count;
  pthread_once(&fork_once, watch_forks);
  if (threads <= 1 || scull_base_threads_forked()) {
    fn(user, 0, count, 0);
    return;
  }
  atomic_store_explicit(&pool_used, true, memory_order_relaxed);
  scull_base_body_run(threads, count, fn, user);
}

void scull_base_team_run(int threads, scull_task_fn_t fn, void *user) {
  pthread_once(&fork_once, watch_forks);
  if (threads <= 1 || scull_base_threads_forked()) {
    fn(user);
    return;
  }
  atomic_store_explicit(&pool_used, true, memory_order_relaxed);
  scull_base_body_team(threads, fn, user);
}

typedef struct {
  scull_range_fn_t fn;
  void *user;
  int64_t count;
  int threads, index;
} share_t;

static void *run_share(void *argument) {
  const share_t *s = argument;
  int64_t begin = scull_base_share(s->count, s->threads, s->index);
  s->fn(s->user, begin, scull_base_share(s->count, s->threads, s->index + 1), s->index);
  return NULL;
}

void scull_base_parallel_once(int threads, int64_t count, scull_range_fn_t fn, void *user) {
  enum { MOST = 16 };
  share_t shares[MOST];
  pthread_t started[MOST];
  bool runs[MOST] = {false};
  if (count <= 0)
    return;
  threads = threads > MOST ? MOST : threads;
  threads = threads > count ? (int)count : threads < 1 ? 1 : threads;
  for (int i = 0; i < threads; i++) {
    shares[i] = (share_t){fn, user, count, threads, i};
    runs[i] = i > 0 && pthread_create(&started[i], NULL, run_share, &shares[i]) == 0;
  }
  for (int i = 0; i < threads; i++) {
    if (!runs[i]) /* the caller's own, and what no thread could be had for */
      run_share(&shares[i]);
  }
  for (int i = 0; i < threads; i++) {
    if (runs[i])
      pthread_join(started[i], NULL);
  }
}

int scull_base_threads_default(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  int count = CPU_COUNT(&set);
  return count < 1 ? 1 : count;
}

uint64_t scull_base_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
