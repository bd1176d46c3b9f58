/* Caffe networks in memory: what each layer becomes, the three syntaxes, phases, and that faults
 * are told with their place. The numbers are held against OpenCV by bench/oracle/caffe_layers.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"
#include "support/caffe_writer.h"
#include "support/pass_check.h"

typedef struct {
  scull_diag_t diag;
  scull_import_files_t files;
  scull_text_t weights;
  scull_graph_t *graph;
} world_t;

static scull_status_t import(world_t *w, const char *net, const char *weights, caffe_style_t style,
                             scull_import_options_t options) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  options.model = (scull_bytes_t){(const uint8_t *)net, strlen(net)};
  if (weights != NULL) {
    caffe_writer_weights(weights, style, &w->weights);
    options.params = proto_get(&w->weights);
  }
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_import_files_deinit(&w->files);
  scull_base_text_deinit(&w->weights);
  scull_base_diag_deinit(&w->diag);
}

/* --- what each layer becomes ----------------------------------------------------------------- */

/* A layer of the name "l" that reads x (and more, where it says so) and gives y. */
typedef struct {
  const char *type, *rest, *weights, *nodes;
} case_t;

static const case_t cases[] = {
    {"Convolution", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 2 }",
     "l 4x1x3x3 4",
     "y = conv(x, f32[4x1x3x3], f32[4]) strides=1,1 pads=1,1 dilations=1,1 groups=2\n"},
    {"Convolution",
     "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 3 pad_w: 1 stride_h: 2 stride_w: 1 "
     "dilation: 1 bias_term: false }",
     "l 1x2x1x3", "y = conv(x, f32[1x2x1x3]) strides=2,1 pads=0,1 dilations=1,1\n"},
    {"DepthwiseConvolution", "convolution_param { num_output: 2 kernel_size: 1 bias_term: false }",
     "l 2x1x1x1", "y = conv(x, f32[2x1x1x1]) strides=1,1 pads=0,0 dilations=1,1 groups=2\n"},
    {"Deconvolution",
     "convolution_param { num_output: 3 kernel_size: 4 stride: 2 pad: 1 bias_term: false }",
     "l 2x3x4x4", "y = conv_transpose(x, f32[2x3x4x4]) strides=2,2 pads=1,1 dilations=1,1\n"},
    {"InnerProduct", "inner_product_param { num_output: 3 }", "l 3x32 3",
     "l/flatten = flatten(x)\ny = matmul(l/flatten, f32[3x32], f32[3]) trans_y=true\n"},
    {"Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }", NULL,
     "y = max_pool(x) kernel=3,3 strides=2,2 pads=0,0 ceil_mode=true clip=true\n"},
    {"Pooling",
     "pooling_param { pool: 1 kernel_size: 2 stride_h: 1 stride_w: 2 round_mode: FLOOR }", NULL,
     "y = avg_pool(x) kernel=2,2 strides=1,2 pads=0,0 include_pad=true\n"},
    {"Pooling", "pooling_param { pool: AVE global_pooling: true }", NULL,
     "y = avg_pool(x) global=true\n"},
    {"LRN", "lrn_param { local_size: 3 alpha: 0.3 beta: 0.5 k: 2 }", NULL,
     "y = lrn(x) size=3 alpha=0.09999999999999999 beta=0.5\n"},
    {"LRN", "lrn_param { local_size: 3 alpha: 2 beta: 0.5 norm_region: WITHIN_CHANNEL }", NULL,
     "l/square = square(x)\nl/avg_pool = avg_pool(l/square) kernel=3,3 pads=1,1 include_pad=true\n"
     "l/scale = scale(l/avg_pool) scale=2 bias=1\nl/pow = pow(l/scale, f32[]={-0.5})\n"
     "y = mul(x, l/pow)\n"},
    {"ReLU", "", NULL, "y = relu(x)\n"},
    {"ReLU", "relu_param { negative_slope: 0.1 }", NULL, "y = leaky_relu(x) alpha=0.1\n"},
    {"ReLU6", "", NULL, "y = clip(x) min=0 max=6\n"},
    {"PReLU", "", "l 2", "y = prelu(x, f32[2x1x1])\n"},
    {"PReLU", "prelu_param { channel_shared: true }", "l 1", "y = prelu(x, f32[1])\n"},
    {"ELU", "elu_param { alpha: 0.5 }", NULL, "y = elu(x) alpha=0.5\n"},
    {"Sigmoid", "", NULL, "y = sigmoid(x)\n"},
    {"TanH", "", NULL, "y = tanh(x)\n"},
    {"AbsVal", "", NULL, "y = abs(x)\n"},
    {"BNLL", "", NULL, "y = softplus(x)\n"},
    {"Swish", "", NULL, "y = swish(x)\n"},
    {"Clip", "clip_param { min: -1 max: 2 }", NULL, "y = clip(x) min=-1 max=2\n"},
    {"Power", "power_param { power: 3 scale: 2 shift: 1 }", NULL,
     "l/scale = scale(x) scale=2 bias=1\ny = pow(l/scale, f32[]={3})\n"},
    {"Power", "power_param { scale: 0.5 }", NULL,
     "l/scale = scale(x) scale=0.5\ny = identity(l/scale)\n"},
    {"Exp", "exp_param { base: 1 shift: 4 }", NULL,
     "l/scale = scale(x) scale=0\ny = exp(l/scale)\n"},
    {"Exp", "", NULL, "y = exp(x)\n"},
    {"Log", "", NULL, "y = log(x)\n"},
    {"Threshold", "threshold_param { threshold: 0.5 }", NULL,
     "l/greater = greater(x, f32[]={0.5})\ny = cast(l/greater) to=f32\n"},
    {"Dropout", "dropout_param { dropout_ratio: 0.5 }", NULL, "y = identity(x)\n"},
    {"Softmax", "", NULL, "y = softmax(x) axis=1\n"},
    {"BatchNorm", "", "l 2 2 1", "y = batch_norm(x, f32[2], f32[2], f32[2], f32[2])\n"},
    {"Scale", "scale_param { bias_term: true }", "l 2 2",
     "l/mul = mul(x, f32[2x1x1])\ny = add(l/mul, f32[2x1x1])\n"},
    {"Bias", "", "l 2", "y = add(x, f32[2x1x1])\n"},
    {"Eltwise", "bottom: 'x' eltwise_param { operation: SUM coeff: 1 coeff: -1 }", NULL,
     "y = sub(x, x)\n"},
    {"Eltwise", "bottom: 'x' bottom: 'x' eltwise_param { coeff: 1 coeff: 2 coeff: 1 }", NULL,
     "l/scale = scale(x) scale=2\nl/add = add(x, l/scale)\ny = add(l/add, x)\n"},
    {"Eltwise", "bottom: 'x' eltwise_param { operation: MAX }", NULL, "y = max(x, x)\n"},
    {"Eltwise", "bottom: 'x' eltwise_param { operation: PROD }", NULL, "y = mul(x, x)\n"},
    {"Concat", "bottom: 'x' concat_param { axis: -2 }", NULL, "y = concat(x, x) axis=2\n"},
    {"Concat", "bottom: 'x' concat_param { concat_dim: 1 }", NULL, "y = concat(x, x) axis=1\n"},
    {"Slice", "top: 'z' slice_param { axis: 2 slice_point: 1 }", NULL,
     "y, z = split(x) axis=2 sections=1,-1\n"},
    {"Slice", "top: 'z' slice_param { slice_dim: 1 }", NULL, "y, z = split(x) axis=1\n"},
    {"Split", "top: 'z'", NULL, "y = identity(x)\nz = identity(x)\n"},
    {"Flatten", "flatten_param { axis: 1 end_axis: 2 }", NULL, "y = flatten(x) stop=2\n"},
    {"Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }", NULL,
     "y = reshape(x) shape=0,-1,2\n"},
    {"Reshape", "reshape_param { shape { dim: 2 dim: 2 } axis: 2 num_axes: 1 }", NULL,
     "y = reshape(x) shape=0,0,2,2,4\n"},
    {"Reshape", "reshape_param { shape { dim: -1 } axis: 1 }", NULL, "y = reshape(x) shape=0,-1\n"},
    {"Permute", "permute_param { order: 0 order: 2 }", NULL, "y = transpose(x) perm=0,2,1,3\n"},
    {"Crop", "bottom: 'small' crop_param { axis: 2 offset: 1 offset: 0 }", NULL,
     "y = slice(x) axes=2,3 starts=1,0 ends=3,2\n"},
    {"Tile", "tile_param { axis: 1 tiles: 3 }", NULL, "y = tile(x) repeats=1,3,1,1\n"},
    {"Reduction", "reduction_param { operation: MEAN axis: 1 coeff: 2 }", NULL,
     "l/reduce_mean = reduce_mean(x) axes=1,2,3\ny = scale(l/reduce_mean) scale=2\n"},
    {"Reduction", "reduction_param { operation: ASUM axis: -1 }", NULL,
     "l/abs = abs(x)\ny = reduce_sum(l/abs) axes=3\n"},
    {"ArgMax", "argmax_param { axis: 1 }", NULL,
     "l/top_k, l/top_k:1 = top_k(x) axis=1\nl/cast = cast(l/top_k:1) to=f32\n"
     "y = identity(l/cast)\n"},
    {"ArgMax", "argmax_param { out_max_val: true top_k: 2 }", NULL,
     "l/reshape = reshape(x) shape=0,1,-1\nl/top_k, l/top_k:1 = top_k(l/reshape) k=2 axis=2\n"
     "l/cast = cast(l/top_k:1) to=f32\ny = concat(l/cast, l/top_k) axis=1\n"},
    {"MVN", "mvn_param { normalize_variance: false across_channels: true }", NULL,
     "l/reduce_mean = reduce_mean(x) axes=1,2,3 keep_dims=true\ny = sub(x, l/reduce_mean)\n"},
    {"Normalize", "norm_param { across_spatial: false channel_shared: false }", "l 2",
     "l/square = square(x)\nl/reduce_sum = reduce_sum(l/square) axes=1 keep_dims=true\n"
     "l/scale = scale(l/reduce_sum) bias=1e-10\nl/sqrt = sqrt(l/scale)\n"
     "l/div = div(x, l/sqrt)\ny = mul(l/div, f32[2x1x1])\n"},
    {"Interp", "interp_param { zoom_factor: 2 }", NULL,
     "y = resize(x) size=7,7 mode=linear coords=align_corners\n"},
    {"Interp", "interp_param { height: 5 width: 6 }", NULL,
     "y = resize(x) size=5,6 mode=linear coords=align_corners\n"},
    {"Upsample", "upsample_param { scale: 2 }", NULL, "y = resize(x) scales=2 coords=asymmetric\n"},
    {"ShuffleChannel", "shuffle_channel_param { group: 2 }", NULL,
     "y = channel_shuffle(x) groups=2\n"},
    {"PriorBox",
     "bottom: 'small' prior_box_param { min_size: 2 max_size: 4 aspect_ratio: 2 variance: 0.2 }",
     NULL,
     "l/prior_box, l/prior_box:1 = prior_box(x, small) min_sizes=2 max_sizes=4 aspect_ratios=2 "
     "variances=0.2,0.2,0.2,0.2 flip=true max_second=true\n"
     "l/reshape = reshape(l/prior_box) shape=1,1,-1\n"
     "l/reshape.5 = reshape(l/prior_box:1) shape=1,1,-1\n"
     "y = concat(l/reshape, l/reshape.5) axis=1\n"},
    {"Axpy", "bottom: 'x' bottom: 'x'", NULL, "l/mul = mul(x, x)\ny = add(l/mul, x)\n"},
};

