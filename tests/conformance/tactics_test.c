/* Every operator's cases on every tactic of every backend that takes them, in every configuration,
 * against the reference kernels: with constant and with changing operands, in fixed shapes and in a
 * range of batch sizes, alone and with what may follow an anchor (activations, residual adds),
 * writing into slices, over their inputs where they say that they may. */
#define _GNU_SOURCE
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"
#include "conformance.h"
#include "site.h"
#include "support.h"

/* What a tactic's result may differ by, relative to the largest value that the reference meets on
 * the way (at least 0.1: the logarithm of one may be any dust), and again relative to each value.
 * Sums of products in another order for floats, nothing for the rest. */
static const struct {
  scull_dtype_t dtype;
  double tolerance;
} tolerances[] = {
    {SCULL_DTYPE_F64, 1e-12}, {SCULL_DTYPE_F32, 2e-5}, {SCULL_DTYPE_F16, 4e-3},
    {SCULL_DTYPE_BF16, 1e-2}, {SCULL_DTYPE_I8, 0},     {SCULL_DTYPE_U8, 0},
};

enum { POISON = 0x7b, MAX_IO = CASE_MAX_TENSORS + 4 };

typedef struct {
  const char *tactic;
  int runs, declined;
} tally_t;

static struct {
  const scull_backend_t *backend;
  scull_device_t *device;
  scull_stream_t *stream;
  tally_t tallies[256];
  size_t tally_count;
  int runs, failures;
  bool trace;
  size_t step;        /* of cases; 1: all */
  const char *tactic; /* the only one to run, as a pattern; NULL: all */
} bench;

/* One run being checked, for messages. */
typedef struct {
  const scull_tactic_t *tactic;
  const scull_config_t *config;
  const char *name; /* of the case */
  const char *what; /* how it was varied */
} trial_t;

static void print_trial(const trial_t *t, const scull_site_t *site, const char *words) {
  scull_text_t text = {0};
  scull_backend_site_print(site, &text);
  fprintf(stderr, "%s {%d,%d,%d,%d %s>%s}, %s, %s: %s\n  %s\n", t->tactic->name, t->config->knob[0],
          t->config->knob[1], t->config->knob[2], t->config->knob[3],
          scull_backend_layout_name(t->config->src), scull_backend_layout_name(t->config->dst),
          t->name, t->what, words, scull_base_text_get(&text));
  scull_base_text_deinit(&text);
}

static void report(const trial_t *t, const scull_site_t *site, const char *words) {
  print_trial(t, site, words);
  bench.failures++;
}

static tally_t *tally_of(const scull_tactic_t *tactic) {
  for (size_t i = 0; i < bench.tally_count; i++) {
    if (bench.tallies[i].tactic == tactic->name)
      return &bench.tallies[i];
  }
  assert_true(bench.tally_count < sizeof bench.tallies / sizeof bench.tallies[0]);
  bench.tallies[bench.tally_count] = (tally_t){.tactic = tactic->name};
  return &bench.tallies[bench.tally_count++];
}

/* --- memory ----------------------------------------------------------------------------------- */

static void *device_alloc(size_t bytes) {
  void *memory = NULL;
  assert_int_equal(bench.backend->alloc(bench.device, bytes == 0 ? 1 : bytes, &memory), SCULL_OK);
  return memory;
}

static void device_free(void *memory) {
  if (memory != NULL)
    bench.backend->free(bench.device, memory);
}

static void device_copy(void *dst, const void *src, size_t bytes) {
  if (bytes == 0)
    return;
  assert_int_equal(bench.backend->copy(bench.stream, dst, src, bytes), SCULL_OK);
  assert_int_equal(bench.backend->wait(bench.stream), SCULL_OK);
}

