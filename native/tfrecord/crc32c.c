/* CRC32C, by the processor's instruction where it has one. */
#include "kernel.h"
#include "tfrecord/crc32c.h"

/* Of a long text, three parts of this size are read at once; a power of two. */
#define PART_LOG 12
#define PART (1 << PART_LOG)

static u32 TABLE[8][256];
/* What becomes of each byte of the register when PART zeros follow: that of all four is the sum of theirs. */
static u32 SHIFT[4][256];

/* The sum of what becomes of each bit. */
static u32 image(const u32 of_bits[32], u32 crc) {
    u32 sum = 0;
    for (int i = 0; i < 32; i++) sum ^= of_bits[i] & -(crc >> i & 1);
    return sum;
}

static void __attribute__((constructor)) make_tables(void) {
    for (u32 i = 0; i < 256; i++) {
        u32 crc = i;
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1) * 0x82F63B78u;
        TABLE[0][i] = crc;
    }
    for (u32 i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++) TABLE[k][i] = TABLE[k - 1][i] >> 8 ^ TABLE[0][TABLE[k - 1][i] & 255];
    u32 once[32], twice[32];
    for (int i = 0; i < 32; i++) once[i] = (u32)1 << i >> 8 ^ TABLE[0][(u32)1 << i & 255];
    for (int k = 0; k < PART_LOG; k++) {
        for (int i = 0; i < 32; i++) twice[i] = image(once, once[i]);
        memcpy(once, twice, sizeof once);
    }
    for (u32 i = 0; i < 256; i++)
        for (int k = 0; k < 4; k++) SHIFT[k][i] = image(once, i << 8 * k);
}

#if defined(__SSE4_2__) || defined(__ARM_FEATURE_CRC32)
static u32 shifted(u32 crc) { return SHIFT[0][crc & 255] ^ SHIFT[1][crc >> 8 & 255] ^ SHIFT[2][crc >> 16 & 255] ^ SHIFT[3][crc >> 24]; }
#endif

static u32 by_tables(u32 before, const u8 *p, i64 n) {
    u32 crc = ~before;
    for (; n >= 8; n -= 8, p += 8) {
        u64 x = load8(p) ^ crc;
        crc = TABLE[7][x & 255] ^ TABLE[6][x >> 8 & 255] ^ TABLE[5][x >> 16 & 255] ^ TABLE[4][x >> 24 & 255] ^ TABLE[3][x >> 32 & 255] ^
              TABLE[2][x >> 40 & 255] ^ TABLE[1][x >> 48 & 255] ^ TABLE[0][x >> 56];
    }
    for (; n > 0; n--) crc = crc >> 8 ^ TABLE[0][(crc ^ *p++) & 255];
    return ~crc;
}

#if defined(__SSE4_2__)
#define CRC8(crc, x) __builtin_ia32_crc32di(crc, x)
#define CRC1(crc, x) __builtin_ia32_crc32qi((u32)(crc), x)
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define CRC8(crc, x) __crc32cd((u32)(crc), x)
#define CRC1(crc, x) __crc32cb((u32)(crc), x)
#endif

u32 crc32c(u32 before, const u8 *p, i64 n) {
#ifdef CRC8
    u64 crc = (u32)~before;
    /* The instruction takes three cycles, and one can begin in each. */
    for (; n >= 3 * PART; n -= 3 * PART, p += 3 * PART) {
        u64 second = 0, third = 0;
        for (i64 i = 0; i < PART; i += 8) {
            crc = CRC8(crc, load8(p + i));
            second = CRC8(second, load8(p + PART + i));
            third = CRC8(third, load8(p + 2 * PART + i));
        }
        crc = shifted(shifted((u32)crc) ^ (u32)second) ^ (u32)third;
    }
    for (; n >= 8; n -= 8, p += 8) crc = CRC8(crc, load8(p));
    for (; n > 0; n--) crc = CRC1(crc, *p++);
    return ~(u32)crc;
#else
    return by_tables(before, p, n);
#endif
}

void crc32c_three(const u8 *const p[3], const i64 n[3], u32 out[3]) {
#ifdef CRC8
    u64 a = ~0u, b = ~0u, c = ~0u;
    i64 common = n[0] < n[1] ? n[0] : n[1], i = 0;
    common = (common < n[2] ? common : n[2]) & ~7;
    for (; i < common; i += 8) { a = CRC8(a, load8(p[0] + i)); b = CRC8(b, load8(p[1] + i)); c = CRC8(c, load8(p[2] + i)); }
    u64 crcs[3] = {a, b, c};
    for (int k = 0; k < 3; k++) {
        i64 rest = i;
        for (; rest + 8 <= n[k]; rest += 8) crcs[k] = CRC8(crcs[k], load8(p[k] + rest));
        for (; rest < n[k]; rest++) crcs[k] = CRC1(crcs[k], p[k][rest]);
        out[k] = ~(u32)crcs[k];
    }
#else
    for (int k = 0; k < 3; k++) out[k] = by_tables(0, p[k], n[k]);
#endif
}

/* The same by tables alone: what a processor without the instruction runs, and what tests compare with. */
API u32 kernel_crc32c(u32 before, const u8 *p, i64 n, i32 tables) { return tables ? by_tables(before, p, n) : crc32c(before, p, n); }
