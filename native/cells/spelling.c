/* Counts cells by their spelling, as far as a column's type depends on it: `count_cells` in schemas/inference/spelling.py says what each
   is. No number is computed: its digits tell. Few cells are left to Python: numbers at the edge of int64 or float32. */
#include "cells/cell.h"

/* `SPELLINGS` in transforms/csv/cell_spellings.py. OTHER: text, and whatever else makes a column text. */
enum { OTHER, ABSENT, INTEGER, WHOLE, FLOAT, LEADING_ZERO, BIG, INFINITE, NOT_A_NUMBER, BLANK, HARD, KINDS };

/* The most bytes of a number and of a word; of digits, those of the largest int64, and those before the point of the largest float32. */
enum { LONGEST = 64, LONGEST_WORD = 12, INT64_DIGITS = 19, FLOAT32_DIGITS = 39, MOST_EXPONENT = 200 };

/* What a cell may be by its first byte. */
enum { NO_NUMBER, NUMBER, SPACE, WORD };
static const u8 FIRST[256] = {
    ['0'] = NUMBER, ['1'] = NUMBER, ['2'] = NUMBER, ['3'] = NUMBER, ['4'] = NUMBER, ['5'] = NUMBER, ['6'] = NUMBER, ['7'] = NUMBER,
    ['8'] = NUMBER, ['9'] = NUMBER, ['+'] = NUMBER, ['-'] = NUMBER, ['.'] = NUMBER,
    [' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE, ['\r'] = SPACE,
    ['i'] = WORD, ['I'] = WORD, ['n'] = WORD, ['N'] = WORD,
};

static inline int is_decimal(u8 c) { return (u8)(c - '0') < 10; }

/* Digits alone, `n` of them. */
static int whole_digits(const u8 *p, i64 n) {
    if (*p == '0') return n > 1 ? LEADING_ZERO : INTEGER;
    if (n < INT64_DIGITS || (n == INT64_DIGITS && memcmp(p, "9223372036854775807", INT64_DIGITS) <= 0)) return INTEGER;
    return n < FLOAT32_DIGITS ? BIG : n > FLOAT32_DIGITS ? OTHER : HARD;
}

/* A number with a point or an exponent: `point` digits before the point, the first and the last that isn't 0 being digits number `first`
   and `last` of all, times ten to the power of `exponent`. */
static int by_digits(i64 point, i64 first, i64 last, i64 exponent) {
    if (first < 0) return WHOLE;
    i64 before = point + exponent - first; /* digits before the point, once written without an exponent */
    int whole = last < point + exponent;
    if (whole && before < INT64_DIGITS) return WHOLE;
    if ((whole && before == INT64_DIGITS) || before == FLOAT32_DIGITS) return HARD;
    return before < FLOAT32_DIGITS ? FLOAT : OTHER;
}

/* A number; OTHER where the text is none. At most LONGEST bytes, so that no sum overflows. */
static int number(const u8 *p, const u8 *end) {
    if (p < end && (*p == '+' || *p == '-')) p++;
    const u8 *start = p;
    i64 digits = 0, point = -1, first = -1, last = -1, exponent = 0;
    for (; p < end; p++) {
        if (*p == '.' && point < 0) point = digits;
        else if (!is_decimal(*p)) break;
        else {
            if (*p != '0') { last = digits; if (first < 0) first = digits; }
            digits++;
        }
    }
    if (!digits) return OTHER;
    if (p == end) return point < 0 ? whole_digits(start, digits) : by_digits(point, first, last, 0);
    if ((*p++ | 0x20) != 'e') return OTHER;
    int minus = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end) return OTHER;
    for (; p < end; p++) {
        if (!is_decimal(*p)) return OTHER;
        if (exponent <= MOST_EXPONENT) exponent = 10 * exponent + (*p - '0');
    }
    if (exponent > MOST_EXPONENT) return HARD;
    return by_digits(point < 0 ? digits : point, first, last, minus ? -exponent : exponent);
}

static int is_word(const u8 *p, const u8 *end, const char *word, i64 length) {
    if (end - p != length) return 0;
    for (i64 i = 0; i < length; i++) if ((p[i] | 0x20) != word[i]) return 0;
    return 1;
}

/* Infinity and nan, with a sign or without. */
static int word(const u8 *p, const u8 *end) {
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (is_word(p, end, "nan", 3)) return NOT_A_NUMBER;
    return is_word(p, end, "inf", 3) || is_word(p, end, "infinity", 8) ? INFINITE : OTHER;
}

