/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={0,0,0.3,0.4,0.5,0.55,0.7,1,1,1}"},
    {"slope of MobileNetV3", "alpha=0.16666667", "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={0,0,0.3333333,0.4166667,0.5,0.5416667,0.6666667,0.9166667,1,1}"},
    {"shifted", "alpha=0.5 beta=-0.25", "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={0,0,0,0,0,0,0.25,1,1,1}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.6}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.5250000004,0.8000000045,1}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.6000977,0.7001953,0.8999023}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(hard_sigmoid, cases);
