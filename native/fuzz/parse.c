/* Random text and separators through the cells' parser and the counting of their spellings, every buffer of exactly the promised size. */
#include "cells/numbers.h"

typedef struct { void *values; u8 *valid, *data; i64 size, nulls, hard, infinite, rounded; u32 position; u8 kind, infinity, pad[2]; } Column;
void kernel_text_sizes(const u32 *, const u32 *, i64, Column *, i64);
i64 kernel_parse(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const Nulls *, Column *, i64, u32 *, i64);
i64 kernel_repeats(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const u8 *, const u32 *, i64, u32 *);

i64 kernel_spellings(const u8 *, const u32 *, const u32 *, i64, const Dialect *, const Nulls *, const u32 *, i64, i64 *, u64 *, i64);

#define MOST 6
enum { SPELLINGS = 11 };
static const char *const PIECES[] = {"\"", "\"\"", ",", ",", "\n", "\n", "\\", "1.5", "-3", "nan", "1e5", "NA", "abcdefghijklmnopqrstuvwxyz", "inf",
    "12345678901234567890", ".", "-", " ", "+", "\xff", "a\"b", "0.3333333333333333148", "16777217", "\t", "1e-310", "9"};

/* Records end at newlines, cells at commas; quotes mean nothing here: the parser must bear any separators. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 2) return 0;
    Dialect dialect = {',', '"', '\\', 0, input[0] & 1, input[0] >> 1 & 1, 0, input[0] >> 2 & 1};
    i64 width = 1 + (input[0] >> 3) % MOST, length = 0, separators = 0, rows = 0, begin = 0;
    u8 *text = calloc(1, 64 * size + SLACK);
    for (size_t i = 1; i < size; i++) {
        const char *piece = PIECES[input[i] % (sizeof PIECES / sizeof *PIECES)];
        memcpy(text + length, piece, strlen(piece));
        length += (i64)strlen(piece);
    }
    text[length++] = '\n';
    text = realloc(text, (size_t)length + SLACK);
    u32 *places = malloc(((size_t)length + 1) * 4), *first = malloc((size_t)length * 4);
    places[separators++] = ~0u;
    for (i64 i = 0; i < length; i++) {
        if (text[i] != ',' && text[i] != '\n') continue;
        places[separators++] = (u32)i;
        if (text[i] == ',') continue;
        if (separators - 1 - begin == width) first[rows++] = (u32)begin;
        begin = separators - 1;
    }
    places = realloc(places, (size_t)separators * 4);
    first = realloc(first, (size_t)(rows ? rows : 1) * 4);
    Column columns[MOST] = {{0}};
    for (i64 c = 0; c < width; c++) columns[c] = (Column){.position = (u32)c, .kind = 1 + (input[1] + c) % 3, .infinity = input[1] % 3};
    kernel_text_sizes(places, first, rows, columns, width);
    for (i64 c = 0; c < width; c++) {
        Column *x = columns + c;
        x->values = malloc((size_t)(x->kind == 1 ? rows * 4 : x->kind == 2 ? rows * 8 : rows * 4 + 4));
        x->valid = malloc((size_t)(rows + 7) / 8);
        x->data = malloc((size_t)x->size + SLACK);
    }
    static const u32 offsets[] = {0, 2, 4};
    Nulls nulls = {1 << 2, 2, (const u8 *)"NA-9", offsets};
    i64 room = input[1] % 9;
    u32 *hard = malloc((size_t)room * 8), *found = malloc((size_t)rows * 4), *ends = calloc((size_t)width + 1, 4);
    kernel_parse(text, places, first, rows, &dialect, &nulls, columns, width, hard, room);
    for (i64 c = 0; c < width; c++) ends[c + 1] = ends[c] + (u32)(c % 2);
    kernel_repeats(text, places, first, rows, &dialect, (const u8 *)"9999", ends, width, found);
    u64 *unsure = malloc((size_t)room * 8);
    u32 *positions = malloc((size_t)width * 4);
    i64 *counts = calloc((size_t)width * SPELLINGS, 8);
    for (i64 c = 0; c < width; c++) positions[c] = (u32)c;
    nulls.count = input[1] >> 4 & 2;
    nulls.lengths = nulls.count ? 1 << 2 : 0;
    kernel_spellings(text, places, first, rows, &dialect, &nulls, positions, width, counts, unsure, room);
    for (i64 c = 0; c < width; c++) {
        i64 cells = 0;
        for (int k = 0; k < SPELLINGS; k++) cells += counts[SPELLINGS * c + k];
        if (cells != rows) abort();
    }
    free(unsure); free(positions); free(counts);
    for (i64 c = 0; c < width; c++) { free(columns[c].values); free(columns[c].valid); free(columns[c].data); }
    free(text); free(places); free(first); free(hard); free(found); free(ends);
    return 0;
}
