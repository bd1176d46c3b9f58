/* Values come from Paddle 2.6.2 (pool2d, pool3d), those with dilation and those that are
 * clipped from numpy. */
#include "ops/opcase.h"

#define INPUT                                                                                      \
  "f32[1x2x4x5]={-1.75,1,-0.25,1,2,0.25,0,-1.75,-1,-0,0.75,1.25,-0.5,-1.75,-0.75,1.75,-1.25,-0."   \
  "25,1.75,-2,0.5,1.75,-1,0.25,1.75,-1.5,0,1,0.75,-0.25,-1.25,-0,-0.5,-0,-0.5,1.25,1,-0.75,0.25,-" \
  "1}"

static const scull_opcase_t cases[] = {
    {"2x2 stride 2", "kernel=2,2 strides=2,2", INPUT,
     "f32[1x2x2x2]={1,1,1.75,1.75,1.75,1,1.25,0.25}"},
    {"3x3 stride 2 with padding", "kernel=3,3 strides=2,2 pads=1,1", INPUT,
     "f32[1x2x2x3]={1,1,2,1.75,1.75,1.75,1.75,1.75,1.75,1.25,1,0.75}"},
    {"ceil mode", "kernel=2,3 strides=3,2 ceil_mode=true", INPUT,
     "f32[1x2x2x2]={1,2,1.75,1.75,1.75,1.75,1.25,0.25}"},
    {"ceil mode with padding", "kernel=3,3 strides=2,2 pads=1,1 ceil_mode=true", INPUT,
     "f32[1x2x3x3]={1,1,2,1.75,1.75,1.75,1.75,1.75,1.75,1.75,1.75,1.75,1.25,1,0.75,1.25,1,"
     "0.25}"},
    {"ceil mode, clipped as in Caffe", "kernel=2,2 strides=2,2 pads=1,1 ceil_mode=true clip=true",
     INPUT,
     "f32[1x2x3x3]={-1.75,1,2,0.75,1.25,-0,1.75,-0.25,1.75,0.5,1.75,1.75,-1.25,1,0.75,1.25,1,0."
     "25}"},
    {"stride 1, padding of each side its own", "kernel=2,3 pads=1,0,0,2", INPUT,
     "f32[1x2x4x5]={1,1,2,2,2,1,1,2,2,2,1.25,1.25,-0,-0,-0,1.75,1.75,1.75,1.75,-0.75,1.75,"
     "1.75,1.75,1.75,1.75,1.75,1.75,1.75,1.75,1.75,1,1,1,0.75,-0.25,1.25,1,0.25,0.25,-0.5}"},
    {"same padding", "kernel=3,2 strides=2,2 auto_pad=same", INPUT,
     "f32[1x2x2x3]={1.25,1,2,1.75,1.75,-0.75,1.75,1,1.75,1.25,0.25,-0.5}"},
    {"valid padding", "kernel=3,2 strides=2,2 auto_pad=valid pads=1,1", INPUT,
     "f32[1x2x1x2]={1.25,1,1.75,1}"},
    {"global", "global=true", INPUT, "f32[1x2x1x1]={2,1.75}"},
    {"global ignores windows", "global=true kernel=2,2 strides=2,2 pads=1,1 ceil_mode=true", INPUT,
     "f32[1x2x1x1]={2,1.75}"},
    {"one spatial axis", "kernel=3 strides=2 pads=1",
     "f32[2x1x7]={-0.25,-0.5,0.75,-0.5,-0.25,1,-0.25,1.75,-1.25,1,-0.25,-0.25,0.5,0}",
     "f32[2x1x4]={-0.25,0.75,1,1,1.75,1,0.5,0.5}"},
    {"three spatial axes", "kernel=2,2,2 strides=1,1,2 pads=1,0,0",
     "f32[1x1x3x3x4]={-0.25,-2,-1.75,0.75,0,0.75,1.75,0.75,-1.75,-0.75,0.25,-1,1.75,1.75,"
     "1.5,-0,1.25,-1.5,-0.75,-0.25,1,-0,-1.5,-0.75,-0.75,-0.75,-1.25,-0.25,-0.25,1,1.25,0,"
     "-0.25,1,1.5,0.75}",
     "f32[1x1x4x2x2]={0.75,1.75,0.75,1.75,1.75,1.75,1.25,1.75,1.75,1.5,1.25,1.5,1,1.25,1,"
     "1.5}"},
    {"windows that lie in the padding", "kernel=1,1 strides=1,4 pads=0,1 ceil_mode=true",
     "f32[1x1x1x5]={1,2,3,4,5}", "f32[1x1x1x3]={-3.402823e+38,4,-3.402823e+38}"},
    {"dilation", "kernel=2,2 dilations=2,3", INPUT, "f32[1x2x2x2]={1,2,1.75,-0,0.5,1.75,1.25,1}"},
    {"all negative, padded", "kernel=3,3 pads=1,1", "f32[1x1x1x2]={-1,-2}", "f32[1x1x1x2]={-1,-1}"},
    {"minus infinity and NaN", "kernel=2", "f32[1x1x4]={-inf,-inf,nan,1}",
     "f32[1x1x3]={-inf,nan,nan}"},
    {"half", "kernel=2", "f16[1x1x3]={1,3,-2}", "f16[1x1x2]={3,3}"},
    {"integers", "kernel=2", "i32[1x1x3]={1,-3,-7}", "i32[1x1x2]={1,-3}"},
    {"truth values", "kernel=2", "bool[1x1x3]", "error"},
    {"rows longer than a piece", "kernel=3 strides=1 pads=1", "f32[1x2x600]", "f32[1x2x600]"},
    {"odd sizes, many channels", "kernel=3,3 strides=2,2 pads=1,1", "f32[2x19x13x11]",
     "f32[2x19x7x6]"},
    {"the first pool of ResNet", "kernel=3,3 strides=2,2 pads=1,1", "f32[1x16x28x28]",
     "f32[1x16x14x14]"},
    {"1x1", "kernel=1,1", "f32[1x1x1x2]={1,2}", "f32[1x1x1x2]={1,2}"},
    {"no pictures", "kernel=2,2", "f32[0x3x4x4]", "f32[0x3x3x3]"},
    {"no kernel", NULL, "f32[1x1x2x2]", "error"},
    {"a kernel larger than the picture", "kernel=3,3", "f32[1x1x2x2]", "error"},
    {"a kernel of the wrong length", "kernel=2", "f32[1x1x2x2]", "error"},
    {"a stride of 0", "kernel=1,1 strides=0,1", "f32[1x1x2x2]", "error"},
    {"no spatial axis", "global=true", "f32[2x2]", "error"},
    {"an empty picture", "global=true", "f32[1x2x0x3]", "error"},
};

SCULL_OPCASES(max_pool, cases);
