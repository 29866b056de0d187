#ifndef LIVELOG_CJSON_H
#define LIVELOG_CJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A strict JSON scanner (RFC 8259) over simdjson's index of structural characters.
///
/// simdjson finds, many bytes at a time, where strings and other values begin, and checks UTF-8 and
/// bare control characters. One walk over that index then visits, and so validates, every value and
/// writes it down as a flat array of tokens. Nothing recurses and nothing throws.
///
/// Every source must be followed by `LIVELOG_JSON_PADDING` readable bytes of any content; they are
/// never part of a value. The caller guarantees this.
///
/// Threads: a scanner is used by one thread at a time; different scanners are independent.

enum {
    /// The number of readable bytes that must follow a source.
    LIVELOG_JSON_PADDING = 64,
    /// The deepest nesting that can be asked for.
    LIVELOG_JSON_DEPTH_MAX = 1024,
};

/// What a token is.
enum {
    LIVELOG_JSON_NULL = 0,
    LIVELOG_JSON_STRING = 1,
    LIVELOG_JSON_NUMBER = 2,
    LIVELOG_JSON_BOOLEAN = 3,
    LIVELOG_JSON_ARRAY = 4,
    LIVELOG_JSON_OBJECT = 5,
    LIVELOG_JSON_KEY = 6,
};

/// A value, or a member's key, in the order of the source: a container is followed by what it holds,
/// a key by its value.
typedef struct {
    /// Where the text begins in the source. Strings and keys: the content, after the opening quote.
    uint32_t start;
    /// The number of bytes. Strings and keys: the content, without quotes. Containers: with brackets.
    uint32_t length;
    /// The index of the token after this value and all that it holds; of a key, its value.
    uint32_t next;
    /// One of the kinds above.
    uint8_t kind;
    /// 1 if a string or key contains a backslash.
    uint8_t escaped;
    /// 1 if there is no whitespace outside strings within the value.
    uint8_t compact;
    uint8_t reserved;
} livelog_json_token;

/// Why a source was refused; 0 if it was not.
enum {
    LIVELOG_JSON_OK = 0,
    LIVELOG_JSON_EMPTY,
    LIVELOG_JSON_SOURCE_TOO_LARGE,
    LIVELOG_JSON_NO_MEMORY,
    LIVELOG_JSON_INVALID_UTF8,
    LIVELOG_JSON_CONTROL_CHARACTER,
    LIVELOG_JSON_UNCLOSED_STRING,
    LIVELOG_JSON_UNCLOSED_CONTAINER,
    LIVELOG_JSON_EXPECTED_VALUE,
    LIVELOG_JSON_EXPECTED_KEY,
    LIVELOG_JSON_EXPECTED_COLON,
    LIVELOG_JSON_EXPECTED_COMMA_OR_END,
    LIVELOG_JSON_TRAILING_CONTENT,
    LIVELOG_JSON_INVALID_LITERAL,
    LIVELOG_JSON_INVALID_NUMBER,
    LIVELOG_JSON_NUMBER_TOO_LONG,
    LIVELOG_JSON_NUMBER_OUT_OF_RANGE,
    LIVELOG_JSON_INVALID_ESCAPE,
    LIVELOG_JSON_LONE_SURROGATE,
    LIVELOG_JSON_TOO_DEEP,
    LIVELOG_JSON_DUPLICATE_KEY,
    LIVELOG_JSON_TOO_MANY_TOKENS,
};

/// What a document may at most be.
typedef struct {
    /// The number of containers around or at a value; at most `LIVELOG_JSON_DEPTH_MAX`.
    uint32_t depth_max;
    /// The number of tokens of one document.
    uint32_t tokens_max;
    /// The number of characters of a number.
    uint32_t number_length_max;
} livelog_json_limits;

/// The outcome of a scan.
typedef struct {
    /// The tokens, valid until the scanner's next use. With an error of a scan of lines: those of the
    /// lines before the one that was refused.
    const livelog_json_token *tokens;
    /// The number of tokens.
    uint32_t token_count;
    /// `LIVELOG_JSON_OK`, or why the source was refused.
    uint32_t error;
    /// With an error, the byte of the source at which it was noticed.
    uint32_t error_position;
} livelog_json_result;

/// A scanner with its memory.
typedef struct livelog_json_scanner livelog_json_scanner;

/// Creates a scanner, or returns null if there is no memory.
livelog_json_scanner *livelog_json_scanner_create(void);

/// Frees a scanner. Null is allowed.
void livelog_json_scanner_free(livelog_json_scanner *scanner);

/// Gives back the memory that was needed for a source longer than `length_max` bytes.
void livelog_json_scanner_trim(livelog_json_scanner *scanner, uint32_t length_max);

/// Scans one document: exactly one value, with whitespace around it.
livelog_json_result livelog_json_scan(
    livelog_json_scanner *scanner, const uint8_t *source, size_t length, livelog_json_limits limits);

/// Scans lines, each of them blank or exactly one document. The documents' tokens follow each other:
/// the `next` of each document's first token is the next document's first token.
livelog_json_result livelog_json_scan_lines(
    livelog_json_scanner *scanner, const uint8_t *source, size_t length, livelog_json_limits limits);

/// Writes the unescaped content of a string that was scanned to `target`, which has room for `length`
/// bytes, and returns the number of bytes written.
uint32_t livelog_json_unescape(const uint8_t *content, uint32_t length, uint8_t *target);

/// Writes a value that was scanned to `target`, which has room for `length` bytes, without whitespace
/// outside strings, and returns the number of bytes written. `target` may be `source`.
uint32_t livelog_json_minify(const uint8_t *source, uint32_t length, uint8_t *target);

#ifdef __cplusplus
}
#endif

#endif
