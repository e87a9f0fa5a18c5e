/* Text to numbers: float32, correctly rounded, and int64. What is sure is said at once; the rest is HARD: text that spells no number of the
   type, and the few that only longer arithmetic decides. Python looks at these (transforms/numbers/cast.py). */
#pragma once
#include "kernel.h"
#include "cells/cell.h"

enum { GOOD, MISSING, HARD, INFINITE, ROUNDED }; /* The last two are good, too: "inf", and a whole number that float32 doesn't hold. */

/* 10**i: exact up to 22, correctly rounded beyond. */
#define MOST_TENS 64
extern const double TENS[MOST_TENS + 1];

int any_float(Piece text, float *value);
int any_int(Piece text, i64 *value);
int large_float(u64 digits, int exponent, int more, double x);
int tiny_float(double x, float *value);

/* `digits` * 10**`exponent` to float32; digits behind these were cut if `more` (then there are 19 or more).

   x is off by less than 4 units in its last place: `digits` to double, the power of ten and the product are each rounded once, by a relative
   error of 2**-53 at most, which is below one unit; cut digits are less than 2**-59 of the value. So x decides unless it is that near to the
   middle between two floats, which in x's bits are the 29 that float32 lacks. Near it, if digits and power are exact, x was rounded once: it
   is on the right side, unless it is the middle itself; then the rounding's error, which a fused multiply-add tells, decides; if there is
   none it is the middle, and rounding to even is right. */
static inline int to_float(u64 digits, i64 exponent, int more, float *value) {
    if (UNLIKELY(exponent < -MOST_TENS || exponent > MOST_TENS)) {
        *value = 0; /* Below 10**19 * 10**-65, which is less than half of the smallest float, 2**-149. */
        return exponent < 0 || (!digits && !more) ? GOOD : HARD;
    }
    double w = digits >> 63 ? (double)digits : (double)(i64)digits, p = TENS[exponent < 0 ? -exponent : exponent];
    double x = exponent < 0 ? w / p : w * p, near = x;
    if (UNLIKELY(x < 0x1p-126)) return tiny_float(x, value);
    u64 bits; memcpy(&bits, &x, 8);
    i64 off = (i64)(bits & 0x1FFFFFFF) - 0x10000000;
    if (UNLIKELY(off >= -4 && off <= 4)) {
        if (more || digits > 1ull << 53 || exponent < -22 || exponent > 22) return HARD;
        double error = off ? 0 : exponent < 0 ? -__builtin_fma(x, p, -w) : __builtin_fma(w, p, -x);
        if (error > 0) bits++; else if (error < 0) bits--;
        memcpy(&near, &bits, 8);
    }
    if (UNLIKELY(near >= 0x1.ffffffp127)) return HARD; /* It rounds to infinity. */
    *value = (float)near;
    return LIKELY(x < 0x1p24) ? GOOD : large_float(digits, (int)exponent, more, x);
}

/* Eight ASCII digits, the first in the lowest byte. */
static inline u64 eight(u64 x) {
    x = (x & 0x0F0F0F0F0F0F0F0Full) * 2561 >> 8;
    x = (x & 0x00FF00FF00FF00FFull) * 6553601 >> 16;
    return (x & 0x0000FFFF0000FFFFull) * 42949672960001ull >> 32;
}
/* Each byte has 3 in its upper half, and has it with 6 added, too: then its lower half is below 10. No sum is carried to the next byte unless
   a byte is 250 or more, which is no digit. */
static inline int all_digits(u64 x) {
    return ((x & 0xF0F0F0F0F0F0F0F0ull) | ((x + 0x0606060606060606ull) & 0xF0F0F0F0F0F0F0F0ull) >> 4) == 0x3333333333333333ull;
}

/* digits16: the value of at most 16 bytes of digits with at most one point, and how many digits stand behind it; 0 for other text. Reads 16
   bytes from `start`, which SLACK allows. */
