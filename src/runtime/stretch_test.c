/* Plans of a discrete device, on a mirror of the processor: steps see only memory of their own
 * side, what no tactic takes runs on the host with copies around it, stretches are captured once
 * for a set of addresses, and the caller's device memory spares the copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/mirror.h"
#include "support/net.h"

static const char text[] = "input %x: f32[1:2:4x3x6x6]\n"
                           "const %w: f32[16x3x3x3] ~normal:1\n"
                           "const %u: f32[5x16] ~normal:4\n"
                           "%c = conv(%x, %w) pads=1,1,1,1\n"
                           "%r = relu(%c)\n"
                           "%t = sin(%r)\n"
                           "%p = avg_pool(%t) global=true\n"
                           "%n = shape(%p)\n"
                           "%d = slice(%n) starts=0 ends=2 axes=0\n"
                           "%f = reshape(%p, %d)\n"
                           "%m = matmul(%f, %u) trans_y=true\n"
                           "%s = softmax(%m) axis=-1\n"
                           "output %s\n"
                           "output %r\n";

typedef struct {
  net_t net;
  scull_runtime_engine_t *engine;
  scull_runtime_context_t *context;
} fixture_t;

static void open_fixture(fixture_t *f, const char *network, const char *const *on_host,
                         size_t count) {
  const scull_runtime_options_t none = {0};
  mirror_add();
  net_open(&f->net, network, "mirror");
  f->net.tune.disabled_ops = (scull_names_t){on_host, count};
  f->engine = net_engine(&f->net);
  assert_int_equal(scull_runtime_context_create(f->engine, &none, &f->context, &f->net.diag),
                   SCULL_OK);
}

static void close_fixture(fixture_t *f) {
  scull_runtime_context_destroy(f->context);
  scull_runtime_engine_destroy(f->engine);
  net_close(&f->net);
  assert_int_equal(mirror_counts().strays, 0);
  scull_backend_add(NULL);
}

static size_t count_kind(const fixture_t *f, scull_plan_kind_t kind) {
  size_t count = 0;
  for (size_t i = 0; i < f->engine->plan.step_count; i++)
    count += f->engine->plan.steps[i].kind == kind;
  return count;
}

static void all_on_the_device(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f, text, NULL, 0);
  for (int64_t n = 1; n <= 4; n++) {
    scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){n, 3, 6, 6});
    for (uint64_t k = 0; k < 3; k++)
      net_check(&f.net, f.context, &shape, (uint64_t)n + k);
  }

  assert_true(count_kind(&f, SCULL_PLAN_ON_HOST) >= 1); /* sin has no CPU tactic */
  close_fixture(&f);
}

static void anything_may_be_on_the_host(void **state) {
  (void)state;
  static const char *const sets[][3] = {{"conv", NULL, NULL},
                                        {"relu", NULL, NULL},
                                        {"avg_pool", "matmul", NULL},
                                        {"softmax", "conv", NULL},
                                        {"*", NULL, NULL}};
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    fixture_t f;
    size_t count = 0;
    while (count < 3 && sets[i][count] != NULL)
      count++;
    open_fixture(&f, text, sets[i], count);
    scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 3, 6, 6});
    for (uint64_t k = 0; k < 3; k++)
      net_check(&f.net, f.context, &shape, k);
    assert_true(count_kind(&f, SCULL_PLAN_ON_HOST) > 1 || count == 1);
    close_fixture(&f);
  }
}

static const char small[] = "input %x: f32[2x16x4x4]\nconst %w: f32[16x16x1x1] ~normal:1\n"
                            "%a = conv(%x, %w)\n%b = relu(%a)\n%c = conv(%b, %w)\n"
                            "%y = max_pool(%c) kernel=2,2 strides=2,2\noutput %y\n";

static void work_is_captured_once(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f, small, NULL, 0);
  scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 16, 4, 4});
  for (uint64_t k = 0; k < 5; k++)
    net_check(&f.net, f.context, &shape, k);
  assert_int_equal(mirror_counts().captured, 1); /* the first run is not captured */
  assert_int_equal(mirror_counts().replayed, 4);
  close_fixture(&f);
}

/* The caller's input and output on the device: no copy, the same answer, other addresses are
 * captured anew and the old ones found again. */
