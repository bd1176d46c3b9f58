/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "bool[2x3]={0,0,1,1,0,1} bool[2x3]={0,1,0,1,1,0}",
     "bool[2x3]={0,1,1,0,1,1}"},
    {"row over matrix", NULL, "bool[2x3]={0,0,1,1,0,1} bool[3]={0,1,0}", "bool[2x3]={0,1,1,1,1,1}"},
    {"column over matrix", NULL, "bool[2x3]={0,0,1,1,0,1} bool[2x1]={0,1}",
     "bool[2x3]={0,0,1,0,1,0}"},
    {"both repeated", NULL, "bool[2x1]={0,1} bool[1x3]={0,1,0}", "bool[2x3]={0,1,0,1,0,1}"},
    {"scalar on the right", NULL, "bool[2x3]={0,0,1,1,0,1} bool[]={1}", "bool[2x3]={1,1,0,0,1,0}"},
    {"scalar on the left", NULL, "bool[]={1} bool[2x3]={0,0,1,1,0,1}", "bool[2x3]={1,1,0,0,1,0}"},
    {"first of lower rank", NULL, "bool[3]={0,1,0} bool[2x3]={0,0,1,1,0,1}",
     "bool[2x3]={0,1,1,1,1,1}"},
    {"no elements", NULL, "bool[0x3] bool[1x3]", "bool[0x3]"},
    {"numbers", NULL, "f32[2] f32[2]", "error"},
    {"shapes that do not fit", NULL, "bool[2x3] bool[2]", "error"},
    {"dtypes that differ", NULL, "bool[2] i32[2]", "error"},
};

SCULL_OPCASES(logical_xor, cases);
