/* Plan files: what is written is read back; every truncation and every changed byte is refused with
 * words; damage under right checksums is found by verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

static const char text[] = "input %x: f32[1:2:4x3x6x6]\n"
                           "const %w: f32[4x3x3x3] ~normal:1\n"
                           "const %b: f32[4] ~normal:2\n"
                           "const %k: f32[4x1x1] ~pos:3\n"
                           "%c = conv(%x, %w, %b) strides=1,1 pads=1,1,1,1\n"
                           "%r = relu(%c)\n"
                           "%m = mul(%r, %k)\n"
                           "%f = flatten(%m) start=1\n"
                           "%s = softmax(%f) axis=-1\n"
                           "output %s\n"
                           "output %r \"inner\"\n";

static scull_status_t read_plan(scull_bytes_t bytes, scull_diag_t *diag) {
  scull_plan_t plan;
  scull_plan_init(&plan);
  scull_base_diag_init(diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_bytes_t sources;
  scull_status_t status = scull_plan_read(bytes, "a.plan", &plan, diag);
  if (status == SCULL_OK)
    status = scull_plan_sources(&plan, &sources, diag);
  scull_plan_deinit(&plan);
  return status;
}

/* The read fails, and says where and why. */
static void refused(scull_bytes_t bytes, size_t at) {
  scull_diag_t diag;
  scull_status_t status = read_plan(bytes, &diag);
  if (status != SCULL_CORRUPT && status != SCULL_NEEDS_BUILD)
    fail_msg("byte %zu: %s", at, scull_base_status_name(status));
  net_says(&diag, "a.plan: ");
  scull_base_diag_deinit(&diag);
}

static void round_trip(void **state) {
  (void)state;
  net_t net;
  scull_plan_t plan;
  scull_text_t differences = {0}, a = {0}, b = {0};
  size_t size = 0;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size);
  scull_plan_init(&plan);
  assert_int_equal(scull_plan_read((scull_bytes_t){bytes, size}, "a", &plan, NULL), SCULL_OK);
  assert_int_equal(scull_plan_compare(net_plan(&net), &plan, &differences), 0);
  scull_plan_print(net_plan(&net), &a);
  scull_plan_print(&plan, &b);
  assert_string_equal(a.data, b.data);
  assert_string_equal(plan.report, "{}");
  assert_false(plan.fixed);
  assert_int_equal(plan.output_count, 2);
  assert_string_equal(plan.outputs[1].name, "inner");
  assert_int_equal((uintptr_t)plan.weights.data % SCULL_MEMORY_ALIGN, 0);
  scull_plan_deinit(&plan);
  scull_base_text_deinit(&differences);
  scull_base_text_deinit(&a);
  scull_base_text_deinit(&b);
  scull_base_free(bytes);
  net_close(&net);
}

static void the_same_plan_is_the_same_file(void **state) {
  (void)state;
  net_t one, two;
  size_t size_one = 0, size_two = 0;
  net_open(&one, text, "cpu");
  net_open(&two, text, "cpu");
  uint8_t *a = net_bytes(&one, &size_one), *b = net_bytes(&two, &size_two);
  assert_int_equal(size_one, size_two);
  assert_memory_equal(a, b, size_one);
  scull_base_free(a);
  scull_base_free(b);
  net_close(&one);
  net_close(&two);
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  net_t net;
  size_t size = 0;
  net_open(&net, text, "null");
  uint8_t *bytes = net_bytes(&net, &size);
  for (size_t cut = 0; cut < size; cut++) {
    uint8_t *exact = scull_base_alloc_raw(cut); /* a sanitizer sees what lies beyond */
    assert_non_null(exact);
    memcpy(exact, bytes, cut);
    refused((scull_bytes_t){exact, cut}, cut);
    scull_base_free(exact);
  }
  scull_base_free(bytes);
  net_close(&net);
}

static void every_changed_byte_is_refused(void **state) {
  (void)state;
  static const uint8_t changes[] = {0x01, 0x80, 0xff};
  net_t net;
  size_t size = 0;
  net_open(&net, text, "null");
  uint8_t *bytes = net_bytes(&net, &size);
  for (size_t at = 0; at < size; at++) {
    bytes[at] ^= changes[at % 3];
    refused((scull_bytes_t){bytes, size}, at);
    bytes[at] ^= changes[at % 3];
  }
  scull_base_free(bytes);
  net_close(&net);
}

