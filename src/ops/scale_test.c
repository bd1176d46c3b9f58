/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}"},
    {"scale and bias", "scale=-2.5 bias=0.75", "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={75.75,8.25,3.25,2,0.75,0.125,-1.75,-5.5,-16.75,-61.75}"},
    {"scale only", "scale=3", "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-90,-9,-3,-1.5,0,0.75,3,7.5,21,75}"},
    {"integers times whole numbers", "scale=3 bias=-1", "i32[3]={-7,0,7}", "i32[3]={-22,-1,20}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.5}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.125,1.5,3}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.5,1,2}"},
    {"integers", NULL, "i32[3]={-7,0,7}", "i32[3]={-7,0,7}"},
    {"truth values", NULL, "bool[3]", "error"},
};

SCULL_OPCASES(scale, cases);
