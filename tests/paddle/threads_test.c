/* Clones and predictors in threads, bit for bit, and memory over many calls of changing shapes.
 * Also run under ThreadSanitizer (preset tsan). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#define DIGITS SCULL_SOURCE_DIR "/zoo/digits"

enum { PIXELS = 64, CLASSES = 10, BATCHES = 8, THREADS = 8, ROUNDS = 16 };

static float noise[40 * PIXELS], wanted[BATCHES + 1][BATCHES * CLASSES];

static PD_Config *make_config(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, DIGITS "/model.pdmodel", DIGITS "/model.pdiparams");
  PD_ConfigDisableGlogInfo(config);
  PD_ConfigSetCpuMathLibraryNumThreads(config, 2);
  return config;
}

/* One plan for every batch, so that all runs do the same. */
static PD_Predictor *make_predictor(void) {
  PD_Config *config = make_config();
  const char *names[] = {"picture"};
  size_t ranks[] = {4};
  int32_t low[] = {1, 1, 8, 8}, high[] = {BATCHES, 1, 8, 8};
  int32_t *min[] = {low}, *max[] = {high};
  PD_ConfigSetTrtDynamicShapeInfo(config, 1, names, ranks, min, max, max, FALSE);
  PD_Predictor *p = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  return p;
}

/* Runs the first `count` items; false when it fails. Asserts nothing: it runs in threads. */
static bool run(PD_Predictor *p, int32_t count, float *out) {
  int32_t shape[] = {count, 1, 8, 8};
  PD_OneDimArrayCstr *in = PD_PredictorGetInputNames(p), *names = PD_PredictorGetOutputNames(p);
  PD_Tensor *x = PD_PredictorGetInputHandle(p, in->data[0]);
  PD_Tensor *y = PD_PredictorGetOutputHandle(p, names->data[0]);
  PD_TensorReshape(x, 4, shape);
  PD_TensorCopyFromCpuFloat(x, noise);
  const bool ok = PD_PredictorRun(p);
  if (ok)
    PD_TensorCopyToCpuFloat(y, out);
  PD_TensorDestroy(x);
  PD_TensorDestroy(y);
  PD_OneDimArrayCstrDestroy(in);
  PD_OneDimArrayCstrDestroy(names);
  return ok;
}

static int prepare(void **state) {
  (void)state;
  unsigned number = 3;
  for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
    number = number * 1664525u + 1013904223u;
    noise[i] = (float)(number >> 8) * 0x1p-24f;
  }
  PD_Predictor *p = make_predictor();
  bool ok = p != NULL;
  for (int32_t count = 1; count <= BATCHES && ok; count++)
    ok = run(p, count, wanted[count]);
  PD_PredictorDestroy(p);
  return ok ? 0 : -1;
}

/* Any order of batches; NULL, or what is wrong. */
static void *run_all(void *user) {
  for (int i = 0; i < ROUNDS; i++) {
    float got[BATCHES * CLASSES];
    const int32_t count = 1 + (int32_t)((((uintptr_t)user >> 6) + 5u * (unsigned)i) % BATCHES);
    if (!run(user, count, got))
      return strdup(PD_GetLastError());
    if (memcmp(got, wanted[count], (size_t)count * CLASSES * sizeof *got) != 0)
      return strdup("another thread's answers differ");
  }
  return NULL;
}

static void join_all(pthread_t *threads) {
  for (int i = 0; i < THREADS; i++) {
    void *words = NULL;
    pthread_join(threads[i], &words);
    if (words != NULL)
      fail_msg("thread %d: %s", i, (char *)words);
  }
}

static void clones_agree_to_the_bit(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  PD_Predictor *p = make_predictor(), *clones[THREADS];
  for (int i = 0; i < THREADS; i++) {
    clones[i] = PD_PredictorClone(p);
    assert_non_null(clones[i]);
  }
  PD_PredictorDestroy(p);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, run_all, clones[i]), 0);
  join_all(threads);
  for (int i = 0; i < THREADS; i++)
    PD_PredictorDestroy(clones[i]);
}

/* A predictor of its own, made and gone in its thread. */
static void *live(void *user) {
  (void)user;
  PD_Predictor *p = make_predictor();
  void *words = p == NULL ? strdup(PD_GetLastError()) : run_all(p);
  PD_PredictorDestroy(p);
  return words;
}

static void predictors_need_no_lock(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, live, NULL), 0);
  join_all(threads);
}

/* A clone is made and run while others run; each may go first. */
static void *clone_and_run(void *user) {
  PD_Predictor *clone = PD_PredictorClone(user);
  void *words = clone == NULL ? strdup(PD_GetLastError()) : run_all(clone);
  PD_PredictorDestroy(clone);
  return words;
}

static void clones_are_made_in_threads(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  PD_Predictor *p = make_predictor();
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, clone_and_run, p), 0);
  join_all(threads);
  PD_PredictorDestroy(p);
}

/* --- memory -------------------------------------------------------------------------------------
 */

static long peak_kib(void) {
  char line[256];
  long kib = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "VmHWM: %ld", &kib) == 1)
      break;
  }
  if (file != NULL)
    fclose(file);
  return kib;
}

static int calls = 2000;

/* upstream's caches grow with every shape; forty batches in any order */
static void memory_stays_flat(void **state) {
  (void)state;
  enum { SHAPES = 40, SETTLED = 400 };
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  skip(); /* a sanitizer's own memory grows */
#endif
  float got[SHAPES * CLASSES];
  PD_Config *config = make_config();
  PD_ConfigSetCpuMathLibraryNumThreads(config, 1);
  PD_Predictor *p = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  long settled = 0;
  unsigned number = 1;
  for (int i = 0; i < calls; i++) {
    number = number * 1664525u + 1013904223u;
    const int32_t count = 1 + (int32_t)(i < SHAPES ? (unsigned)i : (number >> 16) % SHAPES);
    assert_true(run(p, count, got));
    settled = i == SETTLED ? peak_kib() : settled;
  }
  const long grown = peak_kib() - settled;
  if (grown > 1024)
    fail_msg("%ld KiB more after %d calls than after %d", grown, calls, SETTLED);
  PD_PredictorDestroy(p);
}

/* threads_test [CALLS] */
int main(int count, char **words) {
  calls = count > 1 ? (int)strtol(words[1], NULL, 10) : calls;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_stays_flat), /* first: the peak is the process's */
      cmocka_unit_test(clones_agree_to_the_bit),
      cmocka_unit_test(predictors_need_no_lock),
      cmocka_unit_test(clones_are_made_in_threads),
  };
  return cmocka_run_group_tests_name("paddle_threads", tests, prepare, NULL);
}
