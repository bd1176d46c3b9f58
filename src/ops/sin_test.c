/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={0.9880316,-0.14112,-0.841471,-0.4794255,0,0.247404,0.841471,0.5984721,"
     "0.6569866,-0.1323518}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.4794255}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.1246747334,0.9974949866,0.1411200081}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.4794922,0.8413086,0.9091797}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(sin, cases);
