/* Fuzzes kernel_stack: columns with and without nulls at any offset, in memory of exactly their size, against a loop over rows. */
#include "columns/column.h"

void kernel_stack(const Column *, i64, i64, u8 *);

static void check(int holds) { if (!holds) abort(); }

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    if (size < 4) return 0;
    i64 width = data[0] & 1 ? 4 : 8, n = 1 + data[1] % 3, offset = data[2] % 20, rows = data[3] % 80, count = offset + rows;
    Column columns[3] = {0};
    u8 *out = malloc((size_t)(n * rows * width) + 1);
    check(out != NULL);
    for (i64 i = 0; i < n; i++) {
        u8 *values = malloc((size_t)(count * width) + 1), *valid = malloc((size_t)((count + 7) / 8) + 1);
        check(values && valid);
        /* Of exactly their size: the byte more is at the end of an empty one. */
        values = realloc(values, (size_t)(count * width) + !count), valid = realloc(valid, (size_t)((count + 7) / 8) + !count);
        check(values && valid);
        for (i64 j = 0; j < count * width; j++) values[j] = (u8)(data[(size_t)(j + 5 * i) % size] + j);
        for (i64 j = 0; j < (count + 7) / 8; j++) valid[j] = data[3] & 128 ? 255 : data[(size_t)(j * 7 + i) % size];
        columns[i] = (Column){.valid = valid, .values = values, .offset = offset, .each = 1, .kind = width == 4 ? FLOATS : INTEGERS};
    }
    u8 *without = (u8 *)columns[n - 1].valid;
    if (data[0] & 2) columns[n - 1].valid = NULL;
    kernel_stack(columns, n, rows, out);
    for (i64 i = 0; i < n; i++)
        for (i64 row = 0; row < rows; row++) {
            const Column *c = columns + i;
            i64 least = INT64_MIN;
            u32 nan = 0x7fc00000;
            const void *missing = width == 4 ? (const void *)&nan : &least;
            check(!memcmp(out + (i * rows + row) * width, is_valid(c, offset + row) ? c->values + (offset + row) * width : missing, (size_t)width));
        }
    columns[n - 1].valid = without;
    for (i64 i = 0; i < n; i++) free((void *)columns[i].values), free((void *)columns[i].valid);
    free(out);
    return 0;
}
