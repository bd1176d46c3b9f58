/* Times convolutions with every tactic of the CPU in every configuration, side by side: rounds are
 * interleaved, so that clocks and neighbours disturb all candidates alike. Prints median and least
 * time a candidate and the sum of the best over a network.
 *
 *   layers [--net NAME] [--batch N] [--threads N] [--rounds N] [--cold] [--tactic GLOB] [--top N]
 *          [--precision fp32|bf16|int8]
 *          [--conv IN,H,W,OUT,KH,KW,STRIDE,PH,PW,GROUPS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/hash.h"
#include "base/thread.h"
#include "layer_list.h"
#include "ops/conv.h"

enum { MAX_CANDIDATES = 128, MAX_ROUNDS = 1000, FLUSH_BYTES = 96 << 20 };

typedef struct {
  const char *net, *tactic;
  int batch, threads, rounds, top;
  bool cold;
  scull_precision_t as; /* what candidates compute in */
} options_t;

/* One layer as a site: values x, filter, bias, conv, [residual, sum,] relu. */
typedef struct {
  scull_arena_t arena;
  scull_site_t site;
  scull_site_op_t ops[3];
  scull_site_value_t values[7];
  uint16_t operands[3][3], results[3], inputs[2], outputs[1];
  scull_quant_t weights, activations;
  float scales[2]; /* of weights, of activations */
  scull_conv_attrs_t attrs;
  int64_t strides[2], pads[4];
  double flops;
} bench_layer_t;

typedef struct {
  const scull_tactic_t *tactic;
  scull_config_t config;
  scull_site_t site;
  scull_site_value_t values[7];
  scull_prepared_t prepared;
  void *inputs[2], *outputs[1], *packed, *scratch;
  double times[MAX_ROUNDS]; /* microseconds */
} candidate_t;

static candidate_t candidates[MAX_CANDIDATES];
static size_t candidate_count;
static char *flush_buffer;

static void *must(void *memory) {
  if (memory == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(1);
  }
  return memory;
}

/* --- sites ------------------------------------------------------------------------------------ */

static float *random_floats(scull_arena_t *arena, size_t count, float scale) {
  float *data = must(scull_base_arena_alloc(arena, count * sizeof *data + 4096));
  uint64_t seed = 1;
  for (size_t i = 0; i < count; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    data[i] = ((float)(seed >> 40) / 16777216.0f - 0.5f) * scale;
  }
  return data;
}

static void set_value(bench_layer_t *b, int index, int32_t rank, const int64_t *dims) {
  scull_shape_t shape = scull_tensor_shape(rank, dims);
  b->values[index] =
      (scull_site_value_t){.dtype = SCULL_DTYPE_F32, .opt = shape, .min = shape, .max = shape};
}

static void set_constant(bench_layer_t *b, int index, float scale) {
  scull_site_value_t *v = &b->values[index];
  v->is_constant = true;
  v->data = random_floats(&b->arena, (size_t)scull_tensor_count(&v->opt), scale);
}

static void add_op(bench_layer_t *b, const char *name, const void *attrs, size_t inputs,
                   uint16_t result) {
  size_t i = b->site.op_count++;
  b->results[i] = result;
  b->ops[i] = (scull_site_op_t){.def = scull_ops_find(name),
                                .attrs = attrs,
                                .inputs = b->operands[i],
                                .input_count = inputs,
                                .outputs = &b->results[i],
                                .output_count = 1};
}

static void set_attrs(bench_layer_t *b, const layer_t *l) {
  b->strides[0] = b->strides[1] = l->stride;
  b->pads[0] = b->pads[2] = l->pad_h;
  b->pads[1] = b->pads[3] = l->pad_w;
  b->attrs =
      (scull_conv_attrs_t){.strides = {b->strides, 2}, .pads = {b->pads, 4}, .groups = l->groups};
}

/* One scale for all activations, as u8. */
static void set_precision(bench_layer_t *b, const options_t *o) {
  b->site.precisions = o->as == SCULL_AS_MODEL ? 0 : 1u << o->as;
  b->scales[0] = 0.05f / 127;
  b->scales[1] = 1.0f / 255;
  b->weights = (scull_quant_t){SCULL_DTYPE_I8, -1, 1, &b->scales[0], NULL};
  b->activations = (scull_quant_t){SCULL_DTYPE_U8, -1, 1, &b->scales[1], NULL};
  b->values[1].quant = &b->weights;
  for (size_t i = 0; i < b->site.value_count; i++) {
    if (!b->values[i].is_constant)
      b->values[i].quant = &b->activations;
  }
}