/* A tensor of the site on the device: its content in the value's layout, or poison. */
static void upload(const scull_site_value_t *value, const scull_tensor_t *content, void *memory) {
  size_t bytes = layout_bytes(value);
  char *host = malloc(bytes + 1);
  assert_non_null(host);
  if (content == NULL)
    memset(host, POISON, bytes);
  else
    layout_write(value, content->data, host);
  device_copy(memory, host, bytes);
  free(host);
}

typedef struct {
  void *inputs[MAX_IO], *outputs[MAX_IO];
  const void *input_starts[MAX_IO];
  void *output_starts[MAX_IO];
  void *packed, *scratch;
} buffers_t;

static void buffers_init(buffers_t *b, const scull_site_t *site, size_t packed, size_t scratch) {
  *b = (buffers_t){0};
  for (size_t i = 0; i < site->input_count; i++)
    b->inputs[i] = device_alloc(layout_bytes(&site->values[site->inputs[i]]));
  for (size_t i = 0; i < site->output_count; i++)
    b->outputs[i] = device_alloc(layout_bytes(&site->values[site->outputs[i]]));
  b->packed = packed > 0 ? device_alloc(packed) : NULL;
  b->scratch = device_alloc(scratch);
}

static void buffers_deinit(buffers_t *b, const scull_site_t *site) {
  for (size_t i = 0; i < site->input_count; i++)
    device_free(b->inputs[i]);
  for (size_t i = 0; i < site->output_count; i++)
    device_free(b->outputs[i]);
  device_free(b->packed);
  device_free(b->scratch);
}

/* --- comparing -------------------------------------------------------------------------------- */

static double tolerance_of(scull_dtype_t dtype) {
  for (size_t i = 0; i < sizeof tolerances / sizeof tolerances[0]; i++) {
    if (tolerances[i].dtype == dtype)
      return tolerances[i].tolerance;
  }
  return 0;
}

static double peak_of(const scull_tensor_t *t) {
  double peak = 0;
  for (int64_t i = 0, count = scull_tensor_count(&t->type.shape); i < count; i++) {
    double v = scull_tensor_load(t->data, t->type.dtype, i);
    v = v < 0 ? -v : v;
    if (v > peak && v < 1e300)
      peak = v;
  }
  return peak;
}

/* Where the reference gives NaN a tactic may give anything, and the largest finite number may stand
 * for infinity (backend/tactic.h). */
static void forgive_not_finite(const scull_tensor_t *got, const scull_tensor_t *wanted) {
  const double largest = 3.38e38; /* of f32, and of bf16 */
  if (!scull_tensor_dtype_is_float(wanted->type.dtype))
    return;
  for (int64_t i = 0, count = scull_tensor_count(&wanted->type.shape); i < count; i++) {
    double w = scull_tensor_load(wanted->data, wanted->type.dtype, i);
    double g = scull_tensor_load(got->data, got->type.dtype, i);
    if (w != w || (w > DBL_MAX && g > largest) || (w < -DBL_MAX && g < -largest))
      scull_tensor_store(got->data, got->type.dtype, i, w);
  }
}

/* The largest result of the group's operators. */
static double scale_of(const case_site_t *s) {
  double scale = 0.1;
  for (size_t i = 0; i < s->site.op_count; i++) {
    for (size_t k = 0; k < s->ops[i].output_count; k++) {
      double peak = peak_of(&s->tensors[s->ops[i].outputs[k]]);
      scale = peak > scale ? peak : scale;
    }
  }
  return scale;
}

/* Of a result whose operands and itself are 255 steps wide. */
static const double eight_bits = 0.03;

/* The tolerance of the narrowest type in which a float of the site is stored. */
static double narrowest(const scull_site_t *site) {
  double part = 0;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    double own = v->as == SCULL_AS_MODEL  ? 0
                 : v->as == SCULL_AS_INT8 ? eight_bits
                                          : tolerance_of(scull_backend_site_stored(v));
    part = own > part ? own : part;
  }
  return part;
}

