/* The CUDA backend without a GPU: what is said when there is none; planning for a device that was
 * recorded; each tactic's refusals; packed weights against where the kernels look for them.
 * Skipped (77) where the backend was not built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/net.h"

static const scull_backend_t *cuda;

/* --- a recorded device ------------------------------------------------------------------------ */

static void record(scull_device_t *device, uint32_t features) {
  *device = (scull_device_t){.backend = cuda,
                             .name = "NVIDIA H200",
                             .features = features,
                             .l1_bytes = 233472,
                             .l2_bytes = 62914560,
                             .libraries = "132 multiprocessors, cuda 13.0"};
  assert_int_equal(scull_backend_open(scull_backend_find("cpu"), 0, &device->host, NULL), SCULL_OK);
}

/* As net_open does, on the recorded device. */
static void open_recorded(net_t *net, scull_device_t *device, const char *text,
                          uint32_t precisions) {
  *net = (net_t){0};
  scull_base_diag_init(&net->diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  scull_plan_init(&net->lowered.plan);
  assert_int_equal(scull_graph_parse(text, &net->diag, &net->graph), SCULL_OK);
  net->tune = (scull_tune_options_t){.device = device, .threads = 1, .precisions = precisions};
}

static size_t count_tactic(const scull_plan_t *plan, const char *name) {
  size_t count = 0;
  for (size_t i = 0; i < plan->step_count; i++)
    count += strcmp(plan->steps[i].tactic_name, name) == 0;
  return count;
}

static size_t count_kind(const scull_plan_t *plan, scull_plan_kind_t kind) {
  size_t count = 0;
  for (size_t i = 0; i < plan->step_count; i++)
    count += plan->steps[i].kind == kind;
  return count;
}

/* --- the message ------------------------------------------------------------------------------ */

static void absence_is_said(void **state) {
  (void)state;
  scull_device_t *device = NULL;
  scull_diag_t diag;
  const char *why = cuda->absent();
  if (why == NULL)
    return; /* there is a GPU */
  scull_base_diag_init(&diag, SCULL_SEVERITY_ERROR, NULL, NULL);
  assert_int_equal(scull_backend_open(cuda, 0, &device, &diag), SCULL_DEVICE);
  assert_null(device);
  net_says(&diag, "cuda: ");
  net_says(&diag, "NVIDIA");
  scull_base_diag_deinit(&diag);
}

/* --- planning --------------------------------------------------------------------------------- */

static const char classifier[] =
    "input %x: f32[1x3x64x64]\nconst %w1: f32[64x3x7x7] ~normal:1\n"
    "const %w2: f32[64x64x3x3] ~normal:3\nconst %w4: f32[64x1x3x3] ~normal:6\n"
    "const %w6: f32[40x64] ~normal:8\n"
    "%c1 = conv(%x, %w1) strides=2,2 pads=3,3,3,3\n%r1 = relu(%c1)\n"
    "%p1 = max_pool(%r1) kernel=3,3 strides=2,2 pads=1,1,1,1\n"
    "%c2 = conv(%p1, %w2) pads=1,1,1,1\n%a2 = add(%c2, %p1)\n%r2 = relu(%a2)\n"
    "%c4 = conv(%r2, %w4) pads=1,1,1,1 groups=64\n%r4 = clip(%c4) min=0 max=6\n"
    "%p5 = avg_pool(%r4) global=true\n%f = flatten(%p5) start=1\n"
    "%y = matmul(%f, %w6) trans_y=true\noutput %y\n";

static void fp16_is_planned(void **state) {
  (void)state;
  scull_device_t device;
  net_t net;
  record(&device, 90);
  open_recorded(&net, &device, classifier, 1u << SCULL_AS_F16);
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(scull_plan_verify(plan, "recorded", &net.diag), SCULL_OK);
  assert_int_equal(count_tactic(plan, "cuda.conv.stem.sm90"), 1);
  assert_int_equal(count_tactic(plan, "cuda.conv.tensor.sm90"), 1); /* with add and relu */
  assert_int_equal(count_tactic(plan, "cuda.conv.depthwise"), 1);
  assert_int_equal(count_tactic(plan, "cuda.pool.global"), 1);
  assert_int_equal(count_tactic(plan, "cuda.matmul.tensor.sm90"), 1);
  assert_int_equal(count_kind(plan, SCULL_PLAN_RUN), 5); /* nothing is reformatted */
  assert_int_equal(count_kind(plan, SCULL_PLAN_COPY), 2);
  net_close(&net);
  scull_backend_close(device.host);
}

static void older_devices_get_general_kernels(void **state) {
  (void)state;
  scull_device_t device;
  net_t net;
  record(&device, 80);
  open_recorded(&net, &device, classifier, 0);
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(count_tactic(plan, "cuda.conv.product"), 1); /* of three channels */
  assert_int_equal(count_tactic(plan, "cuda.conv.wide"), 1);
  assert_int_equal(count_tactic(plan, "cuda.conv.depthwise"), 1);
  assert_int_equal(count_kind(plan, SCULL_PLAN_ON_HOST), 0);
  net_close(&net);
  scull_backend_close(device.host);
}

/* What stands for Hopper's matrix unit elsewhere: that of all since 8.0. */
static void other_devices_get_theirs(void **state) {
  static const uint32_t features[] = {80, 86, 100};
  (void)state;
  for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
    scull_device_t device;
    net_t net;
    record(&device, features[i]);
    open_recorded(&net, &device, classifier, 1u << SCULL_AS_F16);
    const scull_plan_t *plan = net_plan(&net);
    assert_int_equal(count_tactic(plan, "cuda.conv.mma"), 1); /* with add and relu */
    assert_int_equal(count_tactic(plan, "cuda.matmul.mma"), 1);
    assert_int_equal(count_tactic(plan, "cuda.conv.depthwise"), 1);
    assert_int_equal(count_kind(plan, SCULL_PLAN_ON_HOST), 0);
    net_close(&net);
    scull_backend_close(device.host);
  }
}

