/* Whole networks on the devices with memory of their own that are here, against the reference
 * kernels: in the model's type and in narrower ones, tuned and untuned, in changing shapes, with
 * the caller's memory on either side. Skipped (77) where there is no such device. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/mirror.h"
#include "support/net.h"

static const scull_backend_t *backend;

/* Every kind of layer that a classifier is made of. */
static const char classifier[] =
    "input %x: f32[1:2:5x3x32x32]\n"
    "const %w1: f32[64x3x7x7] ~normal:1\nconst %b1: f32[64] ~normal:2\n"
    "const %w2: f32[64x64x1x1] ~normal:3\nconst %w3: f32[128x64x3x3] ~normal:4\n"
    "const %b3: f32[128] ~normal:5\nconst %w4: f32[128x1x3x3] ~normal:6\n"
    "const %w5: f32[128x128x1x1] ~normal:7\nconst %w6: f32[40x128] ~normal:8\n"
    "const %b6: f32[40] ~normal:9\n"
    "%c1 = conv(%x, %w1, %b1) strides=2,2 pads=3,3,3,3\n%r1 = relu(%c1)\n"
    "%p1 = max_pool(%r1) kernel=3,3 strides=2,2 pads=1,1,1,1\n"
    "%c2 = conv(%p1, %w2)\n%s2 = scale(%c2) scale=0.1\n%a2 = add(%s2, %p1)\n%r2 = relu(%a2)\n"
    "%c3 = conv(%r2, %w3, %b3) pads=1,1,1,1\n%s3 = scale(%c3) scale=0.05\n"
    "%r3 = clip(%s3) min=0 max=6\n"
    "%c4 = conv(%r3, %w4) pads=1,1,1,1 groups=128\n%r4 = relu(%c4)\n"
    "%c5 = conv(%r4, %w5)\n%s5 = scale(%c5) scale=0.02\n%y5 = hard_swish(%s5)\n"
    "%k = concat(%y5, %r3) axis=1\n%p5 = avg_pool(%k) global=true\n"
    "%f = flatten(%p5) start=1\n%h = slice(%f) starts=0 ends=128 axes=1\n"
    "%m = matmul(%h, %w6, %b6) trans_y=true\n%y = softmax(%m) axis=-1\n"
    "output %m\noutput %y\n";

/* Operators of other families, some of which the device leaves to its host. */
static const char others[] =
    "input %x: f32[2x12x20x24]\ninput %t: f32[2x7x16]\n"
    "const %g: f32[16] ~normal:1\nconst %b: f32[16] ~normal:2\n"
    "const %w: f32[12x8x4x4] ~normal:3\nconst %v: f32[16x24] ~normal:4\n"
    "const %i: i64[3] = {2,0,5}\n"
    "%n = layer_norm(%t, %g, %b) axis=-1\n%q = matmul(%n, %v)\n%e = gelu(%q)\n"
    "%z = transpose(%e) perm=0,2,1\n%a = matmul(%e, %z)\n%s = softmax(%a) axis=-1\n"
    "%j = gather(%s, %i) axis=1\n%l = log_softmax(%j) axis=1\n"
    "%u = resize(%x) scales=2 mode=linear\n%d = conv_transpose(%u, %w) strides=2,2 pads=1,1,1,1\n"
    "%r = reduce_max(%d) axes=2,3 keep_dims=true\n%o = sub(%d, %r)\n%h = tanh(%o)\n"
    "%p = pad(%h) pads=0,0,1,2,0,0,3,4 value=0.5\n%c = cumsum(%p) axis=3\n"
    "%k = split(%c) axis=1\n%y = slice(%k) starts=10,3 ends=2,60 steps=-2,3 axes=2,3\n"
    "output %l\noutput %y\n";

static scull_runtime_context_t *open_net(net_t *net, const char *text, uint32_t precisions,
                                         scull_tune_level_t level,
                                         scull_runtime_engine_t **engine) {
  const scull_runtime_options_t none = {0};
  scull_runtime_context_t *context = NULL;
  net_open(net, text, backend->name);
  net->tune.precisions = precisions;
  net->tune.level = level;
  net->tolerance = precisions == 0 ? 1e-4 : 2e-2;
  *engine = net_engine(net);
  assert_int_equal(scull_runtime_context_create(*engine, &none, &context, &net->diag), SCULL_OK);
  return context;
}

