/* What a config asks for shows: in the plan that comes of it, or in one line of the log. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#define DIGITS SCULL_SOURCE_DIR "/zoo/digits"

static const char *ops[] = {"softmax"};
static char folder[] = "/tmp/scull-door-XXXXXX";

static PD_Config *digits(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, DIGITS "/model.pdmodel", DIGITS "/model.pdiparams");
  PD_ConfigSetOptimCacheDir(config, folder);
  return config;
}

/* Makes a predictor, runs it once, ends it. */
static void live(PD_Config *config) {
  int32_t shape[] = {1, 1, 8, 8};
  PD_Predictor *p = PD_PredictorCreate(config);
  if (p == NULL)
    fail_msg("%s", PD_GetLastError());
  PD_OneDimArrayCstr *names = PD_PredictorGetInputNames(p);
  PD_Tensor *x = PD_PredictorGetInputHandle(p, names->data[0]);
  PD_TensorReshape(x, 4, shape);
  memset(PD_TensorMutableDataFloat(x, PD_PLACE_CPU), 0, 64 * sizeof(float));
  assert_true(PD_PredictorRun(p));
  PD_TensorDestroy(x);
  PD_OneDimArrayCstrDestroy(names);
  PD_PredictorDestroy(p);
}

/* What a predictor's life writes to stderr; until the next call. */
static const char *log_of(PD_Config *config) {
  static char text[1 << 16];
  FILE *file = tmpfile();
  assert_non_null(file);
  fflush(stderr);
  const int kept = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  live(config);
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static size_t lines(const char *text) {
  size_t count = 0;
  for (; *text != '\0'; text++)
    count += *text == '\n';
  return count;
}

/* --- wishes that are not met --------------------------------------------------------------------
 */

#define WISHES(X)                                                                                  \
  X(PD_ConfigEnableXpu(c, 1, FALSE, FALSE, "", "", FALSE, FALSE), "XPUs are not served")           \
  X(PD_ConfigEnableCustomDevice(c, NULL, 0, PD_PRECISION_FLOAT32), "custom devices are not")       \
  X(PD_ConfigEnableONNXRuntime(c), "ONNX Runtime is not used")                                     \
  X(PD_ConfigEnableORTOptimization(c), "ONNX Runtime is not used")                                 \
  X(PD_ConfigEnableLiteEngine(c, PD_PRECISION_FLOAT32, FALSE, 0, NULL, 0, NULL),                   \
    "Paddle Lite is not used")                                                                     \
  X(PD_ConfigEnableTensorRtDla(c, 0), "there is no DLA here")                                      \
  X(PD_ConfigEnableVarseqlen(c), "variable length are not packed")                                 \
  X(PD_ConfigEnableTensorRtOSS(c), "variable length are not packed")                               \
  X(PD_ConfigEnableMkldnnQuantizer(c), "oneDNN's quantizer is not used")                           \
  X(PD_ConfigDisableFCPadding(c), "the padding of products cannot be switched off")                \
  X(PD_ConfigSetMkldnnCacheCapacity(c, 3), "oneDNN's cache has no capacity here")                  \
  X(PD_ConfigSetOnednnCacheCapacity(c, 3), "oneDNN's cache has no capacity here")                  \
  X(PD_ConfigSetMkldnnOp(c, 1, ops), "oneDNN's kernels are not confined")                          \
  X(PD_ConfigSetOnednnOp(c, 1, ops), "oneDNN's kernels are not confined")                          \
  X(PD_ConfigSetBfloat16Op(c, 1, ops), "BF16 is not confined")                                     \
  X(PD_ConfigUseOptimizedModel(c, TRUE), "optimized programs are not read")                        \
  X(PD_ConfigSetExecStream(c, folder), "a stream has no meaning on the CPU")                       \
  X(PD_ConfigEnableTensorRtEngine(c, 1 << 20, 4, 3, PD_PRECISION_HALF, TRUE, FALSE),               \
    "the CPU has no FP16 kernels")                                                                 \
  X(PD_ConfigDeletePass(c, "is_test_pass"), "'is_test_pass' is not one of Scull's")                \
  X(PD_ConfigInsertPass(c, 0, "my_pass"), "'my_pass' is not known here")                           \
  X(PD_ConfigAppendPass(c, "my_pass"), "'my_pass' is not known here")

#define X(call, words) +1
enum { WISHES_COUNT = 0 WISHES(X) };
#undef X

static void ask(PD_Config *c, size_t which) {
  size_t i = 0;
#define X(call, words)                                                                             \
  if (i++ == which)                                                                                \
    call;
  WISHES(X)
#undef X
}

static const char *const calls[] = {
#define X(call, words) #call,
    WISHES(X)
#undef X
};
static const char *const said[] = {
#define X(call, words) words,
    WISHES(X)
#undef X
};

static void unmet_wishes_are_told(void **state) {
  (void)state;
  for (size_t i = 0; i < WISHES_COUNT; i++) {
    PD_Config *c = digits();
    ask(c, i);
    const char *text = log_of(c);
    if (lines(text) != 1 || strstr(text, said[i]) == NULL)
      fail_msg("%s: '%s' is not one line with '%s'", calls[i], text, said[i]);
    PD_ConfigDisableGlogInfo(c);
    assert_string_equal(log_of(c), "");
    PD_ConfigDestroy(c);
  }
}

/* on a machine without a GPU, or in a build without its backend */
static void absent_gpus_are_told(void **state) {
  (void)state;
  PD_Config *c = digits();
  PD_ConfigEnableUseGpu(c, 100, 0, PD_PRECISION_FLOAT32);
  const char *text = log_of(c);
  if (lines(text) > 0) /* else there is one */
    assert_non_null(strstr(text, "the model runs on the CPU"));
  PD_ConfigDestroy(c);
}

/* what programs commonly ask for is met, and needs no words */
static void met_wishes_are_quiet(void **state) {
  (void)state;
  PD_Config *c = digits();
  PD_ConfigEnableMemoryOptim(c, TRUE);
  PD_ConfigEnableMKLDNN(c);
  PD_ConfigSetMkldnnCacheCapacity(c, 10);
  PD_ConfigEnableCudnn(c);
  PD_ConfigEnableGpuMultiStream(c);
  PD_ConfigEnableNewExecutor(c, TRUE);
  PD_ConfigEnableNewIR(c, TRUE);
  PD_ConfigDeletePass(c, "conv_bn_fuse_pass");
  PD_ConfigAppendPass(c, "conv_bn_fuse_pass");
  assert_string_equal(log_of(c), "");
  PD_ConfigDestroy(c);
}

/* every function of which the page says so has a line above */
static void the_page_is_true(void **state) {
  (void)state;
  char line[512];
  size_t count = 0;
  FILE *file = fopen(SCULL_SOURCE_DIR "/doors/paddle/states.txt", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] == '#' || strstr(line, "one line in the log") == NULL)
      continue;
    const size_t length = strcspn(line, " ");
    bool found = strncmp(line, "PD_ConfigEnableUseGpu", length) == 0;
    for (size_t i = 0; i < WISHES_COUNT && !found; i++)
      found = strncmp(calls[i], line, length) == 0 && calls[i][length] == '(';
    if (!found)
      fail_msg("no line is expected of %.*s", (int)length, line);
    count++;
  }
  fclose(file);
  assert_true(count > 10);
}

