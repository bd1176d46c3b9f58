/* Expected values: numpy indexing with a tuple; an empty row: paddle.gather_nd of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"elements", NULL, "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[2x2]={0,1,2,3}", "f32[2]={2,12}"},
    {"slices", NULL, "f32[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i32[2x1]={2,0}",
     "f32[2x4]={9,10,11,12,1,2,3,4}"},
    {"negative", NULL, "i64[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[1x2]={-1,-4}", "i64[1]={9}"},
    {"one row", NULL, "u8[3x4]={1,2,3,4,5,6,7,8,9,10,11,12} i64[2]={1,2}", "u8[]={7}"},
    {"rows of two dimensions", NULL, "f32[2x2x2]={1,2,3,4,5,6,7,8} i64[2x1x2]={0,1,1,0}",
     "f32[2x1x2]={3,4,5,6}"},
    {"empty rows", NULL, "i32[2x2]={1,2,3,4} i64[2x0]", "i32[2x2x2]={1,2,3,4,1,2,3,4}"},
    {"truth values", NULL, "bool[1x2]={1,0} i64[1x2]={0,0}", "bool[1]={1}"},
    {"no rows", NULL, "f32[3x4] i64[0x2]", "f32[0]"},
    {"a scalar", NULL, "f32[]={4} i64[2x0]", "f32[2]={4,4}"},
    {"a row that is too long", NULL, "f32[3] i64[1x2]={0,0}", "error"},
    {"an index outside", NULL, "f32[3x4] i64[1x2]={0,4}", "error"},
    {"an index before the start", NULL, "f32[3x4] i64[1x2]={-4,0}", "error"},
    {"an index of no dimension", NULL, "f32[3] i64[]={0}", "error"},
    {"an index of floats", NULL, "f32[3] f32[1x1]={0}", "error"},
};

SCULL_OPCASES(gather_nd, cases);
