/* Values come from Paddle 2.6.2 (pool2d, pool3d), those that are clipped from numpy, but
 * for the case about one-sided padding, which is by hand. */
#include "ops/opcase.h"

#define INPUT                                                                                      \
  "f32[1x2x4x5]={-1.75,1,-0.25,1,2,0.25,0,-1.75,-1,-0,0.75,1.25,-0.5,-1.75,-0.75,1.75,-1.25,-0."   \
  "25,1.75,-2,0.5,1.75,-1,0.25,1.75,-1.5,0,1,0.75,-0.25,-1.25,-0,-0.5,-0,-0.5,1.25,1,-0.75,0.25,-" \
  "1}"

static const scull_opcase_t cases[] = {
    {"2x2 stride 2", "kernel=2,2 strides=2,2", INPUT,
     "f32[1x2x2x2]={-0.125,-0.5,0.625,-0.1875,0.1875,0.25,0.25,-0.25}"},
    {"3x3 stride 2 with padding", "kernel=3,3 strides=2,2 pads=1,1", INPUT,
     "f32[1x2x2x3]={-0.125,-0.1666667,0.5,0.4583333,-0.3888889,-0.625,0.1875,0.4583333,"
     "0.625,-0.08333334,0.1944444,-0.125}"},
    {"ceil mode", "kernel=2,3 strides=3,2 ceil_mode=true", INPUT,
     "f32[1x2x2x2]={-0.4166667,0,0.08333334,-0.1666667,0.125,0.4166667,0.5,-0.5}"},
    {"ceil mode with padding", "kernel=3,3 strides=2,2 pads=1,1 ceil_mode=true", INPUT,
     "f32[1x2x3x3]={-0.125,-0.1666667,0.5,0.4583333,-0.3888889,-0.625,0.25,0.08333334,"
     "-0.125,0.1875,0.4583333,0.625,-0.08333334,0.1944444,-0.125,1.125,0.1666667,-0.375}"},
    {"ceil mode, clipped as in Caffe",
     "kernel=2,2 strides=2,2 pads=1,1 ceil_mode=true clip=true include_pad=true", INPUT,
     "f32[1x2x3x3]={-0.4375,0.1875,0.75,0.25,-0.25,-0.875,0.4375,-0.375,-0.0625,0.125,0.1875,0.5,-"
     "0.6875,0.125,0,0.3125,0.0625,-0.1875}"},
    {"stride 1, padding of each side its own", "kernel=2,3 pads=1,0,0,2", INPUT,
     "f32[1x2x4x5]={-0.3333333,0.5833333,0.9166667,1.5,2,-0.4166667,-0.1666667,0,0.5,1,0,"
     "-0.625,-0.9583333,-0.875,-0.375,0.2916667,-0.125,-0.5833333,-0.6875,-1.375,0.4166667,"
     "0.3333333,0.3333333,1,1.75,0.125,0.4583333,0.4166667,0.625,0.75,-0.375,0.2083333,"
     "0.08333334,0,-0.375,-0.04166667,0,-0.4166667,-0.3125,-0.75}"},
    {"same padding", "kernel=3,2 strides=2,2 auto_pad=same", INPUT,
     "f32[1x2x2x3]={0.25,-0.7083333,0.4166667,0.625,-0.1875,-1.375,-0.08333334,0.08333334,"
     "0.3333333,0.25,-0.25,-0.75}"},
    {"valid padding", "kernel=3,2 strides=2,2 auto_pad=valid pads=1,1", INPUT,
     "f32[1x2x1x2]={0.25,-0.7083333,-0.08333334,0.08333334}"},
    {"global, 16 channels", "global=true", "f32[3x16x5x7]", "f32[3x16x1x1]"},
    {"global", "global=true", INPUT, "f32[1x2x1x1]={-0.075,0.0875}"},
    {"global ignores windows", "global=true kernel=2,2 strides=2,2 pads=1,1 ceil_mode=true", INPUT,
     "f32[1x2x1x1]={-0.075,0.0875}"},
    {"one spatial axis", "kernel=3 strides=2 pads=1",
     "f32[2x1x7]={-0.25,-0.5,0.75,-0.5,-0.25,1,-0.25,1.75,-1.25,1,-0.25,-0.25,0.5,0}",
     "f32[2x1x4]={-0.375,-0.08333334,0.08333334,0.375,0.25,-0.1666667,0,0.25}"},
    {"three spatial axes", "kernel=2,2,2 strides=1,1,2 pads=1,0,0",
     "f32[1x1x3x3x4]={-0.25,-2,-1.75,0.75,0,0.75,1.75,0.75,-1.75,-0.75,0.25,-1,1.75,1.75,"
     "1.5,-0,1.25,-1.5,-0.75,-0.25,1,-0,-1.5,-0.75,-0.75,-0.75,-1.25,-0.25,-0.25,1,1.25,0,"
     "-0.25,1,1.5,0.75}",
     "f32[1x1x4x2x2]={-0.375,0.375,-0.4375,0.4375,0.21875,0.25,-0.125,-0.1875,0.3125,"
     "0.03125,0.28125,0.03125,-0.1875,-0.0625,0.375,0.875}"},
    {"padding counts", "kernel=3,3 strides=2,2 pads=1,1 include_pad=true", INPUT,
     "f32[1x2x2x3]={-0.05555556,-0.1111111,0.2222222,0.3055556,-0.3888889,-0.4166667,"
     "0.08333334,0.3055556,0.2777778,-0.05555556,0.1944444,-0.08333334}"},
    {"padding counts, ceil mode", "kernel=3,3 strides=2,2 pads=1,1 ceil_mode=true include_pad=true",
     INPUT,
     "f32[1x2x3x3]={-0.05555556,-0.1111111,0.2222222,0.3055556,-0.3888889,-0.4166667,"
     "0.08333334,0.04166667,-0.04166667,0.08333334,0.3055556,0.2777778,-0.05555556,"
     "0.1944444,-0.08333334,0.375,0.08333334,-0.125}"},
    {"padding counts, ceil mode beyond it",
     "kernel=2,3 strides=3,3 pads=0,1 ceil_mode=true include_pad=true", INPUT,
     "f32[1x2x2x3]={-0.08333334,0,0,0.1666667,-0.1666667,0,0.125,0.4166667,0,0.75,-0.5,0}"},
    {"padding at one side counts", "kernel=1,3 strides=1,2 pads=0,0,0,2 include_pad=true",
     "f32[1x1x1x5]={1,2,3,4,5}", "f32[1x1x1x3]={2,4,1.666667}"},
    {"a window that lies in the padding, 0", "kernel=1,2 strides=1,4 pads=0,1 ceil_mode=true",
     "f32[1x1x1x5]={1,2,3,4,5}", "f32[1x1x1x3]={1,4.5,0}"},
    {"half", "kernel=2", "f16[1x1x3]={1,3,-2}", "f16[1x1x2]={2,0.5}"},
    {"integers", "kernel=2", "i32[1x1x3]", "error"},
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

SCULL_OPCASES(avg_pool, cases);
