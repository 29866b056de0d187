// Copies, checksums, hashes, and loads from memory that no cache holds.
#include "CCRC32C.h"
#include "limits.h"

enum { LARGE = 256 << 20, LINE = 64 };

// So many that a pass takes about 5 ms, at 10 bytes a nanosecond.
static size_t repetitions(size_t size, bool once) { return 1 + (once ? 1 << 20 : 50 << 20) / size; }

static void copies(const char *name, uint8_t *to, const uint8_t *from, size_t size, bool once) {
    size_t count = repetitions(size, once);
    double passes[PASSES];
    // The first pass fills the caches, and is not counted.
    for (int pass = -1; pass < PASSES; pass++) {
        double began = cpu_ns();
        for (size_t i = 0; i < count; i++) {
            memcpy(to, from, size);
            touch(to);
        }
        if (pass >= 0) passes[pass] = (cpu_ns() - began) / (double)count;
    }
    tell(name, value_at(passes, PASSES, 0.5));
}

static void checksums(const char *name, const uint8_t *bytes, size_t size, bool once) {
    size_t count = repetitions(size, once);
    double passes[PASSES];
    uint32_t sum = 0;
    for (int pass = -1; pass < PASSES; pass++) {
        double began = cpu_ns();
        for (size_t i = 0; i < count; i++) {
            sum ^= livelog_crc32c(0, bytes, size);
            touch(&sum);
        }
        if (pass >= 0) passes[pass] = (cpu_ns() - began) / (double)count;
    }
    tell(name, value_at(passes, PASSES, 0.5));
}

static inline uint64_t rotate(uint64_t word, int count) { return word << count | word >> (64 - count); }

static inline void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

// SipHash-1-3 of whole words.
static uint64_t sip_hash(const uint64_t *words, size_t count, uint64_t low, uint64_t high) {
    uint64_t v[4] = {low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d, low ^ 0x6c7967656e657261,
                     high ^ 0x7465646279746573};
    for (size_t i = 0; i <= count; i++) {
        uint64_t word = i < count ? words[i] : (uint64_t)count << 59;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// As many bytes as a model, a property and a short value have.
static void hashes(bool once) {
    int count = once ? 10000 : 1000000;
    uint64_t words[4] = {1, 2, 3, 4}, sum = 0;
    double passes[PASSES];
    for (int pass = -1; pass < PASSES; pass++) {
        double began = cpu_ns();
        for (int i = 0; i < count; i++) {
            touch(words);
            sum ^= sip_hash(words, 4, 7, 11);
        }
        touch(&sum);
        if (pass >= 0) passes[pass] = (cpu_ns() - began) / count;
    }
    tell("siphash_32_ns", value_at(passes, PASSES, 0.5));
}

// Loads, each of which says where the next one is; then of the same places, which are all known before.
static void misses(uint8_t *memory, bool once) {
    size_t count = LARGE / LINE;
    uint32_t *order = malloc(count * sizeof *order);
    if (!order) fail("there is not enough memory");
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
    uint64_t random = 88172645463325252;
    // One cycle through all lines, in an order that nothing foresees.
    for (size_t i = count - 1; i > 0; i--) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        size_t other = random % i;
        uint32_t taken = order[i];
        order[i] = order[other], order[other] = taken;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t next = order[(i + 1) % count];
        memcpy(memory + (size_t)order[i] * LINE, &next, sizeof next);
    }
    size_t steps = once ? 1000 : 1000000;
    double dependent[PASSES], independent[PASSES];
    uint32_t at = order[0], sum = 0, word;
    // Of other lines than those that the loads before met, some of which are still in a cache.
    size_t place = count / 2;
    for (int pass = 0; pass < PASSES; pass++) {
        double began = cpu_ns();
        for (size_t i = 0; i < steps; i++) memcpy(&at, memory + (size_t)at * LINE, sizeof at);
        touch(&at);
        dependent[pass] = (cpu_ns() - began) / (double)steps;
        began = cpu_ns();
        for (size_t i = 0; i < steps; i++) {
            memcpy(&word, memory + (size_t)order[(place + i) % count] * LINE, sizeof word);
            sum += word;
        }
        touch(&sum);
        independent[pass] = (cpu_ns() - began) / (double)steps;
        place = (place + steps) % count;
    }
    free(order);
    tell("dependent_miss_ns", value_at(dependent, PASSES, 0.5));
    tell("independent_miss_ns", value_at(independent, PASSES, 0.5));
}

void memory_limits(bool once) {
    uint8_t *from = malloc(LARGE), *to = malloc(LARGE);
    if (!from || !to) fail("there is not enough memory");
    memset(from, 7, LARGE);
    memset(to, 7, LARGE);
    copies("memcpy_256_ns", to, from, 256, once);
    copies("memcpy_16k_ns", to, from, 16 << 10, once);
    copies("memcpy_1m_ns", to, from, 1 << 20, once);
    copies("memcpy_256m_ns", to, from, LARGE, once);
    checksums("crc32c_256_ns", from, 256, once);
    checksums("crc32c_64k_ns", from, 64 << 10, once);
    hashes(once);
    misses(from, once);
    free(from);
    free(to);
}
