/* Which bytes of a text are inside quoted cells, 64 at a time, exact for malformed text. */
#pragma once
#include "records/dialect.h"

/* The state between two bytes: inside a quoted cell (all ones, or 0); else whether a cell begins here, or a quote has just closed one (1 or 0). */
typedef struct { u64 inside, begins, closed; } State;
/* Bit i: whether byte i is a quote; a delimiter or a part of a line's end; a newline; a carriage return. */
typedef struct { u64 quote, begins, lf, cr; } Masks;
/* Bit i: whether byte i is inside a quoted cell, its opening quote included and its closing one not; opens a cell; follows the quote that
   closes one, being neither a quote nor the cell's end. */
typedef struct { u64 inside, opens, torn; } Step;

/* The first `length` of 64 bytes, the rest zero; none after them is read. */
static inline Bytes64 load_part(const u8 *p, int length) {
    u8 part[64] = {0};
    memcpy(part, p, (size_t)length);
    return load64(part);
}

/* The masks of the first `length` bytes, 1 to 64. */
static inline Masks masks_of(Bytes64 x, int length, Dialect d) {
    u64 valid = ~0ull >> (64 - length), lf = equals64(x, '\n') & valid, cr = equals64(x, '\r') & valid;
    return (Masks){d.has_quote ? equals64(x, d.quote) & valid : 0, (equals64(x, d.delimiter) & valid) | lf | cr, lf, cr};
}

/* The line ends among the bytes of which `m` are the masks, each at its first byte; `cr`: whether a carriage return is before them. */
static inline u64 lines_in(Masks m, u64 cr) { return m.cr | (m.lf & ~(m.cr << 1 | cr)); }

static __attribute__((noinline)) Step advance_bytes(State *s, Masks m, int length) {
    u64 inside = s->inside & 1, begins = s->begins, closed = s->closed;
    Step step = {0, 0, 0};
    for (int i = 0; i < length; i++) {
        u64 quote = m.quote >> i & 1, separator = m.begins >> i & 1;
        step.torn |= (closed & ~quote & ~separator) << i;
        if (quote && inside) { inside = 0; closed = 1; begins = 0; }
        else if (quote && (begins || closed)) { step.opens |= begins << i; inside = 1; begins = closed = 0; }
        else { begins = separator & ~inside; closed = 0; }
        step.inside |= inside << i;
    }
    *s = (State){0 - inside, begins, closed};
    return step;
}

/* Quotes toggle the state if each one that opens begins a cell or follows one that closes; where that isn't so, a byte at a time. */
static inline Step advance(State *s, Masks m, int length) {
    u64 inside = (m.quote ? parity(m.quote) : 0) ^ s->inside, open = m.quote & inside, closed = m.quote & ~inside;
    if (UNLIKELY(length < 64 || (open & ~((m.begins | closed) << 1 | s->begins | s->closed)))) return advance_bytes(s, m, length);
    u64 after = closed << 1 | s->closed;
    *s = (State){0 - (inside >> 63), (m.begins & ~inside) >> 63, closed >> 63};
    return (Step){inside, open & ~after, after & ~m.begins & ~m.quote};
}
