/* Every function of the headers, called well and badly (calls.def): NULL, a destroyed handle, one
 * of another kind, other arguments that cannot be. A function without a line there fails the test.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#define DIGITS SCULL_SOURCE_DIR "/zoo/digits"
#define TYPES SCULL_SOURCE_DIR "/tests/paddle/data/types"

typedef enum { FREE, CONFIG, PREDICTOR, TENSOR, ENDS, ARRAY } kind_t;

typedef struct {
  const char *model, *params, *output_name;
  const char *ops[2], *holes[2];
  int32_t range[4], shape[9], size;
  size_t offsets[2];
  PD_OneDimArraySize level, no_level;
  PD_OneDimArraySize *levels[1], *no_levels[1];
  PD_TwoDimArraySize lods[2], *lod, *wrong_lod;
  PD_PlaceType place;
  unsigned char bytes[64], room[64];
  PD_Config *config;                  /* a new one for every function */
  PD_Predictor *predictor;            /* of five inputs, which were filled, one a type */
  PD_Tensor *in[5], *out[5], *orphan; /* orphan: its predictor is gone */
} fixture_t;

/* --- words for calls.def ------------------------------------------------------------------------
 */

#define V(call) ((void)(call), 0)
#define NONE true

static void forget(void) {
  PD_ConfigSetCpuMathLibraryNumThreads(NULL, 1); /* other words than any that a line waits for */
}

static bool same(const char *a, const char *b) {
  return a != NULL && strcmp(a, b) == 0;
}

static bool gone(void *text) {
  free(text);
  return text != NULL;
}

#define GONE(name, type, destroy)                                                                  \
  static bool name(type *made) {                                                                   \
    destroy(made);                                                                                 \
    return made != NULL;                                                                           \
  }
GONE(gone_config, PD_Config, PD_ConfigDestroy)
GONE(gone_predictor, PD_Predictor, PD_PredictorDestroy)
GONE(gone_tensor, PD_Tensor, PD_TensorDestroy)
GONE(gone_cstrs, PD_OneDimArrayCstr, PD_OneDimArrayCstrDestroy)
GONE(gone_infos, PD_IOInfos, PD_IOInfosDestroy)

static bool makes_predictor(PD_Config *config) {
  return gone_predictor(PD_PredictorCreate(config));
}

static bool no_predictor(PD_Config *config) {
  return PD_PredictorCreate(config) == NULL;
}

static void engine(PD_Config *config) {
  PD_ConfigEnableTensorRtEngine(config, 1 << 20, 4, 0, PD_PRECISION_FLOAT32, TRUE, FALSE);
}

static void set_range(PD_Config *config, int32_t *dims) {
  const char *name = "x";
  size_t rank = 4;
  PD_ConfigSetTrtDynamicShapeInfo(config, 1, &name, &rank, &dims, &dims, &dims, FALSE);
}

static size_t passes(PD_Config *config) {
  PD_OneDimArrayCstr *all = PD_ConfigAllPasses(config);
  const size_t count = all->size;
  PD_OneDimArrayCstrDestroy(all);
  return count;
}

static bool summary_has(PD_Config *config, const char *words) {
  PD_Cstr *text = PD_ConfigSummary(config);
  const bool has = strstr(text->data, words) != NULL;
  PD_CstrDestroy(text);
  return has;
}

static bool run_too_early(PD_Predictor *predictor) {
  PD_Predictor *clone = PD_PredictorClone(predictor);
  const bool refused = !PD_PredictorRun(clone);
  PD_PredictorDestroy(clone);
  return refused;
}

static size_t dims(PD_Tensor *tensor) {
  PD_OneDimArrayInt32 *shape = PD_TensorGetShape(tensor);
  const size_t count = shape->size;
  PD_OneDimArrayInt32Destroy(shape);
  return count;
}

static size_t lods(PD_Tensor *tensor) {
  PD_TwoDimArraySize *lod = PD_TensorGetLod(tensor);
  const size_t count = lod->size;
  PD_TwoDimArraySizeDestroy(lod);
  return count;
}

/* Parts of what the interface gives, cut out of their owner. */
static PD_IOInfo *first_info(PD_Predictor *predictor) {
  PD_IOInfos *infos = PD_PredictorGetInputInfos(predictor);
  PD_IOInfo *first = infos->io_info[0];
  infos->io_info[0] = NULL;
  PD_IOInfosDestroy(infos);
  return first;
}

static PD_OneDimArrayInt64 *shape_of_first(PD_Predictor *predictor) {
  PD_IOInfo *info = first_info(predictor);
  PD_OneDimArrayInt64 *shape = info->shape;
  info->shape = NULL;
  PD_IOInfoDestroy(info);
  return shape;
}

static PD_OneDimArraySize *offsets_of_lod(PD_Tensor *tensor, PD_TwoDimArraySize *lod) {
  PD_TensorSetLod(tensor, lod);
  PD_TwoDimArraySize *copy = PD_TensorGetLod(tensor);
  PD_OneDimArraySize *offsets = copy->data[0];
  copy->data[0] = NULL;
  PD_TwoDimArraySizeDestroy(copy);
  PD_TensorSetLod(tensor, NULL);
  return offsets;
}

