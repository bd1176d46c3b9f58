/* Frozen graphs in memory: what operators become, that transposes stand at the edges only, and that
 * faults are told with their place. The numbers are held against TensorFlow by
 * bench/oracle/tensorflow_layers.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"
#include "support/pass_check.h"
#include "support/tf_writer.h"

typedef struct {
  scull_diag_t diag;
  scull_import_files_t files;
  scull_text_t file;
  scull_graph_t *graph;
} world_t;

static scull_status_t import(world_t *w, const char *lines, scull_import_options_t options) {
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  tf_writer_lines(&w->file, lines);
  options.model = proto_get(&w->file);
  return scull_import_model(&options, &w->files, &w->diag, &w->graph);
}

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_import_files_deinit(&w->files);
  scull_base_text_deinit(&w->file);
  scull_base_diag_deinit(&w->diag);
}

#define X "x Placeholder ; dtype=t1 shape=S-1,4,6,2\n"
/* p is channels first inside, whatever stands around it. */
#define P X "p LRN x ; depth_radius=i1\n"
#define IN                                                                                         \
  "p/transpose = transpose(x) perm=0,3,1,2\np = lrn(p/transpose) size=3 k=1 alpha=1 beta=0.5\n"
#define OUT(name) name "/transpose = transpose(" name ") perm=0,2,3,1\n"

typedef struct {
  const char *lines, *nodes;
} case_t;

static const case_t cases[] = {
    {X "w f32 3x3x2x8\ny Conv2D x w ; strides=L1,2,1,1 padding=sSAME\nz Relu y\n",
     "y/transpose = transpose(x) perm=0,3,1,2\ny/transpose.3 = transpose(f32[3x3x2x8]) "
     "perm=3,2,0,1\n"
     "y = conv(y/transpose, y/transpose.3) strides=2,1 dilations=1,1 auto_pad=same\nz = "
     "relu(y)\n" OUT("z")},
    {X "w f32 3x3x2x8\ny Conv2D x w ; strides=L1,1,1,1 padding=sSAME dilations=L1,2,2,1\n",
     "y/transpose = transpose(x) perm=0,3,1,2\ny/transpose.3 = transpose(f32[3x3x2x8]) "
     "perm=3,2,0,1\n"
     "y = conv(y/transpose, y/transpose.3) strides=1,1 pads=2,2,2,2 dilations=2,2\n"
     "y/transpose.5 = transpose(y) perm=0,2,3,1\n"},
    {P "w f32 3x3x2x2\ny DepthwiseConv2dNative p w ; strides=L1,1,1,1 padding=sVALID\n",
     IN "y/transpose = transpose(f32[3x3x2x2]) perm=2,3,0,1\n"
        "y/reshape = reshape(y/transpose) shape=4,1,3,3\n"
        "y = conv(p, y/reshape) strides=1,1 pads=0,0,0,0 dilations=1,1 groups=2\n"
        "y/transpose.7 = transpose(y) perm=0,2,3,1\n"},
    /* concat along channels, then pooled: no transpose within */
    {P "a i32 - = 3\nc ConcatV2 p p a\ny MaxPool c ; ksize=L1,2,2,1 strides=L1,2,2,1\n",
     IN "c = concat(p, p) axis=1\ny = max_pool(c) kernel=2,2 strides=2,2 pads=0,0,0,0\n" OUT("y")},
    /* the mean over pixels leaves nothing to transpose */
    {P "a i32 2 = 1,2\ny Mean p a\n", IN "y = reduce_mean(p) axes=2,3\n"},
    {P "a i32 1 = 1\ny Mean p a\n",
     IN "y/reduce_mean = reduce_mean(p) axes=2\ny = transpose(y/reduce_mean) perm=0,2,1\n"},
    {P "a i32 1 = -1\ny Sum p a ; keep_dims=b1\n",
     IN "y = reduce_sum(p) axes=1 keep_dims=true\n" OUT("y")},
    /* flattening needs the file's order */
    {P "s i32 2 = -1,48\ny Reshape p s\n",
     IN "y/transpose = transpose(p) perm=0,2,3,1\ny = reshape(y/transpose) shape=-1,48 "
        "allow_zero=true\n"},
    /* unless there is one pixel */
    {P "a i32 2 = 1,2\nm Mean p a ; keep_dims=b1\ns i32 2 = -1,2\ny Reshape m s\n",
     IN "m = reduce_mean(p) axes=2,3 keep_dims=true\ny = reshape(m) shape=-1,2 allow_zero=true\n"},
    {P "a i32 2 = 1,2\nm Mean p a ; keep_dims=b1\ny Squeeze m ; squeeze_dims=L1,2\n",
     IN "m = reduce_mean(p) axes=2,3 keep_dims=true\ny = squeeze(m) axes=2,3\n"},
    {P "t i32 4 = 0,3,1,2\ny Transpose p t\n", IN "y = identity(p)\n"},
    {P "b f32 2\ny BiasAdd p b\n", IN "y = add(p, f32[2x1x1])\n" OUT("y")},
    {P "b f32 6x1\ny Mul p b\n",
     IN "y/transpose = transpose(f32[1x1x6x1]) perm=0,3,1,2\ny = mul(p, y/transpose)\n"
        "y/transpose.7 = transpose(y) perm=0,2,3,1\n"},
    {P "s f32 2\nv f32 2\ny FusedBatchNormV3 p s s v v ; epsilon=f0.5 is_training=b0\n",
     IN "y = batch_norm(p, f32[2], f32[2], f32[2], f32[2]) epsilon=0.5\n" OUT("y")},
    {P "n i32 4x2 = 0,0,1,2,0,3,0,0\ny Pad p n\n", IN "y = pad(p) pads=0,0,1,0,0,0,2,3\n" OUT("y")},
    {P "n i32 2 = 8,12\ny ResizeBilinear p n ; align_corners=b1\n",
     IN "y = resize(p) size=8,12 mode=linear coords=align_corners\n" OUT("y")},
    {P "b i32 4 = 0,1,0,0\ne i32 4 = 0,3,0,1\nn i32 4 = 1,1,2,1\n"
       "y StridedSlice p b e n ; begin_mask=i5 end_mask=i5 shrink_axis_mask=i8\n",
     IN "y/slice = slice(p) axes=2,3,1 starts=1,0,0 ends=3,9223372036854775807,1 steps=1,2,1\n"
        "y = squeeze(y/slice) axes=1\n"},
    {P "a i32 - = 3\ns Split a p ; num_split=i2\ny Sub s s:1\n",
     IN "s, s:1 = split(p) axis=1\ny = sub(s, s:1)\n" OUT("y")},
    {P "y Softmax p\n", IN "y = softmax(p) axis=1\n" OUT("y")},
    {X "y DepthToSpace x ; block_size=i1\n",
     "y/transpose = transpose(x) perm=0,3,1,2\ny = pixel_shuffle(y/transpose) order=dcr\n"
     "y/transpose.3 = transpose(y) perm=0,2,3,1\n"},
};

