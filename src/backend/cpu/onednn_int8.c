/* Products of small integers by oneDNN 2.x: acc = sum of u8 or s8 sources times s8 weights, result
 * = scale[c] * (acc + bias), where scale[c] = source scale * weight scale[c] / destination scale
 * and the bias is packed in units of the accumulator. 3.x says the same by three scales given at
 * execution, which is not written yet: there the tactics offer no small integers.
 *
 * Without VNNI the kernels add two products in 16 bits, which saturates for u8 sources and weights
 * beyond half their range: weights then keep to 63 of their 127 steps. For s8 sources the library
 * halves weights by itself. */
#include <string.h>

#include "backend/cpu/onednn.h"

bool scull_onednn_has_vnni(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni ||
         (isa & dnnl_cpu_isa_avx2_vnni) == dnnl_cpu_isa_avx2_vnni;
}

static bool saturates(const scull_site_t *site) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  return !scull_onednn_has_vnni() && scull_backend_site_stored(x) == SCULL_DTYPE_U8;
}

/* What a step of a packed weight of channel `c` stands for. */
static float weight_scale(const scull_site_t *site, const scull_site_value_t *w, size_t c) {
  const float scale = w->quant->scales[w->quant->count == 1 ? 0 : c];
  return saturates(site) ? scale * 127.0f / 63.0f : scale;
}

static bool one_quant(const scull_site_t *site) {
  const scull_quant_t *first = scull_backend_site_input(site, 0, 0)->quant;
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (v->as == SCULL_AS_INT8 && !scull_tensor_quant_equal(v->quant, first))
      return false;
  }
  return true;
}

bool scull_onednn_int8_fits(const scull_onednn_family_t *family, const scull_site_t *site) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  bool any = false;
  for (size_t i = 0; i < site->value_count; i++)
    any = any || site->values[i].as == SCULL_AS_INT8;
  if (!any)
    return true;
  if (DNNL_VERSION_MAJOR >= 3 || x == NULL || x->as != SCULL_AS_INT8)
    return false;
  if (!family->is_product)
    return site->values[site->outputs[0]].as == SCULL_AS_INT8 && one_quant(site);
  const scull_site_value_t *bias = scull_backend_site_input(site, 0, 2);
  if (w == NULL || w->quant == NULL || (bias != NULL && !bias->is_constant))
    return false; /* a bias is packed in units of the accumulators */
  return w->is_constant ? w->quant->dtype == SCULL_DTYPE_I8 : w->as == SCULL_AS_INT8;
}

#if DNNL_VERSION_MAJOR >= 3

bool scull_onednn_int8_set_scales(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  (void)site;
  (void)recipe;
  return false;
}

#else

/* Axis of the result along which the weights' channels run: 1 of a convolution, the last of a
 * matrix. */
static int channel_axis(const scull_onednn_recipe_t *recipe) {
  const scull_onednn_md_ref_t dst = scull_onednn_recipe_md(recipe, DNNL_ARG_DST);
  const scull_onednn_md_ref_t src = scull_onednn_recipe_md(recipe, DNNL_ARG_SRC);
  if (dst == NULL || src == NULL)
    return -1;
  return recipe->parameters.algorithm == dnnl_convolution_direct ||
                 recipe->parameters.algorithm == dnnl_deconvolution_direct
             ? 1
             : dst->ndims - 1;
}

bool scull_onednn_int8_set_scales(const scull_site_t *site, scull_onednn_recipe_t *recipe) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const size_t count = w->quant->count;
  const int axis = channel_axis(recipe);
  float *scales = scull_base_alloc(count * sizeof *scales);
  bool ok = scales != NULL && axis >= 0;
  for (size_t c = 0; ok && c < count; c++)
    scales[c] = recipe->src_scale * recipe->out_factor *
                (w->is_constant ? weight_scale(site, w, c) : w->quant->scales[0]);
  ok = ok &&
       dnnl_primitive_attr_set_output_scales(recipe->attr, (dnnl_dim_t)count,
                                             count == 1 ? 0 : 1 << axis, scales) == dnnl_success;
  scull_base_free(scales);
  return ok;
}

#endif

static void *pack_weights(const scull_site_t *site, const scull_site_value_t *w,
                          const float *data) {
  const int64_t all = scull_tensor_count(&w->opt);
  int64_t inner = 1;
  int8_t *out = scull_base_alloc_raw((size_t)all);
  for (int32_t i = w->quant->axis + 1; w->quant->axis >= 0 && i < w->opt.rank; i++)
    inner *= w->opt.dim[i];
  for (int64_t i = 0; out != NULL && i < all; i++) {
    const size_t channel = (size_t)(i / inner) % w->quant->count;
    if (w->quant->integers != NULL && !saturates(site)) {
      out[i] = w->quant->integers[i];
      continue;
    }
    out[i] = (int8_t)scull_tensor_quantize(SCULL_DTYPE_I8, weight_scale(site, w, channel), data[i]);
  }
  return out;
}

static void *pack_bias(const scull_site_t *site, const scull_onednn_recipe_t *recipe,
                       const scull_site_value_t *bias, const float *data) {
  const scull_site_value_t *w = scull_backend_site_input(site, 0, 1);
  const int64_t all = scull_tensor_count(&bias->opt);
  float *out = scull_base_alloc_raw((size_t)all * sizeof *out);
  for (int64_t i = 0; out != NULL && i < all; i++)
    out[i] = data[i] / (recipe->src_scale * weight_scale(site, w, (size_t)i));
  return out;
}

void *scull_onednn_int8_constant(const scull_site_t *site, const scull_onednn_recipe_t *recipe,
                                 uint16_t value, const void *data) {
  const scull_site_value_t *v = &site->values[value];
  if (value == site->ops[0].inputs[1])
    return pack_weights(site, v, data);
  return pack_bias(site, recipe, v, data);
}
