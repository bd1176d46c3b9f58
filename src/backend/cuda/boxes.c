/* cuda.yolo_box and cuda.box_coder: heads of detectors to boxes (boxes.cu). */
#include "backend/cuda/boxes.h"

#include "backend/cuda/common.h"
#include "backend/cuda/tactics.h"
#include "ops/box_coder.h"
#include "ops/yolo_box.h"

static const char *refuse_whole(const scull_site_t *site) {
  for (size_t i = 0; i < site->output_count; i++) {
    if (site->values[site->outputs[i]].channel_total > 0)
      return "writes whole tensors";
  }
  return scull_cuda_refuse_values(site);
}

/* --- yolo_box --------------------------------------------------------------------------------- */

typedef struct {
  scull_cuda_yolo_t t;
  int sizes_at; /* in args; -1: packed */
} yolo_t;

static const char *refuse_yolo(const scull_site_t *site, const scull_device_t *device) {
  const scull_yolo_box_attrs_t *attrs = site->ops[0].attrs;
  (void)device;
  if (scull_backend_site_input(site, 0, 0)->is_constant || site->output_count != 2)
    return "needs a head that a run computes, and gives boxes and scores";
  if (attrs->anchors.size > 2 * SCULL_CUDA_ANCHORS)
    return "knows 16 anchors at most";
  return refuse_whole(site);
}

static scull_status_t pack_size_yolo(const scull_site_t *site, const scull_config_t *config,
                                     const scull_device_t *device, size_t *bytes) {
  const scull_site_value_t *sizes = scull_backend_site_input(site, 0, 1);
  (void)config;
  (void)device;
  *bytes = sizes->is_constant ? (size_t)scull_tensor_count(&sizes->opt) * sizeof(int32_t) : 0;
  return SCULL_OK;
}

static scull_status_t pack_yolo(const scull_site_t *site, const scull_config_t *config,
                                const scull_device_t *device, void *dst) {
  const scull_site_value_t *sizes = scull_backend_site_input(site, 0, 1);
  (void)config;
  (void)device;
  for (int64_t i = 0; sizes->is_constant && i < scull_tensor_count(&sizes->opt); i++)
    ((int32_t *)dst)[i] = ((const int32_t *)sizes->data)[i];
  return SCULL_OK;
}

static scull_status_t prepare_yolo(const scull_site_t *site, const scull_config_t *config,
                                   const scull_device_t *device, scull_prepared_t *out,
                                   scull_diag_t *diag) {
  const scull_yolo_box_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *x = &scull_backend_site_input(site, 0, 0)->opt;
  const scull_site_value_t *sizes = scull_backend_site_input(site, 0, 1);
  (void)config;
  (void)device;
  (void)diag;
  yolo_t s = {.t = {.n = (int32_t)x->dim[0],
                    .anchors = (int32_t)(attrs->anchors.size / 2),
                    .classes = (int32_t)attrs->classes,
                    .height = (int32_t)x->dim[2],
                    .width = (int32_t)x->dim[3],
                    .iou_aware = attrs->iou_aware,
                    .clip = attrs->clip,
                    .least = (float)attrs->least,
                    .downsample = (float)attrs->downsample,
                    .scale = (float)attrs->scale,
                    .iou_factor = (float)attrs->iou_factor},
              .sizes_at =
                  sizes->is_constant ? -1 : scull_cuda_input_at(site, site->ops[0].inputs[1])};
  for (size_t i = 0; i < attrs->anchors.size; i++)
    s.t.anchor[i] = (float)attrs->anchors.data[i];
  return scull_cuda_keep(&s, sizeof s, out);
}

static scull_status_t enqueue_yolo(void *user, const scull_args_t *args) {
  const yolo_t *s = user;
  scull_cuda_yolo_t t = s->t;
  t.x = args->inputs[0];
  t.sizes = s->sizes_at < 0 ? args->packed : args->inputs[s->sizes_at];
  t.boxes = args->outputs[0];
  t.scores = args->outputs[1];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_yolo_enqueue(&t, l.chained, l.stream));
}

static const char *const yolos[] = {"yolo_box", NULL};
const scull_tactic_t scull_tactic_cuda_yolo_box = {.name = "cuda.yolo_box",
                                                   .version = 1,
                                                   .anchors = yolos,
                                                   .refuse = refuse_yolo,
                                                   .pack_size = pack_size_yolo,
                                                   .pack = pack_yolo,
                                                   .prepare = prepare_yolo,
                                                   .enqueue = enqueue_yolo,
                                                   .release = scull_cuda_release};

