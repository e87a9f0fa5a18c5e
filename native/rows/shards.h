/* How the rows of a split are spread over its shards. */
#pragma once
#include <stddef.h>
#include "kernel.h"

/* `next` is the index in the split of its next row, `start` the number of shards of the splits before it; `total` and `shards` are at
   least 1. Rows are spread by a hash of (seed, index), or else each shard is a range of the `total` rows. The rest is the kernel's own. */
typedef struct {
    i64 next, start, total, shards;
    u64 seed;
    i64 hashed, shard, stop;
    u64 state, inverse;
} Spread;
_Static_assert(offsetof(Spread, seed) == 32 && offsetof(Spread, hashed) == 40 && sizeof(Spread) == 80, "_SPREAD in transforms/rows/splits.py");

API void kernel_assign_shards(Spread *spread, i64 rows, i64 *shards);
API void kernel_sort_rows(const i64 *splits, i64 rows, Spread *spreads, i64 n, i64 *shards, i64 *order, i64 *stops);
