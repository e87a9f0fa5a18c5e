/* Cells to typed columns, and rows that repeat a header. */
#include "cells/numbers.h"
#include <math.h>
#include <stddef.h>

enum { FLOAT = 1, INT = 2, TEXT = 3 };
enum { KEEP, AS_MISSING, REJECT }; /* What becomes of infinite numbers. */

/* One wanted column; `_COLUMN` in transforms/csv/cell_columns.py. `values` has room for `rows` float32 or int64, or for rows + 1 int32 offsets;
   `valid` for (rows + 7) / 8 bytes, a bitmap; `data` for the `size` that kernel_text_sizes gave and SLACK. A null's value is NaN, -2**63, or
   empty. The counts are added to. */
typedef struct { void *values; u8 *valid, *data; i64 size, nulls, hard, infinite, rounded; u32 position; u8 kind, infinity, pad[2]; } Column;
_Static_assert(sizeof(Column) == 72 && offsetof(Column, size) == 24 && offsetof(Column, position) == 64 && offsetof(Column, infinity) == 69,
               "as Python packs it");

/* The rows to parse: `first[r]` is the index in `separators` of the one before row r's first cell. `usual`: whether quotes and escapes are no
   part of numbers, so that a number can be read before they are looked for. `hard`: room for pairs of a row and a column's index. */
typedef struct { const u8 *text; const u32 *separators, *first; Dialect dialect; const Nulls *nulls; int usual; u32 *hard; i64 count, room; } Source;

/* Longer cells with quotes inside that should be numbers are left to Python. */
#define ROOM 512
/* Bytes of rows that are gone through column by column: they stay in the cache. */
#define PART 131072

static inline void mark_null(Column *column, i64 row) {
    column->valid[row >> 3] &= (u8)~(1u << (row & 7));
    column->nulls++;
}

/* A number that may have spaces around it, or quotes within, or is a spelling of a missing cell. */
static __attribute__((noinline)) int unusual(Piece cell, const Source *s, const Column *column, i64 row) {
    u8 room[ROOM + SLACK];
    if (!bare(&cell, s->dialect)) {
        if (cell.stop - cell.start > ROOM) return HARD;
        i64 length = unquote(cell, s->dialect, room);
        memset(room + length, 0, SLACK);
        cell = (Piece){room, room + length};
    }
    Piece text = trimmed(cell);
    if (is_missing(cell, text, s->dialect, s->nulls)) return MISSING;
    return column->kind == FLOAT ? any_float(text, (float *)column->values + row) : any_int(text, (i64 *)column->values + row);
}

/* What is left to do with a cell that isn't simply good. */
static __attribute__((noinline)) void settle(Source *s, Column *column, i64 index, i64 row, int result) {
    column->rounded += result == ROUNDED;
    if (result == INFINITE) {
        if (column->infinity == REJECT) result = HARD; /* Counted there. */
        else column->infinite++;
        if (column->infinity == AS_MISSING) result = MISSING;
    }
    if (result != MISSING && result != HARD) return;
    if (column->kind == FLOAT) ((float *)column->values)[row] = NAN; else ((i64 *)column->values)[row] = INT64_MIN;
    mark_null(column, row);
    if (result == MISSING) return;
    column->hard++;
    if (s->count == s->room) return;
    s->hard[2 * s->count] = (u32)row;
    s->hard[2 * s->count++ + 1] = (u32)index;
}

static inline void numbers(Source *s, i64 from, i64 to, Column *column, i64 index, int kind) {
    Dialect d = s->dialect;
    for (i64 row = from; row < to; row++) {
        Piece cell = cell_at(s->text, s->separators + s->first[row], column->position), text = cell;
        int result = GOOD, usual = s->usual;
        if (d.has_quote && *text.start == d.quote && text.stop - text.start >= 2) {
            text.start++;
            text.stop--;
            usual &= *text.stop == d.quote;
        }
        if (LIKELY(usual)) {
            /* A spelling of a missing cell may have quotes within: `unusual` looks at it. */
            if (UNLIKELY(text.start == text.stop)) result = MISSING;
            else if (UNLIKELY(is_null(text, s->nulls))) usual = 0;
            else if (kind == FLOAT) {
                float *value = (float *)column->values + row;
                if (UNLIKELY(!usual_float(text, value, &result))) usual = (result = any_float(text, value)) != HARD;
            } else {
                i64 *value = (i64 *)column->values + row;
                if (UNLIKELY(!usual_int(text, value, &result))) usual = (result = any_int(text, value)) != HARD;
            }
        }
        if (UNLIKELY(!usual)) result = unusual(cell, s, column, row);
        if (UNLIKELY(result)) settle(s, column, index, row, result);
    }
}

/* A cell's text of any kind to `out`, which has the cell's size at least. Returns its length; -1: it is missing. */
static __attribute__((noinline)) i64 any_text(Piece cell, const Source *s, u8 *out) {
    i64 length = unquote(cell, s->dialect, out);
    Piece whole = {out, out + length}, text = s->dialect.trim ? trimmed(whole) : whole;
    if (is_missing(whole, text, s->dialect, s->nulls)) return -1;
    length = text.stop - text.start;
    memmove(out, text.start, (size_t)length);
    return length;
}

