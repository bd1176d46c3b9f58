/* cpu.pool: max and average pooling over two axes, NHWC and C16, into slices as well, of f32 and,
 * in NHWC, bf16. A unit of work is one result row, or a part of its channels where rows are few
 * (global pooling). Floor: the source read and the destination written once, at the speed of L2 or
 * L3. */
#include "ops/pool.h"

#include <string.h>

#include "backend/cpu/kernel.h"
#include "base/thread.h"

typedef struct {
  const scull_cpu_kernels_t *kernels;
  scull_cpu_view_t src, dst;
  scull_window_t y, x;
  scull_cpu_number_t as;
  bool is_max, include_pad;
  int64_t images, channels, group, groups; /* blocks a unit; units of blocks */
  int threads;
} state_t;

static bool geometry_of(const scull_site_t *site, scull_pool_geometry_t *g) {
  scull_tensor_t inputs[1], outputs[1];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, 1, outputs, 1, &call) &&
         scull_ops_pool_geometry(&call, g) == SCULL_OK;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  scull_pool_geometry_t g;
  if (site->op_count != 1)
    return "pools and does nothing behind it";
  if (x->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (x->opt.rank != 4)
    return "needs two spatial axes";
  if (x->is_constant || !geometry_of(site, &g))
    return "is no valid pooling";
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  return g.window[0].dilation != 1 || g.window[1].dilation != 1 ? "knows no dilation" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  size_t count = 0;
  (void)device;
  for (int i = 0; i < 2; i++) {
    if (count < room && scull_cpu_view_fits(scull_backend_site_input(site, 0, 0), layouts[i]) &&
        scull_cpu_view_fits(scull_backend_site_output(site, 0, 0), layouts[i]))
      out[count++] = (scull_config_t){.src = layouts[i], .dst = layouts[i]};
  }
  if (count < room && scull_backend_site_permits(site, SCULL_AS_BF16))
    out[count++] = (scull_config_t){.src = SCULL_LAYOUT_NHWC,
                                    .src_as = SCULL_AS_BF16,
                                    .dst = SCULL_LAYOUT_NHWC,
                                    .dst_as = SCULL_AS_BF16};
  return count;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  const scull_pool_attrs_t *attrs = site->ops[0].attrs;
  scull_pool_geometry_t g;
  (void)config;
  if (!scull_cpu_view_fits(x, x->layout) || !scull_cpu_view_fits(y, y->layout) || x->as != y->as ||
      !geometry_of(site, &g))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a pooling");
  *s = (state_t){.kernels = scull_cpu_kernels_of(device),
                 .src = scull_cpu_view_of(x),
                 .dst = scull_cpu_view_of(y),
                 .y = g.window[0],
                 .x = g.window[1],
                 .is_max = scull_backend_site_is(site, 0, "max_pool"),
                 .include_pad = attrs->include_pad && !attrs->global,
                 .images = x->opt.dim[0],
                 .channels = x->opt.dim[1],
                 .threads = site->threads};
  scull_cpu_number_of(x, &s->as);
  const int64_t blocks = (s->channels + 15) / 16;
  s->group = s->images * s->y.out >= 4 * s->threads ? blocks : 4;
  s->groups = s->group > 0 ? (blocks + s->group - 1) / s->group : 0;
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

typedef struct {
  const state_t *state;
  const char *src;
  char *dst;
} job_t;

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  const int64_t size = s->as == SCULL_CPU_F32 ? 4 : 2;
  scull_cpu_pool_t p = {.as = s->as,
                        .src_step = s->src,
                        .dst_step = s->dst,
                        .width = s->x.in,
                        .columns = s->x.out,
                        .kernel = s->x.kernel,
                        .stride = s->x.stride,
                        .pad_begin = s->x.pad_begin,
                        .pad_end = s->x.pad_end,
                        .is_max = s->is_max,
                        .include_pad = s->include_pad};
  (void)thread;
  for (int64_t u = begin; u < end; u++) {
    const int64_t image = u / (s->y.out * s->groups), block = u % s->groups * s->group;
    const int64_t y = u / s->groups % s->y.out, top = y * s->y.stride - s->y.pad_begin;
    const int64_t bottom = top + s->y.kernel, rest = s->channels - 16 * block;
    const int64_t y0 = top < 0 ? 0 : top, y1 = bottom < s->y.in ? bottom : s->y.in;
    const int64_t padded = s->y.in + s->y.pad_end;
    p.src = job->src + size * (image * s->src.image + block * s->src.block + y0 * s->src.row);
    p.dst = job->dst + size * (image * s->dst.image + block * s->dst.block + y * s->dst.row);
    p.rows = y1 - y0;
    p.rows_counted = (float)(s->include_pad ? (bottom < padded ? bottom : padded) - top : y1 - y0);
    p.blocks = rest < 16 * s->group ? (rest + 15) / 16 : s->group;
    p.tail = rest < 16 * s->group && rest % 16 != 0 ? rest % 16 : 16;
    s->kernels->pool(&p);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s, .src = args->inputs[0], .dst = args->outputs[0]};
  enum { SMALL = 16 * 1024 }; /* taps below which a fork costs more than it brings */
  const int64_t rows = s->images * s->y.out * s->groups;
  const int64_t taps = s->images * s->channels * s->y.out * s->x.out * s->y.kernel * s->x.kernel;
  scull_base_parallel_for(taps < SMALL ? 1 : s->threads, rows, run_units, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"max_pool", "avg_pool", NULL};

const scull_tactic_t scull_tactic_cpu_pool = {.name = "cpu.pool",
                                              .version = 1,
                                              .anchors = anchors,
                                              .precisions = 1u << SCULL_AS_BF16,
                                              .refuse = refuse,
                                              .configs = configs,
                                              .prepare = prepare,
                                              .enqueue = enqueue,
                                              .release = scull_base_free};
