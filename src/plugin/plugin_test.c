/* Plug-ins: what is refused, what an older header lacks, networks with their operators by the
 * reference and by tactics, states given back once, plans whose words about them were changed. */
#define _POSIX_C_SOURCE 200809L
#include "plugin/plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"
#include "support/plugin.h"

static const char text[] = "input %x: f32[1:4:9x6]\nconst %w: f32[6] ~pos:1\n"
                           "%a = relu(%x)\n"
                           "%b = test.weigh(%a, %w) gain=1.5 times=3 bias=1,-1,0.5,2,0,3\n"
                           "%c = test.weigh(%b, %w) negative=true word=\"two words\" list=\n"
                           "%y = tanh(%c)\noutput %y\n";

static int setup(void **state) {
  (void)state;
  return scull_plugin_add(&plugin_of_tests, NULL) == SCULL_OK ? 0 : -1;
}

/* --- what is refused -------------------------------------------------------------------------- */

static scull_status_t add_changed(const char *name, const scull_plugin_operator_t *op,
                                  scull_diag_t *diag) {
  const scull_plugin_operator_t *const list[] = {op, NULL};
  const scull_plugin_t plugin = {.struct_size = sizeof plugin,
                                 .abi = SCULL_PLUGIN_ABI,
                                 .name = name,
                                 .version = 1,
                                 .operators = list};
  return scull_plugin_add(&plugin, diag);
}

static void faults_of_plugins_are_told(void **state) {
  (void)state;
  scull_plugin_t p = plugin_of_tests;
  assert_int_equal(scull_plugin_add(NULL, NULL), SCULL_INVALID_ARGUMENT);
  p.struct_size = 8;
  assert_int_equal(scull_plugin_add(&p, NULL), SCULL_INVALID_ARGUMENT);
  p = plugin_of_tests;
  p.abi = 77;
  assert_int_equal(scull_plugin_add(&p, NULL), SCULL_INVALID_ARGUMENT);
  p = plugin_of_tests; /* the same name, but another */
  assert_int_equal(scull_plugin_add(&p, NULL), SCULL_INVALID_ARGUMENT);
  p.name = "../evil";
  assert_int_equal(scull_plugin_add(&p, NULL), SCULL_INVALID_ARGUMENT);
  p.name = "other"; /* its operators are there already */
  assert_int_equal(scull_plugin_add(&p, NULL), SCULL_INVALID_ARGUMENT);
  assert_int_equal(scull_plugin_add(&plugin_of_tests, NULL), SCULL_OK);
}

static void faults_of_operators_are_told(void **state) {
  (void)state;
  const scull_plugin_operator_t good = *plugin_of_tests.operators[0];
  const scull_plugin_field_t outside = {"f", SCULL_PLUGIN_FLOAT, good.fields_size - 4, "1"};
  const scull_plugin_field_t wordy = {"f", SCULL_PLUGIN_FLOAT, 0, "much"};
  const scull_plugin_field_t odd = {"f", 99, 0, "1"};
  scull_plugin_tactic_t leak = *good.tactics[2];
  const scull_plugin_tactic_t *const leaks[] = {&leak, NULL};
  scull_diag_t diag;
  leak.release = NULL;
  for (int i = 0; i < 11; i++) {
    scull_plugin_operator_t op = good;
    op.name = "fault.op";
    switch (i) {
    case 0: op.struct_size = 4; break;
    case 1: op.name = "conv"; break;
    case 2: op.name = "a b"; break;
    case 3: op.inputs_max = 17; break;
    case 4: op.outputs_min = 0; break;
    case 5: op.infer = NULL; break;
    case 6: op.field_count = 1 << 20; break;
    case 7: op.fields = &outside; break;
    case 8: op.fields = &wordy; break;
    case 9: op.fields = &odd; break;
    case 10: op.tactics = leaks; break;
    }
    op.field_count = i >= 7 && i <= 9 ? 1 : op.field_count;
    scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
    assert_int_equal(add_changed("faulty", &op, &diag), SCULL_INVALID_ARGUMENT);
    net_says(&diag, "plug-in 'faulty'");
    scull_base_diag_deinit(&diag);
    assert_null(scull_ops_find("fault.op"));
  }
}

