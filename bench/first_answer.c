/* Opens a plan, runs it once and says when the answer was there. For bench/cpu/startup.py.
 *
 *   first_answer PLAN [NANOSECONDS]
 *
 * NANOSECONDS: CLOCK_MONOTONIC just before this process was started; all times count from there, or
 * else from the beginning of main. Inputs are zeros of the opt shapes. Prints one line of JSON:
 * milliseconds until main, until the plan is open, the context prepared, the first answer there; of
 * a second and third run alone; and the peak of resident memory after the first answer, in KiB. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <scull/scull.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void must(scull_status_t status) {
  if (status == SCULL_OK)
    return;
  fprintf(stderr, "first_answer: %s\n", scull_last_error());
  exit(1);
}

/* This process's own peak: what getrusage gives counts the one that it was forked from, too. */
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

static size_t element_bytes(scull_dtype_t dtype) {
#define SCULL_X(name, value, size)                                                                 \
  if (dtype == SCULL_DTYPE_##name)                                                                 \
    return size;
  SCULL_DTYPE_LIST(SCULL_X)
#undef SCULL_X
  return 0;
}

static void set_inputs(scull_engine_t *engine, scull_context_t *context) {
  for (size_t i = 0; i < scull_engine_input_count(engine); i++) {
    scull_tensor_info_t info;
    must(scull_engine_input(engine, i, &info));
    size_t bytes = element_bytes(info.dtype);
    for (int32_t d = 0; d < info.rank; d++)
      bytes *= (size_t)info.opt[d];
    void *zeros = calloc(bytes + 1, 1); /* until the process ends */
    if (zeros == NULL)
      exit(1);
    must(scull_context_set_input(context, i, zeros, bytes));
  }
}

int main(int argc, char **argv) {
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  double at_main = now(), start = argc > 2 ? 1e-6 * (double)strtoll(argv[2], NULL, 10) : at_main;
  if (argc < 2) {
    fprintf(stderr, "usage: first_answer PLAN [NANOSECONDS]\n");
    return 2;
  }
  must(scull_engine_open(argv[1], NULL, &engine));
  double open = now();
  must(scull_context_create(engine, NULL, &context));
  must(scull_context_prepare(context));
  double prepared = now();
  set_inputs(engine, context);
  must(scull_context_run(context));
  double answer = now();
  long peak = peak_kib();
  double again[3] = {now()};
  for (int i = 1; i < 3; i++) {
    must(scull_context_run(context));
    again[i] = now();
  }
  printf("{\"main\": %.2f, \"open\": %.2f, \"prepared\": %.2f, \"answer\": %.2f, "
         "\"second\": %.2f, \"third\": %.2f, \"peak_kib\": %ld}\n",
         at_main - start, open - start, prepared - start, answer - start, again[1] - again[0],
         again[2] - again[1], peak);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  return 0;
}
