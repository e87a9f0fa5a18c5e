/* CRC32C. */
#pragma once
#include "kernel.h"

/* That of `n` bytes after others, whose CRC32C is `before`; 0 if there are none. */
u32 crc32c(u32 before, const u8 *p, i64 n);
/* Those of three ranges, in little more time than the longest one takes. */
void crc32c_three(const u8 *const p[3], const i64 n[3], u32 out[3]);
/* As TFRecord masks them (tensorflow/core/lib/hash/crc32c.h). */
static inline u32 masked(u32 crc) { return (crc >> 15 | crc << 17) + 0xA282EAD8u; }
