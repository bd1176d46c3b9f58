/* cpu.deconv.gemm: transposed convolutions whose windows tile the result (kernel = stride, no
 * padding): each source pixel makes a patch that no other pixel touches, so that the whole is a
 * product of pixels and channels (product.h), with one run a row of the patch. Where the result's
 * pixels lie next to each other the columns of a patch's row are one long pixel ("wide"), which
 * wastes no registers on few channels; else there is a product for each pixel of the patch.
 * Floor: 2 P C K taps operations at the peak of the multiply-add units; source and result once. */
#include "backend/cpu/product.h"
#include "base/checked.h"
#include "ops/conv_transpose.h"

enum { BY_TAP = 0, WIDE = 1 }; /* knob 2; 0 and 1 are the product's */

/* A site taken apart. */
typedef struct {
  scull_conv_transpose_geometry_t g;                              /* at `opt` */
  const scull_site_value_t *src, *filter, *bias, *dst, *residual; /* bias, residual: or NULL */
  int src_at, residual_at;
  scull_cpu_post_t post;
} parts_t;

typedef struct {
  scull_cpu_product_t product; /* of one image: its "images" are the source's rows */
  int src_at, residual_at;
  int64_t images, products; /* products an image */
  int64_t src_image, dst_image, residual_image;
  int64_t down, right, residual_down, residual_right; /* one step in a patch */
  int64_t across;                                     /* products a row of the patch */
  size_t packed;                                      /* bytes of a product's weights */
} state_t;

/* --- reading the site ------------------------------------------------------------------------- */

static const char *read_operands(const scull_site_t *site, parts_t *out) {
  scull_epilogue_t epilogue;
  if (!scull_backend_site_epilogue(site, &epilogue))
    return "knows a residual add and one activation behind the convolution";
  *out = (parts_t){.src = scull_backend_site_input(site, 0, 0),
                   .filter = scull_backend_site_input(site, 0, 1),
                   .bias = scull_backend_site_input(site, 0, 2),
                   .dst = &site->values[site->outputs[0]],
                   .residual = epilogue.residual,
                   .src_at = scull_cpu_input_position(site, site->ops[0].inputs[0]),
                   .residual_at = -1};
  if (out->src->dtype != SCULL_DTYPE_F32 || out->dst->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (out->src->opt.rank != 4)
    return "needs two spatial axes";
  if (out->src->is_constant || !out->filter->is_constant ||
      (out->bias != NULL && !out->bias->is_constant))
    return "needs a constant filter and bias";
  if (site->output_count != 1)
    return "has one result";
  if (!scull_cpu_post_act(epilogue.activation, &out->post))
    return "has no kernel for this activation";
  out->post.add_first = epilogue.add_first;
  if (out->residual != NULL)
    out->residual_at = scull_cpu_input_position(site, epilogue.residual_index);
  return NULL;
}

static const char *read_site(const scull_site_t *site, parts_t *out) {
  const scull_conv_transpose_attrs_t *attrs = site->ops[0].attrs;
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  const char *reason = read_operands(site, out);
  if (reason != NULL)
    return reason;
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_transpose_geometry(&call, &out->g) != SCULL_OK)
    return "is no valid transposed convolution";
  if (out->g.groups != 1)
    return "needs one group";
  for (int32_t i = 0; i < 2; i++) {
    const scull_window_t *w = &out->g.window[i];
    if (w->kernel != w->stride || w->pad_begin != 0 || w->in != w->out * w->stride ||
        (w->dilation != 1 && w->kernel != 1))
      return "needs windows that tile the result";
  }
  return attrs->output_size.size != 0 ? "knows no output size" : NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  parts_t p;
  const char *reason = read_site(site, &p);
  return reason == NULL && scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : reason;
}

/* True when the result's rows are dense, which makes wide products possible. */
static bool is_dense(const parts_t *p) {
  return p->dst->channel_total == 0 && (p->residual == NULL || p->residual->channel_total == 0);
}

