/* plans.c: latency of plans on a GPU, through the public interface alone: input and output in
 * device memory, runs in a stream of ours; the median of COUNT runs, each between two events, then
 * the time that the host needs to enqueue one, and the throughput of 1, 2 and 4 contexts. plans [-n
 * COUNT] [-b BATCH,...] PLAN... */
#include <cuda_runtime_api.h>
#include <scull/scull.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PORTS = 8, MAX_CONTEXTS = 4, MAX_BATCHES = 8 };

static void check(int ok, const char *what) {
  if (ok)
    return;
  fprintf(stderr, "%s: %s\n", what, scull_last_error());
  exit(1);
}

static double now(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

typedef struct {
  scull_context_t *context;
  cudaStream_t stream;
  void *in[MAX_PORTS], *out[MAX_PORTS];
} lane_t;

static size_t bytes_of(const scull_tensor_info_t *info, long long batch) {
  size_t bytes = 4;
  for (int i = 0; i < info->rank; i++)
    bytes *= (size_t)(i == 0 ? batch : info->opt[i]);
  return bytes;
}

/* Inputs hold numbers between -1 and 1 that look like noise. */
static void *device_input(size_t bytes) {
  float *host = malloc(bytes);
  void *memory = NULL;
  unsigned seed = 1;
  check(host != NULL && cudaMalloc(&memory, bytes) == 0, "memory");
  for (size_t i = 0; i < bytes / 4; i++) {
    seed = seed * 1664525u + 1013904223u;
    host[i] = (float)(seed >> 8) * 0x1p-23f - 1;
  }
  check(cudaMemcpy(memory, host, bytes, cudaMemcpyHostToDevice) == 0, "copy");
  free(host);
  return memory;
}

static void lane_open(lane_t *lane, scull_engine_t *engine, long long batch) {
  scull_context_options_t options;
  scull_context_options_init(&options);
  check(cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking) == 0, "stream");
  options.stream = lane->stream;
  check(scull_context_create(engine, &options, &lane->context) == SCULL_OK, "context");
  for (size_t i = 0; i < scull_engine_input_count(engine); i++) {
    scull_tensor_info_t info;
    int64_t shape[SCULL_MAX_RANK];
    check(scull_engine_input(engine, i, &info) == SCULL_OK, "input");
    for (int k = 0; k < info.rank; k++)
      shape[k] = k == 0 ? batch : info.opt[k];
    check(scull_context_set_input_shape(lane->context, i, info.rank, shape) == SCULL_OK, "shape");
    size_t bytes = bytes_of(&info, batch);
    lane->in[i] = device_input(bytes);
    check(scull_context_set_input(lane->context, i, lane->in[i], bytes) == SCULL_OK, "input");
  }
  check(scull_context_prepare(lane->context) == SCULL_OK, "prepare");
  for (size_t i = 0; i < scull_engine_output_count(engine); i++) {
    scull_tensor_view_t view;
    check(scull_context_output(lane->context, i, &view) == SCULL_OK, "output");
    check(cudaMalloc(&lane->out[i], view.size + 256) == 0, "memory");
    check(scull_context_set_output(lane->context, i, lane->out[i], view.size) == SCULL_OK,
          "output");
  }
  for (int i = 0; i < 5; i++)
    check(scull_context_run(lane->context) == SCULL_OK, "run");
}

static void lane_close(lane_t *lane) {
  scull_context_destroy(lane->context);
  for (int i = 0; i < MAX_PORTS; i++) {
    cudaFree(lane->in[i]);
    cudaFree(lane->out[i]);
  }
  cudaStreamDestroy(lane->stream);
}

static double median_latency(lane_t *lane, int count, double *host) {
  float *ms = malloc((size_t)count * sizeof *ms);
  cudaEvent_t a, b;
  check(ms != NULL && cudaEventCreate(&a) == 0 && cudaEventCreate(&b) == 0, "events");
  double spent = 0;
  for (int i = 0; i < count; i++) {
    check(cudaEventRecord(a, lane->stream) == 0, "event");
    double start = now();
    check(scull_context_enqueue(lane->context) == SCULL_OK, "enqueue");
    spent += now() - start;
    check(cudaEventRecord(b, lane->stream) == 0, "event");
    check(scull_context_wait(lane->context) == SCULL_OK, "wait");
    check(cudaEventElapsedTime(&ms[i], a, b) == 0, "event");
  }
  qsort(ms, (size_t)count, sizeof *ms, by_value);
  double median = (double)ms[count / 2] * 1e3;
  *host = spent / count;
  free(ms);
  cudaEventDestroy(a);
  cudaEventDestroy(b);
  return median;
}

static double images_a_second(lane_t *lanes, int contexts, int count, long long batch) {
  double start = now();
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < contexts; k++)
      check(scull_context_enqueue(lanes[k].context) == SCULL_OK, "enqueue");
  }
  for (int k = 0; k < contexts; k++)
    check(scull_context_wait(lanes[k].context) == SCULL_OK, "wait");
  return (double)count * contexts * (double)batch / (now() - start) * 1e6;
}

static void bench_plan(const char *path, const long long *batches, int batch_count, int count) {
  scull_engine_t *engine = NULL;
  double start = now();
  check(scull_engine_open(path, NULL, &engine) == SCULL_OK, path);
  double opened = now() - start;
  for (int i = 0; i < batch_count; i++) {
    lane_t lanes[MAX_CONTEXTS];
    double host = 0, rate[3] = {0};
    scull_tensor_info_t info;
    check(scull_engine_input(engine, 0, &info) == SCULL_OK, "input");
    if (batches[i] < info.min[0] || batches[i] > info.max[0])
      continue;
    memset(lanes, 0, sizeof lanes);
    start = now();
    for (int k = 0; k < MAX_CONTEXTS; k++)
      lane_open(&lanes[k], engine, batches[i]);
    double made = (now() - start) / MAX_CONTEXTS;
    double us = median_latency(&lanes[0], count, &host);
    for (int k = 0; k < 3; k++)
      rate[k] = images_a_second(lanes, 1 << k, count / 4 + 8, batches[i]);
    printf(
        "%s batch %lld: %.1f us, host %.1f us, open %.1f ms, context %.1f ms, images/s %.0f %.0f "
        "%.0f\n",
        path, batches[i], us, host, opened / 1e3, made / 1e3, rate[0], rate[1], rate[2]);
    for (int k = 0; k < MAX_CONTEXTS; k++)
      lane_close(&lanes[k]);
  }
  scull_engine_destroy(engine);
}

int main(int argc, char **argv) {
  long long batches[MAX_BATCHES] = {1};
  int batch_count = 1, count = 200;
  check(cudaFree(NULL) == 0, "no GPU");
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
      count = (int)strtol(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "-b") == 0 && i + 1 < argc) {
      batch_count = 0;
      for (char *at = argv[++i]; *at != '\0' && batch_count < MAX_BATCHES;) {
        batches[batch_count++] = strtoll(at, &at, 10);
        at += *at == ',';
      }
    } else {
      bench_plan(argv[i], batches, batch_count, count);
    }
  }
  return 0;
}
