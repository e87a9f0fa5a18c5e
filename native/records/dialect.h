/* The special bytes of a dialect: `Lexicon` in transforms/records/lexicon.py, whose `packed` has this layout. */
#pragma once
#include "kernel.h"

typedef struct { u8 delimiter, quote, escape, comment, has_quote, has_escape, has_comment, trim; } Dialect;
_Static_assert(sizeof(Dialect) == 8, "as Python packs it");

/* Whether a run of spaces delimits once. */
static inline int in_runs(Dialect d) { return d.trim && d.delimiter == ' '; }