static void close_net(net_t *net, scull_runtime_context_t *context,
                      scull_runtime_engine_t *engine) {
  scull_runtime_context_destroy(context);
  scull_runtime_engine_destroy(engine);
  net_close(net);
}

static void check_classifier(uint32_t precisions, scull_tune_level_t level) {
  scull_runtime_engine_t *engine = NULL;
  net_t net;
  scull_runtime_context_t *context = open_net(&net, classifier, precisions, level, &engine);
  for (int64_t n = 1; n <= 5; n++) {
    scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){n, 3, 32, 32});
    for (uint64_t k = 0; k < 3; k++) /* eager, captured, replayed */
      net_check(&net, context, &shape, (uint64_t)n * 10 + k);
  }
  close_net(&net, context, engine);
}

static void classifier_f32(void **state) {
  (void)state;
  check_classifier(0, SCULL_TUNE_LEVEL_NONE);
}

static void classifier_f16(void **state) {
  (void)state;
  check_classifier(1u << SCULL_AS_F16, SCULL_TUNE_LEVEL_NONE);
}

static void classifier_tuned(void **state) {
  (void)state;
  check_classifier(1u << SCULL_AS_F16, SCULL_TUNE_LEVEL_FULL);
}

/* What fails while it is timed is not chosen, and the build goes on. */
static void what_fails_is_left_out(void **state) {
  (void)state;
  if (strcmp(backend->name, "mirror") != 0)
    return;
  mirror_fail("*conv*");
  check_classifier(0, SCULL_TUNE_LEVEL_FAST);
  mirror_fail(NULL);
}

static void other_operators(void **state) {
  (void)state;
  for (uint32_t precisions = 0; precisions < 2; precisions++) {
    scull_runtime_engine_t *engine = NULL;
    net_t net;
    scull_runtime_context_t *context =
        open_net(&net, others, precisions << SCULL_AS_F16, SCULL_TUNE_LEVEL_NONE, &engine);
    scull_shape_t shapes[] = {scull_tensor_shape(4, (int64_t[]){2, 12, 20, 24}),
                              scull_tensor_shape(3, (int64_t[]){2, 7, 16})};
    for (uint64_t k = 0; k < 3; k++)
      net_check(&net, context, shapes, k);
    close_net(&net, context, engine);
  }
}

/* Long chains over much data, of one shape, with operands that broadcast, and with extents that are
 * even at some shapes of the range only. */
static const char chains[] =
    "input %x: f32[1:2:3x64x40x40]\ninput %z: f32[1:2:3x64x40x40]\ninput %o: f32[1:2:3x63x37x29]\n"
    "const %s: f32[1x64x1x1] ~normal:1\nconst %t: f32[40] ~normal:2\n"
    "%a1 = mul(%x, %s)\n%a2 = clip(%a1) min=-2 max=3\n%a3 = leaky_relu(%a2) alpha=0.1\n"
    "%a4 = add(%z, %a3)\n%a5 = tanh(%a4)\n%a6 = gelu(%a5)\n%a7 = sub(%t, %a6)\n"
    "%a8 = hard_swish(%a7)\noutput %a8\n"
    "%b1 = sigmoid(%z)\n%b2 = div(%x, %b1)\n%b3 = elu(%b2)\n%b4 = max(%b3, %x)\n"
    "%b5 = scale(%b4) scale=0.3 bias=0.1\n%b6 = softplus(%b5)\n%b7 = min(%b6, %z)\n"
    "output %b7\n"
    "%c1 = abs(%x)\n%c2 = sqrt(%c1)\n%c3 = exp(%c2)\n%c4 = log(%c3)\n%c5 = mul(%c4, %z)\n"
    "%c6 = swish(%c5)\n%c7 = square(%c6)\n%c8 = neg(%c7)\noutput %c8\n"
    "%d1 = abs(%o)\n%d2 = sqrt(%d1)\n%d3 = tanh(%d2)\noutput %d3\n";

