/* What the conformance run does not show of the oneDNN tactics: states in several threads at once,
 * after a fork, with other thread counts than the weights were packed for, with foreign weights. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/cpu/onednn.h"
#include "base/thread.h"
#include "ops/conv.h"

/* A 3x3 convolution, 32 -> 48 channels @14x14, with bias. */
typedef struct {
  scull_conv_attrs_t attrs;
  scull_site_t site;
  scull_site_op_t op;
  scull_site_value_t values[4];
  uint16_t operands[3], results[1], inputs[1];
  float *x, *filter, bias[48];
} model_t;

enum { IN = 32, OUT = 48, SIZE = 14, PIXELS = SIZE * SIZE, FILTER = OUT * IN * 9 };

static const int64_t pads[] = {1, 1};
static scull_device_t *device;

static float *floats(size_t count) {
  float *data = scull_base_alloc(count * sizeof *data);
  assert_non_null(data);
  for (size_t i = 0; i < count; i++)
    data[i] = (float)((i * 7919) % 1001) / 500.0f - 1;
  return data;
}

static void set_value(model_t *m, int i, int32_t rank, const int64_t *dims, const void *data) {
  scull_shape_t shape = scull_tensor_shape(rank, dims);
  m->values[i] = (scull_site_value_t){.dtype = SCULL_DTYPE_F32,
                                      .opt = shape,
                                      .min = shape,
                                      .max = shape,
                                      .data = data,
                                      .is_constant = data != NULL};
}

static void model_init(model_t *m, int threads) {
  *m = (model_t){.attrs = {.pads = {pads, 2}, .groups = 1}, .operands = {0, 1, 2}};
  m->x = floats(IN * PIXELS);
  m->filter = floats(FILTER);
  set_value(m, 0, 4, (int64_t[]){1, IN, SIZE, SIZE}, NULL);
  set_value(m, 1, 4, (int64_t[]){OUT, IN, 3, 3}, m->filter);
  set_value(m, 2, 1, (int64_t[]){OUT}, m->bias);
  set_value(m, 3, 4, (int64_t[]){1, OUT, SIZE, SIZE}, NULL);
  m->results[0] = 3;
  m->op = (scull_site_op_t){.def = scull_ops_find("conv"),
                            .attrs = &m->attrs,
                            .inputs = m->operands,
                            .input_count = 3,
                            .outputs = m->results,
                            .output_count = 1};
  m->site = (scull_site_t){.ops = &m->op,
                           .op_count = 1,
                           .values = m->values,
                           .value_count = 4,
                           .inputs = m->inputs,
                           .input_count = 1,
                           .outputs = m->results,
                           .output_count = 1,
                           .threads = threads,
                           .workspace = SIZE_MAX};
}

static void model_deinit(model_t *m) {
  scull_base_free(m->x);
  scull_base_free(m->filter);
}

static void *pack(const scull_tactic_t *tactic, model_t *m, const scull_config_t *config) {
  size_t bytes = 0;
  scull_backend_config_apply(&m->site, config);
  assert_int_equal(tactic->pack_size(&m->site, config, device, &bytes), SCULL_OK);
  assert_true(bytes > sizeof(float) * FILTER);
  void *packed = scull_base_alloc(bytes);
  assert_non_null(packed);
  assert_int_equal(tactic->pack(&m->site, config, device, packed), SCULL_OK);
  return packed;
}

/* A prepared state with its scratch and result. */
typedef struct {
  const scull_tactic_t *tactic;
  scull_prepared_t prepared;
  float *y;
  void *scratch;
  const model_t *model;
  const void *packed;
  scull_status_t status;
} runner_t;

static void runner_init(runner_t *r, const scull_tactic_t *tactic, model_t *m,
                        const scull_config_t *config, const void *packed) {
  *r = (runner_t){.tactic = tactic, .model = m, .packed = packed};
  assert_int_equal(tactic->prepare(&m->site, config, device, &r->prepared, NULL), SCULL_OK);
  r->y = floats(OUT * PIXELS);
  r->scratch = scull_base_alloc(r->prepared.scratch);
  assert_non_null(r->scratch);
}

