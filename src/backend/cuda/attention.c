/* cuda.attention: attention of any floats by the general kernel (attention.cu). cuda.attention.mma:
 * of FP16 and BF16 on the matrix unit (attention_mma.cu), knob 0 is the warps of a block. */
#include "backend/cuda/attention.h"

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/attention.h"

typedef struct {
  scull_cuda_attention_t a;
  int src[3], mask_at; /* in args; mask_at -1: none or packed */
  bool mask_is_packed;
  int warps; /* of attention.mma */
} state_t;

static const char *refuse(const scull_site_t *site, const scull_device_t *device) {
  const scull_site_value_t *q = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *v = scull_backend_site_input(site, 0, 2);
  (void)device;
  if (site->op_count != 1 || site->output_count != 1)
    return "runs attention alone";
  for (size_t i = 0; i < 3; i++) {
    if (scull_backend_site_input(site, 0, i)->is_constant)
      return "knows no constants but the mask";
  }
  for (size_t i = 0; i < site->value_count; i++) {
    if (!scull_cuda_is_real(&site->values[i]) || site->values[i].channel_total > 0)
      return "computes whole tensors in floats";
  }
  if (!scull_cuda_attention_fits(q->max.dim[3], v->max.dim[3]))
    return "has no room for heads as wide as these";
  if (q->max.dim[0] * q->max.dim[1] > 65535)
    return "has too many heads";
  return scull_cuda_refuse_values(site);
}

static size_t configs(const scull_site_t *site, const scull_device_t *device, scull_config_t *out,
                      size_t room) {
  (void)device;
  out[0] = (scull_config_t){0};
  return scull_cuda_add_floats(site, out, 1, room, true);
}

static const scull_site_value_t *packed_mask(const scull_site_t *site) {
  const scull_site_value_t *mask = scull_backend_site_input(site, 0, 3);
  return mask != NULL && mask->is_constant ? mask : NULL;
}

static scull_status_t pack_size(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, size_t *bytes) {
  const scull_site_value_t *mask = packed_mask(site);
  (void)config;
  (void)device;
  *bytes = mask == NULL ? 0 : (size_t)scull_tensor_count(&mask->opt) * sizeof(float);
  return SCULL_OK;
}

static scull_status_t pack(const scull_site_t *site, const scull_config_t *config,
                           const scull_device_t *device, void *dst) {
  const scull_site_value_t *mask = packed_mask(site);
  (void)config;
  (void)device;
  for (int64_t i = 0; mask != NULL && i < scull_tensor_count(&mask->opt); i++)
    scull_tensor_store(dst, SCULL_DTYPE_F32, i, scull_tensor_load(mask->data, mask->dtype, i));
  return SCULL_OK;
}

static void read_mask(const scull_site_t *site, state_t *s) {
  const scull_site_value_t *mask = scull_backend_site_input(site, 0, 3);
  int64_t steps[SCULL_MAX_RANK] = {0};
  s->mask_at = -1;
  if (mask == NULL)
    return;
  s->mask_is_packed = mask->is_constant;
  if (!mask->is_constant)
    s->mask_at = scull_cuda_input_at(site, site->ops[0].inputs[3]);
  s->a.mask_type =
      mask->is_constant ? SCULL_CUDA_E_F32 : scull_cuda_element(scull_backend_site_stored(mask));
  scull_tensor_strides(&mask->opt, steps);
  for (int32_t i = 0; i < mask->opt.rank; i++)
    s->a.mask_step[4 - mask->opt.rank + i] = mask->opt.dim[i] == 1 ? 0 : steps[i];
}

static scull_status_t prepare(const scull_site_t *site, const scull_config_t *config,
                              const scull_device_t *device, scull_prepared_t *out,
                              scull_diag_t *diag) {
  const scull_attention_attrs_t *attrs = site->ops[0].attrs;
  const scull_site_value_t *q = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *k = scull_backend_site_input(site, 0, 1);
  const scull_site_value_t *v = scull_backend_site_input(site, 0, 2);
  (void)config;
  (void)device;
  (void)diag;
  state_t s = {.a = {.q_type = scull_cuda_element(scull_backend_site_stored(q)),
                     .k_type = scull_cuda_element(scull_backend_site_stored(k)),
                     .v_type = scull_cuda_element(scull_backend_site_stored(v)),
                     .dst_type = scull_cuda_element(
                         scull_backend_site_stored(&site->values[site->outputs[0]])),
                     .heads = (int32_t)(q->opt.dim[0] * q->opt.dim[1]),
                     .heads_a_batch = (int32_t)q->opt.dim[1],
                     .queries = (int32_t)q->opt.dim[2],
                     .keys = (int32_t)v->opt.dim[2],
                     .depth = (int32_t)q->opt.dim[3],
                     .width = (int32_t)v->opt.dim[3],
                     .scale = (float)attrs->scale}};
  for (size_t i = 0; i < 3; i++)
    s.src[i] = scull_cuda_input_at(site, site->ops[0].inputs[i]);
  read_mask(site, &s);
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_cuda_attention_t bind(const state_t *s, const scull_args_t *args) {
  scull_cuda_attention_t a = s->a;
  a.q = args->inputs[s->src[0]];
  a.k = args->inputs[s->src[1]];
  a.v = args->inputs[s->src[2]];
  a.mask = s->mask_is_packed ? args->packed : s->mask_at < 0 ? NULL : args->inputs[s->mask_at];
  a.dst = args->outputs[0];
  return a;
}

static scull_status_t enqueue(void *user, const scull_args_t *args) {
  const scull_cuda_attention_t a = bind(user, args);
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_attention_enqueue(&a, l.chained, l.stream));
}