static void the_host_takes_the_rest(void **state) {
  (void)state;
  scull_device_t device;
  net_t net;
  record(&device, 90);
  open_recorded(&net, &device,
                "input %x: f32[2x8x4x4]\n%a = relu(%x)\n%c = hardmax(%a) axis=1\n"
                "%y = tanh(%c)\noutput %y\n",
                0);
  const scull_plan_t *plan = net_plan(&net);
  assert_int_equal(scull_plan_verify(plan, "recorded", &net.diag), SCULL_OK);
  assert_int_equal(count_kind(plan, SCULL_PLAN_RUN), 2);
  assert_int_equal(count_kind(plan, SCULL_PLAN_ON_HOST), 1);
  assert_int_equal(count_kind(plan, SCULL_PLAN_COPY), 4); /* in, to the host, back, out */
  net_close(&net);
  scull_backend_close(device.host);
}

/* Between operators of the host a few small ones stay there; with much work they are worth two
 * copies. */
static void copies_are_weighed(void **state) {
  static const char small[] = "input %x: f32[8x64]\n%a = hardmax(%x) axis=1\n%b = exp(%a)\n"
                              "%c = tanh(%b)\n%y = hardmax(%c) axis=1\noutput %y\n";
  static const char large[] = "input %x: f32[64x65536]\n%a = hardmax(%x) axis=1\n%b = exp(%a)\n"
                              "%c = tanh(%b)\n%d = sigmoid(%c)\n%e = erf(%d)\n"
                              "%y = hardmax(%e) axis=1\noutput %y\n";
  (void)state;
  for (int i = 0; i < 2; i++) {
    scull_device_t device;
    net_t net;
    record(&device, 90);
    open_recorded(&net, &device, i == 0 ? small : large, 0);
    const scull_plan_t *plan = net_plan(&net);
    assert_int_equal(count_kind(plan, SCULL_PLAN_RUN), i);
    assert_int_equal(count_kind(plan, SCULL_PLAN_COPY), 2 * i);
    net_close(&net);
    scull_backend_close(device.host);
  }
}

/* --- refusals --------------------------------------------------------------------------------- */

typedef struct {
  const char *tactic, *text;
  uint32_t features;
  const char *reason; /* a part of it; NULL: takes it */
} refusal_t;

#define CONV(x, w, rest)                                                                           \
  "input %x: f32[" x "]\nconst %w: f32[" w "] ~normal:1\n%y = conv(%x, %w)" rest "\noutput %y\n"