static void runner_deinit(runner_t *r) {
  r->tactic->release(r->prepared.state);
  scull_base_free(r->y);
  scull_base_free(r->scratch);
}

static scull_status_t run(runner_t *r) {
  const void *inputs[] = {r->model->x};
  void *outputs[] = {r->y};
  const scull_args_t args = {
      .inputs = inputs, .outputs = outputs, .packed = r->packed, .scratch = r->scratch};
  return r->tactic->enqueue(r->prepared.state, &args);
}

static size_t configs_of(const scull_tactic_t *tactic, const model_t *m, scull_config_t *out) {
  if (tactic->refuse(&m->site, device) != NULL)
    return 0;
  return tactic->configs(&m->site, device, out, SCULL_MAX_CONFIGS);
}

static bool close_to(const float *a, const float *b) {
  for (size_t i = 0; i < OUT * PIXELS; i++) {
    float d = a[i] - b[i];
    if (d > 1e-3f || d < -1e-3f)
      return false;
  }
  return true;
}

/* --- tests ------------------------------------------------------------------------------------ */

static const scull_tactic_t *const tactics[] = {&scull_tactic_cpu_onednn_conv_direct,
                                                &scull_tactic_cpu_onednn_conv_winograd};
enum { TACTICS = sizeof tactics / sizeof tactics[0] };

static void weights_packed_for_two_threads_serve_one(void **state) {
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  size_t tried = 0;
  (void)state;
  model_init(&m, 2);
  for (size_t t = 0; t < TACTICS; t++) {
    m.site.threads = 2;
    size_t count = configs_of(tactics[t], &m, configs);
    for (size_t i = 0; i < count; i++, tried++) {
      runner_t two, one;
      m.site.threads = 2;
      void *packed = pack(tactics[t], &m, &configs[i]);
      runner_init(&two, tactics[t], &m, &configs[i], packed);
      m.site.threads = 1;
      runner_init(&one, tactics[t], &m, &configs[i], packed);
      assert_int_equal(run(&two), SCULL_OK);
      assert_int_equal(run(&one), SCULL_OK);
      assert_true(close_to(one.y, two.y));
      runner_deinit(&one);
      runner_deinit(&two);
      scull_base_free(packed);
    }
  }
  assert_true(tried > 0);
  model_deinit(&m);
}

static void foreign_weights_are_refused(void **state) {
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  runner_t r;
  (void)state;
  model_init(&m, 1);
  assert_true(configs_of(tactics[0], &m, configs) > 0);
  unsigned char *packed = pack(tactics[0], &m, &configs[0]);
  runner_init(&r, tactics[0], &m, &configs[0], packed);
  packed[0] ^= 1;
  assert_int_equal(run(&r), SCULL_NEEDS_BUILD);
  assert_int_equal(run(&r), SCULL_NEEDS_BUILD);
  packed[0] ^= 1;
  assert_int_equal(run(&r), SCULL_OK);
  runner_deinit(&r);
  scull_base_free(packed);
  model_deinit(&m);
}

static void a_run_allocates_nothing(void **state) {
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  runner_t r;
  (void)state;
  model_init(&m, 2);
  assert_true(configs_of(tactics[0], &m, configs) > 0);
  void *packed = pack(tactics[0], &m, &configs[0]);
  runner_init(&r, tactics[0], &m, &configs[0], packed);
  assert_int_equal(run(&r), SCULL_OK);
  uint64_t before = scull_base_memory_stats().allocations;
  for (int i = 0; i < 10; i++)
    assert_int_equal(run(&r), SCULL_OK);
  assert_int_equal(scull_base_memory_stats().allocations, before);
  runner_deinit(&r);
  scull_base_free(packed);
  model_deinit(&m);
}

