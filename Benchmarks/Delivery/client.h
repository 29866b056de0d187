// The load: WebSockets that subscribe, a connection that publishes, one epoll loop for all. One target, one process.
#pragma once
#include "target.h"

struct options {
    enum target target;
    int port, publish_port;  // of WebSockets, and of the publisher
    int pid;                 // the server's
    int sockets, window, rate;
    size_t bytes;            // of an event as delivered
    double seconds, warmup;
    int stalls;              // whether sockets will stop reading: then their buffers are small
};
extern struct options options;

enum state { CLOSED, CONNECTING, UPGRADING, SUBSCRIBING, READY };

struct subscriber {
    int fd, group;
    enum state state;
    int is_stalled;
    const char *token;       // where it begins; NULL: now
    uint64_t opened, ready;  // when it was, in nanoseconds
    uint64_t base;           // all events of its group below were received, and of those from it on, these:
    uint64_t seen[64];
    uint64_t received;
    uint8_t *carry;          // bytes of a message that is not all there
    size_t carried, capacity;
    uint8_t part[MARKER];    // of a marker that two frames share
    int part_length;
};

struct load {
    struct subscriber *subscribers;
    int ready;                        // how many are
    uint64_t duplicates, closed;      // events that came twice; sockets that the server closed
    uint64_t published, delivered;    // of the measured group since the last `load_reset`
    int reading;                      // sockets of the measured group that read
    uint64_t frames, reads;
    struct histogram *latency;        // where deliveries of the measured group go, if anywhere
    char token[256];                  // the last that a `subscribed` told
};
extern struct load load;

void load_open(void);
// Opens a socket's connection; `load_step` does the rest.
void load_connect(struct subscriber *, int group, const char *token);
void load_disconnect(struct subscriber *);
void load_stall(struct subscriber *, int is_stalled);
// Handles what has happened, after waiting for it until `deadline` at the longest.
void load_step(uint64_t deadline);
// Publishes `count` events of a group, intended for `times`. False if no connection is free.
int load_publish(int group, int count, const uint64_t *times);
int load_is_publishing(void);
uint64_t load_seq(int group);
int64_t load_outstanding(void);
void load_reset(void);
void load_drain(const char *what);
