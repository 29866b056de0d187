// Many WebSockets that ask for one group by rest-live 1, and check that each of them gets every message once and in
// order. Raw frames on one epoll loop, so that it is never what limits a server: it takes in some millions of messages a
// second.
//
//   subscribers PORT COUNT PATH REQUEST
//
// Connects, sends REQUEST on each socket, and prints "asked". The protocol acknowledges nothing, so "ready" is printed
// when each socket got its first message. A message has its number at the beginning of the instance's `text`, and the
// numbers rise by one. For each line `NUMBER` of its input it prints, when each socket got that message, one line of
// JSON: {"messages": since the line before, "at": monotonic seconds, "own_cpu_seconds": since its start}.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../Compare/measure.h"

enum { SOCKETS_MAX = 50000, FRAME_MAX = 16384, READ_MAX = 1 << 17, EVENTS = 256, PATIENCE_S = 120 };
enum { TEXT = 0x81, CLOSE = 0x88, PING = 0x89, PONG = 0x8a };

struct reader {
    int fd;
    long last;        // number of the last message, -1 before the first
    size_t held;      // bytes of a frame that is not all there
    char *beginning;  // of that frame
};

static struct reader readers[SOCKETS_MAX];
static long reader_count, begun, messages, reported, target = -1, reached;
static char input[FRAME_MAX + READ_MAX + 1];

static void send_whole(int fd, const void *bytes, size_t count) {
    if (send(fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail("a socket does not take %zu bytes", count);
}

// With a mask of zeros, which leaves the payload as it is.
static void send_frame(int fd, uint8_t opcode, const char *payload, size_t length) {
    uint8_t frame[8 + FRAME_MAX] = {opcode};
    size_t at = 2;
    if (length > FRAME_MAX) fail("a frame of %zu bytes", length);
    if (length < 126) {
        frame[1] = 0x80 | (uint8_t)length;
    } else {
        frame[1] = 0x80 | 126;
        frame[at++] = (uint8_t)(length >> 8);
        frame[at++] = (uint8_t)length;
    }
    memset(frame + at, 0, 4);
    memcpy(frame + at + 4, payload, length);
    send_whole(fd, frame, at + 4 + length);
}

static int connect_one(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {PATIENCE_S, 0};
    if (fd < 0) fail("no socket: %s; raise the limit of open files (ulimit -n)", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("cannot connect: %s", strerror(errno));
    return fd;
}

// The head of the answer, a byte at a time: what follows it belongs to the frames.
static void read_handshake(int fd) {
    char head[4096];
    size_t count = 0;
    while (count < 4 || memcmp(head + count - 4, "\r\n\r\n", 4)) {
        if (count == sizeof head - 1) fail("the head of a handshake's answer is too long");
        if (recv(fd, head + count, 1, 0) != 1) fail("no answer to a handshake: %s", strerror(errno));
        count++;
    }
    head[count] = 0;
    if (strncmp(head, "HTTP/1.1 101", 12)) fail("no WebSocket: %.100s", head);
}

static void take_message(struct reader *r, char *payload, size_t length) {
    char *text = memmem(payload, length, "\"text\"", 6), *end = payload + length;
    if (!text) fail("a message without a text: %.*s", (int)length, payload);
    for (text += 6; text < end && (*text == ':' || *text == ' ' || *text == '"'); text++) continue;
    long number = strtol(text, NULL, 10);
    if (r->last >= 0 && number != r->last + 1)
        fail("message %ld came after message %ld: %s", number, r->last, number > r->last ? "lost" : "repeated");
    begun += r->last < 0;
    r->last = number;
    reached += number == target;
    messages++;
    if (begun == reader_count) puts("ready"), begun++;  // once
}

// The frame at the beginning of the bytes; 0 if it is not all there.
static size_t take_frame(struct reader *r, char *bytes, size_t count) {
    if (count < 2) return 0;
    uint8_t opcode = (uint8_t)bytes[0], first = (uint8_t)bytes[1];
    size_t length = first, head = 2;
    if (first == 126) {
        if (count < 4) return 0;
        length = (size_t)(uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
        head = 4;
    } else if (first > 126) {
        fail("a frame that is masked, or longer than what is expected");
    }
    if (length > FRAME_MAX - 4) fail("a frame of %zu bytes", length);
    if (count < head + length) return 0;
    if (opcode == TEXT) take_message(r, bytes + head, length);
    else if (opcode == PING) send_frame(r->fd, PONG, bytes + head, length);
    else fail(opcode == CLOSE ? "a socket was closed" : "a frame of an unknown kind: %d", opcode);
    return head + length;
}

static void read_some(struct reader *r) {
    memcpy(input, r->beginning, r->held);
    ssize_t n = recv(r->fd, input + r->held, READ_MAX, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("a socket ended");
    size_t count = r->held + (size_t)n, at = 0, length;
    input[count] = 0;  // where the reading of a number ends at the latest
    while ((length = take_frame(r, input + at, count - at)) > 0) at += length;
    r->held = count - at;
    memcpy(r->beginning, input + at, r->held);
}

static void report_if_reached(void) {
    if (target < 0 || reached < reader_count) return;
    printf("{\"messages\": %ld, \"at\": %.6f, \"own_cpu_seconds\": %.6f}\n", messages - reported, now(), own_cpu());
    reported = messages;
    target = -1;
}

// One line of the input; 0 at its end.
static int read_target(void) {
    char line[64];
    if (!fgets(line, sizeof line, stdin)) return 0;
    target = atol(line);
    reached = 0;
    for (long i = 0; i < reader_count; i++) reached += readers[i].last >= target;
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage: subscribers PORT COUNT PATH REQUEST");
    int port = atoi(argv[1]), loop = epoll_create1(0);
    reader_count = atol(argv[2]);
    if (reader_count < 1 || reader_count > SOCKETS_MAX) fail("from 1 to %d sockets", SOCKETS_MAX);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);

    char request[1024];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          argv[3], port);
    if (length >= (int)sizeof request) fail("the path is too long");
    for (long i = 0; i < reader_count; i++) {
        readers[i] = (struct reader){connect_one(port), -1, 0, malloc(FRAME_MAX)};
        if (!readers[i].beginning) fail("there is no memory");
        send_whole(readers[i].fd, request, (size_t)length);
    }
    for (long i = 0; i < reader_count; i++) {
        read_handshake(readers[i].fd);
        send_frame(readers[i].fd, TEXT, argv[4], strlen(argv[4]));
        struct epoll_event event = {EPOLLIN, {.ptr = &readers[i]}};
        epoll_ctl(loop, EPOLL_CTL_ADD, readers[i].fd, &event);
    }
    struct epoll_event commands = {EPOLLIN, {.ptr = NULL}};
    epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &commands);
    puts("asked");

    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(loop, events, EVENTS, PATIENCE_S * 1000);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail("nothing came for %d seconds; %ld of %ld sockets are there", PATIENCE_S, reached, reader_count);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) read_some(events[i].data.ptr);
            else if (!read_target()) return 0;
        }
        report_if_reached();
    }
}
