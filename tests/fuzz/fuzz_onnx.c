/* The ONNX importer: operators of all kinds over an input of four dimensions, so that mutations
 * reach many mappings, tensors in every form, functions, external data. */
#include <stdio.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "import/import.h"
#include "support/onnx_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_import_options_t options = {
      .model = {size == 0 ? &none : data, size}, .format = "onnx", .max_batch = 2};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return 0;
}

static const char *const operators[] = {
    "Conv x,w,b > y ; strides=1,2 pads=1,1,1,1 dilations=1,1 group=i1",
    "ConvTranspose x,v > y ; strides=2,2 output_padding=1,1 output_shape=12,8",
    "MaxPool x > y ; kernel_shape=2,2 auto_pad=sSAME_LOWER strides=2,2",
    "AveragePool x > y ; kernel_shape=3,3 pads=1,1,1,1 count_include_pad=i1 ceil_mode=i1",
    "Resize x,-,s > y ; mode=slinear coordinate_transformation_mode=sasymmetric",
    "Reshape x,l > y ; allowzero=i0",
    "Slice x,l,l,axes > y",
    "Split x > y,y1 ; axis=i1",
    "Pad x,pads > y ; mode=sreflect",
    "Transpose x > y ; perm=0,2,3,1",
    "Concat x,x,x > y ; axis=i-1",
    "Gather x,l > y ; axis=i2",
    "Unsqueeze x,axes > y",
    "Squeeze x > y ; axes=0",
    "Flatten x > y ; axis=i2",
    "Expand x,l > y",
    "Tile x,l > y",
    "TopK x,k > y,y1 ; axis=i1 largest=i0",
    "OneHot l,k,b > y ; axis=i0",
    "ReduceSum x,axes > y ; keepdims=i0",
    "ReduceLogSumExp x > y ; axes=1,2",
    "ArgMax x > y ; axis=i2 select_last_index=i1",
    "BatchNormalization x,b,b,b,b > y ; epsilon=f0.1",
    "LayerNormalization x,s,s > y ; axis=i0",
    "GroupNormalization x,b,b > y ; num_groups=i2",
    "LRN x > y ; size=i3 bias=f2",
    "Softmax x > y ; axis=i1",
    "Gemm m,m,b > y ; transB=i1 alpha=f0.5 beta=f2",
    "Pow x,k > y",
    "Clip x,s,s > y",
    "Constant > y ; value_floats=F1,2,3",
    "ConstantOfShape l > y",
    "Range k,k,k > y",
    "CumSum x,k > y ; reverse=i1",
    "DepthToSpace x > y ; blocksize=i2 mode=sDCR",
    "SpaceToDepth x > y ; blocksize=i2",
    "QuantizeLinear x,s1,z1 > y ; axis=i1 block_size=i2",
    "DequantizeLinear z1,s1 > y",
    "QLinearConv q,s1,z1,qw,s1,z1,s1,z1 > y ; pads=1,1,1,1",
    "SoftmaxCrossEntropyLoss x,t > y ; ignore_index=i1 reduction=smean",
    "com.microsoft:Attention a,aw > y ; num_heads=i2",
    "com.microsoft:FusedConv x,w,b > y ; activation=sClip activation_params=F0,6",
    "com.microsoft:QLinearConcat s1,z1,q,s1,z1,q,s1,z1 > y ; axis=i1",
    "LSTM e,lw,lr,lb > y,y1,y2 ; hidden_size=i2 clip=f1 layout=i1",
    "GRU e,gw,gr > y ; direction=sreverse linear_before_reset=i0",
    "Einsum m,m > y ; equation=sij,kj->ki",
    "Einsum x > y ; equation=sb...ij->b...",
    "MaxUnpool x,xi > y ; kernel_shape=2,2 strides=2,2",
    "MaxPool x > y,y1 ; kernel_shape=2,2 storage_order=i1",
    "Unique x > y,y1,y2,y3 ; axis=i1",
    "Compress x,l > y ; axis=i1",
    "NonZero x > y",
    "NonMaxSuppression box,score,k,s1,s1 > y ; center_point_box=i1",
    "RoiAlign x,m,l > y ; output_height=i2 output_width=i2 sampling_ratio=i1",
    "DFT x,k > y ; axis=i1 onesided=i1",
    "STFT e,k,hann > y",
    "HannWindow k > y ; periodic=i0",
    "MatMulInteger q2,q2,z1,z1 > y",
    "ConvInteger q,qw,z1 > y",
    "GatherND x,nd > y ; batch_dims=i1",
    "Resize x,roi,-,sizes > y ; mode=scubic coordinate_transformation_mode=stf_crop_and_resize",
    ("TfIdfVectorizer l > y ; mode=sTF min_gram_length=i1 max_gram_length=i2 pool_int64s=1,2,3,4 "
     "ngram_counts=0,2 ngram_indexes=0,1,2"),
    "test:Twice x > y ; alpha=f0.5",
};

