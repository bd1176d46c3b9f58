/* Configs: life, copies, and the options that are one field. What a field does to a build is in
 * plans.c. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <paddle/pd_scull.h>
#include <scull/types.h>

bool door_config_check(const PD_Config *config, const char *function) {
  return door_handle_check(config, DOOR_CONFIG, function);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Upstream's defaults. */
static const PD_Config defaults = {.fc_padding = true,
                                   .use_cudnn = false,
                                   .pool_mb = 100,
                                   .ir_optim = true,
                                   .workspace = (int64_t)1 << 30,
                                   .max_batch = 1,
                                   .min_subgraph = 3,
                                   .use_onednn = true,
                                   .cache_capacity = DOOR_CACHE_CAPACITY,
                                   .threads = 1};

/* Every wish, pointers as they are; the handle stays. */
static void assign(PD_Config *dst, const PD_Config *src) {
  memcpy(&dst->handle + 1, &src->handle + 1, sizeof *dst - sizeof dst->handle);
}

PD_Config *PD_ConfigCreate(void) {
  PD_Config *config = door_handle_create(DOOR_CONFIG, sizeof *config);
  if (config == NULL)
    return NULL;
  assign(config, &defaults);
  for (size_t i = 0; door_pass_name(i) != NULL; i++) {
    if (!door_words_add(&config->passes, door_pass_name(i))) {
      PD_ConfigDestroy(config);
      return NULL;
    }
  }
  return config;
}

void door_ranges_clear(door_ranges_t *ranges) {
  for (size_t i = 0; i < ranges->count; i++) {
    free(ranges->items[i].name);
    free(ranges->items[i].min);
    free(ranges->items[i].max);
    free(ranges->items[i].opt);
  }
  free(ranges->items);
  *ranges = (door_ranges_t){0};
}

void PD_ConfigDestroy(PD_Config *config) {
  if (!door_handle_claim(config, DOOR_CONFIG, __func__))
    return;
  free(config->model_dir);
  free(config->prog_file);
  free(config->params_file);
  free(config->cache_dir);
  free(config->prog.data);
  free(config->params.data);
  free(config->custom_type);
  free(config->shape_file);
  door_ranges_clear(&config->ranges);
  door_words_clear(&config->native_ops);
  door_words_clear(&config->bf16_ops);
  door_words_clear(&config->onednn_ops);
  door_words_clear(&config->passes);
  door_words_clear(&config->deleted_passes);
  door_handle_leave(config, DOOR_CONFIG);
}

/* --- copies ----------------------------------------------------------------------------------- */

static bool copy_bytes(door_bytes_t *dst, const void *data, size_t size) {
  char *copy = malloc(size > 0 ? size : 1);
  if (copy == NULL)
    return door_fail_memory();
  if (size > 0)
    memcpy(copy, data, size);
  free(dst->data);
  *dst = (door_bytes_t){.data = copy, .size = size};
  return true;
}

static int32_t *copy_dims(const int32_t *dims, size_t rank) {
  int32_t *copy = malloc((rank > 0 ? rank : 1) * sizeof *copy);
  if (copy != NULL && rank > 0)
    memcpy(copy, dims, rank * sizeof *copy);
  return copy;
}

bool door_ranges_add(door_ranges_t *ranges, const char *name, size_t rank, const int32_t *min,
                     const int32_t *max, const int32_t *opt) {
  door_range_t *items = realloc(ranges->items, (ranges->count + 1) * sizeof *items);
  if (items == NULL)
    return door_fail_memory();
  ranges->items = items;
  door_range_t *made = &items[ranges->count++];
  *made = (door_range_t){.name = strdup(name),
                         .rank = rank,
                         .min = copy_dims(min, rank),
                         .max = copy_dims(max, rank),
                         .opt = copy_dims(opt, rank)};
  return (made->name != NULL && made->min != NULL && made->max != NULL && made->opt != NULL) ||
         door_fail_memory();
}

