/* CRC32C of `n` bytes. */
#pragma once
#include "kernel.h"

u32 crc32c(const u8 *p, i64 n);
