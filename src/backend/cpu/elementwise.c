/* cpu.elementwise: a chain of element-wise operators in one pass: runs of 512 numbers go through
 * all steps while they are in L1, so that memory sees each outside operand once. Operands are of
 * the result's shape, one number, or a number a channel (the same for all images or each its own).
 * Works in any layout that all full operands share, because order does not matter to it.
 * Floor: the bytes of the outside operands and of the result at memory speed. */
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/thread.h"

enum { MAX_STEPS = 16, RUN = 512, MAX_OPERANDS = 16 };

typedef enum { WHOLE, NUMBER, CHANNEL, INNER } kind_t;

/* Where an operand comes from. */
typedef struct {
  kind_t kind;
  int slot;          /* INNER: the step that makes it; else the position in the site's inputs, */
  const float *data; /* or -1 for a constant that stands here: the state's own copy */
  bool per_image;    /* CHANNEL: each image has its own numbers */
} operand_t;

typedef struct {
  bool is_binary;
  scull_cpu_binary_t binary;
  scull_cpu_post_t unary;
  operand_t a, b;
} step_t;

typedef struct {
  const scull_cpu_kernels_t *kernels;
  step_t steps[MAX_STEPS];
  int step_count;
  bool by_channel; /* rows are cut where the channel changes */
  scull_layout_t layout;
  int64_t images, channels, pixels; /* of the result; flat: 1, 1, all elements */
  int threads;
} state_t;

/* --- reading the site ------------------------------------------------------------------------- */

static bool binary_of(const scull_site_op_t *op, scull_cpu_binary_t *out) {
  static const char *const names[] = {"add", "sub", "mul", "div", "max", "min"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(op->def->name, names[i]) == 0) {
      *out = (scull_cpu_binary_t)i;
      return true;
    }
  }
  return false;
}

static int step_of_value(const scull_site_t *site, size_t before, uint16_t value) {
  for (size_t i = 0; i < before; i++) {
    if (site->ops[i].outputs[0] == value)
      return (int)i;
  }
  return -1;
}

/* [C,1,1], [1,C,1,1] or [N,C,1,1] beside a result [N,C,...]. */
static bool is_channel(const scull_shape_t *shape, const scull_shape_t *result, bool *per_image) {
  const int32_t skip = result->rank - shape->rank;
  if (result->rank < 3 || skip < 0 || skip > 1)
    return false;
  for (int32_t i = 2; i < result->rank; i++) {
    if (shape->dim[i - skip] != 1)
      return false;
  }
  const int64_t images = skip == 1 ? 1 : shape->dim[0];
  *per_image = images != 1;
  return shape->dim[1 - skip] == result->dim[1] && (images == 1 || images == result->dim[0]);
}

