/* Random text through the scan of ranges, in memory of exactly its size. */
#include "records/dialect.h"

typedef struct { struct { i64 exit, boundary, boundary_lines, opened, opened_lines; } lanes[3]; i64 lines, blanks; } Effect;
void kernel_scan_range(const u8 *, i64, i32, const Dialect *, Effect *);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    if (size < 2) return 0;
    Dialect d = {",; \t"[*input & 3], '"', 0, 0, *input >> 2 & 1, 0, 0, *input >> 3 & 1};
    i64 n = (i64)size - 2;
    Effect e;
    kernel_scan_range(input + 2, n, input[1], &d, &e);
    for (int k = 0; k < 3; k++) {
        i64 boundary = e.lanes[k].boundary, opened = e.lanes[k].opened;
        if (e.lanes[k].exit < 0 || e.lanes[k].exit > 2 || boundary >= n || opened >= n || (boundary >= 0 && e.lanes[k].boundary_lines > e.lines) ||
            (opened >= 0 && (e.lanes[k].opened_lines > e.lines || input[2 + opened] != '"'))) abort();
    }
    return 0;
}
