/* The wire reader through its hungriest user: a whole Paddle program, imported without parameters'
 * file, and all lists of the message. */
#include "fuzz/fuzz.h"
#include "import/import.h"
#include "import/wire.h"
#include "support/paddle_writer.h"

static void gather(scull_bytes_t bytes) {
  scull_arena_t arena = {0};
  scull_ints_t ints;
  scull_floats_t floats;
  scull_wire_t wire = scull_import_wire_open(bytes, "fuzz", NULL);
  for (uint32_t number = 1; number < 8; number++) {
    if (scull_import_wire_ints(&wire, number, number % 2 == 0, &arena, &ints) == SCULL_OK)
      (void)ints.size;
    if (scull_import_wire_floats(&wire, number, number % 2 == 0, &arena, &floats) == SCULL_OK)
      (void)floats.size;
  }
  scull_base_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_import_options_t options = {
      .model = {size == 0 ? &none : data, size}, .format = "paddle_program", .max_batch = 2};
  gather(options.model);
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  return 0;
}

/* Operators of all kinds on one input, so that mutations reach many mappings. */
static const char *const operators[] = {
    "pool2d X=x > Out=y ; pooling_type=savg ksize=3,3 strides=2,2 paddings=0,1,1,0 ceil_mode=b1",
    "reshape2 X=x > Out=y ; shape=0,-1,4",
    "transpose2 X=x > Out=y ; axis=0,2,3,1",
    "slice Input=x > Out=y ; axes=1,2 starts=0,-2 ends=1,100 decrease_axis=1",
    "strided_slice Input=x > Out=y ; axes=2 starts=5 ends=-9 strides=-2",
    "split X=x > Out=y,y1 ; axis=i1 num=i2",
    "pad2d X=x > Out=y ; paddings=1,2,3,1 mode=sreflect",
    "nearest_interp_v2 X=x > Out=y ; out_h=i9 out_w=i7 align_corners=b0",
    "unsqueeze2 X=x > Out=y ; axes=0,3",
    "squeeze2 X=x > Out=y ; axes=1",
    "stack X=x,x > Y=y ; axis=i-1",
    "reduce_mean X=x > Out=y ; dim=1,2 keep_dim=b1",
    "top_k X=x > Out=y Indices=y1 ; k=i2",
    "fill_constant_batch_size_like Input=x > Out=y ; shape=3,-1,2 output_dim_idx=i1 value=f1",
    "meshgrid X=x,x > Out=y,y1",
    "tile X=x > Out=y ; repeat_times=1,2,1,1",
    "softmax X=x > Out=y ; axis=i1",
    "assign_value > Out=y ; shape=3 int32_values=1,2,3 dtype=i2",
    "maxout X=x > Out=y ; groups=i2",
    "cumsum X=x > Out=y ; axis=i1 reverse=b1",
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  paddle_writer_t writer = {0};
  if (index >= sizeof operators / sizeof operators[0])
    return false;
  paddle_writer_var(&writer, "x f32 -1x2x6x4");
  paddle_writer_op(&writer, "feed > Out=x ; col=i0");
  paddle_writer_op(&writer, operators[index]);
  paddle_writer_op(&writer, "fetch X=y > ; col=i0");
  paddle_writer_end(&writer, 0, out);
  return true;
}
