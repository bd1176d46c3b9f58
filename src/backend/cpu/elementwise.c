/* cpu.elementwise: a chain of element-wise operators in one pass: runs of 512 numbers go through
 * all steps while they are in L1, so that memory sees each outside operand once. Operands are of
 * the result's shape, one number, or a number a channel (the same for all images or each its own).
 * A batch norm with constants is two steps. Where few channels are innermost their numbers are
 * written out over a run first, so that a run is several pixels.
 * Works in any layout that all full operands share, because order does not matter to it.
 * Floor: the bytes of the outside operands and of the result at memory speed. */
#include <math.h>
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/thread.h"
#include "ops/batch_norm.h"

enum { MAX_STEPS = 16, RUN = 512, MAX_OPERANDS = 16, MAX_TILES = 8 };

typedef enum { WHOLE, NUMBER, CHANNEL, INNER } kind_t;

/* Where an operand comes from. */
typedef struct {
  kind_t kind;
  int slot;          /* INNER: the step that makes it; else the position in the site's inputs, */
  const float *data; /* or -1 for a constant that stands here: the state's own copy */
  bool per_image;    /* CHANNEL: each image has its own numbers */
  int tile;          /* CHANNEL: its number among them */
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
  int last[MAX_STEPS]; /* of the site's operators: the step that makes the result */
  int tiles;           /* operands that go by channel; none: rows need not be cut at channels */
  int64_t together;    /* NHWC: pixels of a run; 1: nothing is written out */
  scull_layout_t layout;
  int64_t images, channels, pixels; /* of the result; flat: 1, 1, all elements */
  int threads;
} state_t;

/* --- reading the site ------------------------------------------------------------------------- */

