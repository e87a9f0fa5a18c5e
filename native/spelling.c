/* Counts cells by their spelling, as far as a column's type depends on it: `count_cells` in schemas/inference/spelling.py says what each
   is. No number is computed: its digits tell. Few cells are left to Python: numbers at the edge of int64 or float32. */
#include "arrow.h"
#include "kernel.h"

/* `_KINDS` in transforms/rows/type_tallies.py. OTHER: text, and whatever else makes a column text. */
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

static inline int is_digit(u8 c) { return (u8)(c - '0') < 10; }

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
        else if (!is_digit(*p)) break;
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
        if (!is_digit(*p)) return OTHER;
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

/* The spelling of a cell of `n` bytes, at least one; `end`: where readable bytes end, at p + n or later. Nearly all numbers are digits with
   at most one point, in at most 16 bytes, which are looked at at once. */
static inline int spelling(const u8 *p, i64 n, const u8 *end) {
    int begins = FIRST[*p];
    if (!begins || n > (begins == WORD ? LONGEST_WORD : LONGEST)) return OTHER;
    if (LIKELY(n <= 16)) {
        u8 room[16] = {0};
        const u8 *q = p;
        if (UNLIKELY(end - p < 16)) q = memcpy(room, p, (size_t)n);
        u32 all = (1u << n) - 1, digits = decimals16(q) & all, point = equals16(q, '.') & all, sign = *p == '+' || *p == '-';
        if (LIKELY(digits && (digits | point | sign) == all && !(point & (point - 1)))) {
            u32 nonzero = digits & ~equals16(q, '0');
            if (point) return nonzero & ~(point - 1) ? FLOAT : WHOLE; /* at most 15 digits */
            return p[sign] == '0' && n > 1 + (i64)sign ? LEADING_ZERO : INTEGER;
        }
    }
    return any_spelling(p, p + n);
}

/* A cell whose spelling Python finds. */
typedef struct { i32 column, row; } Cell;
_Static_assert(sizeof(Cell) == 8, "as NumPy has it");

/* Counts the cells of a record batch of `string` columns without nulls of its own. `counts`: i64 [columns][KINDS], added to. `hard`: room for
   `room` cells. Returns the number of hard cells, of which the first `room` are told. */
API i64 kernel_spellings(const struct ArrowArray *batch, i64 *counts, Cell *hard, i64 room) {
    i64 found = 0;
    for (i64 c = 0; c < batch->n_children; c++, counts += KINDS) {
        const struct ArrowArray *column = batch->children[c];
        i64 from = batch->offset + column->offset, rows = batch->length, here[KINDS] = {0};
        const u8 *valid = column->null_count ? column->buffers[0] : NULL, *data = column->buffers[2];
        const i32 *offsets = column->buffers[1];
        if (!rows) continue;
        offsets += from;
        const u8 *end = data + offsets[rows];
        for (i64 r = 0; r < rows; r++) {
            i64 n = offsets[r + 1] - offsets[r];
            int kind = ABSENT;
            if (LIKELY(n && (!valid || valid[(from + r) >> 3] >> ((from + r) & 7) & 1))) kind = spelling(data + offsets[r], n, end);
            here[kind]++;
            if (UNLIKELY(kind == HARD)) {
                if (found < room) hard[found] = (Cell){(i32)c, (i32)r};
                found++;
            }
        }
        for (int k = 0; k < KINDS; k++) counts[k] += here[k];
    }
    return found;
}
