/* Expected values: numpy.arange; paddle.arange of 2.6.2 for f32. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"up", NULL, "i64[]={0} i64[]={5} i64[]={1}", "i64[5]={0,1,2,3,4}"},
    {"by two, not to the end", NULL, "i64[]={1} i64[]={6} i64[]={2}", "i64[3]={1,3,5}"},
    {"down", NULL, "i64[]={5} i64[]={1} i64[]={-2}", "i64[2]={5,3}"},
    {"one element each, i32", NULL, "i32[1]={-3} i32[1]={3} i32[1]={2}", "i32[3]={-3,-1,1}"},
    {"floats", NULL, "f32[]={0} f32[]={1} f32[]={0.3}", "f32[4]={0,0.3,0.6,0.9}"},
    {"a quotient that rounds in f32", NULL, "f32[]={0} f32[]={0.6} f32[]={0.2}",
     "f32[3]={0,0.2,0.4}"},
    {"doubles down", NULL, "f64[]={1} f64[]={0} f64[]={-0.25}", "f64[4]={1,0.75,0.5,0.25}"},
    {"nothing to do", NULL, "i64[]={2} i64[]={2} i64[]={1}", "i64[0]"},
    {"the wrong way", NULL, "i64[]={5} i64[]={1} i64[]={1}", "i64[0]"},
    {"the wrong way, floats", NULL, "f32[]={0} f32[]={1} f32[]={-1}", "f32[0]"},
    {"to the largest number", NULL,
     "i64[]={9223372036854775805} i64[]={9223372036854775807} i64[]={1}",
     "i64[2]={9223372036854775805,9223372036854775806}"},
    {"over the whole line", NULL,
     "i64[]={-9223372036854775808} i64[]={9223372036854775807} i64[]={9223372036854775807}",
     "i64[3]={-9223372036854775808,-1,9223372036854775806}"},
    {"step 0", NULL, "i64[]={0} i64[]={5} i64[]={0}", "error"},
    {"step 0, floats", NULL, "f32[]={0} f32[]={5} f32[]={0}", "error"},
    {"0 to 0 by 0, floats", NULL, "f32[]={0} f32[]={0} f32[]={0}", "error"},
    {"to infinity", NULL, "f32[]={0} f32[]={inf} f32[]={1}", "error"},
    {"too many elements", NULL,
     "i64[]={-9223372036854775808} i64[]={9223372036854775807} i64[]={1}", "error"},
    {"dtypes that differ", NULL, "i64[]={0} i32[]={1} i64[]={1}", "error"},
    {"truth values", NULL, "bool[]={0} bool[]={1} bool[]={1}", "error"},
    {"two elements", NULL, "i64[2]={0,0} i64[]={1} i64[]={1}", "error"},
};

SCULL_OPCASES(range, cases);
