/* Four contexts of one engine in four threads give the single-threaded answers, by run and by
 * enqueue + wait; builds and engines in several threads do not meet. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/digits.h"
#include "support/net.h"

enum { THREADS = 4, ROUNDS = 12 };

typedef struct {
  scull_engine_t *engine;
  int number, threads;
  bool enqueues;
  int failures;
} worker_t;

static int enqueue_round(scull_context_t *context, int first) {
  static const int64_t dims[] = {8, 1, 8, 8};
  scull_tensor_view_t view;
  if (scull_context_set_input_shape(context, 0, 4, dims) != SCULL_OK ||
      scull_context_set_input(context, 0, digits_pictures() + (ptrdiff_t)first * 64,
                              8 * 64 * sizeof(float)) != SCULL_OK ||
      scull_context_enqueue(context) != SCULL_OK || scull_context_enqueue(context) != SCULL_OK ||
      scull_context_wait(context) != SCULL_OK ||
      scull_context_output(context, 0, &view) != SCULL_OK)
    return 1;
  for (int i = 0; i < 80; i++) {
    float difference = ((const float *)view.data)[i] - digits_expected()[first * 10 + i];
    if (!(difference < 1e-4f && difference > -1e-4f))
      return 1;
  }
  return 0;
}

static void *work(void *user) {
  worker_t *w = user;
  scull_context_options_t options;
  scull_context_t *context = NULL;
  scull_context_options_init(&options);
  options.threads = w->threads;
  if (scull_context_create(w->engine, &options, &context) != SCULL_OK) {
    w->failures = 1;
    return NULL;
  }
  for (int i = 0; i < ROUNDS; i++) {
    int first = (w->number * 89 + i * 13) % (DIGITS_PICTURES - 8);
    w->failures += w->enqueues ? enqueue_round(context, first)
                               : digits_run(context, first, 1 + (i + w->number) % 8);
  }
  scull_context_destroy(context);
  return NULL;
}

static void run_workers(int threads, bool enqueues) {
  scull_engine_t *engine = digits_engine();
  pthread_t ids[THREADS];
  worker_t workers[THREADS];
  (void)digits_pictures(); /* read before they are shared */
  (void)digits_expected();
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker_t){engine, i, threads, enqueues, 0};
    assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(ids[i], NULL);
    assert_int_equal(workers[i].failures, 0);
  }
  scull_engine_destroy(engine);
}

static void four_contexts_of_one_thread(void **state) {
  (void)state;
  run_workers(1, false);
}

static void four_contexts_of_two_threads(void **state) {
  (void)state;
  run_workers(2, false);
}

static void four_contexts_that_enqueue(void **state) {
  (void)state;
  run_workers(2, true);
}

static void *build_alone(void *user) {
  scull_build_options_t options;
  scull_builder_t *builder = NULL;
  digits_options(&options);
  options.threads = 1;
  bool good = scull_builder_create(&builder) == SCULL_OK &&
              scull_builder_build(builder, &options, user) == SCULL_OK;
  scull_builder_destroy(builder);
  return good ? user : NULL;
}

/* All write one plan: the last whole one stays. */
static void builds_side_by_side(void **state) {
  (void)state;
  char path[128];
  pthread_t ids[THREADS];
  scull_engine_t *engine = NULL;
  net_temporary("threads", path);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&ids[i], NULL, build_alone, path), 0);
  for (int i = 0; i < THREADS; i++) {
    void *result = NULL;
    pthread_join(ids[i], &result);
    assert_non_null(result);
  }
  assert_int_equal(scull_engine_open(path, NULL, &engine), SCULL_OK);
  scull_engine_destroy(engine);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(four_contexts_of_one_thread),
      cmocka_unit_test(four_contexts_of_two_threads),
      cmocka_unit_test(four_contexts_that_enqueue),
      cmocka_unit_test(builds_side_by_side),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