static void check_case(const case_t *c) {
  char net[1000];
  world_t w;
  scull_text_t nodes = {0};
  snprintf(net, sizeof net,
           "input: 'x' input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }\n"
           "input: 'small' input_shape { dim: 1 dim: 2 dim: 2 dim: 2 }\n"
           "layer { name: 'l' type: '%s' bottom: 'x' top: 'y' %s }\n",
           c->type, c->rest);
  if (import(&w, net, c->weights, CAFFE_NEW, (scull_import_options_t){0}) != SCULL_OK)
    fail_msg("%s: %s", c->type, scull_base_diag_first_error(&w.diag));
  assert_int_equal(scull_graph_verify(w.graph), SCULL_OK);
  pass_check_skeleton(w.graph, &nodes);
  assert_string_equal(scull_base_text_get(&nodes), c->nodes);
  scull_base_text_deinit(&nodes);
  end(&w);
}

static void test_layers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    check_case(&cases[i]);
}

/* --- syntaxes -------------------------------------------------------------------------------- */

#define V1_NET                                                                                     \
  "name: 'old' input: 'data' input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4\n"                \
  "layers { layer_unknown: 1 bottom: 'data' top: 'c' name: 'c' type: CONVOLUTION\n"                \
  "  blobs_lr: 1 convolution_param < num_output: 2 kernel_size: 3 > }\n"                           \
  "layers { bottom: 'c' top: 'c' name: 'r' type: 18 }\n"                                           \
  "layers { bottom: 'c' top: 'p' name: 'p' type: SOFTMAX }\n"
