/* cpu.pool and cpu.pool.int8: max and average pooling over two axes, into slices as well: of f32 in
 * NHWC and C16, of bf16 and of bytes in NHWC. An average of bytes may have another scale than its
 * source. A unit of work is one result row, or a part of its channels where rows are few (global
 * pooling). Floor: the source read and the destination written once, at the speed of L2 or L3. */
#include "ops/pool.h"

#include <string.h>

#include "backend/cpu/int8.h"
#include "base/thread.h"

typedef struct {
  const scull_cpu_kernels_t *kernels;   /* NULL: of bytes */
  const scull_cpu_kernels8_t *kernels8; /* NULL: of floats */
  scull_cpu_view_t src, dst;
  scull_window_t y, x;
  scull_cpu_number_t from, to;
  bool is_max, include_pad;
  float factor; /* of an average of bytes: from scale to scale */
  int64_t images, channels;
  int64_t size;          /* bytes of a number */
  int64_t group, groups; /* channels a unit, in whole vectors; units of channels */
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

static const char *refuse_shape(const scull_site_t *site, scull_pool_geometry_t *g) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  if (site->op_count != 1)
    return "pools and does nothing behind it";
  if (x->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (x->opt.rank != 4)
    return "needs two spatial axes";
  if (x->is_constant || !geometry_of(site, g))
    return "is no valid pooling";
  return g->window[0].dilation != 1 || g->window[1].dilation != 1 ? "knows no dilation" : NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_pool_geometry_t g;
  const char *reason = refuse_shape(site, &g);
  return reason == NULL && scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : reason;
}

static const char *refuse_int8(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  scull_pool_geometry_t g;
  const char *reason = scull_cpu_permits8(site) ? refuse_shape(site, &g) : "int8 is not permitted";
  if (reason != NULL)
    return reason;
  if (x->quant == NULL || y->quant == NULL || x->quant->count != 1 || y->quant->count != 1)
    return "has no scales for 8 bits";
  if (scull_cpu_kernels8_of(device) == NULL)
    return "needs AVX2";
  if (scull_backend_site_is(site, 0, "max_pool"))
    return scull_tensor_quant_equal(x->quant, y->quant) ? NULL : "needs one scale for a maximum";
  return sums_fit(&g) ? NULL : "adds up at most 256 numbers";
}

static scull_config_t nhwc_as(scull_precision_t as) {
  return (scull_config_t){
      .src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_NHWC, .src_as = as, .dst_as = as};
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
    out[count++] = nhwc_as(SCULL_AS_BF16);
  return count;
}

static size_t configs_int8(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)site;
  (void)device;
  if (room > 0)
    out[0] = nhwc_as(SCULL_AS_INT8);
  return room > 0 ? 1 : 0;
}

