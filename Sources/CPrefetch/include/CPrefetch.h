// Tells the processor which memory will be read soon. Swift has no such instruction.
#pragma once

/// Begins to bring the cache line at `address` near, without waiting for it. Any address is right.
static inline __attribute__((always_inline)) void livelog_prefetch(const void *address) {
    __builtin_prefetch(address);
}
