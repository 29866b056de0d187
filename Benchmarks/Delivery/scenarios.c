// The scenarios, one a run, its figures as one line of JSON:
//
//   delivery-client SCENARIO target=livelog|nats|mqtt|floor port=N publish-port=N pid=N [sockets=N] …
//
//   window    as many events outstanding as `window` says: how much the server's processor does
//   rate      `rate` events a second, whether the server keeps up or not: how late they come
//   idle      one subscription each, nothing to deliver: what a connection holds
//   storm     all sockets reconnect at once and resume, 100 events behind, beside 100 that are live
//   stalled   half of the sockets stop reading while the others are live
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "client.h"

static const uint64_t SECOND = 1000000000;

static void connect_all(int first, int count, int (*group)(int), const char *token) {
    int next = first, opening, wanted = load.ready + count;
    uint64_t deadline = now_ns() + 120 * SECOND;
    while (load.ready < wanted) {
        // A few at a time, so that no backlog is full; a storm is something else.
        while (opening = next - first - (count - (wanted - load.ready)), next < first + count && opening < 128) {
            load_connect(&load.subscribers[next], group(next), token);
            next++;
        }
        load_step(now_ns() + SECOND / 10);
        if (load.closed) fail("the server closed a socket that was being opened");
        if (now_ns() > deadline) fail("%d of %d sockets were opened", load.ready, wanted);
    }
}

static int one_group(int i) { return (void)i, 0; }
static int own_group(int i) { return i % 60000; }

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void pump_window(double seconds) {
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9), times[1000];
    int most = options.window > 1 ? options.window / 2 : 1;
    while (now_ns() < end) {
        int64_t room = options.window - load_outstanding();
        // Half a window at a time, so that what is on its way is never little.
        while (room >= most) {
            uint64_t now = now_ns();
            for (int i = 0; i < most; i++) times[i] = now;
            if (!load_publish(0, most, times)) break;
            room -= most;
        }
        load_step(end);
    }
}

// Open loop: an event's time is when it should have been published, however late that happened.
static void pump_rate(double seconds, volatile int *is_over) {
    uint64_t start = now_ns(), interval = SECOND / (uint64_t)options.rate, count = (uint64_t)(seconds * options.rate);
    uint64_t times[1000], next = 0;
    while (is_over ? !*is_over : next < count) {
        uint64_t now = now_ns();
        int due = 0;
        while (due < 500 && start + (next + (uint64_t)due) * interval <= now) {
            times[due] = start + (next + (uint64_t)due) * interval;
            due++;
        }
        if (due > 0 && load_publish(0, due, times)) next += (uint64_t)due;
        uint64_t then = start + next * interval;
        load_step(then > now ? then : now + SECOND / 1000);
    }
}

static void print_latency(const char *name, const struct histogram *h) {
    printf("\"%s_p50_us\":%.1f,\"%s_p99_us\":%.1f,\"%s_max_us\":%.1f,", name, (double)histogram_at(h, 0.5) / 1e3, name,
           (double)histogram_at(h, 0.99) / 1e3, name, (double)h->max / 1e3);
}

static void check(void) {
    if (load.duplicates) fail("%llu events came twice", (unsigned long long)load.duplicates);
    if (load.closed) fail("the server closed %llu sockets", (unsigned long long)load.closed);
    for (int i = 0; i < options.sockets; i++) {
        struct subscriber *s = &load.subscribers[i];
        if (s->state == READY && s->base != load_seq(s->group))
            fail("socket %d misses event %llu", i, (unsigned long long)s->base);
    }
}

static void fan_out(int is_rate) {
    static struct histogram latency;
    connect_all(0, options.sockets, one_group, NULL);
    load.reading = options.sockets;
    is_rate ? pump_rate(options.warmup, NULL) : pump_window(options.warmup);
    load_drain("warming up");
    load_reset();
    load.latency = &latency;
    double cpu = cpu_seconds(options.pid), own = own_cpu();
    uint64_t start = now_ns();
    is_rate ? pump_rate(options.seconds, NULL) : pump_window(options.seconds);
    load_drain("measuring");
    double seconds = (double)(now_ns() - start) / 1e9, millions = (double)load.delivered / 1e6;
    cpu = cpu_seconds(options.pid) - cpu;
    check();
    print_latency("delivery", &latency);
    printf("\"deliveries\":%llu,\"deliveries_per_second\":%.0f,\"cpu_s_per_million\":%.4f,"
           "\"client_cpu_s_per_million\":%.4f,\"server_cores\":%.3f,\"events_per_read\":%.2f,\"events_per_frame\":%.2f,",
           (unsigned long long)load.delivered, (double)load.delivered / seconds, cpu / millions,
           (own_cpu() - own) / millions, cpu / seconds, (double)load.delivered / (double)load.reads,
           (double)load.delivered / (double)load.frames);
}

