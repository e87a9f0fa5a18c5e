/* Hashes of texts that are the same on every machine and in every run: workers spread tokens by them. */
#include "columns/column.h"
#include "columns/hash.h"

/* Writes the hash of each of `rows` texts; `texts` are the bytes that the column's offsets lead to. Nulls are hashed, too: as the bytes
   that their offsets enclose. */
API void kernel_hash_texts(const Column *c, const u8 *texts, i64 rows, u64 *hashes) {
    const i32 *small_offsets = (const i32 *)c->values + c->offset;
    const i64 *large_offsets = (const i64 *)c->values + c->offset;
    for (i64 r = 0; r < rows; r++) {
        i64 at = c->kind == LARGE_TEXTS ? large_offsets[r] : small_offsets[r];
        i64 end = c->kind == LARGE_TEXTS ? large_offsets[r + 1] : small_offsets[r + 1];
        hashes[r] = end > at ? hash_of(texts + at, end - at, 0) : 0;
    }
}