static void bench_layer_init(bench_layer_t *b, const layer_t *l, const options_t *o) {
  *b = (bench_layer_t){0};
  scull_base_arena_init(&b->arena);
  set_attrs(b, l);
  int64_t height = (l->height + 2 * l->pad_h - l->kernel_h) / l->stride + 1;
  int64_t width = (l->width + 2 * l->pad_w - l->kernel_w) / l->stride + 1;
  set_value(b, 0, 4, (int64_t[]){o->batch, l->in, l->height, l->width});
  set_value(b, 1, 4, (int64_t[]){l->out, l->in / l->groups, l->kernel_h, l->kernel_w});
  set_value(b, 2, 1, (int64_t[]){l->out});
  for (int i = 3; i < 7; i++)
    set_value(b, i, 4, (int64_t[]){o->batch, l->out, height, width});
  set_constant(b, 1, 0.1f);
  set_constant(b, 2, 0.1f);
  memcpy(b->operands[0], (uint16_t[]){0, 1, 2}, sizeof b->operands[0]);
  add_op(b, "conv", &b->attrs, 3, 3);
  memcpy(b->operands[1], (uint16_t[]){3, 4}, 2 * sizeof(uint16_t));
  if (l->add != 0)
    add_op(b, "add", NULL, 2, 5);
  b->operands[b->site.op_count][0] = l->add != 0 ? 5 : 3;
  add_op(b, "relu", NULL, 1, 6);
  memcpy(b->inputs, (uint16_t[]){0, 4}, sizeof b->inputs);
  b->outputs[0] = 6;
  b->site.ops = b->ops;
  b->site.values = b->values;
  b->site.value_count = 7;
  b->site.inputs = b->inputs;
  b->site.input_count = l->add != 0 ? 2 : 1;
  b->site.outputs = b->outputs;
  b->site.output_count = 1;
  b->site.threads = o->threads;
  b->site.workspace = SIZE_MAX;
  set_precision(b, o);
  b->flops = 2.0 * (double)(o->batch * height * width) * l->out * (l->in / l->groups) *
             l->kernel_h * l->kernel_w;
}

/* --- candidates ------------------------------------------------------------------------------- */

static void *value_memory(const scull_site_value_t *v) {
  scull_type_t type = scull_backend_site_type(v, &v->opt);
  size_t bytes = 0;
  if (!scull_backend_layout_bytes(&type, v->layout, &bytes))
    return NULL;
  char *data = must(scull_base_alloc(bytes));
  const size_t size = scull_tensor_dtype_size(type.dtype);
  const bool is_float = scull_tensor_dtype_is_float(type.dtype);
  for (size_t i = 0; i < bytes / size; i++)
    scull_tensor_store(data, type.dtype, (int64_t)i,
                       is_float ? (double)(i % 251) / 251.0 : (double)(i % 101));
  return data;
}

static bool candidate_pack(candidate_t *c, const scull_device_t *device) {
  size_t bytes = 0;
  if (c->tactic->pack_size == NULL)
    return true;
  if (c->tactic->pack_size(&c->site, &c->config, device, &bytes) != SCULL_OK)
    return false;
  c->packed = must(scull_base_alloc(bytes));
  return bytes == 0 || c->tactic->pack(&c->site, &c->config, device, c->packed) == SCULL_OK;
}

static bool candidate_init(candidate_t *c, const bench_layer_t *b, const scull_tactic_t *tactic,
                           const scull_config_t *config, const scull_device_t *device) {
  *c = (candidate_t){.tactic = tactic, .config = *config, .site = b->site};
  memcpy(c->values, b->values, sizeof c->values);
  c->site.values = c->values;
  scull_backend_config_apply(&c->site, config);
  if (!candidate_pack(c, device) ||
      tactic->prepare(&c->site, config, device, &c->prepared, NULL) != SCULL_OK) {
    scull_base_free(c->packed);
    return false;
  }
  for (size_t i = 0; i < c->site.input_count; i++)
    c->inputs[i] = must(value_memory(&c->values[c->site.inputs[i]]));
  c->outputs[0] = must(value_memory(&c->values[6]));
  /* As the planner would: a residual that may be overwritten is the output. */
  uint32_t alias = tactic->alias == NULL ? 0 : tactic->alias(&c->site, config);
  if (c->site.input_count > 1 && (alias & 2u) != 0) {
    scull_base_free(c->inputs[1]);
    c->inputs[1] = c->outputs[0];
  }
  c->scratch = must(scull_base_alloc(c->prepared.scratch));
  return true;
}

