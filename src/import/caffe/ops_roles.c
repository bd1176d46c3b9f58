/* Layers that compute nothing at inference: where data comes from, what training needs, what ends a
 * blob; and those that cannot be had at all, with the reason. */
#include "import/caffe/call.h"

static scull_status_t python(scull_caffe_call_t *call) {
  const scull_prototext_field_t *module = scull_import_prototext_find(call->param, "module");
  const scull_prototext_field_t *name = scull_import_prototext_find(call->param, "layer");
  return scull_import_unsupported(
      &call->emitter,
      "it runs the Python class %.60s of %.60s, which is not in the model; end the network before "
      "it (extra outputs) and run that step in the application",
      name == NULL || name->text == NULL ? "(unnamed)" : name->text,
      module == NULL || module->text == NULL ? "(no module)" : module->text);
}

#define FEEDS(type)                                                                                \
  { type, NULL, NULL, NULL, SCULL_CAFFE_FEEDS }
#define TRAINS(type)                                                                               \
  { type, NULL, NULL, NULL, SCULL_CAFFE_TRAINS }

static const scull_caffe_row_t rows[] = {
    FEEDS("Input"),
    FEEDS("Data"),
    FEEDS("AnnotatedData"),
    FEEDS("ImageData"),
    FEEDS("MemoryData"),
    FEEDS("DummyData"),
    FEEDS("HDF5Data"),
    FEEDS("WindowData"),
    FEEDS("VideoData"),
    TRAINS("Accuracy"),
    TRAINS("SoftmaxWithLoss"),
    TRAINS("SoftmaxLoss"),
    TRAINS("SigmoidCrossEntropyLoss"),
    TRAINS("EuclideanLoss"),
    TRAINS("HingeLoss"),
    TRAINS("InfogainLoss"),
    TRAINS("ContrastiveLoss"),
    TRAINS("MultinomialLogisticLoss"),
    TRAINS("SmoothL1Loss"),
    TRAINS("MultiBoxLoss"),
    TRAINS("DetectionEvaluate"),
    TRAINS("HDF5Output"),
    {"Silence", NULL, NULL, NULL, SCULL_CAFFE_SINKS},
    {"Python", python, NULL, "python_param", 0},
};

SCULL_CAFFE_ROWS(roles, rows);
