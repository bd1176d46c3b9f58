/* Paddle-TRT, program 1: runs a classifier with the engine in FP32 or FP16.
 *
 *   run_engine MODEL PARAMS PICTURES.npy LABELS.npy fp32|fp16 */
#include "engine.h"

int main(int count, char **words) {
  npy_t pictures = {0}, labels = {0};
  if (count != 6) {
    fprintf(stderr, "usage: run_engine MODEL PARAMS PICTURES.npy LABELS.npy fp32|fp16\n");
    return 2;
  }
  int ok = npy_read(words[3], "<f4", sizeof(float), &pictures) &&
           npy_read(words[4], "<i8", sizeof(int64_t), &labels) &&
           labels.count >= (size_t)pictures.dims[0];
  const PD_PrecisionType precision =
      strcmp(words[5], "fp16") == 0 ? PD_PRECISION_HALF : PD_PRECISION_FLOAT32;
  PD_Predictor *predictor = ok ? engine_open(words[1], words[2], precision, FALSE) : NULL;
  ok = predictor != NULL && engine_score(predictor, &pictures, &labels);
  PD_PredictorDestroy(predictor);
  free(pictures.data);
  free(labels.data);
  return ok ? 0 : 1;
}
