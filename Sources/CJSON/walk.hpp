// The walk over one document's values.
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
    bool isObject;
    /// Whether its keys must be compared.
    bool needsSearch;
    bool hasEscapes;
    KeyFilter filter;
};

/// Walks over the index of a source, value by value, and appends their tokens.
///
/// The index has the position of each of `{}[]:,` outside strings, of each string's opening quote and
/// of each other value's first byte, and the source's length at its end. So that nothing can be
/// skipped, each entry must be just what the grammar allows at its place, and what follows a value up
/// to the next entry must be whitespace:
/// - after a string the next byte that is not whitespace is always an entry;
/// - a number or literal is read here to its end, and must be followed by what ends one.
class Walk {
public:
    Walk(
        const uint8_t *text, uint32_t length, const uint32_t *index, uint32_t indexCount,
        const livelog_json_limits &limits, Buffer<livelog_json_token> &tokens, Level *levels,
        DuplicateSearch &duplicates)
        : text_(text), length_(length), entry_(index), entriesEnd_(index + indexCount),
          limits_(limits), tokens_(tokens), levels_(levels), duplicates_(duplicates) {
        nextBackslash_ = findBackslash(0);
    }

    bool isAtEnd() const { return entry_ == entriesEnd_; }

    /// The position of the next entry, or the source's length.
    uint32_t nextPosition() const { return *entry_; }

    /// Where the last value that was read ends.
    uint32_t valueEnd() const { return expected_; }

    /// Reads one value with all that it holds. Must not be called at the end.
    Failure readValue();

private:
    /// Takes the next entry, noticing whitespace before it.
    uint32_t take() {
        uint32_t position = *entry_++;
        gaps_ += position != expected_;
        expected_ = position + 1;
        return position;
    }

    uint32_t findBackslash(uint32_t from) const {
        auto found = static_cast<const uint8_t *>(std::memchr(text_ + from, '\\', length_ - from));
        return found == nullptr ? UINT32_MAX : uint32_t(found - text_);
    }

    /// Reads the string whose opening quote is at `quote` and adds its token.
    Failure readString(uint32_t quote, uint8_t kind) {
        uint32_t end = *entry_;
        do { end--; } while (isWhitespace(text_[end]));
        if (end <= quote || text_[end] != '"') { return {LIVELOG_JSON_UNCLOSED_STRING, quote}; }
        bool isEscaped = nextBackslash_ < end;
        if (isEscaped) {
            Failure failure = checkEscapes(text_, quote + 1, end);
            if (failure) { return failure; }
            nextBackslash_ = findBackslash(end);
        }
        add(kind, quote + 1, end - quote - 1, isEscaped);
        expected_ = end + 1;
        return {};
    }

    Failure readLiteral(uint32_t start, const char *literal, uint32_t length, uint8_t kind) {
        uint32_t end = start + length;
        bool isRight = end <= length_ && std::memcmp(text_ + start, literal, length) == 0
            && (end == length_ || endsScalar(text_[end]));
        if (!isRight) { return {LIVELOG_JSON_INVALID_LITERAL, start}; }
        add(kind, start, length, false);
        expected_ = end;
        return {};
    }

    /// Adds a token for which `hasRoom` has made room.
    void add(uint8_t kind, uint32_t start, uint32_t length, bool isEscaped) {
        tokens_.push({start, length, tokens_.count() + 1, kind, isEscaped, 1, 0});
    }

    /// Makes room for a key and a value.
    bool reserve() { return tokens_.reserve(2); }

    Failure closeContainer(Level &level, uint32_t position) {
        livelog_json_token &token = tokens_[level.token];
        token.length = position + 1 - token.start;
        token.next = tokens_.count();
        token.compact = gaps_ == level.gapsBefore;
        if (level.needsSearch) {
            return duplicates_.run(text_, tokens_, level.token, token.next, level.hasEscapes);
        }
        return {};
    }

