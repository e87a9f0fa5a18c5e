/* Where the records and cells of a text are: the text begins with a record.

   For delimiters and quotes 64 bytes at a time (lex_blocks); where a text has escapes, comments or blanks that matter, a byte at a time (walk).
   Both give the same arrays:
   separators  the offsets of delimiters and of line ends' bytes that are outside quoted cells and not escaped, up to the last complete
               line's end; the first stands for the one before the text, and offsets are counted modulo 2**32
   first       for each record that isn't blank, the index in `separators` of the one before its first cell
   cells       the number of its cells

   Room: every separator but the first and the one at the file's end is a byte of the text, so there are at most n + 2; whole groups of 8
   are written, at most 7 more: n + 9 <= SEPARATORS_ROOM. A record has at least a byte and, unless it is the last, a line end, so there are
   at most (n + 1) / 2; a blank line, too, writes the place after them: (n + 1) / 2 + 1 <= RECORDS_ROOM. Both as in lexer.py. */
#include "records/quotes.h"

/* What lexer.py reads: `Lexed`. */
typedef struct { i64 separators, records, stop, lines, blank, comments, opened, high, torn; } Facts;
_Static_assert(sizeof(Facts) == 9 * 8, "as lexer.py reads them");

/* `index` of the separator before the record that is being read, and the offset after it; `ends`: line ends outside quotes, a carriage
   return with its newline as one, but those of comments. */
typedef struct { u32 *separators, *first, *cells; u32 count, before; i64 records, start, ends; } Out;

static Out out_of(u32 *separators, u32 *first, u32 *cells) {
    separators[0] = ~0u;
    return (Out){separators, first, cells, 1, 0, 0, 0, 0};
}

/* A line ends at the separator of some index and offset. */
static inline void end_line(Out *o, u32 index, i64 at, int is_record) {
    o->first[o->records] = o->before;
    o->cells[o->records] = index - o->before;
    o->records += is_record;
    o->before = index;
    o->start = at + 1;
}

static inline void push(Out *o, i64 at) { o->separators[o->count++] = (u32)at; }

static i64 count_lines(const u8 *p, i64 n) {
    const Dialect none = {0};
    u64 cr = 0;
    i64 lines = 0;
    for (i64 at = 0; at < n; at += 64) {
        int length = n - at < 64 ? (int)(n - at) : 64;
        Masks m = masks_of(length == 64 ? load64(p + at) : load_part(p + at, length), length, none);
        lines += __builtin_popcountll(lines_in(m, cr));
        cr = m.cr >> 63;
    }
    return lines;
}

/* ---- 64 bytes at a time ---- */

typedef struct { State state; u64 cr, high, torn, opens; i64 opens_at, lines; } Blocks;

static inline void lex_block(Blocks *b, Out *o, const u8 *text, i64 at, int length, Dialect d) {
    Bytes64 x = length == 64 ? load64(text + at) : load_part(text + at, length);
    Masks m = masks_of(x, length, d);
    Step step = advance(&b->state, m, length);
    u64 separators = m.begins & ~step.inside, lines = lines_in(m, b->cr);
    b->high |= high64(x);
    b->torn |= step.torn;
    if (step.opens) { b->opens = step.opens; b->opens_at = at; }
    b->lines += __builtin_popcountll(lines);
    /* A carriage return and its newline have the same state: only a quote changes it. */
    o->ends += __builtin_popcountll(lines & ~step.inside);
    b->cr = m.cr >> 63;
    for (u64 ends = (m.lf | m.cr) & separators; ends; ends &= ends - 1) {
        i64 end = at + __builtin_ctzll(ends);
        end_line(o, o->count + (u32)__builtin_popcountll(separators & ((ends & -ends) - 1)), end, end != o->start);
    }
    /* Eight at a time, more than there are: no branch on the number. */
    u32 *out = o->separators + o->count;
    int count = __builtin_popcountll(separators);
    for (int i = 0; i < count; i += 8)
        for (int j = i; j < i + 8; j++) { out[j] = (u32)at + (u32)__builtin_ctzll(separators | 1ull << 63); separators &= separators - 1; }
    o->count += (u32)count;
}

static void lex_blocks(const u8 *text, i64 n, Dialect d, int at_end, Out *o, Facts *f) {
    Blocks b = {{0, 1, 0}, 0, 0, 0, 0, 0, 0};
    i64 at = 0;
    for (; n - at >= 64; at += 64) lex_block(&b, o, text, at, 64, d);
    if (at < n) lex_block(&b, o, text, at, (int)(n - at), d);
    if (at_end && !b.state.inside && o->start < n) {
        push(o, n);
        end_line(o, o->count - 1, n, 1);
        o->start = n;
        o->ends++;
    }
    f->lines = b.lines - count_lines(text + o->start, n - o->start);
    f->opened = b.state.inside ? b.opens_at + 63 - __builtin_clzll(b.opens) : -1;
    f->high = b.high != 0;
    f->torn = b.torn != 0;
}

