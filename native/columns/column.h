/* Columns as the statistics see them: values where Arrow or NumPy holds them, some rows of them or all. */
#pragma once
#include <stddef.h>
#include "kernel.h"

enum { FLOATS = 1, INTEGERS = 2, TEXTS = 3, LARGE_TEXTS = 4 };

/* COLUMN in transforms/kernel/described_columns.py has this layout.

   Value j stands at index offset + j of `values` (float32, int64, or a text's int32 or int64 offsets, of which there is one more than
   values) and of the bitmap `valid`, which is null where all are valid. Row r has the values from r * each up to (r + 1) * each; where
   `bounds` isn't null, those from bounds[r] up to bounds[r + 1]. `values` and `bounds` are aligned to their items. */
typedef struct {
    const u8 *valid, *values;
    const i64 *bounds;
    i64 offset, each, kind;
} Column;
_Static_assert(sizeof(Column) == 48 && offsetof(Column, values) == 8 && offsetof(Column, bounds) == 16 && offsetof(Column, offset) == 24 &&
               offsetof(Column, each) == 32 && offsetof(Column, kind) == 40, "as COLUMN");

/* Some rows: `count` indices, or, where `index` is null, the rows from 0 to `count`. */
typedef struct {
    const i64 *index;
    i64 count;
} Rows;

static inline i64 first_value(const Column *c, i64 row) { return c->bounds ? c->bounds[row] : row * c->each; }
static inline i64 is_valid(const Column *c, i64 at) { return !c->valid || (c->valid[at >> 3] >> (at & 7) & 1); }