    const uint8_t *text_;
    uint32_t length_;
    const uint32_t *entry_;
    const uint32_t *entriesEnd_;
    const livelog_json_limits &limits_;
    Buffer<livelog_json_token> &tokens_;
    Level *levels_;
    DuplicateSearch &duplicates_;
    /// Where the next entry is if there is no whitespace before it.
    uint32_t expected_ = 0;
    /// The number of runs of whitespace so far.
    uint32_t gaps_ = 0;
    /// The first backslash that is not in a string that was read, or `UINT32_MAX`.
    uint32_t nextBackslash_ = UINT32_MAX;
};

inline Failure Walk::readValue() {
    const uint32_t firstToken = tokens_.count();
    uint32_t depth = 0;
    uint32_t at;
    Failure failure;

value:
    if (!reserve()) { return {LIVELOG_JSON_NO_MEMORY, *entry_}; }
    if (tokens_.count() - firstToken >= limits_.tokens_max) {
        return {LIVELOG_JSON_TOO_MANY_TOKENS, *entry_};
    }
    at = take();
    switch (text_[at]) {
    case '"':
        failure = readString(at, LIVELOG_JSON_STRING);
        break;
    case '{':
    case '[': {
        if (depth >= limits_.depth_max) { return {LIVELOG_JSON_TOO_DEEP, at}; }
        bool isObject = text_[at] == '{';
        Level &level = levels_[depth++];
        level = {tokens_.count(), gaps_, isObject, false, false, {{0, 0, 0, 0}}};
        add(isObject ? LIVELOG_JSON_OBJECT : LIVELOG_JSON_ARRAY, at, 0, false);
        if (isAtEnd()) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        if (text_[*entry_] == (isObject ? '}' : ']')) { goto end; }
        if (isObject) { goto key; }
        goto value;
    }
    case 't':
        failure = readLiteral(at, "true", 4, LIVELOG_JSON_BOOLEAN);
        break;
    case 'f':
        failure = readLiteral(at, "false", 5, LIVELOG_JSON_BOOLEAN);
        break;
    case 'n':
        failure = readLiteral(at, "null", 4, LIVELOG_JSON_NULL);
        break;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': {
        uint32_t end = at;
        failure = readNumber(text_, at, length_, limits_.number_length_max, end);
        add(LIVELOG_JSON_NUMBER, at, end - at, false);
        expected_ = end;
        break;
    }
    default:
        return {LIVELOG_JSON_EXPECTED_VALUE, at};
    }
    if (failure) { return failure; }

after:
    if (depth == 0) { return {}; }
    if (isAtEnd()) {
        return {LIVELOG_JSON_UNCLOSED_CONTAINER, tokens_[levels_[depth - 1].token].start};
    }
    at = *entry_;
    if (text_[at] == ',') {
        take();
        if (isAtEnd()) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, at}; }
        if (levels_[depth - 1].isObject) { goto key; }
        goto value;
    }
    if (text_[at] != (levels_[depth - 1].isObject ? '}' : ']')) {
        return {LIVELOG_JSON_EXPECTED_COMMA_OR_END, at};
    }

end:
    at = take();
    failure = closeContainer(levels_[--depth], at);
    if (failure) { return failure; }
    goto after;

key:
    if (!reserve()) { return {LIVELOG_JSON_NO_MEMORY, *entry_}; }
    at = take();
    if (text_[at] != '"') { return {LIVELOG_JSON_EXPECTED_KEY, at}; }
    failure = readString(at, LIVELOG_JSON_KEY);
    if (failure) { return failure; }
    {
        const livelog_json_token &key = tokens_[tokens_.count() - 1];
        Level &level = levels_[depth - 1];
        level.hasEscapes |= key.escaped != 0;
        level.needsSearch |= key.escaped != 0 || level.filter.add(text_ + key.start, key.length);
    }
    if (isAtEnd() || text_[*entry_] != ':') { return {LIVELOG_JSON_EXPECTED_COLON, *entry_}; }
    take();
    if (isAtEnd()) { return {LIVELOG_JSON_UNCLOSED_CONTAINER, length_}; }
    goto value;
}

}  // namespace livelog::json
