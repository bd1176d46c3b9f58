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
