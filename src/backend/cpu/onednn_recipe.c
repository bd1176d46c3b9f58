/* Recipes, the walk to the implementation that a config means, configurations, and the packing of
 * constants. Packed constants must serve every shape of a range: their layout is what the
 * implementation asks for at the largest shape, and other shapes are then held to it. */
#include <string.h>

#include "backend/cpu/onednn.h"
#include "base/checked.h"
#include "base/hash.h"
#include "base/thread.h"

/* --- recipes ---------------------------------------------------------------------------------- */

bool scull_onednn_recipe_add(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                             uint16_t value, scull_onednn_md_t held, bool any) {
  const scull_site_value_t *v = &site->values[value];
  if (recipe->count == SCULL_ONEDNN_OPERANDS) {
    scull_onednn_md_deinit(&held);
    return false;
  }
  scull_onednn_operand_t *operand = &recipe->operands[recipe->count++];
  *operand =
      (scull_onednn_operand_t){.arg = arg, .value = value, .packed = v->is_constant, .held = held};
  const scull_dtype_t dtype = recipe->weights == SCULL_DTYPE_NONE ? v->dtype : recipe->weights;
#if DNNL_VERSION_MAJOR < 3
  if (recipe->is_int8 && any && v->is_constant) /* as scull_onednn_int8_constant gives it */
    operand->held.data_type = dnnl_s8;
#endif
  if (!any || !v->is_constant)
    return scull_onednn_md_copy(&operand->wanted, scull_onednn_md_ref(&held));
#if DNNL_VERSION_MAJOR >= 3
  int rank = 0;
  dnnl_dims_t *dims = NULL;
  if (dnnl_memory_desc_query(held, dnnl_query_ndims_s32, &rank) != dnnl_success ||
      dnnl_memory_desc_query(held, dnnl_query_dims, &dims) != dnnl_success)
    return false;
  return scull_onednn_md_init_any(&operand->wanted, rank, *dims, dtype);
#else
  return scull_onednn_md_init_any(&operand->wanted, held.ndims, held.dims, dtype);
#endif
}

bool scull_onednn_recipe_add_value(scull_onednn_recipe_t *recipe, const scull_site_t *site, int arg,
                                   uint16_t value) {
  scull_onednn_md_t md;
  return scull_onednn_md_init_value(&md, &site->values[value]) &&
         scull_onednn_recipe_add(recipe, site, arg, value, md, false);
}

/* Adds `factor` times what the destination holds, which is of the residual's type. */
static bool append_sum(dnnl_post_ops_t ops, const scull_site_value_t *residual, float factor) {
  const scull_dtype_t stored = scull_backend_site_stored(residual);
  const dnnl_data_type_t type = stored == SCULL_DTYPE_U8   ? dnnl_u8
                                : stored == SCULL_DTYPE_I8 ? dnnl_s8
                                                           : dnnl_data_type_undef;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(ops, factor, 0, type) == dnnl_success;
#else
  return dnnl_post_ops_append_sum_v2(ops, factor, type) == dnnl_success;
#endif
}

/* The result of the last step is multiplied with `factor`. */
static bool append_eltwise(dnnl_post_ops_t ops, const scull_site_op_t *op, float factor) {
  scull_onednn_eltwise_t steps[2];
  size_t count = scull_onednn_eltwise_find(op, steps);
  for (size_t i = 0; i < count; i++) {
#if DNNL_VERSION_MAJOR >= 3
    if (factor != 1 || dnnl_post_ops_append_eltwise(ops, steps[i].algorithm, steps[i].alpha,
                                                    steps[i].beta) != dnnl_success)
      return false;
#else
    if (dnnl_post_ops_append_eltwise(ops, i + 1 == count ? factor : 1, steps[i].algorithm,
                                     steps[i].alpha, steps[i].beta) != dnnl_success)
      return false;
#endif
  }
  return count > 0;
}