static const refusal_t refusals[] = {
    {"cuda.conv.tensor.sm90", CONV("1x64x8x8", "64x64x3x3", ""), 90, NULL},
    {"cuda.conv.tensor.sm90", CONV("1x64x8x8", "64x64x3x3", ""), 80, "Hopper"},
    {"cuda.conv.tensor.sm90", CONV("1x60x8x8", "64x60x3x3", ""), 90, "channels % 8"},
    {"cuda.conv.tensor.sm90", CONV("1x64x8x8", "64x32x3x3", " groups=2"), 90, "one group"},
    {"cuda.conv.tensor.sm90", CONV("1x64x8", "64x64x3", ""), 90, "two spatial axes"},
    {"cuda.conv.tensor.sm90", CONV("1x64x20x20", "64x64x17x17", ""), 90, "16 taps"},
    {"cuda.conv.tensor.sm90",
     "input %x: f32[1x64x8x8]\ninput %w: f32[64x64x3x3]\n%y = conv(%x, %w)\noutput %y\n", 90,
     "constant filter"},
    {"cuda.conv.depthwise", CONV("1x64x8x8", "64x1x3x3", " groups=64 pads=1,1"), 90, NULL},
    {"cuda.conv.depthwise", CONV("1x64x8x8", "64x1x3x3", " groups=64 strides=3,3"), 90, "stride"},
    {"cuda.conv.depthwise", CONV("1x12x8x8", "12x1x3x3", " groups=12"), 90, "channels % 8"},
    {"cuda.conv.first.sm90", CONV("1x3x32x32", "32x3x3x3", " strides=2,2 pads=1,1"), 90, NULL},
    {"cuda.conv.first.sm90", CONV("1x4x32x32", "32x4x3x3", " strides=2,2 pads=1,1"), 90,
     "three channels"},
    {"cuda.conv.first.sm90", CONV("1x3x32x32", "24x3x3x3", " strides=2,2 pads=1,1"), 90,
     "channels % 32"},
    {"cuda.conv.product", CONV("1x6x8x8", "4x3x3x3", " groups=2"), 90, "one group"},
    {"cuda.conv.wide", CONV("1x8x8x8", "4x8x3x3", ""), 80, NULL},
    {"cuda.conv.wide", CONV("1x6x8x8", "4x6x3x3", ""), 90, "channels % 4"},
    {"cuda.conv.direct", CONV("1x2x4x5x6", "3x2x2x2x2", ""), 90, "spatial axes"},
    {"cuda.conv.mma", CONV("1x64x8x8", "64x64x3x3", ""), 80, NULL},
    {"cuda.conv.mma", CONV("1x64x8x8", "6x64x1x1", ""), 90, NULL},
    {"cuda.conv.mma", CONV("1x64x8x8", "64x64x3x3", ""), 75, "8.0"},
    {"cuda.conv.mma", CONV("1x6x8x8", "8x6x3x3", ""), 80, "channels % 4"},
    {"cuda.conv.mma", CONV("1x64x8x8", "64x32x3x3", " groups=2"), 80, "one group"},
    {"cuda.attention.mma",
     "input %q: f32[1x2x9x64]\ninput %k: f32[1x2x9x64]\n%y = attention(%q, %k, %k)\noutput %y\n",
     80, NULL},
    {"cuda.attention.mma",
     "input %q: f32[1x2x9x60]\ninput %k: f32[1x2x9x60]\n%y = attention(%q, %k, %k)\noutput %y\n",
     80, "8, 16, ... 128"},
    {"cuda.arg", "input %x: f32[4x8]\n%y = arg_max(%x) axis=1\noutput %y\n", 90, NULL},
    {"cuda.cumsum", "input %x: i32[4x8]\n%y = cumsum(%x) axis=1\noutput %y\n", 90, "floats"},
    {"cuda.recurrent",
     "input %x: f32[5x1x8]\nconst %w: f32[1x16x8] ~normal:1\nconst %r: f32[1x16x4] ~normal:2\n"
     "%y, %h, %c = lstm(%x, %w, %r)\noutput %y\n",
     90, NULL},
    {"cuda.recurrent",
     "input %x: f32[5x1x8]\nconst %w: f32[1x16x8] ~normal:1\nconst %r: f32[1x16x4] ~normal:2\n"
     "%y, %h, %c = lstm(%x, %w, %r) clip=3\noutput %y\n",
     90, "usual activations"},
    {"cuda.elementwise", "input %x: i64[4]\n%y = abs(%x)\noutput %y\n", 90, "floats"},
    {"cuda.softmax", "input %x: f32[4x8]\n%y = softmax(%x) axis=1\noutput %y\n", 90, NULL},
    {"cuda.copy", "input %x: f32[4x8]\n%y = transpose(%x) perm=1,0\noutput %y\n", 90, NULL},
    {"cuda.pool.f16", "input %x: f32[1x12x8x8]\n%y = max_pool(%x) kernel=2,2\noutput %y\n", 90,
     "channels % 8"},
    {"cuda.pool.global", "input %x: f32[1x16x8x8]\n%y = avg_pool(%x) kernel=2,2\noutput %y\n", 90,
     "all pixels"},
};

