/* Texts of random lengths through kernel_hash_texts, in memory of exactly their size: equal texts have equal hashes, wherever they are. */
#include "columns/column.h"

void kernel_hash_texts(const Column *, const u8 *, i64, u64 *);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { MOST = 64 };
    i32 offsets[MOST + 1] = {0};
    i64 large[MOST + 1] = {0}, rows = 0, at = 0;
    for (; rows < MOST && at < (i64)size; rows++) {
        i64 length = data[at] % 40 ? data[at] % 40 : data[at] * 9;
        at = at + length > (i64)size ? (i64)size : at + length;
        offsets[rows + 1] = (i32)at, large[rows + 1] = at;
        if (!length) break;
    }
    u64 hashes[MOST], others[MOST];
    Column column = {.values = (const u8 *)offsets, .each = 1, .kind = TEXTS};
    kernel_hash_texts(&column, data, rows, hashes);
    Column same = {.values = (const u8 *)large, .each = 1, .kind = LARGE_TEXTS};
    kernel_hash_texts(&same, data, rows, others);
    if (memcmp(hashes, others, (size_t)rows * sizeof *hashes)) abort();
    for (i64 r = 0; r < rows; r++) {
        i32 alone[2] = {0, offsets[r + 1] - offsets[r]};
        u8 *copy = malloc((size_t)alone[1] + 1);
        if (!copy) return 0;
        memcpy(copy + 1, data + offsets[r], (size_t)alone[1]);
        Column one = {.values = (const u8 *)alone, .each = 1, .kind = TEXTS};
        u64 hash;
        kernel_hash_texts(&one, copy + 1, 1, &hash);
        if (hash != hashes[r]) abort();
        free(copy);
    }
    return 0;
}
