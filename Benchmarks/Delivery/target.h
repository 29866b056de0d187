// What is measured, each with the words it wants: how to open a subscriber, and how to give it events.
#pragma once
#include "event.h"
#include "websocket.h"

enum target { LIVELOG, NATS, MQTT, FLOOR };

// Subscribers find their group's events under this name.
static inline int topic_write(char *to, int group) { return sprintf(to, "g/%d", group); }

static const char *const protocol_of[] = {
    "Sec-WebSocket-Protocol: livelog.v1\r\n", "", "Sec-WebSocket-Protocol: mqtt\r\n", ""};

static inline size_t handshake_write(enum target target, char *to) {
    return (size_t)sprintf(
        to,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZCBvZiBsaXZlbG9nIQ==\r\n%s\r\n",
        target == LIVELOG ? "/ws/subscribe/" : target == MQTT ? "/mqtt" : "/", protocol_of[target]);
}

// What makes a connection one of Livelog's producers.
static inline size_t producer_handshake_write(char *to) {
    return (size_t)sprintf(
        to,
        "GET /ws/publish/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZCBvZiBsaXZlbG9nIQ==\r\n"
        "Sec-WebSocket-Protocol: livelog.producer.v1\r\n\r\n");
}

// What a subscriber says after the handshake: one subscription, from a token or from now. Returns the bytes.
static inline size_t subscribe_write(enum target target, uint8_t *to, int group, const char *token) {
    char text[512], topic[32];
    uint8_t *end = to;
    int length;
    switch (target) {
    case LIVELOG:
        length = sprintf(
            text, "{\"subscribe\":1,\"model\":\"load.Event\",\"where\":{\"list_id\":%d},\"from\":\"%s\"}", group,
            token ? token : "now");
        end = frame_write(end, 1, 1, text, (size_t)length);
        break;
    case NATS:
        topic_write(topic, group);
        length = sprintf(
            text, "CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\nSUB %s 1\r\nPING\r\n", topic);
        end = frame_write(end, 2, 1, text, (size_t)length);
        break;
    case MQTT: {
        // CONNECT with a clean session, no keep-alive and an id that the server makes; SUBSCRIBE with QoS 0.
        uint8_t connect[] = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0};
        end = frame_write(end, 2, 1, connect, sizeof connect);
        uint8_t packet[64] = {0x82, 0, 0, 1, 0};
        length = topic_write(topic, group);
        packet[1] = (uint8_t)(2 + 2 + length + 1);
        packet[5] = (uint8_t)length;
        memcpy(packet + 6, topic, (size_t)length);
        packet[6 + length] = 0;
        end = frame_write(end, 2, 1, packet, (size_t)(7 + length));
        break;
    }
    case FLOOR: break;
    }
    return (size_t)(end - to);
}

// Whether a message says that the subscription is in force, so that nothing published from now on is missed.
static inline int is_ready(enum target target, const uint8_t *message, size_t length) {
    switch (target) {
    case LIVELOG: return length > 10 && memcmp(message, "{\"covered\"", 10) == 0 && memmem(message, length, "\"live\":true", 11);
    case NATS: return memmem(message, length, "PONG\r\n", 6) != NULL;
    case MQTT: return length > 0 && message[0] == 0x90;
    case FLOOR: return 1;
    }
    return 0;
}

// Appends an event to what the publisher writes; returns its end. `bytes` is what a subscriber is given of it: for
// Livelog the record's JSON in the frame, for the others the same text as their payload.
static inline char *event_write(
    enum target target, char *to, size_t bytes, int group, uint64_t seq, uint64_t time, uint64_t id
) {
    char text[8192], topic[32], *end = text;
    // A record of Livelog is an instance and this around it, which the others' payload has as well.
    int key_digits = snprintf(NULL, 0, "%llu", (unsigned long long)id);
    size_t envelope = sizeof "{\"offset\":,\"action\":\"CREATED\",\"change\":\"entered\",\"key\":,\"instance\":}" - 1;
    size_t wanted = bytes - (target == LIVELOG ? envelope + 2 * (size_t)key_digits : 0);
    if (target != LIVELOG)
        end += sprintf(end, "{\"offset\":%llu,\"action\":\"CREATED\",", (unsigned long long)id);
    end += sprintf(end, target == LIVELOG ? "{\"id\":%llu,\"list_id\":%d,\"data\":[\"" : "\"instance\":{\"id\":%llu,\"list_id\":%d,\"data\":[\"", (unsigned long long)id, group);
    end = marker_write(end, seq, time);
    end += sprintf(end, "\",\"");
    size_t tail = target == LIVELOG ? 3 : 4, used = (size_t)(end - text);
    if (used + tail > wanted || wanted > sizeof text) fail("an event has at least %zu bytes", bytes + used + tail - wanted);
    memset(end, '.', wanted - used - tail);
    end += wanted - used - tail;
    memcpy(end, "\"]}}", tail);
    end += tail;
    switch (target) {
    case LIVELOG:
        to += sprintf(to, "{\"model\":\"load.Event\",\"action\":\"CREATED\",\"instance\":%.*s},", (int)wanted, text);
        return to;
    case NATS:
        topic_write(topic, group);
        to += sprintf(to, "PUB %s %zu\r\n", topic, wanted);
        memcpy(to, text, wanted);
        memcpy(to + wanted, "\r\n", 2);
        return to + wanted + 2;
    case MQTT: {
        size_t length = (size_t)topic_write(topic, group), rest = 2 + length + wanted;
        *to++ = 0x30;
        for (; rest > 127; rest >>= 7) *to++ = (char)(rest | 0x80);
        *to++ = (char)rest;
        *to++ = 0;
        *to++ = (char)length;
        memcpy(to, topic, length);
        memcpy(to + length, text, wanted);
        return to + length + wanted;
    }
    case FLOOR: memcpy(to, text, wanted); return to + wanted;
    }
    return to;
}
