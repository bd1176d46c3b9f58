/* Graphs as ONNX and back: what the exporter writes, the importer reads, and both compute the same.
 * ONNX Runtime's word on exported models is bench/oracle/exported.py. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/onnx.h"
#include "import/import.h"
#include "support/net.h"
#include "support/reference.h"

#define X "input %x: f32[2x4x6x6]\n"
#define U(op) X "%y = " op "(%x)\noutput %y\n"

/* One graph a row of the exporter's table. */
static const char *const graphs[] = {
    U("relu"),
    U("abs"),
    U("exp"),
    U("sigmoid"),
    U("tanh"),
    U("neg"),
    U("square"),
    U("swish"),
    U("hard_swish"),
    U("mish"),
    U("erf"),
    U("softplus"),
    U("gelu"),
    U("floor"),
    X "%y = clip(%x) min=-0.5\noutput %y\n",
    X "%y = clip(%x) max=0.25\noutput %y\n",
    X "%y = leaky_relu(%x) alpha=0.3\n%z = elu(%y) alpha=0.4\n%q = hard_sigmoid(%z) alpha=0.3\n"
      "output %q\n",
    X "%y = scale(%x) scale=2 bias=1\n%z = scale(%y) bias=3\n%q = scale(%z) scale=0.5\noutput %q\n",
    X "%a = abs(%x)\n%b = scale(%a) bias=1\n%y = rsqrt(%b)\n%z = log(%b)\n%q = div(%y, %z)\n"
      "%n = not_equal(%q, %y)\n%k = where(%n, %q, %x)\noutput %k\n",
    X "const %w: f32[8x2x3x3] ~normal:7\nconst %b: f32[8] ~pos:3\n"
      "%y = conv(%x, %w, %b) strides=2,1 pads=1,0,1,2 groups=2\noutput %y\n",
    X
    "const %w: f32[8x4x3x3] ~normal:7\n%y = conv(%x, %w, -) strides=2,2 auto_pad=same\noutput %y\n",
    X "const %w: f32[4x3x3x3] ~normal:7\n%y = conv_transpose(%x, %w) strides=2,2 pads=1,1 "
      "output_size=12,11\noutput %y\n",
    X "%y = max_pool(%x) kernel=3,2 strides=2,2 pads=1,0 ceil_mode=true\noutput %y\n",
    X "%y = avg_pool(%x) kernel=3,3 strides=2,2 auto_pad=same\noutput %y\n",
    X "%y = avg_pool(%x) kernel=3,3 strides=1,1 pads=1,1 include_pad=true\noutput %y\n",
    X "%y = avg_pool(%x) global=true\n%z = max_pool(%x) global=true\n%q = add(%y, %z)\noutput %q\n",
    X "const %s: f32[4] ~pos:1\n%y = batch_norm(%x, %s, %s, %s, %s) epsilon=0.01\n"
      "%z = instance_norm(%y, %s, %s)\noutput %z\n",
    X "const %s: f32[6] ~pos:1\n%y = layer_norm(%x, %s, %s) epsilon=0.01\noutput %y\n",
    X "%y = lrn(%x) size=3 alpha=0.2\n%z = softmax(%y) axis=1\n%q = log_softmax(%z)\noutput %q\n",
    X "%y = reshape(%x) shape=0,-1\n%z = reshape(%y) shape=2,4,36\noutput %z\n",
    X "%y = flatten(%x) start=2\n%z = unsqueeze(%y) axes=1\n%q = squeeze(%z) axes=1\noutput %q\n",
    X "%y = transpose(%x) perm=0,2,3,1\n%a, %b = split(%y) axis=3 sections=1,3\n"
      "%z = concat(%b, %a) axis=3\n%q = slice(%z) axes=1,2 starts=4,0 ends=-10,5 steps=-1,2\n"
      "output %q\n",
    X "%y = tile(%x) repeats=1,2,1,1\n%z = pad(%y) pads=0,0,1,2,0,0,0,1 mode=reflect\n"
      "%q = pad(%z) pads=0,0,1,0,0,1,0,0 value=2\noutput %q\n",
    X "%y = pixel_shuffle(%x) factor=2\n%z = space_to_depth(%y) factor=3 order=dcr\n"
      "%q = space_to_depth(%y) factor=2 order=columns\noutput %z\noutput %q\n",
    X "%y = channel_shuffle(%x) groups=2\noutput %y\n",
    X "const %w: f32[6x5] ~normal:1\nconst %b: f32[5] ~pos:2\n%y = matmul(%x, %w, %b)\noutput %y\n",
    "input %x: f32[3x4]\nconst %w: f32[5x4] ~normal:1\nconst %b: f32[5] ~pos:2\n"
    "%y = matmul(%x, %w, %b) trans_y=true\noutput %y\n",
    X "%y = matmul(%x, %x) trans_x=true\noutput %y\n",
    X "%y = reduce_mean(%x) axes=2,3 keep_dims=true\n%z = reduce_max(%x) axes=1\n"
      "%q = reduce_sum(%y)\noutput %z\noutput %q\n",
    X "%y, %i = top_k(%x) k=2\n%a = arg_max(%x) axis=1\n%g = gather(%x, %a) axis=1\noutput %y\n"
      "output %i\noutput %g\n",
    X "%y = cumsum(%x) axis=1 reverse=true\n%z = cast(%y) to=i32\noutput %z\n",
    X "%y = resize(%x) size=9,7 mode=linear coords=align_corners\n"
      "%z = resize(%x) scales=2 mode=nearest coords=asymmetric\noutput %y\noutput %z\n",
    X "%s = shape(%x)\n%f = fill(%s) value=3\n%y = add(%x, %f)\noutput %y\n",
    X "const %s: f32[4x1x1] ~pos:1\n%y = prelu(%x, %s)\n%z = pow(%s, %s)\noutput %y\noutput %z\n",
    X "%y = relu(%x)\noutput %y\noutput %y \"again\"\noutput %x \"the input\"\n",
};