/* f(a x) = a f(x) for positive a: such an activation may work in units of the destination. */
static bool is_homogeneous(const scull_site_op_t *activation) {
  scull_onednn_eltwise_t steps[2];
  return activation == NULL || (scull_onednn_eltwise_find(activation, steps) == 1 &&
                                steps[0].algorithm == dnnl_eltwise_relu);
}

bool scull_onednn_recipe_add_epilogue(scull_onednn_recipe_t *recipe,
                                      const scull_epilogue_t *epilogue) {
  dnnl_post_ops_t ops = NULL;
  bool ok = dnnl_post_ops_create(&ops) == dnnl_success;
  const float to_dst = 1.0f / recipe->dst_scale;
  const bool early =
      is_homogeneous(epilogue->activation); /* the product is in dst's units already */
  const scull_site_value_t *r = epilogue->residual;
  const float held = r == NULL ? 1.0f : scull_backend_site_scale(r);
  recipe->out_factor = early ? to_dst : 1.0f;
  if (ok && epilogue->add != NULL && epilogue->add_first)
    ok = append_sum(ops, r, early ? held * to_dst : held);
  if (ok && epilogue->activation != NULL)
    ok = append_eltwise(ops, epilogue->activation, early ? 1.0f : to_dst);
  if (ok && epilogue->add != NULL && !epilogue->add_first)
    ok = append_sum(ops, r, held * to_dst);
  ok = ok && dnnl_primitive_attr_set_post_ops(recipe->attr, ops) == dnnl_success;
  if (ops != NULL)
    dnnl_post_ops_destroy(ops);
  recipe->residual = epilogue->residual_index;
  return ok;
}

static const scull_onednn_operand_t *operand_of(const scull_onednn_recipe_t *recipe, int arg) {
  for (size_t i = 0; i < recipe->count; i++) {
    if (recipe->operands[i].arg == arg)
      return &recipe->operands[i];
  }
  return NULL;
}

scull_onednn_md_ref_t scull_onednn_recipe_md(const scull_onednn_recipe_t *recipe, int arg) {
  const scull_onednn_operand_t *operand = operand_of(recipe, arg);
  return operand == NULL ? NULL : scull_onednn_md_ref(&operand->wanted);
}

static bool recipe_init(scull_onednn_recipe_t *recipe) {
  *recipe = (scull_onednn_recipe_t){.residual = SCULL_SITE_ABSENT};
  return dnnl_primitive_attr_create(&recipe->attr) == dnnl_success &&
         dnnl_primitive_attr_set_scratchpad_mode(recipe->attr, dnnl_scratchpad_mode_user) ==
             dnnl_success;
}

void scull_onednn_recipe_deinit(scull_onednn_recipe_t *recipe) {
  for (size_t i = 0; i < recipe->count; i++) {
    scull_onednn_md_deinit(&recipe->operands[i].held);
    scull_onednn_md_deinit(&recipe->operands[i].wanted);
  }
  if (recipe->attr != NULL)
    dnnl_primitive_attr_destroy(recipe->attr);
  recipe->count = 0;
  recipe->attr = NULL;
}

/* --- implementations -------------------------------------------------------------------------- */

static const char *name_of(const_dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) != dnnl_success)
    return "ref";
  return name;
}

static int32_t hash_of(const_dnnl_primitive_desc_t pd) {
  const char *name = name_of(pd);
  return (int32_t)(scull_base_hash64(name, strlen(name), 1) & 0x7fffffff) | 1;
}

/* Reference kernels are slow, and never said aloud: the library falls back to them silently. SSE4.1
 * kernels are offered on newer processors, too, where they lose always and, depthwise with a sum
 * and a channel tail, read past the end (2.6.3); AVX2's products of bytes, which saturate or halve
 * their weights, are needed only where there is nothing better. */
static bool is_usable(const scull_onednn_family_t *family, const_dnnl_primitive_desc_t pd) {
  const char *name = name_of(pd);
  if (strstr(name, "sse41") != NULL && dnnl_get_effective_cpu_isa() != dnnl_cpu_isa_sse41)
    return false;
  if (strstr(name, "int8") != NULL && strstr(name, ":avx2") != NULL &&
      strstr(name, "vnni") == NULL && scull_onednn_has_vnni())
    return false;
  return family->takes_reference || strstr(name, "ref") == NULL;
}

