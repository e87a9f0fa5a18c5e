/* Counts of texts, in a hash table whose memory the caller owns: it makes room, and then calls again. */
#include "columns/column.h"
#include "columns/hash.h"

/* An entry's index from 1; 0 is no entry. The tag is half of the text's hash, whose seed is secret: nobody can choose texts that all fall
   into one slot. */
typedef struct { u32 tag, entry; } Slot;
_Static_assert(sizeof(Slot) == 8, "as _Room in transforms/statistics/token_counts.py");

/* _Room in transforms/statistics/token_counts.py has this layout. Entry e is the text from offsets[e] up to offsets[e + 1] of `bytes`; its
   count and tag are at e. There is room for `room` entries, a power of two of at most 2**31, with 2 * room slots, and for `size` bytes. */
typedef struct { Slot *slots; i64 *offsets, *counts; u32 *tags; u8 *bytes; i64 room, size, entries; u64 seed; i64 lines; } Tokens;
_Static_assert(sizeof(Tokens) == 80 && offsetof(Tokens, offsets) == 8 && offsetof(Tokens, counts) == 16 && offsetof(Tokens, tags) == 24 &&
               offsetof(Tokens, bytes) == 32 && offsetof(Tokens, room) == 40 && offsetof(Tokens, size) == 48 &&
               offsetof(Tokens, entries) == 56 && offsetof(Tokens, seed) == 64 && offsetof(Tokens, lines) == 72, "as _Room");

static inline int is_same(const u8 *a, const u8 *b, i64 n) {
    if (n > 16) return !memcmp(a, b, (size_t)n);
    if (n >= 8) return load8(a) == load8(b) && load8(a + n - 8) == load8(b + n - 8);
    if (n >= 4) return load4(a) == load4(b) && load4(a + n - 4) == load4(b + n - 4);
    return a[0] == b[0] && a[n >> 1] == b[n >> 1] && a[n - 1] == b[n - 1];
}

static inline u64 slot_mask(const Tokens *t) { return 2 * (u64)t->room - 1; }

/* Adds to a text's count; returns 0 where there is no room for it. At most half of the slots are taken, so the search ends. */
static inline int add(Tokens *t, u32 tag, const u8 *p, i64 n, i64 count) {
    u64 mask = slot_mask(t), at = tag & mask;
    for (; t->slots[at].entry; at = (at + 1) & mask) {
        i64 e = (i64)t->slots[at].entry - 1;
        if (t->slots[at].tag == tag && t->offsets[e + 1] - t->offsets[e] == n && is_same(t->bytes + t->offsets[e], p, n)) {
            t->counts[e] += count;
            return 1;
        }
    }
    if (!t->lines && (memchr(p, '\n', (size_t)n) || memchr(p, '\r', (size_t)n))) return 1; /* never counted */
    i64 e = t->entries, used = t->offsets[e];
    if (e == t->room || n > t->size - used) return 0;
    memcpy(t->bytes + used, p, (size_t)n);
    t->offsets[e + 1] = used + n;
    t->counts[e] = count;
    t->tags[e] = tag;
    t->entries = e + 1;
    t->slots[at] = (Slot){tag, (u32)(e + 1)};
    return 1;
}

/* Texts whose slots are asked for before they are looked at; and where there are more entries than the nearest memory holds, these too. */
enum { AHEAD = 32, MANY = 8192 };

static inline __attribute__((always_inline)) i64 count(Tokens *t, const Column *c, const u8 *texts, const i64 *weights, i64 from, i64 to, int large) {
    const i32 *small_offsets = (const i32 *)c->values + c->offset;
    const i64 *large_offsets = (const i64 *)c->values + c->offset;
    u32 tags[AHEAD];
    i64 entries[AHEAD];
    for (i64 start = from, n; start < to; start += n) {
        n = to - start < AHEAD ? to - start : AHEAD;
        for (i64 i = 0; i < n; i++) {
            i64 at = large ? large_offsets[start + i] : small_offsets[start + i];
            i64 length = (large ? large_offsets[start + i + 1] : small_offsets[start + i + 1]) - at;
            tags[i] = length > 0 ? (u32)(hash_of(texts + at, length, t->seed) >> 32) : 0;
            __builtin_prefetch(t->slots + (tags[i] & slot_mask(t)));
        }
        if (t->entries > MANY) {
            for (i64 i = 0; i < n; i++) {
                i64 e = t->slots[tags[i] & slot_mask(t)].entry;
                entries[i] = e ? e - 1 : 0;
                __builtin_prefetch(t->offsets + entries[i]);
                __builtin_prefetch(t->counts + entries[i], 1);
            }
            for (i64 i = 0; i < n; i++) __builtin_prefetch(t->bytes + t->offsets[entries[i]]);
        }
        for (i64 i = 0; i < n; i++) {
            i64 at = large ? large_offsets[start + i] : small_offsets[start + i];
            i64 length = (large ? large_offsets[start + i + 1] : small_offsets[start + i + 1]) - at;
            if (length > 0 && is_valid(c, c->offset + start + i) && !add(t, tags[i], texts + at, length, weights ? weights[start + i] : 1))
                return start + i;
        }
    }
    return to;
}

/* Counts the texts of the rows from `from` up to `to`, each once or by its weight; neither nulls and empty ones, nor, unless `lines` is
   set, those with an end of a line. Returns `to`, or the first row for which there was no room. `texts` are the bytes that the column's offsets lead to. */
API i64 kernel_count_tokens(Tokens *t, const Column *c, const u8 *texts, const i64 *weights, i64 from, i64 to) {
    return c->kind == LARGE_TEXTS ? count(t, c, texts, weights, from, to, 1) : count(t, c, texts, weights, from, to, 0);
}

/* Enters all entries into slots that are empty, of a table that was made larger. */
API void kernel_enter_tokens(Tokens *t) {
    u64 mask = slot_mask(t);
    for (i64 e = 0; e < t->entries; e++) {
        if (e + AHEAD < t->entries) __builtin_prefetch(t->slots + (t->tags[e + AHEAD] & mask), 1);
        u64 at = t->tags[e] & mask;
        while (t->slots[at].entry) at = (at + 1) & mask;
        t->slots[at] = (Slot){t->tags[e], (u32)(e + 1)};
    }
}
