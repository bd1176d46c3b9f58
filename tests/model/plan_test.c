/* The committed cases as plans, through the public functions alone: each folder of data/ is built
 * natively, optimized without timing and optimized with fast tuning, for its own shape and for
 * batches of 1 to 3, and run with one and with two threads. What Paddle recorded is the answer; in
 * any batch each sample must get its own recorded answer. SCULL_TEST_DEVICE names another device
 * than the processor ("cuda"; "mirror" is a discrete one that needs no hardware), where FP16 is
 * tried, too; SCULL_TEST_DATA another place of the cases. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <scull/scull.h>

#include "support/mirror.h"
#include "support/npy.h"

enum { MAX_OUTPUTS = 4, LEAST_CASES = 29, MAX_BATCH = 3 };

typedef struct {
  const char *name;
  int min_subgraph;
  scull_tune_t tune;
  uint32_t precisions;
  double tolerance;
} way_t;

static const way_t WAYS[] = {
    {"native", 1000000, SCULL_TUNE_NONE, SCULL_PRECISION_F32, 1e-4},
    {"untimed", 0, SCULL_TUNE_NONE, SCULL_PRECISION_F32, 1e-4},
    {"tuned", 0, SCULL_TUNE_FAST, SCULL_PRECISION_F32, 1e-4},
    {"half", 0, SCULL_TUNE_FAST, SCULL_PRECISION_F32 | SCULL_PRECISION_F16, 2e-2},
};

typedef struct {
  const char *name; /* of the case */
  char folder[300], plan[64];
  scull_tensor_t input, outputs[MAX_OUTPUTS];
  size_t output_count;
} world_t;

static char g_work[] = "/tmp/scull_plan_test_XXXXXX";

static const char *data_folder(void) {
  const char *named = getenv("SCULL_TEST_DATA");
  return named != NULL ? named : SCULL_SOURCE_DIR "/tests/model/data";
}

static bool begin(world_t *w, const char *name) {
  char path[400], suffix[24] = "";
  memset(w, 0, sizeof *w);
  w->name = name;
  snprintf(w->folder, sizeof w->folder, "%.180s/%.100s", data_folder(), name);
  snprintf(w->plan, sizeof w->plan, "%s/net.plan", g_work);
  snprintf(path, sizeof path, "%s/input.npy", w->folder);
  if (npy_read(path, &w->input, NULL) != SCULL_OK)
    return false;
  while (w->output_count < MAX_OUTPUTS) {
    snprintf(path, sizeof path, "%s/output%s.npy", w->folder, suffix);
    if (access(path, R_OK) != 0)
      break;
    if (npy_read(path, &w->outputs[w->output_count], NULL) != SCULL_OK)
      return false;
    snprintf(suffix, sizeof suffix, "%zu", ++w->output_count);
  }
  return w->output_count > 0;
}

static void end(world_t *w) {
  scull_base_free(w->input.data);
  for (size_t i = 0; i < w->output_count; i++)
    scull_base_free(w->outputs[i].data);
}

static size_t bytes_of(const scull_tensor_t *tensor) {
  size_t bytes = 0;
  return scull_tensor_type_bytes(&tensor->type, &bytes) ? bytes : 0;
}

static size_t samples_of(const world_t *w) {
  return (size_t)w->input.type.shape.dim[0];
}

/* Builds at the input's own shape, or with dimension 0 from 1 to MAX_BATCH. */
static bool build(const world_t *w, const way_t *way, bool batches) {
  scull_builder_t *builder = NULL;
  scull_build_options_t o;
  scull_shape_range_t x = {.name = "x", .rank = w->input.type.shape.rank};
  for (int32_t d = 0; d < x.rank; d++)
    x.min[d] = x.opt[d] = x.max[d] = w->input.type.shape.dim[d];
  if (batches) {
    x.min[0] = 1;
    x.opt[0] = 2;
    x.max[0] = MAX_BATCH;
  }
  scull_build_options_init(&o);
  o.model.model_path = w->folder;
  o.inputs = &x;
  o.input_count = 1;
  o.threads = 2;
  if (getenv("SCULL_TEST_DEVICE") != NULL)
    o.device = getenv("SCULL_TEST_DEVICE");
  o.precisions = way->precisions;
  o.min_subgraph_size = way->min_subgraph;
  o.tune = way->tune;
  o.time_budget_s = 0.5;
  bool built = scull_builder_create(&builder) == SCULL_OK &&
               scull_builder_build(builder, &o, w->plan) == SCULL_OK;
  if (!built)
    print_error("%s, %s: %s\n", w->name, way->name, scull_last_error());
  scull_builder_destroy(builder);
  return built;
}

/* Runs the first `batch` samples of `data`. */
static bool run(scull_context_t *context, const world_t *w, int64_t batch, const void *data) {
  int64_t dims[SCULL_MAX_RANK];
  for (int32_t d = 0; d < w->input.type.shape.rank; d++)
    dims[d] = w->input.type.shape.dim[d];
  dims[0] = batch;
  size_t bytes = bytes_of(&w->input) / samples_of(w) * (size_t)batch;
  return scull_context_set_input_shape(context, 0, w->input.type.shape.rank, dims) == SCULL_OK &&
         scull_context_set_input(context, 0, data, bytes) == SCULL_OK &&
         scull_context_run(context) == SCULL_OK;
}

