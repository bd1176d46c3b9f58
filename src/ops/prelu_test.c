/* Values come from Paddle 2.6.2 (one slope, a slope a channel) and numpy (one an element). */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"one slope", NULL,
     "f32[1x2x2x3]={-1.75,1,-0.25,1,2,0.25,0,-1.75,-1,-0,0.75,1.25} f32[1]={0.25}",
     "f32[1x2x2x3]={-0.4375,1,-0.0625,1,2,0.25,0,-0.4375,-0.25,-0,0.75,1.25}"},
    {"a slope a channel", NULL,
     "f32[1x2x2x3]={-1.75,1,-0.25,1,2,0.25,0,-1.75,-1,-0,0.75,1.25} f32[2x1x1]={0.25,-0.5}",
     "f32[1x2x2x3]={-0.4375,1,-0.0625,1,2,0.25,-0,0.875,0.5,0,0.75,1.25}"},
    {"a slope an element", NULL, "f32[2x3]={-5.5,-1,0.5,2,3,7.25} f32[2x3]={2,-3,0.25,-1.5,3,4}",
     "f32[2x3]={-11,3,0.5,2,3,7.25}"},
    {"odd sizes", NULL, "f32[2x5x7x3] f32[5x1x1]", "f32[2x5x7x3]"},
    {"scalar", NULL, "f32[]={-4} f32[]={0.5}", "f32[]={-2}"},
    {"no elements", NULL, "f32[0x3] f32[3]", "f32[0x3]"},
    {"half", NULL, "f16[2]={-1,1} f16[1]={0.5}", "f16[2]={-0.5,1}"},
    {"a slope that would enlarge x", NULL, "f32[1x3] f32[2x3]", "error"},
    {"integers", NULL, "i32[3] i32[3]", "error"},
};

SCULL_OPCASES(prelu, cases);
