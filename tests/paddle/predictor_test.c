/* Predictors and tensors through the door, on the demo's network (zoo/digits): the answers are
 * Paddle's, in every way to give the model, every batch, every clone. */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include <cmocka.h>

#include "paddle/digits.h"

/* Runs `count` pictures from `first` on. 0: the answers are Paddle's. Asserts nothing. */
static int answers(PD_Predictor *p, int first, int count) {
  float got[16 * CLASSES];
  int32_t shape[] = {count, 1, 8, 8};
  PD_Tensor *x = first_input(p), *y = first_output(p);
  PD_TensorReshape(x, 4, shape);
  PD_TensorCopyFromCpuFloat(x, pictures + first * PIXELS);
  int wrong = PD_PredictorRun(p) ? 0 : 1;
  PD_TensorCopyToCpuFloat(y, got);
  for (int i = 0; i < count * CLASSES && !wrong; i++)
    wrong = !(fabsf(got[i] - expected[first * CLASSES + i]) <= 1e-4f);
  PD_TensorDestroy(x);
  PD_TensorDestroy(y);
  return wrong;
}

static void right(PD_Predictor *p, int first, int count) {
  if (answers(p, first, count) != 0)
    fail_msg("%d pictures from %d: %s", count, first, PD_GetLastError());
}

/* --- ways to give a model -----------------------------------------------------------------------
 */

static void all_pictures_one_by_one(void **state) {
  (void)state;
  PD_Predictor *p = create(digits_config());
  for (int i = 0; i < PICTURES; i++)
    right(p, i, 1);
  PD_PredictorDestroy(p);
}

/* without the engine any batch is taken: plans are made as shapes come */
static void any_batch(void **state) {
  (void)state;
  PD_Predictor *p = create(digits_config());
  static const int batches[] = {3, 1, 16, 7, 3, 16, 2};
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
    right(p, (int)i * 16, batches[i]);
  PD_PredictorDestroy(p);
}

static char *slurp(const char *path, size_t *size) {
  struct stat about;
  assert_int_equal(stat(path, &about), 0);
  *size = (size_t)about.st_size;
  char *bytes = malloc(*size);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

static void from_memory_and_folders(void **state) {
  (void)state;
  size_t prog_size, params_size;
  char *prog = slurp(MODEL, &prog_size), *params = slurp(PARAMS, &params_size);
  PD_Config *c = PD_ConfigCreate();
  PD_ConfigSetModelBuffer(c, prog, prog_size, params, params_size);
  free(prog); /* they were copied */
  free(params);
  PD_Predictor *p = create(c);
  right(p, 0, 4);
  PD_PredictorDestroy(p);
  c = PD_ConfigCreate();
  PD_ConfigSetModel(c, DIGITS, "model");
  p = create(c);
  right(p, 4, 4);
  PD_PredictorDestroy(p);
  c = PD_ConfigCreate();
  PD_ConfigSetModelDir(c, DIGITS);
  p = create(c);
  right(p, 8, 4);
  PD_PredictorDestroy(p);
}

/* What tests/model recorded of a small MobileNet that was written in both generations. */
static void recorded(PD_Config *config, const char *folder) {
  enum { INPUTS = 2 * 3 * 16 * 16, OUTPUTS = 2 * 10 };
  static float x[INPUTS], wanted[OUTPUTS];
  float got[OUTPUTS];
  int32_t shape[] = {2, 3, 16, 16};
  char path[512];
  snprintf(path, sizeof path, "%s/input.npy", folder);
  assert_int_equal(load(path, x, sizeof *x, INPUTS), 0);
  snprintf(path, sizeof path, "%s/output.npy", folder);
  assert_int_equal(load(path, wanted, sizeof *wanted, OUTPUTS), 0);
  PD_Predictor *p = create(config);
  PD_Tensor *in = first_input(p), *out = first_output(p);
  PD_TensorReshape(in, 4, shape);
  PD_TensorCopyFromCpuFloat(in, x);
  if (!PD_PredictorRun(p))
    fail_msg("%s", PD_GetLastError());
  PD_TensorCopyToCpuFloat(out, got);
  for (int i = 0; i < OUTPUTS; i++)
    assert_true(fabsf(got[i] - wanted[i]) <= 1e-4f);
  PD_TensorDestroy(in);
  PD_TensorDestroy(out);
  PD_PredictorDestroy(p);
}

/* programs of 2.x and PIR of 3.x: by files, by folder and name, by folder, from memory */
static void both_generations(void **state) {
  (void)state;
  static const char *const programs[] = {"mobilenet_v1/model.pdmodel",
                                         "mobilenet_v1_pir/model.json"};
  for (size_t i = 0; i < 2; i++) {
    char folder[256], program[512], params[512];
    snprintf(program, sizeof program, SCULL_SOURCE_DIR "/tests/model/data/%s", programs[i]);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(program, '/') - program), program);
    snprintf(params, sizeof params, "%s/model.pdiparams", folder);
    for (int way = 0; way < 4; way++) {
      size_t program_size, params_size;
      PD_Config *c = PD_ConfigCreate();
      if (way == 0) {
        PD_ConfigSetModel(c, program, params);
        PD_ConfigEnableTensorRtEngine(c, 1 << 30, 2, 0, PD_PRECISION_FLOAT32, FALSE, FALSE);
      } else if (way == 1) {
        PD_ConfigSetModel(c, folder, "model");
      } else if (way == 2) {
        PD_ConfigSetModelDir(c, folder);
      } else {
        char *bytes = slurp(program, &program_size), *weights = slurp(params, &params_size);
        PD_ConfigSetModelBuffer(c, bytes, program_size, weights, params_size);
        free(bytes);
        free(weights);
      }
      recorded(c, folder);
    }
  }
}

