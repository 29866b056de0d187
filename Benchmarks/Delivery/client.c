#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { INPUT = 4 << 20, GROUPS = 1 << 16, BATCH = 1000, UNANSWERED = 256 };

struct publisher {
    int fd;
    int unanswered;      // batches without a receipt
    uint64_t batches;
    char answer[65536];
    size_t answered;
};

struct options options;
struct load load;
static int poller;
static uint8_t *input;
static struct publisher publisher;
static uint64_t seqs[GROUPS], ids;

static int tcp(int port, int is_nonblocking) {
    int one = 1, small = 16 << 10, segment = 1400;
    int fd = socket(AF_INET, SOCK_STREAM | (is_nonblocking ? SOCK_NONBLOCK : 0), 0);
    if (fd < 0) fail("no more sockets: %s; raise the limit of open files", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (options.stalls && is_nonblocking) {
        // As over Ethernet: loopback's segments would have the kernel hold megabytes for each socket.
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        fail("cannot connect to port %d: %s", port, strerror(errno));
    return fd;
}

static void watch(int fd, int operation, uint32_t events, uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
    if (epoll_ctl(poller, operation, fd, &event)) fail("epoll: %s", strerror(errno));
}

// Publishers are numbered from 2^32.
static const uint64_t PUBLISHER = 1ull << 32;

static void send_whole(int fd, const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    while (count > 0) {
        ssize_t n = send(fd, at, count, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) continue;  // words of subscribers are few and short
        if (n < 0) return;
        at += n;
        count -= (size_t)n;
    }
}

void load_open(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    input = malloc(INPUT);
    load.subscribers = calloc((size_t)options.sockets, sizeof *load.subscribers);
}

// MARK: - Subscribers

void load_connect(struct subscriber *s, int group, const char *token) {
    if (group >= GROUPS) fail("there are %d groups", GROUPS);
    uint8_t *carry = s->carry;
    size_t capacity = s->capacity;
    *s = (struct subscriber){.group = group, .token = token, .carry = carry, .capacity = capacity, .state = CONNECTING};
    s->opened = now_ns();
    s->base = seqs[group];
    s->fd = tcp(options.port, 1);
    watch(s->fd, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT, (uint64_t)(s - load.subscribers));
}

void load_disconnect(struct subscriber *s) {
    if (s->state == READY) load.ready--;
    close(s->fd);
    s->state = CLOSED;
}

void load_stall(struct subscriber *s, int is_stalled) {
    s->is_stalled = is_stalled;
    watch(s->fd, is_stalled ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, EPOLLIN, (uint64_t)(s - load.subscribers));
}

static void receive_event(struct subscriber *s, const uint8_t *marker, uint64_t now) {
    uint64_t seq = digits_read(marker + 1, SEQ_DIGITS);
    s->received++;
    if (seq == s->base) {
        s->base++;
        uint64_t word, bit;
        while (word = s->base / 64 % 64, bit = 1ull << s->base % 64, s->seen[word] & bit) {
            s->seen[word] ^= bit;
            s->base++;
        }
    } else if (seq < s->base || s->seen[seq / 64 % 64] & 1ull << seq % 64) {
        load.duplicates++;
        return;
    } else if (seq - s->base < 4096) {
        s->seen[seq / 64 % 64] |= 1ull << seq % 64;
    } else {
        fail("socket %d was given event %llu and misses %llu", (int)(s - load.subscribers), (unsigned long long)seq,
             (unsigned long long)s->base);
    }
    if (s->group != 0 || s->is_stalled) return;
    load.delivered++;
    if (load.latency) {
        uint64_t time = digits_read(marker + 2 + SEQ_DIGITS, TIME_DIGITS);
        histogram_add(load.latency, now > time ? now - time : 0, 1);
    }
}

static void receive_events(struct subscriber *s, const uint8_t *at, size_t count, uint64_t now) {
    const uint8_t *end = at + count;
    if (s->part_length > 0) {
        size_t missing = (size_t)(MARKER - s->part_length), taken = missing < count ? missing : count;
        memcpy(s->part + s->part_length, at, taken);
        s->part_length += (int)taken;
        at += taken;
        if (s->part_length < MARKER) return;
        s->part_length = 0;
        receive_event(s, s->part, now);
    }
    while (at < end && (at = memchr(at, '@', (size_t)(end - at)))) {
        if (end - at < MARKER) {
            s->part_length = (int)(end - at);
            memcpy(s->part, at, (size_t)s->part_length);
            return;
        }
        receive_event(s, at, now);
        at += MARKER;
    }
}

static void receive_message(struct subscriber *s, const uint8_t *message, size_t length, uint64_t now) {
    load.frames++;
    if (options.target == LIVELOG) {
        if (length > 8 && (memcmp(message, "{\"error\"", 8) == 0 || memcmp(message, "{\"reset\"", 8) == 0))
            fail("the server answered %.*s", (int)length, message);
        static const char name[] = "\"token\":\"";
        const uint8_t *token;
        if (length > 13 && length < sizeof load.token && memcmp(message, "{\"subscribed\"", 13) == 0
            && (token = memmem(message, length, name, sizeof name - 1)))
            sscanf((const char *)token + sizeof name - 1, "%255[^\"]", load.token);
    } else if (options.target == NATS && length >= 6 && memcmp(message, "PING\r\n", 6) == 0) {
        uint8_t pong[16];
        send_whole(s->fd, pong, (size_t)(frame_write(pong, 2, 1, "PONG\r\n", 6) - pong));
    }
    if (s->state == SUBSCRIBING && is_ready(options.target, message, length)) {
        s->state = READY;
        s->ready = now;
        load.ready++;
    }
    receive_events(s, message, length, now);
}

// Takes whole messages off `bytes`; returns how many bytes those were.
static size_t receive_frames(struct subscriber *s, const uint8_t *bytes, size_t count, uint64_t now) {
    size_t at = 0;
    struct frame frame;
    while (s->state >= SUBSCRIBING && frame_read(bytes + at, count - at, &frame)
           && frame.length <= count - at - frame.header) {
        const uint8_t *payload = bytes + at + frame.header;
        if (frame.opcode == 9) {
            uint8_t pong[256];
            send_whole(s->fd, pong, (size_t)(frame_write(pong, 10, 1, payload, frame.length) - pong));
        } else if (frame.opcode == 8) {
            fprintf(stderr, "the server closed a socket with %d: %.*s\n", payload[0] << 8 | payload[1],
                    (int)frame.length - 2, payload + 2);
        } else if (frame.opcode <= 2) {
            receive_message(s, payload, frame.length, now);
        }
        at += frame.header + frame.length;
    }
    return at;
}

static void lose(struct subscriber *s) {
    load.closed++;
    load_disconnect(s);
}

static void read_subscriber(struct subscriber *s) {
    if (s->carried > 0) memcpy(input, s->carry, s->carried);
    ssize_t n = recv(s->fd, input + s->carried, INPUT - s->carried, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) lose(s);
        return;
    }
    uint64_t now = now_ns();
    load.reads++;
    size_t count = s->carried + (size_t)n, at = 0;
    if (s->state == UPGRADING) {
        uint8_t *end = memmem(input, count, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(input, "HTTP/1.1 101", 12) != 0) fail("no WebSocket: %.*s", (int)count, input);
            at = (size_t)(end + 4 - input);
            uint8_t words[1024];
            size_t length = subscribe_write(options.target, words, s->group, s->token);
            send_whole(s->fd, words, length);
            s->state = SUBSCRIBING;
            if (options.target == FLOOR) {
                s->state = READY;
                load.ready++;
            }
        }
    }
    at += receive_frames(s, input + at, count - at, now);
    s->carried = count - at;
    if (s->carried > s->capacity) {
        s->capacity = s->carried * 2;
        s->carry = realloc(s->carry, s->capacity);
    }
    if (s->carried > 0) memcpy(s->carry, input + at, s->carried);
}

