/* Precisions on the null device, which has all of them: pins decide, conversions stand between,
 * plans and replays keep what was chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/cpu/int8.h"
#include "quant/tail.h"
#include "support/net.h"

static const char text[] = "input %x: f32[1x16x8x8]\nconst %w: f32[16x16x3x3] ~normal:1\n"
                           "%a = conv(%x, %w) strides=1,1 pads=1,1,1,1\n%b = sigmoid(%a)\n"
                           "%c = max_pool(%b) kernel=2,2\noutput %c\n";

static const uint32_t all = 1u << SCULL_AS_BF16 | 1u << SCULL_AS_F16 | 1u << SCULL_AS_INT8;

static void quantize(net_t *net, const char *value, const scull_quant_t *quant) {
  scull_graph_value(net->graph, net_value(net, value))->quant = quant;
}

static const scull_choice_t *choice_of(const net_t *net, const char *value) {
  scull_node_id_t id = scull_graph_value(net->graph, net_value(net, value))->producer;
  for (size_t i = 0; i < net->tuning.choice_count; i++) {
    for (size_t k = 0; k < net->tuning.choices[i].node_count; k++) {
      if (net->tuning.choices[i].nodes[k] == id)
        return &net->tuning.choices[i];
    }
  }
  return NULL;
}

static size_t count_steps(const scull_plan_t *plan, const char *name) {
  size_t count = 0;
  for (size_t i = 0; i < plan->step_count; i++)
    count += scull_base_glob(name, plan->steps[i].name);
  return count;
}

/* Nothing on the null device is faster in another precision. */
static void permissions_alone_change_nothing(void **state) {
  (void)state;
  net_t net;
  net_open(&net, text, "null");
  net.tune.precisions = all;
  net.tune.level = SCULL_TUNE_LEVEL_FULL;
  const scull_plan_t *plan = net_plan(&net);
  for (size_t i = 0; i < plan->value_count; i++)
    assert_int_equal(plan->values[i].as, SCULL_AS_MODEL);
  net_close(&net);
}

static void pins_decide_and_conversions_stand_between(void **state) {
  (void)state;
  static const scull_pin_t pins[] = {{"a", SCULL_AS_BF16}};
  net_t net;
  net_open(&net, text, "null");
  net.tune.pins = pins;
  net.tune.pin_count = 1;
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(choice_of(&net, "a")->config.src_as, SCULL_AS_BF16);
  assert_int_equal(choice_of(&net, "c")->config.src_as, SCULL_AS_MODEL);
  assert_int_equal(count_steps(plan, "x: plain to plain:bf16"), 1);
  assert_int_equal(count_steps(plan, "b: plain:bf16 to plain"), 1);
  net_close(&net);
}

static void int8_is_stored_by_its_scale(void **state) {
  (void)state;
  static const float scale = 0.5f;
  static const scull_quant_t quant = {
      .dtype = SCULL_DTYPE_U8, .axis = -1, .count = 1, .scales = &scale};
  static const scull_pin_t pins[] = {{"?", SCULL_AS_INT8}};
  net_t net;
  size_t size = 0, found = 0;
  net_open(&net, text, "null");
  net.tune.pins = pins;
  net.tune.pin_count = 1;
  quantize(&net, "b", &quant);
  uint8_t *bytes = net_bytes(&net, &size);
  scull_plan_t plan;
  scull_plan_init(&plan);
  assert_int_equal(scull_plan_read((scull_bytes_t){bytes, size}, "plan", &plan, NULL), SCULL_OK);
  for (size_t i = 0; i < plan.value_count; i++) {
    const scull_plan_value_t *v = &plan.values[i];
    if (v->as != SCULL_AS_INT8)
      continue;
    assert_string_equal(v->name, "b"); /* the others have no quantization */
    assert_int_equal(scull_plan_value_stored(v), SCULL_DTYPE_U8);
    assert_true(scull_tensor_quant_equal(v->quant, &quant));
    found++;
  }
  assert_int_equal(found, 1);
  scull_plan_deinit(&plan);
  scull_base_free(bytes);
  net_close(&net);
}