/* To the first usable implementation from where the walk stands. */
static void skip_unusable(const scull_onednn_family_t *family, scull_onednn_walk_t *walk) {
  while (walk->pd != NULL && !is_usable(family, walk->pd))
    scull_onednn_walk_next(walk);
}

static bool walk_to(const scull_onednn_family_t *family, const scull_config_t *config,
                    scull_onednn_walk_t *walk) {
  int32_t number = 0;
  for (skip_unusable(family, walk); walk->pd != NULL; skip_unusable(family, walk)) {
    if (config == NULL ||
        (config->knob[1] != 0 ? config->knob[1] == hash_of(walk->pd) : config->knob[0] == number))
      return true;
    number++;
    scull_onednn_walk_next(walk);
  }
  return false;
}

/* Asks for constants exactly as another choice packed them. */
static bool hold_packed(scull_onednn_recipe_t *recipe, const scull_onednn_choice_t *packed) {
  for (size_t i = 0; i < recipe->count; i++) {
    scull_onednn_operand_t *operand = &recipe->operands[i];
    if (!operand->packed)
      continue;
    scull_onednn_md_ref_t md =
        dnnl_primitive_desc_query_md(packed->walk.pd, dnnl_query_exec_arg_md, operand->arg);
    scull_onednn_md_deinit(&operand->wanted);
    if (md == NULL || !scull_onednn_md_copy(&operand->wanted, md))
      return false;
  }
  return true;
}

static bool has_elements(const scull_site_t *site) {
  for (size_t i = 0; i < site->value_count; i++) {
    const scull_site_value_t *v = &site->values[i];
    if (scull_tensor_count(&v->opt) == 0)
      return false;
  }
  return true;
}

/* The sum post-operation reads the residual where the result will be. */
static bool residual_fits(const scull_site_t *site, uint16_t residual) {
  if (residual == SCULL_SITE_ABSENT)
    return true;
  const scull_site_value_t *from = &site->values[residual], *to = &site->values[site->outputs[0]];
  const bool alike = from->as == to->as && from->dtype == to->dtype; /* s8 may meet u8 */
  return alike && from->channel_total == 0 &&
         scull_backend_layout_same(&to->opt, from->layout, to->layout);
}

/* What the precision of the anchor's first operand means for the rest. */
static void set_precision(const scull_onednn_family_t *family, const scull_site_t *site,
                          scull_onednn_recipe_t *recipe) {
  const scull_site_value_t *x = scull_backend_site_input(site, 0, 0);
  const scull_precision_t as = x == NULL ? SCULL_AS_MODEL : x->as;
  recipe->src_scale = x == NULL ? 1.0f : scull_backend_site_scale(x);
  recipe->dst_scale = scull_backend_site_scale(&site->values[site->outputs[0]]);
  recipe->out_factor = 1.0f / recipe->dst_scale;
  recipe->is_int8 = as == SCULL_AS_INT8 && family->is_product;
  recipe->weights = as == SCULL_AS_BF16 ? SCULL_DTYPE_BF16
                    : recipe->is_int8   ? SCULL_DTYPE_I8
                                        : SCULL_DTYPE_NONE;
}

/* The library divides by zero when it is asked about empty matrices (2.6.3). */
bool scull_onednn_choice_init(const scull_onednn_family_t *family, const scull_site_t *site,
                              const scull_config_t *config, const scull_onednn_choice_t *packed,
                              scull_onednn_choice_t *out) {
  out->walk = (scull_onednn_walk_t){0};
  if (site->value_count > SCULL_ONEDNN_VALUES)
    return false;
  bool ok = recipe_init(&out->recipe) && has_elements(site) && scull_onednn_int8_fits(family, site);
  if (ok)
    set_precision(family, site, &out->recipe);
  ok = ok && family->describe(site, &out->recipe) &&
       (!out->recipe.is_int8 || scull_onednn_int8_set_scales(site, &out->recipe)) &&
       (packed == NULL || hold_packed(&out->recipe, packed)) &&
       residual_fits(site, out->recipe.residual) &&
       family->begin(&out->recipe, &out->walk) == dnnl_success &&
       walk_to(family, config, &out->walk);
  if (!ok)
    scull_onednn_choice_deinit(out);
  return ok;
}