static const char *read_operand(const scull_site_t *site, size_t op, size_t index,
                                const scull_shape_t *result, operand_t *out) {
  const uint16_t value = site->ops[op].inputs[index];
  if (value == SCULL_SITE_ABSENT)
    return "has an absent operand";
  const scull_site_value_t *v = &site->values[value];
  *out = (operand_t){.slot = step_of_value(site, op, value), .data = v->data};
  if (v->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (out->slot >= 0) {
    out->kind = INNER;
    return NULL;
  }
  out->slot = v->is_constant ? -1 : scull_cpu_input_position(site, value);
  if (v->channel_total > 0)
    return "knows no slices";
  if (scull_tensor_shape_equal(&v->opt, result))
    out->kind = WHOLE;
  else if (scull_tensor_count(&v->opt) == 1)
    out->kind = NUMBER;
  else if (is_channel(&v->opt, result, &out->per_image) &&
           (v->is_constant || v->opt.rank == result->rank)) /* else its layout has other channels */
    out->kind = CHANNEL;
  else
    return "knows operands of one shape, numbers, and a number a channel";
  if (v->is_constant && out->kind == WHOLE && result->rank >= 3)
    return "takes no constant of the whole shape"; /* its layout would not fit */
  return NULL;
}

static const char *read_steps(const scull_site_t *site, state_t *s) {
  const scull_shape_t *result = &site->values[site->outputs[0]].opt;
  if (site->op_count > MAX_STEPS || site->output_count != 1 || site->input_count > MAX_OPERANDS)
    return "takes 16 operators and one result";
  for (size_t i = 0; i < site->op_count; i++) {
    const scull_site_op_t *op = &site->ops[i];
    const scull_site_value_t *y = &site->values[op->outputs[0]];
    step_t *step = &s->steps[i];
    const char *reason = read_operand(site, i, 0, result, &step->a);
    step->is_binary = (op->def->traits & SCULL_OP_BINARY) != 0;
    if (reason == NULL && step->is_binary)
      reason = read_operand(site, i, 1, result, &step->b);
    if (reason != NULL)
      return reason;
    if (y->dtype != SCULL_DTYPE_F32 || !scull_tensor_shape_equal(&y->opt, result))
      return "needs results of one shape in f32";
    if (step->is_binary ? !binary_of(op, &step->binary) : !scull_cpu_post_act(op, &step->unary))
      return "has no kernel for this operator";
    s->by_channel =
        s->by_channel || step->a.kind == CHANNEL || (step->is_binary && step->b.kind == CHANNEL);
  }
  s->step_count = (int)site->op_count;
  return NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  state_t s = {0};
  const char *reason = read_steps(site, &s);
  if (reason != NULL)
    return reason;
  if (site->values[site->outputs[0]].channel_total > 0)
    return "knows no slices";
  return scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  const scull_shape_t *result = &site->values[site->outputs[0]].opt;
  size_t count = 0;
  (void)device;
  for (size_t i = 0; i < 3 && count < room; i++) {
    const bool whole = layouts[i] != SCULL_LAYOUT_C16 || result->dim[1] % 16 == 0;
    if (scull_backend_layout_fits(result, layouts[i]) && whole)
      out[count++] = (scull_config_t){.src = layouts[i], .dst = layouts[i]};
  }
  return count;
}

/* --- shapes ----------------------------------------------------------------------------------- */

/* Constants must outlive the site: small ones are copied behind the state. */
static size_t constant_bytes(const scull_site_t *site) {
  size_t bytes = 0;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->is_constant && v->data != NULL)
      bytes += ((size_t)scull_tensor_count(&v->opt) * sizeof(float) + 63) / 64 * 64;
  }
  return bytes;
}

static void keep_constant(const scull_site_t *site, size_t op, size_t index, operand_t *operand,
                          float **room) {
  if (operand->kind == INNER || operand->slot >= 0)
    return;
  const scull_shape_t *shape = &scull_backend_site_input(site, op, index)->opt;
  const size_t bytes = (size_t)scull_tensor_count(shape) * sizeof(float);
  memcpy(*room, operand->data, bytes);
  operand->data = *room;
  *room += (bytes + 63) / 64 * 16;
}

