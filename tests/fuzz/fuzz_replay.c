/* Choices of an earlier build, for a network that they fit. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "tune/forms.h"

static const char network[] =
    "input %x: f32[2x16x6x6]\nconst %w: f32[16x16x3x3] ~normal:1\n%c = conv(%x, %w) pads=1,1\n"
    "%r = relu(%c)\n%y = concat(%r, %x) axis=1\noutput %y\n";

static const char choices[] =
    "scull choices 1\nelide\ty\nrun\tc\t2\tcpu.conv.gemm\t0,1,0,0\tc16\tnhwc\t12.5\n"
    "run\ty\t1\tcpu.copy\t0,0,0,0\tplain\tplain\t3.25e-1\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_graph_t *graph = NULL;
  scull_arena_t arena = {0};
  scull_replay_table_t table = {0};
  const scull_device_t device = {.backend = scull_backend_find("cpu")};
  scull_device_t copy = device;
  const scull_tune_options_t options = {.device = &copy,
                                        .replay = {size == 0 ? &none : data, size}};
  if (scull_graph_parse(network, NULL, &graph) == SCULL_OK &&
      scull_tune_replay_read(graph, &options, &arena, &table) == SCULL_OK) {
    (void)scull_tune_replay_find(&table, "c", false);
    (void)scull_tune_replay_find(&table, "y", true);
  }
  scull_base_arena_deinit(&arena);
  scull_graph_destroy(graph);
  return 0;
}

bool fuzz_seed(size_t index, scull_text_t *out) {
  if (index > 0)
    return false;
  scull_base_text_add(out, choices, strlen(choices));
  return true;
}
