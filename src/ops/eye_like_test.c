/* Expected values: numpy.eye. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"diagonal 0", NULL, "f32[3x4]", "f32[3x4]={1,0,0,0,0,1,0,0,0,0,1,0}"},
    {"diagonal 1", "diagonal=1", "f32[3x4]", "f32[3x4]={0,1,0,0,0,0,1,0,0,0,0,1}"},
    {"diagonal -2", "diagonal=-2", "f32[3x4]", "f32[3x4]={0,0,0,0,0,0,0,0,1,0,0,0}"},
    {"diagonal 5", "diagonal=5", "f32[3x4]", "f32[3x4]={0,0,0,0,0,0,0,0,0,0,0,0}"},
    {"of another type", "to=i32 diagonal=-1", "f32[3x2]", "i32[3x2]={0,0,1,0,0,1}"},
    {"truth values", NULL, "bool[2x2]", "bool[2x2]={1,0,0,1}"},
    {"one element", NULL, "f64[1x1]", "f64[1x1]={1}"},
    {"no rows", NULL, "f32[0x3]", "f32[0x3]"},
    {"three dimensions", NULL, "f32[2x2x2]", "error"},
};

SCULL_OPCASES(eye_like, cases);
