/* Uses the plug-in as a program would: a network written with calls, run by the plug-in's reference
 * and by its tactic, plans that need it, models that name its operator, contexts in two threads.
 * Usage: rbf_test LIBRBF.so FOLDER [MODEL INPUT OUTPUT ...] (raw f32 files, x [6x5], y [6x4]). */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <scull/scull.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 6, D = 5, K = 4, RUNS = 200 };

static long (*count_of)(int which);

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, scull_last_error());      \
      exit(EXIT_FAILURE);                                                                          \
    }                                                                                              \
  } while (0)

static float centers[K * D];

/* The formula in another order than either of the plug-in's. */
static float expected(const float *x, int k, double gamma) {
  double y = 1;
  for (int j = D - 1; j >= 0; j--)
    y *= exp(-gamma * pow(fabs((double)x[j] - centers[k * D + j]), 2));
  return (float)y;
}

static void fill(float *x, size_t count, unsigned seed) {
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = (float)(seed >> 8) / (float)(1u << 24) - 0.5f;
  }
}

static scull_network_t *write_network(const char *gains, scull_status_t *status) {
  scull_network_t *network = NULL;
  scull_tensor_id_t x, c, y = 0;
  const int64_t dims[] = {K, D};
  scull_shape_range_t range = {.rank = 2, .min = {1, D}, .opt = {N, D}, .max = {2 * N, D}};
  const scull_attribute_t attributes[] = {{"gamma", "0.7"}, {"gains", gains}};
  CHECK(scull_network_create(&network) == SCULL_OK);
  CHECK(scull_network_add_input(network, "x", SCULL_DTYPE_F32, &range, &x) == SCULL_OK);
  CHECK(scull_network_add_constant(network, "c", SCULL_DTYPE_F32, 2, dims, centers, sizeof centers,
                                   &c) == SCULL_OK);
  scull_operator_t op = SCULL_OPERATOR_INIT;
  const scull_tensor_id_t inputs[] = {x, c};
  op.type = "demo.rbf";
  op.name = "y";
  op.inputs = inputs;
  op.input_count = 2;
  op.attributes = attributes;
  op.attribute_count = 2;
  *status = scull_network_add_operator(network, &op, &y);
  if (*status == SCULL_OK)
    CHECK(scull_network_add_output(network, y, NULL) == SCULL_OK);
  return network;
}

/* --- running ---------------------------------------------------------------------------------- */

typedef struct {
  scull_engine_t *engine;
  unsigned seed;
} job_t;

static void run_once(scull_context_t *context, int64_t points, unsigned seed) {
  float x[2 * N * D];
  const int64_t dims[] = {points, D};
  scull_tensor_view_t y;
  fill(x, (size_t)points * D, seed);
  CHECK(scull_context_set_input_shape(context, 0, 2, dims) == SCULL_OK);
  CHECK(scull_context_set_input(context, 0, x, (size_t)points * D * sizeof *x) == SCULL_OK);
  CHECK(scull_context_run(context) == SCULL_OK);
  CHECK(scull_context_output(context, 0, &y) == SCULL_OK);
  CHECK(y.rank == 2 && y.dims[0] == points && y.dims[1] == K);
  for (int64_t i = 0; i < points * K; i++)
    CHECK(fabsf(((const float *)y.data)[i] - expected(x + i / K * D, (int)(i % K), 0.7)) < 1e-5f);
}

static void *work(void *user) {
  const job_t *job = user;
  scull_context_t *context = NULL;
  CHECK(scull_context_create(job->engine, NULL, &context) == SCULL_OK);
  for (unsigned i = 0; i < RUNS; i++)
    run_once(context, 1 + i % (2 * N), job->seed + i);
  scull_context_destroy(context);
  return NULL;
}

static void build(scull_network_t *network, bool native, const char *path) {
  static const char *const off[] = {"plugin.*"};
  scull_builder_t *builder = NULL;
  scull_build_options_t options;
  scull_build_options_init(&options);
  options.model.network = network;
  options.min_subgraph_size = native ? 99 : 0;
  options.disabled_tactics = off;
  options.disabled_tactic_count = native ? 1 : 0;
  CHECK(scull_builder_create(&builder) == SCULL_OK);
  CHECK(scull_builder_build(builder, &options, path) == SCULL_OK);
  CHECK((strstr(scull_builder_report(builder), "plugin.demo.rbf") == NULL) == native);
  scull_builder_destroy(builder);
}

