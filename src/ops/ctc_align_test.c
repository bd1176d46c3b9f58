/* Expected values: Paddle 2.6.2. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"merged", NULL, "i32[8x1]={0,1,1,0,2,2,0,3} i64[3]={0,5,8}",
     "i32[4x1]={1,2,2,3} i64[3]={0,2,4}"},
    {"another blank, not merged", "blank=2 merge=false",
     "i32[8x1]={0,1,1,0,2,2,0,3} i64[3]={0,5,8}", "i32[6x1]={0,1,1,0,0,3} i64[3]={0,4,6}"},
    {"the first label is the blank of another", "blank=1", "i64[3]={1,1,2} i32[2]={0,3}",
     "i64[1x1]={2} i64[2]={0,1}"},
    {"nothing but blanks", NULL, "i32[2]={0,0} i64[2]={0,2}", "i32[1x1]={-1} i64[2]={0,0}"},
    {"no labels", NULL, "i32[0x1] i64[2]={0,0}", "i32[1x1]={-1} i64[2]={0,0}"},
    {"floats", NULL, "f32[2] i64[2]={0,2}", "error"},
    {"rows of two labels", NULL, "i32[2x2] i64[2]={0,2}", "error"},
    {"sequences that overlap", NULL, "i32[2]={1,2} i64[4]={0,2,2,1}", "error"},
};

SCULL_OPCASES(ctc_align, cases);
