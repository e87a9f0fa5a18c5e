/* Counts of numbers by the first bits of their keys: exact while they are few, in bins of a bounded number beyond. */
#include "columns/column.h"
#include "statistics/keys.h"

/* A key without its low bits; a count of 0 is no bin. BIN in transforms/distributions/column_bins.py. */
typedef struct { u64 key; i64 count; } Bin;

/* The bins of a column, in a hash table. How many bits the keys have lost is the least number with which they make at most `most` bins, so
   it depends on the set of values alone. There are 2**bits slots, more than `most`, which is at least 2. LAYOUT in column_bins.py. */
typedef struct { Bin *slots; i64 bits, most, held, lost, below, above; } Bins;
_Static_assert(sizeof(Bin) == 16 && sizeof(Bins) == 56 && offsetof(Bins, bits) == 8 && offsetof(Bins, most) == 16 &&
               offsetof(Bins, held) == 24 && offsetof(Bins, lost) == 32 && offsetof(Bins, below) == 40 && offsetof(Bins, above) == 48,
               "as LAYOUT");

static inline u64 slot_of(u64 key, i64 bits) { return key * 0x9E3779B97F4A7C15ull >> (64 - bits); }

static inline Bin *find(const Bins *b, u64 key) {
    u64 at = slot_of(key, b->bits), last = (1ull << b->bits) - 1;
    while (b->slots[at].count && b->slots[at].key != key) at = (at + 1) & last;
    return b->slots + at;
}

/* Without a branch, which would be mispredicted at every other slot; so it writes one bin after the last. */
static i64 list(const Bins *b, Bin *bins) {
    i64 held = 0;
    for (i64 i = 0; i < 1ll << b->bits; i++) {
        bins[held] = b->slots[i];
        held += bins[held].count != 0;
    }
    return held;
}

static void lose(Bins *b, i64 bits, Bin *spare) {
    i64 held = b->held ? list(b, spare) : 0;
    if (held) memset(b->slots, 0, sizeof(Bin) << b->bits);
    b->lost += bits;
    b->held = 0;
    for (i64 i = 0; i < held; i++) {
        Bin *bin = find(b, spare[i].key >> bits);
        b->held += !bin->count;
        *bin = (Bin){spare[i].key >> bits, bin->count + spare[i].count};
    }
}

static void add(Bins *b, u64 key, i64 count, Bin *spare) {
    for (;;) {
        Bin *bin = find(b, key >> b->lost);
        if (bin->count || b->held < b->most) {
            b->held += !bin->count;
            *bin = (Bin){key >> b->lost, bin->count + count};
            return;
        }
        lose(b, 1, spare);
    }
}

enum { MAGNITUDE = 0x7FFFFFFF, INFINITE = 0x7F800000 };

static inline __attribute__((always_inline)) void add_values(Bins *b, const Column *c, i64 from, i64 to, Bin *spare, int is_float) {
    Bin *slots = b->slots;
    i64 bits = b->bits, lost = b->lost;
    for (i64 at = c->offset + from; at < c->offset + to; at++) {
        if (!is_valid(c, at)) continue;
        u64 key;
        if (is_float) {
            u32 number = ((const u32 *)c->values)[at];
            if (UNLIKELY((number & MAGNITUDE) >= INFINITE)) {
                if ((number & MAGNITUDE) == INFINITE) *(number >> 31 ? &b->below : &b->above) += 1;
                continue;
            }
            key = float_key(number);
        } else key = integer_key(((const i64 *)c->values)[at]);
        Bin *bin = slots + slot_of(key >> lost, bits);
        if (LIKELY(bin->key == key >> lost && bin->count)) bin->count++;
        else {
            add(b, key, 1, spare);
            lost = b->lost;
        }
    }
}

static inline __attribute__((always_inline)) void add_rows(Bins *b, const Column *c, Rows rows, Bin *spare, int is_float) {
    if (!rows.index) add_values(b, c, first_value(c, 0), first_value(c, rows.count), spare, is_float);
    else for (i64 i = 0; i < rows.count; i++)
        add_values(b, c, first_value(c, rows.index[i]), first_value(c, rows.index[i] + 1), spare, is_float);
}

/* Adds the values of some rows (see Rows) of `n` columns to as many bins: neither nulls nor NaNs; infinities are counted by themselves.
   `spare` has room for one more than the most bins of any column. */
API void kernel_bin(const Column *columns, Bins *bins, i64 n, const i64 *index, i64 count, Bin *spare) {
    Rows rows = {index, count};
    for (i64 i = 0; i < n; i++) {
        if (columns[i].kind == FLOATS) add_rows(bins + i, columns + i, rows, spare, 1);
        else add_rows(bins + i, columns + i, rows, spare, 0);
    }
}

/* Lists the bins of `n` columns in no order, one column after the other. `listed` has room for all and one more. */
API void kernel_list_bins(const Bins *bins, i64 n, Bin *listed) {
    for (i64 i = 0; i < n; i++) listed += list(bins + i, listed);
}

/* Adds listed bins of `n` columns, of which column i has others[i].held, and its infinities. `spare` as above. */
API void kernel_merge_bins(Bins *bins, const Bins *others, i64 n, const Bin *listed, Bin *spare) {
    for (i64 i = 0; i < n; i++) {
        Bins *b = bins + i;
        if (b->lost < others[i].lost) lose(b, others[i].lost - b->lost, spare);
        for (i64 j = 0; j < others[i].held; j++) add(b, listed[j].key << others[i].lost, listed[j].count, spare);
        listed += others[i].held;
        b->below += others[i].below;
        b->above += others[i].above;
    }
}