/* Columns of one product, and how many a patch takes. */
static int64_t columns_of(const parts_t *p, int32_t knob) {
  return p->g.out_channels * (knob == WIDE ? p->g.window[1].kernel : 1);
}

static int64_t products_of(const parts_t *p, int32_t knob) {
  return p->g.window[0].kernel * (knob == WIDE ? 1 : p->g.window[1].kernel);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_layout_t layouts[] = {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16};
  parts_t p;
  size_t count = 0;
  if (read_site(site, &p) != NULL)
    return 0;
  for (int32_t knob = WIDE; knob >= BY_TAP; knob--) {
    for (int i = 0; i < 4; i++) {
      scull_config_t one = {.src = layouts[i % 2], .dst = layouts[i / 2], .knob = {0, 0, knob, 0}};
      if (!scull_cpu_view_fits(p.src, one.src) || !scull_cpu_view_fits(p.dst, one.dst) ||
          (p.residual != NULL && !scull_cpu_view_fits(p.residual, one.dst)))
        continue;
      if (knob == WIDE && (one.dst != SCULL_LAYOUT_NHWC || !is_dense(&p)))
        continue;
      if (count < room)
        out[count++] = one;
    }
  }
  (void)device;
  return count;
}

/* --- weights ---------------------------------------------------------------------------------- */