/* True when all operands of the result's shape lie as it does, without padded channels. */
static bool same_layouts(const scull_site_t *site, const scull_site_value_t *y) {
  if (y->layout == SCULL_LAYOUT_C8 || (y->layout == SCULL_LAYOUT_C16 && y->opt.dim[1] % 16 != 0))
    return false;
  for (size_t i = 0; i < site->input_count; i++) {
    const scull_site_value_t *x = &site->values[site->inputs[i]];
    if (scull_tensor_shape_equal(&x->opt, &y->opt) && x->layout != y->layout)
      return false;
  }
  return true;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  enum { HEAD = (sizeof(state_t) + 63) / 64 * 64 };
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  state_t *s = scull_base_alloc(HEAD + 2 * constant_bytes(site));
  (void)config;
  if (s == NULL)
    return scull_base_fail_memory(diag, "an element-wise chain");
  if (read_steps(site, s) != NULL || !same_layouts(site, y)) {
    scull_base_free(s);
    return SCULL_UNSUPPORTED;
  }
  float *room = (float *)(void *)((char *)s + HEAD);
  for (size_t i = 0; i < site->op_count; i++) {
    keep_constant(site, i, 0, &s->steps[i].a, &room);
    if (s->steps[i].is_binary)
      keep_constant(site, i, 1, &s->steps[i].b, &room);
  }
  s->kernels = scull_cpu_kernels_of(device);
  s->layout = y->layout;
  s->threads = site->threads;
  s->images = s->channels = 1;
  s->pixels = scull_tensor_count(&y->opt);
  if (s->by_channel && s->pixels > 0) {
    s->images = y->opt.dim[0];
    s->channels = y->opt.dim[1];
    s->pixels /= s->images * s->channels;
  }
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

/* --- work ------------------------------------------------------------------------------------- */

typedef struct {
  const state_t *state;
  const float *const *inputs;
  float *dst;
} job_t;

/* A run of the result: `count` floats from `at` on, of one image, with channel numbers from
 * `channel` on: one for all (period 1), 16 that repeat, or one each (0). */
typedef struct {
  int64_t at, count, image, channel;
  int period;
} run_t;

static const float *address(const job_t *job, const operand_t *o, const run_t *run,
                            float (*inner)[RUN], int *period) {
  const float *base = o->slot < 0 ? o->data : o->kind == INNER ? NULL : job->inputs[o->slot];
  *period = 0;
  if (o->kind == INNER)
    return inner[o->slot];
  if (o->kind == WHOLE)
    return base + run->at;
  if (o->kind == NUMBER) {
    *period = 1;
    return base;
  }
  *period = run->period;
  return base + (o->per_image ? run->image * job->state->channels : 0) + run->channel;
}

static void do_run(const job_t *job, const run_t *run) {
  const state_t *s = job->state;
  _Alignas(64) float inner[MAX_STEPS][RUN];
  for (int i = 0; i < s->step_count; i++) {
    const step_t *step = &s->steps[i];
    int pa = 0, pb = 0;
    float *to = i == s->step_count - 1 ? job->dst + run->at : inner[i];
    const float *a = address(job, &step->a, run, inner, &pa);
    const float *b = step->is_binary ? address(job, &step->b, run, inner, &pb) : NULL;
    if (step->is_binary)
      s->kernels->binary(step->binary, a, pa, b, pb, to, run->count);
    else
      s->kernels->unary(&step->unary, a, to, run->count);
  }
}

/* One row: contiguous floats that share an image and, by layout, a channel, 16, or all. */
static void do_row(const job_t *job, run_t run, int64_t length) {
  for (int64_t i = 0; i < length; i += RUN) {
    run_t part = run;
    part.at += i;
    part.count = length - i < RUN ? length - i : RUN;
    if (run.period == 0)
      part.channel += i;
    do_run(job, &part);
  }
}

static void run_rows(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  (void)thread;
  for (int64_t r = begin; r < end; r++) {
    run_t run = {.period = 1};
    int64_t length = s->pixels, rows = s->channels;
    if (s->layout == SCULL_LAYOUT_NHWC) {
      length = s->channels;
      rows = s->pixels;
      run.period = 0;
    } else if (s->layout == SCULL_LAYOUT_C16) {
      length = 16 * s->pixels;
      rows = s->channels / 16;
      run.period = 16;
    }
    run.at = r * length;
    run.image = r / rows;
    run.channel = run.period == 0 ? 0 : r % rows * run.period;
    do_row(job, run, length);
  }
}

static void run_flat(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const int64_t first = begin * RUN, last = end * RUN, all = job->state->pixels;
  (void)thread;
  do_row(job, (run_t){.at = first, .period = 1}, (last < all ? last : all) - first);
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  enum { SMALL = 8192 }; /* elements below which a fork costs more than it brings */
  job_t job = {.state = s, .inputs = (const float *const *)args->inputs, .dst = args->outputs[0]};
  const int64_t all = s->images * s->channels * s->pixels;
  const int threads = all * s->step_count < SMALL ? 1 : s->threads;
  if (all == 0)
    return SCULL_OK;
  if (!s->by_channel) {
    scull_base_parallel_for(threads, (all + RUN - 1) / RUN, run_flat, &job);
    return SCULL_OK;
  }
  const int64_t rows = s->layout == SCULL_LAYOUT_NHWC  ? s->images * s->pixels
                       : s->layout == SCULL_LAYOUT_C16 ? s->images * s->channels / 16
                                                       : s->images * s->channels;
  scull_base_parallel_for(threads, rows, run_rows, &job);
  return SCULL_OK;
}

const scull_tactic_t scull_tactic_cpu_elementwise = {.name = "cpu.elementwise",
                                                     .version = 1,
                                                     .traits = SCULL_OP_UNARY | SCULL_OP_BINARY,
                                                     .growth = SCULL_GROW_ELEMENTWISE,
                                                     .refuse = refuse,
                                                     .configs = configs,
                                                     .prepare = prepare,
                                                     .enqueue = enqueue,
                                                     .release = scull_base_free};
