// What the clients of this folder have in common: their options, the records that they write and verify, and the line
// of JSON that each prints before it waits for the end of its input. A record is a JSON text of a fixed length: its
// number, its group and letters. Record i is in group i modulo the number of groups, so the records of a group lie apart
// in a log.
#pragma once
#include "measure.h"

enum { BYTES_MAX = 65536, PATIENCE_S = 60 };

struct options {
    const char *mode;  // append, fill (append what `all` and `group` read), all, group, version
    const char *path;  // of a database in this process
    long port, records, groups, bytes, batch, passes;
    double seconds;  // after which `group` begins no other group
};

static inline struct options options_read(int argc, char **argv) {
    if (argc < 2) fail("usage: %s append|fill|all|group|version NAME=VALUE...", argv[0]);
    struct options o = {argv[1], "", 0, 1000, 1, 256, 64, 1, 3};
    struct { const char *name; long *value; } numbers[] = {
        {"port", &o.port},   {"records", &o.records}, {"groups", &o.groups},
        {"bytes", &o.bytes}, {"batch", &o.batch},     {"passes", &o.passes}};
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) fail("%s is not NAME=VALUE", argv[i]);
        *value++ = 0;
        int known = 1;
        if (!strcmp(argv[i], "path")) o.path = value;
        else if (!strcmp(argv[i], "seconds")) o.seconds = atof(value);
        else known = 0;
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (!strcmp(argv[i], numbers[n].name)) *numbers[n].value = atol(value), known = 1;
        if (!known) fail("there is no option %s", argv[i]);
    }
    if (o.bytes < 64 || o.bytes > BYTES_MAX) fail("a record has 64 to %d bytes", BYTES_MAX);
    if (o.groups < 1 || o.batch < 1 || o.records < o.groups) fail("too few records, groups or records of a batch");
    return o;
}

static inline void digits_write(char *to, int count, long value) {
    for (int i = count - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
}

static inline long digits_read(const char *from, int count) {
    long value = 0;
    for (int i = 0; i < count; i++) {
        if (from[i] < '0' || from[i] > '9') fail("there are no digits where a record has its number");
        value = value * 10 + from[i] - '0';
    }
    return value;
}

// `{"number":NNNNNNNNNN,"list_id":GGGGGG,"text":"...` to `"}`. The text is letters at random, another for each record,
// so that nobody gains by compressing what no application would repeat.
enum { NUMBER_AT = 10, NUMBER_DIGITS = 10, GROUP_AT = 31, GROUP_DIGITS = 6, TEXT_AT = 46, LETTERS = 1 << 20 };

struct record {
    const struct options *options;
    char *bytes, *letters;
};

static inline struct record record_begin(const struct options *o) {
    struct record r = {o, malloc((size_t)o->bytes + 1), malloc(LETTERS)};
    if (!r.bytes || !r.letters) fail("there is no memory");
    sprintf(r.bytes, "{\"number\":%0*d,\"list_id\":%0*d,\"text\":\"", NUMBER_DIGITS, 0, GROUP_DIGITS, 0);
    strcpy(r.bytes + o->bytes - 2, "\"}");
    uint32_t random = 1;
    for (int i = 0; i < LETTERS; i++) {
        random = random * 1664525 + 1013904223;
        r.letters[i] = (char)('a' + (random >> 16) % 26);
    }
    return r;
}

// The bytes of a record, until the next is written.
static inline const char *record_write(struct record *r, long number) {
    size_t length = (size_t)r->options->bytes - TEXT_AT - 2;
    digits_write(r->bytes + NUMBER_AT, NUMBER_DIGITS, number);
    digits_write(r->bytes + GROUP_AT, GROUP_DIGITS, number % r->options->groups);
    memcpy(r->bytes + TEXT_AT, r->letters + (size_t)number * 257 % (LETTERS - length), length);
    return r->bytes;
}

// A reading of the log or of one group, which must bring each of its records once and in order.
struct reading {
    const struct options *options;
    long group;  // -1: all
    long count, expected;
    double asked, first_us;  // from asking to the first record
};

static inline struct reading reading_begin(const struct options *o, long group) {
    long expected = group < 0 ? o->records : (o->records - group + o->groups - 1) / o->groups;
    return (struct reading){o, group, 0, expected, now(), 0};
}

static inline void reading_take(struct reading *r, const char *record, size_t length) {
    if (r->count == 0) r->first_us = (now() - r->asked) * 1e6;
    if (length != (size_t)r->options->bytes) fail("a record of %zu bytes, not %ld", length, r->options->bytes);
    long number = digits_read(record + NUMBER_AT, NUMBER_DIGITS);
    long wanted = r->group < 0 ? r->count : r->group + r->count * r->options->groups;
    if (number != wanted) fail("record %ld came where %ld was due", number, wanted);
    r->count++;
}

static inline void reading_end(const struct reading *r) {
    if (r->count != r->expected) fail("%ld of %ld records came", r->count, r->expected);
}

// Lets the server be measured while this is still connected: until there is no more input.
static inline void hold(void) {
    fflush(stdout);
    while (getchar() != EOF) continue;
}

static inline int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// What `all` and `group` do, by a reader of one group (-1: of all). `group` reads several groups, one after the other,
// so that there is enough of it to measure.
static inline void measure_reading(const struct options *o, void (*read)(struct reading *)) {
    int is_group = !strcmp(o->mode, "group");
    long count = 0, done = 0, passes = is_group ? (o->passes < o->groups ? o->passes : o->groups) : 1;
    double first_us[passes], begin = now(), cpu = own_cpu();
    while (done < passes && (done == 0 || now() - begin < o->seconds)) {
        struct reading r = reading_begin(o, is_group ? done * o->groups / passes : -1);
        read(&r);
        reading_end(&r);
        count += r.count;
        first_us[done++] = r.first_us;
    }
    double seconds = now() - begin, own = own_cpu() - cpu;
    qsort(first_us, (size_t)done, sizeof *first_us, compare);
    printf("{\"records\": %ld, \"seconds\": %.6f, \"own_cpu_seconds\": %.6f, ", count, seconds, own);
    printf("\"first_record_us\": %.1f, \"passes\": %ld}\n", first_us[done / 2], done);
    hold();
}

static inline void report_appending(const struct options *o, double begin, double cpu) {
    printf("{\"records\": %ld, \"seconds\": %.6f, \"own_cpu_seconds\": %.6f}\n", o->records, now() - begin,
           own_cpu() - cpu);
    hold();
}
