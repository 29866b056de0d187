// The walk over the values of a source.
#pragma once

#include "common.hpp"
#include "escape.hpp"
#include "keys.hpp"
#include "number.hpp"

namespace livelog::json {

/// A container that is not closed yet.
struct Level {
    uint32_t token;
    /// The runs of whitespace before it.
    uint32_t gapsBefore;
    uint32_t keyCount;
    bool isObject;
    /// Whether its keys must be compared when it is closed.
    bool needsSearch;
    KeyFilter filter;
};

/// Walks over the index of a source, value by value, and writes their tokens.
///
/// The index has the position of each of `{}[]:,` outside strings, of each string's opening quote and
/// of each other value's first byte, and the source's length at its end. So that nothing can be
/// skipped, each entry must be just what the grammar allows at its place, and what follows a value up
/// to the next entry must be whitespace:
/// - after a string the next byte that is not whitespace is always an entry;
/// - a number or literal is read here to its end, and must be followed by what ends one.
///
/// The tokens must have room for one per entry.
class Walk {
public:
    Walk(
        const uint8_t *text, uint32_t length, const uint32_t *index, uint32_t indexCount,
        const livelog_json_limits &limits, Buffer<livelog_json_token> &tokens, Level *levels,
        DuplicateSearch &duplicates)
        : text_(text), length_(length), entriesEnd_(index + indexCount), limits_(limits),
          tokens_(tokens), levels_(levels), duplicates_(duplicates),
          cursor_{index, tokens.data() + tokens.count(), 0, 0, findBackslash(0)} {}

    bool isAtEnd() const { return cursor_.entry == entriesEnd_; }

    /// The position of the next entry, or the source's length.
    uint32_t nextPosition() const { return *cursor_.entry; }

    /// Where the last value that was read ends.
    uint32_t valueEnd() const { return cursor_.expected; }

    /// Reads one value with all that it holds. Must not be called at the end, nor after a failure.
    Failure readValue() {
        Cursor cursor = cursor_;
        Failure failure = readValue(cursor);
        cursor_ = cursor;
        tokens_.cut(uint32_t(cursor.token - tokens_.data()));
        return failure;
    }

private:
    /// What changes from step to step: a copy of it lives in registers during the walk.
    struct Cursor {
        const uint32_t *entry;
        /// Where the next token is written.
        livelog_json_token *token;
        /// Where the next entry is if there is no whitespace before it.
        uint32_t expected;
        /// The number of runs of whitespace so far.
        uint32_t gaps;
        /// The first backslash that is not in a string that was read, or `UINT32_MAX`.
        uint32_t nextBackslash;

        /// Takes the next entry, noticing whitespace before it.
        inline __attribute__((always_inline)) uint32_t take() {
            uint32_t position = *entry++;
            gaps += position != expected;
            expected = position + 1;
            return position;
        }
    };

    Failure readValue(Cursor &cursor);

    uint32_t findBackslash(uint32_t from) const {
        auto found = static_cast<const uint8_t *>(std::memchr(text_ + from, '\\', length_ - from));
        return found == nullptr ? UINT32_MAX : uint32_t(found - text_);
    }

    inline __attribute__((always_inline)) void add(
        Cursor &cursor, uint8_t kind, uint32_t start, uint32_t length, bool isEscaped) {
        uint32_t next = uint32_t(cursor.token - tokens_.data()) + 1;
        *cursor.token++ = {start, length, next, kind, isEscaped, 1, 0};
    }

    /// Reads the string whose opening quote is at `quote` and adds its token.
    inline __attribute__((always_inline)) Failure readString(
        Cursor &cursor, uint32_t quote, uint8_t kind) {
        uint32_t end = *cursor.entry;
        do { end--; } while (isWhitespace(text_[end]));
        if (end <= quote || text_[end] != '"') { return {LIVELOG_JSON_UNCLOSED_STRING, quote}; }
        bool isEscaped = cursor.nextBackslash < end;
        if (isEscaped) {
            Failure failure = checkEscapes(text_, quote + 1, end);
            if (failure) { return failure; }
            cursor.nextBackslash = findBackslash(end);
        }
        add(cursor, kind, quote + 1, end - quote - 1, isEscaped);
        cursor.expected = end + 1;
        return {};
    }

    inline __attribute__((always_inline)) Failure readLiteral(
        Cursor &cursor, uint32_t start, const char *literal, uint32_t length, uint8_t kind) {
        uint32_t end = start + length;
        bool isRight = end <= length_ && std::memcmp(text_ + start, literal, length) == 0
            && (end == length_ || endsScalar(text_[end]));
        if (!isRight) { return {LIVELOG_JSON_INVALID_LITERAL, start}; }
        add(cursor, kind, start, length, false);
        cursor.expected = end;
        return {};
    }

