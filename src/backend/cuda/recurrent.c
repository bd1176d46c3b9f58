/* cuda.recurrent: lstm, gru and rnn with constant weights and their usual activations: one product
 * for what x brings to all steps, then the walk over time (recurrent.cu). */
#include "backend/cuda/recurrent.h"

#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/recurrent.h"

enum { X, W, R, BIAS, STATE };

typedef struct {
  scull_cuda_recurrent_t t;
  scull_cuda_matmul_t product; /* of one direction */
  size_t r_at, bias_at;        /* bytes in the packed weights */
  int first[2];                /* first states in args; -1: none */
  int last[2];                 /* last states in args' outputs; -1: not wanted */
  int y_at;
} state_t;

static int cell_of(const scull_site_t *site) {
  return scull_backend_site_is(site, 0, "lstm")  ? SCULL_CUDA_LSTM
         : scull_backend_site_is(site, 0, "gru") ? SCULL_CUDA_GRU
                                                 : SCULL_CUDA_RNN;
}

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_recurrent_attrs_t *attrs = site->ops[0].attrs;
  const size_t states = cell_of(site) == SCULL_CUDA_LSTM ? 2 : 1;
  (void)device;
  if (!scull_ops_recurrent_is_plain(attrs) ||
      (cell_of(site) == SCULL_CUDA_GRU && !attrs->linear_before_reset))
    return "knows the usual activations only";
  for (size_t i = STATE + states; i < site->ops[0].input_count; i++) {
    if (scull_backend_site_input(site, 0, i) != NULL)
      return "knows neither lengths nor peepholes";
  }
  for (size_t i = 0; i < STATE + states && i < site->ops[0].input_count; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    if (v != NULL && v->is_constant != (i == W || i == R || i == BIAS))
      return "needs constant weights, and states that a run computes";
    if (v != NULL && !scull_cuda_is_real(v))
      return "computes in floats";
  }
  for (size_t i = 0; i < site->output_count; i++) {
    if (site->values[site->outputs[i]].channel_total > 0)
      return "writes whole tensors";
  }
  if (scull_backend_site_input(site, 0, R)->opt.dim[2] > SCULL_CUDA_HIDDEN)
    return "knows 1024 units at most";
  return scull_cuda_refuse_values(site);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, false);
}

/* --- weights ---------------------------------------------------------------------------------- */

static size_t biases_of(const scull_site_t *site) {
  return cell_of(site) == SCULL_CUDA_RNN ? 1 : 4;
}

/* Of w or r, for all directions. */
static size_t matrix_bytes(const scull_site_value_t *v) {
  return ((size_t)scull_tensor_count(&v->opt) * sizeof(float) + 255) / 256 * 256;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, W);
  const scull_site_value_t *r = scull_backend_site_input(site, 0, R);
  (void)config;
  (void)device;
  *bytes = matrix_bytes(w) + matrix_bytes(r) +
           (size_t)(r->opt.dim[0] * r->opt.dim[2]) * biases_of(site) * sizeof(float);
  return SCULL_OK;
}

/* [direction][row][column] to [direction][column][row]. */
static void transpose(const scull_site_value_t *v, float *to) {
  int64_t rows = v->opt.dim[1], columns = v->opt.dim[2];
  for (int64_t i = 0, n = scull_tensor_count(&v->opt); i < n; i++) {
    int64_t column = i % columns, row = i / columns % rows, d = i / columns / rows;
    to[(d * columns + column) * rows + row] = (float)scull_tensor_load(v->data, v->dtype, i);
  }
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, W);
  const scull_site_value_t *r = scull_backend_site_input(site, 0, R);
  const scull_site_value_t *b = scull_backend_site_input(site, 0, BIAS);
  char *at = dst;
  float *bias = (float *)(void *)(at + matrix_bytes(w) + matrix_bytes(r));
  int64_t count = r->opt.dim[0] * r->opt.dim[2] * (int64_t)biases_of(site);
  (void)config;
  (void)device;
  transpose(w, dst);
  transpose(r, (float *)(void *)(at + matrix_bytes(w)));
  for (int64_t i = 0; i < count; i++)
    bias[i] = b == NULL ? 0 : (float)scull_tensor_load(b->data, b->dtype, i);
  return SCULL_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

static int type_of(const scull_site_value_t *v) {
  return v == NULL ? 0 : scull_cuda_element(scull_backend_site_stored(v));
}