static void subscriber_event(struct subscriber *s, uint32_t events) {
    if (s->state == CLOSED) return;
    if (s->state == CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP)) return lose(s);
        char request[1024];
        watch(s->fd, EPOLL_CTL_MOD, EPOLLIN, (uint64_t)(s - load.subscribers));
        send_whole(s->fd, request, handshake_write(options.target, request));
        s->state = UPGRADING;
        return;
    }
    read_subscriber(s);
}

// MARK: - The publisher

static void publisher_event(struct publisher *p) {
    ssize_t n = recv(p->fd, p->answer + p->answered, sizeof p->answer - 1 - p->answered, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("the server closed a publisher's connection");
    p->answered += (size_t)n;
    p->answer[p->answered] = 0;
    if (options.target == NATS) {
        if (strstr(p->answer, "-ERR")) fail("nats-server: %s", p->answer);
        if (strstr(p->answer, "PING\r\n")) send_whole(p->fd, "PONG\r\n", 6);
    }
    if (options.target != LIVELOG) {
        p->answered = 0;
        return;
    }
    size_t at = 0;
    struct frame frame;
    while (frame_read((uint8_t *)p->answer + at, p->answered - at, &frame)
           && frame.length <= p->answered - at - frame.header) {
        const char *payload = p->answer + at + frame.header;
        if (frame.opcode == 9) {
            uint8_t pong[256];
            send_whole(p->fd, pong, (size_t)(frame_write(pong, 10, 1, payload, frame.length) - pong));
        } else if (frame.length < 10 || memcmp(payload, "{\"receipt\"", 10) != 0) {
            fail("events were refused: %.*s", (int)frame.length, payload);
        } else {
            p->unanswered--;
        }
        at += frame.header + frame.length;
    }
    memmove(p->answer, p->answer + at, p->answered - at);
    p->answered -= at;
}

// Makes a publisher's connection a WebSocket, on which batches follow each other without waiting for receipts.
static void publisher_upgrade(struct publisher *p) {
    char request[512], answer[1024];
    send_whole(p->fd, request, producer_handshake_write(request));
    size_t count = 0;
    while (count < 4 || memcmp(answer + count - 4, "\r\n\r\n", 4) != 0) {
        struct pollfd readable = {.fd = p->fd, .events = POLLIN};
        if (count == sizeof answer || poll(&readable, 1, 10000) <= 0 || recv(p->fd, answer + count, 1, 0) != 1)
            fail("no WebSocket for a publisher: %.*s", (int)count, answer);
        count++;
    }
    if (memcmp(answer, "HTTP/1.1 101", 12) != 0) fail("no WebSocket for a publisher: %.*s", (int)count, answer);
}

// Opens a publisher's connection when it is first needed: one that is silent for long is closed.
static void publisher_open(struct publisher *p) {
    p->fd = tcp(options.publish_port, 0);
    watch(p->fd, EPOLL_CTL_ADD, EPOLLIN, PUBLISHER);
    static const char nats[] = "CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\n";
    static const uint8_t mqtt[] = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0};
    switch (options.target) {
    case NATS: send_whole(p->fd, nats, sizeof nats - 1); break;
    case MQTT: send_whole(p->fd, mqtt, sizeof mqtt); break;
    case FLOOR: send_whole(p->fd, "PUB\n", 4); break;
    case LIVELOG: publisher_upgrade(p); break;
    }
}

