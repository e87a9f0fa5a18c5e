/* Columns of features to `tf.train.Example` records, bare or framed as TFRecords.

   The bytes are those of protobuf's `SerializeToString(deterministic=True)` (https://protobuf.dev/programming-guides/encoding): numbers
   are packed, float32 little-endian, int64 as varints of their two's complement. A frame is the record's length (u64), the length's
   masked CRC32C, the record, and its masked CRC32C. Two calls give a block's records: kernel_measure says where each begins, and the
   caller makes a buffer of that size for kernel_encode. */
#include "tfrecord/values.h"
#include "tfrecord/crc32c.h"

/* Values of at most so many floats are part of a template; longer ones would be copied twice. */
enum { FEW = 16 };
/* A varint has at most 10 bytes. The bytes before an integer are copied as a whole ROOM, at most SLACK bytes beyond them. */
enum { LENGTHS = 11, ROOM = 64 };
_Static_assert(ROOM <= SLACK, "what is written past a record's end stays in the slack");

/* Writes what stands before the values: tags, sizes and name. */
static u8 *put_head(u8 *out, const Feature *f, u64 length) {
    Sizes s = sizes_of(f, length);
    *out++ = 0x0A;
    out = varint(out, s.pair);
    *out++ = 0x0A;
    out = varint(out, (u64)f->name_size);
    memcpy(out, f->name, (size_t)f->name_size);
    out += f->name_size;
    *out++ = 0x12;
    out = varint(out, s.feature);
    return put_list_head(out, f, s.list, length);
}

/* What stands before one integer of so many bytes, and how long that is. */
typedef struct { u8 heads[LENGTHS][ROOM]; u8 sizes[LENGTHS]; } Heads;
/* Consecutive features of one sort: floats whose `size` bytes are the same in each row but for the values, which stand at `places` in a
   template; or one integer a row, with its heads; or one feature of any other sort. */
typedef struct { const Feature *features; i64 count; u64 size; u8 *template; i64 *places; Heads *heads; } Part;
typedef struct { i64 count; u64 fixed; Part parts[]; } Plan;

static inline int is_fixed(const Feature *f) { return f->kind == FLOAT && !f->bounds && f->each <= FEW; }
/* A name of 50 bytes: nested messages shorter than 128 bytes, so tags and sizes before an integer take 10 bytes. */
static inline int is_integer(const Feature *f) { return f->kind == INT && !f->bounds && f->each == 1 && f->name_size + 14 <= ROOM; }

static void fill_template(Part *part) {
    u8 *out = part->template;
    for (i64 i = 0; i < part->count; i++) {
        const Feature *f = part->features + i;
        out = put_head(out, f, 4 * (u64)f->each);
        part->places[i] = out - part->template;
        out += 4 * f->each;
    }
}
static void fill_heads(Part *part) {
    for (u64 length = 1; length < LENGTHS; length++) {
        u8 *head = part->heads->heads[length];
        part->heads->sizes[length] = (u8)(put_head(head, part->features, length) - head);
    }
}

/* One allocation, to be freed as one; NULL where there is no memory. Parts, places, heads and templates stand in it in this order, so that
   all are aligned; there are at most as many parts and places as features. Its size can't overflow: it is a few times that of the features
   and their names, which are in memory. */
static Plan *make_plan(const Feature *features, i64 count) {
    u64 fixed = 0, integers = 0;
    for (i64 c = 0; c < count; c++) {
        fixed += is_fixed(features + c) ? sizes_of(features + c, 4 * (u64)features[c].each).entry : 0;
        integers += is_integer(features + c) != 0;
    }
    Plan *plan = calloc(1, sizeof(Plan) + (size_t)count * (sizeof(Part) + sizeof(i64)) + integers * sizeof(Heads) + fixed);
    if (!plan) return NULL;
    i64 *places = (i64 *)(plan->parts + count);
    Heads *heads = (Heads *)(places + count);
    u8 *template = (u8 *)(heads + integers);
    plan->fixed = fixed;
    for (i64 c = 0; c < count; c += plan->parts[plan->count++].count) {
        Part *part = plan->parts + plan->count;
        *part = (Part){.features = features + c, .count = 1};
        if (is_integer(features + c)) {
            part->heads = heads++;
            fill_heads(part);
        } else if (is_fixed(features + c)) {
            i64 n = 0;
            for (; c + n < count && is_fixed(features + c + n); n++) part->size += sizes_of(features + c + n, 4 * (u64)features[c + n].each).entry;
            part->count = n;
            part->template = template;
            part->places = places;
            fill_template(part);
            template += part->size;
            places += n;
        }
    }
    return plan;
}

