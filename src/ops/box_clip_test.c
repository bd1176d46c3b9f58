/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"pictures by offsets", NULL,
     "f32[4x4]={-36.1,-59.3,-6.5,-43.4,-38.5,40.9,114.1,-169.4,-18.6,18.7,0.3,-20.7,-81.2,-56.6,43."
     "5,64.5} f32[2x3]={50,60,1,40,41,2} i64[3]={0,3,4}",
     "f32[4x4]={0,0,0,0,0,40.9,59,0,0,18.7,0.3,0,0,0,20,19}"},
    {"one picture", NULL,
     "f32[2x4]={-36.1,-59.3,-6.5,-43.4,-38.5,40.9,114.1,-169.4} f32[1x3]={50,60,1} i32[2]={0,2}",
     "f32[2x4]={0,0,0,0,0,40.9,59,0}"},
    {"a batch", NULL, "f32[2x1x4]={-1,2,70,80,1,-2,30,30} f32[2x3]={50,60,1,40,41,2}",
     "f32[2x1x4]={0,2,59,49,1,0,20,19}"},
    {"an empty picture", NULL, "f32[1x4]={9,9,99,99} f32[2x3]={5,5,1,50,60,1} i64[3]={0,0,1}",
     "f32[1x4]={9,9,59,49}"},
    {"no boxes", NULL, "f32[0x4] f32[1x3]={5,5,1} i64[2]={0,0}", "f32[0x4]"},
    {"boxes of nobody", NULL, "f32[2x4] f32[1x3] i64[2]={0,1}", "error"},
    {"nothing says whose", NULL, "f32[3x4] f32[1x3]", "error"},
    {"offsets of another number", NULL, "f32[2x4] f32[1x3] i64[3]={0,1,2}", "error"},
    {"sizes of two numbers", NULL, "f32[1x4] f32[1x2] i64[2]={0,1}", "error"},
    {"a row", NULL, "f32[4] f32[1x3]", "error"},
};

SCULL_OPCASES(box_clip, cases);
