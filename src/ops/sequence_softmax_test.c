/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"two sequences", NULL, "f32[7x1]={0.31,-0.77,4.06,-0.09,-2.9,-0.81,-4.58} i64[3]={0,3,7}",
     "f32[7x1]={0.02279947,0.007742597,0.9694579,0.6417753,0.03863807,0.3123856,0.007201133}"},
    {"large numbers, a row", NULL, "f32[2]={1000,1000} i64[2]={0,2}", "f32[2]={0.5,0.5}"},
    {"rows of no sequence", NULL, "f64[3]={1,2,2} i32[2]={1,3}", "f64[3]={0,0.5,0.5}"},
    {"no rows", NULL, "f32[0x1] i64[2]={0,0}", "f32[0x1]"},
    {"rows of two elements", NULL, "f32[3x2] i64[2]={0,3}", "error"},
    {"beyond the rows", NULL, "f32[3] i64[2]={0,4}", "error"},
    {"integers", NULL, "i32[3] i64[2]={0,3}", "error"},
};

SCULL_OPCASES(sequence_softmax, cases);
