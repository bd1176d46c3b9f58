/* cuda.pool, cuda.conv.direct, cuda.conv.product, cuda.conv_transpose, cuda.resize: pictures of any
 * type and layout by general kernels (window.cu, gemm.cu). They make every network run; the
 * kernels of conv_tensor.c are the fast ones. */
#include "backend/cuda/window.h"

#include <cuda_runtime_api.h>
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/adaptive_pool.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/pool.h"
#include "ops/resize.h"

enum { ROOM = 16 };

typedef struct {
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  scull_op_call_t call;
} call_t;

static bool call_of(const scull_site_t *site, call_t *c) {
  return scull_backend_site_call(site, 0, c->inputs, ROOM, c->outputs, ROOM, &c->call);
}

/* One axis that is not there. */
static const scull_cuda_axis_t single = {
    .in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};

static scull_cuda_axis_t axis_of(const scull_window_t *w) {
  return (scull_cuda_axis_t){.in = (int32_t)w->in,
                             .out = (int32_t)w->out,
                             .kernel = (int32_t)w->kernel,
                             .stride = (int32_t)w->stride,
                             .dilation = (int32_t)w->dilation,
                             .pad = (int32_t)w->pad_begin,
                             .pad_end = (int32_t)w->pad_end};
}

static void axes_of(const scull_window_t *windows, int32_t spatial, scull_cuda_axis_t *y,
                    scull_cuda_axis_t *x) {
  *y = spatial == 2 ? axis_of(&windows[0]) : single;
  *x = axis_of(&windows[spatial - 1]);
}

static const char *refuse_pictures(const scull_site_t *site) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  if (site->output_count != 1)
    return "has one result";
  if (x->is_constant || !scull_cuda_is_real(x) ||
      !scull_cuda_is_real(&site->values[site->outputs[0]]))
    return "computes in floats";
  if (x->opt.rank != 3 && x->opt.rank != 4)
    return "needs one or two spatial axes";
  return scull_cuda_refuse_values(site);
}

static size_t same_layouts(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  (void)device;
  return scull_cuda_same_layouts(site, out, room);
}

/* --- pooling ---------------------------------------------------------------------------------- */

static const char *const pools[] = {"max_pool", "avg_pool", "adaptive_max_pool",
                                    "adaptive_avg_pool", NULL};

static const char *refuse_pool(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  return refuse_pictures(site);
}

static scull_status_t prepare_pool(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  const char *name = site->ops[0].def->name;
  scull_cuda_pooling_t p = {.src = scull_cuda_picture(x),
                            .dst = scull_cuda_picture(y),
                            .n = (int32_t)x->opt.dim[0],
                            .c = (int32_t)x->opt.dim[1]};
  call_t c;
  (void)config;
  (void)device;
  (void)diag;
  if (!call_of(site, &c))
    return SCULL_UNSUPPORTED;
  p.mean = strstr(name, "avg") != NULL;
  p.adaptive = strncmp(name, "adaptive", 8) == 0;
  if (p.adaptive) {
    int32_t last = x->opt.rank - 1;
    p.y = single;
    if (x->opt.rank == 4)
      p.y.in = (int32_t)x->opt.dim[2], p.y.out = (int32_t)y->opt.dim[2];
    p.x = single;
    p.x.in = (int32_t)x->opt.dim[last], p.x.out = (int32_t)y->opt.dim[last];
  } else {
    scull_pool_geometry_t g;
    if (scull_ops_pool_geometry(&c.call, &g) != SCULL_OK)
      return SCULL_UNSUPPORTED;
    axes_of(g.window, g.spatial, &p.y, &p.x);
    p.include_pad = ((const scull_pool_attrs_t *)site->ops[0].attrs)->include_pad;
  }
  return scull_cuda_keep(&p, sizeof p, out);
}