static void more_bytes_are_refused(void **state) {
  (void)state;
  net_t net;
  size_t size = 0;
  net_open(&net, text, "null");
  uint8_t *bytes = net_bytes(&net, &size);
  bytes = scull_base_grow(bytes, size, size + 1);
  refused((scull_bytes_t){bytes, size + 1}, size);
  scull_base_free(bytes);
  net_close(&net);
}

/* Behind right checksums: a status or a plan that verifies, never a crash. */
static void changed_records_are_refused_or_sound(void **state) {
  (void)state;
  net_t net;
  size_t size = 0, found = 0;
  net_open(&net, text, "cpu");
  uint8_t *bytes = net_bytes(&net, &size), *changed = scull_base_alloc_raw(size);
  assert_non_null(changed);
  for (size_t at = 64; at < size; at += 1 + (at > 8192) * 37) {
    scull_diag_t diag;
    memcpy(changed, bytes, size);
    changed[at] ^= at % 2 == 0 ? 0x01 : 0xff;
    scull_plan_seal(changed, size);
    found += read_plan((scull_bytes_t){changed, size}, &diag) != SCULL_OK;
    scull_base_diag_deinit(&diag);
  }
  assert_true(found > 500); /* most records are not free to say anything */
  scull_base_free(bytes);
  scull_base_free(changed);
  net_close(&net);
}

/* A stored plan of the format before. */
static void the_format_before_is_read(void **state) {
  (void)state;
  scull_plan_t plan;
  scull_plan_init(&plan);
  assert_int_equal(scull_plan_open(SCULL_SOURCE_DIR "/tests/plans/lenet_format1.plan", &plan, NULL),
                   SCULL_OK);
  assert_int_equal(plan.format, 1);
  assert_true(plan.step_count > 3);
  for (size_t i = 0; i < plan.value_count; i++)
    assert_true(plan.values[i].as == SCULL_AS_MODEL && plan.values[i].quant == NULL);
  scull_plan_deinit(&plan);
}

static void another_format_needs_a_build(void **state) {
  (void)state;
  net_t net;
  size_t size = 0;
  scull_diag_t diag;
  net_open(&net, text, "null");
  uint8_t *bytes = net_bytes(&net, &size);
  bytes[8] = 77;
  assert_int_equal(read_plan((scull_bytes_t){bytes, size}, &diag), SCULL_NEEDS_BUILD);
  net_says(&diag, "format 77");
  scull_base_diag_deinit(&diag);
  assert_int_equal(read_plan((scull_bytes_t){bytes + 1, size - 1}, &diag),
                   SCULL_INVALID_ARGUMENT); /* not aligned */
  scull_base_diag_deinit(&diag);
  scull_base_free(bytes);
  net_close(&net);
}

/* --- planted damage ------------------------------------------------------------------------------
 */

static scull_plan_step_t *conv_step(scull_plan_t *plan) {
  for (size_t i = 0; i < plan->step_count; i++) {
    if (strcmp(plan->steps[i].site.ops[0].def->name, "conv") == 0)
      return &plan->steps[i];
  }
  fail_msg("no convolution");
  return NULL;
}

static scull_plan_value_t *out_of(scull_plan_t *plan, const scull_plan_step_t *step) {
  return &plan->values[step->bindings[step->site.outputs[0]]];
}