/* --- wishes that are met ------------------------------------------------------------------------
 */

/* Removes what is in the folder under that beginning. */
static void sweep(const char *begin) {
  struct dirent *entry;
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (strncmp(entry->d_name, begin, strlen(begin)) == 0)
      unlink(path);
  }
  if (dir != NULL)
    closedir(dir);
}

/* The report in the plan that the config's predictor stores; until the next call. */
static const char *report_of(PD_Config *config) {
  static char bytes[1 << 22];
  size_t size = 0, at = 0;
  struct dirent *entry;
  PD_ConfigDisableGlogInfo(config);
  sweep("trt_serialized_");
  live(config);
  PD_ConfigDestroy(config);
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = strncmp(entry->d_name, "trt_serialized_", 15) == 0 ? fopen(path, "rb") : NULL;
    if (file == NULL)
      continue;
    size = fread(bytes, 1, sizeof bytes - 1, file);
    fclose(file);
  }
  if (dir != NULL)
    closedir(dir);
  bytes[size] = '\0';
  while (at < size && strncmp(bytes + at, "{\n  \"library\"", 13) != 0)
    at++;
  assert_true(at < size);
  return bytes + at;
}

static PD_Config *engine(int64_t workspace, int32_t min_subgraph) {
  PD_Config *c = digits();
  PD_ConfigEnableTensorRtEngine(c, workspace, 4, min_subgraph, PD_PRECISION_FLOAT32, TRUE, FALSE);
  return c;
}

