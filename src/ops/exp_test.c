/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[8]={-30,-3,-1,0,0.25,1,2.5,7}",
     "f32[8]={9.357622e-14,0.04978707,0.3678795,1,1.284025,2.718282,12.18249,1096.633}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={1.648721}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={1.133148453,4.48168907,20.08553692}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={1.648438,2.71875,7.390625}"},
    {"not finite", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,inf,0}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(exp, cases);
