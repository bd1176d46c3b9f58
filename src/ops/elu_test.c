/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-1,-0.950213,-0.6321205,-0.3934693,0,0.25,1,2.5,7,25}"},
    {"alpha", "alpha=0.5", "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-0.5,-0.4751065,-0.3160603,-0.1967347,0,0.25,1,2.5,7,25}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.5}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.125,1.5,3}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.5,1,2}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(elu, cases);