void scull_onednn_choice_deinit(scull_onednn_choice_t *choice) {
  scull_onednn_walk_deinit(&choice->walk);
  scull_onednn_recipe_deinit(&choice->recipe);
}

/* --- shapes ----------------------------------------------------------------------------------- */

void scull_onednn_copy_init(scull_onednn_copy_t *copy, const scull_site_t *site,
                            const scull_config_t *config, int at) {
  copy->site = *site;
  copy->site.values = copy->values;
  for (size_t i = 0; i < site->value_count && i < SCULL_ONEDNN_VALUES; i++) {
    scull_site_value_t *v = &copy->values[i];
    *v = site->values[i];
    if (at != SCULL_ONEDNN_AT_OPT)
      v->opt = at == SCULL_ONEDNN_AT_MIN ? v->min : v->max;
  }
  if (config != NULL)
    scull_backend_config_apply(&copy->site, config);
}

bool scull_onednn_is_fixed(const scull_site_t *site) {
  for (size_t i = 0; i < site->input_count; i++) {
    const scull_site_value_t *v = &site->values[site->inputs[i]];
    if (!scull_tensor_shape_equal(&v->min, &v->max) || !scull_tensor_shape_equal(&v->opt, &v->max))
      return false;
  }
  return true;
}

bool scull_onednn_choice_init_packed(const scull_onednn_family_t *family, const scull_site_t *site,
                                     const scull_config_t *config, scull_onednn_choice_t *out) {
  scull_onednn_copy_t copy;
  scull_onednn_copy_init(&copy, site, config, SCULL_ONEDNN_AT_MAX);
  scull_base_threads_apply(config->knob[2] > 0 ? config->knob[2] : site->threads);
  return scull_onednn_choice_init(family, &copy.site, config, NULL, out);
}

/* --- configurations --------------------------------------------------------------------------- */

/* True when the config also runs at one end of the range with the constants packed for max. */
static bool serves(const scull_onednn_family_t *family, const scull_site_t *site,
                   const scull_config_t *config, int at) {
  scull_onednn_choice_t packed, choice;
  scull_onednn_copy_t copy;
  scull_onednn_copy_init(&copy, site, config, at);
  if (!has_elements(&copy.site))
    return true;
  if (!scull_onednn_choice_init_packed(family, site, config, &packed))
    return false;
  bool ok = scull_onednn_choice_init(family, &copy.site, config, &packed, &choice);
  if (ok)
    scull_onednn_choice_deinit(&choice);
  scull_onednn_choice_deinit(&packed);
  return ok;
}

static bool is_listed(const scull_config_t *list, size_t count, const scull_config_t *config) {
  for (size_t i = 0; i < count; i++) {
    if (list[i].src == config->src && list[i].dst == config->dst &&
        list[i].src_as == config->src_as && list[i].dst_as == config->dst_as &&
        list[i].knob[1] == config->knob[1])
      return true;
  }
  return false;
}

/* Adds every implementation for the layouts of `like`. */
static size_t add_implementations(const scull_onednn_family_t *family, const scull_site_t *site,
                                  const scull_config_t *like, scull_config_t *out, size_t count,
                                  size_t room) {
  scull_onednn_copy_t copy;
  scull_onednn_choice_t choice;
  scull_config_t config = *like;
  size_t begin = count;
  scull_onednn_copy_init(&copy, site, like, SCULL_ONEDNN_AT_OPT);
  if (!scull_onednn_choice_init(family, &copy.site, like, NULL, &choice))
    return count;
  scull_onednn_walk_t *walk = &choice.walk;
  for (; walk->pd != NULL && count < room; skip_unusable(family, walk)) {
    config.knob[1] = hash_of(walk->pd);
    if (!is_listed(out + begin, count - begin, &config) &&
        (scull_onednn_is_fixed(site) || (serves(family, site, &config, SCULL_ONEDNN_AT_MIN) &&
                                         serves(family, site, &config, SCULL_ONEDNN_AT_MAX) &&
                                         serves(family, site, &config, SCULL_ONEDNN_AT_OPT))))
      out[count++] = config;
    config.knob[0]++;
    scull_onednn_walk_next(walk);
  }
  scull_onednn_choice_deinit(&choice);
  return count;
}

