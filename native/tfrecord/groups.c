/* Groups of rows to `tf.train.SequenceExample` records, bare or framed as TFRecords.

   A record is `context`, the features that a group has once, and `feature_lists`, in each of the other features' lists one `Feature` a row.
   The bytes are those of protobuf's deterministic serialization, as in encode.c; a part without features is absent. */
#include "tfrecord/values.h"
#include "tfrecord/crc32c.h"

/* The parts of a record are the numbers of its fields. */
enum { LISTS = 0, CONTEXT = 1 };

static inline u64 delimited(u64 size) { return 1 + (u64)varint_size(size) + size; }
static inline u8 *put_size(u8 *out, u8 tag, u64 size) { *out++ = tag; return varint(out, size); }

static inline u64 row_length(const Feature *f, i64 row, i64 *from, i64 *to) {
    range_of(f, row, from, to);
    return length_of(f, *from, *to);
}
/* The bytes of what a group has of a feature: of a `Feature`, or of a `FeatureList`. */
static u64 value_size(const Feature *f, i64 start, i64 stop) {
    i64 from, to;
    if (f->context) return sizes_of(f, row_length(f, start, &from, &to)).feature;
    u64 size = 0;
    for (i64 row = start; row < stop; row++) size += delimited(sizes_of(f, row_length(f, row, &from, &to)).feature);
    return size;
}
static inline u64 pair_size(const Feature *f, u64 value) { return delimited((u64)f->name_size) + delimited(value); }
/* The bytes of a record's part. */
static u64 part_size(const Feature *features, i64 count, int part, i64 start, i64 stop) {
    u64 size = 0;
    for (i64 c = 0; c < count; c++)
        if (features[c].context == part) size += delimited(pair_size(features + c, value_size(features + c, start, stop)));
    return size;
}

static u8 *put_feature(u8 *out, const Feature *f, i64 row) {
    i64 from, to;
    u64 length = row_length(f, row, &from, &to);
    return put_values(put_list_head(out, f, sizes_of(f, length).list, length), f, from, to, length);
}
static u8 *put_group_part(u8 *out, const Feature *features, i64 count, int part, i64 start, i64 stop) {
    u64 whole = part_size(features, count, part, start, stop);
    if (!whole) return out;
    out = put_size(out, part == CONTEXT ? 0x0A : 0x12, whole);
    for (i64 c = 0; c < count; c++) {
        const Feature *f = features + c;
        if (f->context != part) continue;
        u64 value = value_size(f, start, stop);
        out = put_size(out, 0x0A, pair_size(f, value));
        out = put_size(out, 0x0A, (u64)f->name_size);
        if (f->name_size) memcpy(out, f->name, (size_t)f->name_size);
        out = put_size(out + f->name_size, 0x12, value);
        if (part == CONTEXT) out = put_feature(out, f, start);
        else for (i64 row = start; row < stop; row++) {
            i64 from, to;
            out = put_size(out, 0x0A, sizes_of(f, row_length(f, row, &from, &to)).feature);
            out = put_feature(out, f, row);
        }
    }
    return out;
}

/* Finds where each record begins: `offsets` [n + 1]. Record g has the rows starts[g] to stops[g] - 1 of `rows`, at least one. Returns the
   bytes of all, or an error; BAD_FEATURE - c where feature c has offsets that don't rise or are beyond its values. */
API i64 kernel_measure_groups(const Feature *features, i64 count, i64 rows, const i64 *starts, const i64 *stops, i64 n, i32 framed, i64 *offsets) {
    for (i64 g = 0; g < n; g++)
        if (starts[g] < 0 || stops[g] <= starts[g] || stops[g] > rows) return BAD_ORDER;
    for (i64 c = 0; c < count; c++)
        if (!is_sound(features + c, rows)) return BAD_FEATURE - c;
    i64 total = 0;
    for (i64 g = 0; g < n; g++) {
        u64 context = part_size(features, count, CONTEXT, starts[g], stops[g]), lists = part_size(features, count, LISTS, starts[g], stops[g]);
        u64 record = (context ? delimited(context) : 0) + (lists ? delimited(lists) : 0);
        offsets[g] = total;
        if (__builtin_add_overflow(total, (i64)record + (framed ? HEADER + FOOTER : 0), &total)) return NO_MEMORY;
    }
    return offsets[n] = total;
}

/* Writes the records at the `offsets` that kernel_measure_groups found for the same arguments, into as many bytes as it returned. */
API void kernel_encode_groups(const Feature *features, i64 count, const i64 *starts, const i64 *stops, i64 n, i32 framed, const i64 *offsets, u8 *out) {
    for (i64 g = 0; g < n; g++) {
        u8 *record = out + offsets[g] + (framed ? HEADER : 0);
        u8 *end = put_group_part(record, features, count, CONTEXT, starts[g], stops[g]);
        end = put_group_part(end, features, count, LISTS, starts[g], stops[g]);
        if (!framed) continue;
        u64 size = (u64)(end - record);
        u32 of_size = masked(crc32c(0, (const u8 *)&size, 8)), of_record = masked(crc32c(0, record, (i64)size));
        memcpy(record - HEADER, &size, 8);
        memcpy(record - FOOTER, &of_size, 4);
        memcpy(end, &of_record, 4);
    }
}