/* True when a tactic that was asked has said that NVRTC is not there. */
static bool lacks_nvrtc(const net_t *net) {
  for (size_t i = 0; i < net->tuning.choice_count; i++) {
    const scull_choice_t *c = &net->tuning.choices[i];
    for (size_t k = 0; k < c->alternative_count; k++) {
      if (c->alternatives[k].reason != NULL &&
          strncmp(c->alternatives[k].reason, "needs NVRTC", 11) == 0)
        return true;
    }
  }
  return false;
}

/* With the interpreter of chains out of the way. */
static void chains_are_generated(void **state) {
  static const char *const others_name = "cuda.elementwise";
  (void)state;
  for (uint32_t precisions = 0; precisions < 2; precisions++) {
    const scull_runtime_options_t none = {0};
    scull_runtime_context_t *context = NULL;
    size_t generated = 0;
    net_t net;
    net_open(&net, chains, backend->name);
    net.tune.precisions = precisions << SCULL_AS_F16;
    net.tune.disabled_tactics = (scull_names_t){&others_name, 1};
    net.tolerance = precisions == 0 ? 1e-5 : 2e-2;
    scull_runtime_engine_t *engine = net_engine(&net);
    for (size_t i = 0; i < net.lowered.plan.step_count; i++)
      generated += strcmp(net.lowered.plan.steps[i].tactic_name, "cuda.generated") == 0;
    if (strcmp(backend->name, "cuda") == 0)
      assert_true(generated >= 4 || lacks_nvrtc(&net));
    assert_int_equal(scull_runtime_context_create(engine, &none, &context, &net.diag), SCULL_OK);
    for (int64_t n = 1; n <= 3; n++) {
      const scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){n, 64, 40, 40});
      const scull_shape_t odd = scull_tensor_shape(4, (int64_t[]){n, 63, 37, 29});
      net_check(&net, context, (scull_shape_t[]){shape, shape, odd}, (uint64_t)n);
    }
    close_net(&net, context, engine);
  }
}

