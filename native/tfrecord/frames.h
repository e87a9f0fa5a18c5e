/* What reading frames tells. */
#pragma once
#include <stddef.h>
#include "kernel.h"

/* Where a walk ended: with a whole frame or the beginning of one, of which `needed` bytes are needed at least; or at a frame whose length
   or record is wrong. FrameEnd in transforms/tfrecord/frames.py. */
enum { MORE = 0, BAD_LENGTH = 1, BAD_RECORD = 2 };
typedef struct { i64 used, needed, state; } End;
_Static_assert(offsetof(End, needed) == 8 && offsetof(End, state) == 16 && sizeof(End) == 24, "FrameEnd");

API i64 kernel_frames(const u8 *data, i64 size, u8 *records, i64 *offsets, End *end);
