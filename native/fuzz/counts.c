/* Texts counted in a table that is made larger when it asks, against counts by plain comparison. */
#include "columns/column.h"

typedef struct { u32 tag, entry; } Slot;
typedef struct { Slot *slots; i64 *offsets, *counts; u32 *tags; u8 *bytes; i64 room, size, entries; u64 seed; i64 lines; } Tokens;
i64 kernel_count_tokens(Tokens *, const Column *, const u8 *, const i64 *, i64, i64);
void kernel_enter_tokens(Tokens *);

static void check(int holds) { if (!holds) abort(); }
/* An array of exactly so many items, with the first ones of another. */
static void *longer(void *from, i64 used, i64 n, size_t item) {
    void *made = malloc((size_t)n * item);
    check(made != NULL);
    if (used) memcpy(made, from, (size_t)used * item);
    free(from);
    return made;
}
static void grow(Tokens *t, i64 needed) {
    i64 used = t->offsets[t->entries];
    if (used + needed > t->size) {
        t->size = used + needed;
        t->bytes = longer(t->bytes, used, t->size, 1);
    }
    if (t->entries == t->room) {
        t->room = t->room ? 2 * t->room : 1;
        t->offsets = longer(t->offsets, t->entries + 1, t->room + 1, 8);
        t->counts = longer(t->counts, t->entries, t->room, 8);
        t->tags = longer(t->tags, t->entries, t->room, 4);
        free(t->slots);
        t->slots = calloc((size_t)t->room * 2, sizeof(Slot));
        kernel_enter_tokens(t);
    }
}

typedef struct { const u8 *text; i64 size, weight; } Text;
static int is_counted(Text t) { return t.size && !memchr(t.text, '\n', (size_t)t.size) && !memchr(t.text, '\r', (size_t)t.size); }
static int is_equal(const u8 *text, i64 size, Text other) { return size == other.size && !memcmp(text, other.text, (size_t)size); }

static void check_counts(const Tokens *t, const Text *texts, i64 n) {
    i64 total = 0, all = 0;
    for (i64 i = 0; i < n; i++) all += is_counted(texts[i]) ? texts[i].weight : 0;
    for (i64 e = 0; e < t->entries; e++) {
        i64 count = 0;
        for (i64 i = 0; i < n; i++)
            if (is_equal(t->bytes + t->offsets[e], t->offsets[e + 1] - t->offsets[e], texts[i])) count += texts[i].weight;
        check(count == t->counts[e] && count > 0);
        total += count;
    }
    check(total == all);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 3) return 0;
    i64 flags = input[0], width = flags & 1 ? 8 : 4, skip = input[1] % 4, n = 0, most = (i64)size - 2 < 40 ? (i64)size - 2 : 40;
    const u8 *data = input + 2;
    u8 *offsets = malloc((size_t)((most + skip + 1) * width)), *valid = calloc((size_t)(most + skip + 8) / 8, 1);
    Text *texts = malloc((size_t)most * sizeof *texts);
    i64 *weights = malloc((size_t)most * 8), at = 0, end = (i64)size - 2;
    memset(offsets, 0, (size_t)((skip + 1) * width));
    while (n < most && at < end) { /* of 0 to 7 bytes, now and then more */
        i64 length = data[at] % 8 + (data[at] > 250 ? data[at] : 0), row = n + skip;
        length = length < end - at ? length : end - at;
        int is_valid = !(flags & 2) || data[at] % 5;
        valid[row >> 3] |= (u8)(is_valid << (row & 7));
        weights[n] = flags & 4 ? 1 + data[at] : 1;
        texts[n] = (Text){data + at, is_valid ? length : 0, weights[n]};
        if (width == 8) memcpy(offsets + row * 8, &at, 8);
        else memcpy(offsets + row * 4, &at, 4);
        at += length ? length : (n & 1);
        if (width == 8) memcpy(offsets + (row + 1) * 8, &at, 8);
        else memcpy(offsets + (row + 1) * 4, &at, 4);
        texts[n].size = is_valid ? at - (texts[n].text - data) : 0;
        n++;
    }
    Column c = {.valid = flags & 2 ? valid : NULL, .values = offsets, .offset = skip, .each = 1, .kind = width == 8 ? LARGE_TEXTS : TEXTS};
    Tokens t = {.seed = flags, .offsets = calloc(1, 8)};
    grow(&t, 0);
    for (i64 row = 0; (row = kernel_count_tokens(&t, &c, data, flags & 4 ? weights : NULL, row, n)) < n;) grow(&t, texts[row].size);
    check_counts(&t, texts, n);
    free(offsets); free(valid); free(texts); free(weights);
    free(t.slots); free(t.offsets); free(t.counts); free(t.tags); free(t.bytes);
    return 0;
}
