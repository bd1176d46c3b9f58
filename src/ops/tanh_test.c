/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={-1,-0.9950547,-0.7615942,-0.4621172,0,0.2449187,0.7615942,0.9866143,"
     "0.9999983,1}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.4621172}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.1243530018,0.9051482536,0.9950547537}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.4621582,0.7617188,0.9638672}"},
    {"not finite", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,1,-1}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(tanh, cases);
