/* Predictors and tensors through the door, on the demo's network (zoo/digits): the answers are
 * Paddle's, in every way to give the model, every batch, every clone. */
#include <dirent.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#define DIGITS SCULL_SOURCE_DIR "/zoo/digits"
#define MODEL DIGITS "/model.pdmodel"
#define LOD SCULL_SOURCE_DIR "/tests/paddle/data/lod"
#define TYPES SCULL_SOURCE_DIR "/tests/paddle/data/types"
#define PARAMS DIGITS "/model.pdiparams"

enum { PICTURES = 360, PIXELS = 64, CLASSES = 10 };

static float pictures[PICTURES * PIXELS], expected[PICTURES * CLASSES];
static int64_t labels[PICTURES];

static void said(const char *words) {
  if (strstr(PD_GetLastError(), words) == NULL)
    fail_msg("'%s' does not say '%s'", PD_GetLastError(), words);
}

/* The numbers of a .npy file of version 1: they stand behind a header whose size is at byte 8. */
static int load(const char *path, void *into, size_t element, size_t count) {
  unsigned char head[10];
  FILE *file = fopen(path, "rb");
  int ok = file != NULL && fread(head, 1, sizeof head, file) == sizeof head &&
           fseek(file, 10 + head[8] + 256 * head[9], SEEK_SET) == 0 &&
           fread(into, element, count, file) == count;
  if (file != NULL)
    fclose(file);
  return ok ? 0 : -1;
}

static int load_digits(void **state) {
  (void)state;
  return load(DIGITS "/pictures.npy", pictures, sizeof *pictures, PICTURES * PIXELS) +
         load(DIGITS "/expected.npy", expected, sizeof *expected, PICTURES * CLASSES) +
         load(DIGITS "/labels.npy", labels, sizeof *labels, PICTURES);
}

static PD_Config *digits_config(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, MODEL, PARAMS);
  PD_ConfigDisableGlogInfo(config);
  return config;
}

/* A predictor of a config, which goes. */
static PD_Predictor *create(PD_Config *config) {
  PD_Predictor *predictor = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  if (predictor == NULL)
    fail_msg("%s", PD_GetLastError());
  return predictor;
}

static PD_Tensor *first_input(PD_Predictor *p) {
  PD_OneDimArrayCstr *names = PD_PredictorGetInputNames(p);
  PD_Tensor *tensor = PD_PredictorGetInputHandle(p, names->data[0]);
  PD_OneDimArrayCstrDestroy(names);
  return tensor;
}

static PD_Tensor *first_output(PD_Predictor *p) {
  PD_OneDimArrayCstr *names = PD_PredictorGetOutputNames(p);
  PD_Tensor *tensor = PD_PredictorGetOutputHandle(p, names->data[0]);
  PD_OneDimArrayCstrDestroy(names);
  return tensor;
}

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
  PD_ConfigEnableTensorRtEngine(c, 1 << 30, 8, 0, PD_PRECISION_INT8, FALSE, TRUE);
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
  count_and_remove(folder, "trt_");
  rmdir(folder);
  assert_false(PD_PredictorSaveCalibration(NULL));
  said("the predictor is NULL");
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
  right(p, 0, 2);
  right(p, 0, 6);
  PD_PredictorDestroy(p);
  size_t size;
  char *text = slurp(path, &size);
  assert_non_null(strstr(text, "min_shape: 2"));
  assert_non_null(strstr(text, "max_shape: 6"));
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

/* --- ports and tensors ---------------------------------------------------------------------------
 */

