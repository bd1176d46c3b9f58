/* cuda.reduce, cuda.softmax, cuda.normalize: rows of elements that meet in one block (rows.cu). */
#include "backend/cuda/rows.h"

#include <string.h>

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/reduce.h"

static const char *refuse_reals(const scull_site_t *site) {
  for (size_t i = 0; i < site->input_count; i++) {
    if (!scull_cuda_is_real(&site->values[site->inputs[i]]))
      return "computes in floats";
  }
  if (site->output_count != 1 || !scull_cuda_is_real(&site->values[site->outputs[0]]))
    return "computes in floats";
  return scull_cuda_refuse_values(site);
}

static bool is_slice(const scull_site_value_t *v) {
  return v->channel_total > 0;
}

/* --- reductions ------------------------------------------------------------------------------- */

static const char *const reductions[] = {"reduce_sum", "reduce_mean",       "reduce_max",
                                         "reduce_min", "reduce_prod",       "reduce_l1",
                                         "reduce_l2",  "reduce_sum_square", NULL};

static const char *refuse_reduce(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  if (site->ops[0].input_count != 1)
    return "must know its axes";
  return refuse_reals(site);
}

static size_t configs_reduce(const scull_site_t *site, const scull_device_t *device,
                             scull_config_t *out, size_t room) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  size_t count = 0;
  (void)device;
  out[count++] = (scull_config_t){0};
  if (count < room && scull_backend_layout_fits(&x->opt, SCULL_LAYOUT_NHWC))
    out[count++] = (scull_config_t){.src = SCULL_LAYOUT_NHWC, .dst = SCULL_LAYOUT_PLAIN};
  return scull_cuda_add_floats(site, out, count, room, true);
}

/* Splits the dimensions of x into kept and folded ones; kept ones in the order of the result. */
static void set_reduce(const scull_site_t *site, scull_cuda_reduce_t *r) {
  const scull_reduce_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  int64_t steps[SCULL_MAX_RANK] = {0}, to[SCULL_MAX_RANK] = {0};
  int64_t dim[2][SCULL_MAX_RANK], src[2][SCULL_MAX_RANK], dst[SCULL_MAX_RANK];
  bool folded[SCULL_MAX_RANK];
  int count[2] = {0, 0};
  int32_t at = 0;
  for (int32_t i = 0; i < x->opt.rank; i++)
    folded[i] = attrs->axes.size == 0;
  for (size_t i = 0; i < attrs->axes.size; i++) {
    int32_t axis = 0;
    if (scull_tensor_axis(attrs->axes.data[i], x->opt.rank, &axis))
      folded[axis] = true;
  }
  scull_cuda_steps(x, steps);
  scull_cuda_steps(y, to);
  for (int32_t i = 0; i < x->opt.rank; i++) {
    int k = folded[i];
    dim[k][count[k]] = x->opt.dim[i];
    src[k][count[k]] = steps[i];
    if (!folded[i])
      dst[count[0]] = to[at];
    at += !folded[i] || attrs->keep_dims;
    count[k]++;
  }
  int64_t *kept[] = {src[0], dst}, *fold[] = {src[1]};
  r->kept_rank = scull_cuda_merge(count[0], dim[0], kept, 2);
  r->fold_rank = scull_cuda_merge(count[1], dim[1], fold, 1);
  r->kept = r->folded = 1;
  for (int d = 0; d < r->kept_rank; d++) {
    r->kept_dim[d] = (int32_t)dim[0][d];
    r->kept_step[d] = src[0][d];
    r->dst_step[d] = dst[d];
    r->kept *= dim[0][d];
  }
  for (int d = 0; d < r->fold_rank; d++) {
    r->fold_dim[d] = (int32_t)dim[1][d];
    r->fold_step[d] = src[1][d];
    r->folded *= dim[1][d];
  }
}

