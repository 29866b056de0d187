// Frames over loopback to many sockets, and the turns of a loop that waits for them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "limits.h"

enum { FRAME = 200, JOINED = 64, SOCKETS = 400, TURNS = 20, READY_MAX = 64 };
static int senders[SOCKETS], receivers[SOCKETS];
static uint8_t frames[FRAME * JOINED], received[FRAME * JOINED];

static void connect_all(int count) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, SOCKETS)) fail("cannot listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    for (int i = 0; i < count; i++) {
        receivers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(receivers[i], (struct sockaddr *)&address, size)) fail("cannot connect: %s", strerror(errno));
        senders[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (senders[i] < 0) fail("cannot accept: %s", strerror(errno));
        setsockopt(senders[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    close(listener);
}

static void send_to(int socket, size_t size) {
    if (send(socket, frames, size, MSG_NOSIGNAL) != (ssize_t)size) fail("cannot send: %s", strerror(errno));
}

static void receive(int socket, size_t size) {
    if (recv(socket, received, size, MSG_WAITALL) != (ssize_t)size) fail("cannot receive: %s", strerror(errno));
}

// What a send costs the sender, one to each socket in turn. All is received before the next turn, so none is full.
static double sends(int sockets, int turns, size_t size) {
    double values[TURNS];
    for (int turn = 0; turn < turns; turn++) {
        double began = cpu_ns();
        for (int i = 0; i < sockets; i++) send_to(senders[i], size);
        values[turn] = (cpu_ns() - began) / sockets;
        for (int i = 0; i < sockets; i++) receive(receivers[i], size);
    }
    return value_at(values, turns, 0.5);
}

// What a socket costs a loop that finds `ready` of them readable at once, waits and reads, and does nothing else.
static double turns_of_loop(int poll, int ready, int sockets, int turns) {
    struct epoll_event events[READY_MAX];
    double values[TURNS];
    for (int turn = 0; turn < turns; turn++) {
        double used = 0;
        for (int first = 0; first + ready <= sockets; first += ready) {
            for (int i = first; i < first + ready; i++) send_to(senders[i], FRAME);
            double began = cpu_ns();
            for (int seen = 0; seen < ready;) {
                int count = epoll_wait(poll, events, READY_MAX, -1);
                for (int i = 0; i < count; i++) receive(events[i].data.fd, FRAME);
                seen += count;
            }
            used += cpu_ns() - began;
        }
        values[turn] = used / (sockets / ready * ready);
    }
    return value_at(values, turns, 0.5);
}

void socket_limits(bool once) {
    int sockets = once ? 64 : SOCKETS, turns = once ? 1 : TURNS, poll = epoll_create1(EPOLL_CLOEXEC);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    memset(frames, 'x', sizeof frames);
    connect_all(sockets);
    double single = sends(sockets, turns, FRAME), joined = sends(sockets, turns, FRAME * JOINED);
    tell("send_ns", single);
    tell("send_64_joined_ns", joined);
    tell("send_64_joined_ns_a_frame", joined / JOINED);
    for (int i = 0; i < sockets; i++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.fd = receivers[i]};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, receivers[i], &interest)) fail("cannot watch: %s", strerror(errno));
    }
    tell("epoll_1_ready_ns", turns_of_loop(poll, 1, sockets, turns));
    tell("epoll_64_ready_ns_a_socket", turns_of_loop(poll, READY_MAX, sockets, turns));
    for (int i = 0; i < sockets; i++) close(senders[i]), close(receivers[i]);
    close(poll);
}
