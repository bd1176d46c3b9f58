/* Expected values: the reference evaluator of ONNX 1.23. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"time first", NULL,
     "f32[4x3]={-0.02,0.62,1.44,1.75,-1.32,2.24,-4.03,0.98,-0.85,0.05,-1.33,0.38} i64[3]={4,1,3}",
     "f32[4x3]={0.05,0.62,-0.85,-4.03,-1.32,2.24,1.75,0.98,1.44,-0.02,-1.33,0.38}"},
    {"batch first", "batch_axis=0 time_axis=1",
     "f32[2x4x2]={0.2,-5.09,0.12,-1,0.24,0.69,0.18,0.23,0.93,0.56,-0.99,-1.95,2.28,-0.7,-0.79,-0."
     "57} i64[2]={2,4}",
     "f32[2x4x2]={0.12,-1,0.2,-5.09,0.24,0.69,0.18,0.23,-0.79,-0.57,2.28,-0.7,-0.99,-1.95,0.93,0."
     "56}"},
    {"i32 lengths, nothing to do", NULL, "i32[3x2]={1,2,3,4,5,6} i32[2]={0,1}",
     "i32[3x2]={1,2,3,4,5,6}"},
    {"no steps", NULL, "f32[0x2] i64[2]={0,0}", "f32[0x2]"},
    {"longer than x", NULL, "f32[2x1] i64[1]={3}", "error"},
    {"lengths of another number", NULL, "f32[2x3] i64[2]={1,1}", "error"},
    {"one axis twice", "batch_axis=0", "f32[2x2] i64[2]={1,1}", "error"},
    {"other axes", "batch_axis=2 time_axis=-1", "f32[2x2x2] i64[2]={1,1}", "error"},
    {"a row", NULL, "f32[3] i64[1]={1}", "error"},
    {"float lengths", NULL, "f32[2x2] f32[2]", "error"},
};

SCULL_OPCASES(reverse_sequence, cases);