/* ---- a byte at a time ---- */

/* In a cell: at its start or after blanks there, in it without quotes, inside them, just after those, after blanks after those. */
enum { START, UNQUOTED, QUOTED, CLOSED, AFTER };
enum { OTHER, DELIMITER, END, QUOTE, ESCAPE, BLANK };

/* `runs`: a run of spaces delimits once. `filled`: whether the line has anything but blanks. */
typedef struct { const u8 *text; i64 n; Dialect d; int at_end, runs, state, filled, torn; i64 opened, comments; u8 kind[256]; } Walk;

static Walk walk_of(const u8 *text, i64 n, Dialect d, int at_end) {
    Walk w = {text, n, d, at_end, in_runs(d), START, 0, 0, -1, 0, {0}};
    w.kind[' '] = w.kind['\t'] = BLANK;
    if (!w.runs) w.kind[d.delimiter] = DELIMITER;
    if (d.has_quote) w.kind[d.quote] = QUOTE;
    w.kind['\n'] = w.kind['\r'] = END;
    if (d.has_escape) w.kind[d.escape] = ESCAPE;
    return w;
}

/* The end of the line at `at`, which isn't escaped; n where the text ends before. */
static i64 comment_end(const Walk *w, i64 at) {
    for (; at < w->n && w->kind[w->text[at]] != END; at++) at += w->kind[w->text[at]] == ESCAPE;
    return at < w->n ? at : w->n;
}

/* Ends a line at a carriage return or newline; returns the offset after its end. */
static i64 walk_line_end(Walk *w, Out *o, i64 at, int is_record) {
    push(o, at);
    end_line(o, o->count - 1, at, is_record);
    if (w->text[at] == '\r' && at + 1 < w->n && w->text[at + 1] == '\n') {
        push(o, at + 1);
        end_line(o, o->count - 1, at + 1, 0);
    }
    w->state = START;
    w->filled = 0;
    return o->start;
}

/* A run of spaces and tabs outside quotes: its last space delimits, unless the line begins or ends at the run. */
static i64 walk_run(Walk *w, Out *o, i64 at) {
    i64 from = at, last = -1;
    for (; at < w->n && (w->text[at] == ' ' || w->text[at] == '\t'); at++) if (w->text[at] == ' ') last = at;
    if (last >= 0 && from != o->start && at < w->n && w->kind[w->text[at]] != END) { push(o, last); w->state = START; }
    else if (w->state == CLOSED) w->state = AFTER;
    return at;
}

static void walk_quote(Walk *w, i64 at) {
    switch (w->state) {
    case START: w->state = QUOTED; w->opened = at; break;
    case QUOTED: w->state = CLOSED; break;
    case CLOSED: w->state = QUOTED; break;
    default: w->torn |= w->state == AFTER; w->state = UNQUOTED;
    }
}

static void walk_other(Walk *w) {
    if (w->state == QUOTED) return;
    w->torn |= w->state == CLOSED || w->state == AFTER;
    w->state = UNQUOTED;
}

static void walk_blank(Walk *w) {
    if (w->state == CLOSED) w->state = AFTER;
    else if (w->state == START && !w->d.trim) w->state = UNQUOTED;
}

static void walk(Walk *w, Out *o) {
    for (i64 at = 0; at < w->n;) {
        u8 c = w->text[at], kind = w->kind[c];
        if (at == o->start && w->d.has_comment && c == w->d.comment && kind != ESCAPE) {
            i64 end = comment_end(w, at);
            if (end == w->n && !w->at_end) return;
            w->comments++;
            if (end == w->n) { o->start = end; return; }
            at = walk_line_end(w, o, end, 0);
            continue;
        }
        if (kind == END && w->state != QUOTED) {
            o->ends++;
            at = walk_line_end(w, o, at, w->runs ? w->filled : at != o->start);
            continue;
        }
        if (kind == BLANK && w->runs && w->state != QUOTED) { at = walk_run(w, o, at); continue; }
        w->filled = 1;
        if (kind == QUOTE) walk_quote(w, at);
        else if (kind == DELIMITER && w->state != QUOTED) { push(o, at); w->state = START; }
        else if (kind == BLANK) walk_blank(w);
        else walk_other(w);
        at += 1 + (kind == ESCAPE && at + 1 < w->n);
    }
}

static void lex_bytes(const u8 *text, i64 n, Dialect d, int at_end, Out *o, Facts *f) {
    Walk w = walk_of(text, n, d, at_end);
    walk(&w, o);
    if (at_end && w.state != QUOTED && o->start < n) {
        if (!w.runs || w.filled) { push(o, n); end_line(o, o->count - 1, n, 1); }
        o->start = n;
        o->ends++;
    }
    u64 high = 0;
    for (i64 at = 0; at < n; at += 64) high |= high64(n - at < 64 ? load_part(text + at, (int)(n - at)) : load64(text + at));
    f->lines = count_lines(text, o->start);
    f->opened = w.state == QUOTED ? w.opened : -1;
    f->high = high != 0;
    f->torn = w.torn;
    f->comments = w.comments;
}

