// The scanner behind CJSON.h: simdjson's index of a source, then a walk over it.
//
// Of simdjson only the first stage is used, by way of the interface that its own front ends use. The
// walk is ours because On-Demand looks only at what it is asked for, knows no duplicate keys, and does
// not say where a number or a container ends in the source.

#include "CJSON.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <memory>
#include <new>

#include "locate.hpp"
#include "walk.hpp"

using namespace livelog::json;

static_assert(LIVELOG_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads further");

struct livelog_json_scanner {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;
    Buffer<livelog_json_token> tokens;
    DuplicateSearch duplicates;
    Level levels[LIVELOG_JSON_DEPTH_MAX + 1];

    /// Makes room for the index of `length` bytes.
    bool reserve(size_t length) {
        if (indexer && indexer->capacity() >= length) { return true; }
        size_t capacity = indexer ? indexer->capacity() * 2 : 0;
        if (capacity < length) { capacity = length; }
        if (capacity < 1024) { capacity = 1024; }
        indexer.reset();
        auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, 1, indexer);
        return error == simdjson::SUCCESS;
    }

    /// Builds the index of a source. A source without any value fails as empty.
    Failure index(const uint8_t *text, uint32_t length) {
        if (length == 0) { return {LIVELOG_JSON_EMPTY, 0}; }
        auto error = indexer->stage1(text, length, simdjson::stage1_mode::regular);
        if (error == simdjson::EMPTY) { return {LIVELOG_JSON_EMPTY, 0}; }
        if (error == simdjson::MEMALLOC) { return {LIVELOG_JSON_NO_MEMORY, 0}; }
        if (error != simdjson::SUCCESS) { return locate(text, length); }
        // The walk looks one entry ahead, and writes at most one token per entry.
        uint32_t count = indexer->n_structural_indexes;
        indexer->structural_indexes[count] = length;
        if (!tokens.reserve(count)) { return {LIVELOG_JSON_NO_MEMORY, 0}; }
        return {};
    }

    Walk walk(const uint8_t *text, uint32_t length, const livelog_json_limits &limits) {
        return Walk(
            text, length, indexer->structural_indexes.get(), indexer->n_structural_indexes, limits,
            tokens, levels, duplicates);
    }

    /// Scans exactly one document.
    Failure scan(const uint8_t *text, uint32_t length, const livelog_json_limits &limits) {
        Failure failure = index(text, length);
        if (failure) { return failure; }
        Walk document = walk(text, length, limits);
        failure = document.readValue();
        if (failure) { return failure; }
        if (!document.isAtEnd()) { return {LIVELOG_JSON_TRAILING_CONTENT, document.nextPosition()}; }
        return {};
    }

    /// Scans lines by one index of them all. A failure says no more than that a line is not right.
    bool scanLinesAtOnce(const uint8_t *text, uint32_t length, const livelog_json_limits &limits) {
        Failure failure = index(text, length);
        if (failure) { return failure.error == LIVELOG_JSON_EMPTY; }
        Walk lines = walk(text, length, limits);
        auto hasNewline = [text](uint32_t start, uint32_t end) {
            return std::memchr(text + start, '\n', end - start) != nullptr;
        };
        while (!lines.isAtEnd()) {
            uint32_t start = lines.nextPosition();
            uint32_t root = tokens.count();
            if (lines.readValue()) { return false; }
            // A newline in a string is refused by now, so that one is possible only where there is
            // whitespace.
            const livelog_json_token &value = tokens[root];
            uint32_t end = value.start + value.length;
            if (!value.compact && hasNewline(start, end)) { return false; }
            if (!lines.isAtEnd() && !hasNewline(end, lines.nextPosition())) { return false; }
        }
        return true;
    }

    /// Scans lines one by one, as if each were a source of its own.
    Failure scanEachLine(const uint8_t *text, uint32_t length, const livelog_json_limits &limits) {
        for (uint32_t start = 0; start < length;) {
            auto newline = static_cast<const uint8_t *>(std::memchr(text + start, '\n', length - start));
            uint32_t end = newline == nullptr ? length : uint32_t(newline - text);
            uint32_t root = tokens.count();
            Failure failure = scan(text + start, end - start, limits);
            if (failure && failure.error != LIVELOG_JSON_EMPTY) {
                tokens.cut(root);
                return {failure.error, failure.position + start};
            }
            for (uint32_t at = root; at < tokens.count(); at++) { tokens[at].start += start; }
            start = end + 1;
        }
        return {};
    }
};

namespace {

livelog_json_result outcome(livelog_json_scanner &scanner, const Failure &failure) {
    return {scanner.tokens.data(), scanner.tokens.count(), failure.error, failure.position};
}

/// Empties the scanner and checks what holds for every source.
Failure begin(livelog_json_scanner &scanner, size_t length, livelog_json_limits &limits) {
    scanner.tokens.clear();
    if (limits.depth_max > LIVELOG_JSON_DEPTH_MAX) { limits.depth_max = LIVELOG_JSON_DEPTH_MAX; }
    if (length > simdjson::SIMDJSON_MAXSIZE_BYTES - LIVELOG_JSON_PADDING) {
        return {LIVELOG_JSON_SOURCE_TOO_LARGE, 0};
    }
    if (!scanner.reserve(length)) { return {LIVELOG_JSON_NO_MEMORY, 0}; }
    return {};
}

}  // namespace

livelog_json_scanner *livelog_json_scanner_create(void) {
    return new (std::nothrow) livelog_json_scanner;
}

void livelog_json_scanner_free(livelog_json_scanner *scanner) {
    delete scanner;
}

void livelog_json_scanner_trim(livelog_json_scanner *scanner, uint32_t length_max) {
    if (scanner->indexer && scanner->indexer->capacity() > length_max) { scanner->indexer.reset(); }
    scanner->tokens.trim(length_max / 4);
    scanner->duplicates.trim(length_max / 4);
}

livelog_json_result livelog_json_scan(
    livelog_json_scanner *scanner, const uint8_t *source, size_t length, livelog_json_limits limits) {
    Failure failure = begin(*scanner, length, limits);
    if (!failure) { failure = scanner->scan(source, uint32_t(length), limits); }
    if (failure) { scanner->tokens.clear(); }
    return outcome(*scanner, failure);
}

livelog_json_result livelog_json_scan_lines(
    livelog_json_scanner *scanner, const uint8_t *source, size_t length, livelog_json_limits limits) {
    Failure failure = begin(*scanner, length, limits);
    if (!failure && !scanner->scanLinesAtOnce(source, uint32_t(length), limits)) {
        scanner->tokens.clear();
        failure = scanner->scanEachLine(source, uint32_t(length), limits);
    }
    return outcome(*scanner, failure);
}

uint32_t livelog_json_unescape(const uint8_t *content, uint32_t length, uint8_t *target) {
    return unescape(content, length, target);
}

uint32_t livelog_json_minify(const uint8_t *source, uint32_t length, uint8_t *target) {
    // This fails only for a string that does not end, which no value has that was scanned.
    size_t written = 0;
    (void)simdjson::get_active_implementation()->minify(source, length, target, written);
    return uint32_t(written);
}
