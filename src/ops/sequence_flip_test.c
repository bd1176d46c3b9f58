/* Expected values: Paddle 2.6.2 (sequence_reverse). */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"two sequences", NULL,
     "f32[5x2]={-3.61,0.77,4.5,0.54,-1.05,3.82,0.47,0.2,0.51,-0.26} i64[3]={0,3,5}",
     "f32[5x2]={-1.05,3.82,4.5,0.54,-3.61,0.77,0.51,-0.26,0.47,0.2}"},
    {"rows of no sequence stay", NULL, "i64[4]={1,2,3,4} i32[2]={1,3}", "i64[4]={1,3,2,4}"},
    {"no rows", NULL, "f32[0x2] i64[2]={0,0}", "f32[0x2]"},
    {"beyond the rows", NULL, "f32[2] i64[2]={0,3}", "error"},
    {"a scalar", NULL, "f32[] i64[2]={0,1}", "error"},
};

SCULL_OPCASES(sequence_flip, cases);