#define V0_NET                                                                                     \
  "input: 'data' input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4\n"                            \
  "layers { layer { name: 'c' type: 'conv' num_output: 2 kernelsize: 3 biasterm: true } bottom: "  \
  "'data' top: 'c' }\n"                                                                            \
  "layers { layer { name: 'r' type: 'relu' } bottom: 'c' top: 'c' }\n"                             \
  "layers { layer { name: 'p' type: 'softmax' } bottom: 'c' top: 'p' }\n"
#define OLD_NODES                                                                                  \
  "c = conv(data, f32[2x1x3x3], f32[2]) strides=1,1 pads=0,0 dilations=1,1\nc.4 = relu(c)\n"       \
  "p = softmax(c.4) axis=1\n"

static void check_old(const char *net, caffe_style_t style) {
  world_t w;
  scull_text_t nodes = {0};
  assert_int_equal(import(&w, net, "c 2x1x3x3 1x1x1x2", style, (scull_import_options_t){0}),
                   SCULL_OK);
  pass_check_skeleton(w.graph, &nodes);
  assert_string_equal(scull_base_text_get(&nodes), OLD_NODES);
  scull_value_id_t filter = scull_graph_node(w.graph, 0)->inputs[1];
  assert_float_equal(scull_graph_constant_at(w.graph, filter, 17), 0.18, 1e-6);
  scull_base_text_deinit(&nodes);
  end(&w);
}

