/* Random text and separators through the cells' parser and the counting of their spellings, every buffer of exactly the promised size. Both
   find the same whatever stands behind the text. */
#include "cells/numbers.h"

typedef struct { void *values; u8 *valid, *data; i64 size, nulls, hard, infinite, rounded; u32 position; u8 kind, infinity, pad[2]; } Column;
void kernel_text_sizes(const u32 *, const u32 *, i64, Column *, i64);
i64 kernel_parse(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const Nulls *, Column *, i64, u32 *, i64);
i64 kernel_repeats(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const u8 *, const u32 *, i64, u32 *);

i64 kernel_spellings(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const Nulls *, const u32 *, i64, i64 *, u64 *, i64);

#define MOST 6
enum { SPELLINGS = 11, FLOAT = 1, INT = 2, TEXT = 3 };
static const char *const PIECES[] = {"\"", "\"\"", ",", ",", "\n", "\n", "\\", "1.5", "-3", "nan", "1e5", "NA", "abcdefghijklmnopqrstuvwxyz", "inf",
    "12345678901234567890", ".", "-", " ", "+", "\xff", "a\"b", "0.3333333333333333148", "16777217", "\t", "1e-310", "9"};

static void check(int holds) { if (!holds) abort(); }

static size_t values_of(const Column *column, i64 rows) { return (size_t)(column->kind == INT ? 8 * rows : 4 * (rows + (column->kind == TEXT))); }

/* Some rows, and what is found of them. */
typedef struct { u8 *text; u32 *places, *first; i64 rows, width; Dialect dialect; u8 seed; } Cells;
typedef struct { Column columns[MOST]; u32 *hard; i64 listed; u64 *unsure; i64 uncounted, *counts; } Found;

static Found find(const Cells *x) {
    Found f = {{{0}}, NULL, 0, NULL, 0, NULL};
    i64 rows = x->rows, room = x->seed % 9;
    for (i64 c = 0; c < x->width; c++) f.columns[c] = (Column){.position = (u32)c, .kind = 1 + (x->seed + c) % 3, .infinity = x->seed % 3};
    kernel_text_sizes(x->places, x->first, rows, f.columns, x->width);
    for (i64 c = 0; c < x->width; c++) {
        Column *column = f.columns + c;
        column->values = malloc(values_of(column, rows));
        column->valid = malloc((size_t)(rows + 7) / 8);
        column->data = malloc((size_t)column->size + SLACK);
    }
    static const u32 offsets[] = {0, 2, 4};
    Nulls nulls = {1 << 2, 2, (const u8 *)"NA-9", offsets};
    f.hard = malloc((size_t)room * 8);
    f.listed = kernel_parse(x->text, x->places, x->first, rows, &x->dialect, &nulls, f.columns, x->width, f.hard, room);
    f.unsure = malloc((size_t)room * 8);
    f.counts = calloc((size_t)x->width * SPELLINGS, 8);
    u32 *positions = malloc((size_t)x->width * 4);
    for (i64 c = 0; c < x->width; c++) positions[c] = (u32)c;
    nulls.count = x->seed >> 4 & 2;
    nulls.lengths = nulls.count ? 1 << 2 : 0;
    f.uncounted = kernel_spellings(x->text, x->places, x->first, rows, &x->dialect, &nulls, positions, x->width, f.counts, f.unsure, room);
    free(positions);
    for (i64 c = 0; c < x->width; c++) {
        i64 cells = 0;
        for (int k = 0; k < SPELLINGS; k++) cells += f.counts[SPELLINGS * c + k];
        check(cells == rows);
    }
    return f;
}

static void check_same(const Found *a, const Found *b, const Cells *x) {
    i64 room = x->seed % 9, listed = a->uncounted < room ? a->uncounted : room;
    check(a->listed == b->listed && !memcmp(a->hard, b->hard, (size_t)a->listed * 8));
    check(a->uncounted == b->uncounted && !memcmp(a->unsure, b->unsure, (size_t)listed * 8));
    check(!memcmp(a->counts, b->counts, (size_t)x->width * SPELLINGS * 8));
    for (i64 c = 0; c < x->width; c++) {
        const Column *one = a->columns + c, *other = b->columns + c;
        check(one->size == other->size && one->nulls == other->nulls && one->hard == other->hard && one->infinite == other->infinite);
        check(one->rounded == other->rounded && !memcmp(one->valid, other->valid, (size_t)(x->rows + 7) / 8));
        check(!memcmp(one->values, other->values, values_of(one, x->rows)));
        check(one->kind != TEXT || !memcmp(one->data, other->data, (size_t)one->size));
    }
}

static void release(Found *f, i64 width) {
    for (i64 c = 0; c < width; c++) { free(f->columns[c].values); free(f->columns[c].valid); free(f->columns[c].data); }
    free(f->hard); free(f->unsure); free(f->counts);
}

static u8 *text_of(const u8 *input, size_t size, i64 *length) {
    u8 *text = malloc(64 * size + SLACK);
    for (size_t i = 1; i < size; i++) {
        const char *piece = PIECES[input[i] % (sizeof PIECES / sizeof *PIECES)];
        memcpy(text + *length, piece, strlen(piece));
        *length += (i64)strlen(piece);
    }
    text[(*length)++] = '\n';
    return realloc(text, (size_t)*length + SLACK);
}

/* Records end at newlines, cells at commas; quotes mean nothing here: the parser must bear any separators. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 2) return 0;
    Cells x = {.width = 1 + (input[0] >> 3) % MOST, .seed = input[1]};
    x.dialect = (Dialect){',', '"', '\\', 0, input[0] & 1, input[0] >> 1 & 1, 0, input[0] >> 2 & 1};
    i64 length = 0, separators = 0, begin = 0;
    u8 *text = x.text = text_of(input, size, &length);
    u32 *places = malloc(((size_t)length + 1) * 4), *first = malloc((size_t)length * 4);
    places[separators++] = ~0u;
    for (i64 i = 0; i < length; i++) {
        if (text[i] != ',' && text[i] != '\n') continue;
        places[separators++] = (u32)i;
        if (text[i] == ',') continue;
        if (separators - 1 - begin == x.width) first[x.rows++] = (u32)begin;
        begin = separators - 1;
    }
    x.places = realloc(places, (size_t)separators * 4);
    x.first = realloc(first, (size_t)(x.rows ? x.rows : 1) * 4);
    /* Behind the text: zeros, then what looks like more of it. */
    memset(text + length, 0, SLACK);
    Found found = find(&x);
    for (i64 i = 0; i < SLACK; i++) text[length + i] = (u8)*PIECES[input[(size_t)i % size] % (sizeof PIECES / sizeof *PIECES)];
    Found again = find(&x);
    check_same(&found, &again, &x);
    u32 *repeats = malloc((size_t)x.rows * 4), *ends = calloc((size_t)x.width + 1, 4);
    for (i64 c = 0; c < x.width; c++) ends[c + 1] = ends[c] + (u32)(c % 2);
    kernel_repeats(text, x.places, x.first, x.rows, &x.dialect, (const u8 *)"9999", ends, x.width, repeats);
    release(&found, x.width);
    release(&again, x.width);
    free(text); free(x.places); free(x.first); free(repeats); free(ends);
    return 0;
}
