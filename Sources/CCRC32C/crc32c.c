#include "CCRC32C.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

// The reversed polynomial 0x1EDC6F41.
static uint32_t table_entry(uint32_t byte) {
    for (int bit = 0; bit < 8; bit++) {
        byte = byte & 1 ? byte >> 1 ^ 0x82F63B78u : byte >> 1;
    }
    return byte;
}

uint32_t livelog_crc32c_table(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    uint32_t state = ~crc;
    // No table is kept: this serves tests, and machines without the instruction, which are rare.
    for (size_t index = 0; index < count; index++) {
        state = state >> 8 ^ table_entry((state ^ at[index]) & 0xFF);
    }
    return ~state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t crc32c_instruction(uint32_t crc, const uint8_t *at, size_t count) {
    uint64_t state = (uint32_t)~crc;
    for (; count >= 8; at += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        state = _mm_crc32_u64(state, word);
    }
    uint32_t rest = (uint32_t)state;
    for (; count > 0; at++, count--) {
        rest = _mm_crc32_u8(rest, *at);
    }
    return ~rest;
}
#endif

uint32_t livelog_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return crc32c_instruction(crc, bytes, count);
    }
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    const uint8_t *at = bytes;
    uint32_t state = ~crc;
    for (; count >= 8; at += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        state = __crc32cd(state, word);
    }
    for (; count > 0; at++, count--) {
        state = __crc32cb(state, *at);
    }
    return ~state;
#endif
    return livelog_crc32c_table(crc, bytes, count);
}