static void compare_output(const trial_t *t, const case_site_t *s, const scull_site_t *site,
                           size_t index, const void *memory) {
  const scull_tensor_t *wanted = &s->tensors[site->outputs[index]];
  const scull_site_value_t *value = &site->values[site->outputs[index]];
  size_t bytes = layout_bytes(value);
  char *host = malloc(bytes + 1), *plain = malloc(scull_tensor_bytes(&wanted->type) + 1);
  assert_true(host != NULL && plain != NULL);
  device_copy(host, memory, bytes);
  layout_read(value, host, plain);
  scull_tensor_t got = {.type = wanted->type, .data = plain};
  forgive_not_finite(&got, wanted);
  double part = tolerance_of(value->dtype), narrow = narrowest(site);
  part = narrow > part ? narrow : part;
  scull_difference_t d = scull_tensor_compare(
      &got, wanted, (scull_tolerance_t){.absolute = part * scale_of(s), .relative = part});
  if (d.outside > 0) {
    char words[200];
    snprintf(words, sizeof words, "output %zu: %lld of %lld wrong, [%lld] is %g, not %g", index,
             (long long)d.outside, (long long)d.count, (long long)d.worst,
             scull_tensor_load(plain, value->dtype, d.worst),
             scull_tensor_load(wanted->data, value->dtype, d.worst));
    report(t, site, words);
  } else if (!layout_rest_is(value, host, POISON)) {
    report(t, site,
           value->channel_total > 0 ? "wrote beyond its slice" : "padded channels not zero");
  }
  free(host);
  free(plain);
}

/* --- running ---------------------------------------------------------------------------------- */

static void fill_buffers(const case_site_t *s, const scull_site_t *site, buffers_t *b) {
  for (size_t i = 0; i < site->input_count; i++) {
    upload(&site->values[site->inputs[i]], &s->tensors[site->inputs[i]], b->inputs[i]);
    b->input_starts[i] = (char *)b->inputs[i] + layout_start(&site->values[site->inputs[i]]);
  }
  for (size_t i = 0; i < site->output_count; i++) {
    upload(&site->values[site->outputs[i]], NULL, b->outputs[i]);
    b->output_starts[i] = (char *)b->outputs[i] + layout_start(&site->values[site->outputs[i]]);
  }
}

static void run_once(const trial_t *t, const case_site_t *s, const scull_site_t *site,
                     scull_prepared_t *prepared, buffers_t *b, int alias) {
  fill_buffers(s, site, b);
  void *result = b->outputs[0];
  if (alias >= 0) {
    result = b->inputs[alias];
    b->output_starts[0] = result;
  }
  scull_args_t args = {.inputs = b->input_starts,
                       .outputs = b->output_starts,
                       .packed = b->packed,
                       .scratch = b->scratch,
                       .stream = bench.stream};
  scull_status_t status = t->tactic->enqueue(prepared->state, &args);
  if (status == SCULL_OK)
    status = bench.backend->wait(bench.stream);
  if (status != SCULL_OK) {
    report(t, site, scull_base_status_name(status));
    return;
  }
  for (size_t i = 0; i < site->output_count; i++)
    compare_output(t, s, site, i, i == 0 ? result : b->outputs[i]);
  bench.runs++;
  tally_of(t->tactic)->runs++;
}

/* Packed bytes of the config in device memory. */
static scull_status_t pack(const trial_t *t, const scull_site_t *site, size_t *bytes,
                           void **memory) {
  *bytes = 0;
  *memory = NULL;
  if (t->tactic->pack_size == NULL)
    return SCULL_OK;
  SCULL_TRY(t->tactic->pack_size(site, t->config, bench.device, bytes));
  if (*bytes == 0)
    return SCULL_OK;
  *memory = scull_base_alloc(*bytes);
  return *memory == NULL ? SCULL_OUT_OF_MEMORY
                         : t->tactic->pack(site, t->config, bench.device, *memory);
}

