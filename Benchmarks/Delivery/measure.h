// Clocks, a histogram of latencies, and what a process has used: shared by the programs of this folder.
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

// Log-linear: each power of two in 64 steps, so that a value is told within 1.6 %.
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (64 - STEP_BITS) * STEPS };

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t count, max;
};

static inline void histogram_add(struct histogram *h, uint64_t ns, uint64_t times) {
    int shift = ns < STEPS ? 0 : 63 - STEP_BITS - __builtin_clzll(ns) + 1;
    h->counts[shift * STEPS / 2 + (int)(ns >> shift)] += times;
    h->count += times;
    if (ns > h->max) h->max = ns;
}

// The value that `share` (0 to 1) of all are not above, in nanoseconds; 0 if there is none.
static inline uint64_t histogram_at(const struct histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->count + 0.5), seen = 0;
    if (wanted == 0) wanted = 1;
    for (int i = 0; i < BUCKETS && h->count > 0; i++) {
        seen += h->counts[i];
        if (seen < wanted) continue;
        int shift = i < STEPS ? 0 : i / (STEPS / 2) - 1;
        uint64_t top = ((uint64_t)(i - shift * STEPS / 2 + 1) << shift) - 1;
        return top < h->max ? top : h->max;
    }
    return 0;
}

// Processor seconds of a process, all its threads, until now.
static inline double cpu_seconds(int pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail("the server (process %d) is gone", pid);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    unsigned long user, system;
    char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        fail("cannot read %s", path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

// Kibibytes of a process's memory that are resident.
static inline long resident_kib(int pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail("the server (process %d) is gone", pid);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    fclose(file);
    return kib;
}