static void test_syntaxes(void **state) {
  (void)state;
  check_old(V1_NET, CAFFE_V1);
  check_old(V0_NET, CAFFE_V0);
  check_old(V1_NET, CAFFE_NEW);
  check_old(V0_NET, CAFFE_DOUBLES);
}

/* Packed floats stay in the file. */
static void test_borrows(void **state) {
  (void)state;
  world_t w;
  assert_int_equal(import(&w, V1_NET, "c 2x1x3x3 2", CAFFE_NEW, (scull_import_options_t){0}),
                   SCULL_OK);
  const uint8_t *data = scull_graph_value(w.graph, scull_graph_node(w.graph, 0)->inputs[1])->data;
  scull_bytes_t file = proto_get(&w.weights);
  assert_true(data > file.data && data < file.data + file.size);
  end(&w);
}

/* Layers of training go, with their labels; what they read becomes an output. */
static void test_phases(void **state) {
  (void)state;
  static const char net[] =
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } }\n"
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TEST }\n"
      "  transform_param { crop_size: 5 mean_value: 3 } }\n"
      "layer { name: 'drop' type: 'Dropout' bottom: 'data' top: 'data' exclude { phase: TEST } }\n"
      "layer { name: 's' type: 'Sigmoid' bottom: 'data' top: 's' include { stage: 'deploy' } }\n"
      "layer { name: 't' type: 'TanH' bottom: 'data' top: 't' include { not_stage: 'deploy' } }\n"
      "layer { name: 'slice' type: 'Slice' bottom: 'label' top: 'l0' top: 'l1' }\n"
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 't' bottom: 'label' top: 'loss' }\n"
      "layer { name: 'relu' type: 'ReLU' bottom: 't' top: 'unused' }\n"
      "layer { name: 'quiet' type: 'Silence' bottom: 'unused' }\n";
  world_t w;
  scull_text_t nodes = {0};
  assert_int_equal(import(&w, net, NULL, CAFFE_NEW, (scull_import_options_t){.max_batch = 3}),
                   SCULL_CORRUPT); /* no output: t and unused are read */
  end(&w);
  const char *const wanted[] = {"t"};
  assert_int_equal(import(&w, net, NULL, CAFFE_NEW,
                          (scull_import_options_t){
                              .max_batch = 3, .extra_outputs = wanted, .extra_output_count = 1}),
                   SCULL_OK);
  pass_check_skeleton(w.graph, &nodes);
  assert_string_equal(scull_base_text_get(&nodes), "t = tanh(data)\nunused = relu(t)\n");
  assert_int_equal(scull_graph_type(w.graph, w.graph->inputs.data[0], SCULL_POINT_MAX).shape.dim[0],
                   3);
  assert_int_equal(scull_graph_type(w.graph, w.graph->inputs.data[0], SCULL_POINT_MAX).shape.dim[3],
                   5);
  scull_base_text_deinit(&nodes);
  end(&w);
}

