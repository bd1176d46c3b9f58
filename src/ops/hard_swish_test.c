/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-0,-0,-0.3333333,-0.2083333,0,0.1354167,0.6666667,2.291667,7,25}"},
    {"other constants", "threshold=4 scale=2 offset=1",
     "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-0,-0,-0,-0.125,0,0.15625,1,4.375,14,50}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.2916667}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.06510416667,1.125,3}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.291748,0.6665039,1.666992}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(hard_swish, cases);
