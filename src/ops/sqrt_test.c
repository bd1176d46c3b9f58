/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[7]={0.01,0.25,0.5,1,2,9,100}",
     "f32[7]={0.1,0.5,0.7071068,1,1.414214,3,10}"},
    {"a picture", NULL, "f32[2x3x5x7]~pos", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.7071068}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.3535533906,1.224744871,1.732050808}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.7070312,1,1.414062}"},
    {"zero and below", NULL, "f32[4]={0,-1,nan,inf}", "f32[4]={0,nan,nan,inf}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(sqrt, cases);
