/* The committed cases: every folder of data/ holds a small network of one family, an input, and
 * what its own framework gave for it (see PROVENANCE, zoo/make_small.py, zoo/make_small_onnx.py).
 * Each must import and give that with the reference kernels, and import again for batches of 1 to
 * 3. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/import.h"
#include "support/npy.h"
#include "support/reference.h"

#define DATA SCULL_SOURCE_DIR "/tests/model/data"

enum { MAX_OUTPUTS = 4, LEAST_CASES = 37 };

static void tell(void *user, scull_severity_t severity, const char *text) {
  (void)user;
  (void)severity;
  print_error("  %s\n", text);
}

typedef struct {
  char folder[300];
  scull_diag_t diag;
  scull_import_files_t files;
  scull_graph_t *graph;
  scull_tensor_t input;
} world_t;

static bool begin(world_t *w, const char *name) {
  char path[400];
  memset(w, 0, sizeof *w);
  scull_base_diag_init(&w->diag, SCULL_SEVERITY_WARNING, tell, NULL);
  snprintf(w->folder, sizeof w->folder, DATA "/%.100s", name);
  snprintf(path, sizeof path, "%s/input.npy", w->folder);
  return npy_read(path, &w->input, &w->diag) == SCULL_OK;
}

static void end(world_t *w) {
  scull_graph_destroy(w->graph);
  scull_import_files_deinit(&w->files);
  scull_base_free(w->input.data);
  scull_base_diag_deinit(&w->diag);
}

/* Imports at the input's own shape, or with dimension 0 from 1 to `batch`. */
static bool import(world_t *w, int64_t batch) {
  scull_import_shape_t shape = {"x", w->input.type.shape, w->input.type.shape, w->input.type.shape};
  scull_import_options_t options = {.model_path = w->folder, .shapes = &shape, .shape_count = 1};
  if (batch > 0) {
    shape.min.dim[0] = 1;
    shape.opt.dim[0] = shape.max.dim[0] = batch;
  }
  return scull_import_model(&options, &w->files, &w->diag, &w->graph) == SCULL_OK &&
         scull_graph_verify(w->graph) == SCULL_OK;
}

/* Output `index` within 1e-5 of what was recorded, relative to its peak. */
static bool is_right(const world_t *w, size_t index, const scull_tensor_t *got) {
  char path[400], suffix[24] = "";
  scull_tensor_t want;
  if (index > 0)
    snprintf(suffix, sizeof suffix, "%zu", index);
  snprintf(path, sizeof path, "%s/output%s.npy", w->folder, suffix);
  if (npy_read(path, &want, NULL) != SCULL_OK)
    return false;
  bool same = got->type.dtype == want.type.dtype &&
              scull_tensor_shape_equal(&got->type.shape, &want.type.shape);
  double error = 1;
  if (same)
    error = scull_tensor_compare(got, &want, (scull_tolerance_t){0}).max_relative;
  if (error > 1e-5)
    print_error("  output %zu: %g of its peak wrong\n", index, error);
  scull_base_free(want.data);
  return error <= 1e-5;
}

static bool is_case_right(const char *name) {
  world_t w;
  scull_tensor_t outputs[MAX_OUTPUTS];
  bool right = begin(&w, name) && import(&w, 0) && w.graph->outputs.size <= MAX_OUTPUTS &&
               reference_run(w.graph, &w.input, outputs, &w.diag) == SCULL_OK;
  for (size_t i = 0; right && i < w.graph->outputs.size; i++) {
    right = is_right(&w, i, &outputs[i]);
    scull_base_free(outputs[i].data);
  }
  end(&w);
  bool wide = begin(&w, name) && import(&w, 3);
  end(&w);
  if (!right || !wide)
    print_error("%s: %s\n", name, right ? "does not import for batches 1 to 3" : "is wrong");
  return right && wide;
}

static void test_recorded_cases(void **state) {
  (void)state;
  size_t cases = 0, wrong = 0;
  DIR *folder = opendir(DATA);
  assert_non_null(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] == '.')
      continue;
    cases++;
    wrong += !is_case_right(entry->d_name);
  }
  closedir(folder);
  assert_true(cases >= LEAST_CASES);
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded_cases)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
