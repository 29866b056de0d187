// Just enough of RFC 6455 for a load client and a floor server.
#pragma once
#include "measure.h"

struct frame {
    int opcode;
    size_t header, length;  // bytes of the header and of the payload
};

// Reads a frame's header; false if it is not all there.
static inline int frame_read(const uint8_t *bytes, size_t count, struct frame *frame) {
    if (count < 2) return 0;
    frame->opcode = bytes[0] & 15;
    frame->header = 2 + (bytes[1] & 0x80 ? 4 : 0);
    frame->length = bytes[1] & 0x7f;
    if (frame->length == 126) {
        if (count < 4) return 0;
        frame->length = (size_t)bytes[2] << 8 | bytes[3];
        frame->header += 2;
    } else if (frame->length == 127) {
        if (count < 10) return 0;
        frame->length = 0;
        for (int i = 2; i < 10; i++) frame->length = frame->length << 8 | bytes[i];
        frame->header += 8;
    }
    return count >= frame->header;
}

// Writes a frame and returns its end. A client's is masked, with a key of zeros that leaves the payload as it is.
static inline uint8_t *frame_write(uint8_t *to, int opcode, int is_masked, const void *payload, size_t length) {
    uint8_t mask = is_masked ? 0x80 : 0;
    *to++ = (uint8_t)(0x80 | opcode);
    if (length < 126) {
        *to++ = mask | (uint8_t)length;
    } else if (length < 65536) {
        *to++ = mask | 126;
        *to++ = (uint8_t)(length >> 8);
        *to++ = (uint8_t)length;
    } else {
        *to++ = mask | 127;
        for (int i = 56; i >= 0; i -= 8) *to++ = (uint8_t)(length >> i);
    }
    if (is_masked) {
        memset(to, 0, 4);
        to += 4;
    }
    memcpy(to, payload, length);
    return to + length;
}