/* natively, without passes, with a disabled operator: slower, and the same answers */
static void native_and_changed(void **state) {
  (void)state;
  const char *ops[] = {"conv2d"};
  PD_Config *c = digits_config();
  PD_ConfigSwitchIrOptim(c, FALSE);
  PD_Predictor *p = create(c);
  right(p, 0, 4);
  PD_PredictorDestroy(p);
  c = digits_config();
  PD_ConfigDisableTensorRtOPs(c, 1, ops);
  PD_ConfigDeletePass(c, "conv_bn_fuse_pass");
  PD_ConfigSetCpuMathLibraryNumThreads(c, 2);
  p = create(c);
  right(p, 4, 4);
  PD_PredictorDestroy(p);
}

/* --- the engine ----------------------------------------------------------------------------------
 */

static void engine_takes_batches_up_to_its_maximum(void **state) {
  (void)state;
  PD_Config *c = digits_config();
  PD_ConfigEnableTensorRtEngine(c, 1 << 30, 8, 0, PD_PRECISION_FLOAT32, FALSE, FALSE);
  PD_Predictor *p = create(c);
  right(p, 0, 8);
  right(p, 8, 1);
  right(p, 16, 5);
  assert_int_equal(answers(p, 0, 9), 1);
  said("9");
  said("1..8");
  right(p, 24, 8); /* it goes on */
  PD_PredictorDestroy(p);
}

/* Files in a folder whose name begins so; each is removed. */
static int count_and_remove(const char *folder, const char *begin) {
  int count = 0;
  struct dirent *entry;
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    count += strncmp(entry->d_name, begin, strlen(begin)) == 0;
    unlink(path);
  }
  if (dir != NULL)
    closedir(dir);
  return count;
}

static void engine_is_stored(void **state) {
  (void)state;
  char folder[] = "/tmp/scull-door-XXXXXX";
  assert_non_null(mkdtemp(folder));
  for (int life = 0; life < 2; life++) {
    PD_Config *c = digits_config();
    PD_ConfigEnableTensorRtEngine(c, 1 << 30, 4, 0, PD_PRECISION_FLOAT32, TRUE, FALSE);
    PD_ConfigSetOptimCacheDir(c, folder);
    PD_Predictor *p = create(c);
    right(p, 0, 4);
    PD_PredictorDestroy(p);
  }
  assert_int_equal(count_and_remove(folder, "trt_serialized_"), 1);
  rmdir(folder);
}