static bool packed_bytes(const parts_t *p, int32_t knob, size_t *bytes) {
  return scull_cpu_product_packed(p->g.in_channels, columns_of(p, knob), bytes);
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  parts_t p;
  size_t one = 0;
  (void)device;
  if (read_site(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  return packed_bytes(&p, config->knob[2], &one) &&
                 scull_base_size_mul(one, (size_t)products_of(&p, config->knob[2]), bytes)
             ? SCULL_OK
             : SCULL_OUT_OF_MEMORY;
}

/* The columns of product `index` as rows of input channels, the bias behind them. */
static void arrange(const parts_t *p, int32_t knob, int64_t index, float *to) {
  const int64_t in = p->g.in_channels, out = p->g.out_channels, wide = p->g.window[1].kernel;
  const int64_t taps = p->g.window[0].kernel * wide, columns = columns_of(p, knob);
  const float *filter = p->filter->data, *bias = p->bias == NULL ? NULL : p->bias->data;
  for (int64_t c = 0; c < columns; c++) {
    const int64_t tap = knob == WIDE ? index * wide + c / out : index;
    for (int64_t i = 0; i < in; i++)
      to[c * in + i] = filter[(i * out + c % out) * taps + tap];
    to[columns * in + c] = bias == NULL ? 0.0f : bias[c % out];
  }
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const int32_t knob = config->knob[2];
  parts_t p;
  size_t bytes = 0, floats = 0;
  if (read_site(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  const int64_t in = p.g.in_channels, columns = columns_of(&p, knob);
  if (!packed_bytes(&p, knob, &bytes) ||
      !scull_base_size_mul((size_t)columns * sizeof(float), (size_t)in + 1, &floats))
    return SCULL_OUT_OF_MEMORY;
  float *rows = scull_base_alloc(floats + 1);
  if (rows == NULL)
    return SCULL_OUT_OF_MEMORY;
  for (int64_t i = 0; i < products_of(&p, knob); i++) {
    const scull_cpu_matrix_t matrix = {.data = rows,
                                       .bias = rows + columns * in,
                                       .in_channels = in,
                                       .out_channels = columns,
                                       .in_step = 1,
                                       .out_step = in};
    arrange(&p, knob, i, rows);
    scull_cpu_product_pack(scull_cpu_kernels_of(device), &matrix, (char *)dst + (size_t)i * bytes);
  }
  scull_base_free(rows);
  return SCULL_OK;
}

/* --- shapes ----------------------------------------------------------------------------------- */

/* The view of a patch's first pixels: a source row takes as many rows as the patch has. */
static scull_cpu_view_t patch_view(const parts_t *p, const scull_site_value_t *value) {
  scull_cpu_view_t view = scull_cpu_view_of(value);
  view.image = view.row * p->g.window[0].kernel;
  view.pixel *= p->g.window[1].kernel;
  return view;
}

static void describe(const parts_t *p, int32_t knob, state_t *s) {
  const scull_window_t *y = &p->g.window[0], *x = &p->g.window[1];
  const scull_cpu_view_t src = scull_cpu_view_of(p->src), dst = scull_cpu_view_of(p->dst);
  scull_cpu_product_t *product = &s->product;
  s->images = p->g.batch;
  s->products = products_of(p, knob);
  s->across = knob == WIDE ? 1 : x->kernel;
  s->src_image = src.image;
  s->dst_image = dst.image;
  s->down = dst.row;
  s->right = dst.pixel;
  product->post = p->post;
  product->src = src;
  product->src.image = src.row;
  product->dst = patch_view(p, p->dst);
  product->in_channels = p->g.in_channels;
  product->out_channels = columns_of(p, knob);
  product->images = y->out;
  product->pixels = product->width = x->out;
  product->stride_y = product->stride_x = 1;
  product->gathers = src.block != 16;
  product->has_residual = p->residual != NULL;
  if (product->has_residual) {
    const scull_cpu_view_t residual = scull_cpu_view_of(p->residual);
    product->residual = patch_view(p, p->residual);
    s->residual_image = residual.image;
    s->residual_down = residual.row;
    s->residual_right = residual.pixel;
  }
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const int32_t knob = config->knob[2];
  parts_t p;
  if (read_site(site, &p) != NULL || !scull_cpu_view_fits(p.src, p.src->layout) ||
      !scull_cpu_view_fits(p.dst, p.dst->layout) ||
      (p.residual != NULL && p.residual->layout != p.dst->layout) ||
      (knob == WIDE && (p.dst->layout != SCULL_LAYOUT_NHWC || !is_dense(&p))))
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a transposed convolution");
  s->src_at = p.src_at;
  s->residual_at = p.residual_at;
  s->product.kernels = scull_cpu_kernels_of(device);
  s->product.threads = site->threads;
  describe(&p, knob, s);
  if (!packed_bytes(&p, knob, &s->packed)) {
    scull_base_free(s);
    return SCULL_OUT_OF_MEMORY;
  }
  scull_cpu_product_set_sizes(&s->product, device, 0);
  *out = (scull_prepared_t){.state = s, .scratch = scull_cpu_product_scratch(&s->product)};
  return SCULL_OK;
}

static scull_status_t enqueue(void *state, const scull_args_t *args) {
  const state_t *s = state;
  const float *residual = s->product.has_residual ? args->inputs[s->residual_at] : NULL;
  for (int64_t n = 0; n < s->images; n++) {
    for (int64_t i = 0; i < s->products; i++) {
      const int64_t down = i / s->across, right = i % s->across;
      scull_cpu_product_args_t of = {
          .src = (const float *)args->inputs[s->src_at] + n * s->src_image,
          .dst = (float *)args->outputs[0] + n * s->dst_image + down * s->down + right * s->right,
          .packed = (const char *)args->packed + (size_t)i * s->packed,
          .scratch = args->scratch};
      if (residual != NULL)
        of.residual =
            residual + n * s->residual_image + down * s->residual_down + right * s->residual_right;
      scull_cpu_product_run(&s->product, &of);
    }
  }
  return SCULL_OK;
}

/* The residual is read where the result is then written, and pixels of the source more than once.
 */
static uint32_t alias(const scull_site_t *site, const scull_config_t *config) {
  parts_t p;
  (void)config;
  if (read_site(site, &p) != NULL || p.residual == NULL || p.residual_at >= 32 ||
      p.residual_at == p.src_at || !is_dense(&p))
    return 0;
  return 1u << p.residual_at;
}

static const char *const anchors[] = {"conv_transpose", NULL};

const scull_tactic_t scull_tactic_cpu_deconv_gemm = {.name = "cpu.deconv.gemm",
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
                                                     .alias = alias};
