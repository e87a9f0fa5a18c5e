/* Exact moments: sums in fixed point, so wide that nothing is ever rounded or lost; so the order of addition doesn't matter. */
#include "columns/column.h"

typedef unsigned __int128 u128;
typedef __int128 i128;

/* Integers in two's complement, the lowest limb first. A float32 is an integer times 2**-149, below 2**277 of them, its square below 2**554
   times 2**-298; so sums of fewer than 2**63 values stay below 2**340 and 2**617. Those of int64 stay below 2**126 and 2**189. */
enum { TOTAL = 6, SQUARES = 10 };

/* LAYOUT in transforms/statistics/moments.py is this layout.

   `low` and `high` are of integers, or of floats' order-preserving keys (`key_of`); without values the largest and the smallest int64. */
typedef struct { i64 kind, count, missing, non_finite, zeros, low, high; u64 total[TOTAL], squares[SQUARES]; } Moments;
_Static_assert(sizeof(Moments) == 184 && offsetof(Moments, count) == 8 && offsetof(Moments, missing) == 16 &&
               offsetof(Moments, non_finite) == 24 && offsetof(Moments, zeros) == 32 && offsetof(Moments, low) == 40 &&
               offsetof(Moments, high) == 48 && offsetof(Moments, total) == 56 && offsetof(Moments, squares) == 104, "as LAYOUT");

/* So many values are summed in registers, before they go to the limbs. */
enum { CHUNK = 4096 };
/* A chunk's floats whose exponents are at most this much below its largest are summed in one integer each. The significand has 24 bits, so
   shifted up to 51, and 2**12 of them less than 63; the squares have up to 102, and 2**12 of them 114. */
enum { WINDOW = 27 };

/* Returns the carry. */
static inline u64 add_limbs(u64 *limbs, const u64 *others, i64 n) {
    u64 carry = 0;
    for (i64 i = 0; i < n; i++) {
        u128 sum = (u128)limbs[i] + others[i] + carry;
        limbs[i] = (u64)sum;
        carry = (u64)(sum >> 64);
    }
    return carry;
}

/* Adds value * 2**position. position / 64 + 2 < n: a shifted value has three parts. */
static inline void add_wide(u64 *limbs, i64 n, i128 value, i64 position) {
    i64 at = position >> 6, shift = position & 63;
    u64 sign = value < 0 ? ~0ull : 0, low = (u64)value, high = (u64)((u128)value >> 64);
    u64 parts[3] = {low << shift, high << shift | (low >> 1) >> (63 - shift), sign << shift | (high >> 1) >> (63 - shift)};
    u64 carry = add_limbs(limbs + at, parts, 3);
    for (i64 i = at + 3; i < n && sign + carry; i++) { /* all ones and a carry change nothing, nor do zeros without one */
        u128 sum = (u128)limbs[i] + sign + carry;
        limbs[i] = (u64)sum;
        carry = (u64)(sum >> 64);
    }
}

static void widen(Moments *m, i64 count, i64 low, i64 high, i64 zeros) {
    m->count += count;
    m->zeros += zeros;
    m->low = low < m->low ? low : m->low;
    m->high = high > m->high ? high : m->high;
}

/* Floats in the order of these integers are in their own order, -0.0 (which is -1) just below 0.0. */
static inline i32 key_of(u32 bits) { return (i32)(bits ^ ((u32)((i32)bits >> 31) >> 1)); }

enum { MAGNITUDE = 0x7FFFFFFF, INFINITE = 0x7F800000, HIDDEN = 0x800000 };

/* Adds those floats whose exponent is below `base`, one by one. An exponent is at most 254, so the position of a sum is at most 253 and that
   of a square 506: within the limbs, as add_wide asks, here and in add_finite. */
static void add_small(Moments *m, const u32 *bits, i64 n, i32 base) {
    for (i64 i = 0; i < n; i++) {
        u32 magnitude = bits[i] & MAGNITUDE;
        i32 exponent = (i32)(magnitude >> 23);
        if (exponent >= base || !magnitude) continue;
        i64 whole = exponent ? (i64)(magnitude & (HIDDEN - 1)) | HIDDEN : (i64)magnitude;
        i64 position = exponent ? exponent - 1 : 0;
        add_wide(m->total, TOTAL, bits[i] >> 31 ? -whole : whole, position);
        add_wide(m->squares, SQUARES, (i128)whole * whole, 2 * position);
    }
}

/* Adds finite floats, at most CHUNK, whose largest magnitude is `top`. */
static void add_finite(Moments *m, const u32 *bits, i64 n, u32 top) {
    i32 base = (i32)(top >> 23) - WINDOW;
    if (base < 1) base = 1; /* 0 is the exponent of subnormals, which have no hidden bit */
    i64 sum = 0;
    u128 squares = 0;
    u32 small = 0;
    for (i64 i = 0; i < n; i++) {
        u32 magnitude = bits[i] & MAGNITUDE;
        i32 shift = (i32)(magnitude >> 23) - base, below = shift >> 31; /* all ones where it is too small */
        u64 whole = (u64)((magnitude & (HIDDEN - 1)) | HIDDEN) & (u64)(i64)~below;
        whole <<= shift & 31;
        i64 sign = (i32)bits[i] >> 31;
        sum += ((i64)whole ^ sign) - sign;
        squares += (u128)whole * whole;
        small |= magnitude & (u32)below;
    }
    add_wide(m->total, TOTAL, sum, base - 1);
    add_wide(m->squares, SQUARES, (i128)squares, 2 * (base - 1));
    if (small) add_small(m, bits, n, base);
}

