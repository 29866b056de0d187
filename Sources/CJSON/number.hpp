// Numbers: their grammar, and whether a double can hold them.
#pragma once

#include <charconv>

#include "common.hpp"

namespace livelog::json {

inline bool isDigit(uint8_t byte) { return uint8_t(byte - '0') < 10; }

/// The number of digits that begin at `text`, up to 8, which are looked at all at once: nobody can predict
/// how many there are.
inline __attribute__((always_inline)) uint32_t countDigits(const uint8_t *text) {
    constexpr uint64_t each = 0x0101010101010101u;
    uint64_t bytes;
    std::memcpy(&bytes, text, 8);
    if constexpr (!isLittleEndian) { bytes = __builtin_bswap64(bytes); }
    // The upper bit of a byte is set if it is below '0' or above '9'.
    uint64_t low = bytes & 0x7F * each;
    uint64_t others = (((low + (0x80 - '0') * each) ^ 0x80 * each) | (low + (0x7F - '9') * each)
        | bytes) & 0x80 * each;
    return others == 0 ? 8 : uint32_t(__builtin_ctzll(others)) / 8;
}

/// Where the digits end that begin at `at`, but not after `limit`. Reads up to 8 bytes further.
inline uint32_t skipDigits(const uint8_t *text, uint32_t at, uint32_t limit) {
    uint32_t count;
    do {
        count = countDigits(text + at);
        at += count;
    } while (count == 8 && at < limit);
    return at < limit ? at : limit;
}

/// Where the number at `start` ends if it is like most: up to 16 digits without sign, and a comma or the end
/// of a container after them. Otherwise 0, and it is to be read by `readNumber`.
inline __attribute__((always_inline)) uint32_t readPlainInteger(
    const uint8_t *text, uint32_t start, uint32_t limit, uint32_t lengthMax) {
    uint32_t count = countDigits(text + start);
    if (count == 8) { count += countDigits(text + start + 8); }
    uint32_t end = start + count;
    bool isEnded = text[end] == ',' || (text[end] | 0x20) == '}';
    bool isRight = isEnded && end < limit && count - 1 < lengthMax && (text[start] != '0' || count == 1);
    return isRight ? end : 0;
}

/// Whether the number `text`, whose grammar is known to be right, is beyond every double.
///
/// A number is written here as 0.d1d2d3… * 10^magnitude with d1 != 0. The largest double has the
/// magnitude 309, so that only numbers of just this magnitude need to be converted to know.
__attribute__((noinline)) inline bool isBeyondDouble(const uint8_t *text, uint32_t length) {
    int64_t magnitude = 0;
    int64_t exponent = 0;
    bool isSignificant = false;
    bool isFraction = false;
    uint32_t at = text[0] == '-' ? 1 : 0;
    for (; at < length; at++) {
        if (text[at] == '.') {
            isFraction = true;
        } else if (isDigit(text[at])) {
            isSignificant = isSignificant || text[at] != '0';
            if (isSignificant && !isFraction) { magnitude++; }
            if (!isSignificant && isFraction) { magnitude--; }
        } else {
            break;
        }
    }
    if (!isSignificant) { return false; }
    if (at < length) {
        at++;
        bool isNegative = text[at] == '-';
        if (!isDigit(text[at])) { at++; }
        for (; at < length; at++) {
            if (exponent < INT32_MAX) { exponent = exponent * 10 + (text[at] - '0'); }
        }
        if (isNegative) { exponent = -exponent; }
    }
    magnitude += exponent;
    if (magnitude != 309) { return magnitude > 309; }
    double value = 0;
    auto start = reinterpret_cast<const char *>(text);
    return std::from_chars(start, start + length, value).ec == std::errc::result_out_of_range;
}

/// Reads the number at `start` and sets `end` to where it ends. `limit` is the source's length.
__attribute__((noinline)) inline Failure readNumber(
    const uint8_t *text, uint32_t start, uint32_t limit, uint32_t lengthMax, uint32_t &end) {
    uint32_t at = start;
    if (text[at] == '-') { at++; }
    if (at == limit || !isDigit(text[at])) { return {LIVELOG_JSON_INVALID_NUMBER, at}; }
    if (text[at] == '0') {
        at++;
    } else {
        at = skipDigits(text, at, limit);
    }
    bool mayBeLarge = at - start > 308;
    if (at < limit && text[at] == '.') {
        at++;
        if (at == limit || !isDigit(text[at])) { return {LIVELOG_JSON_INVALID_NUMBER, at}; }
        at = skipDigits(text, at, limit);
    }
    if (at < limit && (text[at] | 0x20) == 'e') {
        at++;
        if (at < limit && (text[at] == '+' || text[at] == '-')) { at++; }
        if (at == limit || !isDigit(text[at])) { return {LIVELOG_JSON_INVALID_NUMBER, at}; }
        at = skipDigits(text, at, limit);
        mayBeLarge = true;
    }
    if (at < limit && !endsScalar(text[at])) { return {LIVELOG_JSON_INVALID_NUMBER, at}; }
    if (at - start > lengthMax) { return {LIVELOG_JSON_NUMBER_TOO_LONG, start}; }
    if (mayBeLarge && isBeyondDouble(text + start, at - start)) {
        return {LIVELOG_JSON_NUMBER_OUT_OF_RANGE, start};
    }
    end = at;
    return {};
}

}  // namespace livelog::json
