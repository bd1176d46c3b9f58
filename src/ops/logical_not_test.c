/* Values are those of the truth table. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "bool[3]={0,1,1}", "bool[3]={1,0,0}"},
    {"scalar", NULL, "bool[]={1}", "bool[]={0}"},
    {"no elements", NULL, "bool[0x3]", "bool[0x3]"},
    {"numbers", NULL, "f32[3]", "error"},
};

SCULL_OPCASES(logical_not, cases);