static scull_status_t enqueue_pool(void *user, const scull_args_t *args) {
  scull_cuda_pooling_t p = *(const scull_cuda_pooling_t *)user;
  p.src.data = args->inputs[0];
  p.dst.data = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_pooling_enqueue(&p, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_pool = {.name = "cuda.pool",
                                               .version = 1,
                                               .anchors = pools,
                                               .precisions = SCULL_CUDA_FLOATS,
                                               .refuse = refuse_pool,
                                               .configs = same_layouts,
                                               .prepare = prepare_pool,
                                               .enqueue = enqueue_pool,
                                               .release = scull_cuda_release};

/* --- convolutions ----------------------------------------------------------------------------- */

typedef struct {
  scull_cuda_direct_t direct;
  scull_cuda_implicit_t implicit;
  bool is_product;
  bool has_bias;
  size_t bias_at; /* bytes before the bias in the packed weights */
  int residual_at;
} conv_t;

static const char *refuse_conv(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  scull_cuda_behind_t behind;
  (void)device;
  const char *why = refuse_pictures(site);
  if (why == NULL &&
      (!w->is_constant || (b != NULL && !b->is_constant) || site->ops[0].input_count > 3))
    why = "needs a constant filter and bias";
  return why != NULL ? why : scull_cuda_behind_of(site, &behind);
}

static const char *refuse_product(const scull_site_t *site, const scull_device_t *device) {
  const char *why = refuse_conv(site, device);
  if (why == NULL && scull_cuda_attr(&site->ops[0], "groups", 1) != 1)
    why = "needs one group";
  return why;
}

/* Both layouts on either side. */
static size_t configs_conv(const scull_site_t *site, const scull_device_t *device,
                           scull_config_t *out, size_t room) {
  static const scull_layout_t pairs[4][2] = {{SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_PLAIN},
                                             {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC},
                                             {SCULL_LAYOUT_PLAIN, SCULL_LAYOUT_NHWC},
                                             {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_PLAIN}};
  size_t count = 0;
  (void)device;
  for (; count < 4 && count < room; count++)
    out[count] = (scull_config_t){.src = pairs[count][0], .dst = pairs[count][1]};
  return scull_cuda_add_floats(site, out, count, room, false);
}

static size_t weights_bytes(const scull_site_t *site, bool product) {
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  size_t count = (size_t)scull_tensor_count(w);
  if (product)
    count = count / (size_t)(w->dim[0] == 0 ? 1 : w->dim[0]) * (((size_t)w->dim[0] + 3) / 4 * 4);
  return (count * sizeof(float) + 255) / 256 * 256;
}

static size_t bias_bytes(const scull_site_t *site) {
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  return b == NULL ? 0 : (size_t)scull_tensor_count(&b->opt) * sizeof(float);
}

static scull_status_t pack_size_direct(const scull_site_t *site, const scull_config_t *config,
                                       const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  *bytes = weights_bytes(site, false) + bias_bytes(site);
  return SCULL_OK;
}

static scull_status_t pack_size_product(const scull_site_t *site, const scull_config_t *config,
                                        const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  *bytes = weights_bytes(site, true) + bias_bytes(site);
  return SCULL_OK;
}

static void pack_floats(const scull_site_value_t *v, float *to) {
  for (int64_t i = 0, n = v == NULL ? 0 : scull_tensor_count(&v->opt); i < n; i++)
    to[i] = (float)scull_tensor_load(v->data, v->dtype, i);
}

static scull_status_t pack_direct(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, void *dst) {
  (void)config;
  (void)device;
  pack_floats(scull_backend_site_input(site, 0, 1), dst);
  pack_floats(scull_backend_site_input(site, 0, 2),
              (float *)((char *)dst + weights_bytes(site, false)));
  return SCULL_OK;
}

/* [c][r][s][k] or, channels last, [r][s][c][k]. */
static scull_status_t pack_product(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, void *dst) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  int64_t k = w->opt.dim[0], c = w->opt.dim[1], taps = 1, pitch = (k + 3) / 4 * 4;
  float *to = dst;
  (void)device;
  for (int32_t i = 2; i < w->opt.rank; i++)
    taps *= w->opt.dim[i];
  memset(dst, 0, weights_bytes(site, true));
  for (int64_t i = 0, n = k * c * taps; i < n; i++) {
    int64_t tap = i % taps, channel = i / taps % c, row = i / taps / c;
    int64_t at = config->src == SCULL_LAYOUT_NHWC ? tap * c + channel : channel * taps + tap;
    to[at * pitch + row] = (float)scull_tensor_load(w->data, w->dtype, i);
  }
  pack_floats(scull_backend_site_input(site, 0, 2),
              (float *)((char *)dst + weights_bytes(site, true)));
  return SCULL_OK;
}

static scull_status_t prepare_conv(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, bool product,
                                   scull_prepared_t *out) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_behind_t behind;
  scull_conv_geometry_t g;
  call_t c;
  if (!call_of(site, &c) || scull_ops_conv_geometry(&c.call, &g) != SCULL_OK || g.spatial > 2 ||
      scull_cuda_behind_of(site, &behind) != NULL)
    return SCULL_UNSUPPORTED;
  conv_t s = {.is_product = product,
              .has_bias = bias_bytes(site) > 0,
              .bias_at = weights_bytes(site, product),
              .residual_at = behind.residual_at};
  scull_cuda_end_t end = {.act = behind.act, .add_first = behind.add_first};
  s.direct = (scull_cuda_direct_t){.src = scull_cuda_picture(x),
                                   .dst = scull_cuda_picture(y),
                                   .end = end,
                                   .n = (int32_t)g.batch,
                                   .c = (int32_t)g.in_channels,
                                   .k = (int32_t)g.out_channels,
                                   .groups = (int32_t)g.groups};
  axes_of(g.window, g.spatial, &s.direct.y, &s.direct.x);
  if (behind.residual != NULL)
    s.direct.residual = scull_cuda_picture(behind.residual);
  s.implicit = (scull_cuda_implicit_t){.src = s.direct.src,
                                       .dst = s.direct.dst,
                                       .residual = s.direct.residual,
                                       .end = end,
                                       .y = s.direct.y,
                                       .x = s.direct.x,
                                       .n = s.direct.n,
                                       .c = s.direct.c,
                                       .k = s.direct.k,
                                       .channels_last = config->src == SCULL_LAYOUT_NHWC};
  if (device->features >= 90)
    s.implicit.split =
        scull_cuda_product_split((int64_t)s.direct.n * s.direct.y.out * s.direct.x.out, s.direct.k,
                                 (int64_t)s.direct.c * s.direct.y.kernel * s.direct.x.kernel, 1);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t prepare_direct(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  (void)diag;
  return prepare_conv(site, config, device, false, out);
}

static scull_status_t prepare_product(const scull_site_t *site, const scull_config_t *config,
                                      const scull_device_t *device, scull_prepared_t *out,
                                      scull_diag_t *diag) {
  (void)diag;
  return prepare_conv(site, config, device, true, out);
}

static scull_status_t enqueue_conv(void *user, const scull_args_t *args) {
  const conv_t *s = user;
  const float *bias =
      s->has_bias ? (const float *)(const void *)((const char *)args->packed + s->bias_at) : NULL;
  const void *residual = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  if (s->is_product) {
    scull_cuda_implicit_t t = s->implicit;
    t.src.data = args->inputs[0];
    t.dst.data = args->outputs[0];
    t.residual.data = residual;
    t.weights = args->packed;
    t.end.bias = bias;
    return scull_cuda_status(scull_cuda_implicit_enqueue(&t, l.chained, l.stream));
  }
  scull_cuda_direct_t t = s->direct;
  t.src.data = args->inputs[0];
  t.dst.data = args->outputs[0];
  t.residual.data = residual;
  t.weights = args->packed;
  t.end.bias = bias;
  return scull_cuda_status(scull_cuda_direct_enqueue(&t, l.chained, l.stream));
}

static const char *const convs[] = {"conv", NULL};
const scull_tactic_t scull_tactic_cuda_conv_product = {.name = "cuda.conv.product",
                                                       .version = 2,
                                                       .anchors = convs,
                                                       .growth = SCULL_GROW_EPILOGUE,
                                                       .precisions = SCULL_CUDA_FLOATS,
                                                       .refuse = refuse_product,
                                                       .configs = configs_conv,
                                                       .pack_size = pack_size_product,
                                                       .pack = pack_product,
                                                       .prepare = prepare_product,
                                                       .enqueue = enqueue_conv,
                                                       .release = scull_cuda_release};

const scull_tactic_t scull_tactic_cuda_conv_direct = {.name = "cuda.conv.direct",
                                                      .version = 1,
                                                      .anchors = convs,
                                                      .growth = SCULL_GROW_EPILOGUE,
                                                      .precisions = SCULL_CUDA_FLOATS,
                                                      .refuse = refuse_conv,
                                                      .configs = configs_conv,
                                                      .pack_size = pack_size_direct,
                                                      .pack = pack_direct,
                                                      .prepare = prepare_direct,
                                                      .enqueue = enqueue_conv,
                                                      .release = scull_cuda_release};

static scull_status_t prepare_transposed(const scull_site_t *site, const scull_config_t *config,
                                         const scull_device_t *device, scull_prepared_t *out,
                                         scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_behind_t behind;
  scull_conv_transpose_geometry_t g;
  call_t c;
  (void)config;
  (void)device;
  (void)diag;
  if (!call_of(site, &c) || scull_ops_conv_transpose_geometry(&c.call, &g) != SCULL_OK ||
      g.spatial > 2 || scull_cuda_behind_of(site, &behind) != NULL)
    return SCULL_UNSUPPORTED;
  conv_t s = {.has_bias = bias_bytes(site) > 0,
              .bias_at = weights_bytes(site, false),
              .residual_at = behind.residual_at};
  s.direct = (scull_cuda_direct_t){.src = scull_cuda_picture(x),
                                   .dst = scull_cuda_picture(y),
                                   .end = {.act = behind.act, .add_first = behind.add_first},
                                   .n = (int32_t)g.batch,
                                   .c = (int32_t)g.in_channels,
                                   .k = (int32_t)g.out_channels,
                                   .groups = (int32_t)g.groups,
                                   .transposed = 1};
  axes_of(g.window, g.spatial, &s.direct.y, &s.direct.x);
  if (behind.residual != NULL)
    s.direct.residual = scull_cuda_picture(behind.residual);
  return scull_cuda_keep(&s, sizeof s, out);
}

static const char *const conv_transposes[] = {"conv_transpose", NULL};
const scull_tactic_t scull_tactic_cuda_conv_transpose = {.name = "cuda.conv_transpose.direct",
                                                         .version = 1,
                                                         .anchors = conv_transposes,
                                                         .growth = SCULL_GROW_EPILOGUE,
                                                         .precisions = SCULL_CUDA_FLOATS,
                                                         .refuse = refuse_conv,
                                                         .configs = configs_conv,
                                                         .pack_size = pack_size_direct,
                                                         .pack = pack_direct,
                                                         .prepare = prepare_transposed,
                                                         .enqueue = enqueue_conv,
                                                         .release = scull_cuda_release};

/* --- resize ----------------------------------------------------------------------------------- */

typedef struct {
  scull_cuda_resize_t resize;
  const scull_cuda_device_t *device;
  void *tables;
} resize_t;

static void release_resize(void *user) {
  resize_t *s = user;
  if (s->tables != NULL)
    scull_cuda_pool_give(s->device->pool, s->tables);
  scull_base_free(s);
}

static const char *refuse_resize(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  for (size_t i = 1; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && site->values[op->inputs[i]].data == NULL)
      return "must know the size";
  }
  if (((const scull_resize_attrs_t *)op->attrs)->coords == SCULL_COORDS_CROP)
    return "has no value for what lies outside of a crop";
  if (scull_ops_resize_is_wide(op->attrs))
    return "has taps for no more than four elements an axis";
  return refuse_pictures(site);
}