/* How many pictures get the class of their label. */
static int right_classes(PD_Predictor *p) {
  int right_ones = 0;
  PD_Tensor *x = first_input(p), *y = first_output(p);
  for (int i = 0; i < PICTURES; i++) {
    float got[CLASSES] = {0};
    int32_t shape[] = {1, 1, 8, 8};
    int best = 0;
    PD_TensorReshape(x, 4, shape);
    PD_TensorCopyFromCpuFloat(x, pictures + (ptrdiff_t)i * PIXELS);
    assert_true(PD_PredictorRun(p));
    PD_TensorCopyToCpuFloat(y, got);
    for (int k = 1; k < CLASSES; k++)
      best = got[k] > got[best] ? k : best;
    right_ones += best == labels[i];
  }
  PD_TensorDestroy(x);
  PD_TensorDestroy(y);
  return right_ones;
}

/* --- calibration ---------------------------------------------------------------------------------
 */

static PD_Predictor *int8_predictor(const char *folder) {
  PD_Config *c = digits_config();
  PD_ConfigEnableTensorRtEngine(c, 1 << 30, 8, 0, PD_PRECISION_INT8, TRUE, TRUE);
  PD_ConfigSetOptimCacheDir(c, folder);
  return create(c);
}

static int tables_in(const char *folder) {
  int count = 0;
  struct dirent *entry;
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL)
    count += strncmp(entry->d_name, "trt_calib_", 10) == 0;
  if (dir != NULL)
    closedir(dir);
  return count;
}

/* True when the plan that is stored in the folder had INT8 to choose from. */
static bool int8_was_offered(const char *folder) {
  static const char words[] = "\"precision\": \"int8\"";
  bool found = false;
  struct dirent *entry;
  DIR *dir = opendir(folder);
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    char path[600];
    size_t size;
    if (strncmp(entry->d_name, "trt_serialized_", 15) != 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    char *bytes = slurp(path, &size);
    found = memmem(bytes, size, words, sizeof words - 1) != NULL;
    free(bytes);
  }
  if (dir != NULL)
    closedir(dir);
  return found;
}

/* in float until there is a table, which comes when asked and with the end of any clone */
static void tables_are_made(void **state) {
  (void)state;
  char folder[] = "/tmp/scull-door-XXXXXX";
  assert_non_null(mkdtemp(folder));
  PD_Predictor *p = int8_predictor(folder);
  assert_true(PD_PredictorSaveCalibration(p)); /* nothing to write */
  assert_int_equal(tables_in(folder), 0);
  right(p, 0, 8);
  assert_true(PD_PredictorSaveCalibration(p));
  assert_int_equal(count_and_remove(folder, "trt_calib_"), 1);
  assert_true(PD_PredictorSaveCalibration(p));
  assert_int_equal(tables_in(folder), 0); /* nothing new */
  PD_Predictor *clone = PD_PredictorClone(p);
  right(clone, 8, 8);
  PD_PredictorDestroy(clone);
  assert_int_equal(count_and_remove(folder, "trt_calib_"), 1);
  const float kept = pictures[5];
  pictures[5] = NAN; /* runs, and is left out of the table */
  assert_int_equal(answers(p, 0, 1), 1);
  pictures[5] = kept;
  for (int i = 16; i < PICTURES; i += 8)
    right(p, i, 8);
  PD_PredictorDestroy(p);
  assert_int_equal(tables_in(folder), 1);
  p = int8_predictor(folder);
  assert_true(right_classes(p) >= 355); /* of 360; 356 are Paddle's own in float */
  PD_PredictorDestroy(p);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2"))
    assert_true(int8_was_offered(folder));
#endif
  count_and_remove(folder, "");
  rmdir(folder);
  assert_false(PD_PredictorSaveCalibration(NULL));
  said("the predictor is NULL");
}

static PD_Predictor *forgotten;

