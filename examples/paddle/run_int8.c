/* Paddle-TRT, program 3: runs INT8 with the table that make_table wrote.
 *
 *   run_int8 MODEL PARAMS PICTURES.npy LABELS.npy */
#include "engine.h"

int main(int count, char **words) {
  npy_t pictures = {0}, labels = {0};
  if (count != 5) {
    fprintf(stderr, "usage: run_int8 MODEL PARAMS PICTURES.npy LABELS.npy\n");
    return 2;
  }
  int ok = npy_read(words[3], "<f4", sizeof(float), &pictures) &&
           npy_read(words[4], "<i8", sizeof(int64_t), &labels) &&
           labels.count >= (size_t)pictures.dims[0];
  PD_Predictor *predictor = ok ? engine_open(words[1], words[2], PD_PRECISION_INT8, TRUE) : NULL;
  ok = predictor != NULL && engine_score(predictor, &pictures, &labels);
  PD_PredictorDestroy(predictor);
  free(pictures.data);
  free(labels.data);
  return ok ? 0 : 1;
}