static bool copy_owned(PD_Config *dst, const PD_Config *src) {
  bool ok =
      door_set(&dst->model_dir, src->model_dir) && door_set(&dst->prog_file, src->prog_file) &&
      door_set(&dst->params_file, src->params_file) && door_set(&dst->cache_dir, src->cache_dir) &&
      door_set(&dst->custom_type, src->custom_type) && door_set(&dst->shape_file, src->shape_file);
  if (ok && src->prog.data != NULL)
    ok = copy_bytes(&dst->prog, src->prog.data, src->prog.size);
  if (ok && src->params.data != NULL)
    ok = copy_bytes(&dst->params, src->params.data, src->params.size);
  for (size_t i = 0; i < src->ranges.count && ok; i++) {
    const door_range_t *r = &src->ranges.items[i];
    ok = door_ranges_add(&dst->ranges, r->name, r->rank, r->min, r->max, r->opt);
  }
  return ok && door_words_copy(&dst->native_ops, &src->native_ops) &&
         door_words_copy(&dst->bf16_ops, &src->bf16_ops) &&
         door_words_copy(&dst->onednn_ops, &src->onednn_ops) &&
         door_words_copy(&dst->passes, &src->passes) &&
         door_words_copy(&dst->deleted_passes, &src->deleted_passes);
}

PD_Config *door_config_copy(const PD_Config *config) {
  PD_Config *copy = door_handle_create(DOOR_CONFIG, sizeof *copy);
  if (copy == NULL)
    return NULL;
  assign(copy, config);
  copy->model_dir = copy->prog_file = copy->params_file = copy->cache_dir = NULL;
  copy->custom_type = copy->shape_file = NULL;
  copy->prog = copy->params = (door_bytes_t){0};
  copy->ranges = (door_ranges_t){0};
  copy->native_ops = copy->bf16_ops = copy->onednn_ops = (door_words_t){0};
  copy->passes = copy->deleted_passes = (door_words_t){0};
  if (!copy_owned(copy, config)) {
    PD_ConfigDestroy(copy);
    return NULL;
  }
  return copy;
}

/* --- options that are one field ----------------------------------------------------------------
 */

