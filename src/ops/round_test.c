/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-2.5,-1.5,-1.25,-0.5,0,0.5,0.75,1.5,2.5,1e+09}",
     "f32[10]={-3,-2,-1,-1,0,1,1,2,3,1e+09}"},
    {"halves to even (ONNX)", "even=true",
     "f32[10]={-2.5,-1.5,-1.25,-0.5,0,0.5,0.75,1.5,2.5,1e+09}",
     "f32[10]={-2,-2,-1,0,0,0,1,2,2,1e+09}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={1}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0,2,3}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={1,1,2}"},
    {"not finite", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,inf,-inf}"},
    {"integers", NULL, "i32[3]={-7,0,7}", "i32[3]={-7,0,7}"},
    {"truth values", NULL, "bool[3]", "error"},
};

SCULL_OPCASES(round, cases);