/* The prepared state must run twice alike, then over each input that it may overwrite. */
static void run_prepared(const trial_t *t, const case_site_t *s, const scull_site_t *site,
                         scull_prepared_t *prepared, const void *packed, size_t packed_bytes) {
  buffers_t b;
  uint32_t may = t->tactic->alias == NULL ? 0 : t->tactic->alias(site, t->config);
  bool slice = site->values[site->outputs[0]].channel_total > 0;
  int before = bench.failures;
  buffers_init(&b, site, packed_bytes, prepared->scratch);
  if (packed_bytes > 0)
    device_copy(b.packed, packed, packed_bytes);
  run_once(t, s, site, prepared, &b, -1);
  run_once(t, s, site, prepared, &b, -1);
  if (site->op_count == 1 && bench.failures == before)
    support_note(bench.backend->name, site->ops[0].def,
                 site->values[site->input_count > 0 ? site->inputs[0] : site->outputs[0]].dtype);
  for (int i = 0; !slice && i < 32 && (size_t)i < site->input_count; i++) {
    trial_t over = *t;
    over.what = "over its input";
    if ((may >> i & 1u) != 0)
      run_once(&over, s, site, prepared, &b, i);
  }
  buffers_deinit(&b, site);
}

/* One configuration at one thread count. */
static void run_config(const trial_t *t, const case_site_t *s, const scull_site_t *base,
                       int threads) {
  scull_site_value_t values[SITE_MAX_VALUES];
  scull_prepared_t prepared = {0};
  void *packed = NULL;
  size_t bytes = 0;
  scull_site_t site = *base;
  memcpy(values, base->values, base->value_count * sizeof values[0]);
  site.values = values;
  site.threads = threads;
  scull_backend_config_apply(&site, t->config);
  if (bench.trace) /* SCULL_TRACE=1: the last line before a crash says where */
    print_trial(t, &site, "starts");
  scull_status_t status = pack(t, &site, &bytes, &packed);
  for (size_t i = 0; t->tactic->pack != NULL && i < site.value_count; i++)
    values[i].data = NULL;
  if (status == SCULL_OK)
    status = t->tactic->prepare(&site, t->config, bench.device, &prepared, NULL);
  if (status == SCULL_OK) {
    run_prepared(t, s, &site, &prepared, packed, bytes);
    t->tactic->release(prepared.state);
  } else if (status == SCULL_UNSUPPORTED) {
    tally_of(t->tactic)->declined++;
    if (bench.trace)
      print_trial(t, &site, "declined");
  } else {
    report(t, &site, scull_base_status_name(status));
  }
  scull_base_free(packed);
}

static void run_tactic(const scull_tactic_t *tactic, case_site_t *s, const char *name,
                       const char *what, int threads) {
  scull_config_t configs[SCULL_MAX_CONFIGS] = {0};
  size_t count = 1;
  s->site.threads = threads;
  if (!scull_backend_tactic_applies(tactic, &s->site) ||
      tactic->refuse(&s->site, bench.device) != NULL)
    return;
  if (tactic->configs != NULL)
    count = tactic->configs(&s->site, bench.device, configs, SCULL_MAX_CONFIGS);
  for (size_t i = 0; i < count; i++) {
    trial_t t = {.tactic = tactic, .config = &configs[i], .name = name, .what = what};
    bool narrow = configs[i].src_as != SCULL_AS_MODEL || configs[i].dst_as != SCULL_AS_MODEL;
    if (s->site.precisions == 0 || narrow) /* the others have been run */
      run_config(&t, s, &s->site, threads);
  }
}

/* What the suite varies of a case. */
static uint32_t precisions; /* of the sites at hand; 0: the model's types */

static bool positive; /* INT8: the first input has no negative numbers */

static scull_quant_t quants[SITE_MAX_VALUES];
static float scales[SITE_MAX_VALUES], channel_scales[4096];

static bool has_negative(const scull_tensor_t *t) {
  for (int64_t i = 0; i < scull_tensor_count(&t->type.shape); i++) {
    if (scull_tensor_load(t->data, t->type.dtype, i) < 0)
      return true;
  }
  return false;
}