static void candidate_deinit(candidate_t *c) {
  c->tactic->release(c->prepared.state);
  if (c->inputs[1] != c->outputs[0])
    scull_base_free(c->inputs[1]);
  scull_base_free(c->inputs[0]);
  scull_base_free(c->outputs[0]);
  scull_base_free(c->packed);
  scull_base_free(c->scratch);
}

static void add_tactic(const bench_layer_t *b, const scull_tactic_t *tactic, scull_precision_t as,
                       const scull_device_t *device) {
  scull_config_t configs[SCULL_MAX_CONFIGS] = {0};
  size_t count = 1;
  if (!scull_backend_tactic_applies(tactic, &b->site) || tactic->refuse(&b->site, device) != NULL)
    return;
  if (tactic->configs != NULL)
    count = tactic->configs(&b->site, device, configs, SCULL_MAX_CONFIGS);
  for (size_t i = 0; i < count && candidate_count < MAX_CANDIDATES; i++) {
    if (configs[i].dst_as == as)
      candidate_count +=
          candidate_init(&candidates[candidate_count], b, tactic, &configs[i], device) ? 1 : 0;
  }
}

/* --- timing ----------------------------------------------------------------------------------- */

/* Weights out of every cache; what a layer before would have left is touched again. */
static void make_cold(const candidate_t *c) {
  volatile char sum = 0;
  for (size_t i = 0; i < FLUSH_BYTES; i += 64)
    sum = (char)(sum + flush_buffer[i]);
  for (size_t k = 0; k < c->site.input_count; k++) {
    const scull_site_value_t *v = &c->values[c->site.inputs[k]];
    scull_type_t type = scull_backend_site_type(v, &v->opt);
    const char *bytes = c->inputs[k];
    for (size_t i = 0; i < scull_tensor_bytes(&type); i += 64)
      sum = (char)(sum + bytes[i]);
  }
}

static double run_once(candidate_t *c, bool cold) {
  scull_args_t args = {.inputs = (const void *const *)c->inputs,
                       .outputs = c->outputs,
                       .packed = c->packed,
                       .scratch = c->scratch};
  if (cold)
    make_cold(c);
  else if (c->tactic->enqueue(c->prepared.state, &args) != SCULL_OK) /* warms its own caches */
    return 1e12;
  uint64_t begin = scull_base_now();
  if (c->tactic->enqueue(c->prepared.state, &args) != SCULL_OK)
    return 1e12;
  return (double)(scull_base_now() - begin) * 1e-3;
}

static int compare_times(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y ? 1 : 0;
}

static double median(const candidate_t *c, int rounds) {
  return c->times[rounds / 2];
}

static int rounds_of_sort;

static int compare_candidates(const void *a, const void *b) {
  double x = median(a, rounds_of_sort), y = median(b, rounds_of_sort);
  return x < y ? -1 : x > y ? 1 : 0;
}

static void time_all(const options_t *o) {
  for (int r = -2; r < o->rounds; r++) { /* two rounds for warmth */
    for (size_t i = 0; i < candidate_count; i++)
      candidates[i].times[r < 0 ? 0 : r] = run_once(&candidates[i], o->cold);
  }
  for (size_t i = 0; i < candidate_count; i++)
    qsort(candidates[i].times, (size_t)o->rounds, sizeof(double), compare_times);
  rounds_of_sort = o->rounds;
  qsort(candidates, candidate_count, sizeof candidates[0], compare_candidates);
}

/* --- reports ---------------------------------------------------------------------------------- */

static void print_layer(const layer_t *l, const bench_layer_t *b, const options_t *o) {
  printf("%s: %d -> %d @%dx%d %dx%d /%d groups %d%s, x%d\n", l->net, l->in, l->out, l->height,
         l->width, l->kernel_h, l->kernel_w, l->stride, l->groups, l->add != 0 ? " + residual" : "",
         l->count);
  for (size_t i = 0; i < candidate_count && (int)i < o->top; i++) {
    const candidate_t *c = &candidates[i];
    double m = median(c, o->rounds);
    printf("  %-28s %2d,%-2d %5s>%-5s %9.1f us, least %9.1f, %7.1f GFLOP/s, %6.2fx\n",
           c->tactic->name, c->config.knob[0], c->config.knob[1] % 100,
           scull_backend_layout_name(c->config.src), scull_backend_layout_name(c->config.dst), m,
           c->times[0], b->flops / m * 1e-3, m / median(&candidates[0], o->rounds));
  }
}