static void check_case(const case_t *c) {
  world_t w;
  scull_text_t nodes = {0};
  if (import(&w, c->lines, (scull_import_options_t){.max_batch = 2}) != SCULL_OK)
    fail_msg("%s: %s", c->lines, scull_base_diag_first_error(&w.diag));
  assert_int_equal(scull_graph_verify(w.graph), SCULL_OK);
  pass_check_skeleton(w.graph, &nodes);
  assert_string_equal(scull_base_text_get(&nodes), c->nodes);
  scull_base_text_deinit(&nodes);
  end(&w);
}

static void test_operators(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    check_case(&cases[i]);
}

/* Constants in their encodings; one number for all stays one. */
static void test_constants(void **state) {
  (void)state;
  world_t w;
  scull_text_t nodes = {0};
  assert_int_equal(import(&w,
                          X "c f32 2 ~ 2.5\nd f32 2 ~ 1,3\ne f32 2 = 4,5\nf f32 100000x2 ~ 7\n"
                            "a Add x c\nb Add a d\ng Add b e\nh Add e f\n",
                          (scull_import_options_t){0}),
                   SCULL_OK);
  pass_check_skeleton(w.graph, &nodes);
  assert_string_equal(scull_base_text_get(&nodes),
                      "c = fill() shape=2 value=2.5\na = add(x, c)\nb = add(a, f32[2])\n"
                      "g = add(b, f32[2])\nf = fill() shape=100000,2 value=7\n"
                      "h = add(f32[2], f)\n");
  const uint8_t *data = scull_graph_value(w.graph, scull_graph_find_value(w.graph, "e"))->data;
  scull_bytes_t file = proto_get(&w.file);
  assert_true(data > file.data && data < file.data + file.size); /* borrowed */
  assert_float_equal(scull_graph_constant_at(w.graph, scull_graph_find_value(w.graph, "d"), 1), 3,
                     0);
  assert_int_equal(w.graph->outputs.size, 2);
  scull_base_text_deinit(&nodes);
  end(&w);
}

