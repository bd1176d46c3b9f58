/* Reads the operator cases of ops/opcase.h: text to tensors and attributes. */
#ifndef SCULL_TESTS_CONFORMANCE_CASE_H
#define SCULL_TESTS_CONFORMANCE_CASE_H

#include "ops/opcase.h"
#include "ops/opdef.h"

enum { CASE_MAX_TENSORS = 80 };

typedef struct case_tensor {
  scull_tensor_t tensor; /* data in the case's arena, 64-byte aligned */
  bool has_values;       /* written as literals */
} case_tensor_t;

typedef struct case_data {
  scull_arena_t arena;
  const scull_opdef_t *def;
  void *attrs;
  case_tensor_t inputs[CASE_MAX_TENSORS], outputs[CASE_MAX_TENSORS];
  size_t input_count, output_count;
  bool wants_error;
} case_data_t;

/* Fails the running cmocka test when the case cannot be read. case_data_deinit gives it back. */
void case_data_init(case_data_t *data, const scull_opdef_t *def, const scull_opcase_t *one);
void case_data_deinit(case_data_t *data);

/* Infers and runs the reference kernel; outputs in `out` (data in the case's arena). */
scull_status_t case_reference(case_data_t *data, scull_tensor_t *out, scull_diag_t *diag);

#endif
