/* cpu.conv.gemm: 1x1 convolutions (any stride, no padding) as one product of pixels and channels
 * (product.h). Operands may be slices. Sources that are not one dense run of pixels are gathered
 * into the scratch first. */
#include "backend/cpu/product.h"

typedef struct {
  scull_cpu_product_t product;
  int src_at, residual_at; /* of the site's inputs */
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  scull_cpu_conv_t c;
  const char *reason = scull_cpu_conv_of(site, &c);
  if (reason != NULL)
    return reason;
  if (scull_cpu_kernels_of(device) == NULL)
    return "needs AVX2";
  for (int i = 0; i < 2; i++) {
    const scull_window_t *w = &c.g.window[i];
    if (w->kernel != 1 || w->pad_begin != 0 || w->pad_end > 0)
      return "needs a 1x1 kernel without padding";
  }
  return c.g.groups != 1 ? "needs one group" : NULL;
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  scull_cpu_conv_t c;
  scull_config_t pairs[4];
  size_t count = 0;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return 0;
  const size_t layouts = scull_cpu_layout_pairs(&c, pairs);
  for (size_t l = 0; l < layouts; l++)
    count = scull_cpu_product_configs(site, device, c.g.out_channels, &pairs[l], out, count, room);
  return count;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  const scull_shape_t *w = &scull_backend_site_input(site, 0, 1)->opt;
  return scull_cpu_product_packed(w->dim[1], w->dim[0], bytes) ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  (void)config;
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL)
    return SCULL_UNSUPPORTED;
  const scull_cpu_matrix_t matrix = {.data = c.filter->data,
                                     .bias = c.bias == NULL ? NULL : c.bias->data,
                                     .in_channels = c.g.in_channels,
                                     .out_channels = c.g.out_channels,
                                     .in_step = 1,
                                     .out_step = c.g.in_channels};
  scull_cpu_product_pack(scull_cpu_kernels_of(device), &matrix, dst);
  return SCULL_OK;
}

/* True when the pixels of all images follow each other at one distance. */
static bool is_dense(const scull_cpu_view_t *view, int64_t images, int64_t height, int64_t width) {
  return view->block == 16 && view->row == width * view->pixel &&
         (images == 1 || view->image == height * view->row);
}

static void describe(const scull_cpu_conv_t *c, scull_cpu_product_t *p) {
  const scull_window_t *y = &c->g.window[0], *x = &c->g.window[1];
  p->post = c->post;
  p->src = scull_cpu_view_of(c->src);
  p->dst = scull_cpu_view_of(c->dst);
  p->has_residual = c->residual != NULL;
  p->in_channels = c->g.in_channels;
  p->out_channels = c->g.out_channels;
  p->images = c->g.batch;
  p->pixels = y->out * x->out;
  p->width = x->out;
  p->stride_y = y->stride;
  p->stride_x = x->stride;
  if (p->has_residual)
    p->residual = scull_cpu_view_of(c->residual);
  const bool steps = y->stride != 1 || x->stride != 1;
  p->gathers = steps || !is_dense(&p->src, 1, y->in, x->in);
  if (!steps && is_dense(&p->src, p->images, y->in, x->in) &&
      is_dense(&p->dst, p->images, y->out, x->out) &&
      (!p->has_residual || is_dense(&p->residual, p->images, y->out, x->out))) {
    p->pixels *= p->images; /* one long image */
    p->images = p->images == 0 ? 0 : 1;
  }
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  scull_cpu_conv_t c;
  if (scull_cpu_conv_of(site, &c) != NULL || !scull_cpu_conv_laid_out(&c))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a 1x1 convolution");
  s->src_at = c.src_at;
  s->residual_at = c.residual_at;
  s->product.kernels = scull_cpu_kernels_of(device);
  s->product.threads = site->threads;
  s->product.split = config->knob[0];
  describe(&c, &s->product);
  scull_cpu_product_set_sizes(&s->product, device, config->knob[1]);
  *out = (scull_prepared_t){.state = s, .scratch = scull_cpu_product_scratch(&s->product)};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  const scull_cpu_product_args_t of = {
      .src = args->inputs[s->src_at],
      .residual = s->product.has_residual ? args->inputs[s->residual_at] : NULL,
      .dst = args->outputs[0],
      .packed = args->packed,
      .scratch = args->scratch};
  scull_cpu_product_run(&s->product, &of);
  return SCULL_OK;
}

static const char *const anchors[] = {"conv", NULL};

const scull_tactic_t scull_tactic_cpu_conv_gemm = {.name = "cpu.conv.gemm",
                                                   .version = 1,
                                                   .anchors = anchors,
                                                   .growth = SCULL_GROW_EPILOGUE,
                                                   .refuse = refuse,
                                                   .configs = configs,
                                                   .pack_size = pack_size,
                                                   .pack = pack,
                                                   .prepare = prepare,
                                                   .enqueue = enqueue,
                                                   .release = scull_base_free,
                                                   .alias = scull_cpu_conv_alias};
