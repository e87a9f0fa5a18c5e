/* Counts and lengths of texts, from their offsets alone. */
#include "columns/column.h"

/* LAYOUT in transforms/statistics/text_summary.py is this layout. Without values `shortest` is the largest int64. */
typedef struct { i64 count, missing, empty, length, shortest, longest; } Lengths;
_Static_assert(sizeof(Lengths) == 48 && offsetof(Lengths, missing) == 8 && offsetof(Lengths, empty) == 16 && offsetof(Lengths, length) == 24 &&
               offsetof(Lengths, shortest) == 32 && offsetof(Lengths, longest) == 40, "as LAYOUT");

static inline __attribute__((always_inline)) void add_rows(Lengths *lengths, const Column *c, Rows rows, int large) {
    const i32 *small_offsets = (const i32 *)c->values;
    const i64 *large_offsets = (const i64 *)c->values;
    Lengths sum = *lengths;
    for (i64 i = 0; i < rows.count; i++) {
        i64 at = c->offset + (rows.index ? rows.index[i] : i);
        i64 length = large ? large_offsets[at + 1] - large_offsets[at] : (i64)small_offsets[at + 1] - small_offsets[at];
        i64 valid = is_valid(c, at), some = valid & (length > 0);
        length = some ? length : 0;
        sum.count += some;
        sum.missing += !some;
        sum.empty += valid & !some;
        sum.length += length;
        sum.shortest = some && length < sum.shortest ? length : sum.shortest;
        sum.longest = length > sum.longest ? length : sum.longest;
    }
    *lengths = sum;
}

/* Adds the lengths of some rows' texts, of `n` columns to as many summaries; each row has one text. Reads the columns' offsets. */
API void kernel_text_lengths(const Column *columns, Lengths *lengths, i64 n, const i64 *index, i64 count) {
    Rows rows = {index, count};
    for (i64 i = 0; i < n; i++) {
        if (columns[i].kind == LARGE_TEXTS) add_rows(lengths + i, columns + i, rows, 1);
        else add_rows(lengths + i, columns + i, rows, 0);
    }
}
