/* Without its graph it means nothing; src/graph/control_test.c has the cases with it. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"without its graph", "carried=1", "i64[]={2} - f32[2]", "error"},
};

SCULL_OPCASES(loop, cases);
