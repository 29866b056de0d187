// The walk over the values of a source.
#pragma once

#include "common.hpp"
#include "escape.hpp"
#include "keys.hpp"
#include "number.hpp"

namespace livelog::json {

/// A container that is not closed yet.
struct Level {
    KeyFilter filter;
    uint32_t token;
    /// The bytes outside whitespace before it.
    uint32_t solidBefore;
    uint32_t keyCount;
    /// The character that closes it.
    uint8_t close;
    /// Whether its keys must be compared when it is closed.
    bool needsSearch;
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
/// The tokens must have room for one per entry, and the levels for one more than `limits.depth_max`.
class Walk {
public:
    Walk(
        const uint8_t *text, uint32_t length, const uint32_t *index, uint32_t indexCount,
        const livelog_json_limits &limits, Buffer<livelog_json_token> &tokens, Level *levels,
        DuplicateSearch &duplicates)
        : text_(text), length_(length), entriesEnd_(index + indexCount), limits_(limits),
          tokens_(tokens), levels_(levels), duplicates_(duplicates), entry_(index),
          nextBackslash_(findBackslash(0)) {}

    bool isAtEnd() const { return entry_ == entriesEnd_; }

    /// The position of the next entry, or the source's length.
    uint32_t nextPosition() const { return *entry_; }

    /// Reads one value with all that it holds. Must not be called at the end, nor after a failure.
    Failure readValue() {
        Cursor cursor = {text_, tokens_.data(), entry_, tokens_.count(), 0};
        Failure failure = readValue(cursor);
        entry_ = cursor.entry;
        tokens_.cut(cursor.tokenCount);
        return failure;
    }

private:
    /// What each step needs or changes. It is a value of its own, which no store of a token can change, so
    /// that it stays in registers; hence it is small.
    struct Cursor {
        const uint8_t *text;
        livelog_json_token *tokens;
        const uint32_t *entry;
        uint32_t tokenCount;
        /// The number of bytes outside whitespace that were read.
        uint32_t solid;

        inline __attribute__((always_inline)) void add(uint8_t kind, uint32_t start, uint32_t length) {
            livelog_json_token &token = tokens[tokenCount];
            tokenCount++;
            token = {start, length, tokenCount, kind, 0, 1, 0};
        }

        /// Adds a number or literal.
        inline __attribute__((always_inline)) void addScalar(uint8_t kind, uint32_t start, uint32_t end) {
            add(kind, start, end - start);
            solid += end - start;
        }
    };

    Failure readValue(Cursor &cursor);

    /// Where the string whose opening quote is at `quote` ends: its closing quote. If it has none, `quote`.
    inline __attribute__((always_inline)) static uint32_t endOfString(const Cursor &cursor, uint32_t quote) {
        uint32_t end = *cursor.entry - 1;
        while (__builtin_expect(cursor.text[end] != '"', false)) {
            if (!isWhitespace(cursor.text[end])) { return quote; }
            end--;
        }
        return end;
    }

    /// Reads the string whose opening quote is at `quote` and adds its token.
    inline __attribute__((always_inline)) Failure readString(
        Cursor &cursor, uint32_t quote, uint8_t kind, bool &isEscaped) {
        uint32_t end = endOfString(cursor, quote);
        if (end <= quote) { return {LIVELOG_JSON_UNCLOSED_STRING, quote}; }
        cursor.add(kind, quote + 1, end - quote - 1);
        cursor.solid += end - quote + 1;
        isEscaped = __builtin_expect(nextBackslash_ < end, false);
        return isEscaped ? readEscapes(cursor.tokens[cursor.tokenCount - 1]) : Failure();
    }

    /// Checks the escapes of a string, which is the first with any since the last one that was checked.
    __attribute__((noinline)) Failure readEscapes(livelog_json_token &string) {
        uint32_t end = string.start + string.length;
        string.escaped = 1;
        nextBackslash_ = findBackslash(end);
        return checkEscapes(text_, string.start, end);
    }

    inline __attribute__((always_inline)) Failure readLiteral(
        Cursor &cursor, uint32_t start, const char *literal, uint32_t count, uint8_t kind) {
        uint32_t end = start + count;
        bool isRight = end <= length_ && std::memcmp(cursor.text + start, literal, count) == 0
            && (end == length_ || endsScalar(cursor.text[end]));
        if (!isRight) { return {LIVELOG_JSON_INVALID_LITERAL, start}; }
        cursor.addScalar(kind, start, end);
        return {};
    }

    __attribute__((noinline)) uint32_t findBackslash(uint32_t from) const {
        auto found = static_cast<const uint8_t *>(std::memchr(text_ + from, '\\', length_ - from));
        return found == nullptr ? UINT32_MAX : uint32_t(found - text_);
    }

    /// Decides about a key that may be there already, or leaves it to the search at the object's end.
    __attribute__((noinline)) Failure doubtKey(const livelog_json_token &key, Level &level) {
        if (level.keyCount > DuplicateSearch::pairwiseMax) {
            level.needsSearch = true;
            return {};
        }
        return DuplicateSearch::compare(text_, tokens_.data(), level.token, key);
    }