/* `vector`: channels of one; `few`: channels a unit where rows are few. */
static scull_status_t make_state(const scull_site_t *site, int64_t vector, int64_t few,
                                 state_t **out, scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  const scull_pool_attrs_t *attrs = site->ops[0].attrs;
  scull_pool_geometry_t g;
  if (!scull_cpu_view_fits(x, x->layout) || !scull_cpu_view_fits(y, y->layout) || x->as != y->as ||
      !geometry_of(site, &g) || g.window[0].dilation != 1 || g.window[1].dilation != 1)
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  *out = s;
  if (s == NULL)
    return scull_base_fail_memory(diag, "a pooling");
  *s = (state_t){.src = scull_cpu_view_of(x),
                 .dst = scull_cpu_view_of(y),
                 .y = g.window[0],
                 .x = g.window[1],
                 .is_max = scull_backend_site_is(site, 0, "max_pool"),
                 .include_pad = attrs->include_pad && !attrs->global,
                 .images = x->opt.dim[0],
                 .channels = x->opt.dim[1],
                 .threads = site->threads};
  scull_cpu_number_of(x, &s->from);
  scull_cpu_number_of(y, &s->to);
  s->size = s->from == SCULL_CPU_F32 ? 4 : s->from == SCULL_CPU_BF16 ? 2 : 1;
  s->group =
      s->images * s->y.out >= 4 * s->threads ? (s->channels + vector - 1) / vector * vector : few;
  s->groups = s->group > 0 ? (s->channels + s->group - 1) / s->group : 0;
  return SCULL_OK;
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  state_t *s = NULL;
  (void)config;
  SCULL_TRY(make_state(site, 16, 64, &s, diag));
  s->kernels = scull_cpu_kernels_of(device);
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

static scull_status_t prepare_int8(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_output(site, 0, 0);
  scull_pool_geometry_t g;
  state_t *s = NULL;
  if (x->layout != config->src || y->layout != config->dst || x->as != SCULL_AS_INT8 ||
      !geometry_of(site, &g) || (scull_backend_site_is(site, 0, "avg_pool") && !sums_fit(&g)))
    return SCULL_UNSUPPORTED;
  SCULL_TRY(make_state(site, 64, 128, &s, diag));
  s->kernels8 = scull_cpu_kernels8_of(device);
  s->factor = x->quant->scales[0] / y->quant->scales[0];
  *out = (scull_prepared_t){.state = s};
  return SCULL_OK;
}

typedef struct {
  const state_t *state;
  const char *src;
  char *dst;
} job_t;

/* Where a unit reads and writes. */
typedef struct {
  const char *src; /* the first row of the window that lies in the picture */
  char *dst;
  int64_t rows;       /* of the window that lie in the picture */
  float rows_counted; /* that an average divides by */
  int64_t channels;
} unit_t;

static void pool_floats(const state_t *s, const unit_t *u) {
  const scull_cpu_pool_t p = {.src = u->src,
                              .dst = u->dst,
                              .as = s->from,
                              .src_step = s->src,
                              .dst_step = s->dst,
                              .rows = u->rows,
                              .blocks = (u->channels + 15) / 16,
                              .tail = u->channels % 16 != 0 ? u->channels % 16 : 16,
                              .width = s->x.in,
                              .columns = s->x.out,
                              .kernel = s->x.kernel,
                              .stride = s->x.stride,
                              .pad_begin = s->x.pad_begin,
                              .pad_end = s->x.pad_end,
                              .rows_counted = u->rows_counted,
                              .is_max = s->is_max,
                              .include_pad = s->include_pad};
  s->kernels->pool(&p);
}

static void pool_bytes(const state_t *s, const unit_t *u) {
  const scull_cpu_pool8_t p = {.src = (const uint8_t *)u->src,
                               .dst = (uint8_t *)u->dst,
                               .src_row = s->src.row,
                               .src_pixel = s->src.pixel,
                               .dst_pixel = s->dst.pixel,
                               .rows = u->rows > 0 ? u->rows : 0,
                               .channels = u->channels,
                               .width = s->x.in,
                               .columns = s->x.out,
                               .kernel = s->x.kernel,
                               .stride = s->x.stride,
                               .pad_begin = s->x.pad_begin,
                               .pad_end = s->x.pad_end,
                               .rows_counted = u->rows_counted,
                               .factor = s->factor,
                               .is_max = s->is_max,
                               .include_pad = s->include_pad,
                               .is_signed = s->from == SCULL_CPU_I8,
                               .to_signed = s->to == SCULL_CPU_I8};
  s->kernels8->pool(&p);
}

/* Elements from the first of an image to channel `from` of row y. */
static int64_t offset(const scull_cpu_view_t *view, int64_t image, int64_t y, int64_t from) {
  return image * view->image + y * view->row + from / 16 * view->block + from % 16;
}

static void run_units(void *user, int64_t begin, int64_t end, int thread) {
  const job_t *job = user;
  const state_t *s = job->state;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    const int64_t image = i / (s->y.out * s->groups), from = i % s->groups * s->group;
    const int64_t y = i / s->groups % s->y.out, top = y * s->y.stride - s->y.pad_begin;
    const int64_t bottom = top + s->y.kernel, padded = s->y.in + s->y.pad_end;
    const int64_t y0 = top < 0 ? 0 : top, y1 = bottom < s->y.in ? bottom : s->y.in;
    const int64_t counted = s->include_pad ? (bottom < padded ? bottom : padded) - top : y1 - y0;
    const unit_t u = {.src = job->src + s->size * offset(&s->src, image, y0, from),
                      .dst = job->dst + s->size * offset(&s->dst, image, y, from),
                      .rows = y1 - y0,
                      .rows_counted = (float)counted,
                      .channels = s->channels - from < s->group ? s->channels - from : s->group};
    if (s->kernels != NULL)
      pool_floats(s, &u);
    else
      pool_bytes(s, &u);
  }
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  job_t job = {.state = s, .src = args->inputs[0], .dst = args->outputs[0]};
  enum { SMALL = 64 * 1024 }; /* bytes of taps below which a fork costs more than it brings */
  const int64_t rows = s->images * s->y.out * s->groups;
  const int64_t taps = s->images * s->channels * s->y.out * s->x.out * s->y.kernel * s->x.kernel;
  scull_base_parallel_for(taps * s->size < SMALL ? 1 : s->threads, rows, run_units, &job);
  return SCULL_OK;
}

static const char *const anchors[] = {"max_pool", "avg_pool", NULL};

const scull_tactic_t scull_tactic_cpu_pool = {.name = "cpu.pool",
                                              .version = 2,
                                              .anchors = anchors,
                                              .precisions = 1u << SCULL_AS_BF16,
                                              .refuse = refuse,
                                              .configs = configs,
                                              .prepare = prepare,
                                              .enqueue = enqueue,
                                              .release = scull_base_free};

const scull_tactic_t scull_tactic_cpu_pool_int8 = {.name = "cpu.pool.int8",
                                                   .version = 2,
                                                   .anchors = anchors,
                                                   .precisions = 1u << SCULL_AS_INT8,
                                                   .computes = SCULL_AS_INT8,
                                                   .refuse = refuse_int8,
                                                   .configs = configs_int8,
                                                   .prepare = prepare_int8,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free};
