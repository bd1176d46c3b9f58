/* cpu.pool.int8: max and average pooling of bytes over two axes in NHWC, into slices as well. An
 * average may have another scale than its source. A unit of work is one result row, or a part of
 * its channels where rows are few (global pooling). Floor: the bytes read and written once. */
#include <string.h>

#include "backend/cpu/int8.h"
#include "base/thread.h"
#include "ops/pool.h"

typedef struct {
  const scull_cpu_kernels8_t *kernels;
  scull_cpu_view_t src, dst;
  scull_window_t y, x;
  bool is_max, include_pad, is_signed, to_signed;
  float factor;
  int64_t images, channels, group, groups; /* channels a unit; units of channels */
  int threads;
} state_t;

static bool geometry_of(const scull_site_t *site, scull_pool_geometry_t *g) {
  scull_tensor_t inputs[1], outputs[1];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, 1, outputs, 1, &call) &&
         scull_ops_pool_geometry(&call, g) == SCULL_OK;
}

static bool sums_fit(const scull_pool_geometry_t *g) {
  return g->window[0].kernel <= SCULL_CPU_POOL8_TAPS &&
         g->window[1].kernel <= SCULL_CPU_POOL8_TAPS / g->window[0].kernel;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  scull_pool_geometry_t g;
  if (!scull_cpu_permits8(site))
    return "int8 is not permitted";
  if (site->op_count != 1)
    return "pools and does nothing behind it";
  if (x->dtype != SCULL_DTYPE_F32 || x->quant == NULL || y->quant == NULL || x->quant->count != 1 ||
      y->quant->count != 1)
    return "has no scales for 8 bits";
  if (x->opt.rank != 4)
    return "needs two spatial axes";
  if (x->is_constant || !geometry_of(site, &g))
    return "is no valid pooling";
  if (scull_cpu_kernels8_of(device) == NULL)
    return "needs AVX2";
  if (scull_backend_site_is(site, 0, "max_pool"))
    return scull_tensor_quant_equal(x->quant, y->quant) ? NULL : "needs one scale for a maximum";
  return sums_fit(&g) ? NULL : "adds up at most 256 numbers";
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)site;
  (void)device;
  if (room == 0)
    return 0;
  out[0] = (scull_config_t){.src = SCULL_LAYOUT_NHWC,
                            .dst = SCULL_LAYOUT_NHWC,
                            .src_as = SCULL_AS_INT8,
                            .dst_as = SCULL_AS_INT8};
  return 1;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  const scull_pool_attrs_t *attrs = site->ops[0].attrs;
  scull_pool_geometry_t g;
  const bool is_max = scull_backend_site_is(site, 0, "max_pool");
  if (x->layout != config->src || y->layout != config->dst || x->as != SCULL_AS_INT8 ||
      y->as != SCULL_AS_INT8 || !geometry_of(site, &g) || (!is_max && !sums_fit(&g)) ||
      g.window[0].dilation != 1 || g.window[1].dilation != 1)
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a pooling");
  *s = (state_t){.kernels = scull_cpu_kernels8_of(device),
                 .src = scull_cpu_view_of(x),
                 .dst = scull_cpu_view_of(y),
                 .y = g.window[0],
                 .x = g.window[1],
                 .is_max = is_max,
                 .include_pad = attrs->include_pad && !attrs->global,
                 .is_signed = x->quant->dtype == SCULL_DTYPE_I8,
                 .to_signed = y->quant->dtype == SCULL_DTYPE_I8,
                 .factor = x->quant->scales[0] / y->quant->scales[0],
                 .images = x->opt.dim[0],
                 .channels = x->opt.dim[1],
                 .threads = site->threads};
  s->group = s->images * s->y.out >= 4 * s->threads ? (s->channels + 63) / 64 * 64 : 128;
  s->groups = s->group > 0 ? (s->channels + s->group - 1) / s->group : 0;
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

typedef struct {
  const state_t *state;
  const uint8_t *src;
  uint8_t *dst;
} job_t;

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  scull_cpu_pool8_t p = {.src_row = s->src.row,
                         .src_pixel = s->src.pixel,
                         .dst_pixel = s->dst.pixel,
                         .width = s->x.in,
                         .columns = s->x.out,
                         .kernel = s->x.kernel,
                         .stride = s->x.stride,
                         .pad_begin = s->x.pad_begin,
                         .pad_end = s->x.pad_end,
                         .factor = s->factor,
                         .is_max = s->is_max,
                         .include_pad = s->include_pad,
                         .is_signed = s->is_signed,
                         .to_signed = s->to_signed};
  (void)thread;
  for (int64_t u = begin; u < end; u++) {
    const int64_t image = u / (s->y.out * s->groups), from = u % s->groups * s->group;
    const int64_t y = u / s->groups % s->y.out, top = y * s->y.stride - s->y.pad_begin;
    const int64_t bottom = top + s->y.kernel, padded = s->y.in + s->y.pad_end;
    const int64_t y0 = top < 0 ? 0 : top, y1 = bottom < s->y.in ? bottom : s->y.in;
    p.src = job->src + image * s->src.image + y0 * s->src.row + from;
    p.dst = job->dst + image * s->dst.image + y * s->dst.row + from;
    p.rows = y1 > y0 ? y1 - y0 : 0;
    p.rows_counted = (float)(s->include_pad ? (bottom < padded ? bottom : padded) - top : y1 - y0);
    p.channels = s->channels - from < s->group ? s->channels - from : s->group;
    s->kernels->pool(&p);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s, .src = args->inputs[0], .dst = args->outputs[0]};
  enum { SMALL = 64 * 1024 }; /* taps below which a fork costs more than it brings */
  const int64_t rows = s->images * s->y.out * s->groups;
  const int64_t taps = s->images * s->channels * s->y.out * s->x.out * s->y.kernel * s->x.kernel;
  scull_base_parallel_for(taps < SMALL ? 1 : s->threads, rows, run_units, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"max_pool", "avg_pool", NULL};

const scull_tactic_t scull_tactic_cpu_pool_int8 = {.name = "cpu.pool.int8",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .precisions = 1u << SCULL_AS_INT8,
                                                   .computes = SCULL_AS_INT8,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free};