/* Indices and weights of one axis, `taps` a result. */
static void fill_table(const scull_resize_attrs_t *attrs, const scull_resize_axis_t *axis, int taps,
                       int32_t *index, float *weight) {
  int64_t at[SCULL_RESIZE_MAX_TAPS] = {0};
  double part[SCULL_RESIZE_MAX_TAPS] = {0};
  for (int64_t d = 0; d < axis->out; d++) {
    int count = scull_ops_resize_taps(attrs, axis, d, at, part);
    for (int i = 0; i < taps; i++) {
      index[d * taps + i] = i < count ? (int32_t)at[i] : 0;
      weight[d * taps + i] = i < count ? (float)part[i] : 0;
    }
  }
}

static scull_status_t make_tables(resize_t *s, const scull_resize_attrs_t *attrs,
                                  const scull_resize_geometry_t *g) {
  const scull_resize_axis_t one = {.in = 1, .out = 1, .ratio = 1};
  const scull_resize_axis_t *y = g->spatial == 2 ? &g->axis[0] : &one,
                            *x = &g->axis[g->spatial - 1];
  int taps = attrs->mode == SCULL_RESIZE_CUBIC ? 4 : attrs->mode == SCULL_RESIZE_LINEAR ? 2 : 1;
  size_t count = (size_t)(y->out + x->out) * (size_t)taps, bytes = count * 8;
  int32_t *host = scull_base_alloc(bytes);
  if (host == NULL)
    return SCULL_OUT_OF_MEMORY;
  float *weights = (float *)(void *)(host + count);
  size_t ny = (size_t)y->out * (size_t)taps;
  fill_table(attrs, y, taps, host, weights);
  if (g->spatial == 1)
    for (int i = 0; i < taps; i++)
      host[i] = 0, weights[i] = i == 0;
  fill_table(attrs, x, taps, host + ny, weights + ny);
  scull_cuda_use(s->device);
  scull_status_t status = scull_cuda_pool_take(s->device->pool, bytes, &s->tables);
  if (status == SCULL_OK)
    status = scull_cuda_status(cudaMemcpy(s->tables, host, bytes, cudaMemcpyHostToDevice));
  scull_base_free(host);
  const int32_t *index = s->tables;
  const float *weight = (const float *)(const void *)(index + count);
  s->resize.taps = taps;
  s->resize.index_y = index;
  s->resize.index_x = index + ny;
  s->resize.weight_y = weight;
  s->resize.weight_x = weight + ny;
  s->resize.out_h = (int32_t)y->out;
  s->resize.out_w = (int32_t)x->out;
  return status;
}

