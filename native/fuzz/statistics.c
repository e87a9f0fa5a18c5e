/* Columns of any numbers, with or without nulls, lists and a choice of rows, through moments, lengths and quantiles. */
#include "columns/column.h"

typedef struct { i64 kind, count, missing, non_finite, zeros, low, high; u64 total[6], squares[10]; } Moments;
typedef struct { i64 count, missing, empty, length, shortest, longest; } Lengths;
typedef struct { const void *keys; const i64 *counts; i64 n, shift; } Counted;
void kernel_moments(const Column *, Moments *, i64, const i64 *, i64);
void kernel_merge_moments(Moments *, const Moments *, i64);
void kernel_text_lengths(const Column *, Lengths *, i64, const i64 *, i64);
void kernel_append_keys(const Column *, i64, const i64 *, i64, void *const *, i64 *);
i64 kernel_merge_keys(const Counted *, const Counted *, i64, void *, i64 *);

static void check(int holds) { if (!holds) abort(); }
static void *copied(const void *from, i64 size) {
    void *made = malloc(size ? (size_t)size : 1);
    check(made != NULL);
    return size ? memcpy(made, from, (size_t)size) : made;
}
static Moments empty(i64 kind) { return (Moments){.kind = kind, .low = INT64_MAX, .high = INT64_MIN}; }

/* All rows at once have the moments of each by itself, and of two parts. */
static void check_moments(const Column *c, const i64 *index, i64 count) {
    Moments whole = empty(c->kind), merged = empty(c->kind), rest = empty(c->kind);
    kernel_moments(c, &whole, 1, index, count);
    for (i64 i = 0; i < count; i++) {
        i64 row = index ? index[i] : i;
        kernel_moments(c, i & 1 ? &merged : &rest, 1, &row, 1);
    }
    kernel_merge_moments(&merged, &rest, 1);
    check(!memcmp(&whole, &merged, sizeof whole));
    i64 values = 0;
    for (i64 i = 0; i < count; i++) {
        i64 row = index ? index[i] : i;
        values += first_value(c, row + 1) - first_value(c, row);
    }
    check(whole.count + whole.missing + whole.non_finite == values && whole.zeros <= whole.count);
}

static int by_float_key(const void *a, const void *b) { return (*(const u32 *)a > *(const u32 *)b) - (*(const u32 *)a < *(const u32 *)b); }
static int by_integer_key(const void *a, const void *b) { return (*(const u64 *)a > *(const u64 *)b) - (*(const u64 *)a < *(const u64 *)b); }

static void check_quantiles(const Column *c, const i64 *index, i64 count, i64 values, i64 shift) {
    i64 wide = c->kind == INTEGERS, size = wide ? 8 : 4, held = 0, total = 0;
    void *keys = malloc((size_t)((values + 1) * size));
    kernel_append_keys(c, 1, index, count, &keys, &held);
    check(held <= values);
    qsort(keys, (size_t)held, (size_t)size, wide ? by_integer_key : by_float_key);
    Counted each = {keys, NULL, held, 0}, coarse = {keys, NULL, held, shift};
    void *merged = malloc((size_t)(2 * held * size + 1)), *again = malloc((size_t)(2 * held * size + 1));
    i64 *counts = malloc((size_t)(2 * held * 8 + 1)), *recounts = malloc((size_t)(2 * held * 8 + 1));
    i64 n = kernel_merge_keys(&each, &each, 8 * size, merged, counts);
    check(n <= held);
    for (i64 i = 0; i < n; i++) total += counts[i];
    check(total == 2 * held);
    Counted both = {merged, counts, n, shift};
    n = kernel_merge_keys(&both, &coarse, 8 * size, again, recounts);
    for (i64 i = total = 0; i < n; i++) {
        total += recounts[i];
        check(!i || (wide ? ((u64 *)again)[i] > ((u64 *)again)[i - 1] : ((u32 *)again)[i] > ((u32 *)again)[i - 1]));
    }
    check(total == 3 * held);
    free(keys); free(merged); free(again); free(counts); free(recounts);
}

static void check_lengths(const Column *c, const i64 *index, i64 count, i64 most) {
    Lengths sum = {.shortest = INT64_MAX};
    kernel_text_lengths(c, &sum, 1, index, count);
    check(sum.count + sum.missing == count && sum.empty <= sum.missing && sum.length <= most * count);
    check(!sum.count || (sum.shortest > 0 && sum.shortest <= sum.longest && sum.longest <= most));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 8) return 0;
    i64 flags = input[0], offset = input[1] & 15, each = input[2] % 4, chosen = (i64)input[3] * (input[4] % 32), shift = input[5] & 31;
    input += 6;
    i64 width = flags & 1 ? 8 : 4, n = ((i64)size - 6) / width;
    Column c = {.kind = flags & 1 ? INTEGERS : FLOATS, .offset = offset < n ? offset : 0, .each = each};
    u8 *values = copied(input, n * width), *valid = NULL;
    i64 held = n - c.offset, rows = each ? held / each : held, *bounds = NULL, *index = NULL;
    c.values = values;
    if (flags & 2) {
        valid = copied(input, (n + 7) / 8); /* n values have at least as many bytes */
        c.valid = valid;
    }
    if (flags & 4) { /* lists of 0 to 7 values */
        bounds = malloc((size_t)(rows + 1) * 8);
        bounds[0] = 0;
        for (i64 r = 0; r < rows; r++) bounds[r + 1] = bounds[r] + (input[r] & 7) > held ? held : bounds[r] + (input[r] & 7);
        c.bounds = bounds;
    }
    i64 count = rows;
    if (flags & 8) {
        count = rows ? chosen : 0;
        index = malloc((size_t)count * 8 + 1);
        for (i64 i = 0; i < count; i++) index[i] = (i64)(input[i % (n * width)] * 2654435761u % (u64)rows);
    }
    i64 taken = 0;
    for (i64 i = 0; i < count; i++) taken += first_value(&c, (index ? index[i] : i) + 1) - first_value(&c, index ? index[i] : i);
    check_moments(&c, index, count);
    check_quantiles(&c, index, count, taken, shift);
    if (n > c.offset + 1) { /* as offsets that grow */
        i64 last = 0;
        for (i64 i = 0; i < n; i++) {
            last += input[i] & 15;
            if (width == 8) memcpy(values + i * 8, &last, 8);
            else memcpy(values + i * 4, &last, 4);
        }
        c.kind = width == 8 ? LARGE_TEXTS : TEXTS;
        c.bounds = NULL;
        i64 texts = n - c.offset - 1;
        for (i64 i = 0; index && i < count; i++) index[i] %= texts;
        check_lengths(&c, index, index ? count : texts, 15);
    }
    free(values); free(valid); free(bounds); free(index);
    return 0;
}
