/* cpu.norm.planes: instance and group norm on plain tensors: each plane, or group of planes, of a
 * picture is read for its mean, again for its variance and a third time to be written, while it is
 * in L2 where it fits. Sums of 2048 numbers are added up in double.
 * Floor: the source read and the result written once at memory speed. */
#include <math.h>
#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/checked.h"
#include "base/thread.h"
#include "ops/group_norm.h"
#include "ops/instance_norm.h"

enum { PART = 2048 };

typedef struct {
  const scull_cpu_kernels_t *kernels;
  int64_t lines, groups;   /* what is normalized as one: groups of each image */
  int64_t channels, plane; /* of one group; numbers of a channel */
  double epsilon;
  int threads;
  float *scale, *bias; /* of all channels */
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  for (size_t i = 0; i < site->value_count; i++) {
    if (site->values[i].dtype != SCULL_DTYPE_F32)
      return "computes in f32 only";
    if (site->values[i].channel_total > 0)
      return "knows no slices";
  }
  if (scull_backend_site_input(site, 0, 0)->is_constant)
    return "needs a source that changes";
  for (size_t i = 1; i < 3; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    if (v != NULL && !v->is_constant)
      return "needs a constant scale and bias";
  }
  return scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : NULL;
}

static void copy_list(const scull_site_t *site, size_t index, int64_t channels, float otherwise,
                      float *to) {
  const scull_site_value_t *v = scull_backend_site_input(site, 0, index);
  for (int64_t c = 0; c < channels; c++)
    to[c] = v == NULL ? otherwise : ((const float *)v->data)[c];
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_shape_t *x = &scull_backend_site_input(site, 0, 0)->opt;
  const bool grouped = scull_backend_site_is(site, 0, "group_norm");
  size_t bytes = 0;
  state_t *s = NULL;
  (void)config;
  if (scull_base_size_mul((size_t)x->dim[1], 2 * sizeof(float), &bytes) &&
      scull_base_size_add(bytes, sizeof *s, &bytes))
    s = scull_base_alloc(bytes);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a norm");
  s->kernels = scull_cpu_kernels_of(device);
  s->threads = site->threads;
  s->groups = grouped ? ((const scull_group_norm_attrs_t *)site->ops[0].attrs)->groups : x->dim[1];
  s->epsilon = grouped ? ((const scull_group_norm_attrs_t *)site->ops[0].attrs)->epsilon
                       : ((const scull_instance_norm_attrs_t *)site->ops[0].attrs)->epsilon;
  s->lines = x->dim[0] * s->groups;
  s->channels = s->groups == 0 ? 0 : x->dim[1] / s->groups;
  s->plane = 1;
  for (int32_t i = 2; i < x->rank; i++)
    s->plane *= x->dim[i];
  s->scale = (float *)(void *)(s + 1);
  s->bias = s->scale + x->dim[1];
  copy_list(site, 1, x->dim[1], 1, s->scale);
  copy_list(site, 2, x->dim[1], 0, s->bias);
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

typedef struct {
  const state_t *state;
  const float *src;
  float *dst;
} job_t;

/* The mean of the numbers, or of their squared distances from `mean`. */
static double mean_of(const state_t *s, const float *x, int64_t count, const float *mean) {
  double sum = 0;
  for (int64_t i = 0; i < count; i += PART) {
    const int64_t n = count - i < PART ? count - i : PART;
    sum += (double)(mean == NULL ? s->kernels->sum(x + i, n) : s->kernels->spread(x + i, *mean, n));
  }
  return sum / (double)count;
}

/* (x - mean) * a + b, in this order: a large mean must not cancel. */
static void write_plane(const state_t *s, const float *x, float mean, float a, float b, float *to) {
  const scull_cpu_post_t shift = {.act = SCULL_CPU_ACT_LINEAR, .param = {1, -mean}};
  const scull_cpu_post_t map = {.act = SCULL_CPU_ACT_LINEAR, .param = {a, b}};
  for (int64_t i = 0; i < s->plane; i += PART) {
    const int64_t n = s->plane - i < PART ? s->plane - i : PART;
    s->kernels->unary(&shift, x + i, to + i, n);
    s->kernels->unary(&map, to + i, to + i, n);
  }
}

static void run_lines(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const int64_t count = s->channels * s->plane;
  (void)thread;
  for (int64_t l = begin; l < end; l++) {
    const float *x = job->src + l * count;
    const float mean = (float)mean_of(s, x, count, NULL);
    const double factor = 1 / sqrt(mean_of(s, x, count, &mean) + s->epsilon);
    for (int64_t c = 0; c < s->channels; c++) {
      const int64_t channel = l % s->groups * s->channels + c;
      const int64_t at = l * count + c * s->plane;
      write_plane(s, job->src + at, mean, (float)((double)s->scale[channel] * factor),
                  s->bias[channel], job->dst + at);
    }
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  enum { SMALL = 8192 }; /* numbers below which a fork costs more than it brings */
  job_t job = {.state = s, .src = args->inputs[0], .dst = args->outputs[0]};
  if (s->plane > 0)
    scull_base_parallel_for(s->lines * s->channels * s->plane < SMALL ? 1 : s->threads, s->lines,
                            run_lines, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"instance_norm", "group_norm", NULL};

const scull_tactic_t scull_tactic_cpu_norm = {.name = "cpu.norm.planes",
                                              .version = 1,
                                              .anchors = anchors,
                                              .refuse = refuse,
                                              .prepare = prepare,
                                              .enqueue = enqueue,
                                              .release = scull_base_free};