static void set_states(const scull_site_t *site, state_t *s) {
  const scull_site_op_t *op = &site->ops[0];
  for (size_t i = 0; i < 2; i++) {
    bool known = i == 0 || s->t.cell == SCULL_CUDA_LSTM;
    s->first[i] = s->last[i] = -1;
    if (known && STATE + i < op->input_count && op->inputs[STATE + i] != SCULL_SITE_ABSENT)
      s->first[i] = scull_cuda_input_at(site, op->inputs[STATE + i]);
    if (known && i + 1 < op->output_count && op->outputs[i + 1] != SCULL_SITE_ABSENT)
      s->last[i] = scull_cuda_output_at(site, op->outputs[i + 1]);
  }
  s->y_at = scull_cuda_output_at(site, op->outputs[0]);
  s->t.h0_type = type_of(scull_backend_site_input(site, 0, STATE));
  s->t.y_type = type_of(scull_backend_site_output(site, 0, 0));
  s->t.h_type = s->last[0] < 0 ? 0 : type_of(scull_backend_site_output(site, 0, 1));
  if (s->t.cell != SCULL_CUDA_LSTM)
    return;
  s->t.c0_type = type_of(scull_backend_site_input(site, 0, STATE + 1));
  s->t.c_type = s->last[1] < 0 ? 0 : type_of(scull_backend_site_output(site, 0, 2));
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_recurrent_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, X);
  const scull_site_value_t *w = scull_backend_site_input(site, 0, W);
  const scull_site_value_t *r = scull_backend_site_input(site, 0, R);
  (void)config;
  (void)diag;
  int64_t rows = r->opt.dim[1], sequences = x->opt.dim[0] * x->opt.dim[1];
  state_t s = {.t = {.cell = cell_of(site),
                     .steps = (int32_t)x->opt.dim[0],
                     .batch = (int32_t)x->opt.dim[1],
                     .hidden = (int32_t)r->opt.dim[2],
                     .directions = (int32_t)r->opt.dim[0],
                     .reverse = attrs->direction == SCULL_DIRECTION_REVERSE},
               .product = {.x_type = type_of(x),
                           .y_type = SCULL_CUDA_E_F32,
                           .dst_type = SCULL_CUDA_E_F32,
                           .m = (int32_t)sequences,
                           .n = (int32_t)rows,
                           .k = (int32_t)x->opt.dim[2],
                           .x_row = x->opt.dim[2],
                           .x_column = 1,
                           .y_row = rows,
                           .y_column = 1,
                           .batches = 1},
               .r_at = matrix_bytes(w),
               .bias_at = matrix_bytes(w) + matrix_bytes(r)};
  if (device->features >= 90)
    s.product.split = scull_cuda_product_split(s.product.m, s.product.n, s.product.k, 1);
  set_states(site, &s);
  if (s.y_at < 0)
    return SCULL_UNSUPPORTED;
  out->scratch = (size_t)(r->opt.dim[0] * sequences * rows) * sizeof(float);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const state_t *s = user;
  scull_cuda_recurrent_t t = s->t;
  scull_cuda_matmul_t p = s->product;
  const char *packed = args->packed;
  scull_cuda_launch_t l;
  p.x = args->inputs[0];
  for (int32_t d = 0; d < t.directions; d++) {
    p.y = (const float *)args->packed + (int64_t)d * p.k * p.n;
    p.dst = (float *)args->scratch + (int64_t)d * p.m * p.n;
    l = scull_cuda_launch(args->stream, true);
    SCULL_TRY(scull_cuda_status(scull_cuda_matmul_enqueue(&p, l.chained, l.stream)));
  }
  t.gate_x = args->scratch;
  t.r = (const float *)(const void *)(packed + s->r_at);
  t.bias = (const float *)(const void *)(packed + s->bias_at);
  t.h0 = s->first[0] < 0 ? NULL : args->inputs[s->first[0]];
  t.c0 = s->first[1] < 0 ? NULL : args->inputs[s->first[1]];
  t.y = args->outputs[s->y_at];
  t.h = s->last[0] < 0 ? NULL : args->outputs[s->last[0]];
  t.c = s->last[1] < 0 ? NULL : args->outputs[s->last[1]];
  l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_recurrent_enqueue(&t, l.chained, l.stream));
}

static const char *const anchors[] = {"lstm", "gru", "rnn", NULL};
const scull_tactic_t scull_tactic_cuda_recurrent = {.name = "cuda.recurrent",
                                                    .version = 1,
                                                    .anchors = anchors,
                                                    .precisions = SCULL_CUDA_FLOATS,
                                                    .refuse = refuse,
                                                    .configs = configs,
                                                    .pack_size = pack_size,
                                                    .pack = pack,
                                                    .prepare = prepare,
                                                    .enqueue = enqueue,
                                                    .release = scull_cuda_release};
