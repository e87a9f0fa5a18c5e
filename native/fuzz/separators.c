/* Random text through the lexer, every buffer of exactly the promised size. */
#include "records/dialect.h"

typedef struct { i64 separators, records, stop, lines, blank, comments, opened, high, torn; } Facts;
void kernel_lex(const u8 *, i64, const Dialect *, i32, u32 *, u32 *, u32 *, Facts *);
void kernel_lines(const u8 *, i64, const i64 *, i64, i64 *);
i64 kernel_skip_lines(const u8 *, i64, i32, i64 *);
i64 kernel_stray(const u8 *, const Dialect *, const u32 *, const u32 *, const u32 *, i64, i64 *, i64 *, i64 *);

static void check(int holds) { if (!holds) abort(); }

static void check_records(i64 n, const u32 *separators, const u32 *first, const u32 *cells, const Facts *f) {
    check(f->stop <= n && f->opened < n && f->records >= 0 && f->blank >= 0 && f->comments >= 0 && f->lines >= 0);
    for (i64 i = 1; i < f->separators; i++) check(separators[i] <= f->stop && (i == 1 || separators[i] > separators[i - 1]));
    for (i64 r = 0; r < f->records; r++) {
        check(cells[r] > 0 && first[r] + cells[r] < f->separators && (!r || first[r] >= first[r - 1] + cells[r - 1]));
        check(separators[first[r] + cells[r]] > separators[first[r]] + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (!size) return 0;
    Dialect d = {",; \t"[*input & 3], '"', '\\', '#', *input >> 2 & 1, *input >> 3 & 1, *input >> 4 & 1, *input >> 5 & 1};
    i32 at_end = *input >> 6 & 1;
    const u8 *text = input + 1;
    i64 n = (i64)size - 1, left = *input >> 4;
    if (n && !at_end && text[n - 1] == '\r') n--;
    size_t most = (size_t)(n + 1) / 2 + 2;
    u32 *separators = malloc((size_t)(n + 9) * 4), *first = malloc(most * 4), *cells = malloc(most * 4);
    Facts f;
    kernel_lex(text, n, &d, at_end, separators, first, cells, &f);
    check_records(n, separators, first, cells, &f);
    i64 *found = malloc((size_t)f.records * 8), *places = malloc((size_t)f.records * 8), *offsets = malloc((size_t)f.records * 8);
    i64 count = kernel_stray(text, &d, separators, first, cells, f.records, found, places, offsets);
    check(count <= f.records && (f.torn || !count));
    for (i64 r = 0; r < f.records; r++) offsets[r] = separators[first[r] + cells[r]];
    kernel_lines(text, n, offsets, f.records, found);
    for (i64 r = 0; r < f.records; r++) check(found[r] >= r && found[r] <= f.lines);
    check(kernel_skip_lines(text, n, at_end, &left) <= n && left >= 0);
    free(separators); free(first); free(cells); free(found); free(places); free(offsets);
    return 0;
}
