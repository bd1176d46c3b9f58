/* Shared parts of our own kernels' tactics: no kernel here, only reading of sites. */
#include "backend/cpu/kernel.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
const scull_cpu_kernels_t *scull_cpu_kernels_of(const scull_device_t *device) {
  if ((device->features & SCULL_CPU_AVX512) != 0)
    return &scull_cpu_kernels_avx512;
  return (device->features & SCULL_CPU_AVX2) != 0 ? &scull_cpu_kernels_avx2 : NULL;
}
#endif

bool scull_cpu_number_of(const scull_site_value_t *value, scull_cpu_number_t *out) {
  switch (scull_backend_site_stored(value)) {
  case SCULL_DTYPE_F32: *out = SCULL_CPU_F32; return true;
  case SCULL_DTYPE_BF16: *out = SCULL_CPU_BF16; return true;
  case SCULL_DTYPE_U8: *out = SCULL_CPU_U8; return true;
  case SCULL_DTYPE_I8: *out = SCULL_CPU_I8; return true;
  default: return false;
  }
}

/* --- views ------------------------------------------------------------------------------------ */

scull_cpu_view_t scull_cpu_view_of(const scull_site_value_t *value) {
  const scull_shape_t *shape = &value->opt;
  int64_t channels = value->channel_total > 0 ? value->channel_total : shape->dim[1];
  int64_t width = shape->dim[shape->rank - 1], height = 1;
  for (int32_t i = 2; i < shape->rank - 1; i++)
    height *= shape->dim[i];
  if (value->layout == SCULL_LAYOUT_NHWC)
    return (scull_cpu_view_t){height * width * channels, width * channels, channels, 16};
  return (scull_cpu_view_t){(channels + 15) / 16 * 16 * height * width, width * 16, 16,
                            height * width * 16};
}

bool scull_cpu_view_fits(const scull_site_value_t *value, scull_layout_t layout) {
  if (layout == SCULL_LAYOUT_NHWC)
    return true;
  return layout == SCULL_LAYOUT_C16 && value->opt.dim[1] % 16 == 0 &&
         value->channel_offset % 16 == 0 && value->channel_total % 16 == 0;
}

/* --- epilogues -------------------------------------------------------------------------------- */

/* A float attribute by name, so that this file needs no operator's header. */
static float attribute(const scull_site_op_t *op, const char *name) {
  const scull_attr_field_t *field = scull_ops_attr_find(&op->def->attrs, name);
  double value = 0;
  if (field != NULL && field->kind == SCULL_ATTR_FLOAT)
    memcpy(&value, (const char *)op->attrs + field->offset, sizeof value);
  return (float)value;
}

typedef struct {
  const char *op;
  scull_cpu_act_t act;
  const char *param[3]; /* attributes */
} act_row_t;

static const act_row_t acts[] = {
    {"leaky_relu", SCULL_CPU_ACT_LEAKY, {"alpha"}},
    {"clip", SCULL_CPU_ACT_CLIP, {"min", "max"}},
    {"scale", SCULL_CPU_ACT_LINEAR, {"scale", "bias"}},
    {"hard_sigmoid", SCULL_CPU_ACT_HARD_SIGMOID, {"alpha", "beta"}},
    {"hard_swish", SCULL_CPU_ACT_HARD_SWISH, {"offset", "threshold", "scale"}},
    {"sigmoid", SCULL_CPU_ACT_SIGMOID, {NULL}},
    {"swish", SCULL_CPU_ACT_SWISH, {"beta"}},
    {"tanh", SCULL_CPU_ACT_TANH, {NULL}},
    {"exp", SCULL_CPU_ACT_EXP, {NULL}},
    {"sqrt", SCULL_CPU_ACT_SQRT, {NULL}},
    {"abs", SCULL_CPU_ACT_ABS, {NULL}},
    {"square", SCULL_CPU_ACT_SQUARE, {NULL}},
};

bool scull_cpu_post_act(const scull_site_op_t *op, scull_cpu_post_t *out) {
  *out = (scull_cpu_post_t){.act = SCULL_CPU_ACT_NONE, .param = {-INFINITY, INFINITY}};
  if (op == NULL || strcmp(op->def->name, "identity") == 0)
    return true;
  if (strcmp(op->def->name, "relu") == 0) {
    *out = (scull_cpu_post_t){.act = SCULL_CPU_ACT_CLIP, .param = {0, INFINITY}};
    return true;
  }
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
    if (strcmp(op->def->name, acts[i].op) != 0)
      continue;
    out->act = acts[i].act;
    for (int p = 0; p < 3 && acts[i].param[p] != NULL; p++)
      out->param[p] = attribute(op, acts[i].param[p]);
    if (out->act == SCULL_CPU_ACT_HARD_SWISH) /* the attribute divides */
      out->param[2] = 1.0f / out->param[2];
    return true;
  }
  return false;
}