/* Times one layer and returns the best median. */
static double bench_layer(const layer_t *l, const options_t *o, const scull_device_t *device) {
  static bench_layer_t b;
  double best = 0;
  bench_layer_init(&b, l, o);
  candidate_count = 0;
  for (size_t i = 0; device->backend->tactics[i] != NULL; i++) {
    if (scull_base_glob(o->tactic, device->backend->tactics[i]->name))
      add_tactic(&b, device->backend->tactics[i], o->as, device);
  }
  if (candidate_count > 0) {
    time_all(o);
    best = median(&candidates[0], o->rounds);
  }
  print_layer(l, &b, o);
  for (size_t i = 0; i < candidate_count; i++)
    candidate_deinit(&candidates[i]);
  scull_base_arena_deinit(&b.arena);
  return best;
}

static void bench_list(const options_t *o, const scull_device_t *device) {
  double sum = 0;
  const char *net = NULL;
  for (size_t i = 0; i < layer_count; i++) {
    const layer_t *l = &layer_list[i];
    if (!scull_base_glob(o->net, l->net))
      continue;
    if (net != NULL && strcmp(net, l->net) != 0) {
      printf("%s: the best of each layer: %.2f ms\n\n", net, sum * 1e-3);
      sum = 0;
    }
    net = l->net;
    sum += bench_layer(l, o, device) * l->count;
  }
  if (net != NULL)
    printf("%s: the best of each layer: %.2f ms\n", net, sum * 1e-3);
}

static bool read_conv(const char *text, layer_t *l) {
  *l = (layer_t){.net = "given", .count = 1};
  return sscanf(text, "%d,%d,%d,%d,%d,%d,%d,%d,%d,%d", &l->in, &l->height, &l->width, &l->out,
                &l->kernel_h, &l->kernel_w, &l->stride, &l->pad_h, &l->pad_w, &l->groups) == 10 &&
         l->groups > 0 && l->stride > 0 && l->in > 0 && l->out > 0;
}

static int usage(void) {
  fprintf(stderr, "layers [--net GLOB] [--batch N] [--threads N] [--rounds N] [--cold] "
                  "[--tactic GLOB] [--top N] [--precision fp32|bf16|int8] "
                  "[--conv IN,H,W,OUT,KH,KW,STRIDE,PH,PW,GROUPS]\n");
  return 2;
}

int main(int argc, char **argv) {
  options_t o = {.net = "*",
                 .tactic = "*",
                 .batch = 1,
                 .threads = scull_base_threads_default(),
                 .rounds = 30,
                 .top = 1000};
  layer_t given = {0};
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(name, "--cold") == 0) {
      o.cold = true;
      continue;
    }
    i++;
    if (strcmp(name, "--net") == 0)
      o.net = value;
    else if (strcmp(name, "--tactic") == 0)
      o.tactic = value;
    else if (strcmp(name, "--batch") == 0)
      o.batch = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--threads") == 0)
      o.threads = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--rounds") == 0)
      o.rounds = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--precision") == 0 && !scull_backend_precision_find(value, &o.as))
      return usage();
    else if (strcmp(name, "--precision") == 0)
      continue;
    else if (strcmp(name, "--top") == 0)
      o.top = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--conv") != 0 || !read_conv(value, &given))
      return usage();
  }
  if (o.batch < 1 || o.threads < 1 || o.rounds < 1 || o.rounds > MAX_ROUNDS)
    return usage();
  scull_device_t *device = NULL;
  if (scull_backend_find("cpu")->open(0, &device, NULL) != SCULL_OK)
    return 1;
  flush_buffer = must(scull_base_alloc(FLUSH_BYTES));
  printf("%s, %s; batch %d, %d threads, %s weights, %d rounds\n", device->name, device->libraries,
         o.batch, o.threads, o.cold ? "cold" : "warm", o.rounds);
  if (given.net != NULL)
    bench_layer(&given, &o, device);
  else
    bench_list(&o, device);
  scull_base_free(flush_buffer);
  device->backend->close(device);
  return 0;
}
