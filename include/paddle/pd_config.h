/* Configs: which model, on which device, how it is optimized. Functions that set do nothing, and
 * those that ask answer FALSE, 0 or NULL, when the config is NULL or was destroyed; the words are
 * in PD_GetLastError (pd_scull.h). A wish that is not met is named in one line of the log when a
 * predictor is made. */
#ifndef PADDLE_PD_CONFIG_H
#define PADDLE_PD_CONFIG_H

#include "pd_types.h"

PD_BEGIN

/* Life. A config is a plain record of wishes; nothing is read or checked before
 * PD_PredictorCreate. One thread at a time. */
PADDLE_CAPI_EXPORT extern __pd_give PD_Config *PD_ConfigCreate(void);
PADDLE_CAPI_EXPORT extern void PD_ConfigDestroy(__pd_take PD_Config *pd_config);

/* The model: two files; a folder with `__model__` and one file a parameter (or the two files under
 * their usual names); programs of 1.x and 2.x and PIR's JSON alike. Strings are copied. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSetModel(__pd_keep PD_Config *pd_config,
                                                 const char *prog_file_path,
                                                 const char *params_file_path);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetModelDir(__pd_keep PD_Config *pd_config,
                                                    const char *model_dir);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetProgFile(__pd_keep PD_Config *pd_config,
                                                    const char *prog_file_path);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetParamsFile(__pd_keep PD_Config *pd_config,
                                                      const char *params_file_path);

/* From memory, program and PIR alike; both buffers are copied. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSetModelBuffer(__pd_keep PD_Config *pd_config,
                                                       const char *prog_buffer,
                                                       size_t prog_buffer_size,
                                                       const char *params_buffer,
                                                       size_t params_buffer_size);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigModelFromMemory(__pd_keep PD_Config *pd_config);

/* "" where nothing was set; the config's, until it is set again or destroyed. */
PADDLE_CAPI_EXPORT extern const char *PD_ConfigGetModelDir(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern const char *PD_ConfigGetProgFile(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern const char *PD_ConfigGetParamsFile(__pd_keep PD_Config *pd_config);

/* Where stored engines (trt_serialized_*), calibration tables (trt_calib_*) and shape ranges lie:
 * this folder, else `_opt_cache` beside the model, for reading and writing alike. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSetOptimCacheDir(__pd_keep PD_Config *pd_config,
                                                         const char *opt_cache_dir);

/* Padding of fully connected layers is a matter of tactics here: kept, answered, named in the log.
 */
PADDLE_CAPI_EXPORT extern void PD_ConfigDisableFCPadding(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigUseFcPadding(__pd_keep PD_Config *pd_config);

/* The GPU. HALF permits FP16. The pool's size has no meaning: a context takes what its plan says.
 */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableUseGpu(__pd_keep PD_Config *pd_config,
                                                     uint64_t memory_pool_init_size_mb,
                                                     int32_t device_id,
                                                     PD_PrecisionType precision_mode);
PADDLE_CAPI_EXPORT extern void PD_ConfigDisableGpu(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigUseGpu(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern int32_t PD_ConfigGpuDeviceId(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern int32_t PD_ConfigMemoryPoolInitSizeMb(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern float PD_ConfigFractionOfGpuMemoryForPool(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableCudnn(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigCudnnEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableGpuMultiStream(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigThreadLocalStreamEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetExecStream(__pd_keep PD_Config *pd_config, void *stream);

/* ONNX Runtime, XPUs and custom devices are not served: the wish is kept, answered, and named in
 * one line of the log; the CPU runs the model. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableONNXRuntime(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigDisableONNXRuntime(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigONNXRuntimeEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableORTOptimization(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableXpu(__pd_keep PD_Config *pd_config,
                                                  int32_t l3_workspace_size, PD_Bool locked,
                                                  PD_Bool autotune, const char *autotune_file,
                                                  const char *precision, PD_Bool adaptive_seqlen,
                                                  PD_Bool enable_multi_stream);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigUseXpu(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern int32_t PD_ConfigXpuDeviceId(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableCustomDevice(__pd_keep PD_Config *pd_config,
                                                           char *device_type, int32_t device_id,
                                                           PD_PrecisionType precision);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigUseCustomDevice(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern int32_t PD_ConfigCustomDeviceId(__pd_keep PD_Config *pd_config);

/* From malloc: give it to free. */
PADDLE_CAPI_EXPORT extern __pd_give char *PD_ConfigCustomDeviceType(__pd_keep PD_Config *pd_config);

/* Off: the model runs natively, one operator at a time. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSwitchIrOptim(__pd_keep PD_Config *pd_config, PD_Bool x);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigIrOptim(__pd_keep PD_Config *pd_config);

/* On: every plan is drawn as Graphviz source, `<n>_ir_plan.dot` in the cache folder. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSwitchIrDebug(__pd_keep PD_Config *pd_config, PD_Bool x);

/* The optimizing engine. Batches from 1 to max_batch_size run on one plan (an open dimension 0),
 * workspace_size bounds a tactic's scratch in bytes, clusters with not more than min_subgraph_size
 * operators stay native. HALF permits FP16, INT8 permits INT8, both beside FP32: the search keeps
 * what is fastest. INT8 takes its scales from the model's quantize operators or, with
 * use_calib_mode, from a table in the cache folder; without one the model runs in float and makes
 * it (PD_PredictorSaveCalibration in pd_scull.h). use_static stores the plan in the cache folder.
 * Refused: a precision that there is not. */
PADDLE_CAPI_EXPORT extern void
PD_ConfigEnableTensorRtEngine(__pd_keep PD_Config *pd_config, int64_t workspace_size,
                              int32_t max_batch_size, int32_t min_subgraph_size,
                              PD_PrecisionType precision, PD_Bool use_static,
                              PD_Bool use_calib_mode);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigTensorRtEngineEnabled(__pd_keep PD_Config *pd_config);

/* Ranges of shapes: those of the model's inputs decide, those of inner tensors are inferred and so
 * passed over. tensor_num inputs, shapes_num[i] dimensions each (at most 8). All is copied; an
 * entry that is NULL refuses the call as a whole. disable_trt_plugin_fp16 has nothing to act on. */
PADDLE_CAPI_EXPORT extern void
PD_ConfigSetTrtDynamicShapeInfo(__pd_keep PD_Config *pd_config, size_t tensor_num,
                                const char **tensor_name, size_t *shapes_num, int32_t **min_shape,
                                int32_t **max_shape, int32_t **optim_shape,
                                PD_Bool disable_trt_plugin_fp16);
PADDLE_CAPI_EXPORT extern PD_Bool
PD_ConfigTensorRtDynamicShapeEnabled(__pd_keep PD_Config *pd_config);

/* Ranges out of a file that an earlier predictor wrote (see below); "" or NULL:
 * shape_range_info.pbtxt in the cache folder. A shape outside makes a new plan if
 * allow_build_at_runtime says so, else the run fails. */
PADDLE_CAPI_EXPORT extern void
PD_ConfigEnableTunedTensorRtDynamicShape(__pd_keep PD_Config *pd_config,
                                         const char *shape_range_info_path,
                                         PD_Bool allow_build_at_runtime);
PADDLE_CAPI_EXPORT extern PD_Bool
PD_ConfigTunedTensorRtDynamicShape(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigTrtAllowBuildAtRuntime(__pd_keep PD_Config *pd_config);

/* Notes the shapes of all runs and writes their ranges when the predictor is destroyed. */
PADDLE_CAPI_EXPORT extern void PD_ConfigCollectShapeRangeInfo(__pd_keep PD_Config *pd_config,
                                                              const char *shape_range_info_path);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigShapeRangeInfoCollected(__pd_keep PD_Config *pd_config);

/* From malloc: give it to free. */
PADDLE_CAPI_EXPORT extern __pd_give const char *
PD_ConfigShapeRangeInfoPath(__pd_keep PD_Config *pd_config);

/* Operators, by the model's names, that stay native. */
PADDLE_CAPI_EXPORT extern void PD_ConfigDisableTensorRtOPs(__pd_keep PD_Config *pd_config,
                                                           size_t ops_num, const char **ops_name);

/* Attention over packed rows and the accelerator DLA: kept, answered, named in the log. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableVarseqlen(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigTensorRtOssEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableTensorRtDla(__pd_keep PD_Config *pd_config,
                                                          int32_t dla_core);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigTensorRtDlaEnabled(__pd_keep PD_Config *pd_config);

/* oneDNN is one of the sources of CPU tactics whatever these say. BF16 and INT8 become permissions
 * of the search, INT8 where the model's quantize operators give scales; a capacity and a list of
 * operators are kept and named in the log. Names since 3.x stand below. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableMKLDNN(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigMkldnnEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetMkldnnCacheCapacity(__pd_keep PD_Config *pd_config,
                                                               int32_t capacity);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetMkldnnOp(__pd_keep PD_Config *pd_config, size_t ops_num,
                                                    const char **op_list);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableMkldnnBfloat16(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigMkldnnBfloat16Enabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableMkldnnInt8(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigMkldnnInt8Enabled(__pd_keep PD_Config *pd_config);

/* The same under their names since 3.x. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableONEDNN(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigOnednnEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetOnednnCacheCapacity(__pd_keep PD_Config *pd_config,
                                                               int32_t capacity);
PADDLE_CAPI_EXPORT extern void PD_ConfigSetOnednnOp(__pd_keep PD_Config *pd_config, size_t ops_num,
                                                    const char **op_list);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableOnednnBfloat16(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigOnednnBfloat16Enabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableOnednnInt8(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigOnednnInt8Enabled(__pd_keep PD_Config *pd_config);

/* Kept, named in the log: BF16 is permitted for all operators. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSetBfloat16Op(__pd_keep PD_Config *pd_config,
                                                      size_t ops_num, const char **op_list);

/* Threads of one run; 1 unless set. */
PADDLE_CAPI_EXPORT extern void
PD_ConfigSetCpuMathLibraryNumThreads(__pd_keep PD_Config *pd_config,
                                     int32_t cpu_math_library_num_threads);
PADDLE_CAPI_EXPORT extern int32_t
PD_ConfigGetCpuMathLibraryNumThreads(__pd_keep PD_Config *pd_config);

/* Activations always share memory by lifetime: kept and answered. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableMemoryOptim(__pd_keep PD_Config *pd_config,
                                                          PD_Bool x);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigMemoryOptimEnabled(__pd_keep PD_Config *pd_config);

/* Time a layer, as a table on stderr when the predictor is destroyed. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableProfile(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigProfileEnabled(__pd_keep PD_Config *pd_config);

/* Without this, warnings and notes go to stderr, a line each. */
PADDLE_CAPI_EXPORT extern void PD_ConfigDisableGlogInfo(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigGlogInfoDisabled(__pd_keep PD_Config *pd_config);

/* An invalid config makes no predictor. */
PADDLE_CAPI_EXPORT extern void PD_ConfigSetInvalid(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigIsValid(__pd_keep PD_Config *pd_config);

/* Passes by upstream's names. Deleting one switches off the pass here that does its work, inserting
 * and appending switch it on again; names without a counterpart change the list only, and are named
 * in the log. Refused: NULL, a place behind the list's end. */
PADDLE_CAPI_EXPORT extern void PD_ConfigDeletePass(__pd_keep PD_Config *pd_config,
                                                   const char *pass);
PADDLE_CAPI_EXPORT extern void PD_ConfigInsertPass(__pd_keep PD_Config *pd_config, size_t idx,
                                                   const char *pass);
PADDLE_CAPI_EXPORT extern void PD_ConfigAppendPass(__pd_keep PD_Config *pd_config,
                                                   const char *pass);
PADDLE_CAPI_EXPORT extern __pd_give PD_OneDimArrayCstr *
PD_ConfigAllPasses(__pd_keep PD_Config *pd_config);

/* Functions of releases up to 2.6, for programs that still call them. What they choose (oneDNN's
 * quantizer, Paddle Lite, the old name of Varseqlen) has no meaning here: kept, answered, and one
 * line in the log. The original program is never held in the config, so nothing is released. */
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableMkldnnQuantizer(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigMkldnnQuantizerEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void
PD_ConfigEnableLiteEngine(__pd_keep PD_Config *pd_config, PD_PrecisionType precision,
                          PD_Bool zero_copy, size_t passes_filter_num, const char **passes_filter,
                          size_t ops_filter_num, const char **ops_filter);
PADDLE_CAPI_EXPORT extern PD_Bool PD_ConfigLiteEngineEnabled(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigEnableTensorRtOSS(__pd_keep PD_Config *pd_config);
PADDLE_CAPI_EXPORT extern void PD_ConfigPartiallyRelease(__pd_keep PD_Config *pd_config);

/* All options as a table of text. */
PADDLE_CAPI_EXPORT extern __pd_give PD_Cstr *PD_ConfigSummary(__pd_keep PD_Config *pd_config);

PD_END

#endif