static bool binary_of(const scull_site_op_t *op, scull_cpu_binary_t *out) {
  static const char *const names[] = {"add", "sub", "mul", "div", "max", "min", "prelu"};
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

static const char *read_operand(const scull_site_t *site, size_t op, size_t index, state_t *s,
                                operand_t *out) {
  const scull_shape_t *result = &site->values[site->outputs[0]].opt;
  const uint16_t value = site->ops[op].inputs[index];
  if (value == SCULL_SITE_ABSENT)
    return "has an absent operand";
  const scull_site_value_t *v = &site->values[value];
  *out = (operand_t){.slot = step_of_value(site, op, value), .data = v->data};
  if (v->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (out->slot >= 0) {
    out->kind = INNER;
    out->slot = s->last[out->slot];
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
  if (out->kind == CHANNEL)
    out->tile = s->tiles++;
  return NULL;
}

/* Two steps whose channels' numbers prepare works out. */
static const char *read_batch_norm(const scull_site_t *site, size_t op, state_t *s) {
  if (s->step_count + 2 > MAX_STEPS)
    return "takes 16 steps";
  const char *reason = read_operand(site, op, 0, s, &s->steps[s->step_count].a);
  for (size_t i = 1; i < 5; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, op, i);
    if (!v->is_constant || v->dtype != SCULL_DTYPE_F32)
      return "needs constant numbers in f32";
  }
  if (site->values[site->outputs[0]].opt.rank < 3)
    return "needs a spatial axis behind the channels";
  for (int i = 0; i < 2; i++) {
    step_t *step = &s->steps[s->step_count];
    step->is_binary = true;
    step->binary = i == 0 ? SCULL_CPU_BINARY_MUL : SCULL_CPU_BINARY_ADD;
    step->b = (operand_t){.kind = CHANNEL, .slot = -1, .tile = s->tiles++};
    if (i == 1)
      step->a = (operand_t){.kind = INNER, .slot = s->step_count - 1};
    s->step_count++;
  }
  return reason;
}

static const char *read_step(const scull_site_t *site, size_t i, state_t *s) {
  const scull_site_op_t *op = &site->ops[i];
  step_t *step = &s->steps[s->step_count];
  if (scull_backend_site_is(site, i, "batch_norm"))
    return read_batch_norm(site, i, s);
  if (s->step_count == MAX_STEPS)
    return "takes 16 steps";
  const char *reason = read_operand(site, i, 0, s, &step->a);
  step->is_binary = (op->def->traits & (SCULL_OP_BINARY | SCULL_OP_BY_CHANNEL)) != 0;
  if (reason == NULL && step->is_binary)
    reason = read_operand(site, i, 1, s, &step->b);
  if (reason != NULL)
    return reason;
  if (step->is_binary ? !binary_of(op, &step->binary) : !scull_cpu_post_act(op, &step->unary))
    return "has no kernel for this operator";
  s->step_count++;
  return NULL;
}

static const char *read_steps(const scull_site_t *site, state_t *s) {
  const scull_shape_t *result = &site->values[site->outputs[0]].opt;
  if (site->op_count > MAX_STEPS || site->output_count != 1 || site->input_count > MAX_OPERANDS)
    return "takes 16 operators and one result";
  for (size_t i = 0; i < site->op_count; i++) {
    const scull_site_value_t *y = &site->values[site->ops[i].outputs[0]];
    const char *reason = read_step(site, i, s);
    if (reason != NULL)
      return reason;
    if (y->dtype != SCULL_DTYPE_F32 || !scull_tensor_shape_equal(&y->opt, result))
      return "needs results of one shape in f32";
    s->last[i] = s->step_count - 1;
  }
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

/* Constants must outlive the site: small ones are copied behind the state, once a use, since a
 * batch norm's become others. */
static size_t constant_bytes(const scull_site_t *site) {
  size_t bytes = 0;
  for (size_t op = 0; op < site->op_count; op++) {
    for (size_t i = 0; i < site->ops[op].input_count; i++) {
      const scull_site_value_t *v = scull_backend_site_input(site, op, i);
      if (v != NULL && v->is_constant && v->data != NULL)
        bytes += ((size_t)scull_tensor_count(&v->opt) * sizeof(float) + 63) / 64 * 64;
    }
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

/* (x - mean) / sqrt(variance + epsilon) * scale + bias as x * a + b. */
static void keep_batch_norm(const scull_site_t *site, size_t op, step_t *steps, float **room) {
  const scull_batch_norm_attrs_t *attrs = site->ops[op].attrs;
  const int64_t channels = scull_backend_site_input(site, op, 0)->opt.dim[1];
  const float *of[5] = {NULL};
  float *a = *room, *b = a + (channels + 15) / 16 * 16;
  for (size_t i = 1; i < 5; i++)
    of[i] = scull_backend_site_input(site, op, i)->data;
  for (int64_t c = 0; c < channels; c++) {
    const double factor = (double)of[1][c] / sqrt((double)of[4][c] + attrs->epsilon);
    a[c] = (float)factor;
    b[c] = (float)((double)of[2][c] - (double)of[3][c] * factor);
  }
  steps[0].b.data = a;
  steps[1].b.data = b;
  *room = b + (channels + 15) / 16 * 16;
}

static void keep_constants(const scull_site_t *site, state_t *s, float *room) {
  for (size_t i = 0; i < site->op_count; i++) {
    step_t *step = &s->steps[s->last[i]];
    if (scull_backend_site_is(site, i, "batch_norm")) {
      keep_constant(site, i, 0, &step[-1].a, &room);
      keep_batch_norm(site, i, step - 1, &room);
      continue;
    }
    keep_constant(site, i, 0, &step->a, &room);
    if (step->is_binary)
      keep_constant(site, i, 1, &step->b, &room);
  }
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
  state_t *s = scull_base_alloc(HEAD + constant_bytes(site));
  (void)config;
  if (s == NULL)
    return scull_base_fail_memory(diag, "an element-wise chain");
  if (read_steps(site, s) != NULL || !same_layouts(site, y)) {
    scull_base_free(s);
    return SCULL_UNSUPPORTED;
  }
  keep_constants(site, s, (float *)(void *)((char *)s + HEAD));
  s->kernels = scull_cpu_kernels_of(device);
  s->layout = y->layout;
  s->threads = site->threads;
  s->images = s->channels = 1;
  s->pixels = scull_tensor_count(&y->opt);
  s->together = 1;
  if (s->tiles > 0 && s->pixels > 0) {
    s->images = y->opt.dim[0];
    s->channels = y->opt.dim[1];
    s->pixels /= s->images * s->channels;
    if (s->layout == SCULL_LAYOUT_NHWC && s->tiles <= MAX_TILES && s->channels <= RUN / 2)
      s->together = RUN / s->channels;
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
  float (*tiles)[RUN]; /* the channels' numbers written out; NULL: not */
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
  if (run->tiles != NULL)
    return run->tiles[o->tile];
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

/* Writes the numbers of one operand out over a run of whole pixels. */
static void fill_tile(const job_t *job, const operand_t *o, run_t *run) {
  const state_t *s = job->state;
  if (o->kind != CHANNEL)
    return;
  const float *from = o->slot < 0 ? o->data : job->inputs[o->slot];
  float *to = run->tiles[o->tile];
  for (int64_t p = 0; p < s->together; p++)
    memcpy(to + p * s->channels, from + (o->per_image ? run->image * s->channels : 0),
           (size_t)s->channels * sizeof *to);
}

/* Pixels [begin, end) of all images, several a run. */
static void run_pixels(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  _Alignas(64) float tiles[MAX_TILES][RUN];
  run_t run = {.image = -1, .tiles = tiles};
  (void)thread;
  for (int64_t p = begin; p < end; p += run.count / s->channels) {
    const int64_t left = s->pixels - p % s->pixels, rest = left < end - p ? left : end - p;
    if (run.image != p / s->pixels) {
      run.image = p / s->pixels;
      for (int i = 0; i < s->step_count; i++) {
        fill_tile(job, &s->steps[i].a, &run);
        if (s->steps[i].is_binary)
          fill_tile(job, &s->steps[i].b, &run);
      }
    }
    run.at = p * s->channels;
    run.count = (rest < s->together ? rest : s->together) * s->channels;
    do_run(job, &run);
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
  if (s->tiles == 0) {
    scull_base_parallel_for(threads, (all + RUN - 1) / RUN, run_flat, &job);
    return SCULL_OK;
  }
  const int64_t rows = s->layout == SCULL_LAYOUT_NHWC  ? s->images * s->pixels
                       : s->layout == SCULL_LAYOUT_C16 ? s->images * s->channels / 16
                                                       : s->images * s->channels;
  scull_base_parallel_for(threads, rows, s->together > 1 ? run_pixels : run_rows, &job);
  return SCULL_OK;
}

const scull_tactic_t scull_tactic_cpu_elementwise = {.name = "cpu.elementwise",
                                                     .version = 1,
                                                     .traits = SCULL_OP_UNARY | SCULL_OP_BINARY |
                                                               SCULL_OP_BY_CHANNEL,
                                                     .growth = SCULL_GROW_ELEMENTWISE,
                                                     .refuse = refuse,
                                                     .configs = configs,
                                                     .prepare = prepare,
                                                     .enqueue = enqueue,
                                                     .release = scull_base_free};