static void tactics_refuse(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const refusal_t *r = &refusals[i];
    const scull_tactic_t *tactic = scull_backend_tactic_find(cuda, r->tactic);
    scull_value_id_t *values = NULL;
    scull_device_t device;
    scull_site_t site;
    net_t net;
    assert_non_null(tactic);
    record(&device, r->features);
    open_recorded(&net, &device, r->text, 0);
    scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
    assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                     SCULL_OK);
    const char *why = tactic->refuse(&site, &device);
    if ((why == NULL) != (r->reason == NULL) || (why != NULL && strstr(why, r->reason) == NULL))
      fail_msg("%s: '%s', not '%s', for\n%s", r->tactic, why == NULL ? "takes it" : why,
               r->reason == NULL ? "takes it" : r->reason, r->text);
    net_close(&net);
    scull_backend_close(device.host);
  }
}

/* An engine asks again when it opens a plan, whose values are stored as the configuration says. */
static void refusals_are_the_same_in_any_format(void **state) {
  static const float scale = 0.1f;
  static const scull_quant_t quant = {SCULL_DTYPE_I8, -1, 1, &scale, NULL};
  static const char *const texts[] = {
      CONV("1x64x8x8", "64x64x3x3", ""),
      CONV("1x64x8x8", "64x1x3x3", " groups=64 pads=1,1"),
      CONV("1x3x32x32", "32x3x3x3", " strides=2,2 pads=1,1"),
      "input %x: f32[4x64]\nconst %w: f32[64x64] ~normal:1\n%y = matmul(%x, %w)\noutput %y\n",
      "input %x: f32[1x16x8x8]\ninput %z: f32[1x16x8x8]\n%y = add(%x, %z)\noutput %y\n",
      "input %x: f32[1x16x8x8]\n%y = sigmoid(%x)\noutput %y\n",
      "input %x: f32[1x16x8x8]\n%y = max_pool(%x) kernel=2,2\noutput %y\n",
      "input %x: f32[1x16x8x8]\n%y = avg_pool(%x) global=true\noutput %y\n",
      "input %x: f32[1x16x8x8]\ninput %z: f32[1x16x8x8]\n%y = concat(%x, %z) axis=1\noutput %y\n",
      "input %x: f32[4x64]\n%y = softmax(%x) axis=-1\noutput %y\n",
      "input %x: f32[4x64]\n%y = layer_norm(%x) axis=-1\noutput %y\n",
      "input %x: f32[4x64]\n%y = reduce_mean(%x) axes=1\noutput %y\n",
      "input %x: f32[4x64]\n%y = transpose(%x) perm=1,0\noutput %y\n",
      "input %x: f32[4x64]\n%y = arg_max(%x) axis=1\noutput %y\n",
      "input %x: f32[4x64]\n%y, %i = top_k(%x) k=3\noutput %y\noutput %i\n",
      "input %q: f32[1x2x9x64]\n%y = attention(%q, %q, %q)\noutput %y\n",
  };
  size_t looked = 0;
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    scull_value_id_t *values = NULL;
    scull_device_t device;
    scull_site_t site;
    net_t net;
    record(&device, 90);
    open_recorded(&net, &device, texts[i],
                  1u << SCULL_AS_F16 | 1u << SCULL_AS_BF16 | 1u << SCULL_AS_INT8);
    scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
    assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                     SCULL_OK);
    for (size_t v = 0; v < site.value_count; v++)
      site.values[v].quant = site.values[v].is_constant ? NULL : &quant;
    for (size_t t = 0; cuda->tactics[t] != NULL; t++) {
      const scull_tactic_t *tactic = cuda->tactics[t];
      scull_config_t configs[SCULL_MAX_CONFIGS];
      if (!scull_backend_tactic_applies(tactic, &site) || tactic->configs == NULL ||
          tactic->refuse(&site, &device) != NULL)
        continue;
      size_t count = tactic->configs(&site, &device, configs, SCULL_MAX_CONFIGS);
      for (size_t c = 0; c < count; c++, looked++) {
        scull_backend_config_apply(&site, &configs[c]);
        if (tactic->refuse(&site, &device) != NULL)
          fail_msg("%s: '%s' in precision %d for\n%s", tactic->name, tactic->refuse(&site, &device),
                   (int)configs[c].src_as, texts[i]);
      }
      const scull_config_t plain = {0};
      scull_backend_config_apply(&site, &plain);
    }
    net_close(&net);
    scull_backend_close(device.host);
  }
  assert_true(looked > 100);
}

