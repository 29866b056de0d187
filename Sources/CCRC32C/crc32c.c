#include "CCRC32C.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
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

// The instruction takes three cycles, and one can begin in each: so three stretches, lanes, are summed up at once. The
// sum over a stretch followed by n bits is its state times x^n, less the 33 bits by which a carry-less product of
// reflected numbers and the instruction move it anyway; so both join the third one's last word.
//
// These are x^(8 n - 33) for stretches of n bytes, reflected.
enum { AFTER_32 = 0xBA4FC28Eu, AFTER_64 = 0x9E4ADDF8u, AFTER_128 = 0x0D3B6092u, AFTER_256 = 0xB9E02B86u };

__attribute__((target("sse4.2,pclmul")))
static uint64_t moved(uint64_t state, uint32_t factor) {
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)state), _mm_cvtsi64_si128(factor), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

// Continues `state` over three lanes of `lane` bytes each: `after_one` and `after_two` are the factors of one lane and
// of two.
__attribute__((target("sse4.2,pclmul"), always_inline))
static inline uint64_t three_lanes(uint64_t state, const uint8_t *at, size_t lane, uint32_t after_one, uint32_t after_two) {
    uint64_t second = 0, third = 0;
    uint64_t words[3];
    for (size_t index = 0; index < lane; index += 8) {
        memcpy(&words[0], at + index, 8);
        memcpy(&words[1], at + index + lane, 8);
        memcpy(&words[2], at + index + 2 * lane, 8);
        state = _mm_crc32_u64(state, words[0]);
        second = _mm_crc32_u64(second, words[1]);
        if (index + 8 < lane) {
            third = _mm_crc32_u64(third, words[2]);
        }
    }
    return _mm_crc32_u64(third, words[2] ^ moved(state, after_two) ^ moved(second, after_one));
}

// Long lanes cost less for each byte, short ones leave less that has to be summed up alone: most records have a few
// hundred bytes.
__attribute__((target("sse4.2,pclmul")))
static uint32_t crc32c_lanes(uint32_t crc, const uint8_t *at, size_t count) {
    uint64_t state = (uint32_t)~crc;
    for (; count >= 3 * 128; at += 3 * 128, count -= 3 * 128) {
        state = three_lanes(state, at, 128, AFTER_128, AFTER_256);
    }
    if (count >= 3 * 64) {
        state = three_lanes(state, at, 64, AFTER_64, AFTER_128);
        at += 3 * 64, count -= 3 * 64;
    }
    if (count >= 3 * 32) {
        state = three_lanes(state, at, 32, AFTER_32, AFTER_64);
        at += 3 * 32, count -= 3 * 32;
    }
    return crc32c_instruction(~(uint32_t)state, at, count);
}
#endif

uint32_t livelog_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 3 * 32 && __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        return crc32c_lanes(crc, bytes, count);
    }
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
