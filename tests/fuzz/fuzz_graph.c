/* Graphs as text. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "graph/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  scull_text_t text = {0};
  scull_graph_t *graph = NULL;
  scull_base_text_add(&text, (const char *)data, size);
  if (!text.failed && scull_graph_parse(scull_base_text_get(&text), NULL, &graph) == SCULL_OK) {
    scull_text_t printed = {0};
    scull_graph_print(graph, &printed);
    scull_base_text_deinit(&printed);
  }
  scull_graph_destroy(graph);
  scull_base_text_deinit(&text);
  return 0;
}

static const char *const seeds[] = {
    "input %x: f32[1:2:4x3x6x6]\nconst %b: f32[3x1x1]={1,-2.5,3e2}\n%a = add(%x, %b)\n"
    "%n = shape(%a)\n%d = slice(%n) starts=0 ends=2 axes=0\noutput %a \"prob\"\n",
    "# a comment\ninput %\"a b\": f32[2x3]\nconst %i: i64[2] ~index:3:7\n"
    "%p: f32[1x3], %q: f32[1x3] = split(%\"a b\") axis=0 sections=1,1\n"
    "%g = gather(%p, %i) axis=1 \"node name\"\noutput %g\noutput %q\n",
};

bool fuzz_seed(size_t index, scull_text_t *out) {
  if (index >= sizeof seeds / sizeof seeds[0])
    return false;
  scull_base_text_add(out, seeds[index], strlen(seeds[index]));
  return true;
}
