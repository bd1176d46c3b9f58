/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[7]={0.01,0.25,0.5,1,2,9,100}",
     "f32[7]={-4.60517,-1.386294,-0.6931472,0,0.6931472,2.197225,4.60517}"},
    {"a picture", NULL, "f32[2x3x5x7]~pos", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={-0.6931472}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={-2.079441542,0.4054651081,1.098612289}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={-0.6933594,0,0.6933594}"},
    {"zero and below", NULL, "f32[4]={0,-1,nan,inf}", "f32[4]={-inf,nan,nan,inf}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(log, cases);