static void add_floats(Moments *m, const u32 *bits, i64 n) {
    u32 finite[CHUNK], top = 0, zeros = 0;
    for (i64 i = 0; i < n; i++) top = (bits[i] & MAGNITUDE) > top ? bits[i] & MAGNITUDE : top;
    if (top >= INFINITE) {
        i64 kept = 0, missing = 0;
        for (i64 i = 0; i < n; i++) {
            finite[kept] = bits[i];
            kept += (bits[i] & MAGNITUDE) < INFINITE;
            missing += (bits[i] & MAGNITUDE) > INFINITE;
        }
        m->missing += missing;
        m->non_finite += n - kept - missing;
        bits = finite, n = kept, top = 0;
        for (i64 i = 0; i < n; i++) top = (bits[i] & MAGNITUDE) > top ? bits[i] & MAGNITUDE : top;
    }
    if (!n) return;
    i32 low = INT32_MAX, high = INT32_MIN;
    for (i64 i = 0; i < n; i++) {
        i32 key = key_of(bits[i]);
        low = key < low ? key : low;
        high = key > high ? key : high;
        zeros += !(bits[i] & MAGNITUDE);
    }
    widen(m, n, low, high, zeros);
    if (top) add_finite(m, bits, n, top);
}

/* A chunk's sum stays below 2**75; the sum of its squares, of up to 126 bits each, may pass 128 bits. */
static void add_integers(Moments *m, const i64 *values, i64 n) {
    i64 low = INT64_MAX, high = INT64_MIN, zeros = 0;
    i128 sum = 0;
    u128 squares = 0;
    u64 over = 0;
    for (i64 i = 0; i < n; i++) {
        i64 value = values[i];
        u64 magnitude = value < 0 ? 0 - (u64)value : (u64)value;
        u128 square = (u128)magnitude * magnitude;
        sum += value;
        squares += square;
        over += squares < square;
        zeros += !value;
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    if (!n) return;
    widen(m, n, low, high, zeros);
    add_wide(m->total, TOTAL, sum, 0);
    /* Half by half: a value of add_wide is signed. */
    add_wide(m->squares, SQUARES, (i128)(u64)squares, 0);
    add_wide(m->squares, SQUARES, (i128)(squares >> 64) + ((i128)over << 64), 64);
}

static void add_values(Moments *m, const void *values, i64 n) {
    if (m->kind == FLOATS) add_floats(m, values, n);
    else add_integers(m, values, n);
}

/* What is gathered until it makes a chunk: the valid ones of some rows' values. */
typedef struct {
    Moments *moments;
    i64 held;
    union { u32 floats[CHUNK]; i64 integers[CHUNK]; u8 bytes[CHUNK * 8]; } values;
} Gathered;

static inline __attribute__((always_inline)) void gather(Gathered *g, const Column *c, i64 from, i64 to, i64 width) {
    for (i64 at = c->offset + from; at < c->offset + to; at++) {
        memcpy(g->values.bytes + g->held * width, c->values + at * width, (size_t)width);
        i64 kept = is_valid(c, at);
        g->held += kept;
        g->moments->missing += !kept;
        if (g->held == CHUNK) {
            add_values(g->moments, &g->values, CHUNK);
            g->held = 0;
        }
    }
}

static inline __attribute__((always_inline)) void gather_rows(Gathered *g, const Column *c, Rows rows, i64 width) {
    if (!rows.index) gather(g, c, first_value(c, 0), first_value(c, rows.count), width);
    else if (!c->bounds && c->each == 1) for (i64 i = 0; i < rows.count; i++) gather(g, c, rows.index[i], rows.index[i] + 1, width);
    else for (i64 i = 0; i < rows.count; i++) gather(g, c, first_value(c, rows.index[i]), first_value(c, rows.index[i] + 1), width);
    add_values(g->moments, &g->values, g->held);
}

/* Adds the values of some rows, `count` of them (see Rows), of `n` columns to as many moments. Reads the columns within these rows. */
API void kernel_moments(const Column *columns, Moments *moments, i64 n, const i64 *index, i64 count) {
    Rows rows = {index, count};
    for (i64 i = 0; i < n; i++) {
        const Column *c = columns + i;
        i64 width = c->kind == FLOATS ? 4 : 8;
        if (!index && !c->valid) {
            i64 at = first_value(c, 0), end = first_value(c, count);
            for (; at < end; at += CHUNK)
                add_values(moments + i, c->values + (c->offset + at) * width, end - at < CHUNK ? end - at : CHUNK);
            continue;
        }
        Gathered g;
        g.moments = moments + i;
        g.held = 0;
        if (width == 4) gather_rows(&g, c, rows, 4);
        else gather_rows(&g, c, rows, 8);
    }
}

/* Adds `n` moments to as many others. */
API void kernel_merge_moments(Moments *moments, const Moments *others, i64 n) {
    for (i64 i = 0; i < n; i++) {
        Moments *m = moments + i;
        const Moments *o = others + i;
        widen(m, o->count, o->low, o->high, o->zeros);
        m->missing += o->missing;
        m->non_finite += o->non_finite;
        add_limbs(m->total, o->total, TOTAL);
        add_limbs(m->squares, o->squares, SQUARES);
    }
}