/* --- packing ---------------------------------------------------------------------------------- */

/* Where the kernel looks for the weight of output k at byte `at` of its row (conv_pack.c): blocks
 * of 32 outputs x 128 bytes, K fastest, rows in the matrix unit's order, units of 16 bytes
 * swizzled. */
static size_t place_of(int64_t k, int64_t at, int64_t row_bytes) {
  int64_t steps = (row_bytes + 127) / 128, c = k % 32;
  int64_t row = 8 * (c % 8 / 2) + 2 * (c / 8) + c % 2;
  int64_t unit = (at % 128 / 16) ^ (row & 7);
  return (size_t)((k / 32 * steps + at / 128) * 4096 + row * 128 + unit * 16 + at % 16);
}

static void weights_are_packed(void **state) {
  (void)state;
  enum { K = 72, C = 64, TAPS = 9 };
  const scull_tactic_t *tactic = scull_backend_tactic_find(cuda, "cuda.conv.tensor.sm90");
  scull_config_t configs[SCULL_MAX_CONFIGS];
  scull_value_id_t *values = NULL;
  scull_device_t device;
  scull_site_t site;
  size_t bytes = 0;
  net_t net;
  record(&device, 90);
  open_recorded(&net, &device, CONV("1x64x8x8", "72x64x3x3", ""), 1u << SCULL_AS_F16);
  scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
  assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                   SCULL_OK);
  assert_int_equal(scull_tune_site_load(net.graph, values, &site, &net.arena), SCULL_OK);
  assert_true(tactic->configs(&site, &device, configs, SCULL_MAX_CONFIGS) > 8);
  scull_backend_config_apply(&site, &configs[0]);
  assert_int_equal(tactic->pack_size(&site, &configs[0], &device, &bytes), SCULL_OK);
  uint8_t *packed = scull_base_alloc(bytes);
  assert_non_null(packed);
  assert_int_equal(tactic->pack(&site, &configs[0], &device, packed), SCULL_OK);
  const float *w = site.values[site.ops[0].inputs[1]].data;
  for (int64_t i = 0; i < (int64_t)K * C * TAPS; i++) {
    int64_t tap = i % TAPS, c = i / TAPS % C, k = i / TAPS / C;
    uint16_t wanted = 0, got = 0;
    scull_tensor_store(&wanted, SCULL_DTYPE_F16, 0, (double)w[i]);
    memcpy(&got, packed + place_of(k, (tap * C + c) * 2, (int64_t)TAPS * C * 2), sizeof got);
    assert_int_equal(got, wanted);
  }
  scull_base_free(packed);
  net_close(&net);
  scull_backend_close(device.host);
}

/* Those of the other matrix unit: rows of K in scull_cuda_mma_channel's order, behind them biases.
 */
static void weights_of_others_are_packed(void **state) {
  (void)state;
  enum { K = 40, C = 16, TAPS = 9, ROWS = 64 };
  const scull_tactic_t *tactic = scull_backend_tactic_find(cuda, "cuda.conv.mma");
  scull_config_t configs[SCULL_MAX_CONFIGS];
  scull_value_id_t *values = NULL;
  scull_device_t device;
  scull_site_t site;
  size_t bytes = 0;
  net_t net;
  record(&device, 80);
  open_recorded(&net, &device, CONV("1x16x8x8", "40x16x3x3", ""), 1u << SCULL_AS_F16);
  scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
  assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                   SCULL_OK);
  assert_int_equal(scull_tune_site_load(net.graph, values, &site, &net.arena), SCULL_OK);
  assert_true(tactic->configs(&site, &device, configs, SCULL_MAX_CONFIGS) > 2);
  scull_backend_config_apply(&site, &configs[0]);
  assert_int_equal(tactic->pack_size(&site, &configs[0], &device, &bytes), SCULL_OK);
  assert_int_equal(bytes, ROWS * C * TAPS * 2 + 2 * ROWS * sizeof(float));
  uint8_t *packed = scull_base_alloc(bytes);
  assert_non_null(packed);
  assert_int_equal(tactic->pack(&site, &configs[0], &device, packed), SCULL_OK);
  const float *w = site.values[site.ops[0].inputs[1]].data;
  bool seen[ROWS] = {false};
  for (int64_t row = 0; row < ROWS; row++) {
    int64_t tile = row % 32 / 8, column = row % 8;
    int64_t k = row / 32 * 32 + 8 * (column / 2) + 2 * tile + column % 2;
    assert_false(seen[k]);
    seen[k] = true;
    for (int64_t i = 0; i < (int64_t)C * TAPS; i++) {
      int64_t tap = i / C, c = i % C;
      uint16_t wanted = 0, got = 0;
      if (k < K)
        scull_tensor_store(&wanted, SCULL_DTYPE_F16, 0, (double)w[(k * C + c) * TAPS + tap]);
      memcpy(&got, packed + (row * C * TAPS + i) * 2, sizeof got);
      assert_int_equal(got, wanted);
    }
  }
  scull_base_free(packed);
  net_close(&net);
  scull_backend_close(device.host);
}