/* u8 without negative numbers, else s8; `peak` is the largest that there is. */
static void set_quant(case_site_t *s, size_t i, double peak, bool negative) {
  scales[i] = (float)((peak > 1e-3 ? peak : 1e-3) / (negative ? 127 : 255));
  quants[i] = (scull_quant_t){negative ? SCULL_DTYPE_I8 : SCULL_DTYPE_U8, -1, 1, &scales[i], NULL};
  s->values[i].quant = &quants[i];
}

/* A scale for each channel of the anchor's constant weights. */
static void set_weights(case_site_t *s) {
  const scull_site_op_t *op = &s->ops[0];
  scull_op_call_t call = {.def = op->def, .attrs = op->attrs, .inputs = s->tensors};
  scull_tensor_t inputs[CASE_MAX_TENSORS] = {0};
  if (op->def->channel_axis == NULL || op->input_count < 2 || op->inputs[1] == SCULL_SITE_ABSENT ||
      !s->values[op->inputs[1]].is_constant)
    return;
  for (size_t i = 0; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT)
      inputs[i] = s->tensors[op->inputs[i]];
  }
  call.inputs = inputs;
  call.input_count = op->input_count;
  const uint16_t at = op->inputs[1];
  const scull_tensor_t *w = &s->tensors[at];
  const int32_t axis = op->def->channel_axis(&call, 1);
  if (axis < 0 || w->type.dtype != SCULL_DTYPE_F32 ||
      w->type.shape.dim[axis] > (int64_t)(sizeof channel_scales / sizeof *channel_scales))
    return;
  int64_t inner = 1, count = w->type.shape.dim[axis];
  for (int32_t i = axis + 1; i < w->type.shape.rank; i++)
    inner *= w->type.shape.dim[i];
  for (int64_t c = 0; c < count; c++)
    channel_scales[c] = 1e-6f;
  for (int64_t i = 0; i < scull_tensor_count(&w->type.shape); i++) {
    float *scale = &channel_scales[i / inner % count];
    const float x = fabsf((float)scull_tensor_load(w->data, SCULL_DTYPE_F32, i)) / 127;
    *scale = x > *scale ? x : *scale;
  }
  quants[at] = (scull_quant_t){SCULL_DTYPE_I8, axis, (size_t)count, channel_scales, NULL};
  s->values[at].quant = &quants[at];
}

/* Quantizations for every float that a run computes, as calibration would give them: one for all
 * tensors of an operator that only moves numbers or picks some. */
static void set_quants(case_site_t *s) {
  const bool wanted = (precisions >> SCULL_AS_INT8 & 1) != 0;
  const bool one = (s->ops[0].def->traits & (SCULL_OP_MOVES_DATA | SCULL_OP_SELECTS)) != 0;
  double most = 0;
  bool negative = false;
  for (size_t i = 0; one && i < s->site.value_count; i++) {
    double peak = peak_of(&s->tensors[i]);
    most = peak > most ? peak : most;
    negative = negative || has_negative(&s->tensors[i]);
  }
  for (size_t i = 0; i < s->site.value_count; i++) {
    s->values[i].quant = NULL;
    if (wanted && !s->values[i].is_constant && s->values[i].dtype == SCULL_DTYPE_F32)
      set_quant(s, i, one ? most : peak_of(&s->tensors[i]),
                one ? negative : has_negative(&s->tensors[i]));
  }
  if (wanted)
    set_weights(s);
}

static void run_all(case_site_t *s, const char *name, const char *what, int threads) {
  set_quants(s);
  for (size_t i = 0; bench.backend->tactics[i] != NULL; i++) {
    if (bench.tactic == NULL || scull_base_glob(bench.tactic, bench.backend->tactics[i]->name))
      run_tactic(bench.backend->tactics[i], s, name, what, threads);
  }
}

/* --- variations ------------------------------------------------------------------------------- */