static void device_memory_spares_copies(void **state) {
  (void)state;
  enum { IN = 2 * 16 * 16, OUT = 2 * 16 * 4 };
  fixture_t f;
  void *in[2], *out[2];
  float x[IN], host[OUT], first[OUT];
  open_fixture(&f, small, NULL, 0);
  const scull_backend_t *backend = f.engine->device->backend;
  for (int i = 0; i < IN; i++)
    x[i] = (float)(i % 13) - 6;
  assert_int_equal(scull_runtime_set_input(f.context, 0, x, sizeof x, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f.context, 0, host, sizeof host, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  assert_int_equal(mirror_counts().copies, 2 + 1); /* with the weights' */
  for (int i = 0; i < 2; i++) {
    assert_int_equal(backend->alloc(f.engine->device, sizeof x, &in[i]), SCULL_OK);
    assert_int_equal(backend->alloc(f.engine->device, sizeof host, &out[i]), SCULL_OK);
    memcpy(in[i], x, sizeof x);
  }
  for (int k = 0; k < 4; k++) {
    memset(out[k & 1], 0, sizeof host);
    assert_int_equal(scull_runtime_set_input(f.context, 0, in[k & 1], sizeof x, NULL), SCULL_OK);
    assert_int_equal(scull_runtime_set_output(f.context, 0, out[k & 1], sizeof host, NULL),
                     SCULL_OK);
    assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
    memcpy(first, out[k & 1], sizeof first);
    assert_memory_equal(first, host, sizeof host);
    assert_memory_equal(in[k & 1], x, sizeof x); /* nobody wrote over it */
  }
  assert_int_equal(mirror_counts().copies, 2 + 1);
  assert_int_equal(mirror_counts().captured, 2);
  for (int i = 0; i < 2; i++) {
    backend->free(f.engine->device, in[i]);
    backend->free(f.engine->device, out[i]);
  }
  close_fixture(&f);
}

/* Steps of the host reach the caller's device memory through memory of their own. */
static void the_host_may_need_device_memory(void **state) {
  (void)state;
  static const char *const on_host[] = {"*"};
  enum { IN = 2 * 16 * 16, OUT = 2 * 16 * 4 };
  fixture_t f;
  void *in = NULL, *out = NULL;
  float x[IN], host[OUT];
  open_fixture(&f, small, on_host, 1);
  const scull_backend_t *backend = f.engine->device->backend;
  for (int i = 0; i < IN; i++)
    x[i] = (float)(i % 11) - 5;
  assert_int_equal(scull_runtime_set_input(f.context, 0, x, sizeof x, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f.context, 0, host, sizeof host, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  assert_int_equal(backend->alloc(f.engine->device, sizeof x, &in), SCULL_OK);
  assert_int_equal(backend->alloc(f.engine->device, sizeof host, &out), SCULL_OK);
  memcpy(in, x, sizeof x);
  assert_int_equal(scull_runtime_set_input(f.context, 0, in, sizeof x, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(f.context, 0, out, sizeof host, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  assert_memory_equal(out, host, sizeof host);
  backend->free(f.engine->device, in);
  backend->free(f.engine->device, out);
  close_fixture(&f);
}

static void count_event(void *user, const scull_runtime_event_t *event) {
  int *steps = user;
  assert_non_null(event->outputs[0]);
  *steps += 1;
}

static void a_hook_sees_every_step(void **state) {
  (void)state;
  fixture_t f;
  int steps = 0;
  float x[2 * 16 * 16] = {1, 2, 3};
  open_fixture(&f, small, NULL, 0);
  assert_int_equal(scull_runtime_set_input(f.context, 0, x, sizeof x, NULL), SCULL_OK);
  scull_runtime_set_hook(f.context, count_event, &steps);
  assert_int_equal(scull_runtime_run(f.context, NULL), SCULL_OK);
  assert_int_equal(steps, count_kind(&f, SCULL_PLAN_RUN) + count_kind(&f, SCULL_PLAN_COPY));
  close_fixture(&f);
}

/* Tuning measures on the device's own memory, and the plan is still right. */
static void tuning_measures_there(void **state) {
  (void)state;
  fixture_t f;
  const scull_runtime_options_t none = {0};
  mirror_add();
  net_open(&f.net, small, "mirror");
  f.net.tune.level = SCULL_TUNE_LEVEL_FAST;
  f.engine = net_engine(&f.net);
  assert_true(f.net.tuning.timed > 0);
  assert_true(mirror_counts().replayed > 0);
  assert_int_equal(scull_runtime_context_create(f.engine, &none, &f.context, &f.net.diag),
                   SCULL_OK);
  scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 16, 4, 4});
  net_check(&f.net, f.context, &shape, 3);
  close_fixture(&f);
}

static void outputs_of_every_kind(void **state) {
  (void)state;
  fixture_t f;
  open_fixture(&f,
               "input %x: f32[2x8x3x3]\nconst %k: f32[4] ~normal:3\n%n = shape(%x)\n"
               "%a = relu(%x)\n%v = reshape(%a) shape=2,72\n%q = reshape(%x) shape=18,8\n"
               "output %a \"again\"\noutput %a \"twice\"\noutput %v\noutput %x \"same\"\n"
               "output %n\noutput %k\noutput %q\n",
               NULL, 0);
  scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 8, 3, 3});
  for (uint64_t k = 0; k < 3; k++)
    net_check(&f.net, f.context, &shape, k);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_on_the_device),
                                     cmocka_unit_test(anything_may_be_on_the_host),
                                     cmocka_unit_test(work_is_captured_once),
                                     cmocka_unit_test(device_memory_spares_copies),
                                     cmocka_unit_test(the_host_may_need_device_memory),
                                     cmocka_unit_test(a_hook_sees_every_step),
                                     cmocka_unit_test(tuning_measures_there),
                                     cmocka_unit_test(outputs_of_every_kind)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
