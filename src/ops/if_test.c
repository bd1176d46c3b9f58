/* Without its graphs it means nothing; src/graph/control_test.c has the cases with them. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"without its graphs", NULL, "bool[]={1} f32[2]", "error"},
};

SCULL_OPCASES(if, cases);
