/* Finds a record batch's columns: the C data interface of Arrow, so that no column takes Python code of its own. */
#include "columns/column.h"

/* As the interface's specification gives it. */
typedef struct ArrowArray {
    i64 length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
} ArrowArray;
_Static_assert(sizeof(ArrowArray) == 80, "as the specification says");

/* Fills `valid`, `values` and `offset` of `n` columns: those at indices[i] of the batch, an exported one that has as many columns. A column
   has at least two buffers: the validity first, then the values or a text's offsets. */
API void kernel_find_columns(const ArrowArray *batch, const i64 *indices, i64 n, Column *columns) {
    for (i64 i = 0; i < n; i++) {
        const ArrowArray *array = batch->children[indices[i]];
        columns[i].valid = array->null_count ? array->buffers[0] : NULL;
        columns[i].values = array->buffers[1];
        columns[i].offset = batch->offset + array->offset;
    }
}
