/* Runs a fuzzer's entry on random inputs: PROGRAM ROUNDS SEED. Under libFuzzer, leave this file out. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;
static uint64_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

/* What random bytes would hardly spell. */
static const char *const WORDS[] = {"\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\r", "1.5", "-3", "+0", "1e39", "nan", "inf", "NA", "12345678901234567890",
                                    "9223372036854775808", "0.1000000000000000055511151231257827", "\xc3\xa9", "\xff", "\\", " ", "#", "abcdefghijklmnopqrstuvwxyz"};

/* Of at most `room` bytes: words, small numbers and any bytes, in proportions that change with the input. */
static size_t fill(uint8_t *data, size_t room) {
    size_t size = 0, wanted = next() % (next() % 8 ? 200 : room);
    uint64_t words = next() % 100, small = next() % 100;
    while (size < wanted) {
        const char *word = WORDS[next() % (sizeof WORDS / sizeof *WORDS)];
        if (next() % 100 < words && size + strlen(word) <= wanted) {
            memcpy(data + size, word, strlen(word));
            size += strlen(word);
        } else {
            data[size++] = (uint8_t)(next() % 100 < small ? next() % 8 : next());
        }
    }
    return size;
}

int main(int argc, char **argv) {
    enum { ROOM = 1 << 14 };
    static uint8_t data[ROOM];
    long rounds = argc > 1 ? atol(argv[1]) : 10000;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    printf("%ld inputs from seed %llu\n", rounds, (unsigned long long)state);
    fflush(stdout);
    for (long round = 0; round < rounds; round++) {
        size_t size = fill(data, ROOM);
        /* In memory of exactly its size: a read beyond it is found. */
        uint8_t *copy = malloc(size ? size : 1);
        if (!copy) return 1;
        memcpy(copy, data, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
    }
    return 0;
}