static scull_status_t prepare_resize(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_resize_geometry_t g;
  call_t c;
  (void)config;
  (void)diag;
  if (!call_of(site, &c) || scull_ops_resize_geometry(&c.call, &g) != SCULL_OK || g.spatial > 2)
    return SCULL_UNSUPPORTED;
  resize_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return SCULL_OUT_OF_MEMORY;
  s->device = device->self;
  s->resize.src = scull_cuda_picture(x);
  s->resize.dst = scull_cuda_picture(y);
  s->resize.n = (int32_t)x->opt.dim[0];
  s->resize.c = (int32_t)x->opt.dim[1];
  scull_status_t status = make_tables(s, site->ops[0].attrs, &g);
  if (status != SCULL_OK) {
    release_resize(s);
    return status;
  }
  out->state = s;
  return SCULL_OK;
}

static scull_status_t enqueue_resize(void *user, const scull_args_t *args) {
  scull_cuda_resize_t t = ((const resize_t *)user)->resize;
  t.src.data = args->inputs[0];
  t.dst.data = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_resize_enqueue(&t, l.chained, l.stream));
}

static const char *const resizes[] = {"resize", NULL};
const scull_tactic_t scull_tactic_cuda_resize = {.name = "cuda.resize",
                                                 .version = 1,
                                                 .anchors = resizes,
                                                 .precisions = SCULL_CUDA_FLOATS,
                                                 .refuse = refuse_resize,
                                                 .configs = same_layouts,
                                                 .prepare = prepare_resize,
                                                 .enqueue = enqueue_resize,
                                                 .release = release_resize};