    const uint8_t *text_;
    uint32_t length_;
    const uint32_t *entriesEnd_;
    const livelog_json_limits &limits_;
    Buffer<livelog_json_token> &tokens_;
    Level *levels_;
    DuplicateSearch &duplicates_;
    const uint32_t *entry_;
    /// The first backslash that is not in a string that was read, or `UINT32_MAX`.
    uint32_t nextBackslash_;
};

inline __attribute__((always_inline)) Failure Walk::readValue(Cursor &cursor) {
    const uint8_t *const text = cursor.text;
    livelog_json_token *const tokens = cursor.tokens;
    const uint32_t *const entriesEnd = entriesEnd_;
    const uint64_t tokensEnd = uint64_t(cursor.tokenCount) + limits_.tokens_max;
    // The first level stands for what is around the value, which nothing closes.
    Level *level = levels_;
    Level *const deepest = levels_ + limits_.depth_max;
    uint32_t at;
    bool isEscaped;
    Failure failure;

value:
    // Keeps the compiler from taking arrays within arrays for a loop of their own, for whose counting it
    // moves all else out of registers.
    asm("" : "+r"(cursor.tokenCount), "+r"(cursor.solid), "+r"(level), "+r"(cursor.entry));
    at = *cursor.entry;
    if (cursor.tokenCount >= tokensEnd) { return {LIVELOG_JSON_TOO_MANY_TOKENS, at}; }
    cursor.entry++;
    if (text[at] == '"') {
        failure = readString(cursor, at, LIVELOG_JSON_STRING, isEscaped);
        if (failure) { return failure; }
        goto after;
    }
    switch (text[at]) {
    case '{':
    case '[': {
        if (level == deepest) { return {LIVELOG_JSON_TOO_DEEP, at}; }
        bool isObject = text[at] == '{';
        uint8_t close = isObject ? '}' : ']';
        level++;
        *level = {{{0, 0, 0, 0}}, cursor.tokenCount, cursor.solid, 0, close, false};
        cursor.add(isObject ? LIVELOG_JSON_OBJECT : LIVELOG_JSON_ARRAY, at, 0);
        cursor.solid++;
        if (cursor.entry == entriesEnd) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        if (text[*cursor.entry] == close) {
            at = *cursor.entry++;
            goto close;
        }
        if (isObject) { goto key; }
        goto value;
    }
    case 't':
        failure = readLiteral(cursor, at, "true", 4, LIVELOG_JSON_BOOLEAN);
        if (failure) { return failure; }
        goto after;
    case 'f':
        failure = readLiteral(cursor, at, "false", 5, LIVELOG_JSON_BOOLEAN);
        if (failure) { return failure; }
        goto after;
    case 'n':
        failure = readLiteral(cursor, at, "null", 4, LIVELOG_JSON_NULL);
        if (failure) { return failure; }
        goto after;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': {
        uint32_t end = readPlainInteger(text, at, length_, limits_.number_length_max);
        if (end == 0) {
            failure = readNumber(text, at, length_, limits_.number_length_max, end);
            if (failure) { return failure; }
        }
        cursor.addScalar(LIVELOG_JSON_NUMBER, at, end);
        goto after;
    }
    default:
        return {LIVELOG_JSON_EXPECTED_VALUE, at};
    }

after:
    if (level == levels_) { return {}; }
    if (cursor.entry == entriesEnd) {
        return {LIVELOG_JSON_UNCLOSED_CONTAINER, tokens[level->token].start};
    }
    at = *cursor.entry++;
    if (text[at] == ',') {
        if (cursor.entry == entriesEnd) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        cursor.solid++;
        if (level->close == '}') { goto key; }
        goto value;
    }
    if (text[at] != level->close) { return {LIVELOG_JSON_EXPECTED_COMMA_OR_END, at}; }

close:
    {
        livelog_json_token &token = tokens[level->token];
        cursor.solid++;
        token.length = at + 1 - token.start;
        token.next = cursor.tokenCount;
        token.compact = cursor.solid - level->solidBefore == token.length;
        if (level->needsSearch) {
            failure = duplicates_.run(text, tokens, level->token, token.next);
            if (failure) { return failure; }
        }
        level--;
        goto after;
    }

key:
    at = *cursor.entry++;
    if (text[at] != '"') { return {LIVELOG_JSON_EXPECTED_KEY, at}; }
    failure = readString(cursor, at, LIVELOG_JSON_KEY, isEscaped);
    if (failure) { return failure; }
    level->keyCount++;
    if (isEscaped) {
        level->needsSearch = true;
    } else if (level->filter.add(text + at + 1, tokens[cursor.tokenCount - 1].length)) {
        failure = doubtKey(tokens[cursor.tokenCount - 1], *level);
        if (failure) { return failure; }
    }
    at = *cursor.entry;
    if (cursor.entry == entriesEnd || text[at] != ':') { return {LIVELOG_JSON_EXPECTED_COLON, at}; }
    cursor.entry++;
    cursor.solid++;
    if (cursor.entry == entriesEnd) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
    goto value;
}

}  // namespace livelog::json
