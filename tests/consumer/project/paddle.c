/* A program as it is written for Paddle Inference, with upstream's header name. */
#include <pd_inference_api.h>

int main(int argc, char **argv) {
  static float pixels[64];
  int32_t shape[] = {1, 1, 8, 8}, size = 0;
  PD_PlaceType place;
  PD_Config *config = PD_ConfigCreate();
  PD_ConfigSetModelDir(config, argv[argc - 1]);
  PD_Predictor *predictor = PD_PredictorCreate(config);
  PD_ConfigDestroy(config);
  PD_OneDimArrayCstr *in = PD_PredictorGetInputNames(predictor);
  PD_OneDimArrayCstr *out = PD_PredictorGetOutputNames(predictor);
  PD_Tensor *x = PD_PredictorGetInputHandle(predictor, in->data[0]);
  PD_Tensor *y = PD_PredictorGetOutputHandle(predictor, out->data[0]);
  PD_TensorReshape(x, 4, shape);
  PD_TensorCopyFromCpuFloat(x, pixels);
  int failed = !PD_PredictorRun(predictor) || PD_TensorDataFloat(y, &place, &size) == 0;
  PD_TensorDestroy(x);
  PD_TensorDestroy(y);
  PD_OneDimArrayCstrDestroy(in);
  PD_OneDimArrayCstrDestroy(out);
  PD_PredictorDestroy(predictor);
  return failed || size != 10;
}