static void idle(void) {
    sleep(1);
    long before = resident_kib(options.pid);
    double cpu = cpu_seconds(options.pid);
    uint64_t start = now_ns();
    connect_all(0, options.sockets, own_group, NULL);
    double connecting = (double)(now_ns() - start) / 1e9, connect_cpu = cpu_seconds(options.pid) - cpu;
    uint64_t end = now_ns() + SECOND;
    while (now_ns() < end) load_step(end);
    long after = resident_kib(options.pid);
    cpu = cpu_seconds(options.pid);
    end = now_ns() + (uint64_t)(options.seconds * 1e9);
    while (now_ns() < end) load_step(end);
    check();
    printf("\"kib_each\":%.3f,\"kib_each_later\":%.3f,\"kib_before\":%ld,\"connect_seconds\":%.3f,\"connect_cpu_ms_each\":%.4f,"
           "\"idle_cpu_percent\":%.2f,",
           (double)(after - before) / options.sockets, (double)(resident_kib(options.pid) - before) / options.sockets, before,
           connecting, connect_cpu * 1000 / options.sockets, (cpu_seconds(options.pid) - cpu) / options.seconds * 100);
}

static void stalled(void) {
    static struct histogram before, beside;
    int half = options.sockets / 2;
    connect_all(0, options.sockets, one_group, NULL);
    load.reading = options.sockets;
    pump_rate(options.warmup, NULL);
    load_drain("warming up");
    load_reset();
    load.latency = &before;
    pump_rate(options.seconds, NULL);
    load_drain("before");
    load.latency = NULL;
    for (int i = half; i < options.sockets; i++) load_stall(&load.subscribers[i], 1);
    long memory = resident_kib(options.pid);
    load_reset();
    load.reading = half;
    // As many as no socket holds, then the measurement: whoever is stalled is so for all of it.
    while (load.published < 4000) pump_window(0.1);
    load_drain("filling");
    long filled = resident_kib(options.pid);
    load_reset();
    load.latency = &beside;
    double cpu = cpu_seconds(options.pid);
    pump_rate(options.seconds, NULL);
    load_drain("beside");
    cpu = cpu_seconds(options.pid) - cpu;
    load.latency = NULL;
    long stayed = resident_kib(options.pid);
    uint64_t start = now_ns(), deadline = start + 60 * SECOND;
    for (int i = half; i < options.sockets; i++) load_stall(&load.subscribers[i], 0);
    for (int i = half; i < options.sockets && now_ns() < deadline;)
        if (load.subscribers[i].base == load_seq(0)) i++;
        else load_step(deadline);
    double resumed = (double)(now_ns() - start) / 1e9;
    check();
    print_latency("before", &before);
    print_latency("beside", &beside);
    printf("\"kib_before\":%ld,\"kib_filled\":%ld,\"kib_stalled\":%ld,\"kib_resumed\":%ld,\"resume_seconds\":%.3f,"
           "\"beside_cpu_s_per_million\":%.3f,",
           memory, filled, stayed, resident_kib(options.pid), resumed, cpu / ((double)load.delivered / 1e6));
}

// MARK: - Storm

// What the process with the live sockets shares with the one that storms.
struct live {
    volatile int phase;      // 0: not measured, 1: before, 2: beside
    volatile int is_ready, is_over;
    struct histogram latency[3];
};

enum { LIVE = 100, STORM_GROUPS = 100, BEHIND = 100 };

static int storm_group(int i) { return 1 + i % STORM_GROUPS; }

static void live_beside(struct live *live) {
    options.sockets = LIVE;
    load_open();
    connect_all(0, LIVE, one_group, NULL);
    load.reading = LIVE;
    pump_rate(options.warmup, NULL);
    live->is_ready = 1;
    // A histogram for each phase: `load.latency` is looked at with each delivery.
    while (!live->is_over) {
        load.latency = &live->latency[live->phase];
        pump_rate(0.1, NULL);
    }
    load_drain("live beside the storm");
    check();
}

static void wait_for_live(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) < 0 || status != 0) fail("the live sockets failed");
}