static void has(const char *report, const char *words, bool wanted) {
  if ((strstr(report, words) != NULL) != wanted)
    fail_msg("'%s' is %sin the report", words, wanted ? "not " : "");
}

static void plans_follow_the_config(void **state) {
  (void)state;
  enum { NATIVE = 1000 }; /* operators of a sub-graph, that is: nothing is tuned */
  const char *report = report_of(engine(1 << 30, 3));
  has(report, "\"threads\": 1,", true);
  has(report, "\"fold_batch_norm\"", true);
  has(report, "\"placement\": \"engine 0\"", true);
  has(report, "\"placement\": \"native\"", false);
  PD_Config *c = engine(1 << 30, NATIVE);
  PD_ConfigSetCpuMathLibraryNumThreads(c, 2);
  has(report_of(c), "\"threads\": 2,", true);
  c = engine(1 << 30, NATIVE);
  PD_ConfigDeletePass(c, "conv_bn_fuse_pass");
  has(report_of(c), "\"fold_batch_norm\"", false);
  c = engine(1 << 30, NATIVE);
  PD_ConfigDeletePass(c, "conv_bn_fuse_pass");
  PD_ConfigInsertPass(c, 3, "conv_bn_fuse_pass");
  has(report_of(c), "\"fold_batch_norm\"", true);
  c = engine(1 << 30, 3);
  PD_ConfigDisableTensorRtOPs(c, 1, ops);
  report = report_of(c);
  has(report, "\"placement\": \"native\"", true);
  has(report, "\"placement\": \"engine 0\"", true);
  has(report_of(engine(1 << 30, NATIVE)), "\"placement\": \"engine 0\"", false);
  c = engine(1 << 30, 3);
  PD_ConfigSwitchIrOptim(c, FALSE);
  report = report_of(c);
  has(report, "\"placement\": \"engine 0\"", false);
  has(report, "\"placement\": \"native\"", true);
}

static void profiles_are_printed(void **state) {
  (void)state;
  PD_Config *c = digits();
  PD_ConfigEnableProfile(c);
  const char *text = log_of(c);
  assert_non_null(strstr(text, "calls"));
  assert_non_null(strstr(text, "softmax_0.tmp_0"));
  PD_ConfigDestroy(c);
}

static bool is_there(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

/* a stored engine is taken, not made again: a build would write its measured times */
static void stored_engines_are_found(void **state) {
  (void)state;
  sweep("trt_serialized_");
  for (int life = 0; life < 2; life++) {
    PD_Config *c = engine(1 << 30, 3);
    sweep("scull_times");
    live(c);
    PD_ConfigDestroy(c);
    assert_int_equal(is_there("scull_times"), life == 0);
  }
}

static int begin(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int end(void **state) {
  (void)state;
  sweep("trt_");
  sweep("scull_");
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unmet_wishes_are_told),    cmocka_unit_test(absent_gpus_are_told),
      cmocka_unit_test(met_wishes_are_quiet),     cmocka_unit_test(the_page_is_true),
      cmocka_unit_test(plans_follow_the_config),  cmocka_unit_test(profiles_are_printed),
      cmocka_unit_test(stored_engines_are_found),
  };
  return cmocka_run_group_tests_name("paddle_effects", tests, begin, end);
}