int load_publish(int group, int count, const uint64_t *times) {
    static char text[BATCH * 1024 + 64];
    static uint8_t message[BATCH * 1024 + 128];
    struct publisher *p = &publisher;
    if (p->unanswered >= UNANSWERED) return 0;
    if (p->fd == 0) publisher_open(p);
    if (count > BATCH) fail("a batch has at most %d events", BATCH);
    char *end = text;
    if (options.target == LIVELOG)
        end += sprintf(end, "{\"batch\":%llu,\"changes\":[", (unsigned long long)p->batches++);
    for (int i = 0; i < count; i++) {
        end = event_write(options.target, end, options.bytes, group, seqs[group]++, times[i], ids++);
        if (group == 0) load.published++;
    }
    if (options.target != LIVELOG) {
        send_whole(p->fd, text, (size_t)(end - text));
        return 1;
    }
    end[-1] = ']';
    *end++ = '}';
    p->unanswered++;
    send_whole(p->fd, message, (size_t)(frame_write(message, 1, 1, text, (size_t)(end - text)) - message));
    return 1;
}

int load_is_publishing(void) {
    return publisher.unanswered > 0;
}

uint64_t load_seq(int group) { return seqs[group]; }

// MARK: - The loop

void load_step(uint64_t deadline) {
    struct epoll_event events[512];
    uint64_t now = now_ns(), wait = deadline > now ? deadline - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
    int count = epoll_pwait2(poller, events, 512, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        uint64_t number = events[i].data.u64;
        if (number == PUBLISHER) publisher_event(&publisher);
        else subscriber_event(&load.subscribers[number], events[i].events);
    }
}

int64_t load_outstanding(void) {
    return (int64_t)load.published - (load.reading ? (int64_t)(load.delivered / (uint64_t)load.reading) : 0);
}

void load_reset(void) {
    load.published = load.delivered = load.frames = load.reads = 0;
}

void load_drain(const char *what) {
    uint64_t last = load.delivered, since = now_ns();
    while (load.delivered < load.published * (uint64_t)load.reading || load_is_publishing()) {
        load_step(now_ns() + 100000000);
        if (load.delivered != last) {
            last = load.delivered;
            since = now_ns();
        } else if (now_ns() - since > 20000000000ull) {
            fail("%s: of %llu events for %d sockets %llu deliveries are missing, %llu sockets were closed", what,
                 (unsigned long long)load.published, load.reading,
                 (unsigned long long)(load.published * (uint64_t)load.reading - load.delivered),
                 (unsigned long long)load.closed);
        }
    }
}
