// An event of the load: a JSON text of a fixed length with a marker that subscribers find without parsing:
// `@SSSSSSSSSS:TTTTTTTTTTTTTTTTTTT`, its number in its group and its intended time. No other `@` occurs.
#pragma once
#include "measure.h"

enum { SEQ_DIGITS = 10, TIME_DIGITS = 19, MARKER = 1 + SEQ_DIGITS + 1 + TIME_DIGITS };

static inline void digits_write(char *to, int count, uint64_t value) {
    for (int i = count - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
}

static inline uint64_t digits_read(const uint8_t *from, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value = value * 10 + (uint64_t)(from[i] - '0');
    return value;
}

static inline char *marker_write(char *to, uint64_t seq, uint64_t time) {
    *to = '@';
    digits_write(to + 1, SEQ_DIGITS, seq);
    to[1 + SEQ_DIGITS] = ':';
    digits_write(to + 2 + SEQ_DIGITS, TIME_DIGITS, time);
    return to + MARKER;
}
