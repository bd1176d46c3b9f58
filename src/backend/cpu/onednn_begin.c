/* How each primitive of oneDNN is created: the one place where 2.x (descriptor, then iterator) and
 * 3.x (one call, then next_impl) differ. Each function starts a walk over the implementations for
 * the arguments and parameters of a recipe. Nothing is decided here. */
#include "backend/cpu/onednn.h"

#define MD(arg) scull_onednn_recipe_md(recipe, arg)

static const dnnl_prop_kind_t inference = dnnl_forward_inference;

#if DNNL_VERSION_MAJOR >= 3

void scull_onednn_walk_next(scull_onednn_walk_t *walk) {
  if (walk->pd != NULL && dnnl_primitive_desc_next_impl(walk->pd) != dnnl_success)
    scull_onednn_walk_deinit(walk);
}

void scull_onednn_walk_deinit(scull_onednn_walk_t *walk) {
  if (walk->pd != NULL)
    dnnl_primitive_desc_destroy(walk->pd);
  *walk = (scull_onednn_walk_t){0};
}

#else

static void drop_current(scull_onednn_walk_t *walk) {
  if (walk->pd != NULL)
    dnnl_primitive_desc_destroy(walk->pd);
  walk->pd = NULL;
}

void scull_onednn_walk_next(scull_onednn_walk_t *walk) {
  drop_current(walk);
  if (walk->iterator != NULL && dnnl_primitive_desc_iterator_next(walk->iterator) == dnnl_success)
    walk->pd = dnnl_primitive_desc_iterator_fetch(walk->iterator);
}

void scull_onednn_walk_deinit(scull_onednn_walk_t *walk) {
  drop_current(walk);
  if (walk->iterator != NULL)
    dnnl_primitive_desc_iterator_destroy(walk->iterator);
  *walk = (scull_onednn_walk_t){0};
}

/* Starts at the first implementation for a 2.x operation descriptor. */
static dnnl_status_t iterate(scull_onednn_walk_t *walk, dnnl_status_t made,
                             const_dnnl_op_desc_t desc, dnnl_primitive_attr_t attr) {
  if (made != dnnl_success)
    return made;
  dnnl_status_t status =
      dnnl_primitive_desc_iterator_create(&walk->iterator, desc, attr, scull_onednn_engine(), NULL);
  if (status != dnnl_success)
    walk->iterator = NULL;
  else
    walk->pd = dnnl_primitive_desc_iterator_fetch(walk->iterator);
  return status;
}

#endif

dnnl_status_t scull_onednn_begin_convolution(const scull_onednn_recipe_t *recipe,
                                             scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, p->algorithm, MD(DNNL_ARG_SRC),
      MD(DNNL_ARG_WEIGHTS), MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST), p->strides, p->dilations,
      p->pads_begin, p->pads_end, recipe->attr);
#else
  dnnl_status_t made = dnnl_dilated_convolution_forward_desc_init(
      &walk->desc.convolution, inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_WEIGHTS),
      MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST), p->strides, p->dilations, p->pads_begin, p->pads_end);
  return iterate(walk, made, &walk->desc.convolution, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_deconvolution(const scull_onednn_recipe_t *recipe,
                                               scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_deconvolution_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, p->algorithm, MD(DNNL_ARG_SRC),
      MD(DNNL_ARG_WEIGHTS), MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST), p->strides, p->dilations,
      p->pads_begin, p->pads_end, recipe->attr);
