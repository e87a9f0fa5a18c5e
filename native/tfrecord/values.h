/* The values of features, as bytes of protobuf's messages. */
#pragma once
#include "tfrecord/encode.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they stand in memory");

/* What is returned instead of a size: encode.py. */
enum { NO_MEMORY = -1, BAD_ORDER = -2, BAD_FEATURE = -3 };
/* Of a TFRecord's frame: before and after the record. */
enum { HEADER = 12, FOOTER = 4 };

static inline i64 at(const u8 *offsets, i32 width, i64 i) {
    return width == 8 ? (i64)load8(offsets + 8 * i) : (i64)(i32)load4(offsets + 4 * i);
}

/* Whether n + 1 offsets rise from 0 or more to `limit` or less. */
static inline int rise(const u8 *offsets, i32 width, i64 n, i64 limit) {
    i64 last = 0;
    int falls = 0;
    for (i64 i = 0; i <= n; i++) {
        i64 next = at(offsets, width, i);
        falls |= next < last;
        last = next;
    }
    return !falls && last <= limit;
}
static inline int is_sound(const Feature *f, i64 rows) {
    if (f->bounds ? !rise(f->bounds, f->bounds_width, rows, f->count) : f->each * rows > f->count) return 0;
    return f->kind != BYTES || !f->count || (f->offsets && rise(f->offsets, f->offsets_width, f->count, f->size));
}

static inline int varint_size(u64 x) { return (int)((64 - __builtin_clzll(x | 1)) * 9 + 64) / 64; }
static inline u8 *varint(u8 *out, u64 x) {
    while (x > 127) { *out++ = (u8)(x | 128); x >>= 7; }
    *out++ = (u8)x;
    return out;
}

static inline void range_of(const Feature *f, i64 row, i64 *from, i64 *to) {
    *from = f->bounds ? at(f->bounds, f->bounds_width, row) : row * f->each;
    *to = f->bounds ? at(f->bounds, f->bounds_width, row + 1) : *from + f->each;
}
/* The bytes of values: numbers are the content of the packed field; bytes each follow their tag and size. They can't overflow: each
   value is in memory, and takes at most 10 bytes more here. */
static inline u64 length_of(const Feature *f, i64 from, i64 to) {
    if (f->kind == FLOAT) return 4 * (u64)(to - from);
    u64 length = 0;
    if (f->kind == INT) for (; from < to; from++) length += (u64)varint_size(load8(f->values + 8 * from));
    else for (; from < to; from++) {
        u64 size = (u64)(at(f->offsets, f->offsets_width, from + 1) - at(f->offsets, f->offsets_width, from));
        length += 1 + (u64)varint_size(size) + size;
    }
    return length;
}
/* Writes `length` bytes. */
static inline u8 *put_values(u8 *out, const Feature *f, i64 from, i64 to, u64 length) {
    if (!length) return out;
    if (f->kind == FLOAT) { memcpy(out, f->values + 4 * from, length); return out + length; }
    if (f->kind == INT) { for (; from < to; from++) out = varint(out, load8(f->values + 8 * from)); return out; }
    for (; from < to; from++) {
        i64 start = at(f->offsets, f->offsets_width, from), size = at(f->offsets, f->offsets_width, from + 1) - start;
        *out++ = BYTES << 3 | 2;
        out = varint(out, (u64)size);
        if (size) memcpy(out, f->values + start, (size_t)size);
        out += size;
    }
    return out;
}

/* The sizes of the nested messages of a feature whose values have `length` bytes; `entry` is that of all. */
typedef struct { u64 list, feature, pair, entry; } Sizes;
static inline Sizes sizes_of(const Feature *f, u64 length) {
    Sizes s;
    s.list = f->kind == BYTES || !length ? length : 1 + (u64)varint_size(length) + length;
    s.feature = 1 + (u64)varint_size(s.list) + s.list;
    s.pair = 1 + (u64)varint_size((u64)f->name_size) + (u64)f->name_size + 1 + (u64)varint_size(s.feature) + s.feature;
    s.entry = 1 + (u64)varint_size(s.pair) + s.pair;
    return s;
}
/* Writes what a `Feature` has before its values, whose list takes `list` bytes. */
static inline u8 *put_list_head(u8 *out, const Feature *f, u64 list, u64 length) {
    *out++ = (u8)(f->kind << 3 | 2);
    out = varint(out, list);
    if (f->kind != BYTES && length) { *out++ = 0x0A; out = varint(out, length); }
    return out;
}
