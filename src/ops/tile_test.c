/* Expected values: numpy.tile. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"a row", "repeats=3", "f32[2]={1,2}", "f32[6]={1,2,1,2,1,2}"},
    {"both axes", "repeats=2,2", "f32[2x3]={1,2,3,4,5,6}",
     "f32[4x6]={1,2,3,1,2,3,4,5,6,4,5,6,1,2,3,1,2,3,4,5,6,4,5,6}"},
    {"fewer repeats than axes", "repeats=2", "i64[2x2]={1,2,3,4}", "i64[2x4]={1,2,1,2,3,4,3,4}"},
    {"more repeats than axes", "repeats=2,1,2", "i32[2]={1,2}", "i32[2x1x4]={1,2,1,2,1,2,1,2}"},
    {"in the middle", "repeats=1,3,1", "u8[2x1x2]={1,2,3,4}",
     "u8[2x3x2]={1,2,1,2,1,2,3,4,3,4,3,4}"},
    {"truth values", "repeats=2", "bool[2]={1,0}", "bool[4]={1,0,1,0}"},
    {"a scalar", "repeats=3", "f32[]={2}", "f32[3]={2,2,2}"},
    {"no repeats", NULL, "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,2,3,4,5,6}"},
    {"a tensor wins", "repeats=5", "f32[2]={1,2} i32[1]={2}", "f32[4]={1,2,1,2}"},
    {"zero times", "repeats=0,1", "f32[2x3]", "f32[0x3]"},
    {"of nothing", "repeats=2,2", "f32[0x3]", "f32[0x6]"},
    {"eight dimensions", "repeats=2,1,2,1,2,1,2,1", "f32[1x2x1x2x1x2x1x2]", "f32[2x2x2x2x2x2x2x2]"},
    {"negative", "repeats=-1", "f32[2]", "error"},
    {"nine repeats", "repeats=1,1,1,1,1,1,1,1,1", "f32[2]", "error"},
    {"a size beyond 64 bits", "repeats=4611686018427387904,4", "f32[2x2]", "error"},
};

SCULL_OPCASES(tile, cases);