/* a program that never destroys its predictor */
static void tables_are_not_lost(void **state) {
  (void)state;
  char folder[] = "/tmp/scull-door-XXXXXX";
  int status = -1;
  assert_non_null(mkdtemp(folder));
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
#if defined(__SANITIZE_ADDRESS__)
    __lsan_disable(); /* what is forgotten is the test */
#endif
    forgotten = int8_predictor(folder);
    exit(answers(forgotten, 0, 8));
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(tables_in(folder), 1);
  count_and_remove(folder, "");
  rmdir(folder);
}

static void plans_are_drawn(void **state) {
  (void)state;
  char folder[] = "/tmp/scull-door-XXXXXX", path[64];
  size_t size;
  assert_non_null(mkdtemp(folder));
  PD_Config *c = digits_config();
  PD_ConfigSwitchIrDebug(c, TRUE);
  PD_ConfigSetOptimCacheDir(c, folder);
  PD_ConfigSetExecStream(c, folder); /* no stream: on the processor nobody looks at it */
  PD_Predictor *p = create(c);
  right(p, 0, 4);
  PD_PredictorDestroy(p);
  snprintf(path, sizeof path, "%s/0_ir_plan.dot", folder);
  char *text = slurp(path, &size);
  assert_int_equal(strncmp(text, "digraph", 7), 0);
  free(text);
  assert_int_equal(count_and_remove(folder, "0_ir_plan.dot"), 1);
  rmdir(folder);
}

/* --- shapes --------------------------------------------------------------------------------------
 */

static void ranges_by_hand_and_collected(void **state) {
  (void)state;
  char path[] = "/tmp/scull-shapes-XXXXXX";
  const int file = mkstemp(path);
  assert_true(file >= 0);
  close(file);
  PD_Config *c = digits_config();
  PD_ConfigCollectShapeRangeInfo(c, path);
  PD_Predictor *p = create(c);
  static const int batches[] = {2, 5, 3, 5, 6};
  for (int i = 0; i < 5; i++)
    right(p, 0, batches[i]);
  PD_PredictorDestroy(p);
  size_t size;
  char *text = slurp(path, &size);
  assert_non_null(strstr(text, "min_shape: 2"));
  assert_non_null(strstr(text, "max_shape: 6"));
  assert_non_null(strstr(text, "opt_shape: 5")); /* the most frequent */
  free(text);
  for (PD_Bool grow = 0; grow < 2; grow++) {
    c = digits_config();
    PD_ConfigEnableTunedTensorRtDynamicShape(c, path, grow);
    p = create(c);
    right(p, 0, 4);
    assert_int_equal(answers(p, 0, 8), grow ? 0 : 1);
    if (!grow)
      said("2..6");
    PD_PredictorDestroy(p);
  }
  FILE *spoilt = fopen(path, "w");
  fprintf(spoilt, "shape_range_info {\n  name: \"x\"\n  min_shape: -1\n}\n");
  fclose(spoilt);
  c = digits_config();
  PD_ConfigEnableTunedTensorRtDynamicShape(c, path, FALSE);
  assert_null(PD_PredictorCreate(c));
  said("line 3");
  PD_ConfigDestroy(c);
  unlink(path);
}

/* --- clones --------------------------------------------------------------------------------------
 */

static void *run_a_clone(void *user) {
  for (int i = 0; i < 40; i++) {
    if (answers(user, 8 * i, 1 + i % 8) != 0)
      return strdup(PD_GetLastError());
  }
  return NULL;
}

static void clones_in_threads(void **state) {
  (void)state;
  enum { CLONES = 8 };
  PD_Predictor *p = create(digits_config()), *clones[CLONES];
  pthread_t threads[CLONES];
  for (int i = 0; i < CLONES; i++)
    clones[i] = PD_PredictorClone(p);
  PD_PredictorDestroy(p); /* the clones go on */
  for (int i = 0; i < CLONES; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, run_a_clone, clones[i]), 0);
  for (int i = 0; i < CLONES; i++) {
    void *words = NULL;
    pthread_join(threads[i], &words);
    if (words != NULL)
      fail_msg("clone %d: %s", i, (char *)words);
    PD_PredictorDestroy(clones[i]);
  }
}

/* --- memory --------------------------------------------------------------------------------------
 */

