// The least that a server of this kind can do: takes events from a publisher, frames them, and sends what came in
// one read as one buffer to every WebSocket that is open. No log, no filter, no sync, no queue: a reader that does
// not read stops it. Its figures are what the machine, the kernel and the client cost by themselves.
//
//   floor BYTES      prints "listening on PORT"; a connection that begins with "PUB\n" publishes
//                    events of BYTES bytes each, every other one is a WebSocket
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "measure.h"

enum { SOCKETS = 65536, BUFFER = 1 << 20 };
static int readers[SOCKETS], reader_count;
static int place[SOCKETS];  // of a descriptor in `readers`, and -1 for the publisher's
static uint8_t input[BUFFER], output[BUFFER * 2];
static size_t held;  // bytes of an event that is not all there

// Writes an unmasked frame of text and returns its end.
static uint8_t *frame_write(uint8_t *to, const void *payload, size_t length) {
    *to++ = 0x81;
    if (length < 126) {
        *to++ = (uint8_t)length;
    } else if (length < 65536) {
        *to++ = 126;
        *to++ = (uint8_t)(length >> 8);
        *to++ = (uint8_t)length;
    } else {
        *to++ = 127;
        for (int i = 56; i >= 0; i -= 8) *to++ = (uint8_t)(length >> i);
    }
    return mempcpy(to, payload, length);
}

static void leave(int fd) {
    if (place[fd] >= 0) {
        readers[place[fd]] = readers[--reader_count];
        place[readers[place[fd]]] = place[fd];
    }
    close(fd);
}

static void send_whole(int fd, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL);
        if (n < 0) return;  // the socket is gone; its hang-up is read next
        bytes += n;
        count -= (size_t)n;
    }
}

static void publish(int fd, size_t event) {
    ssize_t n = recv(fd, input + held, BUFFER - held, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) leave(fd);
        return;
    }
    size_t count = held + (size_t)n, at = 0;
    uint8_t *end = output;
    for (; count - at >= event; at += event) end = frame_write(end, input + at, event);
    held = count - at;
    memmove(input, input + at, held);
    if (end == output) return;
    for (int i = 0; i < reader_count; i++) send_whole(readers[i], output, (size_t)(end - output));
}

int main(int argc, char **argv) {
    size_t event = argc == 2 ? (size_t)atoi(argv[1]) : 0;
    if (event == 0) fail("usage: floor BYTES");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) fail("cannot listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event events[256], interest = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &interest);
    for (;;) {
        int count = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept4(listener, NULL, NULL, 0);
                if (accepted < 0) continue;
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                place[accepted] = -2;  // has not said yet what it is
                interest.data.fd = accepted;
                epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &interest);
            } else if (place[fd] == -1) {
                publish(fd, event);
            } else {
                static char request[4096];
                ssize_t n = recv(fd, request, place[fd] == -2 ? 4 : sizeof request, 0);
                if (n <= 0) {
                    leave(fd);
                } else if (place[fd] == -2 && n == 4 && memcmp(request, "PUB\n", 4) == 0) {
                    place[fd] = -1;
                } else if (place[fd] == -2) {
                    // The client is ours and does not check the accept key.
                    static const char answer[] =
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
                    place[fd] = reader_count;
                    readers[reader_count++] = fd;
                    send_whole(fd, (const uint8_t *)answer, sizeof answer - 1);
                }
            }
        }
    }
}