/* --- faults ---------------------------------------------------------------------------------- */

#define IN "input: 'x' input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }\n"

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const char *net, *weights;
    scull_status_t status;
    const char *words;
  } faults[] = {
      {"layer {", NULL, SCULL_CORRUPT, "line 1: the file ends inside a message"},
      {"layer { name: 'a\n' }", NULL, SCULL_CORRUPT, "line 1: a string without an end"},
      {"layer { name 'a' }", NULL, SCULL_CORRUPT, "line 1: ':' or '{' is wanted after a name"},
      {IN "layer { name: 'a' type: 'ReLU' bottom: 'q' top: 'y' }", NULL, SCULL_CORRUPT,
       "line 2, layer 'a' (ReLU): it reads 'q', which nothing before it gives"},
      {IN "layer { name: 'a' type: 'ReLU' bottom: 'b' top: 'a' }\n"
          "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }",
       NULL, SCULL_CORRUPT, "it reads 'b', which nothing before it gives"},
      {IN IN "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }", NULL, SCULL_CORRUPT,
       "input 'x' is declared twice"},
      {"input: 'x' input_shape { dim: -1 }", NULL, SCULL_CORRUPT, "line 1: no extent"},
      {"input: 'x' input_dim: 1 input_dim: 2", NULL, SCULL_CORRUPT, "four 'input_dim' or one"},
      {"input: 'x' input_shape { dim: 4000000000 dim: 4000000000 dim: 9 }", NULL,
       SCULL_INVALID_ARGUMENT, "input 'x' is too large"},
      {IN "layer { name: 'a' type: 'Python' bottom: 'x' top: 'y' python_param { module: "
          "'rpn.proposal_layer' layer: 'ProposalLayer' } }",
       NULL, SCULL_UNSUPPORTED, "runs the Python class ProposalLayer of rpn.proposal_layer"},
      {IN "layer { name: 'a' type: 'Strange' bottom: 'x' top: 'y' }\n"
          "layer { name: 'b' type: 'Pooling' bottom: 'y' top: 'y' }",
       NULL, SCULL_UNSUPPORTED,
       "operator Strange is not supported: Scull does not know it; 1 time: line 2, layer 'a'"},
      {IN "layer { name: 'a' type: 'Pooling' bottom: 'x' top: 'y' pooling_param { pool: STOCHASTIC "
          "kernel_size: 2 } }",
       NULL, SCULL_UNSUPPORTED, "stochastic pooling"},
      {IN "layer { name: 'a' type: 'Pooling' bottom: 'x' top: 'y' pooling_param { pool: MIN } }",
       NULL, SCULL_CORRUPT, "pool is no word that Caffe has"},
      {IN "layer { name: 'a' type: 'Pooling' bottom: 'x' top: 'y' pooling_param { kernel_size: two "
          "} }",
       NULL, SCULL_CORRUPT, "line 2: kernel_size is no whole number"},
      {IN "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
          "num_output: 3 } }",
       "b 3x32 3", SCULL_CORRUPT, "it has 0 trained blobs where 1 are wanted"},
      {IN "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
          "num_output: 3 } }",
       "a 3x31 3", SCULL_INVALID_ARGUMENT, "line 2, layer 'a' (InnerProduct): "},
      {IN "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
          "num_output: 3 kernel_size: 1 group: 0 } }",
       "a 3x2x1x1 3", SCULL_CORRUPT, "2 to 3 channels in 0 groups"},
      {IN
       "layer { name: 'a' type: 'Slice' bottom: 'x' top: 'y' top: 'z' slice_param { slice_point: "
       "3 slice_point: 1 } }",
       NULL, SCULL_CORRUPT, "2 slice_points for 2 tops"},
      {IN, NULL, SCULL_CORRUPT, "no layer gives an output"},
      {"name: 'n'\nlayer { } layers { }", NULL, SCULL_CORRUPT, "both 'layer' and 'layers'"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    world_t w;
    bool found = false;
    scull_status_t status =
        import(&w, faults[i].net, faults[i].weights, CAFFE_NEW, (scull_import_options_t){0});
    for (const scull_message_t *m = w.diag.first; m != NULL; m = m->next)
      found = found || strstr(m->text, faults[i].words) != NULL;
    if (status != faults[i].status || !found)
      fail_msg("fault %zu: status %d, \"%s\"", i, (int)status,
               scull_base_diag_first_error(&w.diag));
    end(&w);
  }
}

