/* Text to numbers in any spelling, a byte at a time. */
#include "cells/numbers.h"
#include <math.h>

const double TENS[MOST_TENS + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43,
    1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63, 1e64};

#if defined(__SSE4_1__)
/* By a number's length and the place of its point (the length: it has none): for each byte of the number moved to the right end, without the
   point, where it comes from; 128: nowhere, it is 0. */
u8 __attribute__((aligned(16))) RIGHT[17][17][16];
static void __attribute__((constructor)) make_right(void) {
    for (int length = 0; length <= 16; length++)
        for (int point = 0; point <= length; point++)
            for (int i = 15, from = length - 1; i >= 0; i--, from--) {
                if (from == point) from--;
                RIGHT[length][point][i] = from >= 0 ? (u8)from : 128;
            }
}
#endif

/* Whether a float of 2**24 or more is a whole number that float32 doesn't hold, which is to be counted: of those below 2**64, since larger
   ones are quantities. x is `digits` * 10**`exponent`, off by less than 4 units in its last place, which are less than x * 2**-50. */
int large_float(u64 digits, int exponent, int more, double x) {
    int exact = !more && (!exponent || (digits <= 1ull << 53 && exponent >= -22 && exponent <= 22));
    if (exact) return x == floor(x) && x < 0x1p64 && (double)(float)x != x ? ROUNDED : GOOD;
    if (x > 0x1.0001p64) return GOOD;
    double fraction = x - floor(x), error = x * 0x1p-50;
    return fraction > error && fraction < 1 - error ? GOOD : HARD;
}

/* x below 2**-126: floats are multiples of 2**-149 there, whose bits are the multiple. x * 2**149 and its fraction are exact; x is off by
   less than 4 units in its last place, less than 2**-50 of it. The bits are made by hand: threads may flush such floats to zero. */
int tiny_float(double x, float *value) {
    double multiple = x * 0x1p149, fraction = multiple - floor(multiple);
    if (fabs(fraction - 0.5) <= multiple * 0x1p-50) return HARD;
    u32 bits = (u32)multiple + (fraction > 0.5);
    memcpy(value, &bits, 4);
    return GOOD;
}

/* nan, inf, infinity in any case: MISSING, INFINITE; HARD: another text. */
static int named(Piece text) {
    char word[9] = {0};
    i64 length = text.stop - text.start;
    if (length != 3 && length != 8) return HARD;
    for (i64 i = 0; i < length; i++) word[i] = (char)(text.start[i] | 0x20);
    return !strcmp(word, "nan") ? MISSING : !strcmp(word, "inf") || !strcmp(word, "infinity") ? INFINITE : HARD;
}

/* The exponent that the rest of a number spells, if any; 0: it spells none. Beyond 10**10 its size doesn't matter: no cell has as many digits. */
static int take_exponent(Piece rest, i64 *exponent) {
    const u8 *p = rest.start;
    *exponent = 0;
    if (p == rest.stop) return 1;
    if ((*p++ | 0x20) != 'e') return 0;
    int negative = p < rest.stop && *p == '-';
    if (negative || (p < rest.stop && *p == '+')) p++;
    if (p == rest.stop) return 0;
    i64 size = 0;
    for (; p < rest.stop; p++) {
        if ((u32)(*p - '0') > 9) return 0;
        if (size < 10000000000) size = size * 10 + (*p - '0');
    }
    *exponent = negative ? -size : size;
    return 1;
}

/* Takes a sign off. */
static int take_sign(Piece *text) {
    int negative = text->start < text->stop && *text->start == '-';
    if (negative || (text->start < text->stop && *text->start == '+')) text->start++;
    return negative;
}

/* A number's digits, but for those behind 19 of them, `more` if one of these isn't 0; zeros in front are none. It is `digits` times ten to
   the power of `exponent`. */
typedef struct { u64 digits; i64 exponent; int more; } Decimal;

/* Text without a sign, in any spelling; 0: it spells no number. Reads 8 bytes at once, which SLACK allows. */
static inline int take_decimal(Piece text, Decimal *number) {
    u64 digits = 0;
    i64 exponent = 0;
    int seen = 0, more = 0, point = 0;
    const u8 *p = text.start;
    for (; p < text.stop; p++) {
        if (*p == '.' && !point) { point = 1; continue; }
        u32 digit = (u32)(*p - '0');
        if (digit > 9) break;
        seen = 1;
        u64 word;
        if (digits < 10000000000 && text.stop - p >= 8 && all_digits(word = load8(p))) {
            digits = digits * 100000000 + eight(word);
            exponent -= point * 8;
            p += 7;
        } else if (digits < 1000000000000000000) {
            digits = digits * 10 + digit;
            exponent -= point;
        } else {
            more |= digit != 0;
            exponent += !point;
        }
    }
    i64 written;
    if (!seen || !take_exponent((Piece){p, text.stop}, &written)) return 0;
    *number = (Decimal){digits, exponent + written, more};
    return 1;
}

/* A trimmed text in any spelling. */
int any_float(Piece text, float *value) {
    int negative = take_sign(&text), name = named(text);
    if (name == INFINITE) *value = negative ? -INFINITY : INFINITY;
    if (name != HARD) return name;
    Decimal number;
    if (!take_decimal(text, &number)) return HARD;
    int result = to_float(number.digits, number.exponent, number.more, value);
    negate(value, negative);
    return result;
}

/* A trimmed text in any spelling: 1e5 and 1200e-2 are integers, too. */
int any_int(Piece text, i64 *value) {
    int negative = take_sign(&text);
    if (named(text) == MISSING) return MISSING;
    Decimal number;
    if (!take_decimal(text, &number) || number.more) return HARD;
    u64 digits = number.digits;
    i64 power = digits ? number.exponent : 0;
    /* Either loop ends after 19 turns at most, since there are digits. */
    for (; power < 0; power++, digits /= 10) if (digits % 10) return HARD;
    for (; power > 0; power--, digits *= 10) if (digits > INT64_MAX / 10) return HARD;
    if (digits > INT64_MAX) return HARD;
    *value = negative ? -(i64)digits : (i64)digits;
    return GOOD;
}
