/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={900,9,1,0.25,0,0.0625,1,6.25,49,625}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.25}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.015625,2.25,9}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.25,1,4}"},
    {"not finite", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,inf,inf}"},
    {"too large for i8", NULL, "i8[2]={-20,3}", "i8[2]={127,9}"},
    {"integers", NULL, "i32[3]={-7,0,7}", "i32[3]={49,0,49}"},
    {"truth values", NULL, "bool[3]", "error"},
};

SCULL_OPCASES(square, cases);