/* INT8 with unsigned pixels, and weights that somebody has rounded in another way than to the
 * nearest. */
static void rounded_weights_are_packed(void **state) {
  (void)state;
  enum { K = 80, C = 128 };
  static int8_t integers[K * C];
  static float scales[K];
  const float scale = 0.1f;
  const scull_quant_t pixels = {SCULL_DTYPE_U8, -1, 1, &scale, NULL};
  const scull_quant_t weights = {SCULL_DTYPE_I8, 0, K, scales, integers};
  const scull_tactic_t *tactic = scull_backend_tactic_find(cuda, "cuda.conv.tensor.sm90");
  scull_config_t configs[SCULL_MAX_CONFIGS];
  scull_value_id_t *values = NULL;
  scull_device_t device;
  scull_site_t site;
  size_t bytes = 0;
  net_t net;
  record(&device, 90);
  open_recorded(&net, &device, CONV("1x128x8x8", "80x128x1x1", ""), 1u << SCULL_AS_INT8);
  scull_node_id_t node = scull_graph_value(net.graph, net_value(&net, "y"))->producer;
  assert_int_equal(scull_tune_site(net.graph, &node, 1, &net.tune, &net.arena, &site, &values),
                   SCULL_OK);
  assert_int_equal(scull_tune_site_load(net.graph, values, &site, &net.arena), SCULL_OK);
  for (int i = 0; i < K * C; i++)
    integers[i] = (int8_t)(i * 37 % 255 - 127);
  for (int i = 0; i < K; i++)
    scales[i] = 0.01f;
  for (size_t i = 0; i < site.value_count; i++)
    site.values[i].quant = site.values[i].is_constant ? &weights : &pixels;
  assert_true(tactic->configs(&site, &device, configs, SCULL_MAX_CONFIGS) > 0);
  assert_int_equal(configs[0].src_as, SCULL_AS_INT8);
  scull_backend_config_apply(&site, &configs[0]);
  assert_int_equal(tactic->pack_size(&site, &configs[0], &device, &bytes), SCULL_OK);
  int8_t *packed = scull_base_alloc(bytes);
  assert_non_null(packed);
  assert_int_equal(tactic->pack(&site, &configs[0], &device, packed), SCULL_OK);
  for (int64_t i = 0; i < (int64_t)K * C; i++)
    assert_int_equal(packed[place_of(i / C, i % C, C)], integers[i]);
  scull_base_free(packed);
  net_close(&net);
  scull_backend_close(device.host);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(absence_is_said),
                                     cmocka_unit_test(fp16_is_planned),
                                     cmocka_unit_test(older_devices_get_general_kernels),
                                     cmocka_unit_test(other_devices_get_theirs),
                                     cmocka_unit_test(the_host_takes_the_rest),
                                     cmocka_unit_test(copies_are_weighed),
                                     cmocka_unit_test(tactics_refuse),
                                     cmocka_unit_test(refusals_are_the_same_in_any_format),
                                     cmocka_unit_test(weights_are_packed),
                                     cmocka_unit_test(weights_of_others_are_packed),
                                     cmocka_unit_test(rounded_weights_are_packed)};
  cuda = scull_backend_find("cuda");
  if (cuda == NULL || cuda->tactics[0] == NULL) {
    printf("skipped: %s\n", cuda == NULL ? "no cuda" : cuda->absent());
    return 77;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
