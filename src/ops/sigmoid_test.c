/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={9.357622e-14,0.04742587,0.2689414,0.3775407,0.5,0.5621765,0.7310586,"
     "0.9241418,0.999089,1}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.6224594}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.5312093734,0.8175744762,0.9525741268}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.6225586,0.730957,0.8808594}"},
    {"not finite", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,1,0}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(sigmoid, cases);
