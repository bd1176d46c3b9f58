/* compare_model MODEL FOLDER [PARAMS]: imports a model, runs it with the reference kernels and
 * compares with recorded outputs. FOLDER holds inputs.txt (lines "input name<TAB>file.npy") and
 * out0.npy, ... A tool for the oracles outside of the project; the committed cases run in
 * recorded_test.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"
#include "support/npy.h"
#include "support/reference.h"

enum { MANY = 16 };

typedef struct {
  char names[MANY][256];
  scull_tensor_t tensors[MANY];
  scull_import_shape_t shapes[MANY];
  size_t count;
} inputs_t;

static void log_line(void *user, scull_severity_t severity, const char *text) {
  (void)user;
  (void)severity;
  printf("  %s\n", text);
}

static scull_status_t read_inputs(const char *folder, inputs_t *in, scull_diag_t *diag) {
  char path[4096], line[1024];
  snprintf(path, sizeof path, "%s/inputs.txt", folder);
  FILE *list = fopen(path, "r");
  if (list == NULL)
    return scull_base_fail(diag, SCULL_NOT_FOUND, "%s: not there", path);
  scull_status_t status = SCULL_OK;
  while (status == SCULL_OK && in->count < MANY && fgets(line, sizeof line, list) != NULL) {
    char *tab = strchr(line, '\t');
    if (tab == NULL)
      continue;
    *tab = '\0';
    tab[1 + strcspn(tab + 1, "\n")] = '\0';
    snprintf(in->names[in->count], sizeof in->names[0], "%.255s", line);
    snprintf(path, sizeof path, "%s/%s", folder, tab + 1);
    status = npy_read(path, &in->tensors[in->count], diag);
    scull_shape_t shape = in->tensors[in->count].type.shape;
    in->shapes[in->count] = (scull_import_shape_t){in->names[in->count], shape, shape, shape};
    in->count++;
  }
  fclose(list);
  return status;
}

/* True when output `index` is the recorded one: 1e-3 relative, 1e-4 absolute, 5e-3 of the peak. */
static bool is_right(const char *folder, size_t index, const scull_tensor_t *got,
                     scull_diag_t *diag) {
  char path[4096], a[80], b[80];
  scull_tensor_t want;
  snprintf(path, sizeof path, "%s/out%zu.npy", folder, index);
  if (npy_read(path, &want, diag) != SCULL_OK)
    return false;
  bool same = got->type.dtype == want.type.dtype &&
              scull_tensor_shape_equal(&got->type.shape, &want.type.shape);
  scull_difference_t d = {0};
  if (same)
    d = scull_tensor_compare(got, &want, (scull_tolerance_t){1e-4, 1e-3});
  bool right = same && d.outside == 0 && d.max_relative <= 5e-3;
  printf("  out%zu %s want %s: outside %lld of %lld, max %.2g of peak%s\n", index,
         scull_tensor_type_text(&got->type, a, sizeof a),
         scull_tensor_type_text(&want.type, b, sizeof b), (long long)d.outside, (long long)d.count,
         d.max_relative, right ? "" : "  WRONG");
  scull_base_free(want.data);
  return right;
}

static int run(const char *model, const char *params, const char *folder, inputs_t *in,
               scull_import_files_t *files, scull_diag_t *diag) {
  scull_graph_t *graph = NULL;
  scull_tensor_t ordered[MANY], outputs[MANY];
  bool right = true;
  memset(ordered, 0, sizeof ordered);
  if (read_inputs(folder, in, diag) != SCULL_OK)
    return 2;
  scull_import_options_t options = {
      .model_path = model, .params_path = params, .shapes = in->shapes, .shape_count = in->count};
  if (scull_import_model(&options, files, diag, &graph) != SCULL_OK)
    return 2;
  for (size_t i = 0; i < graph->inputs.size && i < MANY; i++) {
    for (size_t k = 0; k < in->count; k++) {
      if (strcmp(in->names[k], scull_graph_value(graph, graph->inputs.data[i])->name) == 0)
        ordered[i] = in->tensors[k];
    }
  }
  scull_status_t status = scull_graph_verify(graph);
  if (status == SCULL_OK && graph->outputs.size <= MANY)
    status = reference_run(graph, ordered, outputs, diag);
  for (size_t i = 0; i < graph->outputs.size && status == SCULL_OK; i++) {
    if (strstr(graph->outputs.data[i].name, "@lod") == NULL) /* those are not recorded */
      right = is_right(folder, i, &outputs[i], diag) && right;
    scull_base_free(outputs[i].data);
  }
  scull_graph_destroy(graph);
  return status != SCULL_OK ? 2 : !right;
}

int main(int argc, char **argv) {
  static inputs_t in;
  scull_import_files_t files = {0};
  scull_diag_t diag;
  if (argc < 3)
    return 2;
  scull_base_diag_init(&diag, SCULL_SEVERITY_WARNING, log_line, NULL);
  int code = run(argv[1], argc > 3 ? argv[3] : NULL, argv[2], &in, &files, &diag);
  printf("%s %s\n", code == 0 ? "PASS" : (code == 1 ? "WRONG" : "FAIL"), argv[1]);
  for (size_t i = 0; i < in.count; i++)
    scull_base_free(in.tensors[i].data);
  scull_import_files_deinit(&files);
  scull_base_diag_deinit(&diag);
  return code;
}
