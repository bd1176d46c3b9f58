/* Expected values: numpy.take. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"rows", NULL, "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[3]={2,0,-1}",
     "f32[3x4]={9,10,11,12,1,2,3,4,9,10,11,12}"},
    {"columns", "axis=1", "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i32[2]={3,1}",
     "f32[3x2]={4,2,8,6,12,10}"},
    {"negative axis", "axis=-1", "i64[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[3]={2,0,-1}",
     "i64[3x3]={3,1,4,7,5,8,11,9,12}"},
    {"in the middle", "axis=1", "f32[2x3x2]={1,2,3,4,5,6,7,8,9,10,11,12} i64[4]={1,1,0,2}",
     "f32[2x4x2]={3,4,3,4,1,2,5,6,9,10,9,10,7,8,11,12}"},
    {"an index of two dimensions", NULL, "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[2x2]={0,2,1,1}",
     "f32[2x2x4]={1,2,3,4,9,10,11,12,5,6,7,8,5,6,7,8}"},
    {"an index of no dimension", "axis=1", "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[]={1}",
     "f32[3]={2,6,10}"},
    {"an element", NULL, "u8[3]={1,2,3} i32[]={-1}", "u8[]={3}"},
    {"truth values", NULL, "bool[3]={1,0,1} i64[2]={1,2}", "bool[2]={0,1}"},
    {"an embedding", NULL, "f32[50x9] i64[2x7]~index:50", "f32[2x7x9]"},
    {"no indices", NULL, "f32[3x4] i64[0]", "f32[0x4]"},
    {"no indices of nothing", NULL, "f32[0x4] i64[0]", "f32[0x4]"},
    {"empty slices", NULL, "f32[3x0] i64[3]={2,0,-1}", "f32[3x0]"},
    {"an index beyond the end", NULL, "f32[3] i64[1]={3}", "error"},
    {"an index before the start", NULL, "f32[3] i64[1]={-4}", "error"},
    {"an index of nothing", NULL, "f32[0] i64[1]={0}", "error"},
    {"an index of floats", NULL, "f32[3] f32[1]={1}", "error"},
    {"a scalar has no axis", NULL, "f32[] i64[1]={0}", "error"},
    {"nine dimensions", NULL, "f32[1x1x1x1x1] i64[1x1x1x1x1]", "error"},
};

SCULL_OPCASES(gather, cases);