static void try_plan(const char *path, bool native) {
  job_t jobs[2];
  pthread_t threads[2];
  scull_engine_t *engine = NULL;
  long before[4];
  for (int i = 0; i < 4; i++)
    before[i] = count_of(i);
  CHECK(before[0] == before[1] && before[2] == before[3]); /* the build gave all back */
  CHECK(scull_engine_open(path, NULL, &engine) == SCULL_OK);
  CHECK(count_of(0) - before[0] == (native ? 0 : 1));
  for (int i = 0; i < 2; i++) {
    jobs[i] = (job_t){engine, 1000u * (unsigned)(i + 1)};
    CHECK(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
  }
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  /* contexts are gone, the engine's state is not */
  CHECK(count_of(2) == count_of(3) && (count_of(2) > before[2]) == !native);
  CHECK(count_of(0) - count_of(1) == (native ? 0 : 1));
  scull_engine_destroy(engine);
  CHECK(count_of(0) == count_of(1) && count_of(2) == count_of(3));
}

/* --- models that name the operator ------------------------------------------------------------ */

static void read_raw(const char *path, float *to, size_t count) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fread(to, sizeof *to, count, file) == count);
  fclose(file);
}

static void try_model(const char *model, const char *input, const char *output, const char *plan) {
  scull_builder_t *builder = NULL;
  scull_engine_t *engine = NULL;
  scull_context_t *context = NULL;
  scull_build_options_t options;
  scull_tensor_view_t y;
  float x[N * D], wanted[N * K];
  read_raw(input, x, N * D);
  read_raw(output, wanted, N * K);
  scull_build_options_init(&options);
  options.model.model_path = model;
  options.max_batch = N; /* where the model leaves it open */
  options.min_subgraph_size = 0;
  CHECK(scull_builder_create(&builder) == SCULL_OK);
  CHECK(scull_builder_build(builder, &options, plan) == SCULL_OK);
  CHECK(scull_engine_open(plan, NULL, &engine) == SCULL_OK);
  CHECK(scull_context_create(engine, NULL, &context) == SCULL_OK);
  CHECK(scull_context_set_input_shape(context, 0, 2, (const int64_t[]){N, D}) == SCULL_OK);
  CHECK(scull_context_set_input(context, 0, x, sizeof x) == SCULL_OK);
  CHECK(scull_context_run(context) == SCULL_OK);
  CHECK(scull_context_output(context, 0, &y) == SCULL_OK && y.size == sizeof wanted);
  for (int i = 0; i < N * K; i++)
    CHECK(fabsf(((const float *)y.data)[i] - wanted[i]) < 1e-5f);
  scull_context_destroy(context);
  scull_engine_destroy(engine);
  scull_builder_destroy(builder);
}

int main(int argc, char **argv) {
  char plan[1024], native[1024], onnx[1024];
  scull_status_t status;
  CHECK(argc >= 3);
  snprintf(plan, sizeof plan, "%s/rbf.plan", argv[2]);
  snprintf(native, sizeof native, "%s/rbf_native.plan", argv[2]);
  snprintf(onnx, sizeof onnx, "%s/rbf.onnx", argv[2]);
  fill(centers, K * D, 7);

  scull_network_destroy(write_network("", &status));
  CHECK(status != SCULL_OK && strstr(scull_last_error(), "demo.rbf") != NULL);
  CHECK(scull_plugin_load("/no/such/lib.so") == SCULL_NOT_FOUND);
  CHECK(scull_plugin_load(argv[1]) == SCULL_OK && scull_plugin_load(argv[1]) == SCULL_OK);
  void *library = dlopen(argv[1], RTLD_NOW), *symbol = dlsym(library, "rbf_count");
  CHECK(symbol != NULL);
  memcpy(&count_of, &symbol, sizeof count_of);

  scull_network_destroy(write_network("1,2", &status));
  CHECK(status == SCULL_INVALID_ARGUMENT && strstr(scull_last_error(), "2 gains for 4") != NULL);
  scull_network_t *network = write_network("", &status);
  CHECK(status == SCULL_OK);
  build(network, true, native);
  try_plan(native, true);
  build(network, false, plan);
  try_plan(plan, false);
  scull_network_destroy(network);
  CHECK(scull_plan_export(plan, onnx) == SCULL_OK);

  for (int i = 3; i + 2 < argc; i += 3)
    try_model(argv[i], argv[i + 1], argv[i + 2], plan);
  dlclose(library);
  printf("plug-in: %ld engine states, %ld context states, each given back\n", count_of(0),
         count_of(2));
  return EXIT_SUCCESS;
}
