/* What the encoder is told of columns. */
#pragma once
#include "kernel.h"

/* Kinds are the numbers of the fields of `Feature` that hold the values. */
enum { BYTES = 1, FLOAT = 2, INT = 3 };

/* The values of all rows: `each` a row or, unless `bounds` is NULL, those from bounds[row] to bounds[row + 1], which is at most `count`.
   `values` are float32 or int64 [count], or the bytes of which offsets[i] to offsets[i + 1], at most `size`, are value i. Bounds and
   offsets are integers of so many bytes (4 or 8). With `context`, groups of rows have the values of their first row once. */
typedef struct {
    const u8 *name;
    i64 name_size;
    const u8 *values;
    i64 count, each;
    const u8 *bounds, *offsets;
    i64 size;
    i32 kind, bounds_width, offsets_width, context;
} Feature;
_Static_assert(sizeof(Feature) == 80, "_FEATURE in transforms/tfrecord/encode.py");

API i64 kernel_measure(const Feature *features, i64 count, i64 rows, const i64 *order, i64 n, i32 framed, i64 *offsets);
API i64 kernel_encode(const Feature *features, i64 count, const i64 *order, i64 n, i32 framed, const i64 *offsets, u8 *out);
API i64 kernel_measure_groups(const Feature *features, i64 count, i64 rows, const i64 *starts, const i64 *stops, i64 n, i32 framed, i64 *offsets);
API void kernel_encode_groups(const Feature *features, i64 count, const i64 *starts, const i64 *stops, i64 n, i32 framed, const i64 *offsets, u8 *out);
