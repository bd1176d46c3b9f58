/* Cases hold tensors only; src/runtime/sequence_test.c has those with sequences. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a tensor is no sequence", NULL, "f32[2]", "error"},
};

SCULL_OPCASES(sequence_concat, cases);
