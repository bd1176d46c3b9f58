/* Ports and tensors through the door: shapes, element types, LoD, and what is given back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "paddle/digits.h"

#define LOD SCULL_SOURCE_DIR "/tests/paddle/data/lod"
#define TYPES SCULL_SOURCE_DIR "/tests/paddle/data/types"

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
  assert_null(PD_TensorDataInt64(x, &place, &size));
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

/* Every accessor of one type: on its input and output, on an output of another type, on NULL. */
#define ACCESSORS(Name, type, index, code)                                                         \
  static void accessors_##Name(PD_Predictor *p, PD_Tensor *const *in, PD_Tensor *const *out) {     \
    const type values[] = {1, 2, 3, 4};                                                            \
    type got[8] = {0};                                                                             \
    PD_PlaceType place = PD_PLACE_UNK;                                                             \
    int32_t size = 0;                                                                              \
    PD_Tensor *x = in[index], *y = out[index], *other = out[((index) + 1) % 5];                    \
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
    PD_TensorCopyToCpu##Name(other, got);                                                          \
    said("PD_TensorCopyToCpu" #Name);                                                              \
    said("another element type");                                                                  \
    assert_null(PD_TensorMutableData##Name(other, PD_PLACE_CPU));                                  \
    assert_null(PD_TensorData##Name(other, &place, &size));                                        \
  }                                                                                                \
  /* the input of index `to` is given in this type */                                              \
  static void converts_##Name(PD_Predictor *p, PD_Tensor *const *in, PD_Tensor *const *out) {      \
    for (size_t to = 0; to < 5; to++) {                                                            \
      const type values[] = {1, 2, 3, 100};                                                        \
      PD_TensorCopyFromCpu##Name(in[to], values);                                                  \
      assert_int_equal(PD_TensorGetDataType(in[to]), code);                                        \
      assert_true(PD_PredictorRun(p));                                                             \
      assert_true(item(out[to], 0) == 1 && item(out[to], 7) == 100);                               \
      PD_TensorMutableData##Name(in[to], PD_PLACE_CPU)[3] = 7; /* and again at every run */        \
      assert_true(PD_PredictorRun(p));                                                             \
      assert_true(item(out[to], 7) == 7);                                                          \
      reset(in[to], to);                                                                           \
    }                                                                                              \
  }

/* Item `at` of an output of any type. */
static double item(PD_Tensor *y, size_t at) {
  PD_PlaceType place;
  int32_t size;
  switch (PD_TensorGetDataType(y)) {
  case PD_DATA_FLOAT32: return (double)PD_TensorDataFloat(y, &place, &size)[at];
  case PD_DATA_INT64: return (double)PD_TensorDataInt64(y, &place, &size)[at];
  case PD_DATA_INT32: return PD_TensorDataInt32(y, &place, &size)[at];
  case PD_DATA_UINT8: return PD_TensorDataUint8(y, &place, &size)[at];
  case PD_DATA_INT8: return PD_TensorDataInt8(y, &place, &size)[at];
  default: return -1;
  }
}

/* Zeros in the input's own type. */
static void reset(PD_Tensor *x, size_t index) {
  switch (index) {
  case 0: memset(PD_TensorMutableDataFloat(x, PD_PLACE_CPU), 0, 16); break;
  case 1: memset(PD_TensorMutableDataInt64(x, PD_PLACE_CPU), 0, 32); break;
  case 2: memset(PD_TensorMutableDataInt32(x, PD_PLACE_CPU), 0, 16); break;
  case 3: memset(PD_TensorMutableDataUint8(x, PD_PLACE_CPU), 0, 4); break;
  default: memset(PD_TensorMutableDataInt8(x, PD_PLACE_CPU), 0, 4); break;
  }
}

ACCESSORS(Float, float, 0, PD_DATA_FLOAT32)
ACCESSORS(Int64, int64_t, 1, PD_DATA_INT64)
ACCESSORS(Int32, int32_t, 2, PD_DATA_INT32)
ACCESSORS(Uint8, uint8_t, 3, PD_DATA_UINT8)
ACCESSORS(Int8, int8_t, 4, PD_DATA_INT8)

/* values that the model's type has not end the run, not the process */
static void refuses_inexact_values(PD_Predictor *p, PD_Tensor *const *in) {
  const float reals[][4] = {{0, 0, 0, 0.5f}, {NAN, 0, 0, 0}, {0, INFINITY, 0, 0}, {0, 0, -3e9f, 0}};
  for (size_t i = 0; i < 4; i++) {
    PD_TensorCopyFromCpuFloat(in[2], reals[i]);
    assert_false(PD_PredictorRun(p));
    said("'x_int32' was given in another element type");
  }
  reset(in[2], 2);
  PD_TensorCopyFromCpuInt64(in[0], (const int64_t[]){0, 0, 0, (INT64_C(1) << 24) + 1});
  assert_false(PD_PredictorRun(p));
  PD_TensorCopyFromCpuInt64(in[0], (const int64_t[]){0, 0, 0, INT64_MAX});
  assert_false(PD_PredictorRun(p));
  PD_TensorCopyFromCpuInt64(in[0], (const int64_t[]){INT64_MIN, 0, 3, INT64_C(1) << 25});
  assert_true(PD_PredictorRun(p));
  reset(in[0], 0);
  PD_TensorCopyFromCpuInt32(in[3], (const int32_t[]){256, 0, 0, 0});
  assert_false(PD_PredictorRun(p));
  PD_TensorCopyFromCpuInt8(in[3], (const int8_t[]){-1, 0, 0, 0});
  assert_false(PD_PredictorRun(p));
  reset(in[3], 3);
  assert_true(PD_PredictorRun(p));
}

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
  for (size_t i = 0; i < 5; i++)
    reset(in[i], i);
  accessors_Float(p, in, out);
  accessors_Int64(p, in, out);
  accessors_Int32(p, in, out);
  accessors_Uint8(p, in, out);
  accessors_Int8(p, in, out);
  converts_Float(p, in, out);
  converts_Int64(p, in, out);
  converts_Int32(p, in, out);
  converts_Uint8(p, in, out);
  converts_Int8(p, in, out);
  refuses_inexact_values(p, in);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ports_are_told), cmocka_unit_test(tensors_refuse),
      cmocka_unit_test(lod_is_kept),    cmocka_unit_test(every_type_has_accessors),
      cmocka_unit_test(arrays_go),      cmocka_unit_test(lod_reaches_operators),
  };
  return cmocka_run_group_tests_name("paddle_tensor", tests, load_digits, NULL);
}
