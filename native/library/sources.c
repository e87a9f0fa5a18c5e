/* The sources that the library was compiled from. */
#include "kernel.h"

/* What compile.py tells; it is unknown to a fuzzer. */
#ifndef KERNEL_SOURCES
#define KERNEL_SOURCES ""
#endif

/* Their digest (transforms/kernel/source_digest.py), in ASCII, with a 0 at its end. */
API const char *kernel_sources(void) { return KERNEL_SOURCES; }
