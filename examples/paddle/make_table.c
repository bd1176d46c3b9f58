/* Paddle-TRT, program 2: makes the calibration table for INT8 from about 500 inputs. With INT8,
 * use_calib_mode and no table yet, every run's inputs count; the predictor's end writes the table
 * to `_opt_cache/trt_calib_*` beside the model.
 *
 *   make_table MODEL PARAMS PICTURES.npy [COUNT] */
#include "engine.h"

int main(int count, char **words) {
  npy_t pictures = {0};
  if (count < 4) {
    fprintf(stderr, "usage: make_table MODEL PARAMS PICTURES.npy [COUNT]\n");
    return 2;
  }
  const long wanted = count > 4 ? strtol(words[4], NULL, 10) : 500;
  int ok = wanted > 0 && npy_read(words[3], "<f4", sizeof(float), &pictures);
  PD_Predictor *predictor = ok ? engine_open(words[1], words[2], PD_PRECISION_INT8, TRUE) : NULL;
  ok = predictor != NULL;
  for (size_t i = 0; ok && i < (size_t)wanted; i += BATCH) {
    const size_t left = (size_t)wanted - i;
    size_t classes[BATCH];
    ok = engine_classify(predictor, &pictures, i, left < BATCH ? left : BATCH, classes);
  }
  PD_PredictorDestroy(predictor);
  free(pictures.data);
  return ok ? 0 : 1;
}
