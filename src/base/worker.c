/* The worker thread: one mutex, two conditions, one slot. */
#define _POSIX_C_SOURCE 200809L
#include "base/worker.h"

#include <pthread.h>
#include <unistd.h>

struct scull_worker {
  pid_t process; /* in which the thread lives */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t work, idle;
  scull_job_fn_t fn; /* NULL: nothing to do */
  void *user;
  scull_status_t status;
  bool busy, quit;
};

/* The thread, and who knows what state of the lock, belong to the parent of this process. */
static bool is_orphan(const scull_worker_t *worker) {
  return worker->process != getpid();
}

static void *loop(void *argument) {
  scull_worker_t *worker = argument;
  pthread_mutex_lock(&worker->lock);
  for (;;) {
    while (worker->fn == NULL && !worker->quit)
      pthread_cond_wait(&worker->work, &worker->lock);
    if (worker->fn == NULL)
      break;
    scull_job_fn_t fn = worker->fn;
    pthread_mutex_unlock(&worker->lock);
    scull_status_t status = fn(worker->user);
    pthread_mutex_lock(&worker->lock);
    worker->fn = NULL;
    worker->status = status;
    worker->busy = false;
    pthread_cond_broadcast(&worker->idle);
  }
  pthread_mutex_unlock(&worker->lock);
  return NULL;
}

scull_status_t scull_base_worker_create(scull_worker_t **out, scull_diag_t *diag) {
  *out = NULL;
  scull_worker_t *worker = scull_base_alloc(sizeof *worker);
  if (worker == NULL)
    return scull_base_fail_memory(diag, "a worker thread");
  worker->process = getpid();
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->work, NULL);
  pthread_cond_init(&worker->idle, NULL);
  if (pthread_create(&worker->thread, NULL, loop, worker) != 0) {
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->work);
    pthread_cond_destroy(&worker->idle);
    scull_base_free(worker);
    return scull_base_fail(diag, SCULL_OUT_OF_MEMORY, "cannot start a thread");
  }
  *out = worker;
  return SCULL_OK;
}

void scull_base_worker_destroy(scull_worker_t *worker) {
  if (worker == NULL)
    return;
  if (is_orphan(worker)) {
    scull_base_free(worker);
    return;
  }
  pthread_mutex_lock(&worker->lock);
  worker->quit = true;
  pthread_cond_signal(&worker->work);
  pthread_mutex_unlock(&worker->lock);
  pthread_join(worker->thread, NULL);
  pthread_mutex_destroy(&worker->lock);
  pthread_cond_destroy(&worker->work);
  pthread_cond_destroy(&worker->idle);
  scull_base_free(worker);
}

void scull_base_worker_submit(scull_worker_t *worker, scull_job_fn_t fn, void *user) {
  if (is_orphan(worker)) {
    worker->status = fn(user);
    worker->busy = false;
    return;
  }
  pthread_mutex_lock(&worker->lock);
  while (worker->busy)
    pthread_cond_wait(&worker->idle, &worker->lock);
  worker->fn = fn;
  worker->user = user;
  worker->busy = true;
  pthread_cond_signal(&worker->work);
  pthread_mutex_unlock(&worker->lock);
}

static scull_status_t orphan_wait(scull_worker_t *worker) {
  scull_status_t status = worker->busy ? SCULL_CANCELLED : worker->status;
  worker->busy = false;
  worker->status = SCULL_OK;
  return status;
}

scull_status_t scull_base_worker_wait(scull_worker_t *worker) {
  if (is_orphan(worker))
    return orphan_wait(worker);
  pthread_mutex_lock(&worker->lock);
  while (worker->busy)
    pthread_cond_wait(&worker->idle, &worker->lock);
  scull_status_t status = worker->status;
  worker->status = SCULL_OK;
  pthread_mutex_unlock(&worker->lock);
  return status;
}