static void ports_are_told(void **state) {
  (void)state;
  PD_Predictor *p = create(digits_config());
  assert_int_equal(PD_PredictorGetInputNum(p), 1);
  assert_int_equal(PD_PredictorGetOutputNum(p), 1);
  PD_IOInfos *in = PD_PredictorGetInputInfos(p), *out = PD_PredictorGetOutputInfos(p);
  assert_int_equal(in->size, 1);
  assert_int_equal(in->io_info[0]->shape->size, 4);
  assert_int_equal(in->io_info[0]->shape->data[0], -1);
  assert_int_equal(in->io_info[0]->shape->data[3], 8);
  assert_int_equal(in->io_info[0]->dtype, PD_DATA_FLOAT32);
  assert_int_equal(out->io_info[0]->shape->data[1], CLASSES);
  PD_IOInfosDestroy(in);
  PD_IOInfosDestroy(out);
  assert_null(PD_PredictorGetInputHandle(p, "nobody"));
  said("there is no input 'nobody'");
  assert_null(PD_PredictorGetOutputHandle(p, NULL));
  said("NULL");
  assert_true(strlen(PD_GetVersion()) > 0);
  PD_PredictorDestroy(p);
}

static void tensors_refuse(void **state) {
  (void)state;
  PD_PlaceType place;
  int32_t size, shape[] = {1, 1, 8, 8}, huge[] = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX};
  int64_t integers[64] = {0};
  PD_Predictor *p = create(digits_config());
  PD_Tensor *x = first_input(p), *y = first_output(p);
  assert_false(PD_PredictorRun(p));
  said("was not filled");
  assert_null(PD_TensorMutableDataFloat(x, PD_PLACE_CPU));
  said("no shape");
  PD_TensorReshape(x, 4, huge);
  said("too large");
  PD_TensorReshape(x, 4, NULL);
  said("no shape");
  PD_TensorReshape(y, 4, shape);
  said("output");
  PD_TensorReshape(x, 4, shape);
  PD_TensorCopyFromCpuInt64(x, integers);
  said("another element type");
  PD_TensorCopyFromCpuFloat(x, NULL);
  said("NULL");
  assert_null(PD_TensorMutableDataFloat(x, PD_PLACE_GPU));
  said("PD_PLACE_CPU");
  assert_null(PD_TensorDataFloat(y, &place, &size));
  said("no data");
  assert_int_equal(PD_TensorGetDataType(x), PD_DATA_FLOAT32);
  assert_int_equal(PD_TensorGetDataType(NULL), PD_DATA_UNK);
  memcpy(PD_TensorMutableDataFloat(x, PD_PLACE_CPU), pictures, PIXELS * sizeof *pictures);
  assert_true(PD_PredictorRun(p));
  const float *got = PD_TensorDataFloat(y, &place, &size);
  assert_int_equal(place, PD_PLACE_CPU);
  assert_int_equal(size, CLASSES);
  assert_true(fabsf(got[0] - expected[0]) <= 1e-4f);
  assert_null(PD_TensorDataInt32(y, &place, &size));
  PD_OneDimArrayInt32 *dims = PD_TensorGetShape(y);
  assert_int_equal(dims->size, 2);
  assert_int_equal(dims->data[1], CLASSES);
  PD_OneDimArrayInt32Destroy(dims);
  int32_t wrong[] = {1, 1, 8, 9};
  PD_TensorReshape(x, 4, wrong);
  PD_TensorMutableDataFloat(x, PD_PLACE_CPU);
  assert_false(PD_PredictorRun(p));
  said("dimension 3");
  PD_TensorDestroy(x);
  PD_TensorDestroy(y);
  PD_TensorDestroy(NULL);
  PD_PredictorDestroy(p);
}

static void lod_is_kept(void **state) {
  (void)state;
  size_t offsets[] = {0, 2, 5};
  PD_OneDimArraySize level = {3, offsets}, *levels[] = {&level};
  PD_TwoDimArraySize lod = {1, levels};
  PD_Predictor *p = create(digits_config());
  PD_Tensor *x = first_input(p);
  PD_TwoDimArraySize *none = PD_TensorGetLod(x);
  assert_int_equal(none->size, 0);
  PD_TwoDimArraySizeDestroy(none);
  PD_TensorSetLod(x, &lod);
  PD_TwoDimArraySize *got = PD_TensorGetLod(x);
  assert_int_equal(got->size, 1);
  assert_int_equal(got->data[0]->size, 3);
  assert_int_equal(got->data[0]->data[2], 5);
  PD_TwoDimArraySizeDestroy(got);
  PD_TensorSetLod(x, NULL);
  PD_TensorDestroy(x);
  PD_PredictorDestroy(p);
}