/* Whether anything but delimiters and quotes means something in the text: spaces that delimit in runs, an escape, a comment, or, with `trim`,
   a blank before a quote. */
static int needs_bytes(const u8 *text, i64 n, Dialect d) {
    if (in_runs(d)) return 1;
    u64 start = 1, blank = 0, found = 0;
    for (i64 at = 0; at < n && !found; at += 64) {
        int length = n - at < 64 ? (int)(n - at) : 64;
        Bytes64 x = length == 64 ? load64(text + at) : load_part(text + at, length);
        if (d.has_escape) found |= equals64(x, d.escape);
        if (d.has_comment) {
            u64 ends = equals64(x, '\n') | equals64(x, '\r');
            found |= equals64(x, d.comment) & (ends << 1 | start);
            start = ends >> 63;
        }
        if (d.trim && d.has_quote) {
            u64 blanks = equals64(x, ' ') | equals64(x, '\t');
            found |= equals64(x, d.quote) & (blanks << 1 | blank);
            blank = blanks >> 63;
        }
    }
    return found != 0;
}

/* Reads text[0, n) and nothing else; n < 2**31, so that no count of separators overflows. */
API void kernel_lex(const u8 *text, i64 n, const Dialect *dialect, i32 at_end, u32 *separators, u32 *first, u32 *cells, Facts *facts) {
    Dialect d = *dialect;
    Out o = out_of(separators, first, cells);
    memset(facts, 0, sizeof *facts);
    if ((d.has_escape || d.has_comment || d.trim) && needs_bytes(text, n, d)) lex_bytes(text, n, d, at_end, &o, facts);
    else lex_blocks(text, n, d, at_end, &o, facts);
    facts->separators = o.before + 1;
    facts->records = o.records;
    facts->stop = o.start;
    facts->blank = o.ends - o.records;
}

/* ---- what few texts need ---- */

/* The offset after some line ends, and in `left` how many of them the text lacks. A carriage return at the text's end is one if `at_end`. */
API i64 kernel_skip_lines(const u8 *text, i64 n, i32 at_end, i64 *left) {
    i64 stop = 0;
    for (i64 at = 0; at < n && *left; at++) {
        if (text[at] == '\r' ? at + 1 == n ? !at_end : text[at + 1] == '\n' : text[at] != '\n') continue;
        stop = at + 1;
        --*left;
    }
    return stop;
}

/* The number of line ends before each of some offsets, which ascend up to n. */
API void kernel_lines(const u8 *text, i64 n, const i64 *offsets, i64 count, i64 *lines) {
    i64 at = 0, found = 0, within = 0;
    for (i64 i = 0; i < count; i++) {
        if (offsets[i] > at) {
            /* After a carriage return alone its newline would be counted once more. */
            found += count_lines(text + at, offsets[i] - at) - within;
            at = offsets[i];
            within = at < n && text[at - 1] == '\r' && text[at] == '\n';
        }
        /* A line doesn't end between the two. */
        lines[i] = found - within;
    }
}

static i64 skip_blanks(const u8 *text, i64 at, i64 stop) {
    while (at < stop && (text[at] == ' ' || text[at] == '\t')) at++;
    return at;
}

/* The offset of the text that follows the quote which closes a cell; `stop` where none does. Blanks are no such text: unescaped ones in a
   cell are no delimiters, whatever the dialect. */
static i64 torn_at(const u8 *text, i64 at, i64 stop, Dialect d) {
    if (d.trim) at = skip_blanks(text, at, stop);
    if (at == stop || text[at] != d.quote) return stop;
    for (at++; at < stop; at++) {
        if (d.has_escape && text[at] == d.escape) at++;
        else if (text[at] == d.quote) {
            if (at + 1 < stop && text[at + 1] == d.quote) at++;
            else return skip_blanks(text, at + 1, stop);
        }
    }
    return stop;
}

/* The records with such text: their indices, the first such cell of each, and where the text begins. Returns how many: at most `records`. */
API i64 kernel_stray(const u8 *text, const Dialect *dialect, const u32 *separators, const u32 *first, const u32 *cells, i64 records,
                     i64 *found, i64 *places, i64 *offsets) {
    i64 count = 0;
    for (i64 r = 0; dialect->has_quote && r < records; r++) {
        for (u32 c = 0; c < cells[r]; c++) {
            const u32 *s = separators + first[r] + c;
            i64 at = torn_at(text, (u32)(s[0] + 1), s[1], *dialect);
            if (at >= s[1]) continue;
            found[count] = r; places[count] = c; offsets[count++] = at;
            break;
        }
    }
    return count;
}
