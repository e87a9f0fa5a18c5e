/* Fuzzes kernel_frames: frames of which some are damaged, cut anywhere, in memory of exactly their size. What is read must be what was
   framed, up to the first damage. */
#include "tfrecord/crc32c.h"
#include "tfrecord/frames.h"

static void put4(u8 *out, u32 x) { memcpy(out, &x, 4); }

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n) {
    if (n < 4) return 0;
    i64 size = 0, frames = 1 + input[0] % 8, each = (i64)(n - 4) / frames, damage = -1;
    u8 *all = malloc(n + 16 * (size_t)frames);
    for (i64 f = 0; f < frames; f++, size += 16 + each) {
        u64 length = (u64)each;
        memcpy(all + size, &length, 8);
        put4(all + size + 8, masked(crc32c(0, all + size, 8)));
        memcpy(all + size + 12, input + 4 + f * each, length);
        put4(all + size + 12 + each, masked(crc32c(0, all + size + 12, each)));
    }
    if (input[1] % 4 == 0) {
        damage = (input[1] << 8 | input[2]) % size;
        all[damage] ^= 1;
    }
    i64 cut = input[3] % 2 ? size : size - input[3] % size;
    u8 *data = malloc((size_t)cut + 1), *records = malloc((size_t)cut + 1);
    data = realloc(data, cut ? (size_t)cut : 1);
    memcpy(data, all, (size_t)cut);
    i64 *offsets = malloc((size_t)(cut / 16 + 1) * sizeof *offsets);
    End end;
    i64 read = kernel_frames(data, cut, records, offsets, &end), good = cut / (16 + each);
    if (damage >= 0 && damage / (16 + each) < good) good = damage / (16 + each);
    if (read != good || offsets[read] != read * each || end.used != read * (16 + each)) abort();
    if (memcmp(records, input + 4, (size_t)offsets[read])) abort();
    free(all); free(data); free(records); free(offsets);
    return 0;
}