/* --- element types
 * --------------------------------------------------------------------------------
 */

/* Every accessor of one type: on its input and output, on an input of another type, on NULL. */
#define ACCESSORS(Name, type, index, code)                                                         \
  static void accessors_##Name(PD_Predictor *p, PD_Tensor *const *in, PD_Tensor *const *out) {     \
    const type values[] = {1, 2, 3, 4};                                                            \
    type got[8] = {0};                                                                             \
    PD_PlaceType place = PD_PLACE_UNK;                                                             \
    int32_t size = 0;                                                                              \
    PD_Tensor *x = in[index], *y = out[index], *other = in[((index) + 1) % 5];                     \
    assert_int_equal(PD_TensorGetDataType(x), code);                                               \
    PD_TensorCopyFromCpu##Name(x, values);                                                         \
    type *own = PD_TensorMutableData##Name(x, PD_PLACE_CPU);                                       \
    assert_true(own != NULL && own[3] == 4);                                                       \
    own[3] = 9;                                                                                    \
    assert_true(PD_PredictorRun(p));                                                               \
    PD_TensorCopyToCpu##Name(y, got);                                                              \
    assert_true(got[0] == 1 && got[3] == 9 && got[6] == 3 && got[7] == 9);                         \
    assert_true(PD_TensorData##Name(y, &place, &size)[7] == 9);                                    \
    assert_int_equal(size, 8);                                                                     \
    assert_int_equal(place, PD_PLACE_CPU);                                                         \
    PD_TensorCopyFromCpu##Name(other, values);                                                     \
    said("another element type");                                                                  \
    PD_TensorCopyToCpu##Name(other, got);                                                          \
    said("PD_TensorCopyToCpu" #Name);                                                              \
    assert_null(PD_TensorMutableData##Name(other, PD_PLACE_CPU));                                  \
    assert_null(PD_TensorData##Name(other, &place, &size));                                        \
    assert_null(PD_TensorData##Name(y, NULL, &size));                                              \
    said("place or size is NULL");                                                                 \
    PD_TensorCopyToCpu##Name(y, NULL);                                                             \
    said("the destination is NULL");                                                               \
    PD_TensorCopyFromCpu##Name(NULL, values);                                                      \
    said("PD_TensorCopyFromCpu" #Name ": ");                                                       \
    PD_TensorCopyToCpu##Name(NULL, got);                                                           \
    assert_null(PD_TensorMutableData##Name(NULL, PD_PLACE_CPU));                                   \
    assert_null(PD_TensorData##Name(NULL, &place, &size));                                         \
    said("the tensor is NULL");                                                                    \
  }

ACCESSORS(Float, float, 0, PD_DATA_FLOAT32)
ACCESSORS(Int64, int64_t, 1, PD_DATA_INT64)
ACCESSORS(Int32, int32_t, 2, PD_DATA_INT32)
ACCESSORS(Uint8, uint8_t, 3, PD_DATA_UINT8)
ACCESSORS(Int8, int8_t, 4, PD_DATA_INT8)

static void every_type_has_accessors(void **state) {
  (void)state;
  static const char *const inputs[] = {"x_float32", "x_int64", "x_int32", "x_uint8", "x_int8"};
  PD_Tensor *in[5], *out[5];
  int32_t shape[] = {1, 4};
  PD_Config *c = PD_ConfigCreate();
  PD_ConfigSetModel(c, TYPES ".pdmodel", NULL);
  PD_Predictor *p = create(c);
  PD_OneDimArrayCstr *names = PD_PredictorGetOutputNames(p);
  assert_int_equal(names->size, 5);
  for (size_t i = 0; i < 5; i++) {
    in[i] = PD_PredictorGetInputHandle(p, inputs[i]);
    out[i] = PD_PredictorGetOutputHandle(p, names->data[i]);
    assert_string_equal(PD_TensorGetName(in[i]), inputs[i]);
    assert_string_equal(PD_TensorGetName(out[i]), names->data[i]);
    PD_TensorReshape(in[i], 2, shape);
  }
  PD_OneDimArrayCstrDestroy(names);
  memset(PD_TensorMutableDataFloat(in[0], PD_PLACE_CPU), 0, 16);
  memset(PD_TensorMutableDataInt64(in[1], PD_PLACE_CPU), 0, 32);
  memset(PD_TensorMutableDataInt32(in[2], PD_PLACE_CPU), 0, 16);
  memset(PD_TensorMutableDataUint8(in[3], PD_PLACE_CPU), 0, 4);
  memset(PD_TensorMutableDataInt8(in[4], PD_PLACE_CPU), 0, 4);
  accessors_Float(p, in, out);
  accessors_Int64(p, in, out);
  accessors_Int32(p, in, out);
  accessors_Uint8(p, in, out);
  accessors_Int8(p, in, out);
  for (size_t i = 0; i < 5; i++) {
    PD_TensorDestroy(in[i]);
    PD_TensorDestroy(out[i]);
  }
  PD_PredictorDestroy(p);
  assert_null(PD_TensorGetName(NULL));
  said("the tensor is NULL");
}

/* NULL and what callers made themselves, as far as malloc made it. */
static void arrays_go(void **state) {
  (void)state;
  PD_OneDimArrayInt32Destroy(NULL);
  PD_OneDimArrayInt64Destroy(NULL);
  PD_OneDimArraySizeDestroy(NULL);
  PD_OneDimArrayCstrDestroy(NULL);
  PD_TwoDimArraySizeDestroy(NULL);
  PD_CstrDestroy(NULL);
  PD_IOInfoDestroy(NULL);
  PD_IOInfosDestroy(NULL);
  PD_Predictor *p = create(digits_config());
  PD_IOInfos *infos = PD_PredictorGetInputInfos(p);
  PD_OneDimArrayInt64Destroy(infos->io_info[0]->shape);
  infos->io_info[0]->shape = NULL;
  PD_IOInfoDestroy(infos->io_info[0]);
  infos->size = 0;
  PD_IOInfosDestroy(infos);
  PD_PredictorDestroy(p);
}

/* --- LoD: what Paddle 2.6.2 recorded (make_lod.py)
 * -------------------------------------------------
 */

/* Numbers of the next line of `file`, which begins with `word`; how many. */
static size_t read_line(FILE *file, const char *word, double *into) {
  char line[4096], *at = line;
  size_t count = 0;
  assert_non_null(fgets(line, sizeof line, file));
  assert_int_equal(strncmp(line, word, strlen(word)), 0);
  at += strlen(word);
  for (char *end = at; *at != '\n' && *at != '\0'; at = end + strspn(end, " ")) {
    into[count++] = strtod(at, &end);
    assert_true(count < 256);
  }
  return count;
}

static void set_lod(PD_Tensor *tensor, const double *offsets, size_t count) {
  size_t values[256];
  for (size_t i = 0; i < count; i++)
    values[i] = (size_t)offsets[i];
  PD_OneDimArraySize level = {count, values}, *levels[] = {&level};
  PD_TwoDimArraySize lod = {1, levels};
  PD_TensorSetLod(tensor, &lod);
}

static void check_output(FILE *file, PD_Predictor *p, const char *name) {
  double wanted[256];
  PD_PlaceType place;
  int32_t size;
  PD_Tensor *y = PD_PredictorGetOutputHandle(p, name);
  PD_OneDimArrayInt32 *shape = PD_TensorGetShape(y);
  assert_int_equal(read_line(file, "shape ", wanted), shape->size);
  for (size_t i = 0; i < shape->size; i++)
    assert_int_equal(shape->data[i], wanted[i]);
  PD_OneDimArrayInt32Destroy(shape);
  PD_TwoDimArraySize *lod = PD_TensorGetLod(y);
  const size_t offsets = read_line(file, "lod ", wanted);
  assert_int_equal(lod->size, offsets > 0);
  for (size_t i = 0; i < offsets; i++)
    assert_int_equal(lod->data[0]->data[i], wanted[i]);
  PD_TwoDimArraySizeDestroy(lod);
  const float *got = PD_TensorDataFloat(y, &place, &size);
  assert_int_equal(read_line(file, "values ", wanted), size);
  for (int32_t i = 0; i < size; i++)
    assert_true(fabs((double)got[i] - wanted[i]) <= 1e-5);
  PD_TensorDestroy(y);
}

static void lod_reaches_operators(void **state) {
  (void)state;
  double numbers[256];
  float values[256];
  int32_t shape[] = {9, 6};
  PD_Config *c = PD_ConfigCreate();
  PD_ConfigSetModel(c, LOD ".pdmodel", LOD ".pdiparams");
  PD_Predictor *p = create(c);
  assert_int_equal(PD_PredictorGetInputNum(p), 1);
  assert_int_equal(PD_PredictorGetOutputNum(p), 2);
  assert_null(PD_PredictorGetInputHandle(p, "x@lod"));
  PD_OneDimArrayCstr *names = PD_PredictorGetOutputNames(p);
  PD_Tensor *x = first_input(p);
  FILE *file = fopen(LOD ".txt", "r");
  assert_non_null(file);
  assert_int_equal(read_line(file, "x ", numbers), 54);
  for (int i = 0; i < 54; i++)
    values[i] = (float)numbers[i];
  PD_TensorReshape(x, 2, shape);
  PD_TensorCopyFromCpuFloat(x, values);
  for (int set = 0; set < 2; set++) {
    const size_t count = read_line(file, "offsets ", numbers);
    set_lod(x, numbers, count);
    if (!PD_PredictorRun(p))
      fail_msg("%s", PD_GetLastError());
    check_output(file, p, names->data[0]);
    check_output(file, p, names->data[1]);
  }
  fclose(file);
  set_lod(x, (double[]){0, 4, 8}, 3);
  assert_false(PD_PredictorRun(p));
  said("the LoD of 'x' does not cut its 9 rows");
  set_lod(x, (double[]){0, 5, 4, 9}, 4);
  assert_false(PD_PredictorRun(p));
  PD_TensorSetLod(x, NULL); /* one sequence */
  assert_true(PD_PredictorRun(p));
  PD_OneDimArrayCstrDestroy(names);
  PD_TensorDestroy(x);
  PD_PredictorDestroy(p);
}

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
      cmocka_unit_test(native_and_changed),
      cmocka_unit_test(engine_takes_batches_up_to_its_maximum),
      cmocka_unit_test(engine_is_stored),
      cmocka_unit_test(tables_are_made),
      cmocka_unit_test(plans_are_drawn),
      cmocka_unit_test(ranges_by_hand_and_collected),
      cmocka_unit_test(clones_in_threads),
      cmocka_unit_test(memory_is_given_back),
      cmocka_unit_test(memory_shrinks_by_as_much),
      cmocka_unit_test(ports_are_told),
      cmocka_unit_test(tensors_refuse),
      cmocka_unit_test(lod_is_kept),
      cmocka_unit_test(every_type_has_accessors),
      cmocka_unit_test(arrays_go),
      cmocka_unit_test(lod_reaches_operators),
      cmocka_unit_test(predictors_refuse),
  };
  return cmocka_run_group_tests_name("paddle_predictor", tests, load_digits, NULL);
}