/* Adds the bytes of a part to each row's. */
static void add_sizes(const Part *part, i64 n, const i64 *order, i64 *sizes) {
    const Feature *f = part->features;
    if (part->heads) {
        i64 entries[LENGTHS];
        for (int length = 1; length < LENGTHS; length++) entries[length] = part->heads->sizes[length] + length;
        for (i64 r = 0; r < n; r++) sizes[r] += entries[varint_size(load8(f->values + 8 * (order ? order[r] : r)))];
    } else if (!part->template) {
        for (i64 r = 0; r < n; r++) {
            i64 from, to;
            range_of(f, order ? order[r] : r, &from, &to);
            sizes[r] += (i64)sizes_of(f, length_of(f, from, to)).entry;
        }
    }
}

/* Finds where each record begins: `offsets` [n + 1]. The records are the rows order[0] to order[n - 1] of `rows`, or all where `order`
   is NULL. Returns the bytes of all, or an error; BAD_FEATURE - c where feature c has offsets that don't rise or are beyond its values. */
API i64 kernel_measure(const Feature *features, i64 count, i64 rows, const i64 *order, i64 n, i32 framed, i64 *offsets) {
    for (i64 r = 0; order && r < n; r++)
        if ((u64)order[r] >= (u64)rows) return BAD_ORDER;
    for (i64 c = 0; c < count; c++)
        if (!is_sound(features + c, rows)) return BAD_FEATURE - c;
    Plan *plan = make_plan(features, count);
    if (!plan) return NO_MEMORY;
    for (i64 r = 0; r < n; r++) offsets[r] = (i64)plan->fixed;
    for (i64 p = 0; p < plan->count; p++) add_sizes(plan->parts + p, n, order, offsets);
    free(plan);
    i64 total = 0;
    for (i64 r = 0; r < n; r++) {
        i64 record = 1 + varint_size((u64)offsets[r]) + offsets[r];
        offsets[r] = total;
        if (__builtin_add_overflow(total, record + (framed ? HEADER + FOOTER : 0), &total)) return NO_MEMORY;
    }
    return offsets[n] = total;
}

static u8 *put_part(u8 *out, const Part *part, i64 row) {
    const Feature *f = part->features;
    if (part->template) {
        memcpy(out, part->template, part->size);
        for (i64 i = 0; i < part->count; i++) {
            if (LIKELY(f[i].each == 1)) memcpy(out + part->places[i], f[i].values + 4 * row, 4);
            else if (f[i].each) memcpy(out + part->places[i], f[i].values + 4 * f[i].each * row, (size_t)(4 * f[i].each));
        }
        return out + part->size;
    }
    if (part->heads) {
        u64 x = load8(f->values + 8 * row);
        int length = varint_size(x);
        memcpy(out, part->heads->heads[length], ROOM);
        return varint(out + part->heads->sizes[length], x);
    }
    i64 from, to;
    range_of(f, row, &from, &to);
    u64 length = length_of(f, from, to);
    return put_values(put_head(out, f, length), f, from, to, length);
}
/* The record's content, `size` bytes with its own tag and size before it. */
static void put_record(u8 *out, u64 size, const Plan *plan, i64 row) {
    u64 content = size - 2;
    while (1 + (u64)varint_size(content) + content > size) content--;
    *out++ = 0x0A;
    out = varint(out, content);
    for (i64 p = 0; p < plan->count; p++) out = put_part(out, plan->parts + p, row);
}

static void put4(u8 *out, u32 x) { memcpy(out, &x, 4); }

/* Writes the records at the `offsets` that kernel_measure found for the same arguments. `out` has SLACK bytes more than it returned.
   Returns 0 or NO_MEMORY. */
API i64 kernel_encode(const Feature *features, i64 count, const i64 *order, i64 n, i32 framed, const i64 *offsets, u8 *out) {
    Plan *plan = make_plan(features, count);
    if (!plan) return NO_MEMORY;
    /* Records whose checksum is due: three are computed at once. What one writes past its end, the next ones or its own footer overwrite. */
    u8 *due[3];
    i64 sizes[3];
    int waiting = 0;
    u64 known = ~0ull;
    u32 checksum = 0;
    for (i64 r = 0; r < n; r++) {
        u8 *record = out + offsets[r] + (framed ? HEADER : 0);
        u64 size = (u64)(offsets[r + 1] - offsets[r]) - (framed ? HEADER + FOOTER : 0);
        put_record(record, size, plan, order ? order[r] : r);
        if (!framed) continue;
        if (size != known) { known = size; checksum = masked(crc32c(0, (const u8 *)&size, 8)); }
        memcpy(record - HEADER, &size, 8);
        put4(record - FOOTER, checksum);
        due[waiting] = record;
        sizes[waiting++] = (i64)size;
        if (waiting < 3 && r < n - 1) continue;
        u32 crcs[3];
        if (waiting == 3) crc32c_three((const u8 *const *)due, sizes, crcs);
        else for (int k = 0; k < waiting; k++) crcs[k] = crc32c(0, due[k], sizes[k]);
        for (int k = 0; k < waiting; k++) put4(due[k] + sizes[k], masked(crcs[k]));
        waiting = 0;
    }
    free(plan);
    return 0;
}
