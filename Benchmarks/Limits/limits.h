// What the programs of this folder share: clocks, the middle of several passes, and what is found.
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PASSES = 7 };

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

static inline double clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// Processor time of this thread, of user and system.
static inline double cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
static inline double wall_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

// The one of `count` values that `share` (0 to 1) of them are not above. Puts them in order.
double value_at(double *values, int count, double share);

// Says a figure: the next member of the line of JSON.
void tell(const char *name, double value);

// Nothing that memory holds is known to the compiler from here on, so that it leaves out no work.
static inline void touch(const void *memory) { __asm__ volatile("" ::"r"(memory) : "memory"); }

// The subjects. `once`: little work, which shows that it works and not how fast.
void memory_limits(bool once);
void disk_limits(const char *directory, bool once);
void socket_limits(bool once);
