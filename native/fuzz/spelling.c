/* Fuzzes the counting of spellings: random cells in buffers of exactly their size. */
#include <stddef.h>
#include "../arrow.h"

i64 kernel_spellings(const struct ArrowArray *batch, i64 *counts, void *hard, i64 room);

/* The first byte tells the room for hard cells; a byte of 7 ends a cell, one of 6 begins one that is null. Others below 32 stand for those
   of numbers. */
int LLVMFuzzerTestOneInput(const u8 *input, size_t size) {
    static const char LETTERS[] = "0123456789+-.eE 0123456789.infatyN";
    if (!size) return 0;
    i64 room = *input & 3, rows = 0;
    u8 *data = malloc(size), *valid = malloc(size / 8 + 1);
    i32 *offsets = malloc((size + 2) * sizeof(i32));
    u64 *hard = malloc((size_t)room * 8 + 1);
    if (!data || !valid || !offsets || !hard) abort();
    memset(valid, 255, size / 8 + 1);
    i32 end = 0;
    offsets[0] = 0;
    for (size_t i = 1; i < size; i++) {
        if (input[i] == 6) valid[rows >> 3] &= (u8)~(1 << (rows & 7));
        else if (input[i] == 7) offsets[++rows] = end;
        else data[end++] = input[i] < 192 ? (u8)LETTERS[input[i] % (sizeof(LETTERS) - 1)] : input[i];
    }
    u8 *exact = malloc((size_t)offsets[rows] + !offsets[rows]);
    if (!exact) abort();
    memcpy(exact, data, (size_t)offsets[rows]);
    const void *buffers[3] = {valid, offsets, exact};
    struct ArrowArray column = {.length = rows, .null_count = -1, .n_buffers = 3, .buffers = buffers}, *columns[2] = {&column, &column};
    struct ArrowArray batch = {.length = rows, .n_children = 2, .children = columns};
    i64 counts[2][11] = {0}, cells = 0;
    kernel_spellings(&batch, counts[0], hard, room);
    for (int k = 0; k < 11; k++) {
        if (counts[0][k] != counts[1][k]) abort();
        cells += counts[0][k];
    }
    if (cells != rows) abort();
    free(exact); free(data); free(valid); free(offsets); free(hard);
    return 0;
}
