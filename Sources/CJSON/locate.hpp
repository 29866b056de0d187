// Finding the byte for which simdjson refused a source: it says what is wrong, but not where.
#pragma once

#include "common.hpp"

namespace livelog::json {

/// The number of bytes of the UTF-8 sequence at `text`, of which `left` bytes are there, or 0 if it is
/// none (overlong forms, surrogates and what is above U+10FFFF are none).
inline uint32_t sequenceLength(const uint8_t *text, uint32_t left) {
    uint8_t lead = text[0];
    if (lead < 0x80) { return 1; }
    uint32_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > left) { return 0; }
    uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < lowest || text[1] > highest) { return 0; }
    for (uint32_t at = 2; at < length; at++) {
        if ((text[at] & 0xC0) != 0x80) { return 0; }
    }
    return length;
}

/// The first byte that cannot stand where it does, whatever the grammar says: invalid UTF-8, a control
/// character in a string, a backslash outside, or the quote of a string that does not end.
inline Failure locate(const uint8_t *text, uint32_t length) {
    bool isInString = false;
    uint32_t quote = 0;
    for (uint32_t at = 0; at < length;) {
        uint32_t sequence = sequenceLength(text + at, length - at);
        if (sequence == 0) { return {LIVELOG_JSON_INVALID_UTF8, at}; }
        uint8_t byte = text[at];
        if (isInString && byte < 0x20) { return {LIVELOG_JSON_CONTROL_CHARACTER, at}; }
        if (!isInString && byte == '\\') { return {LIVELOG_JSON_EXPECTED_VALUE, at}; }
        if (byte == '"') {
            isInString = !isInString;
            quote = at;
        }
        bool isEscape = byte == '\\' && at + 1 < length && text[at + 1] >= 0x20 && text[at + 1] < 0x80;
        at += isEscape ? 2 : sequence;
    }
    if (isInString) { return {LIVELOG_JSON_UNCLOSED_STRING, quote}; }
    return {LIVELOG_JSON_EXPECTED_VALUE, 0};
}

}  // namespace livelog::json
