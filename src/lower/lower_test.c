/* Lowering: reformats stand once, views and outputs cost nothing, inputs and constants can be
 * outputs, steps write over what dies in them; and the plan gives what the graph means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

/* Lowers, runs at the opt shapes and compares with the reference. */
static void check_answers(net_t *net) {
  scull_shape_t shapes[8];
  scull_runtime_context_t *context = NULL;
  const scull_runtime_options_t options = {0};
  scull_runtime_engine_t *engine = net_engine(net);
  assert_int_equal(scull_runtime_context_create(engine, &options, &context, &net->diag), SCULL_OK);
  for (size_t i = 0; i < net->graph->inputs.size; i++)
    shapes[i] = scull_graph_value(net->graph, net->graph->inputs.data[i])->shape[0];
  net_check(net, context, shapes, 5);
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
}

static size_t count_steps(const scull_plan_t *plan, const char *op, int kind) {
  size_t count = 0;
  for (size_t i = 0; i < plan->step_count; i++)
    count += plan->steps[i].kind == kind && strcmp(plan->steps[i].site.ops[0].def->name, op) == 0;
  return count;
}

static const scull_plan_value_t *value_of(const scull_plan_t *plan, const char *name) {
  for (size_t i = 0; i < plan->value_count; i++) {
    if (strcmp(plan->values[i].name, name) == 0)
      return &plan->values[i];
  }
  fail_msg("no value '%s'", name);
  return NULL;
}

static const scull_plan_buffer_t *buffer_of(const scull_plan_t *plan, const char *name) {
  return &plan->buffers[value_of(plan, name)->buffer];
}

/* Gives the choice of the node that writes `value` another configuration. */
static void set_layouts(net_t *net, const char *value, scull_layout_t src, scull_layout_t dst) {
  scull_value_id_t id = net_value(net, value);
  scull_node_id_t producer = scull_graph_value(net->graph, id)->producer;
  for (size_t i = 0; i < net->tuning.choice_count; i++) {
    scull_choice_t *c = &net->tuning.choices[i];
    if (c->nodes[c->node_count - 1] != producer)
      continue;
    c->config.src = src;
    c->config.dst = dst;
    net->tuning.formats[id] = (scull_storage_t){dst, SCULL_AS_MODEL};
    return;
  }
  fail_msg("nobody writes '%s'", value);
}

static void a_reformat_stands_once(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[2x16x4x4]\n%a = max_pool(%x) kernel=1,1\n"
           "%b = avg_pool(%a) kernel=2,2\n%c = avg_pool(%a) kernel=1,1\n"
           "output %b\noutput %c\n",
           "null");
  net_search(&net);
  set_layouts(&net, "b", SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC);
  set_layouts(&net, "c", SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC);
  const scull_plan_t *plan = net_plan(&net);
  /* a once into nhwc for both readers; b and c back, as outputs are plain */
  assert_int_equal(count_steps(plan, "identity", SCULL_PLAN_RUN), 3);
  assert_int_equal(scull_plan_verify(plan, "a", &net.diag), SCULL_OK);
  net_close(&net);
}

static void same_bytes_need_no_reformat(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[2x16x4x4]\n%a = avg_pool(%x) kernel=4,4\n"
           "%b = max_pool(%a) kernel=1,1\noutput %b\n",
           "null");
  net_search(&net);
  set_layouts(&net, "a", SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_PLAIN);
  set_layouts(&net, "b", SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC); /* 1x1 pictures: the same bytes */
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(count_steps(plan, "identity", SCULL_PLAN_RUN), 0);
  assert_int_equal(count_steps(plan, "identity", SCULL_PLAN_VIEW), 2);
  net_close(&net);
}

static void check_text(const char *text) {
  net_t net;
  net_open(&net, text, "cpu");
  check_answers(&net);
  net_close(&net);
}

static void views_share_memory(void **state) {
  (void)state;
  static const char text[] = "input %x: f32[2x3x4]\n%r = relu(%x)\n%v = reshape(%r) shape=6,4\n"
                             "%u = unsqueeze(%v) axes=0\n%y = exp(%u)\noutput %y\n";
  net_t net;
  net_open(&net, text, "null");
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(count_steps(plan, "reshape", SCULL_PLAN_VIEW), 1);
  assert_int_equal(value_of(plan, "r")->buffer, value_of(plan, "v")->buffer);
  assert_int_equal(value_of(plan, "r")->buffer, value_of(plan, "u")->buffer);
  net_close(&net);
  check_text(text);
}

static void outputs_are_written_where_the_caller_wants(void **state) {
  (void)state;
  static const char text[] =
      "input %x: f32[2x3x4]\n%a = exp(%x)\n%b = tanh(%a)\n%v = flatten(%b) start=1\n"
      "output %v\noutput %a \"again\"\noutput %a \"twice\"\n";
  net_t net;
  net_open(&net, text, "null");
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(buffer_of(plan, "b")->storage, SCULL_PLAN_OUTPUT);
  assert_int_equal(buffer_of(plan, "a")->storage, SCULL_PLAN_OUTPUT);
  assert_int_equal(count_steps(plan, "identity", SCULL_PLAN_RUN), 1); /* "twice" is a copy */
  assert_int_equal(plan->arena_bytes, 0);
  net_close(&net);
  check_text(text);
}