static scull_status_t search_pinned(net_t *net, bool prefer) {
  static const scull_pin_t pins[] = {{"a", SCULL_AS_F16}};
  net_open(net, text, "cpu");
  net->tune.pins = pins;
  net->tune.pin_count = 1;
  net->tune.prefer_pins = prefer;
  net_partition(net);
  return scull_tune_search(net->graph, &net->partition, &net->tune, &net->arena, &net->tuning);
}

/* No tactic of the CPU computes in fp16. */
static void a_pin_that_nobody_follows_is_said(void **state) {
  (void)state;
  net_t net;
  assert_int_equal(search_pinned(&net, false), SCULL_UNSUPPORTED);
  net_says(&net.diag, "'a' (conv) is pinned to fp16");
  net_close(&net);
  assert_int_equal(search_pinned(&net, true), SCULL_OK);
  assert_int_equal(net.diag.warnings, 1);
  assert_int_equal(choice_of(&net, "a")->config.src_as, SCULL_AS_MODEL);
  net_close(&net);
}

/* The end of a network is not rounded: of what a tactic offers first nothing may be taken, and that
 * must not hide what it offers after. Skipped where nothing computes in bytes. */
static void an_exact_result_does_not_keep_a_product_from_int8(void **state) {
  (void)state;
  static const float scale = 0.5f;
  static const scull_quant_t quant = {
      .dtype = SCULL_DTYPE_U8, .axis = -1, .count = 1, .scales = &scale};
  static float scales[40];
  static const scull_quant_t weights = {
      .dtype = SCULL_DTYPE_I8, .axis = 0, .count = 40, .scales = scales};
  static const scull_pin_t pins[] = {{"a", SCULL_AS_INT8}};
  net_t net;
  for (int c = 0; c < 40; c++)
    scales[c] = 0.03f;
  for (int pinned = 0; pinned < 2; pinned++) {
    net_open(&net,
             "input %x: f32[1x64x8x8]\nconst %w: f32[40x64x1x1] ~normal:1\n%a = conv(%x, %w)\n"
             "%b = relu(%a)\noutput %b\n",
             "cpu");
    quantize(&net, "x", &quant);
    quantize(&net, "w", &weights);
    quantize(&net, "a", &quant);
    quantize(&net, "b", &quant);
    assert_int_equal(scull_quant_mark_tail(net.graph), SCULL_OK);
    net.tune.level = SCULL_TUNE_LEVEL_NONE;
    net.tune.precisions = pinned ? 0 : 1u << SCULL_AS_INT8;
    net.tune.pins = pins;
    net.tune.pin_count = (size_t)pinned;
    if (scull_cpu_kernels8_of(net.device) == NULL) {
      net_close(&net);
      skip();
    }
    net_search(&net);
    const scull_choice_t *c = choice_of(&net, "a");
    assert_int_equal(scull_backend_computes(c->tactic, &c->config), SCULL_AS_INT8);
    assert_int_equal(c->config.dst_as, SCULL_AS_MODEL);
    net_close(&net);
  }
}

static void a_replay_keeps_the_precision(void **state) {
  (void)state;
  static const scull_pin_t pins[] = {{"a", SCULL_AS_BF16}};
  net_t net, again;
  scull_text_t said = {0};
  net_open(&net, text, "null");
  net.tune.pins = pins;
  net.tune.pin_count = 1;
  net_search(&net);
  scull_tune_print_choices(net.graph, &net.tuning, &said);
  assert_non_null(strstr(said.data, "plain:bf16\tplain:bf16"));
  net_open(&again, text, "null");
  again.tune.replay = (scull_bytes_t){(const uint8_t *)said.data, said.size};
  net_search(&again);
  assert_int_equal(choice_of(&again, "a")->config.dst_as, SCULL_AS_BF16);
  net_close(&again);
  net_close(&net);
  scull_base_text_deinit(&said);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(permissions_alone_change_nothing),
      cmocka_unit_test(pins_decide_and_conversions_stand_between),
      cmocka_unit_test(int8_is_stored_by_its_scale),
      cmocka_unit_test(a_pin_that_nobody_follows_is_said),
      cmocka_unit_test(an_exact_result_does_not_keep_a_product_from_int8),
      cmocka_unit_test(a_replay_keeps_the_precision),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