static void threads(scull_plan_t *p) {
  p->threads = 0;
}
static void buffer_number(scull_plan_t *p) {
  p->values[0].buffer = (uint32_t)p->buffer_count;
}
static void arena_too_small(scull_plan_t *p) {
  p->arena_bytes = 64;
}
static void weights_too_small(scull_plan_t *p) {
  p->weights.size = 64;
}
static void storage(scull_plan_t *p) {
  p->buffers[0].storage = 9;
}
static void input_number(scull_plan_t *p) {
  p->buffers[p->values[p->inputs[0].value].buffer].index = 5;
}
static void port_number(scull_plan_t *p) {
  p->outputs[0].value = (uint32_t)p->value_count;
}
static void port_elsewhere(scull_plan_t *p) {
  p->outputs[0].value = p->inputs[0].value;
}
static void opt_beyond_max(scull_plan_t *p) {
  p->values[p->inputs[0].value].opt.dim[0] = 1 << 20;
}
static void rank(scull_plan_t *p) {
  p->values[p->inputs[0].value].min.rank = 2;
}
static void slice_outside(scull_plan_t *p) {
  scull_plan_value_t *v = out_of(p, conv_step(p));
  v->channel_offset = 1;
  v->channel_total = 4;
}
static void binding(scull_plan_t *p) {
  conv_step(p)->bindings[0] = (uint32_t)p->value_count + 7;
}
static void unbound_input(scull_plan_t *p) {
  scull_plan_step_t *s = conv_step(p);
  s->bindings[s->site.inputs[0]] = SCULL_PLAN_NONE;
}
static const float no_scale = 0;
static const scull_quant_t no_quant = {SCULL_DTYPE_U8, -1, 1, &no_scale, NULL};
static void scale_of_zero(scull_plan_t *p) {
  p->values[0].quant = &no_quant;
}
static void int8_without_scale(scull_plan_t *p) {
  p->values[0].as = SCULL_AS_INT8;
}
static void other_type(scull_plan_t *p) {
  out_of(p, conv_step(p))->dtype = SCULL_DTYPE_I8;
}
static void packed_outside(scull_plan_t *p) {
  conv_step(p)->packed_offset = UINT64_MAX - 63;
}
static void kind(scull_plan_t *p) {
  conv_step(p)->kind = 77;
}
static void writes_weights(scull_plan_t *p) {
  scull_plan_step_t *s = conv_step(p);
  p->buffers[out_of(p, s)->buffer] =
      (scull_plan_buffer_t){.storage = SCULL_PLAN_CONSTANT, .bytes = p->weights.size, .offset = 0};
}
static void writes_input(scull_plan_t *p) {
  out_of(p, conv_step(p))->buffer = p->values[p->inputs[0].value].buffer;
}
static void no_site_inputs(scull_plan_t *p) {
  conv_step(p)->site.input_count = 0;
}
static void no_such_operand(scull_plan_t *p) {
  static const uint16_t list[] = {900};
  conv_step(p)->site.outputs = list;
}

static void operand_left_out(scull_plan_t *p) {
  static const uint16_t list[] = {SCULL_SITE_ABSENT, SCULL_SITE_ABSENT, SCULL_SITE_ABSENT};
  scull_site_op_t *op = (scull_site_op_t *)scull_base_unconst(&conv_step(p)->site.ops[0]);
  op->inputs = list;
}

static const struct {
  void (*damage)(scull_plan_t *plan);
  const char *words;
} plants[] = {
    {threads, "threads"},
    {buffer_number, "no buffer"},
    {arena_too_small, "outside the arena"},
    {weights_too_small, "outside the weights"},
    {storage, "unknown storage"},
    {input_number, "names no input"},
    {port_number, "does not exist"},
    {port_elsewhere, "caller's memory"},
    {opt_beyond_max, "does not fit its buffer"},
    {rank, "different ranks"},
    {slice_outside, "slice"},
    {binding, "does not exist"},
    {unbound_input, "without memory"},
    {other_type, "another type"},
    {scale_of_zero, "quantized in an impossible way"},
    {int8_without_scale, "cannot be stored like this"},
    {packed_outside, "outside the file"},
    {kind, "unknown kind"},
    {writes_weights, ""},
    {writes_input, ""},
    {no_site_inputs, "nobody has written"},
    {no_such_operand, "does not exist"},
    {operand_left_out, "an operand that it needs"},
};

static void planted_damage_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
    net_t net;
    size_t size = 0;
    scull_diag_t diag;
    net_open(&net, text, "cpu");
    net_lower(&net);
    scull_bytes_t weights = net.lowered.plan.weights;
    plants[i].damage(&net.lowered.plan);
    uint8_t *bytes = net_bytes(&net, &size);
    if (read_plan((scull_bytes_t){bytes, size}, &diag) != SCULL_CORRUPT)
      fail_msg("damage %zu (%s) was not seen", i, plants[i].words);
    net_says(&diag, plants[i].words);
    scull_base_diag_deinit(&diag);
    scull_base_free(bytes);
    net.lowered.plan.weights = weights;
    net_close(&net);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),
      cmocka_unit_test(the_same_plan_is_the_same_file),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(every_changed_byte_is_refused),
      cmocka_unit_test(more_bytes_are_refused),
      cmocka_unit_test(changed_records_are_refused_or_sound),
      cmocka_unit_test(the_format_before_is_read),
      cmocka_unit_test(another_format_needs_a_build),
      cmocka_unit_test(planted_damage_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
