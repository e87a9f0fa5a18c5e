/* Hashes of texts that are the same on every machine and in every run: workers spread tokens by them. */
#include "column.h"

typedef unsigned __int128 u128;

static inline u64 mix(u64 a, u64 b) {
    u128 x = (u128)a * b;
    return (u64)x ^ (u64)(x >> 64);
}

/* A hash of n bytes, none of which is read beyond them: 16 at a time, then the last 16 or fewer, perhaps some of them twice. */
static inline u64 hash_of(const u8 *p, i64 n) {
    const u64 A = 0xa0761d6478bd642full, B = 0xe7037ed1a0b428dbull, C = 0x8ebc6af09c88c6e3ull;
    u64 hash = mix((u64)n ^ A, B), first = 0, last = 0;
    for (; n > 16; n -= 16, p += 16) hash = mix(load8(p) ^ A ^ hash, load8(p + 8) ^ B);
    if (n >= 8) first = load8(p), last = load8(p + n - 8);
    else if (n >= 4) first = load4(p), last = load4(p + n - 4);
    else if (n) first = (u64)p[0] << 16 | (u64)p[n >> 1] << 8 | p[n - 1];
    return mix(mix(first ^ A ^ hash, last ^ B) ^ hash, C);
}

/* Writes the hash of each of `rows` texts; `texts` are the bytes that the column's offsets lead to. Nulls are hashed, too: as the bytes
   that their offsets enclose. */
API void kernel_hash_texts(const Column *c, const u8 *texts, i64 rows, u64 *hashes) {
    const i32 *small_offsets = (const i32 *)c->values + c->offset;
    const i64 *large_offsets = (const i64 *)c->values + c->offset;
    for (i64 r = 0; r < rows; r++) {
        i64 at = c->kind == LARGE_TEXTS ? large_offsets[r] : small_offsets[r];
        i64 end = c->kind == LARGE_TEXTS ? large_offsets[r + 1] : small_offsets[r + 1];
        hashes[r] = end > at ? hash_of(texts + at, end - at) : 0;
    }
}
