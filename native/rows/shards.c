/* The shard of each row, and a block's rows in the order of their shards. */
#include "rows/shards.h"

/* SplitMix64's last step (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). */
static inline u64 mixed(u64 x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* x % d without a division; `inverse` is (2^64 - 1) / d. 2^64 - d * inverse is from 1 to d, so x / d exceeds x * inverse / 2^64 by at most
   x / 2^64, less than 1. So the quotient is the true one or 1 less, and what remains less than 2 * d, at most 2^64. */
static inline u64 modulo(u64 x, u64 d, u64 inverse) {
    u64 rest = x - (u64)((unsigned __int128)x * inverse >> 64) * d;
    return rest >= d ? rest - d : rest;
}

/* Finds the range of rows that row `i` is in. Row i's shard is i * shards / total, so shard k ends before the first i with
   i * shards >= (k + 1) * total. Products of two numbers below 2^63 fit into 128 bits. Rows beyond the total are in the last shard: a second
   pass may read too many before that is noticed. */
static void find_range(Spread *s, i64 i) {
    unsigned __int128 shards = (u64)s->shards, total = (u64)s->total, shard = (u64)i * shards / total;
    if (shard >= shards - 1) {
        s->shard = s->shards - 1;
        s->stop = INT64_MAX;
    } else {
        s->shard = (i64)shard;
        s->stop = (i64)(((shard + 1) * total + shards - 1) / shards);
    }
}

static void begin(Spread *s) {
    s->stop = 0;
    s->state = mixed(s->seed);
    s->inverse = UINT64_MAX / (u64)s->shards;
}
/* The shard of the split's next row. */
static inline i64 next_shard(Spread *s, int hashed) {
    i64 i = s->next++;
    if (hashed) return (i64)modulo(mixed(s->state + ((u64)i + 1) * 0x9E3779B97F4A7C15u), (u64)s->shards, s->inverse);
    if (UNLIKELY(i >= s->stop)) find_range(s, i);
    return s->shard;
}

/* Writes the shard of each of the next `rows` rows of a split. */
API void kernel_assign_shards(Spread *spread, i64 rows, i64 *shards) {
    begin(spread);
    for (i64 r = 0; r < rows; r++) shards[r] = next_shard(spread, spread->hashed != 0);
}

/* Writes the shard of each row, counted from the first split's first one, and the number of rows in each shard. */
static inline void count(const i64 *splits, i64 rows, Spread *spreads, int hashed, i64 *shards, i64 *sizes) {
    for (i64 r = 0; r < rows; r++) {
        Spread *s = spreads + splits[r];
        i64 shard = s->start + next_shard(s, hashed);
        shards[r] = shard;
        sizes[shard]++;
    }
}

/* Sorts rows by split and shard: `order` [rows] has those of each shard as they stood. `splits` [rows] are indices of the `n` spreads,
   all hashed or none; each spread's `next` rises by its rows. `stops` has as many zeros as there are shards in all, and gets the end of each
   shard in `order`. `shards` [rows] is scratch memory. */
API void kernel_sort_rows(const i64 *splits, i64 rows, Spread *spreads, i64 n, i64 *shards, i64 *order, i64 *stops) {
    for (i64 s = 0; s < n; s++) begin(spreads + s);
    if (spreads->hashed) count(splits, rows, spreads, 1, shards, stops);
    else count(splits, rows, spreads, 0, shards, stops);
    i64 all = spreads[n - 1].start + spreads[n - 1].shards, before = 0;
    for (i64 k = 0; k < all; k++) {
        i64 size = stops[k];
        stops[k] = before;
        before += size;
    }
    for (i64 r = 0; r < rows; r++) order[stops[shards[r]]++] = r;
}
