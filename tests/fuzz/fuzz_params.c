/* Parameter files, for a program with three parameters. */
#include "fuzz/fuzz.h"
#include "import/import.h"
#include "support/paddle_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t none = 0;
  scull_import_files_t files = {0};
  scull_graph_t *graph = NULL;
  scull_text_t program = {0}, ignored = {0};
  paddle_writer_small(&program, &ignored);
  scull_import_options_t options = {.model = proto_get(&program),
                                    .params = {size == 0 ? &none : data, size}};
  if (scull_import_model(&options, &files, NULL, &graph) == SCULL_OK)
    scull_graph_destroy(graph);
  scull_import_files_deinit(&files);
  scull_base_text_deinit(&program);
  scull_base_text_deinit(&ignored);
  return 0;
}

bool fuzz_seed(size_t index, scull_text_t *out) {
  scull_text_t ignored = {0};
  if (index > 0)
    return false;
  paddle_writer_small(&ignored, out);
  scull_base_text_deinit(&ignored);
  return true;
}