/* Bytes are written behind `out` up to the sizes of the cells so far, in all `size`, and up to 16 more. */
static void texts(Source *s, i64 from, i64 to, Column *column) {
    Dialect d = s->dialect;
    i32 *offsets = column->values;
    if (!from) offsets[0] = 0;
    u8 *out = column->data + offsets[from];
    for (i64 row = from; row < to; row++) {
        Piece cell = cell_at(s->text, s->separators + s->first[row], column->position);
        const u8 *p = cell.start, *stop = cell.stop;
        int quoted = d.has_quote && *p == d.quote && p < stop, odd;
        p += quoted;
        stop -= quoted;
        i64 length = stop - p;
        if (quoted && UNLIKELY(length < 0 || *stop != d.quote)) odd = 1;
        else if (LIKELY(length <= 16)) {
            u32 special = (quoted ? equals16(p, d.quote) : 0) | (d.has_escape ? equals16(p, d.escape) : 0);
            odd = (special & ((1u << length) - 1)) != 0;
        } else odd = (quoted && memchr(p, d.quote, (size_t)length)) || (d.has_escape && memchr(p, d.escape, (size_t)length));
        if (d.trim && length > 0) odd |= is_space(*p) || is_space(stop[-1]);
        if (UNLIKELY(odd)) length = any_text(cell, s, out);
        else {
            if (LIKELY(length <= 16)) memcpy(out, p, 16); else memcpy(out, p, (size_t)length);
            if (UNLIKELY(is_null((Piece){p, stop}, s->nulls))) length = -1;
        }
        if (UNLIKELY(length < 0)) {
            mark_null(column, row);
            length = 0;
        }
        out += length;
        offsets[row + 1] = (i32)(out - column->data);
    }
}

/* The room that the text of TEXT columns needs: the sizes of their cells. */
API void kernel_text_sizes(const u32 *separators, const u32 *first, i64 rows, Column *columns, i64 count) {
    for (i64 c = 0; c < count; c++) {
        if (columns[c].kind != TEXT) continue;
        i64 size = 0;
        for (i64 r = 0; r < rows; r++) {
            const u32 *before = separators + first[r] + columns[c].position;
            size += (u32)(before[1] - before[0] - 1);
        }
        columns[c].size = size;
    }
}

static int in_numbers(u8 c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '-' || c == '+'; }

/* Cells to columns. `hard` has room for `room` pairs of a row and the index of a column: the cells whose value Python must find; those of one
   column in the rows' order. A TEXT column's `size` becomes that of its text, which offsets of 31 bits must reach. Returns how many pairs
   were written; the columns' counts tell whether there are more. */
API i64 kernel_parse(const u8 *text, const u32 *separators, const u32 *first, i64 rows, const Dialect *dialect, const Nulls *nulls, Column *columns,
                     i64 count, u32 *hard, i64 room) {
    Dialect d = *dialect;
    int usual = !(d.has_quote && in_numbers(d.quote)) && !(d.has_escape && in_numbers(d.escape));
    Source source = {text, separators, first, d, nulls, usual, hard, 0, room};
    i64 bytes = rows ? (i64)separators[first[rows - 1] + 1] + 1 : 1, step = rows * PART / bytes + 1;
    for (i64 c = 0; c < count; c++) {
        memset(columns[c].valid, 255, (size_t)((rows + 7) / 8));
        if (columns[c].kind == TEXT) ((i32 *)columns[c].values)[0] = 0;
    }
    for (i64 from = 0; from < rows; from += step) {
        i64 to = from + step < rows ? from + step : rows;
        for (i64 c = 0; c < count; c++) {
            Column *column = columns + c;
            if (column->kind == TEXT) texts(&source, from, to, column);
            else if (column->kind == FLOAT) numbers(&source, from, to, column, c, FLOAT);
            else numbers(&source, from, to, column, c, INT);
        }
    }
    for (i64 c = 0; c < count; c++)
        if (columns[c].kind == TEXT) columns[c].size = ((i32 *)columns[c].values)[rows];
    return source.count;
}

/* Whether a cell's text is `expected`, which is trimmed if the dialect says so. */
static int same_text(Piece cell, Dialect d, Piece expected) {
    Reader reader = reader_of(cell, d);
    const u8 *p = expected.start;
    for (int byte; (byte = next_byte(&reader, d)) >= 0;) {
        if (d.trim && (p == expected.start || p == expected.stop) && is_space((u8)byte)) continue;
        if (p == expected.stop || *p++ != byte) return 0;
    }
    return p == expected.stop;
}

/* The rows whose `width` cells all have the texts of a header: cell i is header[offsets[i]] to header[offsets[i + 1]]. Their indices are
   written to `found`, which has room for all. Returns how many. */
API i64 kernel_repeats(const u8 *text, const u32 *separators, const u32 *first, i64 rows, const Dialect *dialect, const u8 *header, const u32 *offsets,
                       i64 width, u32 *found) {
    Dialect d = *dialect;
    i64 count = 0;
    for (i64 row = 0; row < rows; row++) {
        /* Nearly all rows differ in their first byte. */
        u8 byte = *cell_at(text, separators + first[row], 0).start;
        int special = (d.has_quote && byte == d.quote) || (d.has_escape && byte == d.escape) || (d.trim && is_space(byte));
        if (LIKELY(offsets[1] && byte != header[0] && !special)) continue;
        int same = 1;
        for (i64 i = 0; i < width && same; i++)
            same = same_text(cell_at(text, separators + first[row], i), d, (Piece){header + offsets[i], header + offsets[i + 1]});
        if (UNLIKELY(same)) found[count++] = (u32)row;
    }
    return count;
}
