/* Times runs through the Paddle door, and what the door itself costs. For bench/door/table.py.
 *
 *   door run MODEL PARAMS DIMS THREADS CACHE SECONDS
 *     The engine in FP32 for these dims (such as 1x3x224x224); its plan is kept in CACHE. Prints
 * the milliseconds of PD_PredictorRun: median, least, runs. door overhead MODEL PARAMS DIMS THREADS
 * CACHE SECONDS PD_PredictorRun and scull_context_run on that same plan by turns, in groups of
 * runs; prints the microseconds of either: median of the groups' means.
 *
 * Inputs are noise, seeded. One line of JSON. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>
#include <scull/scull.h>

enum { MOST = 200000 };

static double samples[2][MOST];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static void fail(const char *words) {
  fprintf(stderr, "door: %s\n", words);
  exit(1);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

typedef struct {
  int32_t dims[SCULL_MAX_RANK];
  size_t rank, count;
  float *values;
} input_t;

static input_t make_input(const char *text) {
  input_t input = {.count = 1};
  unsigned state = 7;
  for (char *end = NULL; *text != '\0' && input.rank < SCULL_MAX_RANK; text = end + (*end == 'x')) {
    input.dims[input.rank] = (int32_t)strtol(text, &end, 10);
    if (end == text || input.dims[input.rank] < 1)
      fail("dims are like 1x3x224x224");
    input.count *= (size_t)input.dims[input.rank++];
  }
  input.values = malloc(input.count * sizeof *input.values);
  if (input.values == NULL)
    fail("memory is short");
  for (size_t i = 0; i < input.count; i++) {
    state = state * 1664525u + 1013904223u;
    input.values[i] = (float)(state >> 8) * 0x1p-24f;
  }
  return input;
}

static PD_Predictor *open_predictor(char **words, const input_t *input) {
  PD_Config *c = PD_ConfigCreate();
  PD_ConfigSetModel(c, words[2], words[3]);
  PD_ConfigSetCpuMathLibraryNumThreads(c, (int32_t)strtol(words[5], NULL, 10));
  PD_ConfigSetOptimCacheDir(c, words[6]);
  PD_ConfigEnableTensorRtEngine(c, 1 << 30, input->dims[0], 3, PD_PRECISION_FLOAT32, TRUE, FALSE);
  PD_Predictor *p = PD_PredictorCreate(c);
  PD_ConfigDestroy(c);
  if (p == NULL)
    fail(PD_GetLastError());
  PD_OneDimArrayCstr *names = PD_PredictorGetInputNames(p);
  PD_Tensor *x = PD_PredictorGetInputHandle(p, names->data[0]);
  int32_t dims[SCULL_MAX_RANK];
  memcpy(dims, input->dims, sizeof dims);
  PD_TensorReshape(x, input->rank, dims);
  PD_TensorCopyFromCpuFloat(x, input->values);
  PD_TensorDestroy(x);
  PD_OneDimArrayCstrDestroy(names);
  for (int i = 0; i < 3; i++) {
    if (!PD_PredictorRun(p))
      fail(PD_GetLastError());
  }
  return p;
}

/* The one plan in the folder: the caller gives a fresh one for each. */
static scull_context_t *open_same_plan(const char *folder, const input_t *input) {
  char path[4096] = "";
  struct dirent *entry;
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    if (strncmp(entry->d_name, "trt_serialized_", 15) == 0)
      snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
  }
  if (dir != NULL)
    closedir(dir);
  scull_engine_t *engine = NULL; /* both until the process ends */
  scull_context_t *context = NULL;
  int64_t dims[SCULL_MAX_RANK];
  for (size_t i = 0; i < input->rank; i++)
    dims[i] = input->dims[i];
  if (scull_engine_open(path, NULL, &engine) != SCULL_OK ||
      scull_context_create(engine, NULL, &context) != SCULL_OK ||
      scull_context_set_input_shape(context, 0, (int32_t)input->rank, dims) != SCULL_OK ||
      scull_context_set_input(context, 0, input->values, input->count * sizeof(float)) !=
          SCULL_OK ||
      scull_context_run(context) != SCULL_OK)
    fail(scull_last_error());
  return context;
}

static void time_runs(PD_Predictor *p, double seconds) {
  size_t count = 0;
  for (double end = now() + 1e6 * seconds; count < MOST && (count < 5 || now() < end); count++) {
    const double begin = now();
    if (!PD_PredictorRun(p))
      fail(PD_GetLastError());
    samples[0][count] = now() - begin;
  }
  const double middle = median(samples[0], count);
  printf("{\"median_ms\": %.4f, \"min_ms\": %.4f, \"runs\": %zu}\n", middle / 1e3,
         samples[0][0] / 1e3, count);
}

/* Groups of about 2 ms, so that the clock counts for nothing even on the smallest network. */
static void time_both(PD_Predictor *p, scull_context_t *context, double seconds) {
  const double begin = now();
  PD_PredictorRun(p);
  const double once = now() - begin;
  const int group = once > 2000 ? 1 : 1 + (int)(2000 / (once + 1));
  size_t count = 0;
  for (double end = now() + 1e6 * seconds; count < MOST && (count < 5 || now() < end); count++) {
    double at = now();
    for (int i = 0; i < group; i++)
      PD_PredictorRun(p);
    samples[0][count] = (now() - at) / group;
    at = now();
    for (int i = 0; i < group; i++) {
      if (scull_context_run(context) != SCULL_OK)
        fail(scull_last_error());
    }
    samples[1][count] = (now() - at) / group;
  }
  const double door = median(samples[0], count), plain = median(samples[1], count);
  printf("{\"door_us\": %.3f, \"scull_us\": %.3f, \"over_us\": %.3f, \"over_percent\": %.3f, "
         "\"groups\": %zu, \"group\": %d}\n",
         door, plain, door - plain, 100 * (door - plain) / plain, count, group);
}

int main(int count, char **words) {
  if (count != 8) {
    fprintf(stderr, "usage: door run|overhead MODEL PARAMS DIMS THREADS CACHE SECONDS\n");
    return 2;
  }
  const input_t input = make_input(words[4]);
  const double seconds = strtod(words[7], NULL);
  PD_Predictor *p = open_predictor(words, &input);
  if (strcmp(words[1], "overhead") == 0)
    time_both(p, open_same_plan(words[6], &input), seconds);
  else
    time_runs(p, seconds);
  PD_PredictorDestroy(p);
  free(input.values);
  return 0;
}