static const char *const tensors[] = {
    "w f32 4x4x3x3",
    "v f32 4x2x2x2",
    "b f32 4",
    "s f32 4=1,1,2,1",
    "l i64 4=1,2,3,4",
    "k i64 =1",
    "axes i64 2=1,2",
    "m f32 4x4",
    "s1 f32 =0.5",
    "z1 u8 =3",
    "q u8 1x4x3x3",
    "qw u8 4x4x1x1",
    "t i64 2x6x4",
    "a f32 1x3x8",
    "aw f32 8x24",
    "h f16 2=1,2",
    "e f32 1x3x2",
    "lw f32 1x8x2",
    "lr f32 1x8x2",
    "lb f32 1x16",
    "gw f32 1x6x2",
    "gr f32 1x6x2",
    "xi i64 1x4x6x4",
    "box f32 1x3x4",
    "score f32 1x2x3",
    "hann f32 3",
    "q2 u8 2x2",
    "nd i64 1x1=0",
    "roi f32 8=0,0,0.1,0.2,1,1,0.8,0.9",
    "sizes i64 4=1,4,5,3",
    "pads i64 8=0,0,1,1,0,0,1,1",
};

/* Numbers in lists, in place of raw bytes; four bits; a sparse one. */
static void other_tensors(onnx_writer_t *writer) {
  scull_text_t tensor = {0}, packed = {0}, sparse = {0}, part = {0};
  proto_int(&tensor, 1, 3);
  proto_int(&tensor, 2, 22);
  proto_text(&tensor, 8, "four");
  proto_int(&tensor, 5, 0x21);
  proto_int(&tensor, 5, 0x03);
  proto_message(&writer->graph, 5, &tensor);
  for (int i = 0; i < 3; i++)
    proto_varint(&packed, (uint64_t)i);
  proto_int(&tensor, 1, 3);
  proto_int(&tensor, 2, 7);
  proto_text(&tensor, 8, "list");
  proto_message(&tensor, 7, &packed);
  proto_message(&writer->graph, 5, &tensor);
  onnx_writer_tensor_proto("sparse f32 2=5,6", &part);
  proto_message(&sparse, 1, &part);
  onnx_writer_tensor_proto("at i64 2=1,3", &part);
  proto_message(&sparse, 2, &part);
  proto_int(&sparse, 3, 2);
  proto_int(&sparse, 3, 2);
  proto_message(&writer->graph, 15, &sparse);
  onnx_writer_external(writer, "far f32 2", "../far.bin", 0, 8);
}

/* Control flow over x: a node with a graph for each of its attributes. */
typedef struct {
  const char *node, *attrs[2], *inputs[3], *nodes[2], *outputs[3];
} flow_t;

static const flow_t flows[] = {
    {"Loop k,-,x > y,y1",
     {"body", NULL},
     {"i i64", "go bool", "s f32 1x4x6x4"},
     {"Identity go > go1", "Relu s > s1"},
     {"go1", "s1", "s1"}},
    {"If x > y", {"then_branch", "else_branch"}, {NULL}, {"Not x > s1", "Not s1 > s2"}, {"s2"}},
    {"Scan x,x > y,y1 ; num_scan_inputs=i1",
     {"body", NULL},
     {"s f32 1x4x6x4", "e f32 4x6x4"},
     {"Add s,e > s1", "Relu e > e1"},
     {"s1", "e1"}},
};

static void add_flow(onnx_writer_t *writer, const flow_t *flow) {
  scull_text_t node = {0};
  onnx_writer_node_proto(flow->node, &node);
  for (int a = 0; a < 2 && flow->attrs[a] != NULL; a++) {
    onnx_writer_t body = {0};
    scull_text_t attr = {0};
    for (int i = 0; i < 3 && flow->inputs[i] != NULL; i++)
      onnx_writer_input(&body, flow->inputs[i]);
    for (int i = 0; i < 2 && flow->nodes[i] != NULL; i++)
      onnx_writer_node(&body, flow->nodes[i]);
    for (int i = 0; i < 3 && flow->outputs[i] != NULL; i++)
      onnx_writer_output(&body, flow->outputs[i]);
    proto_text(&attr, 1, flow->attrs[a]);
    proto_int(&attr, 20, 5);
    proto_message(&attr, 6, &body.graph);
    proto_message(&node, 5, &attr);
  }
  proto_message(&writer->graph, 1, &node);
}

bool fuzz_seed(size_t index, scull_text_t *out) {
  static const char *const twice[] = {"Elu x > t ; alpha=ralpha", "Add t,x > y"};
  onnx_writer_t writer = {0};
  size_t count = sizeof operators / sizeof operators[0];
  if (index >= count + sizeof flows / sizeof flows[0])
    return false;
  if (index >= count) {
    const flow_t *flow = &flows[index - count];
    onnx_writer_input(&writer, strncmp(flow->node, "If", 2) == 0 ? "x bool 1" : "x f32 nx4x6x4");
    onnx_writer_tensor(&writer, "k i64 =3");
    add_flow(&writer, flow);
    onnx_writer_output(&writer, "y");
    onnx_writer_end(&writer, 17, out);
    return true;
  }
  onnx_writer_input(&writer, "x f32 nx4x6x4");
  for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
    char name[16]; /* only those that are read: mutations should meet what counts */
    snprintf(name, sizeof name, "%.*s", (int)strcspn(tensors[i], " "), tensors[i]);
    if (strstr(operators[index], name) != NULL)
      onnx_writer_tensor(&writer, tensors[i]);
  }
  if (index % 16 == 0)
    other_tensors(&writer);
  onnx_writer_function(&writer, "test:Twice x > y ; alpha", twice, 2);
  onnx_writer_node(&writer, operators[index]);
  onnx_writer_output(&writer, "y");
  onnx_writer_end(&writer, strstr(operators[index], "axes=") != NULL ? 11 : 18, out);
  return true;
}
