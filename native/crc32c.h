/* CRC32C of `n` bytes; of three ranges in little more time than the longest one takes. */
#pragma once
#include "kernel.h"

u32 crc32c(const u8 *p, i64 n);
void crc32c_three(const u8 *const p[3], const i64 n[3], u32 out[3]);