/* No scale serves a tensor that holds infinity, or the least finite number beside others. */
static bool has_moderate_numbers(const case_site_t *s) {
  for (size_t i = 0; i < s->site.value_count; i++) {
    const scull_tensor_t *t = &s->tensors[i];
    for (int64_t k = 0, count = scull_tensor_count(&t->type.shape); k < count; k++) {
      double v = scull_tensor_load(t->data, t->type.dtype, k);
      if (scull_tensor_dtype_is_float(t->type.dtype) && !(v > -1e30 && v < 1e30))
        return false;
    }
  }
  return true;
}

static bool make_site(case_site_t *s, const scull_opdef_t *def, const scull_opcase_t *one,
                      constants_t constants) {
  scull_dtype_t narrow = (precisions >> SCULL_AS_F16 & 1) != 0    ? SCULL_DTYPE_F16
                         : (precisions >> SCULL_AS_BF16 & 1) != 0 ? SCULL_DTYPE_BF16
                         : positive                               ? SCULL_DTYPE_U8
                                                                  : SCULL_DTYPE_NONE;
  bool ok = case_site_init(s, def, one, constants, narrow);
  /* Products that cancel to nothing leave no scale for the error. */
  if (ok && positive && peak_of(&s->tensors[s->ops[0].outputs[0]]) == 0)
    ok = false;
  s->site.precisions = precisions;
  return ok && ((precisions >> SCULL_AS_INT8 & 1) == 0 || has_moderate_numbers(s));
}

/* The result as channels [16, 16 + C) of a tensor that has 48 more than that. */
static void run_slice(const scull_opdef_t *def, const scull_opcase_t *one) {
  case_site_t s;
  if (make_site(&s, def, one, CONSTANT_REST) && s.site.output_count == 1) {
    scull_site_value_t *y = &s.values[s.outputs[0]];
    if (y->opt.rank >= 3) {
      y->channel_offset = 16;
      y->channel_total = 64 + y->opt.dim[1];
      run_all(&s, one->name, "into a slice", 2);
    }
  }
  case_site_deinit(&s);
}

static void run_alone(const scull_opdef_t *def, const scull_opcase_t *one) {
  case_site_t s;
  if (make_site(&s, def, one, CONSTANT_NONE)) {
    run_all(&s, one->name, "changing operands, 1 thread", 1);
    run_all(&s, one->name, "changing operands, 2 threads", 2);
  }
  case_site_deinit(&s);
  if (make_site(&s, def, one, CONSTANT_REST)) {
    run_all(&s, one->name, "constants, 1 thread", 1);
    run_all(&s, one->name, "constants, 2 threads", 2);
    if (case_site_make_range(&s))
      run_all(&s, one->name, "constants, a range of batches", 2);
  }
  case_site_deinit(&s);
}

/* `text` with bf16 in place of f32. */
static void to_bf16(const char *text, char *out, size_t size) {
  size_t used = 0;
  while (*text != '\0' && used + 8 < size) {
    bool found = strncmp(text, "f32[", 4) == 0;
    used +=
        (size_t)snprintf(out + used, size - used, "%.*s", found ? 5 : 1, found ? "bf16[" : text);
    text += found ? 4 : 1;
  }
}

static void run_bf16(const scull_opdef_t *def, const scull_opcase_t *one) {
  static char inputs[64 * 1024], outputs[64 * 1024];
  scull_opcase_t narrow = *one;
  case_site_t s;
  if (strcmp(one->outputs, "error") == 0 || strstr(one->inputs, "f32[") == NULL)
    return;
  to_bf16(one->inputs, inputs, sizeof inputs);
  to_bf16(one->outputs, outputs, sizeof outputs);
  narrow.inputs = inputs;
  narrow.outputs = outputs;
  if (make_site(&s, def, &narrow, CONSTANT_REST))
    run_all(&s, one->name, "in bf16", 2);
  case_site_deinit(&s);
}

