/* What the three programs of the Paddle-TRT guide share: a predictor with the engine, and a run. */
#ifndef EXAMPLES_PADDLE_ENGINE_H
#define EXAMPLES_PADDLE_ENGINE_H

#include <paddle/pd_inference_api.h>
#include <paddle/pd_scull.h>

#include "../npy.h"

enum { BATCH = 4 };

/* A predictor whose sub-graphs of more than three operators run in the engine. With use_static the
 * engine is kept in `_opt_cache` beside the model, and the second start is quick. */
static inline PD_Predictor *engine_open(const char *model, const char *params,
                                        PD_PrecisionType precision, PD_Bool use_calib_mode) {
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModel(config, model, params);
  PD_ConfigEnableUseGpu(config, 100, 0, PD_PRECISION_FLOAT32); /* without one: the processor */
  PD_ConfigEnableTensorRtEngine(config, 1 << 30, BATCH, 3, precision, TRUE, use_calib_mode);
  PD_Predictor *predictor = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  if (predictor == NULL)
    fprintf(stderr, "%s\n", PD_GetLastError());
  return predictor;
}

/* Runs `count` (at most BATCH) items from `first` on, beginning again behind the last; classes[i]
 * is the place of the largest of item i's outputs. 0 when the run fails. */
static inline int engine_classify(PD_Predictor *predictor, const npy_t *items, size_t first,
                                  size_t count, size_t *classes) {
  PD_OneDimArrayCstr *inputs = PD_PredictorGetInputNames(predictor);
  PD_OneDimArrayCstr *outputs = PD_PredictorGetOutputNames(predictor);
  PD_Tensor *input = PD_PredictorGetInputHandle(predictor, inputs->data[0]);
  PD_Tensor *output = PD_PredictorGetOutputHandle(predictor, outputs->data[0]);
  PD_OneDimArrayCstrDestroy(inputs);
  PD_OneDimArrayCstrDestroy(outputs);
  int32_t dims[NPY_MOST_DIMS] = {(int32_t)count}, size = 0;
  for (int32_t i = 1; i < items->rank; i++)
    dims[i] = (int32_t)items->dims[i];
  PD_TensorReshape(input, (size_t)items->rank, dims);
  float *values = PD_TensorMutableDataFloat(input, PD_PLACE_CPU);
  for (size_t i = 0; values != NULL && i < count; i++) {
    const size_t item = (first + i) % (size_t)items->dims[0];
    memcpy(values + i * items->row, (const float *)items->data + item * items->row,
           items->row * sizeof *values);
  }
  PD_PlaceType place;
  const int ok = values != NULL && PD_PredictorRun(predictor);
  const float *scores = ok ? PD_TensorDataFloat(output, &place, &size) : NULL;
  const size_t row = (size_t)size / count;
  for (size_t i = 0; scores != NULL && i < count; i++) {
    classes[i] = 0;
    for (size_t k = 1; k < row; k++)
      classes[i] = scores[i * row + k] > scores[i * row + classes[i]] ? k : classes[i];
  }
  PD_TensorDestroy(input);
  PD_TensorDestroy(output);
  if (scores == NULL)
    fprintf(stderr, "%s\n", PD_GetLastError());
  return scores != NULL;
}

/* Classifies all items, prints how many of the labels (int64) it hits. 0 when a run fails. */
static inline int engine_score(PD_Predictor *predictor, const npy_t *items, const npy_t *labels) {
  const size_t all = (size_t)items->dims[0];
  size_t right = 0;
  for (size_t i = 0; i < all; i += BATCH) {
    const size_t count = all - i < BATCH ? all - i : BATCH;
    size_t classes[BATCH];
    if (!engine_classify(predictor, items, i, count, classes))
      return 0;
    for (size_t k = 0; k < count; k++)
      right += (int64_t)classes[k] == ((const int64_t *)labels->data)[i + k];
  }
  printf("%zu of %zu are right\n", right, all);
  return 1;
}

#endif
