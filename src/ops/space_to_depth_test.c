/* Expected values: dcr, SpaceToDepth of ONNX Runtime 1.31.1; crd and columns, NumPy (the latter
 * as the slices (0,0), (1,0), (0,1), (1,1) side by side). */
#include "ops/opcase.h"

#define X "f32[1x2x2x4]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}"

static const scull_opcase_t cases[] = {
    {"crd", "factor=2", X, "f32[1x8x1x2]={1,3,2,4,5,7,6,8,9,11,10,12,13,15,14,16}"},
    {"dcr", "factor=2 order=dcr", X, "f32[1x8x1x2]={1,3,9,11,2,4,10,12,5,7,13,15,6,8,14,16}"},
    {"columns", "factor=2 order=columns", X,
     "f32[1x8x1x2]={1,3,9,11,5,7,13,15,2,4,10,12,6,8,14,16}"},
    {"two pictures of bytes", "factor=2", "u8[2x1x2x2]={1,2,3,4,5,6,7,8}",
     "u8[2x4x1x1]={1,2,3,4,5,6,7,8}"},
    {"factor 1", NULL, "f32[1x3x2x1]={1,2,3,4,5,6}", "f32[1x3x2x1]={1,2,3,4,5,6}"},
    {"odd sizes", "factor=3", "f32[2x5x9x21]", "f32[2x45x3x7]"},
    {"odd sizes, dcr", "factor=3 order=dcr", "f32[2x5x9x21]", "f32[2x45x3x7]"},
    {"odd sizes, columns", "factor=3 order=columns", "i64[2x5x9x21]~index:9", "i64[2x45x3x7]"},
    {"no pictures", "factor=2", "f32[0x1x6x6]", "f32[0x4x3x3]"},
    {"no rows", "factor=2", "f32[1x1x0x6]", "f32[1x4x0x3]"},
    {"rows that do not divide", "factor=2", "f32[1x1x3x4]", "error"},
    {"columns that do not divide", "factor=2", "f32[1x1x4x3]", "error"},
    {"factor 0", "factor=0", "f32[1x4x3x3]", "error"},
    {"three dimensions", "factor=2", "f32[4x2x2]", "error"},
    {"channels beyond 64 bits", "factor=3037000499", "f32[1x2x0x0]", "error"},
    {"a square beyond 64 bits", "factor=9223372036854775807", "f32[1x1x0x0]", "error"},
};

SCULL_OPCASES(space_to_depth, cases);
