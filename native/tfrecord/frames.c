/* Reads TFRecord frames: length (u64), masked CRC32C of the length, record, masked CRC32C of the record. */
#include "tfrecord/frames.h"
#include "tfrecord/crc32c.h"

enum { HEADER = 12, FOOTER = 4 };
/* Bytes of the longest record: protobuf's limit for a message. A damaged length mustn't make the reader hold a whole file. */
static const u64 LONGEST = 1u << 31;

/* Joins the records of the whole frames that `size` bytes begin with, to the first that is wrong. `records` has `size` bytes, `offsets`
   size / 16 + 1: a frame has 16 bytes at least. Returns the number of records. */
API i64 kernel_frames(const u8 *data, i64 size, u8 *records, i64 *offsets, End *end) {
    i64 n = 0;
    offsets[0] = 0;
    *end = (End){0, HEADER + FOOTER, MORE};
    while (size - end->used >= HEADER) {
        const u8 *frame = data + end->used;
        u64 length = load8(frame);
        if (load4(frame + 8) != masked(crc32c(0, frame, 8)) || length > LONGEST) { end->state = BAD_LENGTH; break; }
        i64 whole = HEADER + (i64)length + FOOTER;
        if (whole > size - end->used) { end->needed = whole; break; }
        if (load4(frame + HEADER + length) != masked(crc32c(0, frame + HEADER, (i64)length))) { end->state = BAD_RECORD; break; }
        memcpy(records + offsets[n], frame + HEADER, length);
        offsets[n + 1] = offsets[n] + (i64)length;
        n++;
        end->used += whole;
    }
    return n;
}