/* --- the calls ----------------------------------------------------------------------------------
 */

typedef enum { CALL_IT, TRY_GOOD, TRY_WRONG } way_t;

#define CALL(name, kind, call, good, wrong, words)                                                 \
  static bool call_##name(fixture_t *f, way_t way, void *h) {                                      \
    (void)f, (void)h;                                                                              \
    return way == CALL_IT ? (call) != 0 : way == TRY_GOOD ? (good) : (wrong);                      \
  }
#include "paddle/calls.def"
#undef CALL

typedef struct {
  const char *name;
  kind_t kind;
  bool (*call)(fixture_t *f, way_t way, void *h);
  const char *words;
} row_t;

static const row_t rows[] = {
#define CALL(name, kind, call, good, wrong, words) {#name, kind, call_##name, words},
#include "paddle/calls.def"
#undef CALL
};
enum { ROWS = sizeof rows / sizeof *rows };

static void said(const row_t *row, const char *words) {
  const char *error = PD_GetLastError();
  if (strncmp(error, row->name, strlen(row->name)) != 0 || strstr(error, words) == NULL)
    fail_msg("%s: '%s' does not say '%s'", row->name, error, words);
}

static void refuses(const row_t *row, fixture_t *f, void *handle, const char *words) {
  forget();
  if (row->call(f, CALL_IT, handle))
    fail_msg("%s takes a handle of which '%s'", row->name, words);
  said(row, words);
}

static PD_Config *digits(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, DIGITS "/model.pdmodel", DIGITS "/model.pdiparams");
  PD_ConfigDisableGlogInfo(config);
  return config;
}

/* A handle that was destroyed just now. */
static void *dead_handle(kind_t kind, fixture_t *f) {
  PD_Config *config = kind == CONFIG ? digits() : NULL;
  PD_Predictor *predictor = kind == PREDICTOR ? PD_PredictorClone(f->predictor) : NULL;
  PD_Tensor *tensor = kind == TENSOR ? PD_PredictorGetInputHandle(f->predictor, "x_float32") : NULL;
  PD_ConfigDestroy(config);
  PD_PredictorDestroy(predictor);
  PD_TensorDestroy(tensor);
  return config != NULL ? (void *)config : predictor != NULL ? (void *)predictor : (void *)tensor;
}

/* Whose end a row of kind ENDS is. */
static kind_t kind_of(const row_t *row) {
  if (row->kind != ENDS)
    return row->kind;
  return strcmp(row->name, "PD_ConfigDestroy") == 0      ? CONFIG
         : strcmp(row->name, "PD_PredictorDestroy") == 0 ? PREDICTOR
                                                         : TENSOR;
}

static void bad_handles(const row_t *row, fixture_t *f) {
  const kind_t kind = kind_of(row);
  if (row->kind == ENDS)
    row->call(f, CALL_IT, NULL); /* no fault */
  else
    refuses(row, f, NULL, "is NULL");
  refuses(row, f, dead_handle(kind, f), "was destroyed");
  refuses(row, f, kind == CONFIG ? (void *)f->predictor : (void *)f->config, "this is no ");
  if (row->kind == TENSOR)
    refuses(row, f, f->orphan, "the tensor's predictor was destroyed");
}

static void *live_handle(const row_t *row, fixture_t *f) {
  return row->kind == CONFIG      ? (void *)f->config
         : row->kind == PREDICTOR ? (void *)f->predictor
         : row->kind == TENSOR    ? (void *)f->in[0]
                                  : NULL;
}

static void renew(fixture_t *f) {
  PD_ConfigDestroy(f->config);
  f->config = digits();
}

static void every_function(void **state) {
  fixture_t *f = *state;
  for (size_t i = 0; i < ROWS; i++) {
    const row_t *row = &rows[i];
    if (row->kind == ARRAY)
      row->call(f, CALL_IT, NULL);
    else if (row->kind != FREE)
      bad_handles(row, f);
    renew(f);
    if (!row->call(f, TRY_GOOD, live_handle(row, f)))
      fail_msg("%s, called well: %s", row->name, PD_GetLastError());
    renew(f);
    forget();
    if (!row->call(f, TRY_WRONG, live_handle(row, f)))
      fail_msg("%s takes what is wrong", row->name);
    if (row->words[0] != '\0' && strstr(PD_GetLastError(), row->words) == NULL)
      fail_msg("%s: '%s' does not say '%s'", row->name, PD_GetLastError(), row->words);
  }
}

/* --- the headers --------------------------------------------------------------------------------
 */

/* The function that is declared at `at`, up to its bracket. */
static void name_at(const char *at, char name[128]) {
  const char *end = strchr(at, '('), *begin = end;
  assert_non_null(end);
  while (begin[-1] == '_' || isalnum((unsigned char)begin[-1]))
    begin--;
  assert_true(end - begin < 128);
  snprintf(name, 128, "%.*s", (int)(end - begin), begin);
}