static void run_group(const scull_opdef_t *def, const scull_opcase_t *one, const char *what,
                      const group_step_t *steps) {
  case_site_t s;
  bool ok = make_site(&s, def, one, CONSTANT_REST);
  for (size_t i = 0; ok && steps[i].def != NULL; i++)
    ok = case_site_append(&s, &steps[i]);
  if (ok)
    run_all(&s, one->name, what, 2);
  case_site_deinit(&s);
}

static void run_groups(const scull_opdef_t *def, const scull_opcase_t *one) {
  const scull_opdef_t *relu = scull_ops_find("relu"), *add = scull_ops_find("add");
  const group_step_t relu_only[] = {{relu, false}, {NULL, false}};
  const group_step_t add_only[] = {{add, false}, {NULL, false}};
  const group_step_t self[] = {{add, true}, {NULL, false}};
  const group_step_t add_relu[] = {{add, false}, {relu, false}, {NULL, false}};
  const group_step_t relu_add[] = {{relu, false}, {add, false}, {NULL, false}};
  run_group(def, one, "+ relu", relu_only);
  run_group(def, one, "+ residual", add_only);
  run_group(def, one, "+ its own input", self);
  run_group(def, one, "+ residual + relu", add_relu);
  run_group(def, one, "+ relu + residual", relu_add);
}

/* Near zero these turn the last bit of their argument into any error at all. */
static bool is_steep(const scull_opdef_t *def) {
  static const char *const names[] = {"log", "reciprocal", "rsqrt", "sqrt"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(def->name, names[i]) == 0)
      return true;
  }
  return false;
}

/* Every unary operator behind the anchor. */
static void run_activations(const scull_opdef_t *def, const scull_opcase_t *one) {
  for (size_t i = 0; i < scull_ops_count(); i++) {
    const group_step_t steps[] = {{scull_ops_at(i), false}, {NULL, false}};
    if ((scull_ops_at(i)->traits & SCULL_OP_UNARY) != 0 && !is_steep(scull_ops_at(i)))
      run_group(def, one, scull_ops_at(i)->name, steps);
  }
}

static bool may_grow(const scull_opdef_t *def) {
  for (size_t i = 0; bench.backend->tactics[i] != NULL; i++) {
    const scull_tactic_t *t = bench.backend->tactics[i];
    for (size_t k = 0; t->growth == SCULL_GROW_EPILOGUE && t->anchors != NULL; k++) {
      if (t->anchors[k] == NULL)
        break;
      if (strcmp(t->anchors[k], def->name) == 0)
        return true;
    }
  }
  return false;
}

/* A network of f32 whose tensors are stored as FP16, BF16 or INT8 between tactics. */
static void run_narrow(const scull_opdef_t *def, const scull_opcase_t *one, bool grows) {
  static const scull_precision_t floats[] = {SCULL_AS_F16, SCULL_AS_BF16, SCULL_AS_INT8,
                                             SCULL_AS_INT8};
  if (strcmp(one->outputs, "error") == 0 || strstr(one->inputs, "f32[") == NULL)
    return;
  for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
    precisions = 1u << floats[i];
    positive = i == 3;
    run_alone(def, one);
    run_slice(def, one);
    if (grows)
      run_groups(def, one);
  }
  precisions = 0;
  positive = false;
}

static void run_operator(size_t index) {
  enum { ACTIVATION_CASES = 3 };
  const scull_opdef_t *def = scull_ops_at(index);
  const scull_opcases_t *cases = conformance_cases(index);
  size_t with_activations = 0;
  uint64_t began = scull_base_now();
  bool grows = may_grow(def);
  for (size_t k = 0; k < cases->count; k += bench.step) {
    const scull_opcase_t *one = &cases->cases[k];
    run_alone(def, one);
    run_slice(def, one);
    run_bf16(def, one);
    run_narrow(def, one, grows);
    if (!grows || strcmp(one->outputs, "error") == 0)
      continue;
    run_groups(def, one);
    if (with_activations++ < ACTIVATION_CASES)
      run_activations(def, one);
  }
  if (bench.trace)
    fprintf(stderr, "%s: %.2f s\n", def->name, (double)(scull_base_now() - began) * 1e-9);
}