static void *run_often(void *argument) {
  runner_t *r = argument;
  for (int i = 0; i < 50 && r->status == SCULL_OK; i++)
    r->status = run(r);
  return NULL;
}

static void states_run_in_four_threads(void **state) {
  enum { THREADS = 4 };
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  runner_t alone, together[THREADS];
  pthread_t threads[THREADS];
  (void)state;
  model_init(&m, 1);
  assert_true(configs_of(tactics[0], &m, configs) > 0);
  void *packed = pack(tactics[0], &m, &configs[0]);
  runner_init(&alone, tactics[0], &m, &configs[0], packed);
  assert_int_equal(run(&alone), SCULL_OK);
  for (int i = 0; i < THREADS; i++) {
    runner_init(&together[i], tactics[0], &m, &configs[0], packed);
    assert_int_equal(pthread_create(&threads[i], NULL, run_often, &together[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(together[i].status, SCULL_OK);
    assert_memory_equal(together[i].y, alone.y, sizeof(float) * OUT * PIXELS);
    runner_deinit(&together[i]);
  }
  runner_deinit(&alone);
  scull_base_free(packed);
  model_deinit(&m);
}

/* 0: right; else what went wrong. */
static int in_child(runner_t *old, model_t *m, const scull_config_t *config, const float *wanted) {
  runner_t fresh;
  if (run(old) != SCULL_DEVICE)
    return 1;
  runner_init(&fresh, old->tactic, m, config, old->packed);
  if (run(&fresh) != SCULL_OK)
    return 2;
  return close_to(fresh.y, wanted) ? 0 : 3;
}

static void a_forked_child_prepares_again(void **state) {
  enum { SECONDS = 60 };
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  runner_t r;
  int status = -1;
  (void)state;
  model_init(&m, 2);
  assert_true(configs_of(tactics[0], &m, configs) > 0);
  void *packed = pack(tactics[0], &m, &configs[0]);
  runner_init(&r, tactics[0], &m, &configs[0], packed);
  assert_int_equal(run(&r), SCULL_OK);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(SECONDS); /* a child that waits for its parent's pool hangs */
    _exit(in_child(&r, &m, &configs[0], r.y));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  runner_deinit(&r);
  scull_base_free(packed);
  model_deinit(&m);
}

static void slices_with_gaps_are_refused(void **state) {
  model_t m;
  scull_config_t configs[SCULL_MAX_CONFIGS];
  (void)state;
  model_init(&m, 1);
  m.values[3].channel_offset = 16;
  m.values[3].channel_total = 96;
  size_t count = configs_of(tactics[0], &m, configs);
  assert_true(count > 0); /* one picture: contiguous, unless channels are last */
  for (size_t i = 0; i < count; i++)
    assert_int_not_equal(configs[i].dst, SCULL_LAYOUT_NHWC);
  m.values[3].channel_offset = 8;
  count = configs_of(tactics[0], &m, configs);
  for (size_t i = 0; i < count; i++)
    assert_int_not_equal(configs[i].dst, SCULL_LAYOUT_C16);
  m.values[3].max.dim[0] = m.values[0].max.dim[0] = 4;
  assert_string_equal(tactics[0]->refuse(&m.site, device),
                      "strided slices run oneDNN's reference kernels");
  model_deinit(&m);
}

static int open_device(void **state) {
  (void)state;
  return scull_backend_cpu.open(0, &device, NULL) == SCULL_OK ? 0 : 1;
}

static int close_device(void **state) {
  (void)state;
  scull_backend_cpu.close(device);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_packed_for_two_threads_serve_one),
      cmocka_unit_test(foreign_weights_are_refused),
      cmocka_unit_test(a_run_allocates_nothing),
      cmocka_unit_test(states_run_in_four_threads),
      cmocka_unit_test(a_forked_child_prepares_again),
      cmocka_unit_test(slices_with_gaps_are_refused),
  };
  return cmocka_run_group_tests(tests, open_device, close_device);
}
