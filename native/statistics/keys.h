/* Order-preserving keys of numbers: unsigned integers in the values' order; -0.0 and 0.0 have one key. */
#pragma once
#include "kernel.h"

static inline u64 integer_key(i64 value) { return (u64)value ^ 1ull << 63; }
static inline u32 float_key(u32 bits) {
    bits = bits << 1 ? bits : 0;
    return bits ^ ((u32)((i32)bits >> 31) | 1u << 31); /* without a branch: signs follow no pattern */
}