static void nothing_is_known_when_memory_is_short(void **state) {
  (void)state;
  static scull_plugin_operator_t op;
  static const scull_plugin_operator_t *const list[] = {&op, NULL};
  static const scull_plugin_t plugin = {
      .struct_size = sizeof plugin, .abi = SCULL_PLUGIN_ABI, .name = "short", .operators = list};
  op = *plugin_of_tests.operators[0];
  op.name = "short.op";
  scull_status_t status = SCULL_OUT_OF_MEMORY;
  for (uint64_t n = 1; status != SCULL_OK; n++) {
    assert_true(n < 100);
    assert_null(scull_ops_find("short.op"));
    scull_base_memory_fail_at(n);
    status = scull_plugin_add(&plugin, NULL);
    scull_base_memory_fail_at(0);
  }
  assert_non_null(scull_ops_find("short.op"));
}

/* A plug-in of before the struct grew has no tactics and no names of its own. */
static void older_headers_are_taken(void **state) {
  (void)state;
  static scull_plugin_operator_t op;
  static const scull_plugin_operator_t *const list[] = {&op, NULL};
  static const scull_plugin_t plugin = {
      .struct_size = sizeof plugin, .abi = SCULL_PLUGIN_ABI, .name = "older", .operators = list};
  op = *plugin_of_tests.operators[0];
  op.name = "older.op";
  op.struct_size = offsetof(scull_plugin_operator_t, run) + sizeof op.run;
  assert_int_equal(scull_plugin_add(&plugin, NULL), SCULL_OK);
  assert_null(scull_plugin_given(scull_ops_find("older.op"))->tactics);
  assert_ptr_equal(scull_plugin_find_model("older.op", NULL), scull_ops_find("older.op"));
  assert_null(scull_plugin_find_model("conv", NULL));
}

/* --- running ---------------------------------------------------------------------------------- */

static void run_net(bool native, bool narrow) {
  static const char *const off[] = {"plugin.*"};
  net_t net;
  scull_runtime_context_t *contexts[2] = {NULL};
  const scull_runtime_options_t options = {0};
  const long engines = plugin_count(0), states = plugin_count(2);
  net_open(&net, text, "cpu");
  net.tune.min_subgraph_size = native ? 99 : 0;
  if (!narrow)
    net.tune.disabled_tactics = (scull_names_t){off, 1};
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(engine->plan.plugin_count, 1);
  assert_string_equal(engine->plan.plugins[0].name, "test_plug");
  assert_int_equal(engine->plan.plugins[0].version, 3);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(scull_runtime_context_create(engine, &options, &contexts[i], NULL), SCULL_OK);
    for (int64_t n = 1; n < 10; n++) {
      scull_shape_t shape = scull_tensor_shape(2, (int64_t[]){n, 6});
      net_check(&net, contexts[i], &shape, (uint64_t)n);
    }
  }
  for (int i = 0; i < 2; i++)
    scull_runtime_context_destroy(contexts[i]);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
  assert_int_equal(plugin_count(0), plugin_count(1));
  assert_int_equal(plugin_count(2), plugin_count(3));
  assert_true(plugin_count(0) >= engines && plugin_count(2) >= states);
}

static void networks_run(void **state) {
  (void)state;
  run_net(true, true);
  run_net(true, false);
  run_net(false, true);
  run_net(false, false);
}

/* The tactic with states: the knob of the steps is turned in the file. */
static size_t find_bytes(const uint8_t *bytes, size_t size, const void *what, size_t length,
                         size_t from) {
  for (size_t i = from; i + length <= size; i++) {
    if (memcmp(bytes + i, what, length) == 0)
      return i;
  }
  return SIZE_MAX;
}

static const char tactic_name[] = "plugin.test.weigh";

/* Behind the tactic's name stand its version and the knobs. */
static void turn_knobs(uint8_t *bytes, size_t size, int32_t knob) {
  size_t at = 0, found = 0;
  uint64_t meta[2]; /* offset and size: the report names tactics, too */
  memcpy(meta, bytes + 64 + 8, sizeof meta);
  while ((at = find_bytes(bytes, meta[0] + meta[1], tactic_name, strlen(tactic_name), at)) !=
         SIZE_MAX) {
    at += strlen(tactic_name) + sizeof(uint32_t);
    memcpy(bytes + at, &knob, sizeof knob);
    found++;
  }
  assert_int_equal(found, 2);
  scull_plan_seal(bytes, size);
}