/* How far answer `row` of `got` is from its sample's in `want`, over the sample's peak. */
static double error_of(const world_t *w, const scull_tensor_view_t *got, int64_t batch, int64_t row,
                       const scull_tensor_t *want) {
  size_t bytes = bytes_of(want) / samples_of(w), sample = (size_t)row % samples_of(w);
  if (got->dtype != want->type.dtype || got->rank != want->type.shape.rank ||
      got->size != bytes * (size_t)batch || got->dims[0] != batch)
    return INFINITY;
  scull_tensor_t a = *want, b = *want;
  a.type.shape.dim[0] = b.type.shape.dim[0] = 1;
  a.data = (char *)(uintptr_t)got->data + bytes * (size_t)row;
  b.data = (char *)want->data + bytes * sample;
  return scull_tensor_compare(&a, &b, (scull_tolerance_t){0}).max_relative;
}

static bool are_outputs_right(scull_context_t *context, const world_t *w, int64_t batch,
                              const way_t *way, int threads) {
  double worst = 0;
  for (size_t i = 0; i < w->output_count; i++) {
    scull_tensor_view_t got;
    if (scull_context_output(context, i, &got) != SCULL_OK)
      return false;
    for (int64_t row = 0; row < batch; row++) {
      double error = error_of(w, &got, batch, row, &w->outputs[i]);
      worst = error > worst || error != error ? error : worst;
    }
  }
  /* Written so that a NaN is wrong, too. */
  bool right = worst <= way->tolerance;
  if (!right)
    print_error("%s, %s, %d threads, batch %lld: %g of the peak wrong\n", w->name, way->name,
                threads, (long long)batch, worst);
  return right;
}

static bool run_batches(scull_context_t *context, const world_t *w, bool batches, const way_t *way,
                        int threads) {
  int64_t least = batches ? 1 : (int64_t)samples_of(w), most = batches ? MAX_BATCH : least;
  size_t bytes = bytes_of(&w->input) / samples_of(w);
  char *data = scull_base_alloc(bytes * MAX_BATCH);
  const char *input = w->input.data;
  bool right = data != NULL;
  for (size_t i = 0; right && i < MAX_BATCH; i++)
    memcpy(data + i * bytes, input + i % samples_of(w) * bytes, bytes);
  /* Downwards and up again: what the larger batch left in memory must not show. */
  for (int64_t step = least - most; right && step <= most - least; step++) {
    int64_t batch = least + (step < 0 ? -step : step);
    if (!run(context, w, batch, data)) {
      print_error("%s, %s, batch %lld: %s\n", w->name, way->name, (long long)batch,
                  scull_last_error());
      right = false;
    }
    right = right && are_outputs_right(context, w, batch, way, threads);
  }
  scull_base_free(data);
  return right;
}

/* One sample more than the plan allows is refused with input, dimension and range. */
static bool is_larger_refused(scull_context_t *context, const world_t *w) {
  int64_t dims[SCULL_MAX_RANK];
  for (int32_t d = 0; d < w->input.type.shape.rank; d++)
    dims[d] = w->input.type.shape.dim[d];
  dims[0] = MAX_BATCH + 1;
  scull_status_t status = scull_context_set_input_shape(context, 0, w->input.type.shape.rank, dims);
  const char *words = scull_last_error();
  bool clear = status == SCULL_OUT_OF_RANGE && strstr(words, "'x'") != NULL &&
               strstr(words, "dimension 0") != NULL && strstr(words, "3") != NULL;
  if (!clear)
    print_error("%s: batch %d: '%s'\n", w->name, MAX_BATCH + 1, words);
  return clear;
}

static bool run_plan(const world_t *w, const way_t *way, bool batches) {
  scull_engine_t *engine = NULL;
  bool right = scull_engine_open(w->plan, NULL, &engine) == SCULL_OK &&
               scull_engine_output_count(engine) == w->output_count;
  for (int threads = 1; right && threads <= 2; threads++) {
    scull_context_t *context = NULL;
    scull_context_options_t o;
    scull_context_options_init(&o);
    o.threads = threads;
    right = scull_context_create(engine, &o, &context) == SCULL_OK &&
            run_batches(context, w, batches, way, threads) &&
            (!batches || is_larger_refused(context, w));
    scull_context_destroy(context);
  }
  scull_engine_destroy(engine);
  return right;
}

static bool is_case_right(const char *name, const way_t *way) {
  world_t w;
  bool right = begin(&w, name);
  for (int batches = 0; right && batches < 2; batches++)
    right = build(&w, way, batches > 0) && run_plan(&w, way, batches > 0);
  end(&w);
  if (!right)
    print_error("%s, %s: wrong\n", name, way->name);
  return right;
}

static void check_all(const way_t *way) {
  size_t cases = 0, wrong = 0;
  DIR *folder = opendir(data_folder());
  assert_non_null(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] == '.')
      continue;
    cases++;
    wrong += !is_case_right(entry->d_name, way);
  }
  closedir(folder);
  assert_true(cases >= LEAST_CASES);
  assert_int_equal(wrong, 0);
}

static void test_native(void **state) {
  (void)state;
  check_all(&WAYS[0]);
}

static void test_untimed(void **state) {
  (void)state;
  check_all(&WAYS[1]);
}

static void test_tuned(void **state) {
  (void)state;
  check_all(&WAYS[2]);
}

static void test_half(void **state) {
  (void)state;
  if (getenv("SCULL_TEST_DEVICE") == NULL)
    skip();
  check_all(&WAYS[3]);
}

static int make_work(void **state) {
  (void)state;
  return mkdtemp(g_work) == NULL;
}

static int drop_work(void **state) {
  (void)state;
  char plan[64];
  snprintf(plan, sizeof plan, "%s/net.plan", g_work);
  unlink(plan);
  return rmdir(g_work);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_native), cmocka_unit_test(test_untimed),
                                     cmocka_unit_test(test_tuned), cmocka_unit_test(test_half)};
  mirror_add();
  return cmocka_run_group_tests(tests, make_work, drop_work);
}
