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

/* Programs of several blocks. */
#define BEGIN "var x f32 2x3\nvar c bool 1\nfeed > Out=x ; col=i0\nfeed > Out=c ; col=i1\n"
#define COUNT                                                                                      \
  "fill_constant > Out=i ; shape=1 value=f0 dtype=i3\n"                                            \
  "fill_constant > Out=n ; shape=1 value=f3 dtype=i3\nless_than X=i Y=n > Out=go\n"
#define NEXT "increment X=i > Out=i ; step=f1\nless_than X=i Y=n > Out=go\n"
#define END "fetch X=y > ; col=i0\n"
static const char *const flows[][3] = {
    {BEGIN COUNT "scale X=x > Out=y ; scale=f1\n"
                 "while X=y,i,n Condition=go > Out=y,i,go,a ; sub_block=B1\n" END,
     "write_to_array X=y I=i > Out=a\nrelu X=y > Out=t\nassign X=t > Out=y\n" NEXT, NULL},
    {BEGIN COUNT "fill_constant > Out=y ; shape= value=f0 dtype=i2\n"
                 "while X=x,i,n,y Condition=go > Out=y,i,go ; sub_block=B1\n" END,
     "relu X=x > Out=y\n" NEXT, NULL},
    {BEGIN "conditional_block Cond=c Input=x > Out=a Scope=z ; sub_block=B1\n"
           "logical_not X=c > Out=d\n"
           "conditional_block Cond=d Input=x > Out=b Scope=z1 ; sub_block=B2\n"
           "cast X=c > Out=mask ; in_dtype=i0 out_dtype=i2\n"
           "select_input X=b,a Mask=mask > Out=y\n" END,
     "scale X=x > Out=a ; scale=f3\n", "relu X=x > Out=b\n"},
    {BEGIN COUNT "scale X=x > Out=y ; scale=f1\n"
                 "while X=y,i,n,c Condition=go > Out=y,i,go ; sub_block=B1\n" END,
     "conditional_block Cond=c Input=y > Out=y Scope=z ; sub_block=B2\n" NEXT,
     "relu X=y > Out=r\nassign X=r > Out=y\n"},
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  paddle_writer_t writer = {0};
  const size_t plain = sizeof operators / sizeof operators[0];
  if (index >= plain + sizeof flows / sizeof flows[0])
    return false;
  for (int i = 0; index >= plain && i < 3 && flows[index - plain][i] != NULL; i++) {
    paddle_writer_lines(&writer, flows[index - plain][i]);
    paddle_writer_block(&writer, i, out);
  }
  if (index >= plain)
    return true;
  paddle_writer_var(&writer, "x f32 -1x2x6x4");
  paddle_writer_op(&writer, "feed > Out=x ; col=i0");
  paddle_writer_op(&writer, operators[index]);
  paddle_writer_op(&writer, "fetch X=y > ; col=i0");
  paddle_writer_end(&writer, 0, out);
  return true;
}
