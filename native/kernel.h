/* What the kernel's files share: types, loads, comparisons of many bytes at once.

   Functions marked API are called through ctypes (transforms/kernel/library.py) with pointers and lengths alone; nothing here knows of
   Python. Each says which bytes it reads and writes: the caller gives buffers of that size. */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;

#define API __attribute__((visibility("default")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Bytes that may be read after any text given to the kernel: whole words and vectors are loaded. SLACK in library.py. */
#define SLACK 64

static inline u32 load4(const u8 *p) { u32 x; memcpy(&x, p, 4); return x; }
static inline u64 load8(const u8 *p) { u64 x; memcpy(&x, p, 8); return x; }

/* Bit i: whether byte i of 16, or of 64, is `c`; `decimals16`: whether it is an ASCII digit. */
#if defined(__SSE2__)
#include <emmintrin.h>
typedef struct { __m128i part[4]; } Bytes64;
static inline Bytes64 load64(const u8 *p) {
    Bytes64 x;
    for (int i = 0; i < 4; i++) x.part[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
    return x;
}
static inline u64 equals64(Bytes64 x, u8 c) {
    __m128i wanted = _mm_set1_epi8((char)c);
    u64 mask = 0;
    for (int i = 0; i < 4; i++) mask |= (u64)(u32)_mm_movemask_epi8(_mm_cmpeq_epi8(x.part[i], wanted)) << 16 * i;
    return mask;
}
/* Bit i: whether byte i is 128 or more. */
static inline u64 high64(Bytes64 x) {
    u64 mask = 0;
    for (int i = 0; i < 4; i++) mask |= (u64)(u32)_mm_movemask_epi8(x.part[i]) << 16 * i;
    return mask;
}
static inline u32 equals16(const u8 *p, u8 c) {
    return (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8((char)c)));
}
static inline u32 decimals16(const u8 *p) {
    __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
    return (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x));
}
#elif defined(__ARM_NEON)
#include <arm_neon.h>
typedef struct { uint8x16_t part[4]; } Bytes64;
static inline Bytes64 load64(const u8 *p) {
    Bytes64 x;
    for (int i = 0; i < 4; i++) x.part[i] = vld1q_u8(p + 16 * i);
    return x;
}
/* The top bits of 64 bytes that are all ones or zeros: pairwise sums of one bit each. */
static inline u64 top64(const uint8x16_t m[4]) {
    const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t a = vpaddq_u8(vandq_u8(m[0], bits), vandq_u8(m[1], bits)), b = vpaddq_u8(vandq_u8(m[2], bits), vandq_u8(m[3], bits));
    uint8x16_t c = vpaddq_u8(a, b);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(c, c)), 0);
}
static inline u64 equals64(Bytes64 x, u8 c) {
    uint8x16_t m[4];
    for (int i = 0; i < 4; i++) m[i] = vceqq_u8(x.part[i], vdupq_n_u8(c));
    return top64(m);
}
static inline u64 high64(Bytes64 x) {
    uint8x16_t m[4];
    for (int i = 0; i < 4; i++) m[i] = vcgeq_u8(x.part[i], vdupq_n_u8(128));
    return top64(m);
}
static inline u32 equals16(const u8 *p, u8 c) {
    uint8x16_t none = vdupq_n_u8(0), m[4] = {vceqq_u8(vld1q_u8(p), vdupq_n_u8(c)), none, none, none};
    return (u32)top64(m);
}
static inline u32 decimals16(const u8 *p) {
    uint8x16_t none = vdupq_n_u8(0), m[4] = {vcltq_u8(vsubq_u8(vld1q_u8(p), vdupq_n_u8('0')), vdupq_n_u8(10)), none, none, none};
    return (u32)top64(m);
}
#else
typedef struct { u8 byte[64]; } Bytes64;
static inline Bytes64 load64(const u8 *p) { Bytes64 x; memcpy(&x, p, 64); return x; }
static inline u64 equals64(Bytes64 x, u8 c) { u64 mask = 0; for (int i = 0; i < 64; i++) mask |= (u64)(x.byte[i] == c) << i; return mask; }
static inline u64 high64(Bytes64 x) { u64 mask = 0; for (int i = 0; i < 64; i++) mask |= (u64)(x.byte[i] >> 7) << i; return mask; }
static inline u32 equals16(const u8 *p, u8 c) { u32 mask = 0; for (int i = 0; i < 16; i++) mask |= (u32)(p[i] == c) << i; return mask; }
static inline u32 decimals16(const u8 *p) { u32 mask = 0; for (int i = 0; i < 16; i++) mask |= (u32)((u8)(p[i] - '0') < 10) << i; return mask; }
#endif

/* For each bit the parity of the bits up to it. */
static inline u64 parity(u64 x) {
    x ^= x << 1; x ^= x << 2; x ^= x << 4; x ^= x << 8; x ^= x << 16; x ^= x << 32;
    return x;
}
