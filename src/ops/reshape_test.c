/* Expected values: numpy.reshape; the meaning of 0 and of -1 with no elements: paddle 3.3.1. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"same elements", "shape=3,2", "f32[2x3]={1,2,3,4,5,6}", "f32[3x2]={1,2,3,4,5,6}"},
    {"-1 in front", "shape=-1,2", "i64[2x3]={1,2,3,4,5,6}", "i64[3x2]={1,2,3,4,5,6}"},
    {"-1 at the end", "shape=2,-1", "i32[2x3x5]", "i32[2x15]"},
    {"0 copies", "shape=0,-1", "u8[2x3x5]", "u8[2x15]"},
    {"0 copies twice", "shape=0,0,-1", "f32[2x3]", "f32[2x3x1]"},
    {"0 in the middle", "shape=5,0,-1", "f32[2x3x5]", "f32[5x3x2]"},
    {"to a scalar", NULL, "f32[1x1]={7}", "f32[]={7}"},
    {"from a scalar", "shape=1,1,1", "bool[]={1}", "bool[1x1x1]={1}"},
    {"from a scalar with -1", "shape=-1", "f32[]={2}", "f32[1]={2}"},
    {"a shape tensor wins", "shape=6", "f32[2x3]={1,2,3,4,5,6} i64[2]={3,-1}",
     "f32[3x2]={1,2,3,4,5,6}"},
    {"a shape tensor of i32", NULL, "f32[2x3] i32[3]={0,1,3}", "f32[2x1x3]"},
    {"a shape tensor of no dimension", NULL, "f32[2x3] i64[]={6}", "f32[6]"},
    {"a shape tensor without items", NULL, "f32[1] i64[0]", "f32[]"},
    {"no pictures", "shape=0,-1", "f32[0x3x4]", "f32[0x12]"},
    {"no elements, stated", "shape=3,0 allow_zero=true", "f32[0x2]", "f32[3x0]"},
    {"eight dimensions", "shape=1,2,1,3,1,1,1,-1", "f32[6]", "f32[1x2x1x3x1x1x1x1]"},
    {"too few elements", "shape=4", "f32[5]", "error"},
    {"-1 that does not divide", "shape=2,-1", "f32[5]", "error"},
    {"two times -1", "shape=-1,-1", "f32[4]", "error"},
    {"-2", "shape=-2,2", "f32[4]", "error"},
    {"0 beyond the input", "shape=2,3,0", "f32[2x3]", "error"},
    {"-1 beside no elements", "shape=0,-1 allow_zero=true", "f32[0x3]", "error"},
    {"nine dimensions", "shape=1,1,1,1,1,1,1,1,1", "f32[1]", "error"},
    {"seventeen dimensions", "shape=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "f32[1]", "error"},
    {"a product beyond 64 bits", "shape=4611686018427387904,4,1", "f32[4]", "error"},
    {"a shape tensor of floats", NULL, "f32[4] f32[1]={4}", "error"},
    {"a shape tensor of two dimensions", NULL, "f32[4] i64[1x2]={2,2}", "error"},
};

SCULL_OPCASES(reshape, cases);