#else
  dnnl_status_t made = dnnl_dilated_deconvolution_forward_desc_init(
      &walk->desc.convolution, inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_WEIGHTS),
      MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST), p->strides, p->dilations, p->pads_begin, p->pads_end);
  return iterate(walk, made, &walk->desc.convolution, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_matmul(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(&walk->pd, scull_onednn_engine(), MD(DNNL_ARG_SRC),
                                           MD(DNNL_ARG_WEIGHTS), MD(DNNL_ARG_BIAS),
                                           MD(DNNL_ARG_DST), recipe->attr);
#else
  dnnl_status_t made =
      dnnl_matmul_desc_init(&walk->desc.matmul, MD(DNNL_ARG_SRC), MD(DNNL_ARG_WEIGHTS),
                            MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST));
  return iterate(walk, made, &walk->desc.matmul, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_inner_product(const scull_onednn_recipe_t *recipe,
                                               scull_onednn_walk_t *walk) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_inner_product_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, MD(DNNL_ARG_SRC), MD(DNNL_ARG_WEIGHTS),
      MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST), recipe->attr);
#else
  dnnl_status_t made = dnnl_inner_product_forward_desc_init(&walk->desc.inner_product, inference,
                                                            MD(DNNL_ARG_SRC), MD(DNNL_ARG_WEIGHTS),
                                                            MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST));
  return iterate(walk, made, &walk->desc.inner_product, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_pooling(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_pooling_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST),
      p->strides, p->kernel, p->dilations, p->pads_begin, p->pads_end, recipe->attr);
