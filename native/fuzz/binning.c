/* Numbers counted in bins, in two parts that are merged, against bins of plain comparison of all of them. */
#include "statistics/keys.h"
#include "columns/column.h"

typedef struct { u64 key; i64 count; } Bin;
typedef struct { Bin *slots; i64 bits, most, held, lost, below, above; } Bins;
void kernel_bin(const Column *, Bins *, i64, const i64 *, i64, Bin *);
void kernel_list_bins(const Bins *, i64, Bin *);
void kernel_merge_bins(Bins *, const Bins *, i64, const Bin *, Bin *);

enum { COLUMNS = 2 };

static void check(int holds) { if (!holds) abort(); }
static void *zeros(i64 count, i64 size) {
    void *made = calloc((size_t)(count ? count : 1), (size_t)size);
    check(made != NULL);
    return made;
}
static int by_key(const void *a, const void *b) { return (*(const u64 *)a > *(const u64 *)b) - (*(const u64 *)a < *(const u64 *)b); }

static void open_bins(Bins *bins, i64 most, i64 bits) {
    for (i64 i = 0; i < COLUMNS; i++) bins[i] = (Bins){.slots = zeros(1ll << bits, sizeof(Bin)), .bits = bits, .most = most};
}
/* All bins of all columns, each column's in order. */
static Bin *listed(const Bins *bins) {
    i64 all = 0;
    for (i64 i = 0; i < COLUMNS; i++) all += bins[i].held;
    Bin *made = zeros(all + 1, sizeof *made), *of = made;
    kernel_list_bins(bins, COLUMNS, made);
    for (i64 i = 0; i < COLUMNS; of += bins[i++].held) qsort(of, (size_t)bins[i].held, sizeof *of, by_key);
    return made;
}

/* The keys of a column's finite values, and its infinities. */
static i64 take_keys(const Column *c, const i64 *index, i64 count, u64 *keys, i64 *below, i64 *above) {
    i64 n = 0;
    for (i64 i = 0; i < count; i++) {
        i64 row = index ? index[i] : i;
        for (i64 j = first_value(c, row); j < first_value(c, row + 1); j++) {
            i64 at = c->offset + j;
            if (!is_valid(c, at)) continue;
            if (c->kind == INTEGERS) keys[n++] = integer_key(((const i64 *)c->values)[at]);
            else {
                float value;
                memcpy(&value, c->values + at * 4, 4);
                if (value != value) continue;
                if (value < -3.4028235e38f) ++*below;
                else if (value > 3.4028235e38f) ++*above;
                else keys[n++] = float_key(((const u32 *)c->values)[at]);
            }
        }
    }
    qsort(keys, (size_t)n, sizeof *keys, by_key);
    return n;
}

/* The least number of bits that leaves at most `most` keys is lost. */
static void check_bins(const Bins *b, const Bin *bins, const u64 *keys, i64 n) {
    i64 lost = -1, held;
    do {
        lost++;
        held = n > 0;
        for (i64 i = 1; i < n; i++) held += keys[i] >> lost != keys[i - 1] >> lost;
    } while (held > b->most);
    check(b->lost == lost && b->held == held);
    for (i64 i = 0, at = 0; i < held; i++) {
        i64 from = at;
        while (at < n && keys[at] >> lost == bins[i].key) at++;
        check(at > from && bins[i].count == at - from);
    }
}

static void check_column(Column *columns, const i64 *index, i64 count, i64 values, i64 most, i64 bits) {
    Bins whole[COLUMNS], part[COLUMNS], rest[COLUMNS];
    open_bins(whole, most, bits), open_bins(part, most, bits), open_bins(rest, most, bits);
    Bin *spare = zeros(most + 1, sizeof *spare);
    kernel_bin(columns, whole, COLUMNS, index, count, spare);
    /* The first rows go to one part, the others to the other. */
    i64 *order = zeros(count, sizeof *order), cut = count / 3;
    for (i64 i = 0; i < count; i++) order[i] = index ? index[i] : i;
    kernel_bin(columns, part, COLUMNS, order, cut, spare);
    kernel_bin(columns, rest, COLUMNS, order + cut, count - cut, spare);
    Bin *others = listed(rest);
    kernel_merge_bins(part, rest, COLUMNS, others, spare);
    Bin *once = listed(whole), *merged = listed(part), *of_once = once, *of_merged = merged;
    u64 *keys = zeros(values, sizeof *keys);
    for (i64 i = 0; i < COLUMNS; i++) {
        i64 below = 0, above = 0, n = take_keys(columns + i, index, count, keys, &below, &above);
        check(whole[i].below == below && whole[i].above == above && part[i].below == below && part[i].above == above);
        check_bins(whole + i, of_once, keys, n);
        check_bins(part + i, of_merged, keys, n);
        of_once += whole[i].held, of_merged += part[i].held;
        free(whole[i].slots), free(part[i].slots), free(rest[i].slots);
    }
    free(spare); free(order); free(others); free(once); free(merged); free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 8) return 0;
    i64 flags = input[0], offset = input[1] & 15, each = input[2] % 4, most = 2 + input[3] % (flags & 16 ? 5 : 100), bits = 1;
    i64 drop = flags & 32 ? input[4] % 60 : 0, width = flags & 1 ? 8 : 4, chosen = input[5];
    while (1ll << bits <= most) bits++;
    input += 6;
    i64 n = ((i64)size - 6) / width;
    u8 *values = zeros(n, width), *valid = zeros(n / 8 + 1, 1);
    memcpy(values, input, (size_t)(n * width));
    memcpy(valid, input, (size_t)(n / 8 < (i64)size - 6 ? n / 8 : (i64)size - 6));
    /* Small integers and infinite floats, too, which random bytes would hardly make. */
    for (i64 i = 0; i < n && width == 8; i++) ((i64 *)values)[i] >>= drop;
    for (i64 i = 0; i < n && width == 4; i++)
        if (input[i * 4] % 8 == 3) ((u32 *)values)[i] = 0x7F800000 | (u32)(input[i * 4] & 128) << 24;
    Column columns[COLUMNS] = {{.values = values, .offset = offset < n ? offset : 0, .each = each, .kind = width == 8 ? INTEGERS : FLOATS},
                               {.values = values, .each = each, .kind = width == 8 ? INTEGERS : FLOATS, .valid = valid}};
    i64 held = n - columns[0].offset, rows = each ? held / each : held, count = rows, *bounds = NULL, *index = NULL;
    if (flags & 4) { /* lists of 0 to 7 values */
        bounds = zeros(rows + 1, sizeof *bounds);
        for (i64 r = 0; r < rows; r++) bounds[r + 1] = bounds[r] + (input[r] & 7) > held ? held : bounds[r] + (input[r] & 7);
        columns[0].bounds = columns[1].bounds = bounds;
    }
    if (flags & 8) {
        count = rows ? chosen : 0;
        index = zeros(count, sizeof *index);
        for (i64 i = 0; i < count; i++) index[i] = (i64)(input[i % (n * width)] * 2654435761u % (u64)rows);
    }
    i64 all = 0;
    for (i64 i = 0; i < count; i++) all += first_value(columns, (index ? index[i] : i) + 1) - first_value(columns, index ? index[i] : i);
    check_column(columns, index, count, all, most, bits);
    free(values); free(valid); free(bounds); free(index);
    return 0;
}
