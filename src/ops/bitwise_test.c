/* Expected values: NumPy. */
#include "ops/opcase.h"

static const scull_opcase_t cases[] = {
    {"and, broadcast", "fn=and", "i32[2x3]={-24,-33,10,42,24,-80} i32[3]={-47,43,-41}",
     "i32[2x3]={-64,11,2,0,8,-112}"},
    {"or, broadcast", "fn=or", "i32[2x3]={-24,-33,10,42,24,-80} i32[3]={-47,43,-41}",
     "i32[2x3]={-7,-1,-33,-5,59,-9}"},
    {"xor, broadcast", "fn=xor", "i32[2x3]={-24,-33,10,42,24,-80} i32[3]={-47,43,-41}",
     "i32[2x3]={57,-12,-35,-5,51,103}"},
    {"not", "fn=xor", "i64[3]={0,5,-7} i64[]={-1}", "i64[3]={-1,-6,6}"},
    {"truth values", "fn=xor", "bool[2]={1,0} bool[2]={1,1}", "bool[2]={0,1}"},
    {"left, u8: what is pushed out is lost", "fn=shift_left", "u8[4]={16,4,1,255} u8[4]={1,2,3,1}",
     "u8[4]={32,16,8,254}"},
    {"right, u8", "fn=shift_right", "u8[3]={16,4,1} u8[3]={1,2,3}", "u8[3]={8,1,0}"},
    {"right keeps the sign", "fn=shift_right", "i32[3]={-8,-1,9} i32[]={1}", "i32[3]={-4,-1,4}"},
    {"by the width and more", "fn=shift_right", "i64[4]={-8,7,-8,7} i64[4]={64,64,-1,63}",
     "i64[4]={-1,0,-1,0}"},
    {"left by the width and more", "fn=shift_left", "i64[3]={5,5,5} i64[3]={64,-1,63}",
     "i64[3]={0,0,-9223372036854775808}"},
    {"u64, the top bit set", "fn=shift_right", "u64[1]={18446744073709549568} u64[1]={60}",
     "u64[1]={15}"},
    {"u16", "fn=shift_left", "u16[2]={1,32768} u16[2]={15,1}", "u16[2]={32768,0}"},
    {"no elements", "fn=or", "i32[0x3] i32[3]", "i32[0x3]"},
    {"floats", "fn=and", "f32[2] f32[2]", "error"},
    {"shifted truth values", "fn=shift_left", "bool[2] bool[2]", "error"},
    {"mixed types", "fn=or", "i32[2] i64[2]", "error"},
    {"no broadcast", NULL, "i32[2] i32[3]", "error"},
};

SCULL_OPCASES(bitwise, cases);
