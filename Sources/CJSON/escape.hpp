// Escapes in strings: checking them, and replacing them by what they stand for.
#pragma once

#include "common.hpp"

namespace livelog::json {

/// The value of a hexadecimal digit, or -1.
inline int hexValue(uint8_t byte) {
    if (byte >= '0' && byte <= '9') { return byte - '0'; }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The code unit of the four digits at `text`, or -1.
inline int32_t codeUnit(const uint8_t *text) {
    int32_t unit = 0;
    for (int digit = 0; digit < 4; digit++) {
        int value = hexValue(text[digit]);
        if (value < 0) { return -1; }
        unit = unit << 4 | value;
    }
    return unit;
}

inline bool isHighSurrogate(int32_t unit) { return (unit & 0xFC00) == 0xD800; }
inline bool isLowSurrogate(int32_t unit) { return (unit & 0xFC00) == 0xDC00; }

/// The byte that a backslash and `letter` stand for, or 0 if they are no short escape.
inline uint8_t shortEscape(uint8_t letter) {
    switch (letter) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/// Checks the escapes in `text[start ..< end]`, the content of a string.
inline Failure checkEscapes(const uint8_t *text, uint32_t start, uint32_t end) {
    uint32_t at = start;
    while (at < end) {
        auto found = static_cast<const uint8_t *>(std::memchr(text + at, '\\', end - at));
        if (found == nullptr) { break; }
        at = uint32_t(found - text);
        if (end - at < 2) { return {LIVELOG_JSON_INVALID_ESCAPE, at}; }
        if (text[at + 1] != 'u') {
            if (shortEscape(text[at + 1]) == 0) { return {LIVELOG_JSON_INVALID_ESCAPE, at}; }
            at += 2;
            continue;
        }
        int32_t unit = end - at >= 6 ? codeUnit(text + at + 2) : -1;
        if (unit < 0) { return {LIVELOG_JSON_INVALID_ESCAPE, at}; }
        if (isLowSurrogate(unit)) { return {LIVELOG_JSON_LONE_SURROGATE, at}; }
        if (!isHighSurrogate(unit)) {
            at += 6;
            continue;
        }
        bool isPair = end - at >= 12 && text[at + 6] == '\\' && text[at + 7] == 'u'
            && isLowSurrogate(codeUnit(text + at + 8));
        if (!isPair) { return {LIVELOG_JSON_LONE_SURROGATE, at}; }
        at += 12;
    }
    return {};
}

/// Writes `scalar` as UTF-8 and returns the place after it.
inline uint8_t *putUTF8(uint32_t scalar, uint8_t *target) {
    if (scalar < 0x80) {
        *target++ = uint8_t(scalar);
    } else if (scalar < 0x800) {
        *target++ = uint8_t(0xC0 | scalar >> 6);
        *target++ = uint8_t(0x80 | (scalar & 0x3F));
    } else if (scalar < 0x10000) {
        *target++ = uint8_t(0xE0 | scalar >> 12);
        *target++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (scalar & 0x3F));
    } else {
        *target++ = uint8_t(0xF0 | scalar >> 18);
        *target++ = uint8_t(0x80 | (scalar >> 12 & 0x3F));
        *target++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (scalar & 0x3F));
    }
    return target;
}

/// Writes the `length` bytes at `content`, whose escapes are known to be right, without escapes.
/// Nothing grows: an escape is at least as long as what it stands for. Returns the bytes written.
inline uint32_t unescape(const uint8_t *content, uint32_t length, uint8_t *target) {
    const uint8_t *end = content + length;
    uint8_t *out = target;
    while (content < end) {
        auto found = static_cast<const uint8_t *>(std::memchr(content, '\\', size_t(end - content)));
        size_t plain = size_t((found == nullptr ? end : found) - content);
        std::memcpy(out, content, plain);
        out += plain;
        content += plain;
        if (found == nullptr) { break; }
        if (content[1] != 'u') {
            *out++ = shortEscape(content[1]);
            content += 2;
            continue;
        }
        auto unit = uint32_t(codeUnit(content + 2));
        content += 6;
        if (isHighSurrogate(int32_t(unit))) {
            auto low = uint32_t(codeUnit(content + 2));
            unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
            content += 6;
        }
        out = putUTF8(unit, out);
    }
    return uint32_t(out - target);
}

}  // namespace livelog::json
