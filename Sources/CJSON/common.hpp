// What the parts of the scanner share: bytes, tokens and the outcome of a step.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "CJSON.h"

namespace livelog::json {

/// Why a step stopped, and at which byte.
struct Failure {
    uint32_t error = LIVELOG_JSON_OK;
    uint32_t position = 0;

    explicit operator bool() const { return error != LIVELOG_JSON_OK; }
};

constexpr bool isLittleEndian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

inline bool isWhitespace(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/// Whether a number or a literal may be followed by `byte`.
inline bool endsScalar(uint8_t byte) {
    return byte == ',' || byte == '}' || byte == ']' || isWhitespace(byte);
}

/// A growing array that reports a lack of memory instead of throwing.
template <typename Element>
class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { std::free(elements_); }

    Element *data() { return elements_; }
    uint32_t count() const { return count_; }
    Element &operator[](uint32_t index) { return elements_[index]; }
    void clear() { count_ = 0; }
    void cut(uint32_t count) { count_ = count; }

    /// Makes room for `extra` more elements. Returns false if there is no memory.
    bool reserve(uint32_t extra) {
        return uint64_t(count_) + extra <= capacity_ || grow(uint64_t(count_) + extra);
    }

    /// Adds an element for which there is room.
    void push(const Element &element) { elements_[count_++] = element; }

    /// Drops the elements, and the memory if it is for more than `capacity` of them.
    void trim(uint32_t capacity) {
        count_ = 0;
        if (capacity_ > capacity) {
            std::free(elements_);
            elements_ = nullptr;
            capacity_ = 0;
        }
    }

private:
    bool grow(uint64_t needed) {
        uint64_t capacity = uint64_t(capacity_) * 2;
        if (capacity < needed) { capacity = needed; }
        if (capacity < 64) { capacity = 64; }
        if (capacity > UINT32_MAX) { return false; }
        void *memory = std::realloc(elements_, size_t(capacity) * sizeof(Element));
        if (memory == nullptr) { return false; }
        elements_ = static_cast<Element *>(memory);
        capacity_ = uint32_t(capacity);
        return true;
    }

    Element *elements_ = nullptr;
    uint32_t count_ = 0;
    uint32_t capacity_ = 0;
};

}  // namespace livelog::json
