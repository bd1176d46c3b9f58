#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same shape", NULL, "f32[2x2]={1,2,3,4} f32[2x2]={10,20,30,40}", "f32[2x2]={11,22,33,44}"},
    {"row over matrix", NULL, "f32[2x2]={1,2,3,4} f32[2]={10,20}", "f32[2x2]={11,22,13,24}"},
    {"column over matrix", NULL, "f32[2x2]={1,2,3,4} f32[2x1]={10,20}", "f32[2x2]={11,12,23,24}"},
    {"both repeated", NULL, "f32[2x1]={1,2} f32[1x3]={10,20,30}", "f32[2x3]={11,21,31,12,22,32}"},
    {"scalar", NULL, "f32[3]={1,2,3} f32[]={1}", "f32[3]={2,3,4}"},
    {"channel bias of a picture", NULL, "f32[2x5x7x3] f32[5x1x1]", "f32[2x5x7x3]"},
    {"no elements", NULL, "f32[0x3] f32[1x3]", "f32[0x3]"},
    {"integers", NULL, "i64[2]={1,-2} i64[2]={5,5}", "i64[2]={6,3}"},
    {"shapes that do not fit", NULL, "f32[2x3] f32[2]", "error"},
    {"dtypes that differ", NULL, "f32[2] i32[2]", "error"},
};

SCULL_OPCASES(add, cases);
