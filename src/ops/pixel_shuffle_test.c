/* Expected values: paddle.nn.functional.pixel_shuffle of 2.6.2; the order dcr: ONNX Runtime 1.31.1.
 */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"one pixel", "factor=2", "f32[1x4x1x1]={1,2,3,4}", "f32[1x1x2x2]={1,2,3,4}"},
    {"two channels", "factor=2", "f32[1x8x1x2]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}",
     "f32[1x2x2x4]={1,3,2,4,5,7,6,8,9,11,10,12,13,15,14,16}"},
    {"two pictures", "factor=2", "f32[2x4x1x1]={1,2,3,4,5,6,7,8}",
     "f32[2x1x2x2]={1,2,3,4,5,6,7,8}"},
    {"factor 3", "factor=3", "f64[1x9x1x1]={1,2,3,4,5,6,7,8,9}",
     "f64[1x1x3x3]={1,2,3,4,5,6,7,8,9}"},
    {"factor 1", NULL, "f32[1x3x2x1]={1,2,3,4,5,6}", "f32[1x3x2x1]={1,2,3,4,5,6}"},
    {"bytes", "factor=2", "u8[1x4x1x2]={1,2,3,4,5,6,7,8}", "u8[1x1x2x4]={1,3,2,4,5,7,6,8}"},
    {"depth first", "factor=2 order=dcr", "f32[1x8x1x2]={1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}",
     "f32[1x2x2x4]={1,5,2,6,9,13,10,14,3,7,4,8,11,15,12,16}"},
    {"columns first", "factor=2 order=columns", "f32[1x4x1x1]={1,2,3,4}", "f32[1x1x2x2]={1,3,2,4}"},
    {"depth first, odd sizes", "factor=3 order=dcr", "f32[2x45x3x7]", "f32[2x5x9x21]"},
    {"odd sizes", "factor=3", "f32[2x45x3x7]", "f32[2x5x9x21]"},
    {"no pictures", "factor=2", "f32[0x4x3x3]", "f32[0x1x6x6]"},
    {"no channels", "factor=2", "f32[1x0x3x3]", "f32[1x0x6x6]"},
    {"channels that do not divide", "factor=2", "f32[1x6x3x3]", "error"},
    {"factor 0", "factor=0", "f32[1x4x3x3]", "error"},
    {"three dimensions", "factor=2", "f32[4x3x3]", "error"},
    {"a factor beyond 64 bits", "factor=9223372036854775807", "f32[1x0x3x3]", "error"},
};

SCULL_OPCASES(pixel_shuffle, cases);
