/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-0,-0.1456474,-0.3034014,-0.2207438,0,0.1695724,0.8650984,2.471392,6.999989,"
     "25}"},
    {"threshold", "threshold=1", "f32[2]={0.5,1.5}", "f32[2]={0.3752452,1.357722}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.3752452}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.07995757085,1.403378266,2.986535005}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.3752441,0.8652344,1.944336}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(mish, cases);
