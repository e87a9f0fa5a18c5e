/* Fuzzes kernel_measure and kernel_encode, and those of groups: columns of any kind and layout, in memory of exactly their size. Offsets and orders that lie
   must be refused; what is accepted must fill the records exactly, and their headers and checksums must be right. */
#include "tfrecord/crc32c.h"
#include "tfrecord/encode.h"

enum { MOST = 8 };

/* Takes bytes from the input, zeros after its end. */
typedef struct { const u8 *data; size_t size; } Input;
static u64 take(Input *in, int bytes) {
    u64 x = 0;
    for (; bytes > 0 && in->size; bytes--, in->size--) x = x << 8 | *in->data++;
    return x;
}
/* Memory that is freed at the end of the input. */
static void *held[64];
static int holds;
static void *make(size_t size) { return held[holds++] = malloc(size ? size : 1); }
static u8 *filled(Input *in, size_t size) {
    u8 *made = make(size);
    for (size_t i = 0; i < size; i++) made[i] = (u8)take(in, 1);
    return made;
}

/* n + 1 offsets to at most `limit`; a few lie. They stand at odd addresses, since Arrow's may. */
static u8 *edges(Input *in, i64 n, i64 limit, i32 width) {
    u8 *made = (u8 *)make((size_t)((n + 1) * width + 1)) + 1;
    i64 last = 0;
    for (i64 i = 0; i <= n; i++) {
        i64 step = (i64)(take(in, 1) % 8);
        last = last + step > limit ? limit : last + step;
        i64 told = take(in, 1) == 255 ? (i64)take(in, 4) - (1 << 30) : last;
        memcpy(made + i * width, &told, (size_t)width);
    }
    return made;
}

static void describe(Input *in, Feature *f, i64 rows) {
    u64 pick = take(in, 2);
    memset(f, 0, sizeof *f);
    f->kind = 1 + (i32)(pick % 3);
    f->bounds_width = pick & 4 ? 4 : 8;
    f->offsets_width = pick & 8 ? 4 : 8;
    f->each = pick & 16 ? 1 : (i64)(take(in, 1) % 20);
    f->context = (i32)(pick >> 7 & 1);
    f->name_size = (i64)(take(in, 1) % (pick & 32 ? 200 : 20));
    f->name = filled(in, (size_t)f->name_size);
    f->count = f->each * rows - (pick >= 65280 && rows && f->each);
    f->size = (i64)take(in, 1);
    if (pick & 64) f->bounds = edges(in, rows, f->count, f->bounds_width);
    if (f->kind == BYTES) f->offsets = edges(in, f->count, f->size, f->offsets_width);
    f->values = filled(in, (size_t)(f->kind == BYTES ? f->size : f->count * (f->kind == FLOAT ? 4 : 8)));
}

/* Reads the frames as their lengths lead, to exactly the end. */
static void check(const u8 *out, const i64 *offsets, i64 n) {
    const u8 *p = out;
    for (i64 r = 0; r < n; r++) {
        i64 size = (i64)load8(p);
        if (p != out + offsets[r] || size + 16 != offsets[r + 1] - offsets[r]) abort();
        if (load4(p + 8) != masked(crc32c(0, p, 8)) || load4(p + 12 + size) != masked(crc32c(0, p + 12, size))) abort();
        if (size && p[12] != 0x0A && p[12] != 0x12) abort();
        p += size + 16;
    }
    if (p != out + offsets[n]) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Input in = {data, size};
    Feature features[MOST];
    i64 count = (i64)(take(&in, 1) % MOST), rows = (i64)(take(&in, 1) % 10), n = rows;
    i32 framed = (i32)(take(&in, 1) % 2);
    for (i64 c = 0; c < count; c++) describe(&in, features + c, rows);
    i64 *order = NULL;
    if (take(&in, 1) % 2) {
        n = rows ? (i64)(take(&in, 1) % 12) : 0;
        order = make((size_t)n * sizeof *order);
        for (i64 r = 0; r < n; r++) order[r] = take(&in, 1) == 255 ? (i64)take(&in, 4) - 9 : (i64)(take(&in, 1) % (u64)rows);
    }
    i64 *offsets = make((size_t)(n + 1) * sizeof *offsets);
    i64 total = kernel_measure(features, count, rows, order, n, framed, offsets);
    if (total >= 0) {
        u8 *out = make((size_t)total + SLACK);
        if (kernel_encode(features, count, order, n, framed, offsets, out)) abort();
        if (framed) check(out, offsets, n);
    }
    n = (i64)(take(&in, 1) % 6);
    i64 *starts = make((size_t)n * sizeof *starts), *stops = make((size_t)n * sizeof *stops);
    for (i64 g = 0; g < n; g++) {
        starts[g] = (i64)(take(&in, 1) % 10) - (take(&in, 1) == 255);
        stops[g] = starts[g] + (i64)(take(&in, 1) % 5);
    }
    i64 *edges_of = make((size_t)(n + 1) * sizeof *edges_of);
    total = kernel_measure_groups(features, count, rows, starts, stops, n, framed, edges_of);
    if (total >= 0) {
        u8 *out = make((size_t)total);
        kernel_encode_groups(features, count, starts, stops, n, framed, edges_of, out);
        if (framed) check(out, edges_of, n);
    }
    while (holds) free(held[--holds]);
    return 0;
}