int scull_cpu_input_position(const scull_site_t *site, uint16_t index) {
  for (size_t i = 0; i < site->input_count; i++) {
    if (site->inputs[i] == index)
      return (int)i;
  }
  return -1;
}

/* --- convolutions ----------------------------------------------------------------------------- */

static const char *refuse_operands(const scull_cpu_conv_t *c, const scull_site_t *site) {
  if (c->src->dtype != SCULL_DTYPE_F32 || c->dst->dtype != SCULL_DTYPE_F32)
    return "computes in f32 only";
  if (c->src->opt.rank != 4)
    return "needs two spatial axes";
  if (c->src->is_constant || !c->filter->is_constant || (c->bias != NULL && !c->bias->is_constant))
    return "needs a constant filter and bias";
  return site->output_count != 1 ? "has one result" : NULL;
}

const char *scull_cpu_conv_of(const scull_site_t *site, scull_cpu_conv_t *out) {
  scull_epilogue_t epilogue;
  scull_tensor_t inputs[4], outputs[1];
  scull_op_call_t call;
  if (!scull_backend_site_epilogue(site, &epilogue))
    return "knows a residual add and one activation behind the convolution";
  *out = (scull_cpu_conv_t){.src = scull_backend_site_input(site, 0, 0),
                            .filter = scull_backend_site_input(site, 0, 1),
                            .bias = scull_backend_site_input(site, 0, 2),
                            .dst = &site->values[site->outputs[0]],
                            .residual = epilogue.residual,
                            .residual_at = -1};
  const char *reason = refuse_operands(out, site);
  if (reason != NULL)
    return reason;
  if (!scull_cpu_post_act(epilogue.activation, &out->post))
    return "has no kernel for this activation";
  out->post.add_first = epilogue.add_first;
  out->src_at = scull_cpu_input_position(site, site->ops[0].inputs[0]);
  if (out->residual != NULL)
    out->residual_at = scull_cpu_input_position(site, epilogue.residual_index);
  if (!scull_backend_site_call(site, 0, inputs, 4, outputs, 1, &call) ||
      scull_ops_conv_geometry(&call, &out->g) != SCULL_OK)
    return "is no valid convolution";
  return NULL;
}

size_t scull_cpu_layout_pairs(const scull_cpu_conv_t *c, scull_config_t *out) {
  static const scull_layout_t pairs[4][2] = {{SCULL_LAYOUT_NHWC, SCULL_LAYOUT_NHWC},
                                             {SCULL_LAYOUT_C16, SCULL_LAYOUT_C16},
                                             {SCULL_LAYOUT_NHWC, SCULL_LAYOUT_C16},
                                             {SCULL_LAYOUT_C16, SCULL_LAYOUT_NHWC}};
  size_t count = 0;
  for (int i = 0; i < 4; i++) {
    const scull_layout_t src = pairs[i][0], dst = pairs[i][1];
    if (scull_cpu_view_fits(c->src, src) && scull_cpu_view_fits(c->dst, dst) &&
        (c->residual == NULL || scull_cpu_view_fits(c->residual, dst)))
      out[count++] = (scull_config_t){.src = src, .dst = dst};
  }
  return count;
}

bool scull_cpu_conv_laid_out(const scull_cpu_conv_t *c) {
  return scull_cpu_view_fits(c->src, c->src->layout) &&
         scull_cpu_view_fits(c->dst, c->dst->layout) &&
         (c->residual == NULL || (scull_cpu_view_fits(c->residual, c->residual->layout) &&
                                  c->residual->layout == c->dst->layout));
}

uint32_t scull_cpu_conv_alias(const scull_site_t *site, const scull_config_t *config) {
  scull_cpu_conv_t c;
  (void)config;
  if (scull_cpu_conv_of(site, &c) != NULL || c.residual == NULL || c.residual_at >= 32 ||
      c.residual_at == c.src_at || /* its pixels are read again for the next channels */
      c.residual->channel_total > 0 || c.dst->channel_total > 0)
    return 0;
  return 1u << c.residual_at;
}
