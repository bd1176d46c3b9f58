/* cpu.matmul.gemm: matrices with a constant right side (fully connected layers) as one product of
 * rows and packed weights (product.h): all batches of the left side are more rows. With one row the
 * floor is the weights' bytes at the speed of memory. */
#include "backend/cpu/product.h"
#include "ops/matmul.h"

typedef struct {
  scull_cpu_product_t product;
  int src_at, residual_at; /* of the site's inputs */
} state_t;

/* A matmul with what stands behind it. */
typedef struct {
  scull_matmul_geometry_t g; /* at `opt` */
  scull_epilogue_t epilogue;
  scull_cpu_post_t post;
  const scull_site_value_t *src, *weights, *bias, *dst; /* bias: or NULL */
  int64_t rows;
} product_t;

static bool is_plain_f32(const scull_site_value_t *v) {
  return v->dtype == SCULL_DTYPE_F32 && v->channel_total == 0;
}

static const char *read_product(const scull_site_t *site, product_t *out) {
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  *out = (product_t){.src = scull_backend_site_input(site, 0, 0),
                     .weights = scull_backend_site_input(site, 0, 1),
                     .bias = scull_backend_site_input(site, 0, 2),
                     .dst = &site->values[site->outputs[0]]};
  if (!scull_backend_site_epilogue(site, &out->epilogue))
    return "knows a residual add and one activation behind the product";
  if (!is_plain_f32(out->src) || !is_plain_f32(out->weights) || !is_plain_f32(out->dst) ||
      (out->bias != NULL && !is_plain_f32(out->bias)) ||
      (out->epilogue.add != NULL && !is_plain_f32(out->epilogue.residual)))
    return "takes f32 and no slices";
  if (!out->weights->is_constant || (out->bias != NULL && !out->bias->is_constant))
    return "needs a constant right side (and bias)";
  if (!scull_cpu_post_act(out->epilogue.activation, &out->post))
    return "has no kernel for this activation";
  out->post.add_first = out->epilogue.add_first;
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_matmul_geometry(&call, &out->g) != SCULL_OK)
    return "is no valid product";
  const scull_matmul_geometry_t *g = &out->g;
  if (scull_tensor_count(&g->y_batch) != 1 || g->x_column != 1 || g->x_row != g->k)
    return "needs one right side for all rows";
  out->rows = g->m * scull_tensor_count(&g->batch);
  return NULL;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  product_t p;
  return scull_cpu_kernels_of(device) == NULL ? "needs AVX2" : read_product(site, &p);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  static const scull_config_t plain = {.src = SCULL_LAYOUT_PLAIN, .dst = SCULL_LAYOUT_PLAIN};
  product_t p;
  if (read_product(site, &p) != NULL)
    return 0;
  return scull_cpu_product_configs(site, device, p.g.n, &plain, out, 0, room);
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  product_t p;
  (void)config;
  (void)device;
  if (read_product(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  return scull_cpu_product_packed(p.g.k, p.g.n, bytes) ? SCULL_OK : SCULL_OUT_OF_MEMORY;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  product_t p;
  (void)config;
  if (read_product(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  const scull_cpu_matrix_t matrix = {.data = p.weights->data,
                                     .bias = p.bias == NULL ? NULL : p.bias->data,
                                     .in_channels = p.g.k,
                                     .out_channels = p.g.n,
                                     .in_step = p.g.y_row,
                                     .out_step = p.g.y_column};
  scull_cpu_product_pack(scull_cpu_kernels_of(device), &matrix, dst);
  return SCULL_OK;
}

/* Rows of `channels` floats. */
static scull_cpu_view_t rows_of(int64_t rows, int64_t channels) {
  return (scull_cpu_view_t){
      .image = rows * channels, .row = rows * channels, .pixel = channels, .block = 16};
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  product_t p;
  if (read_product(site, &p) != NULL)
    return SCULL_UNSUPPORTED;
  state_t *s = scull_base_alloc(sizeof *s);
  if (s == NULL)
    return scull_base_fail_memory(diag, "a matrix product");
  s->src_at = scull_cpu_input_position(site, site->ops[0].inputs[0]);
  s->product = (scull_cpu_product_t){.kernels = scull_cpu_kernels_of(device),
                                     .post = p.post,
                                     .src = rows_of(p.rows, p.g.k),
                                     .dst = rows_of(p.rows, p.g.n),
                                     .has_residual = p.epilogue.add != NULL,
                                     .in_channels = p.g.k,
                                     .out_channels = p.g.n,
                                     .images = 1,
                                     .pixels = p.rows,
                                     .threads = site->threads,
                                     .split = config->knob[0]};
  if (s->product.has_residual) {
    s->product.residual = s->product.dst;
    s->residual_at = scull_cpu_input_position(site, p.epilogue.residual_index);
  }
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

/* A row of the residual is read where it is then written. */
static uint32_t alias(const scull_site_t *site, const scull_config_t *config) {
  product_t p;
  (void)config;
  if (read_product(site, &p) != NULL || p.epilogue.add == NULL ||
      p.epilogue.residual_index == site->ops[0].inputs[0])
    return 0;
  int at = scull_cpu_input_position(site, p.epilogue.residual_index);
  return at < 0 || at >= 32 ? 0 : 1u << at;
}

static const char *const anchors[] = {"matmul", NULL};

const scull_tactic_t scull_tactic_cpu_matmul_gemm = {.name = "cpu.matmul.gemm",
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