typedef struct {
  scull_diag_t diag;
  scull_graph_t *graph, *back;
  scull_import_files_t files;
} world_t;

static void export_and_import(world_t *w, const char *text, const char *path) {
  scull_import_options_t options = {.model_path = path, .format = "onnx"};
  *w = (world_t){0};
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  if (scull_graph_parse(text, &w->diag, &w->graph) != SCULL_OK ||
      scull_export_onnx(w->graph, path, &w->diag) != SCULL_OK ||
      scull_import_model(&options, &w->files, &w->diag, &w->back) != SCULL_OK)
    fail_msg("%s: %s", text, scull_base_diag_first_error(&w->diag));
}

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_graph_destroy(w->back);
  scull_import_files_deinit(&w->files);
  scull_base_diag_deinit(&w->diag);
}

static void same_answers(world_t *w, const char *text) {
  scull_tensor_t x = {.type = scull_graph_type(w->graph, w->graph->inputs.data[0], 0)};
  scull_tensor_t a[4], b[4];
  int64_t count = scull_tensor_count(&x.type.shape);
  float *data = malloc((size_t)count * sizeof *data);
  assert_non_null(data);
  for (int64_t i = 0; i < count; i++)
    data[i] = (float)((i * 7919 + 13) % 2001 - 1000) / 500;
  x.data = data;
  assert_int_equal(w->graph->outputs.size, w->back->outputs.size);
  assert_int_equal(reference_run(w->graph, &x, a, &w->diag), SCULL_OK);
  assert_int_equal(reference_run(w->back, &x, b, &w->diag), SCULL_OK);
  for (size_t i = 0; i < w->graph->outputs.size; i++) {
    assert_string_equal(w->graph->outputs.data[i].name, w->back->outputs.data[i].name);
    if (a[i].type.dtype != b[i].type.dtype ||
        !scull_tensor_shape_equal(&a[i].type.shape, &b[i].type.shape) ||
        scull_tensor_compare(&b[i], &a[i], (scull_tolerance_t){1e-5, 1e-5}).outside > 0)
      fail_msg("output %zu differs after export and import:\n%s", i, text);
    scull_base_free(a[i].data);
    scull_base_free(b[i].data);
  }
  free(data);
}

static void round_trips(void **state) {
  (void)state;
  char path[128];
  net_temporary("export.onnx", path);
  for (size_t i = 0; i < sizeof graphs / sizeof graphs[0]; i++) {
    world_t w;
    export_and_import(&w, graphs[i], path);
    same_answers(&w, graphs[i]);
    end(&w);
  }
  unlink(path);
}

/* What ONNX has not keeps its own name and attributes, in a domain of ours, and ranges are named.
 */
static void own_domain(void **state) {
  (void)state;
  static const char text[] = "input %x: f32[1:2:3x4x6x6]\n%y = resize(%x) size=9,7 mode=linear\n"
                             "%z = swish(%y) beta=2\noutput %z\n";
  char path[128];
  scull_diag_t diag;
  scull_graph_t *graph = NULL;
  scull_file_t file;
  net_temporary("own.onnx", path);
  scull_base_diag_init(&diag, SCULL_SEVERITY_WARNING, NULL, NULL);
  assert_int_equal(scull_graph_parse(text, &diag, &graph), SCULL_OK);
  assert_int_equal(scull_export_onnx(graph, path, &diag), SCULL_OK);
  assert_int_equal(scull_base_file_open(path, &file, &diag), SCULL_OK);
  static const char *const words[] = {"scull", "swish", "beta", "1:2:3", "align"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    bool found = false;
    size_t length = strlen(words[i]);
    for (size_t at = 0; at + length <= file.bytes.size && !found; at++)
      found = memcmp(file.bytes.data + at, words[i], length) == 0;
    assert_true(found == (i < 4));
  }
  scull_base_file_close(&file);
  assert_int_not_equal(scull_export_onnx(graph, "/nowhere/at/all.onnx", &diag), SCULL_OK);
  scull_graph_destroy(graph);
  scull_base_diag_deinit(&diag);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(own_domain)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
