/* The ONNX backend suite: models that others wrote, with inputs and expected outputs. */
#ifndef SCULL_TESTS_SUITE_SUITE_H
#define SCULL_TESTS_SUITE_SUITE_H

#include "import/import.h"
#include "runtime/runtime.h"

enum { SUITE_MANY = 64 }; /* inputs or outputs of a model */

/* What a test_data_set_N holds for one input or output. */
typedef struct suite_value {
  const char *name; /* of the model's input; "" for outputs */
  bool is_there;    /* false: an optional without a value */
  bool is_sequence;
  scull_tensor_t *tensors; /* of a sequence its elements, else one */
  size_t count;
} suite_value_t;

typedef struct suite_case {
  char path[800]; /* of the model */
  scull_arena_t arena;
  scull_import_files_t files;
  suite_value_t inputs[SUITE_MANY], outputs[SUITE_MANY];
  size_t input_count, output_count;
} suite_case_t;

/* Reads a data set's files; false with words in `diag`. */
bool suite_case_read(const char *folder, int set, suite_case_t *out, scull_diag_t *diag);
void suite_case_deinit(suite_case_t *it);

/* How a model is run. */
typedef enum suite_mode {
  SUITE_NATIVE, /* operator by operator */
  SUITE_PLAN,   /* engines of any size, nothing timed */
} suite_mode_t;

/* Imports, builds, runs and compares. "" when all is as expected, else why not, in `words`.
 * *on_tactic tells whether some step ran on a tactic, *fixed whether small inputs (shapes, axes,
 * scales) had to be given as constants. */
const char *suite_case_run(const suite_case_t *it, suite_mode_t mode, bool *on_tactic, bool *fixed,
                           char *words, size_t size);

#endif
