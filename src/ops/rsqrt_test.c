/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[7]={0.01,0.25,0.5,1,2,9,100}",
     "f32[7]={10,2,1.414214,1,0.7071068,0.3333333,0.1}"},
    {"a picture", NULL, "f32[2x3x5x7]~pos", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={1.414214}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={2.828427125,0.8164965809,0.5773502692}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={1.414062,1,0.7070312}"},
    {"zero and below", NULL, "f32[4]={0,-1,nan,inf}", "f32[4]={inf,nan,nan,0}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(rsqrt, cases);
