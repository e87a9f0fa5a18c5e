/* Keys of numbers, gathered, sorted and counted. */
#include "columns/column.h"
#include "statistics/keys.h"

static inline __attribute__((always_inline)) i64 append(const Column *c, i64 from, i64 to, void *keys, i64 held, int is_float) {
    for (i64 at = c->offset + from; at < c->offset + to; at++) {
        i64 kept = is_valid(c, at);
        if (is_float) {
            u32 bits = ((const u32 *)c->values)[at];
            ((u32 *)keys)[held] = float_key(bits);
            kept &= (bits & 0x7FFFFFFF) < 0x7F800000;
        } else ((u64 *)keys)[held] = integer_key(((const i64 *)c->values)[at]);
        held += kept;
    }
    return held;
}

static inline __attribute__((always_inline)) i64 append_rows(const Column *c, Rows rows, void *keys, i64 held, int is_float) {
    if (!rows.index) return append(c, first_value(c, 0), first_value(c, rows.count), keys, held, is_float);
    for (i64 i = 0; i < rows.count; i++)
        held = append(c, first_value(c, rows.index[i]), first_value(c, rows.index[i] + 1), keys, held, is_float);
    return held;
}

/* Appends the keys of some rows' valid and finite values, of `n` columns, to keys[i], which holds held[i] and has room for one more than
   all: float32 has keys of 32 bits, int64 of 64. */
API void kernel_append_keys(const Column *columns, i64 n, const i64 *index, i64 count, void *const *keys, i64 *held) {
    Rows rows = {index, count};
    for (i64 i = 0; i < n; i++) {
        if (columns[i].kind == FLOATS) held[i] = append_rows(columns + i, rows, keys[i], held[i], 1);
        else held[i] = append_rows(columns + i, rows, keys[i], held[i], 0);
    }
}

/* Sorted keys; without counts, each counts 1. The keys are read without their low `shift` bits, of fewer than the key has. */
typedef struct { const void *keys; const i64 *counts; i64 n, shift; } Counted;
_Static_assert(sizeof(Counted) == 32 && offsetof(Counted, counts) == 8 && offsetof(Counted, n) == 16 && offsetof(Counted, shift) == 24,
               "as _Counted in transforms/statistics/quantiles.py");

/* Goes through a side's keys. Where there are no counts, `count` stays at a 1. */
typedef struct { const Counted *side; i64 i; const i64 *count; i64 step; } Cursor;
static const i64 ONE = 1;
static inline Cursor start(const Counted *side) { return (Cursor){side, 0, side->counts ? side->counts : &ONE, side->counts != NULL}; }
static inline void advance(Cursor *c, i64 by) { c->i += by, c->count += by & c->step; }
static inline __attribute__((always_inline)) u64 key_at(const Cursor *c, int wide) {
    return (wide ? ((const u64 *)c->side->keys)[c->i] : ((const u32 *)c->side->keys)[c->i]) >> c->side->shift;
}

typedef struct { void *keys; i64 *counts; i64 n; u64 last; i64 run; } Merged;
/* Adds a key that isn't below those before it. */
static inline __attribute__((always_inline)) void add(Merged *m, u64 key, i64 count, int wide) {
    i64 is_new = !m->n | (key != m->last);
    m->n += is_new;
    m->run = count + (m->run & (is_new - 1));
    m->last = key;
    if (wide) ((u64 *)m->keys)[m->n - 1] = key;
    else ((u32 *)m->keys)[m->n - 1] = (u32)key;
    m->counts[m->n - 1] = m->run;
}

/* Without branches on the keys: which side's is next follows no pattern. */
static inline __attribute__((always_inline)) i64 merge(const Counted *left, const Counted *right, void *keys, i64 *counts, int wide) {
    Merged m = {keys, counts, 0, 0, 0};
    Cursor a = start(left), b = start(right);
    while (a.i < left->n && b.i < right->n) {
        u64 ours = key_at(&a, wide), theirs = key_at(&b, wide);
        i64 first = ours <= theirs;
        add(&m, ours < theirs ? ours : theirs, *(first ? a.count : b.count), wide);
        advance(&a, first);
        advance(&b, !first);
    }
    for (; a.i < left->n; advance(&a, 1)) add(&m, key_at(&a, wide), *a.count, wide);
    for (; b.i < right->n; advance(&b, 1)) add(&m, key_at(&b, wide), *b.count, wide);
    return m.n;
}

/* Merges sorted keys of `bits` bits (32 or 64) to distinct ones with their counts; returns how many. `keys` and `counts` have room for as many
   as both have. */
API i64 kernel_merge_keys(const Counted *a, const Counted *b, i64 bits, void *keys, i64 *counts) {
    return bits == 64 ? merge(a, b, keys, counts, 1) : merge(a, b, keys, counts, 0);
}
