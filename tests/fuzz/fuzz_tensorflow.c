/* Frozen TensorFlow graphs. */
#include "fuzz/fuzz.h"
#include "import/import.h"
#include "support/tf_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_import_options_t options = {
      .model = {size == 0 ? &none : data, size}, .format = "tensorflow", .max_batch = 2};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return 0;
}

#define X "x Placeholder ; dtype=t1 shape=S-1,4,6,2\n"
#define P X "p LRN x ; depth_radius=i1\n"

static const char *const seeds[] = {
    X "w f32 2x2x2x3\ny Conv2D x w ; strides=L1,2,1,1 padding=sSAME dilations=L1,2,2,1\n",
    X "w f32 2x2x2x1\ny DepthwiseConv2dNative x w ; strides=L1,1,1,1 padding=sVALID\n",
    X "s i32 4 = 2,8,12,3\nw f32 2x2x3x2\n"
      "y Conv2DBackpropInput s w x ; strides=L1,2,2,1 padding=sSAME\n",
    P "y MaxPool p ; ksize=L1,2,2,1 strides=L1,2,2,1 padding=sSAME\n",
    P "a i32 - = 3\nc ConcatV2 p p a\ny Relu6 c\n",
    P "a i32 2 = 1,2\ny Mean p a ; keep_dims=b1\n",
    P "s i32 2 = -1,48\ny Reshape p s\n",
    P "h Shape p\nb i32 1 = 0\ne i32 1 = 1\nn i32 1 = 1\n"
      "y StridedSlice h b e n ; shrink_axis_mask=i1\n",
    P "b i32 4 = 0,1,0,0\ne i32 4 = 0,3,0,1\nn i32 4 = 1,1,2,1\n"
      "y StridedSlice p b e n ; begin_mask=i5 end_mask=i5 shrink_axis_mask=i8\n",
    P "n i32 4x2 = 0,0,1,2,0,3,0,0\ny Pad p n\n",
    P "n i32 2 = 8,12\ny ResizeBilinear p n ; align_corners=b1\n",
    P "a i32 - = 3\ns Split a p ; num_split=i2\ny Sub s s:1\n",
    P "t i32 4 = 3,1,0,2\ny Transpose p t\n",
    P "v f32 2\ny FusedBatchNorm p v v v v ; epsilon=f0.5 is_training=b0\n",
    X "c f32 2 ~ 2.5\nd f32 2 ~ 1,3\na Add x c\ny Pack a a ; axis=i1\nz Mul d c\n",
    P "u Unpack p ; num=i2 axis=i3\ny TopKV2 u k\nk i32 - = 3\n",
    P "y DepthToSpace p ; block_size=i1\nz Squeeze p ; squeeze_dims=L0\n",
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  if (index >= sizeof seeds / sizeof seeds[0])
    return false;
  tf_writer_lines(out, seeds[index]);
  return true;
}
