/* A hash of bytes. */
#pragma once
#include "kernel.h"

static inline u64 fold(u64 a, u64 b) {
    unsigned __int128 x = (unsigned __int128)a * b;
    return (u64)x ^ (u64)(x >> 64);
}

/* A hash of n bytes, none of which is read beyond them: 16 at a time, then the last 16 or fewer, perhaps some of them twice. With a secret
   seed, which is in both factors of each product, nobody can choose bytes of one hash, nor bytes that make a product 0; with seed 0, by which
   workers spread tokens, one can: tokens may be chosen that all fall into one partition. */
static inline u64 hash_of(const u8 *p, i64 n, u64 seed) {
    const u64 A = 0xa0761d6478bd642full, B = 0xe7037ed1a0b428dbull, C = 0x8ebc6af09c88c6e3ull;
    u64 hash = fold((u64)n ^ A ^ seed, B), first = 0, last = 0;
    for (; n > 16; n -= 16, p += 16) hash = fold(load8(p) ^ A ^ hash, load8(p + 8) ^ B ^ seed);
    if (n >= 8) first = load8(p), last = load8(p + n - 8);
    else if (n >= 4) first = load4(p), last = load4(p + n - 4);
    else if (n) first = (u64)p[0] << 16 | (u64)p[n >> 1] << 8 | p[n - 1];
    return fold(fold(first ^ A ^ hash, last ^ B ^ seed) ^ hash, C);
}