static void inputs_and_constants_can_be_outputs(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[2x3]\nconst %k: f32[3]={1,2,3}\n%s = shape(%x)\n%v = flatten(%x) "
           "start=0\noutput %x \"same\"\noutput %k\noutput %s\noutput %v\n",
           "cpu");
  check_answers(&net);
  assert_int_equal(count_steps(&net.lowered.plan, "identity", SCULL_PLAN_RUN), 4);
  net_close(&net);
}

/* A view of weights that is too large to be known as a shape. */
static void a_constant_can_be_viewed(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[2x2000]\nconst %k: f32[40x50] ~normal:3\n%v = flatten(%k) start=0\n"
           "%y = mul(%x, %v)\noutput %y\noutput %v\n",
           "cpu");
  check_answers(&net);
  net_close(&net);
}

static void steps_write_over_what_dies(void **state) {
  (void)state;
#ifdef SCULL_ONEDNN
  net_t net;
  net_open(&net,
           "input %x: f32[64x256]\n%a = reduce_sum(%x) axes=0 keep_dims=true\n%a2 = sub(%x, %a)\n"
           "%b = softmax(%a2) axis=1\n%c = softmax(%b) axis=1\n%d = softmax(%c) axis=1\n"
           "%e = transpose(%d)\n%f = transpose(%b)\noutput %e\noutput %f\n",
           "cpu");
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(value_of(plan, "a2")->buffer, value_of(plan, "b")->buffer);
  assert_int_equal(value_of(plan, "c")->buffer, value_of(plan, "d")->buffer);
  assert_int_not_equal(value_of(plan, "b")->buffer, value_of(plan, "c")->buffer); /* read by e */
  assert_int_equal(plan->arena_bytes, 2u * 64 * 256 * 4);
  check_answers(&net);
  net_close(&net);
#else
  skip();
#endif
}

/* Choices that write both halves of a concat into its memory. */
/* x + f(x) in one step, over x: some of x would be gone before it is read. */
static void what_a_step_reads_twice_is_kept(void **state) {
  (void)state;
  check_text("input %x: f32[2x160x6x6]\nconst %w: f32[160x160x1x1] ~normal:1\n"
             "const %s: f32[1] ~pos:3\n%a = mul(%x, %s)\n%c = conv(%a, %w, -)\n%r = add(%c, %a)\n"
             "%d = mul(%r, %s)\noutput %d\n");
  check_text("input %x: f32[30x160]\nconst %w: f32[160x160] ~normal:1\n"
             "const %s: f32[1] ~pos:3\n%a = mul(%x, %s)\n%c = matmul(%a, %w, -)\n%r = add(%c, %a)\n"
             "%d = mul(%r, %s)\noutput %d\n");
}

static void slices_share_the_whole(void **state) {
  (void)state;
  net_t net;
  net_open(&net,
           "input %x: f32[2x4x5x5]\n%a = max_pool(%x) kernel=1,1\n%b = avg_pool(%x) kernel=1,1\n"
           "%y = concat(%a, %b) axis=1\n%z = relu(%y)\noutput %z\noutput %y\n",
           "null");
  net_search(&net);
  scull_value_id_t y = net_value(&net, "y");
  net.tuning.slices[net_value(&net, "a")] = (scull_slice_t){y, 0, 8};
  net.tuning.slices[net_value(&net, "b")] = (scull_slice_t){y, 4, 8};
  for (size_t i = 0; i < net.tuning.choice_count; i++) {
    const scull_node_t *n = scull_graph_node(net.graph, net.tuning.choices[i].nodes[0]);
    if (strcmp(n->op->name, "concat") == 0)
      net.tuning.choices[i].kind = SCULL_CHOICE_ELIDED;
  }
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(count_steps(plan, "concat", SCULL_PLAN_RUN), 0);
  assert_int_equal(count_steps(plan, "concat", SCULL_PLAN_VIEW), 1); /* gives the shape */
  assert_int_equal(value_of(plan, "a")->buffer, value_of(plan, "y")->buffer);
  assert_int_equal(value_of(plan, "b")->buffer, value_of(plan, "y")->buffer);
  assert_int_equal(scull_plan_slice_offset(value_of(plan, "b"), &value_of(plan, "b")->opt), 400);
  assert_int_equal(buffer_of(plan, "y")->storage, SCULL_PLAN_OUTPUT);
  assert_int_equal(scull_plan_verify(plan, "a", &net.diag), SCULL_OK);
  net_close(&net);
}

static void memory_is_sized_for_the_largest(void **state) {
  (void)state;
  net_t net;
  net_open(
      &net,
      "input %x: f32[1:2:7x3x4x4]\n%a = max_pool(%x) kernel=1,1\n%b = softmax(%a)\noutput %b\n",
      "null");
  const scull_plan_t *plan = net_plan(&net);
  assert_false(plan->fixed);
  assert_true(plan->arena_bytes >= 7u * 48 * 4);
  assert_true(plan->activation_bound <= plan->activation_bytes);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_reformat_stands_once),
      cmocka_unit_test(same_bytes_need_no_reformat),
      cmocka_unit_test(views_share_memory),
      cmocka_unit_test(outputs_are_written_where_the_caller_wants),
      cmocka_unit_test(inputs_and_constants_can_be_outputs),
      cmocka_unit_test(a_constant_can_be_viewed),
      cmocka_unit_test(steps_write_over_what_dies),
      cmocka_unit_test(what_a_step_reads_twice_is_kept),
      cmocka_unit_test(slices_share_the_whole),
      cmocka_unit_test(memory_is_sized_for_the_largest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