/* Any cell that may be a number, with space around it or without: at most LONGEST bytes, at least one. */
static __attribute__((noinline)) int any_spelling(const u8 *p, const u8 *end) {
    while (p < end && FIRST[*p] == SPACE) p++;
    while (p < end && FIRST[end[-1]] == SPACE) end--;
    if (p == end) return BLANK;
    if (FIRST[*p] == WORD) return end - p <= LONGEST_WORD ? word(p, end) : OTHER;
    int found = FIRST[*p] == NUMBER ? number(p, end) : OTHER;
    return found == OTHER ? word(p, end) : found;
}

/* The spelling of a text of at least one byte. Nearly all numbers are digits with at most one point, in at most 16 bytes, which are looked at
   at once: reads 16 bytes. */
static inline int spelling(Piece text) {
    const u8 *p = text.start;
    i64 n = text.stop - p;
    int begins = FIRST[*p];
    if (!begins || n > (begins == WORD ? LONGEST_WORD : LONGEST)) return OTHER;
    if (LIKELY(n <= 16)) {
        u32 all = (1u << n) - 1, digits = decimals16(p) & all, point = equals16(p, '.') & all, sign = *p == '+' || *p == '-';
        if (LIKELY(digits && (digits | point | sign) == all && !(point & (point - 1)))) {
            u32 nonzero = digits & ~equals16(p, '0');
            if (point) return nonzero & ~(point - 1) ? FLOAT : WHOLE; /* at most 15 digits */
            return p[sign] == '0' && n > 1 + (i64)sign ? LEADING_ZERO : INTEGER;
        }
    }
    return any_spelling(p, text.stop);
}

/* A cell's spelling, however it is quoted. `room`: ROOM + SLACK bytes. */
enum { ROOM = 512 };
static __attribute__((noinline)) int any_cell(Piece cell, Dialect d, const Nulls *nulls, u8 *room) {
    if (cell.start > cell.stop) __builtin_unreachable(); /* separators ascend */
    if (!bare(&cell, d)) {
        if (cell.stop - cell.start > ROOM) return HARD;
        cell = (Piece){room, room + unquote(cell, d, room)};
    }
    Piece text = d.trim ? trimmed(cell) : cell;
    return is_missing(cell, text, d, nulls) ? ABSENT : spelling(text);
}

/* The same. `plain`: whether blanks and escapes are nothing special, and the empty text alone is missing: then most text is told from numbers
   by its first byte, whatever follows. */
static inline int cell_spelling(Piece cell, Dialect d, int plain, const Nulls *nulls, u8 *room) {
    if (!plain) return any_cell(cell, d, nulls, room);
    if (cell.start == cell.stop) return ABSENT;
    if (!d.has_quote || *cell.start != d.quote) return spelling(cell);
    if ((size_t)(cell.stop - cell.start) > 2 && FIRST[cell.start[1]] == NO_NUMBER && cell.start[1] != d.quote) return OTHER;
    return any_cell(cell, d, nulls, room);
}

/* A cell whose spelling Python finds. */
typedef struct { u32 column, row; } Cell;
_Static_assert(sizeof(Cell) == 8, "as NumPy has it");

/* Bytes of rows that are gone through column by column: they stay in the cache. */
#define PART 131072

/* Counts the cells of some rows: `first[r]` is the index in `separators` of the one before row r's first cell, `positions[c]` a column's
   position in each row. `counts`: i64 [columns][KINDS], added to. `hard`: room for `most` cells. SLACK bytes after the text are readable.
   Returns the number of hard cells, of which the first `most` are told. */
API i64 kernel_spellings(const u8 *text, const u32 *separators, const u32 *first, i64 rows, const Dialect *dialect, const Nulls *nulls,
                         const u32 *positions, i64 columns, i64 *counts, Cell *hard, i64 most) {
    Dialect d = *dialect;
    u8 room[ROOM + SLACK] = {0};
    int plain = !d.trim && !d.has_escape && !nulls->count;
    i64 found = 0;
    for (i64 from = 0, to; from < rows; from = to) {
        u32 begin = separators[first[from]] + 1;
        for (to = from + 1; to < rows && separators[first[to]] + 1 - begin < PART; to++) { }
        for (i64 c = 0; c < columns; c++) {
            i64 *here = counts + KINDS * c;
            for (i64 r = from; r < to; r++) {
                int kind = cell_spelling(cell_at(text, separators + first[r], positions[c]), d, plain, nulls, room);
                here[kind]++;
                if (LIKELY(kind != HARD)) continue;
                if (found < most) hard[found] = (Cell){(u32)c, (u32)r};
                found++;
            }
        }
    }
    return found;
}