/* The caller's device memory gives what its host memory gives. */
static void device_memory(void **state) {
  (void)state;
  scull_runtime_engine_t *engine = NULL;
  net_t net;
  scull_runtime_context_t *context = open_net(&net, classifier, 0, SCULL_TUNE_LEVEL_NONE, &engine);
  scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 3, 32, 32});
  scull_tensor_t x = net_input(&net, 0, &shape, 7), y;
  size_t in = scull_tensor_bytes(&x.type);
  float wanted[80], got[80];
  void *src = NULL, *dst = NULL;
  scull_stream_t *stream = NULL;
  assert_int_equal(scull_runtime_set_shape(context, 0, &shape, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_input(context, 0, x.data, in, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_run(context, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_output(context, 0, &y, NULL), SCULL_OK);
  memcpy(wanted, y.data, sizeof wanted);
  assert_int_equal(backend->alloc(engine->device, in, &src), SCULL_OK);
  assert_int_equal(backend->alloc(engine->device, sizeof got, &dst), SCULL_OK);
  assert_int_equal(backend->stream_create(engine->device, &stream), SCULL_OK);
  assert_int_equal(backend->copy(stream, src, x.data, in), SCULL_OK);
  assert_int_equal(backend->wait(stream), SCULL_OK);
  assert_int_equal(scull_runtime_set_input(context, 0, src, in, NULL), SCULL_OK);
  assert_int_equal(scull_runtime_set_output(context, 0, dst, sizeof got, NULL), SCULL_OK);
  for (int k = 0; k < 3; k++) {
    assert_int_equal(scull_runtime_enqueue(context, NULL), SCULL_OK);
    assert_int_equal(scull_runtime_wait(context, NULL), SCULL_OK);
    assert_int_equal(backend->copy(stream, got, dst, sizeof got), SCULL_OK);
    assert_int_equal(backend->wait(stream), SCULL_OK);
    assert_memory_equal(got, wanted, sizeof got);
  }
  backend->stream_destroy(stream);
  backend->free(engine->device, src);
  backend->free(engine->device, dst);
  scull_base_free(x.data);
  close_net(&net, context, engine);
}

/* --- what goes wrong -------------------------------------------------------------------------- */

static const char *program; /* this one, to be run again */

/* More than there is: a status, and everything goes on. */
static void memory_runs_out(void **state) {
  (void)state;
  scull_runtime_engine_t *engine = NULL;
  net_t net;
  void *memory = NULL;
  if (strcmp(backend->name, "cuda") != 0)
    return; /* the mirror's memory is the processor's */
  scull_runtime_context_t *context = open_net(&net, classifier, 0, SCULL_TUNE_LEVEL_NONE, &engine);
  scull_shape_t shape = scull_tensor_shape(4, (int64_t[]){2, 3, 32, 32});
  assert_int_equal(backend->alloc(engine->device, (size_t)1 << 46, &memory), SCULL_OUT_OF_MEMORY);
  assert_null(memory);
  net_check(&net, context, &shape, 1);
  close_net(&net, context, engine);
}

/* In a process of its own: a kernel reads where nothing is, and the device is lost to the process,
 * which is told so by every call and goes on. */
static int lose_device(void) {
  scull_value_id_t *values = NULL;
  const scull_config_t plain = {0};
  scull_prepared_t prepared = {0};
  scull_stream_t *stream = NULL;
  scull_site_t site;
  net_t net;
  void *memory = NULL, *more = NULL;
  backend = scull_backend_find("cuda");
  net_open(&net, "input %x: f32[64]\n%y = tanh(%x)\noutput %y\n", "cuda");
  scull_device_t *device = net.tune.device;
  scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
  const scull_tactic_t *tactic = scull_backend_tactic_find(backend, "cuda.elementwise");
  assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                   SCULL_OK);
  assert_int_equal(backend->alloc(device, 256, &memory), SCULL_OK);
  assert_int_equal(backend->stream_create(device, &stream), SCULL_OK);
  assert_int_equal(tactic->prepare(&site, &plain, device, &prepared, NULL), SCULL_OK);
  const void *inputs[] = {(const void *)4096};
  const scull_args_t args = {.inputs = inputs, .outputs = &memory, .stream = stream};
  assert_int_equal(tactic->enqueue(prepared.state, &args), SCULL_OK);
  assert_int_equal(backend->wait(stream), SCULL_DEVICE);
  assert_int_equal(backend->wait(stream), SCULL_DEVICE);
  assert_int_not_equal(backend->alloc(device, 1 << 20, &more), SCULL_OK);
  return 0;
}

static void device_is_lost(void **state) {
  char name[1024], mode[] = "lost", *const words[] = {name, mode, NULL};
  pid_t child = 0;
  int status = 0;
  (void)state;
  if (strcmp(backend->name, "cuda") != 0)
    return;
  snprintf(name, sizeof name, "%s", program);
  assert_int_equal(posix_spawn(&child, program, NULL, NULL, words, environ), 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classifier_f32),         cmocka_unit_test(classifier_f16),
      cmocka_unit_test(classifier_tuned),       cmocka_unit_test(other_operators),
      cmocka_unit_test(what_fails_is_left_out), cmocka_unit_test(chains_are_generated),
      cmocka_unit_test(device_memory),          cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(device_is_lost)};
  int failures = 0;
  program = argv[0];
  if (argc == 2 && strcmp(argv[1], "lost") == 0)
    return lose_device();
  mirror_add();
  for (size_t i = 0; (backend = scull_backend_at(i)) != NULL; i++) {
    const char *why = backend->absent();
    if (why == NULL && !backend->discrete)
      continue;
    printf("%s%s: %s\n", why == NULL ? "" : "skipped: ", backend->name, why == NULL ? "here" : why);
    if (why != NULL)
      continue;
    failures += cmocka_run_group_tests_name(backend->name, tests, NULL, NULL);
  }
  return failures;
}
