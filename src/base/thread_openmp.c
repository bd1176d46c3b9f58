/* parallel_for over OpenMP: the pool that oneDNN uses, too.
 *
 * A team is one parallel region in which the caller hands out work and the others serve. Work is a
 * round of shares; a ticket holds round and next share, so that taking a share is one exchange that
 * fails when the round is over: a member that was not let run takes nothing, and nobody waits for
 * it. Whoever waits spins for a while only, then sleeps, so that a busy machine's processor goes to
 * somebody who has work. */
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/thread_body.h"

enum { SPINS = 2000 /* some 50 microseconds */, SHARE_BITS = 16 };

typedef struct team {
  int size;
  _Atomic uint64_t ticket; /* round << SHARE_BITS | next share; all taken: share == shares */
  _Atomic uint64_t shares; /* of the round at hand, as the other three */
  _Atomic int64_t count;
  _Atomic(scull_range_fn_t) fn;
  _Atomic(void *) user;
  _Atomic uint64_t done; /* shares of the round */
  atomic_int sleepers;
  atomic_bool quit;
  bool busy; /* the caller is within a call: a nested one runs alone */
  pthread_mutex_t lock;
  pthread_cond_t changed;
} team_t;

static _Thread_local team_t *current; /* that this thread hands work to */

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static uint64_t next_share(uint64_t ticket) {
  return ticket & ((1u << SHARE_BITS) - 1);
}

/* Wakes all that sleep. */
static void announce(team_t *team) {
  if (atomic_load(&team->sleepers) == 0)
    return;
  pthread_mutex_lock(&team->lock);
  pthread_cond_broadcast(&team->changed);
  pthread_mutex_unlock(&team->lock);
}

/* Takes one share and runs it; false when none is left. */
static bool run_share(team_t *team, int thread) {
  uint64_t ticket = atomic_load_explicit(&team->ticket, memory_order_acquire);
  uint64_t share = next_share(ticket), shares = atomic_load(&team->shares);
  scull_range_fn_t fn = atomic_load(&team->fn);
  void *user = atomic_load(&team->user);
  int64_t count = atomic_load(&team->count);
  if (share >= shares)
    return false;
  if (!atomic_compare_exchange_strong(&team->ticket, &ticket, ticket + 1))
    return true; /* somebody else has it, or the round is over: look again */
  fn(user, scull_base_share(count, (int)shares, (int)share),
     scull_base_share(count, (int)shares, (int)share + 1), thread);
  if (atomic_fetch_add(&team->done, 1) + 1 == shares)
    announce(team); /* the caller may sleep */
  return true;
}

static bool has_work(team_t *team) {
  return next_share(atomic_load(&team->ticket)) < atomic_load(&team->shares) ||
         atomic_load(&team->quit);
}

static bool is_done(team_t *team) {
  return atomic_load(&team->done) >= atomic_load(&team->shares);
}

static void await(team_t *team, bool (*ready)(team_t *)) {
  for (int i = 0; i < SPINS; i++) {
    if (ready(team))
      return;
    pause_briefly();
  }
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add(&team->sleepers, 1);
  while (!ready(team))
    pthread_cond_wait(&team->changed, &team->lock);
  atomic_fetch_sub(&team->sleepers, 1);
  pthread_mutex_unlock(&team->lock);
}

static void serve(team_t *team, int thread) {
  while (!atomic_load(&team->quit)) {
    while (run_share(team, thread)) {
    }
    await(team, has_work);
  }
}

static void hand_out(team_t *team, int threads, int64_t count, scull_range_fn_t fn, void *user) {
  int shares = threads < team->size ? threads : team->size;
  team->busy = true;
  atomic_store(&team->shares, 0); /* nothing of the old round can be taken any more */
  atomic_store(&team->done, 0);
  atomic_store(&team->fn, fn);
  atomic_store(&team->user, user);
  atomic_store(&team->count, count);
  uint64_t round = (atomic_load(&team->ticket) >> SHARE_BITS) + 1;
  atomic_store(&team->ticket, round << SHARE_BITS);
  atomic_store(&team->shares, (uint64_t)shares);
  announce(team);
  while (run_share(team, 0)) {
  }
  await(team, is_done);
  team->busy = false;
}

void scull_base_body_team(int threads, scull_task_fn_t fn, void *user) {
  team_t team = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
#pragma omp parallel num_threads(threads)
  {
    int thread = omp_get_thread_num();
    if (thread == 0) {
      team.size = omp_get_num_threads();
      current = &team;
      fn(user);
      current = NULL;
      atomic_store(&team.quit, true);
      announce(&team);
    } else {
      serve(&team, thread);
    }
  }
}

void scull_base_body_run(int threads, int64_t count, scull_range_fn_t fn, void *user) {
  if (current != NULL && !current->busy) {
    hand_out(current, threads, count, fn, user);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    int n = omp_get_num_threads(), i = omp_get_thread_num();
    int64_t begin = scull_base_share(count, n, i), end = scull_base_share(count, n, i + 1);
    if (begin < end)
      fn(user, begin, end, i);
  }
}

void scull_base_body_apply(int threads) {
  omp_set_num_threads(threads);
}

void scull_base_body_alone(void) {
  omp_set_max_active_levels(0);
}