#if defined(__SSE4_1__)
#include <smmintrin.h>
extern u8 RIGHT[17][17][16];
static inline int digits16(const u8 *start, const u8 *stop, u64 *digits, int *behind) {
    u64 length = (u64)(stop - start);
    if (UNLIKELY(length - 1 > 15)) return 0;
    __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)start), _mm_set1_epi8('0'));
    u32 points = (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8('.' - '0'))) | 1u << length, point = (u32)__builtin_ctz(points);
    x = _mm_shuffle_epi8(x, _mm_load_si128((const __m128i *)RIGHT[length][point]));
    if (UNLIKELY(!_mm_testz_si128(_mm_subs_epu8(x, _mm_set1_epi8(9)), _mm_set1_epi8(-1)) || (length == 1 && !point))) return 0;
    x = _mm_maddubs_epi16(x, _mm_set1_epi16(1 << 8 | 10));
    x = _mm_madd_epi16(x, _mm_set1_epi32(1 << 16 | 100));
    x = _mm_packus_epi32(x, x);
    x = _mm_madd_epi16(x, _mm_set1_epi32(1 << 16 | 10000));
    u64 two = (u64)_mm_cvtsi128_si64(x);
    *digits = (two & 0xFFFFFFFF) * 100000000 + (two >> 32);
    *behind = (int)(length - point) - (point < length);
    return 1;
}
#else
typedef unsigned __int128 u128;
static inline int digits16(const u8 *start, const u8 *stop, u64 *digits, int *behind) {
    u64 length = (u64)(stop - start);
    if (UNLIKELY(length - 1 > 15)) return 0;
    u32 points = equals16(start, '.') & ((1u << length) - 1);
    u128 x = (u128)load8(start + 8) << 64 | load8(start), zeros = (u128)0x3030303030303030ull << 64 | 0x3030303030303030ull;
    int pad = (int)(16 - length) * 8;
    /* The number to the right end, and zeros before it. */
    if (pad) x = x << pad | (zeros & (((u128)1 << pad) - 1));
    *behind = 0;
    if (points) {
        if (UNLIKELY(length == 1)) return 0;
        int at = __builtin_ctz(points) + 16 - (int)length;
        *behind = 15 - at;
        /* The digits before the point move over it. */
        u128 before = ((u128)1 << (8 * at)) - 1, upto = at == 15 ? ~(u128)0 : ((u128)1 << (8 * at + 8)) - 1;
        x = (x & ~upto) | ((x & before) << 8) | 0x30;
    }
    u64 low = (u64)x, high = (u64)(x >> 64);
    if (UNLIKELY(!all_digits(low) || !all_digits(high))) return 0;
    *digits = eight(low) * 100000000 + eight(high);
    return 1;
}
#endif

/* Without a branch: signs change too often to be foreseen. */
static inline void negate(float *value, int negative) {
    u32 bits; memcpy(&bits, value, 4);
    bits ^= (u32)negative << 31;
    memcpy(value, &bits, 4);
}

/* Text in the usual spelling; 0 if it has another one, which `any_float` and `any_int` read. A number of 16 digits is below 2**63. */
static inline int usual_float(Piece text, float *value, int *result) {
    u64 digits;
    int behind, negative = *text.start == '-';
    if (UNLIKELY(!digits16(text.start + negative, text.stop, &digits, &behind))) return 0;
    *result = to_float(digits, -behind, 0, value);
    negate(value, negative);
    return 1;
}

static inline int usual_int(Piece text, i64 *value, int *result) {
    static const u64 POWERS[16] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
        1000000000000, 10000000000000, 100000000000000, 1000000000000000};
    u64 digits;
    int behind, negative = *text.start == '-';
    if (UNLIKELY(!digits16(text.start + negative, text.stop, &digits, &behind))) return 0;
    if (UNLIKELY(behind)) {
        /* As pandas writes integers of a column with gaps: 5.0. */
        *result = digits % POWERS[behind] ? HARD : GOOD;
        digits /= POWERS[behind];
    } else *result = GOOD;
    *value = ((i64)digits ^ -(i64)negative) + negative;
    return 1;
}