#else
  dnnl_status_t made = dnnl_pooling_v2_forward_desc_init(
      &walk->desc.pooling, inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), p->strides,
      p->kernel, p->dilations, p->pads_begin, p->pads_end);
  return iterate(walk, made, &walk->desc.pooling, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_softmax(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_softmax_forward_primitive_desc_create(&walk->pd, scull_onednn_engine(), inference,
                                                    p->algorithm, MD(DNNL_ARG_SRC),
                                                    MD(DNNL_ARG_DST), p->axis, recipe->attr);
#else
  dnnl_status_t made = dnnl_softmax_v2_forward_desc_init(
      &walk->desc.softmax, inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), p->axis);
  return iterate(walk, made, &walk->desc.softmax, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_layer_norm(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_layer_normalization_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), NULL,
      p->epsilon, p->flags, recipe->attr);
#else
  dnnl_status_t made = dnnl_layer_normalization_forward_desc_init(
      &walk->desc.layer_norm, inference, MD(DNNL_ARG_SRC), NULL, p->epsilon, p->flags);
  return iterate(walk, made, &walk->desc.layer_norm, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_batch_norm(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_batch_normalization_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), p->epsilon,
      p->flags, recipe->attr);
#else
  dnnl_status_t made = dnnl_batch_normalization_forward_desc_init(
      &walk->desc.batch_norm, inference, MD(DNNL_ARG_SRC), p->epsilon, p->flags);
  return iterate(walk, made, &walk->desc.batch_norm, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_lrn(const scull_onednn_recipe_t *recipe,
                                     scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_lrn_forward_primitive_desc_create(&walk->pd, scull_onednn_engine(), inference,
                                                p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST),
                                                p->size, p->alpha, p->beta, p->k, recipe->attr);
#else
  dnnl_status_t made = dnnl_lrn_forward_desc_init(
      &walk->desc.lrn, inference, p->algorithm, MD(DNNL_ARG_SRC), p->size, p->alpha, p->beta, p->k);
  return iterate(walk, made, &walk->desc.lrn, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_eltwise(const scull_onednn_recipe_t *recipe,
                                         scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_eltwise_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, p->algorithm, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST),
      p->alpha, p->beta, recipe->attr);
#else
  dnnl_status_t made = dnnl_eltwise_forward_desc_init(&walk->desc.eltwise, inference, p->algorithm,
                                                      MD(DNNL_ARG_SRC), p->alpha, p->beta);
  return iterate(walk, made, &walk->desc.eltwise, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_binary(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_binary_primitive_desc_create(&walk->pd, scull_onednn_engine(), p->algorithm,
                                           MD(DNNL_ARG_SRC_0), MD(DNNL_ARG_SRC_1), MD(DNNL_ARG_DST),
                                           recipe->attr);
#else
  dnnl_status_t made = dnnl_binary_desc_init(&walk->desc.binary, p->algorithm, MD(DNNL_ARG_SRC_0),
                                             MD(DNNL_ARG_SRC_1), MD(DNNL_ARG_DST));
  return iterate(walk, made, &walk->desc.binary, recipe->attr);
#endif
}

/* Concat has no iterator in 2.x: one implementation, the library's choice. */
dnnl_status_t scull_onednn_begin_concat(const scull_onednn_recipe_t *recipe,
                                        scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
  int n = (int)recipe->count - 1;
#if DNNL_VERSION_MAJOR >= 3
  const_dnnl_memory_desc_t sources[SCULL_ONEDNN_OPERANDS];
  for (int i = 0; i < n; i++)
    sources[i] = MD(DNNL_ARG_MULTIPLE_SRC + i);
  return dnnl_concat_primitive_desc_create(&walk->pd, scull_onednn_engine(), MD(DNNL_ARG_DST), n,
                                           p->axis, sources, recipe->attr);
#else
  dnnl_memory_desc_t sources[SCULL_ONEDNN_OPERANDS];
  for (int i = 0; i < n; i++)
    sources[i] = *MD(DNNL_ARG_MULTIPLE_SRC + i);
  return dnnl_concat_primitive_desc_create(&walk->pd, MD(DNNL_ARG_DST), n, p->axis, sources,
                                           recipe->attr, scull_onednn_engine());
#endif
}

dnnl_status_t scull_onednn_begin_resampling(const scull_onednn_recipe_t *recipe,
                                            scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_resampling_forward_primitive_desc_create(&walk->pd, scull_onednn_engine(), inference,
                                                       p->algorithm, NULL, MD(DNNL_ARG_SRC),
                                                       MD(DNNL_ARG_DST), recipe->attr);
#else
  dnnl_status_t made = dnnl_resampling_forward_desc_init(
      &walk->desc.resampling, inference, p->algorithm, NULL, MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST));
  return iterate(walk, made, &walk->desc.resampling, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_reduction(const scull_onednn_recipe_t *recipe,
                                           scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_reduction_primitive_desc_create(&walk->pd, scull_onednn_engine(), p->algorithm,
                                              MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), 0, 0,
                                              recipe->attr);
#else
  dnnl_status_t made = dnnl_reduction_desc_init(&walk->desc.reduction, p->algorithm,
                                                MD(DNNL_ARG_SRC), MD(DNNL_ARG_DST), 0, 0);
  return iterate(walk, made, &walk->desc.reduction, recipe->attr);
#endif
}

dnnl_status_t scull_onednn_begin_lstm(const scull_onednn_recipe_t *recipe,
                                      scull_onednn_walk_t *walk) {
  const scull_onednn_parameters_t *p = &recipe->parameters;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_lstm_forward_primitive_desc_create(
      &walk->pd, scull_onednn_engine(), inference, p->direction, MD(DNNL_ARG_SRC_LAYER),
      MD(DNNL_ARG_SRC_ITER), MD(DNNL_ARG_SRC_ITER_C), MD(DNNL_ARG_WEIGHTS_LAYER),
      MD(DNNL_ARG_WEIGHTS_ITER), NULL, NULL, MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST_LAYER),
      MD(DNNL_ARG_DST_ITER), MD(DNNL_ARG_DST_ITER_C), 0, recipe->attr);
#else
  dnnl_status_t made = dnnl_lstm_forward_desc_init(
      &walk->desc.rnn, inference, p->direction, MD(DNNL_ARG_SRC_LAYER), MD(DNNL_ARG_SRC_ITER),
      MD(DNNL_ARG_SRC_ITER_C), MD(DNNL_ARG_WEIGHTS_LAYER), MD(DNNL_ARG_WEIGHTS_ITER),
      MD(DNNL_ARG_BIAS), MD(DNNL_ARG_DST_LAYER), MD(DNNL_ARG_DST_ITER), MD(DNNL_ARG_DST_ITER_C), 0);
  return iterate(walk, made, &walk->desc.rnn, recipe->attr);
#endif
}