static void print_tallies(void) {
  printf("%s: %d runs on %zu tactics\n", bench.backend->name, bench.runs, bench.tally_count);
  for (size_t i = 0; i < bench.tally_count; i++)
    printf("  %-36s %6d runs, %d configurations declined\n", bench.tallies[i].tactic,
           bench.tallies[i].runs, bench.tallies[i].declined);
}

static void begin(const scull_backend_t *backend) {
  memset(&bench, 0, sizeof bench);
  bench.backend = backend;
  bench.step = 1;
  bench.trace = getenv("SCULL_TRACE") != NULL;
  assert_int_equal(scull_backend_open(backend, 0, &bench.device, NULL), SCULL_OK);
  assert_int_equal(backend->stream_create(bench.device, &bench.stream), SCULL_OK);
}

static void run_backend(const scull_backend_t *backend) {
  const char *why = backend->absent();
  if (why != NULL) {
    printf("skipped: %s: %s\n", backend->name, why);
    return;
  }
  begin(backend);
  for (size_t i = 0; i < scull_ops_count(); i++)
    run_operator(i);
  print_tallies();
  backend->stream_destroy(bench.stream);
  scull_backend_close(bench.device);
  assert_int_equal(bench.failures, 0);
  assert_true(bench.runs > 0);
}

/* The null backend computes nothing: it has no values to compare. */
static void run_backends(void **state) {
  (void)state;
  for (size_t i = 0; scull_backend_at(i) != NULL; i++) {
    if (strcmp(scull_backend_at(i)->name, "null") != 0)
      run_backend(scull_backend_at(i));
  }
}

/* Every operator's cases with constants, prepared in the child. */
static int run_child(const scull_backend_t *backend) {
  begin(backend);
  for (size_t i = 0; i < scull_ops_count(); i++) {
    const scull_opcases_t *cases = conformance_cases(i);
    for (size_t k = 0; k < cases->count; k++) {
      case_site_t s;
      if (make_site(&s, scull_ops_at(i), &cases->cases[k], CONSTANT_REST))
        run_all(&s, cases->cases[k].name, "in a forked child", 2);
      case_site_deinit(&s);
    }
  }
  return bench.failures > 0 || bench.runs == 0 ? 1 : 0;
}

/* A child of a process whose thread pool has run: that pool is gone, and waiting for it would hang.
 */
static void run_forked(void **state) {
  enum { SECONDS = 300 };
  const scull_backend_t *cpu = scull_backend_find("cpu");
  int status = 0;
  (void)state;
  if (cpu == NULL)
    return;
  fflush(stdout);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(SECONDS);
    _exit(run_child(cpu));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_among(const char *name, char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(name, names[i]) == 0)
      return true;
  }
  return count == 0;
}

int conformance_part(const char *name, size_t step, char *const *names, size_t count) {
  const scull_backend_t *backend = scull_backend_find(name);
  if (backend == NULL || backend->absent() != NULL) {
    fprintf(stderr, "%s: %s\n", name, backend == NULL ? "no such backend" : backend->absent());
    return 1;
  }
  begin(backend);
  bench.step = step == 0 ? 1 : step;
  bench.tactic = getenv("SCULL_TEST_TACTIC");
  for (size_t i = 0; i < scull_ops_count(); i++) {
    if (is_among(scull_ops_at(i)->name, names, count))
      run_operator(i);
  }
  print_tallies();
  backend->stream_destroy(bench.stream);
  scull_backend_close(bench.device);
  return bench.failures > 0 || bench.runs == 0 ? 1 : 0;
}

int conformance_tactics(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(run_backends), cmocka_unit_test(run_forked)};
  return cmocka_run_group_tests_name("tactics", tests, NULL, NULL);
}
