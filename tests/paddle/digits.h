/* What the tests of the Paddle door share: the demo's network (zoo/digits) with its pictures and
 * what Paddle answers. */
#ifndef TESTS_PADDLE_DIGITS_H
#define TESTS_PADDLE_DIGITS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#ifndef SCULL_SOURCE_DIR /* of the build; tests run there */
#define SCULL_SOURCE_DIR "."
#endif
#define DIGITS SCULL_SOURCE_DIR "/zoo/digits"
#define MODEL DIGITS "/model.pdmodel"
#define PARAMS DIGITS "/model.pdiparams"

enum { PICTURES = 360, PIXELS = 64, CLASSES = 10 };

static float pictures[PICTURES * PIXELS], expected[PICTURES * CLASSES];
static int64_t labels[PICTURES];

static inline void said(const char *words) {
  if (strstr(PD_GetLastError(), words) == NULL)
    fail_msg("'%s' does not say '%s'", PD_GetLastError(), words);
}

/* The numbers of a .npy file of version 1: they stand behind a header whose size is at byte 8. */
static inline int load(const char *path, void *into, size_t element, size_t count) {
  unsigned char head[10];
  FILE *file = fopen(path, "rb");
  int ok = file != NULL && fread(head, 1, sizeof head, file) == sizeof head &&
           fseek(file, 10 + head[8] + 256 * head[9], SEEK_SET) == 0 &&
           fread(into, element, count, file) == count;
  if (file != NULL)
    fclose(file);
  return ok ? 0 : -1;
}

static inline int load_digits(void **state) {
  (void)state;
  return load(DIGITS "/pictures.npy", pictures, sizeof *pictures, PICTURES * PIXELS) +
         load(DIGITS "/expected.npy", expected, sizeof *expected, PICTURES * CLASSES) +
         load(DIGITS "/labels.npy", labels, sizeof *labels, PICTURES);
}

static inline PD_Config *digits_config(void) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, MODEL, PARAMS);
  PD_ConfigDisableGlogInfo(config);
  return config;
}

/* A predictor of a config, which goes. */
static inline PD_Predictor *create(PD_Config *config) {
  PD_Predictor *predictor = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  if (predictor == NULL)
    fail_msg("%s", PD_GetLastError());
  return predictor;
}

static inline PD_Tensor *first_input(PD_Predictor *p) {
  PD_OneDimArrayCstr *names = PD_PredictorGetInputNames(p);
  PD_Tensor *tensor = PD_PredictorGetInputHandle(p, names->data[0]);
  PD_OneDimArrayCstrDestroy(names);
  return tensor;
}

static inline PD_Tensor *first_output(PD_Predictor *p) {
  PD_OneDimArrayCstr *names = PD_PredictorGetOutputNames(p);
  PD_Tensor *tensor = PD_PredictorGetOutputHandle(p, names->data[0]);
  PD_OneDimArrayCstrDestroy(names);
  return tensor;
}

#endif
