/* Values are those of max(x, 0). */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"both signs and zero", NULL, "f32[5]={-2,-0.5,0,0.5,2}", "f32[5]={0,0,0,0.5,2}"},
    {"a picture", NULL, "f32[2x3x5x7]", "f32[2x3x5x7]"},
    {"one element, no dimension", NULL, "f32[]={-1}", "f32[]={0}"},
    {"no elements", NULL, "f32[0x4]", "f32[0x4]"},
    {"double", NULL, "f64[3]={-1,2,-3}", "f64[3]={0,2,0}"},
    {"integers", NULL, "i32[4]={-7,7,0,-1}", "i32[4]={0,7,0,0}"},
    {"not finite: NaN stays", NULL, "f32[3]={nan,inf,-inf}", "f32[3]={nan,inf,0}"},
    {"half", NULL, "f16[3]={-1,0.5,2}", "f16[3]={0,0.5,2}"},
    {"truth values", NULL, "bool[3]", "error"},
};

SCULL_OPCASES(relu, cases);
