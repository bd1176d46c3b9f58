/* parallel_for over plain threads: each calling thread keeps a team that sleeps between calls and
 * ends with it. Simple rather than fast: it serves ThreadSanitizer and builds without OpenMP. */
#include <pthread.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/thread_body.h"

enum { MAX_TEAM = 64 };

typedef struct team {
  pthread_mutex_t lock;
  pthread_cond_t wake, idle;
  pthread_t threads[MAX_TEAM];
  int size;        /* workers besides the caller */
  int active;      /* workers that share the current call */
  int running;     /* of them, not yet done */
  unsigned round;  /* grows with each call */
  int next_worker; /* numbers handed to new workers */
  bool quit;
  bool busy; /* the caller is within a call: a nested one runs alone */
  scull_range_fn_t fn;
  void *user;
  int64_t count;
} team_t;

static pthread_key_t team_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void *work(void *argument) {
  team_t *team = argument;
  pthread_mutex_lock(&team->lock);
  int self = ++team->next_worker;
  unsigned seen = 0;
  for (;;) {
    while (!team->quit && (team->round == seen || self > team->active)) {
      if (self > team->active)
        seen = team->round;
      pthread_cond_wait(&team->wake, &team->lock);
    }
    if (team->quit)
      break;
    seen = team->round;
    int n = team->active + 1;
    int64_t begin = scull_base_share(team->count, n, self);
    int64_t end = scull_base_share(team->count, n, self + 1);
    pthread_mutex_unlock(&team->lock);
    if (begin < end)
      team->fn(team->user, begin, end, self);
    pthread_mutex_lock(&team->lock);
    if (--team->running == 0)
      pthread_cond_signal(&team->idle);
  }
  pthread_mutex_unlock(&team->lock);
  return NULL;
}

static void team_destroy(void *argument) {
  team_t *team = argument;
  if (scull_base_threads_forked())
    return; /* its threads stayed in the parent */
  pthread_mutex_lock(&team->lock);
  team->quit = true;
  pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
  for (int i = 0; i < team->size; i++)
    pthread_join(team->threads[i], NULL);
  pthread_mutex_destroy(&team->lock);
  pthread_cond_destroy(&team->wake);
  pthread_cond_destroy(&team->idle);
  scull_base_free(team);
}

static void make_key(void) {
  pthread_key_create(&team_key, team_destroy);
}

/* The caller's team with room for `threads`; NULL when none can be had. */
static team_t *team_of(int threads) {
  pthread_once(&key_once, make_key);
  team_t *team = pthread_getspecific(team_key);
  if (team == NULL) {
    team = scull_base_alloc(sizeof *team);
    if (team == NULL)
      return NULL;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    pthread_cond_init(&team->idle, NULL);
    pthread_setspecific(team_key, team);
  }
  while (team->size < threads - 1 && team->size < MAX_TEAM) {
    if (pthread_create(&team->threads[team->size], NULL, work, team) != 0)
      break;
    team->size++;
  }
  return team;
}

void scull_base_body_run(int threads, int64_t count, scull_range_fn_t fn, void *user) {
  team_t *team = team_of(threads);
  if (team == NULL || team->size == 0 || team->busy) {
    fn(user, 0, count, 0);
    return;
  }
  team->busy = true;
  pthread_mutex_lock(&team->lock);
  team->active = threads - 1 < team->size ? threads - 1 : team->size;
  team->running = team->active;
  team->fn = fn;
  team->user = user;
  team->count = count;
  team->round++;
  pthread_cond_broadcast(&team->wake);
  int n = team->active + 1;
  pthread_mutex_unlock(&team->lock);
  fn(user, 0, scull_base_share(count, n, 1), 0);
  pthread_mutex_lock(&team->lock);
  while (team->running > 0)
    pthread_cond_wait(&team->idle, &team->lock);
  team->active = 0;
  pthread_mutex_unlock(&team->lock);
  team->busy = false;
}

/* The caller keeps its team between calls anyway. */
void scull_base_body_team(int threads, scull_task_fn_t fn, void *user) {
  (void)threads;
  fn(user);
}

void scull_base_body_apply(int threads) {
  (void)threads;
}

void scull_base_body_alone(void) {}
