/* Pictures: what stands in a box, how names out of a file are escaped, where arrows go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/picture.h"
#include "support/dot_check.h"

/* A residual block with a hostile name; y is read twice by the node that adds it to itself. */
static const char block[] = "input %x: f32[1:2:4x3x8x8]\n"
                            "const %w: f32[3x3x1x1] ~normal:1\n"
                            "%y = conv(%x, %w, -) \"a \\\"b\\\" \\\\N & <c>\"\n"
                            "%d = add(%y, %y)\n"
                            "%z = relu(%d)\n"
                            "%s = add(%z, %x)\n"
                            "output %s \"sum\"\n"
                            "output %x \"same\"\n";

static scull_graph_t *parse(const char *text) {
  scull_graph_t *graph = NULL;
  assert_int_equal(scull_graph_parse(text, NULL, &graph), SCULL_OK);
  return graph;
}

static void assert_has(const char *text, const char *piece) {
  if (strstr(text, piece) == NULL)
    fail_msg("no '%s' in:\n%s", piece, text);
}

static size_t count_of(const char *text, const char *piece) {
  size_t count = 0;
  for (const char *at = strstr(text, piece); at != NULL; at = strstr(at + 1, piece))
    count++;
  return count;
}

/* Draws `block` in three boxes: conv, add + relu, add. */
static void draw(int32_t frames, scull_text_t *text) {
  scull_graph_t *graph = parse(block);
  const scull_node_id_t nodes[] = {0, 1, 2, 3};
  const scull_picture_box_t boxes[] = {
      {.nodes = nodes,
       .node_count = 1,
       .name = scull_graph_node(graph, 0)->name,
       .type = "conv",
       .note = "cpu.conv\nplain to nhwc",
       .microseconds = 12.34},
      {.nodes = nodes + 1, .node_count = 2, .name = "d + z", .type = "add + relu"},
      {.nodes = nodes + 3, .node_count = 1, .name = "s", .type = "add", .engine = -1},
  };
  const scull_picture_network_t network = {.key = "net",
                                           .title = "a \"title\"",
                                           .graph = graph,
                                           .boxes = boxes,
                                           .box_count = 3,
                                           .frame_count = frames};
  scull_export_picture_begin(text);
  assert_int_equal(scull_export_picture_network(&network, text), SCULL_OK);
  scull_export_picture_end(text);
  dot_check(text->data);
  scull_graph_destroy(graph);
}

static void labels(void **state) {
  (void)state;
  scull_text_t text = {0};
  draw(0, &text);
  assert_has(text.data,
             "net_0 [fillcolor=\"#b7e4a8\", label=\"conv\\na \\\"b\\\" \\\\N &amp; <c>\\n"
             "f32[1:2:4x3x8x8]\\nwith f32[3x3x1x1]\\n"
             "cpu.conv\\nplain to nhwc\\n12.3 us\"");
  assert_has(text.data, "net_2 [fillcolor=\"#fff2a8\", label=\"add\\ns\\nf32[1:2:4x3x8x8]\"");
  assert_has(text.data, "net_input0 [shape=ellipse, fillcolor=\"#f4a6a0\", label=\"x\\n");
  assert_has(text.data, "label=\"a \\\"title\\\"\"");
  assert_int_equal(count_of(text.data, "subgraph"), 1);
  scull_base_text_deinit(&text);
}

static void arrows(void **state) {
  (void)state;
  scull_text_t text = {0};
  draw(0, &text);
  assert_has(text.data, "net_input0 -> net_0;\n");
  assert_has(text.data, "net_0 -> net_1;\n");
  assert_has(text.data, "net_1 -> net_2;\n");
  assert_has(text.data, "net_input0 -> net_2;\n");
  assert_has(text.data, "net_2 -> net_output0;\n");
  assert_has(text.data, "net_input0 -> net_output1;\n");
  assert_int_equal(count_of(text.data, "->"), 6);
  scull_base_text_deinit(&text);
}

static void frames(void **state) {
  (void)state;
  scull_text_t text = {0};
  draw(1, &text);
  assert_has(text.data, "engine 0: 2 layers for 3 operators, 12.3 us");
  assert_int_equal(dot_check_count(text.data, "net_"), 6);
  assert_int_equal(count_of(text.data, "subgraph"), 2);
  scull_base_text_deinit(&text);
}

static void shortage(void **state) {
  (void)state;
  scull_graph_t *graph = parse(block);
  const scull_picture_network_t network = {.key = "net", .title = "", .graph = graph};
  for (uint64_t n = 1; n <= 2; n++) {
    scull_text_t text = {0};
    scull_base_memory_fail_at(n);
    assert_int_equal(scull_export_picture_network(&network, &text), SCULL_OUT_OF_MEMORY);
    scull_base_memory_fail_at(0);
    scull_base_text_deinit(&text);
  }
  scull_graph_destroy(graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels),
      cmocka_unit_test(arrows),
      cmocka_unit_test(frames),
      cmocka_unit_test(shortage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