/* How many functions a header declares; each must have a line. */
static size_t check_header(const char *header) {
  static char text[1 << 16];
  static const char mark[] = "PADDLE_CAPI_EXPORT extern";
  char path[512], name[128];
  size_t count = 0;
  snprintf(path, sizeof path, "%s/include/paddle/%s", SCULL_SOURCE_DIR, header);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  for (const char *at = text; (at = strstr(at, mark)) != NULL; at++, count++) {
    size_t i = 0;
    name_at(at + strlen(mark), name);
    while (i < ROWS && strcmp(rows[i].name, name) != 0)
      i++;
    if (i == ROWS)
      fail_msg("%s of %s has no line in calls.def", name, header);
  }
  return count;
}

static void every_function_has_a_line(void **state) {
  (void)state;
  static const char *const headers[] = {"pd_config.h", "pd_predictor.h", "pd_tensor.h",
                                        "pd_utils.h", "pd_scull.h"};
  size_t count = 0;
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    count += check_header(headers[i]);
  assert_int_equal(count, ROWS);
}

/* --- places of handles --------------------------------------------------------------------------
 */

/* a stale pointer stays one while others come and go */
static void stale_handles_are_told(void **state) {
  fixture_t *f = *state;
  enum { TIMES = 50 };
  PD_Tensor *stale = PD_PredictorGetInputHandle(f->predictor, "x_int8");
  PD_TensorDestroy(stale);
  for (int i = 0; i < TIMES; i++) {
    PD_Tensor *other = PD_PredictorGetInputHandle(f->predictor, "x_int8");
    assert_ptr_not_equal(other, stale);
    PD_TensorDestroy(other);
    assert_null(PD_TensorGetName(stale));
  }
}

/* --- life ---------------------------------------------------------------------------------------
 */

static PD_Predictor *open_types(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, TYPES ".pdmodel", NULL);
  PD_Predictor *predictor = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  return predictor;
}

static void fill(fixture_t *f) {
  PD_OneDimArrayCstr *inputs = PD_PredictorGetInputNames(f->predictor);
  PD_OneDimArrayCstr *outputs = PD_PredictorGetOutputNames(f->predictor);
  for (size_t i = 0; i < 5; i++) {
    f->in[i] = PD_PredictorGetInputHandle(f->predictor, inputs->data[i]);
    f->out[i] = PD_PredictorGetOutputHandle(f->predictor, outputs->data[i]);
    PD_TensorReshape(f->in[i], 2, f->shape);
  }
  static char name[64];
  snprintf(name, sizeof name, "%s", outputs->data[0]);
  f->output_name = name;
  PD_OneDimArrayCstrDestroy(inputs);
  PD_OneDimArrayCstrDestroy(outputs);
  memset(PD_TensorMutableDataFloat(f->in[0], PD_PLACE_CPU), 0, 4 * sizeof(float));
  memset(PD_TensorMutableDataInt64(f->in[1], PD_PLACE_CPU), 0, 4 * sizeof(int64_t));
  memset(PD_TensorMutableDataInt32(f->in[2], PD_PLACE_CPU), 0, 4 * sizeof(int32_t));
  memset(PD_TensorMutableDataUint8(f->in[3], PD_PLACE_CPU), 0, 4);
  memset(PD_TensorMutableDataInt8(f->in[4], PD_PLACE_CPU), 0, 4);
}

static int begin(void **state) {
  static fixture_t f = {.model = DIGITS "/model.pdmodel",
                        .params = DIGITS "/model.pdiparams",
                        .ops = {"conv2d", "relu"},
                        .holes = {"conv2d", NULL},
                        .range = {1, 1, 8, 8},
                        .shape = {1, 4, 1, 1, 1, 1, 1, 1, 1},
                        .offsets = {0, 1}};
  f.level = (PD_OneDimArraySize){2, f.offsets};
  f.no_level = (PD_OneDimArraySize){2, NULL};
  f.levels[0] = &f.level;
  f.no_levels[0] = &f.no_level;
  f.lods[0] = (PD_TwoDimArraySize){1, f.levels};
  f.lods[1] = (PD_TwoDimArraySize){1, f.no_levels};
  f.lod = &f.lods[0];
  f.wrong_lod = &f.lods[1];
  f.config = digits();
  f.predictor = open_types();
  if (f.predictor == NULL)
    return -1;
  fill(&f);
  PD_Predictor *gone = PD_PredictorClone(f.predictor);
  f.orphan = PD_PredictorGetInputHandle(gone, "x_float32");
  PD_PredictorDestroy(gone);
  *state = &f;
  return PD_PredictorRun(f.predictor) ? 0 : -1;
}

static int end(void **state) {
  fixture_t *f = *state;
  for (size_t i = 0; i < 5; i++) {
    PD_TensorDestroy(f->in[i]);
    PD_TensorDestroy(f->out[i]);
  }
  PD_TensorDestroy(f->orphan);
  PD_PredictorDestroy(f->predictor);
  PD_ConfigDestroy(f->config);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_function),
      cmocka_unit_test(every_function_has_a_line),
      cmocka_unit_test(stale_handles_are_told),
  };
  return cmocka_run_group_tests_name("paddle_calls", tests, begin, end);
}