/* PD_Config<name>(config): what a field says. */
#define ASK(name, type, value)                                                                     \
  type PD_Config##name(PD_Config *config) {                                                        \
    return (type)(door_config_check(config, "PD_Config" #name) ? (value) : 0);                     \
  }
#define IS(name, field) ASK(name, PD_Bool, config->field ? TRUE : FALSE)

/* PD_Config<name>(config): sets a field. */
#define DO(name, statement)                                                                        \
  void PD_Config##name(PD_Config *config) {                                                        \
    if (door_config_check(config, "PD_Config" #name)) {                                            \
      statement;                                                                                   \
    }                                                                                              \
  }

/* PD_Config<name>(config, x): sets a field to x. */
#define SET(name, type, field)                                                                     \
  void PD_Config##name(PD_Config *config, type x) {                                                \
    if (door_config_check(config, "PD_Config" #name))                                              \
      config->field = x;                                                                           \
  }

/* PD_Config<name>(config, text): keeps a copy of a text, NULL as it is. */
#define KEEP(name, field)                                                                          \
  void PD_Config##name(PD_Config *config, const char *text) {                                      \
    if (door_config_check(config, "PD_Config" #name))                                              \
      door_set(&config->field, text);                                                              \
  }

static const char *text_or_empty(const char *text) {
  return text == NULL ? "" : text;
}

DO(DisableFCPadding, config->fc_padding = false)
IS(UseFcPadding, fc_padding)
DO(DisableGpu, config->use_gpu = false)
IS(UseGpu, use_gpu)
ASK(GpuDeviceId, int32_t, config->gpu_id)
ASK(MemoryPoolInitSizeMb, int32_t, config->pool_mb > INT32_MAX ? INT32_MAX : config->pool_mb)
/* upstream's share is the pool over the card's memory; a pool that is not used has none */
ASK(FractionOfGpuMemoryForPool, float, 0)
DO(EnableCudnn, config->use_cudnn = true)
IS(CudnnEnabled, use_cudnn)
DO(EnableGpuMultiStream, config->multi_stream = true)
IS(ThreadLocalStreamEnabled, multi_stream)
SET(SetExecStream, void *, stream)
DO(EnableONNXRuntime, config->use_ort = true)
DO(DisableONNXRuntime, config->use_ort = false)
IS(ONNXRuntimeEnabled, use_ort)
DO(EnableORTOptimization, config->use_ort = true)
IS(UseXpu, use_xpu)
ASK(XpuDeviceId, int32_t, config->xpu_id)
IS(UseCustomDevice, use_custom)
ASK(CustomDeviceId, int32_t, config->custom_id)
SET(SwitchIrOptim, PD_Bool, ir_optim)
IS(IrOptim, ir_optim)
SET(SwitchIrDebug, PD_Bool, ir_debug)
IS(TensorRtEngineEnabled, use_engine)
ASK(TensorRtDynamicShapeEnabled, PD_Bool, config->ranges.count > 0 || config->tuned_shapes)
IS(TunedTensorRtDynamicShape, tuned_shapes)
IS(TrtAllowBuildAtRuntime, build_at_run)
IS(ShapeRangeInfoCollected, collect_shapes)
DO(EnableVarseqlen, config->varseqlen = true)
IS(TensorRtOssEnabled, varseqlen)
IS(TensorRtDlaEnabled, use_dla)
DO(EnableMKLDNN, config->use_onednn = true)
DO(EnableONEDNN, config->use_onednn = true)
IS(MkldnnEnabled, use_onednn)
IS(OnednnEnabled, use_onednn)
SET(SetMkldnnCacheCapacity, int32_t, cache_capacity)
SET(SetOnednnCacheCapacity, int32_t, cache_capacity)
DO(EnableMkldnnBfloat16, config->onednn_bf16 = true)
DO(EnableOnednnBfloat16, config->onednn_bf16 = true)
IS(MkldnnBfloat16Enabled, onednn_bf16)
IS(OnednnBfloat16Enabled, onednn_bf16)
DO(EnableMkldnnInt8, config->onednn_int8 = true)
DO(EnableOnednnInt8, config->onednn_int8 = true)
IS(MkldnnInt8Enabled, onednn_int8)
IS(OnednnInt8Enabled, onednn_int8)
DO(EnableMkldnnQuantizer, config->quantizer = true)
IS(MkldnnQuantizerEnabled, quantizer)
DO(PartiallyRelease, (void)config)
IS(LiteEngineEnabled, use_lite)
DO(EnableTensorRtOSS, config->varseqlen = true)
ASK(GetCpuMathLibraryNumThreads, int32_t, config->threads)
SET(EnableMemoryOptim, PD_Bool, memory_optim)
IS(MemoryOptimEnabled, memory_optim)
DO(EnableProfile, config->profile = true)
IS(ProfileEnabled, profile)
DO(DisableGlogInfo, config->quiet = true)
IS(GlogInfoDisabled, quiet)
DO(SetInvalid, config->invalid = true)
ASK(IsValid, PD_Bool, !config->invalid)
SET(EnableNewExecutor, PD_Bool, new_executor)
IS(NewExecutorEnabled, new_executor)
SET(EnableNewIR, PD_Bool, new_ir)
IS(NewIREnabled, new_ir)
SET(UseOptimizedModel, PD_Bool, optimized_model)
KEEP(SetModelDir, model_dir)
KEEP(SetProgFile, prog_file)
KEEP(SetParamsFile, params_file)
KEEP(SetOptimCacheDir, cache_dir)
IS(ModelFromMemory, from_memory)
ASK(GetModelDir, const char *, text_or_empty(config->model_dir))
ASK(GetProgFile, const char *, text_or_empty(config->prog_file))
ASK(GetParamsFile, const char *, text_or_empty(config->params_file))

/* --- options of several fields ------------------------------------------------------------------
 */

void PD_ConfigSetModel(PD_Config *config, const char *prog_file_path,
                       const char *params_file_path) {
  if (!door_config_check(config, __func__))
    return;
  if (door_set(&config->prog_file, prog_file_path) &&
      door_set(&config->params_file, params_file_path))
    config->from_memory = false;
}

void PD_ConfigSetModelBuffer(PD_Config *config, const char *prog_buffer, size_t prog_buffer_size,
                             const char *params_buffer, size_t params_buffer_size) {
  if (!door_config_check(config, __func__))
    return;
  if (prog_buffer == NULL || (params_buffer == NULL && params_buffer_size > 0)) {
    door_fail("%s: a buffer is NULL", __func__);
    return;
  }
  if (copy_bytes(&config->prog, prog_buffer, prog_buffer_size) &&
      copy_bytes(&config->params, params_buffer, params_buffer_size))
    config->from_memory = true;
}

static bool is_precision(PD_PrecisionType precision, const char *function) {
  return (precision >= PD_PRECISION_FLOAT32 && precision <= PD_PRECISION_HALF) ||
         door_fail("%s: there is no precision %d", function, (int)precision);
}

void PD_ConfigEnableUseGpu(PD_Config *config, uint64_t memory_pool_init_size_mb, int32_t device_id,
                           PD_PrecisionType precision_mode) {
  if (!door_config_check(config, __func__) || !is_precision(precision_mode, __func__))
    return;
  config->use_gpu = true;
  config->pool_mb = memory_pool_init_size_mb;
  config->gpu_id = device_id;
  config->gpu_precision = precision_mode;
}

void PD_ConfigEnableXpu(PD_Config *config, int32_t l3_workspace_size, PD_Bool locked,
                        PD_Bool autotune, const char *autotune_file, const char *precision,
                        PD_Bool adaptive_seqlen, PD_Bool enable_multi_stream) {
  (void)l3_workspace_size, (void)locked, (void)autotune, (void)autotune_file, (void)precision;
  (void)adaptive_seqlen, (void)enable_multi_stream;
  if (door_config_check(config, __func__))
    config->use_xpu = true;
}

void PD_ConfigEnableLiteEngine(PD_Config *config, PD_PrecisionType precision, PD_Bool zero_copy,
                               size_t passes_filter_num, const char **passes_filter,
                               size_t ops_filter_num, const char **ops_filter) {
  (void)zero_copy, (void)passes_filter_num, (void)passes_filter;
  (void)ops_filter_num, (void)ops_filter;
  if (door_config_check(config, __func__) && is_precision(precision, __func__))
    config->use_lite = true;
}

void PD_ConfigEnableCustomDevice(PD_Config *config, char *device_type, int32_t device_id,
                                 PD_PrecisionType precision) {
  if (!door_config_check(config, __func__) || !is_precision(precision, __func__) ||
      !door_set(&config->custom_type, device_type))
    return;
  config->use_custom = true;
  config->custom_id = device_id;
}

char *PD_ConfigCustomDeviceType(PD_Config *config) {
  char *copy = NULL;
  if (door_config_check(config, __func__))
    door_set(&copy, text_or_empty(config->custom_type));
  return copy;
}

void PD_ConfigEnableTensorRtEngine(PD_Config *config, int64_t workspace_size,
                                   int32_t max_batch_size, int32_t min_subgraph_size,
                                   PD_PrecisionType precision, PD_Bool use_static,
                                   PD_Bool use_calib_mode) {
  if (!door_config_check(config, __func__) || !is_precision(precision, __func__))
    return;
  config->use_engine = true;
  config->workspace = workspace_size;
  config->max_batch = max_batch_size;
  config->min_subgraph = min_subgraph_size;
  config->engine_precision = precision;
  config->use_static = use_static;
  config->use_calibration = use_calib_mode;
}

void PD_ConfigSetTrtDynamicShapeInfo(PD_Config *config, size_t tensor_num, const char **tensor_name,
                                     size_t *shapes_num, int32_t **min_shape, int32_t **max_shape,
                                     int32_t **optim_shape, PD_Bool disable_trt_plugin_fp16) {
  (void)disable_trt_plugin_fp16;
  if (!door_config_check(config, __func__))
    return;
  if (tensor_num > 0 && (tensor_name == NULL || shapes_num == NULL || min_shape == NULL ||
                         max_shape == NULL || optim_shape == NULL)) {
    door_fail("%s: a list is NULL", __func__);
    return;
  }
  door_ranges_t made = {0};
  bool ok = true;
  for (size_t i = 0; i < tensor_num && ok; i++) {
    if (tensor_name[i] == NULL || min_shape[i] == NULL || max_shape[i] == NULL ||
        optim_shape[i] == NULL || shapes_num[i] > SCULL_MAX_RANK)
      ok = door_fail("%s: tensor %zu has no name or shape, or more than %d dimensions", __func__, i,
                     SCULL_MAX_RANK);
    else
      ok = door_ranges_add(&made, tensor_name[i], shapes_num[i], min_shape[i], max_shape[i],
                           optim_shape[i]);
  }
  if (ok) {
    door_ranges_clear(&config->ranges);
    config->ranges = made;
  } else {
    door_ranges_clear(&made);
  }
}

void PD_ConfigEnableTunedTensorRtDynamicShape(PD_Config *config, const char *shape_range_info_path,
                                              PD_Bool allow_build_at_runtime) {
  if (!door_config_check(config, __func__) || !door_set(&config->shape_file, shape_range_info_path))
    return;
  config->tuned_shapes = true;
  config->build_at_run = allow_build_at_runtime;
}

void PD_ConfigCollectShapeRangeInfo(PD_Config *config, const char *shape_range_info_path) {
  if (door_config_check(config, __func__) && door_set(&config->shape_file, shape_range_info_path))
    config->collect_shapes = true;
}

const char *PD_ConfigShapeRangeInfoPath(PD_Config *config) {
  char *copy = NULL;
  if (door_config_check(config, __func__))
    door_set(&copy, text_or_empty(config->shape_file));
  return copy;
}

void PD_ConfigEnableTensorRtDla(PD_Config *config, int32_t dla_core) {
  (void)dla_core;
  if (door_config_check(config, __func__))
    config->use_dla = true;
}

void PD_ConfigSetCpuMathLibraryNumThreads(PD_Config *config, int32_t cpu_math_library_num_threads) {
  if (!door_config_check(config, __func__))
    return;
  if (cpu_math_library_num_threads < 1)
    door_fail("%s: %d threads", __func__, (int)cpu_math_library_num_threads);
  else
    config->threads = cpu_math_library_num_threads;
}

/* --- lists of operators --------------------------------------------------------------------------
 */

static void set_words(PD_Config *config, size_t offset, size_t count, const char **names,
                      const char *function) {
  if (!door_config_check(config, function))
    return;
  door_words_t made = {0}, *words = (door_words_t *)(void *)((char *)config + offset);
  bool ok = count == 0 || names != NULL || door_fail("%s: the list is NULL", function);
  for (size_t i = 0; i < count && ok && names != NULL; i++)
    ok = (names[i] != NULL || door_fail("%s: name %zu is NULL", function, i)) &&
         door_words_add(&made, names[i]);
  if (!ok) {
    door_words_clear(&made);
    return;
  }
  door_words_clear(words);
  *words = made;
}

#define SET_WORDS(name, field)                                                                     \
  void PD_Config##name(PD_Config *config, size_t ops_num, const char **ops) {                      \
    set_words(config, offsetof(PD_Config, field), ops_num, ops, "PD_Config" #name);                \
  }

SET_WORDS(DisableTensorRtOPs, native_ops)
SET_WORDS(SetMkldnnOp, onednn_ops)
SET_WORDS(SetOnednnOp, onednn_ops)
SET_WORDS(SetBfloat16Op, bf16_ops)
