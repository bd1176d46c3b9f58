/* Expected values: numpy.pad; crops: paddle.nn.functional.pad of 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"constant", "pads=1,0,0,2", "f32[2x2]={1,2,3,4}", "f32[3x4]={0,0,0,0,1,2,0,0,3,4,0,0}"},
    {"a value", "pads=0,1,1,0 value=9", "i64[2x2]={1,2,3,4}", "i64[3x3]={9,1,2,9,3,4,9,9,9}"},
    {"a negative value", "pads=1,2 value=-inf", "f32[2]={1,2}", "f32[5]={-inf,1,2,-inf,-inf}"},
    {"reflect", "pads=3,2 mode=reflect", "f32[4]={1,2,3,4}", "f32[9]={4,3,2,1,2,3,4,3,2}"},
    {"reflect in two axes", "pads=1,1,1,2 mode=reflect", "f32[2x3]={1,2,3,4,5,6}",
     "f32[4x6]={5,4,5,6,5,4,2,1,2,3,2,1,5,4,5,6,5,4,2,1,2,3,2,1}"},
    {"edge", "pads=2,1,1,3 mode=edge", "f32[2x2]={1,2,3,4}",
     "f32[5x6]={1,1,2,2,2,2,1,1,2,2,2,2,1,1,2,2,2,2,3,3,4,4,4,4,3,3,4,4,4,4}"},
    {"edge of one element", "pads=2,2 mode=edge", "i32[1]={1}", "i32[5]={1,1,1,1,1}"},
    {"wrap", "pads=1,2 mode=wrap", "f32[4]={1,2,3,4}", "f32[7]={4,1,2,3,4,1,2}"},
    {"wrap several times", "pads=5,9 mode=wrap", "u8[4]={1,2,3,4}",
     "u8[18]={4,1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4,1}"},
    {"a picture", "pads=0,0,1,2,0,0,3,4 mode=reflect", "f32[2x3x5x7]", "f32[2x3x9x13]"},
    {"truth values", "pads=1,1 value=1", "bool[2]={0,0}", "bool[4]={1,0,0,1}"},
    {"crop", "pads=-1,-2", "f32[5]={1,2,3,4,5}", "f32[2]={2,3}"},
    {"crop one side, pad the other", "pads=-1,2", "f32[3]={1,2,3}", "f32[4]={2,3,0,0}"},
    {"crop to nothing", "pads=-2,-1", "f32[3]={1,2,3}", "f32[0]"},
    {"a tensor of pads wins", "pads=9,9", "f32[2]={1,2} i64[2]={1,0}", "f32[3]={0,1,2}"},
    {"nothing to do", "pads=0,0,0,0 mode=edge", "f32[2x3]={1,2,3,4,5,6}", "f32[2x3]={1,2,3,4,5,6}"},
    {"a scalar", NULL, "f32[]={2}", "f32[]={2}"},
    {"no elements", "pads=0,1,0,1", "f32[0x2]", "f32[0x4]"},
    {"around nothing", "pads=1,1 value=4", "f32[0]", "f32[2]={4,4}"},
    {"reflect further than the extent", "pads=3,0 mode=reflect", "f32[3]", "error"},
    {"reflect one element", "pads=1,0 mode=reflect", "f32[1]", "error"},
    {"edge of nothing", "pads=1,0 mode=edge", "f32[0]", "error"},
    {"wrap of nothing", "pads=0,1 mode=wrap", "f32[0]", "error"},
    {"crop with another mode", "pads=-1,0 mode=edge", "f32[3]", "error"},
    {"crop more than there is", "pads=-2,-2", "f32[3]", "error"},
    {"too few pads", "pads=1", "f32[3]", "error"},
    {"a sum beyond 64 bits", "pads=9223372036854775807,0", "f32[3]", "error"},
};

SCULL_OPCASES(pad, cases);
