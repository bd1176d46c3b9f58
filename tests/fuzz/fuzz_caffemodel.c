/* Trained blobs in all the spellings of a .caffemodel, for a network with two layers. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "import/import.h"
#include "support/caffe_writer.h"

static const char net[] =
    "input: 'x' input_shape { dim: 1 dim: 1 dim: 3 dim: 3 }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 2 "
    "kernel_size: 3 } }\n"
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'c' top: 'c' }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_import_options_t options = {.model = {(const uint8_t *)net, sizeof net - 1},
                                    .params = {size == 0 ? &none : data, size}};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return 0;
}

bool fuzz_seed(size_t index, scull_text_t *out) {
  static const caffe_style_t styles[] = {CAFFE_NEW, CAFFE_V1, CAFFE_V0, CAFFE_DOUBLES};
  if (index >= sizeof styles / sizeof styles[0])
    return false;
  caffe_writer_weights("c 2x1x3x3 2; bn 2 2 1", styles[index], out);
  return true;
}