/* Bytes that malloc has given out. */
static size_t in_use(void) {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/* what is said to be given back is */
static void memory_shrinks_by_as_much(void **state) {
  (void)state;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  skip(); /* malloc is the sanitizer's */
#endif
  PD_Predictor *p = create(digits_config());
  PD_Tensor *x = first_input(p);
  int32_t shape[] = {PICTURES, 1, 8, 8};
  PD_TensorReshape(x, 4, shape);
  PD_TensorCopyFromCpuFloat(x, pictures);
  assert_true(PD_PredictorRun(p));
  const size_t before = in_use();
  const uint64_t told = PD_PredictorTryShrinkMemory(p);
  assert_true(told > 100000);
  if (before - in_use() < told)
    fail_msg("%zu bytes, not %zu", before - in_use(), (size_t)told);
  PD_TensorDestroy(x);
  PD_PredictorDestroy(p);
}

static void memory_is_given_back(void **state) {
  (void)state;
  float got[CLASSES];
  PD_Predictor *p = create(digits_config());
  assert_int_equal(PD_PredictorTryShrinkMemory(p), 0);
  right(p, 0, 1);
  PD_PredictorClearIntermediateTensor(p);
  PD_Tensor *y = first_output(p);
  PD_TensorCopyToCpuFloat(y, got); /* outputs stay */
  assert_true(fabsf(got[0] - expected[0]) <= 1e-4f);
  PD_TensorDestroy(y);
  right(p, 1, 1);
  assert_true(PD_PredictorTryShrinkMemory(p) > 0);
  right(p, 2, 1);
  PD_PredictorDestroy(p);
}

/* --- faults -------------------------------------------------------------------------------------
 */

static void predictors_refuse(void **state) {
  (void)state;
  assert_null(PD_PredictorCreate(NULL));
  said("the config is NULL");
  PD_Config *c = PD_ConfigCreate();
  assert_null(PD_PredictorCreate(c));
  said("no model");
  PD_ConfigSetModel(c, "/nowhere/net.pdmodel", "/nowhere/net.pdiparams");
  assert_null(PD_PredictorCreate(c));
  said("/nowhere/net.pdmodel");
  PD_ConfigSetModel(c, PARAMS, MODEL); /* swapped */
  assert_null(PD_PredictorCreate(c));
  said("model.pdiparams");
  PD_ConfigSetModelBuffer(c, "not a program", 13, "", 0);
  assert_null(PD_PredictorCreate(c));
  said("not a model");
  PD_ConfigSetModel(c, MODEL, PARAMS);
  PD_ConfigSetInvalid(c);
  assert_null(PD_PredictorCreate(c));
  said("invalid");
  PD_ConfigDestroy(c);
  assert_null(PD_PredictorClone(NULL));
  assert_null(PD_PredictorGetInputNames(NULL));
  assert_int_equal(PD_PredictorGetInputNum(NULL), 0);
  assert_false(PD_PredictorRun(NULL));
  said("the predictor is NULL");
  PD_PredictorClearIntermediateTensor(NULL);
  assert_int_equal(PD_PredictorTryShrinkMemory(NULL), 0);
  PD_PredictorDestroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pictures_one_by_one),
      cmocka_unit_test(any_batch),
      cmocka_unit_test(from_memory_and_folders),
      cmocka_unit_test(both_generations),
      cmocka_unit_test(native_and_changed),
      cmocka_unit_test(engine_takes_batches_up_to_its_maximum),
      cmocka_unit_test(engine_is_stored),
      cmocka_unit_test(tables_are_made),
      cmocka_unit_test(tables_are_not_lost),
      cmocka_unit_test(plans_are_drawn),
      cmocka_unit_test(ranges_by_hand_and_collected),
      cmocka_unit_test(clones_in_threads),
      cmocka_unit_test(memory_is_given_back),
      cmocka_unit_test(memory_shrinks_by_as_much),
      cmocka_unit_test(predictors_refuse),
  };
  return cmocka_run_group_tests_name("paddle_predictor", tests, load_digits, NULL);
}