static scull_status_t open_bytes(const uint8_t *bytes, size_t size, scull_runtime_engine_t **engine,
                                 scull_diag_t *diag) {
  scull_plan_t plan;
  scull_plan_init(&plan);
  *engine = NULL;
  scull_status_t status = scull_plan_read((scull_bytes_t){bytes, size}, "x.plan", &plan, diag);
  if (status == SCULL_OK)
    return scull_runtime_engine_create(&plan, 0, engine, diag);
  scull_plan_deinit(&plan);
  return status;
}

static void states_are_given_back_once(void **state) {
  (void)state;
  net_t net;
  size_t size = 0;
  const scull_runtime_options_t options = {0};
  scull_runtime_engine_t *engine = NULL;
  scull_runtime_context_t *context = NULL;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size);
  const int32_t knobs[] = {2, 0, 1, 3, -1, 63, INT32_MAX};
  const long engines = plugin_count(0);
  for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
    turn_knobs(bytes, size, knobs[i]);
    scull_status_t status = open_bytes(bytes, size, &engine, NULL);
    assert_true((status == SCULL_OK) == (knobs[i] == 0 || knobs[i] == 2));
    if (status == SCULL_OK) {
      assert_int_equal(scull_runtime_context_create(engine, &options, &context, NULL), SCULL_OK);
      scull_shape_t shape = scull_tensor_shape(2, (int64_t[]){5, 6});
      net_check(&net, context, &shape, 1);
      scull_runtime_context_destroy(context);
    }
    scull_runtime_engine_destroy(engine);
    assert_int_equal(plugin_count(0), engines + 2); /* two steps, the first time */
    assert_int_equal(plugin_count(0), plugin_count(1));
    assert_int_equal(plugin_count(2), plugin_count(3));
  }
  scull_base_free(bytes);
  net_close(&net);
}

static void extents_may_depend_on_data(void **state) {
  (void)state;
  net_t net;
  scull_runtime_context_t *context = NULL;
  const scull_runtime_options_t options = {0};
  net_open(&net,
           "input %x: f32[3x7]\n%p = test.positive(%x)\n%y = square(%p)\n%s = shape(%y)\n"
           "output %y\noutput %s\n",
           "cpu");
  scull_runtime_engine_t *engine = net_engine(&net);
  assert_int_equal(scull_runtime_context_create(engine, &options, &context, NULL), SCULL_OK);
  scull_shape_t shape = scull_tensor_shape(2, (int64_t[]){3, 7});
  for (uint64_t seed = 0; seed < 4; seed++)
    net_check(&net, context, &shape, seed);
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(&net);
}

/* --- plans that lie --------------------------------------------------------------------------- */

static void check_named(const char *name, uint32_t version, scull_status_t wanted,
                        const char *words) {
  net_t net;
  size_t size = 0;
  scull_diag_t diag;
  scull_runtime_engine_t *engine = NULL;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size);
  size_t at = find_bytes(bytes, size, "test_plug", 9, 0);
  assert_true(at != SIZE_MAX);
  memcpy(bytes + at, name, 9);
  memcpy(bytes + at + 9, &version, sizeof version);
  scull_plan_seal(bytes, size);
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(open_bytes(bytes, size, &engine, &diag), wanted);
  net_says(&diag, words);
  assert_null(engine);
  scull_base_diag_deinit(&diag);
  scull_base_free(bytes);
  net_close(&net);
}

static void plans_name_their_plugins(void **state) {
  (void)state;
  setenv("SCULL_PLUGIN_PATH", "/no/such/folder::/tmp", 1);
  check_named("test_plUg", 3, SCULL_NOT_FOUND,
              "x.plan: it needs the plug-in 'test_plUg' (version 3), which is not loaded");
  check_named("test_plug", 4, SCULL_NEEDS_BUILD, "version 4 of the plug-in 'test_plug'");
  check_named("../../../", 3, SCULL_CORRUPT, "impossible name");
  check_named("a/b/c.so.", 3, SCULL_CORRUPT, "impossible name");
  check_named("test_p\0ug", 3, SCULL_NOT_FOUND, "the plug-in 'test_p'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(faults_of_plugins_are_told),
      cmocka_unit_test(faults_of_operators_are_told),
      cmocka_unit_test(nothing_is_known_when_memory_is_short),
      cmocka_unit_test(older_headers_are_taken),
      cmocka_unit_test(networks_run),
      cmocka_unit_test(states_are_given_back_once),
      cmocka_unit_test(extents_may_depend_on_data),
      cmocka_unit_test(plans_name_their_plugins),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
