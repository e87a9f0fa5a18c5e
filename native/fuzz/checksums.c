/* Checksums by the processor's instruction, also of several parts at once, equal those by tables, wherever the bytes begin. */
#include <stdlib.h>

#include "tfrecord/crc32c.h"

API u32 kernel_crc32c(u32 before, const u8 *p, i64 n, i32 tables);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i64 skipped = size ? data[0] % 9 : 0, left = (i64)size > skipped ? (i64)size - skipped : 0;
    const u8 *p = data + ((i64)size - left);
    if (kernel_crc32c((u32)size, p, left, 0) != kernel_crc32c((u32)size, p, left, 1)) abort();
    /* A sum goes on from that of what stands before. */
    i64 cut = left / 3;
    if (kernel_crc32c(kernel_crc32c(0, p, cut, 0), p + cut, left - cut, 0) != kernel_crc32c(0, p, left, 0)) abort();
    const u8 *const parts[3] = {p, p + cut, p + 2 * cut};
    const i64 sizes[3] = {cut, cut, left - 2 * cut};
    u32 sums[3];
    crc32c_three(parts, sizes, sums);
    for (int k = 0; k < 3; k++)
        if (sums[k] != kernel_crc32c(0, parts[k], sizes[k], 1)) abort();
    return 0;
}