static void storm(void) {
    struct live *live = mmap(NULL, sizeof *live, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        live_beside(live);
        _exit(0);
    }
    load_open();
    connect_all(0, options.sockets, storm_group, NULL);
    char token[256];
    strcpy(token, load.token);
    while (!live->is_ready) load_step(now_ns() + SECOND / 10);
    live->phase = 1;
    uint64_t end = now_ns() + (uint64_t)(options.seconds * 1e9);
    while (now_ns() < end) load_step(end);
    live->phase = 0;
    for (int i = 0; i < options.sockets; i++) load_disconnect(&load.subscribers[i]);
    uint64_t times[BEHIND] = {0}, first[STORM_GROUPS + 1];
    for (int group = 1; group <= STORM_GROUPS; group++) {
        first[group] = load_seq(group);
        while (!load_publish(group, BEHIND, times)) load_step(now_ns() + SECOND);
    }
    while (load_is_publishing()) load_step(now_ns() + SECOND);
    end = now_ns() + 2 * SECOND;
    while (now_ns() < end) load_step(end);

    long memory = resident_kib(options.pid), highest = memory;
    double cpu = cpu_seconds(options.pid), own = own_cpu();
    uint64_t start = now_ns(), deadline = start + 60 * SECOND;
    live->phase = 2;
    int next = 0;
    while (load.ready < options.sockets && now_ns() < deadline) {
        for (int i = 0; i < 500 && next < options.sockets; i++, next++) {
            struct subscriber *s = &load.subscribers[next];
            load_connect(s, storm_group(next), token);
            s->base = first[s->group];
            s->opened = start;
        }
        load_step(next < options.sockets ? 0 : now_ns() + SECOND / 10);
        if (load.closed) fail("the server closed a socket in the storm");
    }
    if (load.ready < options.sockets) fail("a minute later %d of %d sockets are live", load.ready, options.sockets);
    double seconds = (double)(now_ns() - start) / 1e9;
    live->phase = 0;
    cpu = cpu_seconds(options.pid) - cpu;
    own = own_cpu() - own;
    highest = resident_kib(options.pid);
    static struct histogram caught_up;
    for (int i = 0; i < options.sockets; i++) {
        struct subscriber *s = &load.subscribers[i];
        histogram_add(&caught_up, s->ready - s->opened, 1);
        if (s->received != BEHIND) fail("socket %d resumed and was given %llu of %d events", i, (unsigned long long)s->received, BEHIND);
    }
    check();
    live->is_over = 1;
    wait_for_live(child);
    print_latency("caught_up", &caught_up);
    print_latency("before", &live->latency[1]);
    print_latency("beside", &live->latency[2]);
    printf("\"storm_seconds\":%.3f,\"cpu_ms_each\":%.4f,\"client_cpu_ms_each\":%.4f,\"kib_before\":%ld,\"kib_after\":%ld,",
           seconds, cpu * 1000 / options.sockets, own * 1000 / options.sockets, memory, highest);
}

int main(int argc, char **argv) {
    static const char *const targets[] = {"livelog", "nats", "mqtt", "floor"};
    options = (struct options){.sockets = 1000, .window = 128, .rate = 50, .bytes = 200, .seconds = 3, .warmup = 0.5};
    const char *scenario = argc > 1 ? argv[1] : "";
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) fail("%s is not NAME=VALUE", argv[i]);
        *value++ = 0;
        const char *name = argv[i];
        if (!strcmp(name, "target")) {
            for (int t = 0; t < 4; t++)
                if (!strcmp(value, targets[t])) options.target = (enum target)t;
        } else if (!strcmp(name, "port")) options.port = atoi(value);
        else if (!strcmp(name, "publish-port")) options.publish_port = atoi(value);
        else if (!strcmp(name, "pid")) options.pid = atoi(value);
        else if (!strcmp(name, "sockets")) options.sockets = atoi(value);
        else if (!strcmp(name, "window")) options.window = atoi(value);
        else if (!strcmp(name, "rate")) options.rate = atoi(value);
        else if (!strcmp(name, "bytes")) options.bytes = (size_t)atoi(value);
        else if (!strcmp(name, "seconds")) options.seconds = atof(value);
        else if (!strcmp(name, "warmup")) options.warmup = atof(value);
        else fail("there is no option %s", name);
    }
    signal(SIGPIPE, SIG_IGN);
    options.stalls = !strcmp(scenario, "stalled");
    if (options.window > 2000) fail("a window has at most 2000 events");
    printf("{");
    fflush(stdout);
    if (!strcmp(scenario, "storm")) {
        storm();
    } else {
        load_open();
        if (!strcmp(scenario, "window")) fan_out(0);
        else if (!strcmp(scenario, "rate")) fan_out(1);
        else if (!strcmp(scenario, "idle")) idle();
        else if (!strcmp(scenario, "stalled")) stalled();
        else fail("there is no scenario %s", scenario);
    }
    printf("\"sockets\":%d}\n", options.sockets);
    return 0;
}