static const char *const anchors[] = {"attention", NULL};
const scull_tactic_t scull_tactic_cuda_attention = {.name = "cuda.attention",
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

/* --- on the matrix unit ----------------------------------------------------------------------- */

static bool fits_unit(const scull_shape_t *shape) {
  return shape->dim[3] % 8 == 0 && shape->dim[3] <= 128 && shape->dim[3] > 0;
}

static const char *refuse_mma(const scull_site_t *site, const scull_device_t *device) {
  const char *why = refuse(site, device);
  if (why != NULL)
    return why;
  for (size_t i = 0; i < 3; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    if (v->dtype != SCULL_DTYPE_F32)
      return "takes networks of f32";
    if (!fits_unit(&v->max) || v->min.dim[3] != v->max.dim[3])
      return "needs heads of a fixed 8, 16, ... 128";
  }
  return device->features < 80 ? "needs compute capability 8.0" : NULL;
}

static size_t configs_mma(const scull_site_t *site, const scull_device_t *device,
                          scull_config_t *out, size_t room) {
  static const scull_precision_t floats[] = {SCULL_AS_F16, SCULL_AS_BF16};
  static const int warps[] = {SCULL_CUDA_ATTENTION_SPLIT, 4, 2};
  const bool narrow = scull_backend_site_input(site, 0, 0)->max.dim[3] <= 64 &&
                      scull_backend_site_input(site, 0, 2)->max.dim[3] <= 64;
  size_t n = 0;
  (void)device;
  for (size_t f = 0; f < 2; f++) {
    for (size_t k = 0; k < 6 && scull_backend_site_permits(site, floats[f]); k++) {
      if (n < room && (narrow || warps[k % 3] != SCULL_CUDA_ATTENTION_SPLIT))
        out[n++] = (scull_config_t){.knob = {warps[k % 3]},
                                    .src_as = floats[f],
                                    .dst_as = k < 3 ? floats[f] : SCULL_AS_MODEL};
    }
  }
  return n;
}

static scull_status_t prepare_mma(const scull_site_t *site, const scull_config_t *config,
                                  const scull_device_t *device, scull_prepared_t *out,
                                  scull_diag_t *diag) {
  SCULL_TRY(prepare(site, config, device, out, diag));
  state_t *s = out->state;
  s->warps = config->knob[0];
  const bool pair = s->a.q_type == SCULL_CUDA_E_F16 || s->a.q_type == SCULL_CUDA_E_BF16;
  const bool fits =
      s->warps != SCULL_CUDA_ATTENTION_SPLIT || (s->a.depth <= 64 && s->a.width <= 64);
  if (pair && s->a.k_type == s->a.q_type && s->a.v_type == s->a.q_type && s->a.keys > 0 && fits)
    return SCULL_OK;
  scull_cuda_release(s);
  out->state = NULL;
  return SCULL_UNSUPPORTED;
}

static scull_status_t enqueue_mma(void *user, const scull_args_t *args) {
  const state_t *s = user;
  const scull_cuda_attention_t a = bind(s, args);
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_attention_mma_enqueue(&a, s->warps, l.chained, l.stream));
}

const scull_tactic_t scull_tactic_cuda_attention_mma = {.name = "cuda.attention.mma",
                                                        .version = 1,
                                                        .anchors = anchors,
                                                        .precisions = SCULL_CUDA_FLOATS,
                                                        .refuse = refuse_mma,
                                                        .configs = configs_mma,
                                                        .pack_size = pack_size,
                                                        .pack = pack,
                                                        .packs_alike = true,
                                                        .prepare = prepare_mma,
                                                        .enqueue = enqueue_mma,
                                                        .release = scull_cuda_release};