    /// Takes note of the key that was just read.
    inline __attribute__((always_inline)) Failure enterKey(
        const livelog_json_token &key, Level &level) {
        level.keyCount++;
        if (key.escaped) {
            level.needsSearch = true;
        } else if (level.filter.add(text_ + key.start, key.length)) {
            if (level.keyCount > DuplicateSearch::pairwiseMax) {
                level.needsSearch = true;
            } else {
                return duplicates_.compare(text_, tokens_.data(), level.token, key);
            }
        }
        return {};
    }

    const uint8_t *text_;
    uint32_t length_;
    const uint32_t *entriesEnd_;
    const livelog_json_limits &limits_;
    Buffer<livelog_json_token> &tokens_;
    Level *levels_;
    DuplicateSearch &duplicates_;
    Cursor cursor_;
};

inline __attribute__((always_inline)) Failure Walk::readValue(Cursor &cursor) {
    const uint32_t tokensMax = limits_.tokens_max;
    livelog_json_token *const firstToken = cursor.token;
    uint32_t depth = 0;
    uint32_t at;
    Failure failure;

value:
    if (cursor.token - firstToken >= tokensMax) {
        return {LIVELOG_JSON_TOO_MANY_TOKENS, *cursor.entry};
    }
    at = cursor.take();
    switch (text_[at]) {
    case '"':
        failure = readString(cursor, at, LIVELOG_JSON_STRING);
        break;
    case '{':
    case '[': {
        if (depth >= limits_.depth_max) { return {LIVELOG_JSON_TOO_DEEP, at}; }
        bool isObject = text_[at] == '{';
        uint32_t token = uint32_t(cursor.token - tokens_.data());
        levels_[depth++] = {token, cursor.gaps, 0, isObject, false, {{0, 0, 0, 0}}};
        add(cursor, isObject ? LIVELOG_JSON_OBJECT : LIVELOG_JSON_ARRAY, at, 0, false);
        if (cursor.entry == entriesEnd_) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        if (text_[*cursor.entry] == (isObject ? '}' : ']')) { goto end; }
        if (isObject) { goto key; }
        goto value;
    }
    case 't':
        failure = readLiteral(cursor, at, "true", 4, LIVELOG_JSON_BOOLEAN);
        break;
    case 'f':
        failure = readLiteral(cursor, at, "false", 5, LIVELOG_JSON_BOOLEAN);
        break;
    case 'n':
        failure = readLiteral(cursor, at, "null", 4, LIVELOG_JSON_NULL);
        break;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': {
        uint32_t end = at;
        failure = readNumber(text_, at, length_, limits_.number_length_max, end);
        add(cursor, LIVELOG_JSON_NUMBER, at, end - at, false);
        cursor.expected = end;
        break;
    }
    default:
        return {LIVELOG_JSON_EXPECTED_VALUE, at};
    }
    if (failure) { return failure; }

after:
    if (depth == 0) { return {}; }
    if (cursor.entry == entriesEnd_) {
        return {LIVELOG_JSON_UNCLOSED_CONTAINER, tokens_[levels_[depth - 1].token].start};
    }
    at = cursor.take();
    if (text_[at] == ',') {
        if (cursor.entry == entriesEnd_) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        if (levels_[depth - 1].isObject) { goto key; }
        goto value;
    }
    if (text_[at] != (levels_[depth - 1].isObject ? '}' : ']')) {
        return {LIVELOG_JSON_EXPECTED_COMMA_OR_END, at};
    }
    goto close;

end:
    at = cursor.take();

close:
    {
        const Level &level = levels_[--depth];
        livelog_json_token &token = tokens_[level.token];
        token.length = at + 1 - token.start;
        token.next = uint32_t(cursor.token - tokens_.data());
        token.compact = cursor.gaps == level.gapsBefore;
        if (level.needsSearch) {
            failure = duplicates_.run(text_, tokens_.data(), level.token, token.next);
            if (failure) { return failure; }
        }
        goto after;
    }

key:
    at = cursor.take();
    if (text_[at] != '"') { return {LIVELOG_JSON_EXPECTED_KEY, at}; }
    failure = readString(cursor, at, LIVELOG_JSON_KEY);
    if (failure) { return failure; }
    failure = enterKey(cursor.token[-1], levels_[depth - 1]);
    if (failure) { return failure; }
    at = *cursor.entry;
    if (cursor.entry == entriesEnd_ || text_[at] != ':') { return {LIVELOG_JSON_EXPECTED_COLON, at}; }
    cursor.take();
    if (cursor.entry == entriesEnd_) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
    goto value;
}

}  // namespace livelog::json
