/* Stacks columns as the rows of a matrix, which a graph takes as one tensor. */
#include "columns/column.h"

/* The first row from `row` on that may be null: bytes of the bitmap that say of eight rows that all are valid are passed over. */
static inline i64 next_doubtful(const Column *c, i64 row, i64 rows) {
    for (i64 at = c->offset + row; !(at & 7) && row + 8 <= rows && c->valid[at >> 3] == 255; at += 8) row += 8;
    return row;
}

#define FILL(type, missing)                                                                                                            \
    for (i64 row = next_doubtful(c, 0, rows); row < rows; row = next_doubtful(c, row + 1, rows))                                         \
        if (!is_valid(c, c->offset + row)) ((type *)to)[row] = missing;

/* Copies the first `rows` values of each of `n` columns of floats, or of integers, to `out`, one column after the other. Each has one value
   a row. A null becomes NaN or -2**63. */
API void kernel_stack(const Column *columns, i64 n, i64 rows, u8 *out) {
    for (i64 i = 0; i < n && rows > 0; i++) {
        const Column *c = columns + i;
        i64 width = c->kind == FLOATS ? 4 : 8;
        u8 *to = out + i * rows * width;
        memcpy(to, c->values + c->offset * width, (size_t)(rows * width));
        if (!c->valid) continue;
        if (c->kind == FLOATS) {
            FILL(u32, 0x7fc00000)
        } else {
            FILL(i64, INT64_MIN)
        }
    }
}