/* --- box_coder -------------------------------------------------------------------------------- */

enum { PRIOR, VARIANCE, TARGET, OPERANDS };

typedef struct {
  scull_cuda_coder_t t;
  int at[OPERANDS];        /* in args; -1: packed or absent */
  size_t offset[OPERANDS]; /* in the packed constants */
  bool packed[OPERANDS];
} coder_t;

static const char *refuse_coder(const scull_site_t *site, const scull_device_t *device) {
  (void)device;
  if (site->output_count != 1 || scull_backend_site_input(site, 0, TARGET)->is_constant)
    return "needs a target that a run computes";
  return refuse_whole(site);
}

static size_t operand_bytes(const scull_site_value_t *v) {
  return v == NULL || !v->is_constant
             ? 0
             : ((size_t)scull_tensor_count(&v->opt) * sizeof(float) + 255) / 256 * 256;
}

static scull_status_t pack_size_coder(const scull_site_t *site, const scull_config_t *config,
                                      const scull_device_t *device, size_t *bytes) {
  (void)config;
  (void)device;
  *bytes = operand_bytes(scull_backend_site_input(site, 0, PRIOR)) +
           operand_bytes(scull_backend_site_input(site, 0, VARIANCE));
  return SCULL_OK;
}

static scull_status_t pack_coder(const scull_site_t *site, const scull_config_t *config,
                                 const scull_device_t *device, void *dst) {
  char *at = dst;
  (void)config;
  (void)device;
  for (size_t i = PRIOR; i <= VARIANCE; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    if (v == NULL || !v->is_constant)
      continue;
    for (int64_t k = 0; k < scull_tensor_count(&v->opt); k++)
      ((float *)(void *)at)[k] = ((const float *)v->data)[k];
    at += operand_bytes(v);
  }
  return SCULL_OK;
}

static scull_status_t prepare_coder(const scull_site_t *site, const scull_config_t *config,
                                    const scull_device_t *device, scull_prepared_t *out,
                                    scull_diag_t *diag) {
  const scull_box_coder_attrs_t *attrs = site->ops[0].attrs;
  const scull_shape_t *y = &site->values[site->outputs[0]].opt;
  coder_t s = {.t = {.rows = (int32_t)y->dim[0],
                     .columns = (int32_t)y->dim[1],
                     .encode = attrs->encode,
                     .prior_by_row = !attrs->encode && attrs->axis == 1,
                     .offset = attrs->normalized ? 0 : 1}};
  size_t at = 0;
  (void)config;
  (void)device;
  (void)diag;
  for (int k = 0; k < 4; k++)
    s.t.constant[k] = attrs->variance.size > 0 ? (float)attrs->variance.data[k] : 1;
  for (size_t i = 0; i < OPERANDS; i++) {
    const scull_site_value_t *v = scull_backend_site_input(site, 0, i);
    s.packed[i] = v != NULL && v->is_constant;
    s.at[i] = v == NULL || v->is_constant ? -1 : scull_cuda_input_at(site, site->ops[0].inputs[i]);
    s.offset[i] = at;
    at += operand_bytes(v);
  }
  return scull_cuda_keep(&s, sizeof s, out);
}

static const float *operand(const coder_t *s, const scull_args_t *args, int i) {
  if (s->packed[i])
    return (const float *)(const void *)((const char *)args->packed + s->offset[i]);
  return s->at[i] < 0 ? NULL : args->inputs[s->at[i]];
}

static scull_status_t enqueue_coder(void *user, const scull_args_t *args) {
  const coder_t *s = user;
  scull_cuda_coder_t t = s->t;
  t.prior = operand(s, args, PRIOR);
  t.variance = operand(s, args, VARIANCE);
  t.target = operand(s, args, TARGET);
  t.dst = args->outputs[0];
  scull_cuda_launch_t l = scull_cuda_launch(args->stream, true);
  return scull_cuda_status(scull_cuda_coder_enqueue(&t, l.chained, l.stream));
}

static const char *const coders[] = {"box_coder", NULL};
const scull_tactic_t scull_tactic_cuda_box_coder = {.name = "cuda.box_coder",
                                                    .version = 1,
                                                    .anchors = coders,
                                                    .refuse = refuse_coder,
                                                    .pack_size = pack_size_coder,
                                                    .pack = pack_coder,
                                                    .prepare = prepare_coder,
                                                    .enqueue = enqueue_coder,
                                                    .release = scull_cuda_release};