/* Which formats the site's values really get: tensors of two axes know only one layout. */
static uint64_t layouts_hash(const scull_site_t *site, const scull_config_t *config) {
  scull_onednn_copy_t copy;
  uint64_t hash = 1;
  scull_onednn_copy_init(&copy, site, config, SCULL_ONEDNN_AT_OPT);
  for (size_t i = 0; i < site->value_count; i++)
    hash = scull_base_hash64((const int[]){copy.values[i].layout, copy.values[i].as},
                             2 * sizeof(int), hash);
  return hash;
}

/* False where a precision does not reach the values that it is for. */
static bool has_precisions(const scull_site_t *site, const scull_config_t *config) {
  scull_onednn_copy_t copy;
  scull_onednn_copy_init(&copy, site, config, SCULL_ONEDNN_AT_OPT);
  const scull_site_value_t *x = scull_backend_site_input(&copy.site, 0, 0);
  return x != NULL && x->as == config->src_as && copy.values[site->outputs[0]].as == config->dst_as;
}

size_t scull_onednn_configs(const scull_onednn_family_t *family, const scull_site_t *site,
                            const scull_device_t *device, scull_config_t *out, size_t room) {
  enum { LAYOUTS = 32 };
  scull_config_t layouts[LAYOUTS];
  uint64_t seen[LAYOUTS];
  size_t count = 0, pairs = scull_onednn_layouts(family, site, device, layouts, LAYOUTS);
  if (site->value_count > SCULL_ONEDNN_VALUES)
    return 0;
  scull_base_threads_apply(site->threads);
  for (size_t i = 0; i < pairs && count < room; i++) {
    bool fresh = true;
    layouts[i].knob[2] = site->threads;
    seen[i] = layouts_hash(site, &layouts[i]);
    for (size_t k = 0; k < i; k++)
      fresh = fresh && seen[k] != seen[i];
    fresh = fresh && has_precisions(site, &layouts[i]);
    if (fresh)
      count = add_implementations(family, site, &layouts[i], out, count, room);
  }
  return count;
}

const char *scull_onednn_refuse(const scull_onednn_family_t *family, const scull_site_t *site,
                                const scull_device_t *device) {
  scull_config_t one;
  scull_epilogue_t epilogue;
  const char *why = scull_onednn_refuse_common(site, device);
  if (why == NULL && site->op_count > 1 && !scull_backend_site_epilogue(site, &epilogue))
    why = "takes a residual add and one activation behind the anchor";
  if (why == NULL && family->check != NULL)
    why = family->check(site);
  if (why == NULL && scull_onednn_configs(family, site, device, &one, 1) == 0)
    why = "oneDNN has no optimized implementation";
  return why;
}

/* --- packing ---------------------------------------------------------------------------------- */

enum { HEADER = SCULL_MEMORY_ALIGN };

size_t scull_onednn_choice_packed(const scull_onednn_choice_t *choice, size_t *offsets,
                                  uint64_t *hash) {
  size_t at = HEADER, count = 0;
  *hash = 1;
  for (size_t i = 0; i < choice->recipe.count; i++) {
    const scull_onednn_operand_t *operand = &choice->recipe.operands[i];
    if (!operand->packed)
      continue;
    scull_onednn_md_ref_t md =
        dnnl_primitive_desc_query_md(choice->walk.pd, dnnl_query_exec_arg_md, operand->arg);
    uint64_t own = scull_onednn_md_hash(md);
    *hash = scull_base_hash64(&own, sizeof own, *hash);
    if (offsets != NULL)
      offsets[i] = at;
    at += scull_base_align_up(dnnl_memory_desc_get_size(md), SCULL_MEMORY_ALIGN);
    count++;
  }
  return count == 0 ? 0 : at;
}

