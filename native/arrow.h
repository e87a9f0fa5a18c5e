/* Arrow's C data interface: https://arrow.apache.org/docs/format/CDataInterface.html */
#pragma once
#include "kernel.h"

struct ArrowArray {
    i64 length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
_Static_assert(sizeof(struct ArrowArray) == 80, "as Arrow has it");
