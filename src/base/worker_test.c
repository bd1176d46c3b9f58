/* The worker: jobs in order, statuses, destruction with a job under way, and a child after a fork.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/worker.h"

typedef struct {
  int *list, *count; /* touched by the worker only, until a wait */
  int value;
} append_t;

static scull_status_t append(void *user) {
  append_t *job = user;
  job->list[(*job->count)++] = job->value;
  return job->value == 3 ? SCULL_DEVICE : SCULL_OK;
}

static scull_worker_t *create(void) {
  scull_worker_t *worker = NULL;
  assert_int_equal(scull_base_worker_create(&worker, NULL), SCULL_OK);
  return worker;
}

static void jobs_run_in_order(void **state) {
  (void)state;
  enum { JOBS = 200 };
  int list[JOBS], count = 0;
  append_t jobs[JOBS];
  scull_worker_t *worker = create();
  assert_int_equal(scull_base_worker_wait(worker), SCULL_OK); /* nothing yet */
  for (int i = 0; i < JOBS; i++) {
    jobs[i] = (append_t){list, &count, i + 10};
    scull_base_worker_submit(worker, append, &jobs[i]);
  }
  assert_int_equal(scull_base_worker_wait(worker), SCULL_OK);
  assert_int_equal(count, JOBS);
  for (int i = 0; i < JOBS; i++)
    assert_int_equal(list[i], i + 10);
  scull_base_worker_destroy(worker);
}

static void a_status_is_given_once(void **state) {
  (void)state;
  int list[1], count = 0;
  append_t job = {list, &count, 3};
  scull_worker_t *worker = create();
  scull_base_worker_submit(worker, append, &job);
  assert_int_equal(scull_base_worker_wait(worker), SCULL_DEVICE);
  assert_int_equal(scull_base_worker_wait(worker), SCULL_OK);
  scull_base_worker_destroy(worker);
}

static scull_status_t slow(void *user) {
  const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
  nanosleep(&pause, NULL);
  atomic_store((atomic_bool *)user, true);
  return SCULL_OK;
}

static void destroy_waits(void **state) {
  (void)state;
  atomic_bool done = false;
  scull_worker_t *worker = create();
  scull_base_worker_submit(worker, slow, &done);
  scull_base_worker_destroy(worker);
  assert_true(atomic_load(&done));
  scull_base_worker_destroy(NULL);
}

static scull_status_t name_thread(void *user) {
  *(pthread_t *)user = pthread_self();
  return SCULL_OK;
}

static void it_is_another_thread(void **state) {
  (void)state;
  pthread_t thread = pthread_self();
  scull_worker_t *worker = create();
  scull_base_worker_submit(worker, name_thread, &thread);
  assert_int_equal(scull_base_worker_wait(worker), SCULL_OK);
  assert_false(pthread_equal(thread, pthread_self()));
  scull_base_worker_destroy(worker);
}

/* In the child: the job under way is gone, new ones run, destroy returns. */
static int use_in_child(scull_worker_t *worker) {
  int list[1], count = 0;
  append_t job = {list, &count, 3};
  if (scull_base_worker_wait(worker) != SCULL_CANCELLED)
    return 1;
  scull_base_worker_submit(worker, append, &job);
  if (count != 1 || scull_base_worker_wait(worker) != SCULL_DEVICE)
    return 2;
  scull_base_worker_destroy(worker);
  return 0;
}

static void a_child_works_on(void **state) {
  (void)state;
  atomic_bool done = false;
  scull_worker_t *worker = create();
  scull_base_worker_submit(worker, slow, &done);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(20);
    _exit(use_in_child(worker));
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(scull_base_worker_wait(worker), SCULL_OK);
  assert_true(atomic_load(&done));
  scull_base_worker_destroy(worker);
}

static void short_memory(void **state) {
  (void)state;
  scull_worker_t *worker = NULL;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_base_memory_fail_at(1);
  assert_int_equal(scull_base_worker_create(&worker, &diag), SCULL_OUT_OF_MEMORY);
  scull_base_memory_fail_at(0);
  assert_null(worker);
  scull_base_diag_deinit(&diag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jobs_run_in_order), cmocka_unit_test(a_status_is_given_once),
      cmocka_unit_test(destroy_waits),     cmocka_unit_test(it_is_another_thread),
      cmocka_unit_test(a_child_works_on),  cmocka_unit_test(short_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