/* dst := src in another layout. */
static dnnl_status_t reorder(scull_onednn_md_ref_t from, const void *src, scull_onednn_md_ref_t to,
                             void *dst) {
  dnnl_engine_t engine = scull_onednn_engine();
  dnnl_memory_t source = NULL, target = NULL;
  dnnl_primitive_desc_t pd = NULL;
  dnnl_primitive_t primitive = NULL;
  dnnl_stream_t stream = NULL;
  dnnl_status_t status = dnnl_memory_create(&source, from, engine, scull_base_unconst(src));
  if (status == dnnl_success)
    status = dnnl_memory_create(&target, to, engine, dst);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL);
  if (status == dnnl_success)
    status = dnnl_primitive_create(&primitive, pd);
  if (status == dnnl_success)
    status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
  if (status == dnnl_success) {
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
    status = dnnl_primitive_execute(primitive, stream, 2, args);
  }
  dnnl_stream_destroy(stream);
  dnnl_primitive_destroy(primitive);
  dnnl_primitive_desc_destroy(pd);
  dnnl_memory_destroy(target);
  dnnl_memory_destroy(source);
  return status;
}

scull_status_t scull_onednn_pack_size(const scull_onednn_family_t *family, const scull_site_t *site,
                                      const scull_config_t *config, size_t *bytes) {
  scull_onednn_choice_t choice;
  uint64_t hash;
  *bytes = 0;
  if (!scull_onednn_choice_init_packed(family, site, config, &choice))
    return SCULL_UNSUPPORTED;
  *bytes = scull_onednn_choice_packed(&choice, NULL, &hash);
  scull_onednn_choice_deinit(&choice);
  return SCULL_OK;
}

static scull_status_t pack_all(const scull_site_t *site, const scull_onednn_choice_t *choice,
                               char *dst) {
  size_t offsets[SCULL_ONEDNN_OPERANDS] = {0};
  uint64_t hash;
  if (scull_onednn_choice_packed(choice, offsets, &hash) == 0)
    return SCULL_OK;
  memset(dst, 0, HEADER);
  memcpy(dst, &hash, sizeof hash);
  for (size_t i = 0; i < choice->recipe.count; i++) {
    const scull_onednn_operand_t *operand = &choice->recipe.operands[i];
    const void *data = site->values[operand->value].data;
    if (!operand->packed)
      continue;
    scull_onednn_md_ref_t to =
        dnnl_primitive_desc_query_md(choice->walk.pd, dnnl_query_exec_arg_md, operand->arg);
    size_t size = dnnl_memory_desc_get_size(to);
    memset(dst + offsets[i], 0, scull_base_align_up(size, SCULL_MEMORY_ALIGN));
    if (data == NULL)
      return SCULL_UNSUPPORTED;
    void *small = NULL;
    if (choice->recipe.is_int8) {
      small = scull_onednn_int8_constant(site, &choice->recipe, operand->value, data);
      if (small == NULL)
        return SCULL_OUT_OF_MEMORY;
    }
    dnnl_status_t status = reorder(scull_onednn_md_ref(&operand->held),
                                   small == NULL ? data : small, to, dst + offsets[i]);
    scull_base_free(small);
    if (status != dnnl_success)
      return SCULL_UNSUPPORTED;
  }
  return SCULL_OK;
}

scull_status_t scull_onednn_pack(const scull_onednn_family_t *family, const scull_site_t *site,
                                 const scull_config_t *config, void *dst) {
  scull_onednn_choice_t choice;
  if (!scull_onednn_choice_init_packed(family, site, config, &choice))
    return SCULL_UNSUPPORTED;
  scull_base_threads_apply(scull_base_threads_forked() ? 1 : site->threads);
  scull_status_t status = pack_all(site, &choice, dst);
  scull_onednn_choice_deinit(&choice);
  return status;
}
