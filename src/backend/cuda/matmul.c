/* cuda.matmul.product: products of any types by the tiled FP32 kernel (gemm.cu). */
#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/matmul.h"

enum { ROOM = 4 };

typedef struct {
  scull_cuda_matmul_t t;
  int x_at, y_at, residual_at; /* in args; y_at -1: packed */
  bool has_bias;
  size_t bias_at;
} state_t;

static bool geometry_of(const scull_site_t *site, scull_matmul_geometry_t *g) {
  scull_tensor_t inputs[ROOM], outputs[ROOM];
  scull_op_call_t call;
  return scull_backend_site_call(site, 0, inputs, ROOM, outputs, ROOM, &call) &&
         scull_ops_matmul_geometry(&call, g) == SCULL_OK;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  scull_cuda_behind_t behind;
  scull_matmul_geometry_t g;
  (void)device;
  if (site->output_count != 1 || x->is_constant || (b != NULL && !b->is_constant))
    return "needs a constant bias and a first operand that a run computes";
  if (!scull_cuda_is_real(x) || !scull_cuda_is_real(y) ||
      !scull_cuda_is_real(&site->values[site->outputs[0]]))
    return "computes in floats";
  if (site->values[site->outputs[0]].channel_total > 0)
    return "writes whole tensors";
  if (!geometry_of(site, &g) || g.batch.rank > 4)
    return "has too many dimensions";
  const char *why = scull_cuda_refuse_values(site);
  return why != NULL ? why : scull_cuda_behind_of(site, &behind);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, true);
}

static size_t packed_operand(const scull_site_t *site) {
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  size_t bytes = y->is_constant ? (size_t)scull_tensor_count(&y->opt) * sizeof(float) : 0;
  return (bytes + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  (void)config;
  (void)device;
  *bytes =
      packed_operand(site) + (b == NULL ? 0 : (size_t)scull_tensor_count(&b->opt) * sizeof(float));
  return SCULL_OK;
}

static void pack_floats(const scull_site_value_t *v, float *to) {
  for (int64_t i = 0, n = scull_tensor_count(&v->opt); i < n; i++)
    to[i] = (float)scull_tensor_load(v->data, v->dtype, i);
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, 2);
  (void)config;
  (void)device;
  if (y->is_constant)
    pack_floats(y, dst);
  if (b != NULL)
    pack_floats(b, (float *)(void *)((char *)dst + packed_operand(site)));
  return SCULL_OK;
}

/* Elements from one matrix to the next along each batch dimension; 0 where the operand repeats. */
static void batch_steps(const scull_matmul_geometry_t *g, const scull_shape_t *own, int64_t matrix,
                        int64_t *steps) {
  int64_t step = matrix;
  for (int32_t i = g->batch.rank - 1; i >= 0; i--) {
    int32_t k = i - (g->batch.rank - own->rank);
    steps[i] = k < 0 || own->dim[k] == 1 ? 0 : step;
    step *= k < 0 ? 1 : own->dim[k];
  }
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = scull_backend_site_input(site, 0, 1);
  scull_cuda_behind_t behind;
  scull_matmul_geometry_t g;
  (void)config;
  (void)diag;
  if (!geometry_of(site, &g) || scull_cuda_behind_of(site, &behind) != NULL)
    return SCULL_UNSUPPORTED;
  state_t s = {.x_at = scull_cuda_input_at(site, site->ops[0].inputs[0]),
               .y_at = y->is_constant ? -1 : scull_cuda_input_at(site, site->ops[0].inputs[1]),
               .residual_at = behind.residual_at,
               .has_bias = scull_backend_site_input(site, 0, 2) != NULL,
               .bias_at = packed_operand(site)};
  s.t = (scull_cuda_matmul_t){
      .x_type = scull_cuda_element(scull_backend_site_stored(x)),
      .y_type =
          y->is_constant ? SCULL_CUDA_E_F32 : scull_cuda_element(scull_backend_site_stored(y)),
      .dst_type = scull_cuda_element(scull_backend_site_stored(&site->values[site->outputs[0]])),
      .m = (int32_t)g.m,
      .n = (int32_t)g.n,
      .k = (int32_t)g.k,
      .x_row = g.x_row,
      .x_column = g.x_column,
      .y_row = g.y_row,
      .y_column = g.y_column,
      .batch_rank = g.batch.rank,
      .batches = scull_tensor_count(&g.batch),
      .end = {.act = behind.act, .add_first = behind.add_first}};
  if (behind.residual != NULL)
    s.t.res_type = scull_cuda_element(scull_backend_site_stored(behind.residual));
  if (device->features >= 90)
    s.t.split = scull_cuda_product_split(g.m, g.n, g.k, s.t.batches);
  if (s.t.batches > 65535)
    return SCULL_UNSUPPORTED;
  for (int32_t i = 0; i < g.batch.rank; i++)
    s.t.batch_dim[i] = (int32_t)g.batch.dim[i];
  batch_steps(&g, &g.x_batch, g.m * g.k, s.t.x_batch);
  batch_steps(&g, &g.y_batch, g.k * g.n, s.t.y_batch);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const state_t *s = user;
  scull_cuda_matmul_t t = s->t;
  t.x = args->inputs[s->x_at];
  t.y = s->y_at < 0 ? args->packed : args->inputs[s->y_at];
  t.dst = args->outputs[0];
  t.residual = s->residual_at < 0 ? NULL : args->inputs[s->residual_at];
  if (s->has_bias)
    t.end.bias = (const float *)(const void *)((const char *)args->packed + s->bias_at);
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_matmul_enqueue(&t, l.chained, l.stream));
}

static const char *const anchors[] = {"matmul", NULL};
const scull_tactic_t scull_tactic_cuda_matmul_product = {.name = "cuda.matmul.product",
                                                         .version = 2,
                                                         .anchors = anchors,
                                                         .growth = SCULL_GROW_EPILOGUE,
                                                         .precisions = SCULL_CUDA_FLOATS,
                                                         .refuse = refuse,
                                                         .configs = configs,
                                                         .pack_size = pack_size,
                                                         .pack = pack,
                                                         .prepare = prepare,
                                                         .enqueue = enqueue,
                                                         .release = scull_cuda_release};
