/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[6]={-4,-0.5,0.25,1,3,100}", "f32[6]={-0.25,-2,4,1,0.3333333,0.01}"},
    {"a picture", NULL, "f32[2x3x5x7]~pos", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={2}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={8,0.6666666667,0.3333333333}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={2,1,0.5}"},
    {"zero", NULL, "f32[2]={0,inf}", "f32[2]={inf,0}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(reciprocal, cases);
