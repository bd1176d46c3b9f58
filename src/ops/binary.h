/* What an element-wise operator of two inputs shares: NumPy broadcast over a body. Private to ops/.
 */
#ifndef SCULL_OPS_BINARY_H
#define SCULL_OPS_BINARY_H

#include "ops/shape_rules.h"

/* Bodies for floats (in double, rounded once) and for integers (exact in 64 bits; NULL: go through
 * doubles). `fits` of an integer body is cleared to report a division by zero. */
typedef struct scull_binary_body {
  double (*real)(double a, double b);
  int64_t (*whole)(int64_t a, int64_t b, bool *fits);
} scull_binary_body_t;

scull_status_t scull_ops_binary(const scull_op_call_t *call,
                                scull_binary_body_t body) SCULL_MUST_USE;

#define SCULL_BINARY_OP(op, more_traits, rule, ...)                                                \
  static scull_status_t op##_reference(const scull_op_call_t *call) {                              \
    return scull_ops_binary(call, (scull_binary_body_t)__VA_ARGS__);                               \
  }                                                                                                \
  const scull_opdef_t scull_opdef_##op = {.name = #op,                                             \
                                          .inputs_min = 2,                                         \
                                          .inputs_max = 2,                                         \
                                          .outputs_min = 1,                                        \
                                          .outputs_max = 1,                                        \
                                          .traits = SCULL_OP_BINARY | (more_traits),               \
                                          .infer = rule,                                           \
                                          .reference = op##_reference}

#endif
