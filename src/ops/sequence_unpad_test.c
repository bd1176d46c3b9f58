/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"three lists", NULL,
     "f32[3x5x2]={3.53,0.8,1.96,4.48,3.74,-1.95,1.9,-0.3,-0.21,0.82,0.29,2.91,1.52,0.24,0.89,0.67,"
     "2.99,-0.41,0.63,-1.71,-5.11,1.31,1.73,-1.48,4.54,-2.91,0.09,-0.37,3.07,2.94} i64[3]={2,0,5}",
     "f32[7x2]={3.53,0.8,1.96,4.48,-5.11,1.31,1.73,-1.48,4.54,-2.91,0.09,-0.37,3.07,2.94}"},
    {"rows of one element", NULL, "i32[2x2]={1,2,3,4} i32[2]={2,1}", "i32[3]={1,2,3}"},
    {"nothing", NULL, "f32[2x3x2] i64[2]={0,0}", "f32[0x2]"},
    {"more than there is", NULL, "f32[2x3x2] i64[2]={1,4}", "error"},
    {"a negative length", NULL, "f32[2x3x2] i64[2]={1,-1}", "error"},
    {"other lengths", NULL, "f32[2x3x2] i64[3]", "error"},
    {"float lengths", NULL, "f32[2x3x2] f32[2]", "error"},
    {"a list", NULL, "f32[2] i64[2]", "error"},
};

SCULL_OPCASES(sequence_unpad, cases);
