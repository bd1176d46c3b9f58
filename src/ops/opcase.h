/* Conformance cases: what an operator's test file gives. `<op>_test.c` defines
 * scull_opcases_<op>; the conformance runner refers to all of them through ops.def, so an operator
 * without cases does not link. */
#ifndef SCULL_OPS_OPCASE_H
#define SCULL_OPS_OPCASE_H

#include <stddef.h>

/* Tensors are written "f32[2x3]" (seeded normal values), "f32[2x3]={1,2,3,4,5,6}" (these values),
 * "f32[2x3]~pos" (0.1 to 1.1), "f32[2x3]~unit" (-1 to 1), "i64[4]~index:10" (0 to 9), "f32[]={5}"
 * (a scalar), "-" (absent), separated by spaces. */
typedef struct scull_opcase {
  const char *name;  /* what is special about it */
  const char *attrs; /* "strides=2,2 groups=2"; NULL: all defaults */
  const char *inputs;
  const char *outputs; /* expected types, with values where they are known from elsewhere than our
                          reference ("f32[2]={3,7}"); "error" when the rule must refuse */
} scull_opcase_t;

typedef struct scull_opcases {
  const scull_opcase_t *cases;
  size_t count;
} scull_opcases_t;

/* At the end of <op>_test.c: SCULL_OPCASES(relu, cases); */
#define SCULL_OPCASES(op, table)                                                                   \
  extern const scull_opcases_t scull_opcases_##op;                                                 \
  const scull_opcases_t scull_opcases_##op = {table, sizeof(table) / sizeof((table)[0])}

#endif
