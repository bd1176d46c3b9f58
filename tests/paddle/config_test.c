/* Configs: every function, with good arguments and with bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

static void said(const char *words) {
  if (strstr(PD_GetLastError(), words) == NULL)
    fail_msg("'%s' does not say '%s'", PD_GetLastError(), words);
}

/* switches: what they answer before and after, and for NULL */
static void switches(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
#define SWITCH(ask, before, act, after)                                                            \
  assert_int_equal(ask(c), before);                                                                \
  act;                                                                                             \
  assert_int_equal(ask(c), after);                                                                 \
  assert_int_equal(ask(NULL), 0);                                                                  \
  said(#ask)
  SWITCH(PD_ConfigUseFcPadding, TRUE, PD_ConfigDisableFCPadding(c), FALSE);
  SWITCH(PD_ConfigCudnnEnabled, FALSE, PD_ConfigEnableCudnn(c), TRUE);
  SWITCH(PD_ConfigThreadLocalStreamEnabled, FALSE, PD_ConfigEnableGpuMultiStream(c), TRUE);
  SWITCH(PD_ConfigONNXRuntimeEnabled, FALSE, PD_ConfigEnableONNXRuntime(c), TRUE);
  SWITCH(PD_ConfigONNXRuntimeEnabled, TRUE, PD_ConfigDisableONNXRuntime(c), FALSE);
  SWITCH(PD_ConfigONNXRuntimeEnabled, FALSE, PD_ConfigEnableORTOptimization(c), TRUE);
  SWITCH(PD_ConfigIrOptim, TRUE, PD_ConfigSwitchIrOptim(c, FALSE), FALSE);
  SWITCH(PD_ConfigTensorRtOssEnabled, FALSE, PD_ConfigEnableVarseqlen(c), TRUE);
  SWITCH(PD_ConfigTensorRtOssEnabled, TRUE, PD_ConfigEnableTensorRtOSS(c), TRUE);
  SWITCH(PD_ConfigTensorRtDlaEnabled, FALSE, PD_ConfigEnableTensorRtDla(c, 1), TRUE);
  SWITCH(PD_ConfigMkldnnEnabled, TRUE, PD_ConfigEnableMKLDNN(c), TRUE);
  SWITCH(PD_ConfigOnednnEnabled, TRUE, PD_ConfigEnableONEDNN(c), TRUE);
  SWITCH(PD_ConfigMkldnnBfloat16Enabled, FALSE, PD_ConfigEnableMkldnnBfloat16(c), TRUE);
  SWITCH(PD_ConfigOnednnBfloat16Enabled, TRUE, PD_ConfigEnableOnednnBfloat16(c), TRUE);
  SWITCH(PD_ConfigMkldnnInt8Enabled, FALSE, PD_ConfigEnableMkldnnInt8(c), TRUE);
  SWITCH(PD_ConfigOnednnInt8Enabled, TRUE, PD_ConfigEnableOnednnInt8(c), TRUE);
  SWITCH(PD_ConfigMkldnnQuantizerEnabled, FALSE, PD_ConfigEnableMkldnnQuantizer(c), TRUE);
  SWITCH(PD_ConfigLiteEngineEnabled, FALSE,
         PD_ConfigEnableLiteEngine(c, PD_PRECISION_FLOAT32, FALSE, 0, NULL, 0, NULL), TRUE);
  SWITCH(PD_ConfigMemoryOptimEnabled, FALSE, PD_ConfigEnableMemoryOptim(c, TRUE), TRUE);
  SWITCH(PD_ConfigProfileEnabled, FALSE, PD_ConfigEnableProfile(c), TRUE);
  SWITCH(PD_ConfigGlogInfoDisabled, FALSE, PD_ConfigDisableGlogInfo(c), TRUE);
  SWITCH(PD_ConfigIsValid, TRUE, PD_ConfigSetInvalid(c), FALSE);
  SWITCH(PD_ConfigNewExecutorEnabled, FALSE, PD_ConfigEnableNewExecutor(c, TRUE), TRUE);
  SWITCH(PD_ConfigNewIREnabled, FALSE, PD_ConfigEnableNewIR(c, TRUE), TRUE);
  SWITCH(PD_ConfigTensorRtEngineEnabled, FALSE,
         PD_ConfigEnableTensorRtEngine(c, 1 << 30, 8, 3, PD_PRECISION_HALF, TRUE, FALSE), TRUE);
  SWITCH(PD_ConfigUseXpu, FALSE, PD_ConfigEnableXpu(c, 1, FALSE, FALSE, "", "", FALSE, FALSE),
         TRUE);
  SWITCH(PD_ConfigUseGpu, FALSE, PD_ConfigEnableUseGpu(c, 100, 2, PD_PRECISION_HALF), TRUE);
  assert_int_equal(PD_ConfigGpuDeviceId(c), 2);
  SWITCH(PD_ConfigUseGpu, TRUE, PD_ConfigDisableGpu(c), FALSE);
#undef SWITCH
  PD_ConfigPartiallyRelease(c);
  PD_ConfigPartiallyRelease(NULL);
  said("the config is NULL");
  PD_ConfigSwitchIrDebug(c, TRUE);
  PD_ConfigSetExecStream(c, NULL);
  PD_ConfigUseOptimizedModel(c, TRUE);
  PD_ConfigSetMkldnnCacheCapacity(c, 3);
  PD_ConfigSetOnednnCacheCapacity(c, 3);
  PD_ConfigDestroy(c);
  PD_ConfigDestroy(NULL);
}

static void numbers(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
  assert_int_equal(PD_ConfigMemoryPoolInitSizeMb(c), 100);
  PD_ConfigEnableUseGpu(c, UINT64_MAX, 0, PD_PRECISION_FLOAT32);
  assert_int_equal(PD_ConfigMemoryPoolInitSizeMb(c), INT32_MAX);
  assert_true(PD_ConfigFractionOfGpuMemoryForPool(c) == 0);
  assert_int_equal(PD_ConfigGetCpuMathLibraryNumThreads(c), 1);
  PD_ConfigSetCpuMathLibraryNumThreads(c, 2);
  PD_ConfigSetCpuMathLibraryNumThreads(c, 0);
  said("0 threads");
  assert_int_equal(PD_ConfigGetCpuMathLibraryNumThreads(c), 2);
  assert_int_equal(PD_ConfigXpuDeviceId(c), 0);
  PD_ConfigEnableUseGpu(c, 1, 5, 77);
  said("no precision 77");
  assert_int_equal(PD_ConfigGpuDeviceId(c), 0);
  PD_ConfigEnableTensorRtEngine(c, 1, 1, 1, -1, FALSE, FALSE);
  said("no precision -1");
  assert_false(PD_ConfigTensorRtEngineEnabled(c));
  char type[] = "npu";
  PD_ConfigEnableCustomDevice(c, type, 4, PD_PRECISION_FLOAT32);
  assert_true(PD_ConfigUseCustomDevice(c));
  assert_int_equal(PD_ConfigCustomDeviceId(c), 4);
  char *copy = PD_ConfigCustomDeviceType(c);
  assert_string_equal(copy, "npu");
  free(copy);
  PD_ConfigDestroy(c);
}

static void models(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
  assert_string_equal(PD_ConfigGetModelDir(c), "");
  assert_string_equal(PD_ConfigGetProgFile(c), "");
  assert_string_equal(PD_ConfigGetParamsFile(c), "");
  PD_ConfigSetModel(c, "a", "b");
  assert_string_equal(PD_ConfigGetProgFile(c), "a");
  assert_string_equal(PD_ConfigGetParamsFile(c), "b");
  PD_ConfigSetProgFile(c, "p");
  PD_ConfigSetParamsFile(c, "q");
  PD_ConfigSetModelDir(c, "d");
  PD_ConfigSetOptimCacheDir(c, "e");
  assert_string_equal(PD_ConfigGetProgFile(c), "p");
  assert_string_equal(PD_ConfigGetParamsFile(c), "q");
  assert_string_equal(PD_ConfigGetModelDir(c), "d");
  assert_false(PD_ConfigModelFromMemory(c));
  PD_ConfigSetModelBuffer(c, NULL, 3, "x", 1);
  said("NULL");
  assert_false(PD_ConfigModelFromMemory(c));
  PD_ConfigSetModelBuffer(c, "xyz", 3, NULL, 0);
  assert_true(PD_ConfigModelFromMemory(c));
  PD_ConfigSetModel(NULL, "a", "b");
  said("PD_ConfigSetModel: the config is NULL");
  assert_null(PD_ConfigGetModelDir(NULL));
  PD_ConfigDestroy(c);
}

static void shapes(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
  const char *names[] = {"x"};
  size_t ranks[] = {2};
  int32_t low[] = {1, 8}, high[] = {4, 8}, best[] = {2, 8};
  int32_t *min[] = {low}, *max[] = {high}, *opt[] = {best}, *none[] = {NULL};
  assert_false(PD_ConfigTensorRtDynamicShapeEnabled(c));
  PD_ConfigSetTrtDynamicShapeInfo(c, 1, names, ranks, min, max, none, FALSE);
  said("no name or shape");
  PD_ConfigSetTrtDynamicShapeInfo(c, 1, NULL, ranks, min, max, opt, FALSE);
  said("NULL");
  assert_false(PD_ConfigTensorRtDynamicShapeEnabled(c));
  PD_ConfigSetTrtDynamicShapeInfo(c, 1, names, ranks, min, max, opt, FALSE);
  assert_true(PD_ConfigTensorRtDynamicShapeEnabled(c));
  PD_ConfigSetTrtDynamicShapeInfo(c, 0, NULL, NULL, NULL, NULL, NULL, FALSE);
  assert_false(PD_ConfigTensorRtDynamicShapeEnabled(c));
  PD_ConfigCollectShapeRangeInfo(c, "file");
  assert_true(PD_ConfigShapeRangeInfoCollected(c));
  char *path = (char *)(uintptr_t)PD_ConfigShapeRangeInfoPath(c);
  assert_string_equal(path, "file");
  free(path);
  PD_ConfigEnableTunedTensorRtDynamicShape(c, NULL, TRUE);
  assert_true(PD_ConfigTunedTensorRtDynamicShape(c));
  assert_true(PD_ConfigTrtAllowBuildAtRuntime(c));
  assert_true(PD_ConfigTensorRtDynamicShapeEnabled(c));
  PD_ConfigDestroy(c);
}

static void lists(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
  const char *ops[] = {"conv2d", "relu"}, *holes[] = {"conv2d", NULL};
  PD_ConfigDisableTensorRtOPs(c, 2, ops);
  PD_ConfigSetMkldnnOp(c, 2, ops);
  PD_ConfigSetOnednnOp(c, 2, ops);
  PD_ConfigSetBfloat16Op(c, 0, NULL);
  PD_ConfigSetBfloat16Op(c, 2, holes);
  said("name 1 is NULL");
  PD_ConfigDisableTensorRtOPs(c, 1, NULL);
  said("the list is NULL");
  PD_OneDimArrayCstr *all = PD_ConfigAllPasses(c);
  const size_t before = all->size;
  assert_string_equal(all->data[0], "simplify_with_basic_ops_pass");
  PD_OneDimArrayCstrDestroy(all);
  PD_ConfigDeletePass(c, "conv_bn_fuse_pass");
  PD_ConfigInsertPass(c, 0, "my_pass");
  PD_ConfigAppendPass(c, "last_pass");
  PD_ConfigInsertPass(c, 999, "nowhere");
  said("no such place");
  PD_ConfigDeletePass(c, NULL);
  said("NULL");
  all = PD_ConfigAllPasses(c);
  assert_int_equal(all->size, before + 1);
  assert_string_equal(all->data[0], "my_pass");
  assert_string_equal(all->data[before], "last_pass");
  PD_OneDimArrayCstrDestroy(all);
  assert_null(PD_ConfigAllPasses(NULL));
  PD_ConfigDestroy(c);
}

static void summary(void **state) {
  (void)state;
  PD_Config *c = PD_ConfigCreate();
  PD_ConfigSetModel(c, "net.pdmodel", "net.pdiparams");
  PD_ConfigEnableTensorRtEngine(c, 1 << 20, 8, 5, PD_PRECISION_INT8, TRUE, TRUE);
  PD_Cstr *text = PD_ConfigSummary(c);
  assert_int_equal(text->size, strlen(text->data) + 1);
  assert_non_null(strstr(text->data, "net.pdiparams"));
  assert_non_null(strstr(text->data, "| tensorrt_precision_mode    | int8 "));
  assert_non_null(strstr(text->data, "| tensorrt_min_subgraph_size | 5 "));
  PD_CstrDestroy(text);
  assert_null(PD_ConfigSummary(NULL));
  PD_ConfigDestroy(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(switches), cmocka_unit_test(numbers), cmocka_unit_test(models),
      cmocka_unit_test(shapes),   cmocka_unit_test(lists),   cmocka_unit_test(summary),
  };
  return cmocka_run_group_tests_name("paddle_config", tests, NULL, NULL);
}
