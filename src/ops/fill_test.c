/* Expected values: numpy.full. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"floats", "shape=2,3 value=0.5", "", "f32[2x3]={0.5,0.5,0.5,0.5,0.5,0.5}"},
    {"zeros by default", "shape=2", "", "f32[2]={0,0}"},
    {"i64", "shape=3 value=-7 to=i64", "", "i64[3]={-7,-7,-7}"},
    {"i32", "shape=1,2 value=9 to=i32", "", "i32[1x2]={9,9}"},
    {"bytes", "shape=2 value=255 to=u8", "", "u8[2]={255,255}"},
    {"truth", "shape=2 value=1 to=bool", "", "bool[2]={1,1}"},
    {"infinity", "shape=1 value=-inf", "", "f32[1]={-inf}"},
    {"a scalar", "value=3", "", "f32[]={3}"},
    {"a shape tensor wins", "shape=5 value=2", "i32[2]={2,2}", "f32[2x2]={2,2,2,2}"},
    {"no elements", "shape=0,3", "", "f32[0x3]"},
    {"a negative extent", "shape=-1,3", "", "error"},
    {"nine dimensions", "shape=1,1,1,1,1,1,1,1,1", "", "error"},
    {"a size beyond 64 bits", "shape=4294967296,4294967296", "", "error"},
    {"no type", "shape=1 to=none", "", "error"},
};

SCULL_OPCASES(fill, cases);