static scull_status_t prepare_reduce(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, scull_prepared_t *out,
                                     scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_reduce_t r = {.src_type = scull_cuda_element(scull_backend_site_stored(x)),
                           .dst_type = scull_cuda_element(scull_backend_site_stored(y))};
  (void)config;
  (void)device;
  (void)diag;
  for (int i = 0; reductions[i] != NULL; i++) {
    if (strcmp(site->ops[0].def->name, reductions[i]) == 0)
      r.fold = i; /* the order of SCULL_CUDA_FOLD_* */
  }
  set_reduce(site, &r);
  return scull_cuda_keep(&r, sizeof r, out);
}

static scull_status_t enqueue_reduce(void *user, const scull_args_t *args) {
  scull_cuda_reduce_t r = *(const scull_cuda_reduce_t *)user;
  r.src = args->inputs[0];
  r.dst = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_reduce_enqueue(&r, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_reduce = {.name = "cuda.reduce",
                                                 .version = 1,
                                                 .anchors = reductions,
                                                 .precisions = SCULL_CUDA_FLOATS,
                                                 .refuse = refuse_reduce,
                                                 .configs = configs_reduce,
                                                 .prepare = prepare_reduce,
                                                 .enqueue = enqueue_reduce,
                                                 .release = scull_cuda_release};

/* --- softmax ---------------------------------------------------------------------------------- */

static const char *const softmaxes[] = {"softmax", "log_softmax", NULL};

static const char *refuse_softmax(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  if (site->output_count == 1 && is_slice(&site->values[site->outputs[0]]))
    return "writes whole tensors";
  return refuse_reals(site);
}

static size_t configs_softmax(const scull_site_t *site, const scull_device_t *device,
                              scull_config_t *out, size_t room) {
  (void)device;
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, true);
}

static scull_status_t prepare_softmax(const scull_site_t *site, const scull_config_t *config,
                                      const scull_device_t *device, scull_prepared_t *out,
                                      scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_softmax_t s = {.src_type = scull_cuda_element(scull_backend_site_stored(x)),
                            .dst_type = scull_cuda_element(scull_backend_site_stored(y)),
                            .rows = 1,
                            .step = 1};
  int32_t axis = 0;
  (void)config;
  (void)device;
  (void)diag;
  if (!scull_tensor_axis((int64_t)scull_cuda_attr(&site->ops[0], "axis", -1), x->opt.rank, &axis))
    return SCULL_UNSUPPORTED;
  s.n = x->opt.dim[axis];
  for (int32_t i = 0; i < x->opt.rank; i++) {
    s.rows *= i == axis ? 1 : x->opt.dim[i];
    s.step *= i > axis ? x->opt.dim[i] : 1;
  }
  s.logarithm = scull_backend_site_is(site, 0, "log_softmax");
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue_softmax(void *user, const scull_args_t *args) {
  scull_cuda_softmax_t s = *(const scull_cuda_softmax_t *)user;
  s.src = args->inputs[0];
  s.dst = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_softmax_enqueue(&s, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_softmax = {.name = "cuda.softmax",
                                                  .version = 1,
                                                  .anchors = softmaxes,
                                                  .precisions = SCULL_CUDA_FLOATS,
                                                  .refuse = refuse_softmax,
                                                  .configs = configs_softmax,
                                                  .prepare = prepare_softmax,
                                                  .enqueue = enqueue_softmax,
                                                  .release = scull_cuda_release};

/* --- normalization ---------------------------------------------------------------------------- */

static const char *const norms[] = {"layer_norm", "instance_norm", "group_norm", NULL};

static const char *refuse_normalize(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_op_t *op = &site->ops[0];
  (void)device;
  for (size_t i = 1; i < op->input_count; i++) {
    if (op->inputs[i] != SCULL_SITE_ABSENT && !site->values[op->inputs[i]].is_constant)
      return "needs a constant scale and bias";
  }
  if (site->values[op->inputs[0]].is_constant || site->values[op->inputs[0]].opt.rank < 2 ||
      (site->output_count == 1 && is_slice(&site->values[site->outputs[0]])))
    return "needs a whole tensor that a run computes";
  return refuse_reals(site);
}

/* The period of scale and bias: the extent of channels, or of the normalized dimensions. */
static void shape_of(const scull_site_t *site, scull_cuda_normalize_t *g) {
  const scull_shape_t *x = &scull_backend_site_input(site, 0, 0)->opt;
  int64_t pixels = 1;
  int32_t axis = 0;
  g->groups = g->count = g->run = 1;
  if (scull_backend_site_is(site, 0, "layer_norm")) {
    if (!scull_tensor_axis((int64_t)scull_cuda_attr(&site->ops[0], "axis", -1), x->rank, &axis))
      axis = x->rank - 1;
    for (int32_t i = 0; i < x->rank; i++)
      *(i < axis ? &g->groups : &g->count) *= x->dim[i];
    g->period = g->count;
    return;
  }
  for (int32_t i = 2; i < x->rank; i++)
    pixels *= x->dim[i];
  int64_t each = scull_backend_site_is(site, 0, "group_norm")
                     ? x->dim[1] / (int64_t)scull_cuda_attr(&site->ops[0], "groups", 1)
                     : 1;
  g->groups = each == 0 ? 0 : x->dim[0] * x->dim[1] / each;
  g->count = each * pixels;
  g->run = pixels;
  g->period = x->dim[1];
}

/* Sums of residuals may stay f32 where what is made of them is multiplied in fewer bits. */
static size_t configs_normalize(const scull_site_t *site, const scull_device_t *device,
                                scull_config_t *out, size_t room) {
  size_t n = configs_softmax(site, device, out, room);
  for (scull_precision_t as = SCULL_AS_BF16; as <= SCULL_AS_F16 && n < room; as++) {
    if (scull_backend_site_permits(site, as))
      out[n++] = (scull_config_t){.dst_as = as};
  }
  return n;
}

static scull_status_t pack_size_normalize(const scull_site_t *site, const scull_config_t *config,
                                          const scull_device_t *device, size_t *bytes) {
  scull_cuda_normalize_t g = {0};
  (void)config;
  (void)device;
  shape_of(site, &g);
  *bytes = (size_t)g.period * 2 * sizeof(float);
  return SCULL_OK;
}

static scull_status_t pack_normalize(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, void *dst) {
  scull_cuda_normalize_t g = {0};
  float *to = dst;
  (void)config;
  (void)device;
  shape_of(site, &g);
  for (int k = 0; k < 2; k++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, (size_t)k + 1);
    for (int64_t i = 0; i < g.period; i++)
      *to++ = v == NULL ? (k == 0 ? 1.0f : 0.0f) : (float)scull_tensor_load(v->data, v->dtype, i);
  }
  return SCULL_OK;
}

static scull_status_t prepare_normalize(const scull_site_t *site, const scull_config_t *config,
                                        const scull_device_t *device, scull_prepared_t *out,
                                        scull_diag_t *diag) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *y = &site->values[site->outputs[0]];
  scull_cuda_normalize_t g = {.src_type = scull_cuda_element(scull_backend_site_stored(x)),
                              .dst_type = scull_cuda_element(scull_backend_site_stored(y)),
                              .epsilon = (float)scull_cuda_attr(&site->ops[0], "epsilon", 1e-5)};
  (void)config;
  (void)device;
  (void)diag;
  shape_of(site, &g);
  return scull_cuda_keep(&g, sizeof g, out);
}

static scull_status_t enqueue_normalize(void *user, const scull_args_t *args) {
  scull_cuda_normalize_t g = *(const scull_cuda_normalize_t *)user;
  g.src = args->inputs[0];
  g.dst = args->outputs[0];
  g.packed = args->packed;
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_normalize_enqueue(&g, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_normalize = {.name = "cuda.normalize",
                                                    .version = 1,
                                                    .anchors = norms,
                                                    .precisions = SCULL_CUDA_FLOATS,
                                                    .refuse = refuse_normalize,
                                                    .configs = configs_normalize,
                                                    .pack_size = pack_size_normalize,
                                                    .pack = pack_normalize,
                                                    .prepare = prepare_normalize,
                                                    .enqueue = enqueue_normalize,
                                                    .release = scull_cuda_release};
