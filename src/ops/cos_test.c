/* Values come from Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"values", NULL, "f32[10]={-30,-3,-1,-0.5,0,0.25,1,2.5,7,25}",
     "f32[10]={0.1542515,-0.9899925,0.5403023,0.8775826,1,0.9689124,0.5403023,-0.8011436,"
     "0.7539023,0.9912028}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={0.5}", "f32[]={0.8775826}"},
    {"no elements", NULL, "f32[2x0x3]", "f32[2x0x3]"},
    {"double", NULL, "f64[3]={0.125,1.5,3}", "f64[3]={0.9921976672,0.07073720167,-0.9899924966}"},
    {"half", NULL, "f16[3]={0.5,1,2}", "f16[3]={0.8774414,0.5405273,-0.4162598}"},
    {"integers", NULL, "i32[3]", "error"},
};

SCULL_OPCASES(cos, cases);
