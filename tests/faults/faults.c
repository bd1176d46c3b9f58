/* Memory runs out at every allocation of base/ in turn, through import and build, open, context and
 * run of the digits model: OUT_OF_MEMORY with words, nothing left behind, nothing crashes. What
 * oneDNN allocates for itself is not failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/digits.h"
#include "support/net.h"

enum { MOST = 200000 }; /* allocations; a stage that never succeeds is a failure */

static char plan_path[128];

static scull_status_t build(void) {
  scull_build_options_t options;
  scull_builder_t *builder = NULL;
  digits_options(&options);
  options.threads = 1;
  scull_status_t status = scull_builder_create(&builder);
  if (status == SCULL_OK)
    status = scull_builder_build(builder, &options, plan_path);
  scull_builder_destroy(builder);
  return status;
}

static scull_status_t open_plan(void) {
  scull_engine_t *engine = NULL;
  scull_status_t status = scull_engine_open(plan_path, NULL, &engine);
  scull_engine_destroy(engine);
  return status;
}

static void ignore(void *user, const char *name, const scull_tensor_view_t *tensor) {
  (void)user;
  (void)name;
  (void)tensor;
}

static scull_engine_t *engine;

static scull_status_t run(void) {
  static const int64_t dims[] = {3, 1, 8, 8};
  scull_context_t *context = NULL;
  scull_status_t status = scull_context_create(engine, NULL, &context);
  if (status == SCULL_OK)
    status = scull_context_set_input_shape(context, 0, 4, dims);
  if (status == SCULL_OK)
    status = scull_context_set_input(context, 0, digits_pictures(), 3 * 64 * sizeof(float));
  if (status == SCULL_OK)
    status = scull_context_watch(context, "batch_norm_1.tmp_2", ignore, NULL);
  if (status == SCULL_OK)
    status = scull_context_run(context);
  if (status == SCULL_OK)
    status = scull_context_enqueue(context);
  if (status == SCULL_OK)
    status = scull_context_wait(context);
  scull_context_destroy(context);
  return status;
}

/* Fails allocation n, n + step, ... of `stage` until it succeeds; returns how often it failed. */
static size_t starve(scull_status_t (*stage)(void), uint64_t step) {
  size_t failures = 0;
  if (stage() != SCULL_OK) /* warm: what is kept for the process's life is there */
    fail_msg("%s", scull_last_error());
  uint64_t live = scull_base_memory_stats().live_blocks;
  for (uint64_t n = 1; n < MOST; n += step) {
    scull_base_memory_fail_at(n);
    scull_status_t status = stage();
    scull_base_memory_fail_at(0);
    if (scull_base_memory_stats().live_blocks != live)
      fail_msg("allocation %llu: %llu blocks before, %llu after", (unsigned long long)n,
               (unsigned long long)live, (unsigned long long)scull_base_memory_stats().live_blocks);
    if (status == SCULL_OK)
      return failures;
    if (status != SCULL_OUT_OF_MEMORY || scull_last_error()[0] == '\0')
      fail_msg("allocation %llu: %s: %s", (unsigned long long)n, scull_status_name(status),
               scull_last_error());
    failures++;
  }
  fail_msg("it never succeeds");
  return 0;
}

static void building(void **state) {
  (void)state;
  assert_true(starve(build, 1) > 100);
}

static void opening(void **state) {
  (void)state;
  assert_true(starve(open_plan, 1) > 5);
}

static void running(void **state) {
  (void)state;
  assert_int_equal(scull_engine_open(plan_path, NULL, &engine), SCULL_OK);
  assert_true(starve(run, 1) > 10);
  scull_engine_destroy(engine);
}

/* The plan that was there stays while builds over it fail. */
static void a_failed_build_leaves_the_old_plan(void **state) {
  (void)state;
  for (uint64_t n = 1; n < 1000; n += 97) {
    scull_base_memory_fail_at(n);
    (void)!build();
    scull_base_memory_fail_at(0);
    assert_int_equal(open_plan(), SCULL_OK);
  }
}

static int make_name(void **state) {
  (void)state;
  net_temporary("faults", plan_path);
  return 0;
}

static int remove_plan(void **state) {
  (void)state;
  return unlink(plan_path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(building),
      cmocka_unit_test(opening),
      cmocka_unit_test(running),
      cmocka_unit_test(a_failed_build_leaves_the_old_plan),
  };
  return cmocka_run_group_tests(tests, make_name, remove_plan);
}
