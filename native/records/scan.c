/* What a range of a file does to each state before it, so that ranges are scanned in any order (range_scan.py composes them). */
#include "records/quotes.h"

/* By state before the range (unquoted, quoted, just after a quote in a quoted cell): the state after it; where the first record starts in it,
   and the lines that end before that; where the quote stands that opened the cell in which the range ends, and the lines before it. -1: nowhere. */
typedef struct { i64 exit, boundary, boundary_lines, opened, opened_lines; } Lane;
/* The lines that end in the range; whether a blank stands before a quote. */
typedef struct { Lane lanes[3]; i64 lines, blanks; } Effect;
_Static_assert(sizeof(Effect) == 17 * 8, "as range_scan.py reads it");

/* `root[k]`: the lane that has come to the same state as lane k, the lowest such one. */
typedef struct { State state[3]; int root[3], wanted; u64 lf, cr, blank; Dialect d; } Scan;

static inline i64 lines_before(i64 lines, u64 ends, int i) { return lines + __builtin_popcountll(ends & ((1ull << i) - 1)); }

/* Byte `i` of a block begins the first record of the lanes that have the root `k`. */
static void found_boundary(Scan *s, Effect *e, int k, i64 at, i64 lines) {
    for (int j = k; j < 3; j++) {
        if (s->root[j] != k || e->lanes[j].boundary >= 0) continue;
        e->lanes[j].boundary = at;
        e->lanes[j].boundary_lines = lines;
        s->wanted--;
    }
}

static void found_opened(Scan *s, Effect *e, int k, i64 at, i64 lines) {
    for (int j = k; j < 3; j++) {
        if (s->root[j] != k) continue;
        e->lanes[j].opened = at;
        e->lanes[j].opened_lines = lines;
    }
}

static inline int same(State a, State b) { return a.inside == b.inside && a.begins == b.begins && a.closed == b.closed; }

/* Lanes that have come to the same state go on as one. */
static void merge(Scan *s) {
    for (int k = 1; k < 3; k++)
        for (int j = 0; j < k; j++)
            if (s->root[j] == j && s->root[k] == k && same(s->state[j], s->state[k]))
                for (int i = k; i < 3; i++) if (s->root[i] == k) s->root[i] = j;
}

static inline void scan_block(Scan *s, Effect *e, const u8 *text, i64 at, int length) {
    Bytes64 x = length == 64 ? load64(text + at) : load_part(text + at, length);
    Masks m = masks_of(x, length, s->d);
    u64 valid = ~0ull >> (64 - length), ends = lines_in(m, s->cr), start = (m.lf << 1 | s->lf | ((m.cr << 1 | s->cr) & ~m.lf)) & valid;
    if (s->d.trim) {
        u64 blank = ((s->d.delimiter == ' ' ? 0 : equals64(x, ' ')) | (s->d.delimiter == '\t' ? 0 : equals64(x, '\t'))) & valid;
        e->blanks |= ((blank << 1 | s->blank) & m.quote) != 0;
        s->blank = blank >> 63;
    }
    for (int k = 0; k < 3; k++) {
        if (s->root[k] != k) continue;
        u64 was = s->state[k].inside & 1;
        Step step = advance(&s->state[k], m, length);
        if (step.opens) {
            int i = 63 - __builtin_clzll(step.opens);
            found_opened(s, e, k, at + i, lines_before(e->lines, ends, i));
        }
        u64 free = start & ~(step.inside << 1 | was);
        if (s->wanted && free) {
            int i = __builtin_ctzll(free);
            found_boundary(s, e, k, at + i, lines_before(e->lines, ends, i));
        }
    }
    if (m.quote) merge(s);
    e->lines += __builtin_popcountll(ends);
    s->lf = m.lf >> 63;
    s->cr = m.cr >> 63;
}

/* `before`: the byte before the text. Reads text[0, n) and nothing else. */
API void kernel_scan_range(const u8 *text, i64 n, i32 before, const Dialect *dialect, Effect *e) {
    Dialect d = *dialect;
    u64 begins = before == d.delimiter || before == '\n' || before == '\r', after = d.has_quote && before == d.quote;
    u64 blank = (before == ' ' || before == '\t') && before != d.delimiter;
    /* A quote continues a run, even one that opens a cell: nothing begins after it. The third state is that of a byte that isn't a quote, too. */
    Scan s = {{{0, begins, 0}, {~0ull, 0, 0}, {0, begins, after}}, {0, 1, 2}, 3, before == '\n', before == '\r', blank, d};
    *e = (Effect){{{0, -1, 0, -1, 0}, {0, -1, 0, -1, 0}, {0, -1, 0, -1, 0}}, 0, 0};
    if (!n) { for (int k = 0; k < 3; k++) e->lanes[k].exit = k; return; }
    merge(&s);
    i64 at = 0;
    for (; n - at >= 64; at += 64) scan_block(&s, e, text, at, 64);
    if (at < n) scan_block(&s, e, text, at, (int)(n - at));
    for (int k = 0; k < 3; k++) {
        State end = s.state[s.root[k]];
        e->lanes[k].exit = end.inside ? 1 : end.closed ? 2 : 0;
        if (!e->lanes[k].exit) e->lanes[k].opened = -1;
    }
}
