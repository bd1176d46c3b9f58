/* Caffe networks as text, with weights that fit them as they are. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "import/import.h"
#include "support/caffe_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_text_t weights = {0};
  caffe_writer_weights("c 4x1x3x3 4; ip 3x4 3; bn 4 4 1; s 4 4; p 4", CAFFE_NEW, &weights);
  scull_import_options_t options = {.model = {size == 0 ? &none : data, size},
                                    .params = proto_get(&weights),
                                    .format = "caffe",
                                    .max_batch = 2};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  scull_base_text_deinit(&weights);
  return 0;
}

#define IN "input: 'x' input_shape { dim: 1 dim: 4 dim: 6 dim: 6 }\n"
#define LAYER(name, type, param)                                                                   \
  IN "layer { name: '" name "' type: '" type "' bottom: 'x' " param "}"

static const char *const seeds[] = {
    LAYER("c", "Convolution",
          "top: 'y' convolution_param { num_output: 4 kernel_size: 3 group: 4 }"),
    LAYER("c", "Deconvolution",
          "top: 'y' convolution_param { num_output: 4 kernel_size: 3 stride: 2 group: 4 }"),
    LAYER("ip", "InnerProduct", "top: 'y' inner_product_param { num_output: 3 axis: -1 }"),
    LAYER("bn", "BatchNorm", "top: 'y' batch_norm_param { eps: 0.001 }"),
    LAYER("s", "Scale", "top: 'x' scale_param { bias_term: true axis: 1 num_axes: 1 }"),
    LAYER("p", "PReLU", "top: 'x' prelu_param { channel_shared: false }"),
    LAYER("q", "Pooling", "top: 'y' pooling_param { pool: AVE kernel_h: 3 kernel_w: 2 stride: 2 }"),
    LAYER("l", "LRN", "top: 'y' lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"),
    LAYER("r", "Reshape", "top: 'y' reshape_param { shape { dim: [0, -1] } axis: 1 num_axes: 2 }"),
    LAYER("s", "Slice", "top: 'y' top: 'z' slice_param { axis: 1 slice_point: 2 }"),
    LAYER("p", "Permute", "top: 'y' permute_param { order: 0 order: 3 order: 1 }"),
    LAYER("c", "Crop", "bottom: 'x' top: 'y' crop_param { axis: 2 offset: 0 }"),
    LAYER("e", "Eltwise", "bottom: 'x' top: 'y' eltwise_param { coeff: 1 coeff: -1 }"),
    LAYER("a", "ArgMax", "top: 'y' argmax_param { top_k: 2 out_max_val: true }"),
    LAYER("i", "Interp", "top: 'y' interp_param { zoom_factor: 2 shrink_factor: 2 }"),
    LAYER("t", "Tile", "top: 'y' tile_param { axis: 2 tiles: 3 }"),
    LAYER("n", "Reduction", "top: 'y' reduction_param { operation: SUMSQ axis: 2 coeff: 2 }"),
    "name: \"old\" input: 'x' input_dim: 1 input_dim: 1 input_dim: 5 input_dim: 5\n"
    "layers { layer { name: 'c' type: 'conv' num_output: 4 kernelsize: 3 } bottom: 'x' top: 'c' }\n"
    "layers { bottom: 'c' top: 'c' name: 'r' type: RELU include { phase: TEST not_stage: 'a' } }",
    "layer { name: 'd' type: 'Data' top: 'x' top: 'l' transform_param { crop_size: 4 } }\n"
    "layer { name: 'i' type: 'Input' top: 'z' input_param < shape { dim: 2 dim: 3 } > }\n"
    "layer { name: 'f' type: 'Flatten' bottom: 'x' top: 'f' exclude { phase: TRAIN } }\n"
    "layer { name: 'o' type: 'SoftmaxWithLoss' bottom: 'f' bottom: 'l' }\n",
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  if (index >= sizeof seeds / sizeof seeds[0])
    return false;
  scull_base_text_add(out, seeds[index], strlen(seeds[index]));
  return true;
}
