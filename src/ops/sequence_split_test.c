/* Cases hold tensors only; src/runtime/sequence_test.c has those with sequences. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a scalar has no axis", NULL, "f32[] i64[]={1}", "error"},
};

SCULL_OPCASES(sequence_split, cases);