static void test_deep(void **state) {
  (void)state;
  world_t w;
  scull_text_t net = {0};
  scull_base_text_print(&net, "layer ");
  for (int i = 0; i < 10000; i++)
    scull_base_text_print(&net, "{ a ");
  assert_int_equal(
      import(&w, scull_base_text_get(&net), NULL, CAFFE_NEW, (scull_import_options_t){0}),
      SCULL_CORRUPT);
  assert_non_null(strstr(scull_base_diag_first_error(&w.diag), "nested too deeply"));
  scull_base_text_deinit(&net);
  end(&w);
}

/* The weights' file cut at every byte. */
static void test_truncated_weights(void **state) {
  (void)state;
  world_t w;
  scull_text_t whole = {0};
  caffe_writer_weights("c 2x1x3x3 2", CAFFE_NEW, &whole);
  for (size_t size = 1; size < whole.size; size++) {
    scull_import_options_t options = {
        .params = {(const uint8_t *)scull_base_text_get(&whole), size}};
    assert_int_not_equal(import(&w, V1_NET, NULL, CAFFE_NEW, options), SCULL_OK);
    assert_true(w.diag.errors > 0);
    end(&w);
  }
  scull_base_text_deinit(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layers),
      cmocka_unit_test(test_syntaxes),
      cmocka_unit_test(test_borrows),
      cmocka_unit_test(test_phases),
      cmocka_unit_test(test_faults),
      cmocka_unit_test(test_deep),
      cmocka_unit_test(test_truncated_weights),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
