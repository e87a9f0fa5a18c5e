/* Rows of any splits, spread over any numbers of shards. */
#include "rows/shards.h"

static void check(int holds) { if (!holds) abort(); }
static void *filled(i64 count, i64 size) {
    void *made = calloc((size_t)(count ? count : 1), (size_t)size);
    check(made != NULL);
    return made;
}

/* As the definition has it, by divisions alone. */
static u64 mix(u64 x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}
static i64 expected(const Spread *s, i64 i) {
    if (s->hashed) return (i64)(mix(mix(s->seed) + ((u64)i + 1) * 0x9E3779B97F4A7C15u) % (u64)s->shards);
    unsigned __int128 shard = (unsigned __int128)(u64)i * (u64)s->shards / (u64)s->total;
    return shard < (u64)s->shards ? (i64)shard : s->shards - 1;
}

/* Numbers of any size, more small ones. */
static i64 number(const uint8_t *input, i64 i) { return 1 + (i64)(load8(input + 8 * i) >> (1 + input[8 * i + 1] % 63)); }

static void check_assigned(Spread s, i64 rows) {
    i64 *shards = filled(rows, 8), first = s.next;
    kernel_assign_shards(&s, rows, shards);
    check(s.next == first + rows);
    for (i64 r = 0; r < rows; r++) check(shards[r] == expected(&s, first + r));
    free(shards);
}

static void check_sorted(Spread *spreads, i64 n, const uint8_t *input, i64 rows) {
    i64 all = 0, *splits = filled(rows, 8), *shards = filled(rows, 8), *order = filled(rows, 8), *firsts = filled(n, 8);
    for (i64 s = 0; s < n; s++) {
        firsts[s] = spreads[s].next;
        spreads[s].start = all;
        spreads[s].shards = 1 + spreads[s].shards % 100;
        all += spreads[s].shards;
    }
    for (i64 r = 0; r < rows; r++) splits[r] = input[r] % n;
    i64 *stops = filled(all, 8), at = 0;
    kernel_sort_rows(splits, rows, spreads, n, shards, order, stops);
    for (i64 r = 0; r < rows; r++) check(shards[r] == spreads[splits[r]].start + expected(spreads + splits[r], firsts[splits[r]]++));
    for (i64 s = 0; s < n; s++) check(spreads[s].next == firsts[s]);
    for (i64 k = 0; k < all; k++)
        for (i64 from = at; at < stops[k]; at++) check(shards[order[at]] == k && (at == from || order[at] > order[at - 1]));
    check(at == rows);
    free(splits); free(shards); free(order); free(firsts); free(stops);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 130) return 0;
    i64 n = 1 + input[128] % 4, hashed = input[129] & 1;
    Spread *spreads = filled(n, sizeof *spreads);
    for (i64 s = 0; s < n; s++) {
        const uint8_t *own = input + 32 * s;
        /* 2^62 rows more don't overflow. */
        spreads[s] = (Spread){number(own, 0) >> 1, 0, number(own, 1), number(own, 2), load8(own + 24), hashed, 0, 0, 0, 0};
        check_assigned(spreads[s], (i64)size);
    }
    check_sorted(spreads, n, input, (i64)size);
    free(spreads);
    return 0;
}
