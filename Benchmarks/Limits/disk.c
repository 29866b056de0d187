// Writes into space that is reserved, and syncs of them.
#include <fcntl.h>

#include "limits.h"

enum { RECORD = 256, RECORDS = 64, WRITES = 2048, SYNCS = 300, SYNCED = 64 << 10 };
static uint8_t bytes[SYNCED];

static int create(const char *path, size_t size) {
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot create %s: %s", path, strerror(errno));
    // Removed as soon as it is open, so that nothing stays behind whatever happens.
    unlink(path);
    int code = posix_fallocate(file, 0, (off_t)size);
    if (code != 0) fail("cannot reserve %zu bytes: %s", size, strerror(code));
    return file;
}

static void write_at(int file, size_t size, size_t position) {
    if (pwrite(file, bytes, size, (off_t)position) != (ssize_t)size) fail("cannot write: %s", strerror(errno));
}

static void writes(const char *path, bool once) {
    int count = once ? 16 : WRITES;
    size_t size = RECORDS * RECORD;
    double passes[PASSES];
    for (int pass = 0; pass < PASSES; pass++) {
        // Another file for each pass, since only the first write of a page is what a log does.
        int file = create(path, size * (size_t)count);
        double began = cpu_ns();
        for (int i = 0; i < count; i++) write_at(file, size, (size_t)i * size);
        passes[pass] = (cpu_ns() - began) / count / RECORDS;
        close(file);
    }
    tell("pwrite_64_ns_a_record", value_at(passes, PASSES, 0.5));
}

static void syncs(const char *path, const char *name, size_t size, bool once) {
    int count = once ? 5 : SYNCS, file = create(path, size * (size_t)count);
    double passed[SYNCS], used = 0;
    char figure[64];
    for (int i = 0; i < count; i++) {
        write_at(file, size, (size_t)i * size);
        double wall = wall_ns(), cpu = cpu_ns();
        if (fdatasync(file) != 0) fail("cannot sync: %s", strerror(errno));
        passed[i] = wall_ns() - wall;
        used += cpu_ns() - cpu;
    }
    close(file);
    snprintf(figure, sizeof figure, "fdatasync_%s_ns", name);
    tell(figure, value_at(passed, count, 0.5));
    snprintf(figure, sizeof figure, "fdatasync_%s_p99_ns", name);
    tell(figure, value_at(passed, count, 0.99));
    snprintf(figure, sizeof figure, "fdatasync_%s_cpu_ns", name);
    tell(figure, used / count);
}

void disk_limits(const char *directory, bool once) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/limits-%d", directory, getpid()) >= (int)sizeof path) fail("too long a path");
    // Letters, not zeros, so that no file system leaves them out.
    memset(bytes, 'x', sizeof bytes);
    writes(path, once);
    syncs(path, "4k", 4 << 10, once);
    syncs(path, "64k", 64 << 10, once);
}