/* Nodes in any order; what only a control dependency wants is no output. */
static void test_order(void **state) {
  (void)state;
  static const char lines[] = "y Relu s\n"
                              "s Sigmoid x ^check\n"
                              "check Assert x\n"
                              "junk Const ; dtype=t7\n"
                              "x Placeholder ; dtype=t1 shape=S3,2\n"
                              "training Placeholder ; dtype=t10 shape=S?\n";
  world_t w;
  assert_int_equal(import(&w, lines, (scull_import_options_t){0}), SCULL_OK);
  assert_int_equal(w.graph->inputs.size, 1);
  assert_int_equal(w.graph->outputs.size, 1);
  assert_string_equal(w.graph->outputs.data[0].name, "y");
  end(&w);
  const char *const extra[] = {"s", "s:0"};
  assert_int_equal(
      import(&w, lines, (scull_import_options_t){.extra_outputs = extra, .extra_output_count = 2}),
      SCULL_OK);
  assert_int_equal(w.graph->outputs.size, 3);
  end(&w);
}

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const char *lines;
    scull_status_t status;
    const char *words;
  } faults[] = {
      {"a Relu b\nb Relu a\ny Relu b\n", SCULL_CORRUPT, "reads itself, in a circle"},
      {X "y Relu q\n", SCULL_CORRUPT, "node 'y' reads 'q', which is no node"},
      {X X "y Relu x\n", SCULL_CORRUPT, "a second node of the name 'x'"},
      {X "y Relu\n", SCULL_CORRUPT, "node 'y' (Relu): it has 0 inputs where 1 are wanted"},
      {X "y Relu x:9999\n", SCULL_CORRUPT, "reads output 9999"},
      {X "y Strange x\nz Relu y\nv VariableV2\n", SCULL_UNSUPPORTED,
       "operator Strange is not supported: Scull does not know it; 1 time: node 'y' (Strange)"},
      {X "v VariableV2\ny Add x v\n", SCULL_UNSUPPORTED, "the graph is not frozen"},
      {X "e Enter x\nm Merge e n\nn NextIteration m\ny Exit m\n", SCULL_UNSUPPORTED,
       "a loop of TensorFlow 1 is not imported"},
      {X "s f32 2\ny FusedBatchNorm x s s s s ; is_training=b1\n", SCULL_UNSUPPORTED,
       "normalizes by the batch"},
      {X "w f32 3x3x5x8\ny Conv2D x w ; strides=L1,1,1,1 padding=sSAME\n", SCULL_INVALID_ARGUMENT,
       "node 'y' (Conv2D): "},
      {X "w f32 3x3x2x8\ny Conv2D x w ; strides=L2,1,1,1\n", SCULL_CORRUPT,
       "strides over batch or channels"},
      {"x Placeholder ; dtype=t1 shape=S?\ny Relu x\n", SCULL_INVALID_ARGUMENT,
       "input 'x': the model does not say its shape"},
      {"x Placeholder ; dtype=t7 shape=S1\ny Relu x\n", SCULL_UNSUPPORTED,
       "input 'x' has an element"},
      {"x Placeholder ; dtype=t1 shape=S-5\ny Relu x\n", SCULL_CORRUPT, "a dimension of -5"},
      {"x Placeholder ; dtype=t1 shape=S4000000000,4000000000,9\ny Relu x\n",
       SCULL_INVALID_ARGUMENT, "input 'x' is too large"},
      {X "a i32 1 = 4\ny Mean x a\n", SCULL_CORRUPT, "node 'y' (Mean): axis 4 of 4"},
      {X "c f32 1000000x9 ~ 1,2\ny Add c c\n", SCULL_CORRUPT, "with only 2 numbers"},
      {X "c f32 2 ~ 1,2,3\ny Add c c\n", SCULL_CORRUPT, "of 2 elements with 3 numbers"},
      {X, SCULL_CORRUPT, "no node gives an output"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    world_t w;
    bool found = false;
    scull_status_t status = import(&w, faults[i].lines, (scull_import_options_t){0});
    for (const scull_message_t *m = w.diag.first; m != NULL; m = m->next)
      found = found || strstr(m->text, faults[i].words) != NULL;
    if (status != faults[i].status || !found)
      fail_msg("fault %zu: status %d, \"%s\"", i, (int)status,
               scull_base_diag_first_error(&w.diag));
    end(&w);
  }
}

/* A chain of many nodes, written last first: the walk does not recurse. */
static void test_deep(void **state) {
  (void)state;
  enum { MANY = 20000 };
  world_t w;
  scull_text_t lines = {0};
  for (int i = MANY; i > 0; i--)
    scull_base_text_print(&lines, "n%d Relu n%d\n", i, i - 1);
  scull_base_text_print(&lines, "n0 Placeholder ; dtype=t1 shape=S2\n");
  assert_int_equal(import(&w, scull_base_text_get(&lines), (scull_import_options_t){0}), SCULL_OK);
  assert_int_equal(w.graph->nodes.size, MANY);
  scull_base_text_deinit(&lines);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operators), cmocka_unit_test(test_constants),
      cmocka_unit_test(test_order),     cmocka_unit_test(test_faults),
      cmocka_unit_test(test_deep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
