/* Plans with lists of steps: what they say is read back, damage under right checksums is refused or
 * harmless even when it is run, and the format before is still read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

static const char text[] = "input %n: i64[]\n"
                           "input %x: f32[2x3]\n"
                           "const %w: f32[3x3] ~normal:1\n"
                           "%y, %all = loop(%n, -, %x, %w) carried=1 {\n"
                           "  input %i: i64[]\n"
                           "  input %go: bool[]\n"
                           "  input %v: f32[2x3]\n"
                           "  input %k: f32[3x3]\n"
                           "  const %one: i64[]={1}\n"
                           "  %odd = mod(%i, %one)\n"
                           "  %c = equal(%odd, %i)\n"
                           "  %m = matmul(%v, %k)\n"
                           "  %u = if(%c, %m) {\n"
                           "    input %a: f32[2x3]\n"
                           "    %t = tanh(%a)\n"
                           "    output %t\n"
                           "  } {\n"
                           "    input %a: f32[2x3]\n"
                           "    %r = relu(%a)\n"
                           "    output %r\n"
                           "  }\n"
                           "  output %go\n"
                           "  output %u\n"
                           "  output %m\n"
                           "}\n"
                           "output %y\n"
                           "output %all\n";

static void lists_are_read_back(void **state) {
  (void)state;
  net_t net;
  scull_plan_t plan;
  scull_text_t differences = {0}, a = {0}, b = {0};
  size_t size = 0;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size);
  scull_plan_init(&plan);
  assert_int_equal(scull_plan_read((scull_bytes_t){bytes, size}, "a", &plan, NULL), SCULL_OK);
  assert_int_equal(plan.list_count, 4);
  assert_int_equal(scull_plan_compare(net_plan(&net), &plan, &differences), 0);
  scull_plan_print(net_plan(&net), &a);
  scull_plan_print(&plan, &b);
  assert_string_equal(a.data, b.data);
  scull_plan_deinit(&plan);
  scull_base_text_deinit(&differences);
  scull_base_text_deinit(&a);
  scull_base_text_deinit(&b);
  scull_base_free(bytes);
  net_close(&net);
}

/* Runs what came out of a changed file: a status or an answer, in bounds. */
static void run_changed(scull_plan_t *plan) {
  scull_runtime_engine_t *engine = NULL;
  scull_runtime_context_t *context = NULL;
  const scull_runtime_options_t options = {.trip_limit = 50, .growth_limit = 1 << 20};
  int64_t n = 3;
  float x[2 * 3] = {1, -2, 3, 4, -5, 6};
  if (scull_runtime_engine_create(plan, 0, &engine, NULL) != SCULL_OK)
    return;
  if (engine->plan.arena_bytes < 1 << 20 && engine->plan.shape_bytes < 1 << 20 &&
      scull_runtime_context_create(engine, &options, &context, NULL) == SCULL_OK &&
      engine->plan.input_count == 2 &&
      scull_runtime_set_input(context, 0, &n, sizeof n, NULL) == SCULL_OK &&
      scull_runtime_set_input(context, 1, x, sizeof x, NULL) == SCULL_OK)
    (void)!scull_runtime_run(context, NULL);
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
}

static void damage_is_refused_or_harmless(void **state) {
  (void)state;
  net_t net;
  size_t size = 0, found = 0, ran = 0;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size), *changed = scull_base_alloc_raw(size);
  assert_non_null(changed);
  static const uint8_t changes[] = {0x01, 0x03, 0x80, 0xff, 0x04};
  for (size_t at = 4096; at < 4096 * 4 && at < size; at++) {
    if (bytes[at] == 0 && at % 3 != 0 && at % 4096 > 3000)
      continue;
    for (size_t k = 0; k < sizeof changes; k += 1 + at % 3) {
      scull_plan_t plan;
      memcpy(changed, bytes, size);
      changed[at] ^= changes[k];
      scull_plan_seal(changed, size);
      scull_plan_init(&plan);
      bool sound = scull_plan_read((scull_bytes_t){changed, size}, "a", &plan, NULL) == SCULL_OK;
      found += !sound;
      ran += sound;
      if (sound)
        run_changed(&plan);
      else
        scull_plan_deinit(&plan);
    }
  }
  assert_true(found > 500);
  assert_true(ran > 50);
  scull_base_free(bytes);
  scull_base_free(changed);
  net_close(&net);
}

static void the_format_before_is_read(void **state) {
  (void)state;
  scull_plan_t plan;
  scull_diag_t diag;
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_plan_init(&plan);
  if (scull_plan_open(SCULL_SOURCE_DIR "/tests/plans/format1.plan", &plan, &diag) != SCULL_OK)
    fail_msg("%s", scull_base_diag_first_error(&diag));
  assert_int_equal(plan.list_count, 1);
  assert_int_equal(plan.lists[0].count, plan.step_count);
  assert_int_equal(plan.block_count, 0);
  assert_false(plan.steps[0].late);
  assert_string_equal(plan.backend, "null");
  scull_plan_deinit(&plan);
  scull_base_diag_deinit(&diag);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_are_read_back),
      cmocka_unit_test(damage_is_refused_or_harmless),
      cmocka_unit_test(the_format_before_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
