/* parallel_for: every item once, shares that differ by at most one, contexts in several threads,
 * nested calls, and a child after a fork. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"
#include "base/thread_body.h"

enum { ITEMS = 1000, MAX_THREADS = 16 };

typedef struct {
  atomic_int touched[ITEMS];
  atomic_int calls;
  _Atomic int64_t sizes[MAX_THREADS]; /* of each worker's share */
} record_t;

static void touch(void *user, int64_t begin, int64_t end, int thread) {
  record_t *record = user;
  atomic_fetch_add(&record->calls, 1);
  atomic_fetch_add(&record->sizes[thread], end - begin);
  for (int64_t i = begin; i < end; i++)
    atomic_fetch_add(&record->touched[i], 1);
}

typedef void (*loop_t)(int threads, int64_t count, scull_range_fn_t fn, void *user);

static void check_loop(loop_t loop, int threads, int64_t count) {
  static record_t record;
  int64_t smallest = ITEMS, largest = 0;
  memset(&record, 0, sizeof record);
  loop(threads, count, touch, &record);
  for (int64_t i = 0; i < ITEMS; i++)
    assert_int_equal(record.touched[i], i < count);
  int limit = threads < 1 ? 1 : threads;
  assert_in_range(record.calls, count > 0, count < limit ? count : limit);
  for (int i = 0; i < record.calls; i++) {
    smallest = record.sizes[i] < smallest ? record.sizes[i] : smallest;
    largest = record.sizes[i] > largest ? record.sizes[i] : largest;
  }
  assert_true(count == 0 || (smallest > 0 && largest - smallest <= 1));
}

static void check(int threads, int64_t count) {
  check_loop(scull_base_parallel_for, threads, count);
}

static void every_item_once(void **state) {
  (void)state;
  static const int64_t counts[] = {0, 1, 2, 3, 7, 8, 9, 100, 999, 1000};
  for (int threads = -1; threads <= 9; threads++) {
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
      check(threads, counts[i]);
  }
  for (int threads = -1; threads <= 9; threads++) {
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
      check_loop(scull_base_parallel_once, threads, counts[i]);
  }
  for (int i = 0; i < 500; i++) /* fewer, more, fewer: the team sleeps and wakes */
    check(1 + i % 5, 10 + i % 3);
}

static void call_again(void *user, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t i = begin; i < end; i++)
    scull_base_parallel_for(3, 100, touch, user);
}

typedef struct {
  int threads;
  record_t *record;
} team_case_t;

static void call_in_a_row(void *user) {
  const team_case_t *c = user;
  for (int i = 0; i < 300; i++) {
    memset(c->record, 0, sizeof *c->record);
    scull_base_parallel_for(c->threads, 1 + i * 3, touch, c->record);
    for (int64_t k = 0; k < ITEMS; k++)
      assert_int_equal(c->record->touched[k], k < 1 + i * 3);
  }
  memset(c->record, 0, sizeof *c->record);
  scull_base_parallel_for(c->threads, 12, call_again, c->record); /* nested */
  for (int k = 0; k < 100; k++)
    assert_int_equal(c->record->touched[k], 12);
}

static void a_team_does_every_item_once(void **state) {
  (void)state;
  static record_t record;
  for (int threads = 1; threads <= 9; threads++) {
    for (int team = 1; team <= 5; team++)
      scull_base_team_run(team, call_in_a_row, &(team_case_t){threads, &record});
  }
}

static void sleep_between_calls(void *user) {
  for (int i = 0; i < 5; i++) {
    struct timespec pause = {.tv_nsec = 3000000}; /* the others are asleep then */
    nanosleep(&pause, NULL);
    scull_base_parallel_for(3, ITEMS, touch, user);
  }
}

static void a_team_that_slept_wakes(void **state) {
  (void)state;
  static record_t record;
  memset(&record, 0, sizeof record);
  scull_base_team_run(3, sleep_between_calls, &record);
  for (int k = 0; k < ITEMS; k++)
    assert_int_equal(record.touched[k], 5);
}

static void negative_counts_do_nothing(void **state) {
  (void)state;
  record_t record = {0};
  scull_base_parallel_for(4, -5, touch, &record);
  assert_int_equal(record.calls, 0);
}

static void shares_cover_the_range(void **state) {
  (void)state;
  for (int n = 1; n <= 7; n++) {
    for (int64_t count = 0; count < 30; count++) {
      assert_int_equal(scull_base_share(count, n, 0), 0);
      assert_int_equal(scull_base_share(count, n, n), count);
      for (int i = 0; i < n; i++) {
        int64_t size = scull_base_share(count, n, i + 1) - scull_base_share(count, n, i);
        assert_in_range(size, count / n, count / n + 1);
      }
    }
  }
}

static void *run_many(void *user) {
  record_t *record = user;
  for (int i = 0; i < 200; i++)
    scull_base_parallel_for(3, ITEMS, touch, record);
  return NULL;
}

static void callers_do_not_meet(void **state) {
  (void)state;
  static record_t records[4];
  pthread_t callers[4];
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&callers[i], NULL, run_many, &records[i]), 0);
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_join(callers[i], NULL), 0);
  for (int i = 0; i < 4; i++) {
    for (int k = 0; k < ITEMS; k++)
      assert_int_equal(records[i].touched[k], 200);
  }
}

static void nested_calls_end(void **state) {
  (void)state;
  static record_t record;
  scull_base_parallel_for(3, 12, call_again, &record);
  for (int k = 0; k < 100; k++)
    assert_int_equal(record.touched[k], 12);
}

/* Threads that have ended leave nothing behind: must run before anything uses the pool. */
static void a_fork_before_the_pool_is_free(void **state) {
  (void)state;
  int status = 0;
  check_loop(scull_base_parallel_once, 4, 100);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(scull_base_threads_forked() ? 1 : 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* Exit code of a child that forks off after the pool was used and works on alone. */
static void child_works_alone(void **state) {
  (void)state;
  static record_t record;
  int status = 0;
  check(4, 100);
  scull_base_threads_apply(2);
  assert_false(scull_base_threads_forked());
  memset(&record, 0, sizeof record);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(20); /* a pool that hangs ends here, not the test run */
    scull_base_threads_apply(4);
    scull_base_parallel_for(4, ITEMS, touch, &record);
    bool good = scull_base_threads_forked() && record.calls == 1;
    for (int i = 0; i < ITEMS; i++)
      good = good && record.touched[i] == 1;
    _exit(good ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_false(scull_base_threads_forked());
  check(4, 100); /* the parent's pool is as before */
}

static void clock_and_processors(void **state) {
  (void)state;
  uint64_t before = scull_base_now();
  assert_true(scull_base_now() >= before);
  assert_true(scull_base_threads_default() >= 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fork_before_the_pool_is_free),
      cmocka_unit_test(every_item_once),
      cmocka_unit_test(negative_counts_do_nothing),
      cmocka_unit_test(shares_cover_the_range),
      cmocka_unit_test(callers_do_not_meet),
      cmocka_unit_test(a_team_does_every_item_once),
      cmocka_unit_test(a_team_that_slept_wakes),
      cmocka_unit_test(nested_calls_end),
      cmocka_unit_test(child_works_alone),
      cmocka_unit_test(clock_and_processors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
