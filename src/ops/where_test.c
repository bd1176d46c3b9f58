/* Values come from numpy.where. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL,
     "bool[2x3]={1,0,0,1,1,0} f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={-5.5,-3,0.25,2,3,4}"},
    {"a row decides", NULL,
     "bool[3]={1,0,0} f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={-5.5,-3,0.25,2,3,4}"},
    {"scalars", NULL, "bool[2x3]={1,0,0,1,1,0} f32[]={1} f32[]={-1}", "f32[2x3]={1,-1,-1,1,1,-1}"},
    {"all three repeated", NULL, "bool[2x1x1]={1,0} f32[3x1]={1,2,3} f32[2]={-1,-2}",
     "f32[2x3x2]={1,1,2,2,3,3,-1,-2,-1,-2,-1,-2}"},
    {"integers beyond 2^53", NULL,
     "bool[2]={1,0} i64[2]={9007199254740993,1} i64[2]={1,9007199254740995}",
     "i64[2]={9007199254740993,9007199254740995}"},
    {"truth values", NULL,
     "bool[2x3]={1,0,0,1,1,0} bool[2x3]={0,1,1,0,0,1} bool[2x3]={1,0,0,1,1,0}",
     "bool[2x3]={0,0,0,0,0,0}"},
    {"odd sizes", NULL, "bool[2x5x1x3] f32[5x7x1] f32[2x1x7x3]", "f32[2x5x7x3]"},
    {"no elements", NULL, "bool[0x3] f32[3] f32[1]", "f32[0x3]"},
    {"a condition of numbers", NULL, "f32[2] f32[2] f32[2]", "error"},
    {"dtypes that differ", NULL, "bool[2] f32[2] i32[2]", "error"},
    {"shapes that do not fit", NULL, "bool[2] f32[3] f32[3]", "error"},
};

SCULL_OPCASES(where, cases);
