/* One cell's text, as PyArrow's CSV parser reads it: a quote opens a cell at its start alone, inside it is doubled, and what follows the
   closing one is literal; an escape makes the next byte literal, anywhere. */
#pragma once
#include "kernel.h"
#include "records/dialect.h"

typedef struct { const u8 *start, *stop; } Piece;

static inline int is_space(u8 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static inline Piece trimmed(Piece text) {
    while (text.start < text.stop && is_space(*text.start)) text.start++;
    while (text.start < text.stop && is_space(text.stop[-1])) text.stop--;
    return text;
}

/* Cell `i` of a record: what stands between two separators; `before` points to the one before the record's first cell. The first separator
   of a text is 2**32 - 1, so that the sum of 32 bits is its start. */
static inline Piece cell_at(const u8 *text, const u32 *before, i64 i) { return (Piece){text + (u32)(before[i] + 1), text + before[i + 1]}; }

/* A cell's opening quote, after blanks if they are trimmed; NULL where it has none. */
static inline const u8 *opening(Piece cell, Dialect d) {
    const u8 *p = cell.start;
    if (!d.has_quote) return NULL;
    if (d.trim) while (p < cell.stop && (*p == ' ' || *p == '\t')) p++;
    return p < cell.stop && *p == d.quote ? p : NULL;
}

/* Gives a cell's text byte by byte. Blanks before the opening quote count as text after it. */
typedef struct { const u8 *at, *stop, *opening; int inside; } Reader;

static inline Reader reader_of(Piece cell, Dialect d) {
    const u8 *quote = opening(cell, d);
    return (Reader){cell.start, cell.stop, quote, quote != NULL};
}

/* The next byte; -1: there is none. */
static inline int next_byte(Reader *r, Dialect d) {
    while (r->at < r->stop) {
        u8 byte = *r->at++;
        if (r->at - 1 == r->opening) continue;
        if (d.has_escape && byte == d.escape) return r->at < r->stop ? *r->at++ : -1;
        if (!r->inside || byte != d.quote) return byte;
        if (r->at < r->stop && *r->at == d.quote) return *r->at++;
        r->inside = 0;
    }
    return -1;
}

/* Any cell's text, not trimmed, into `room`, which has the size of the cell at least: no byte gives more than one. Returns its length. */
static inline i64 unquote(Piece cell, Dialect d, u8 *room) {
    Reader reader = reader_of(cell, d);
    u8 *out = room;
    for (int byte; (byte = next_byte(&reader, d)) >= 0;) *out++ = (u8)byte;
    return out - room;
}

/* Narrows a cell to its text, not trimmed, where that stands there as it is, perhaps between quotes; else returns 0. */
static inline int bare(Piece *cell, Dialect d) {
    const u8 *quote = opening(*cell, d);
    size_t size = (size_t)(cell->stop - cell->start);
    if (d.has_escape && memchr(cell->start, d.escape, size)) return 0;
    if (!quote) return 1;
    if (quote > cell->start || size < 2 || cell->stop[-1] != d.quote || memchr(quote + 1, d.quote, size - 2)) return 0;
    cell->start++;
    cell->stop--;
    return 1;
}

/* A cell's text, trimmed if the dialect says so: a part of the cell, or of `room`, which has the size of the cell. */
static inline Piece cell_text(Piece cell, Dialect d, u8 *room) {
    if (!bare(&cell, d)) cell = (Piece){room, room + unquote(cell, d, room)};
    return d.trim ? trimmed(cell) : cell;
}

/* The spellings of a missing cell but the empty one, which always is: spelling i is data[offsets[i]] to data[offsets[i + 1]]. Bit n of
   `lengths`: whether one has n bytes; bit 63: 63 or more. `_NULLS` in transforms/csv/cell_columns.py. */
typedef struct { u64 lengths; i64 count; const u8 *data; const u32 *offsets; } Nulls;
_Static_assert(sizeof(Nulls) == 32, "as Python packs it");

static inline int is_null(Piece text, const Nulls *nulls) {
    u64 length = (u64)(text.stop - text.start);
    if (!length) return 1;
    if (LIKELY(!(nulls->lengths >> (length < 63 ? length : 63) & 1))) return 0;
    for (i64 i = 0; i < nulls->count; i++)
        if (nulls->offsets[i + 1] - nulls->offsets[i] == length && !memcmp(nulls->data + nulls->offsets[i], text.start, length)) return 1;
    return 0;
}

/* Whether a cell is missing: its text, or this trimmed, is such a spelling. Where a run of spaces delimits, all of it but its last space stands
   in the cell before it, and is none of its text. */
static inline int is_missing(Piece cell, Piece text, Dialect d, const Nulls *nulls) {
    return is_null(text, nulls) || (!in_runs(d) && is_null(cell, nulls));
}
