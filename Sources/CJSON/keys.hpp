// Duplicate keys of one object.
#pragma once

#include <algorithm>

#include "common.hpp"
#include "escape.hpp"

namespace livelog::json {

/// A small filter of the keys seen so far in one object: most objects are known to have no duplicate
/// without any comparison. A hit means "perhaps", and then `DuplicateSearch` decides, so that keys
/// that are chosen to collide cost time in proportion, and never a wrong answer.
struct KeyFilter {
    uint64_t bits[4];

    /// Masks of so many bytes from a little-endian word's lowest on.
    static constexpr uint64_t firstBytes[9] = {
        0, 0xFF, 0xFFFF, 0xFF'FFFF, 0xFFFF'FFFF, 0xFF'FFFF'FFFF, 0xFFFF'FFFF'FFFF, 0xFF'FFFF'FFFF'FFFF,
        0xFFFF'FFFF'FFFF'FFFF};

    /// Adds a key and returns whether it may have been there. Reads up to 8 bytes after the key.
    inline __attribute__((always_inline)) bool add(const uint8_t *content, uint32_t length) {
        // Without branches, which the lengths of keys would mislead.
        uint32_t loaded = length < 8 ? length : 8;
        uint64_t mask = firstBytes[loaded];
        uint64_t head;
        uint64_t tail;
        std::memcpy(&head, content, 8);
        std::memcpy(&tail, content + length - loaded, 8);
        head &= mask;
        tail &= mask;
        uint64_t hash = (head ^ (tail << 23 | tail >> 41) ^ length) * 0x9E3779B97F4A7C15u;
        uint64_t &word = bits[hash >> 62];
        uint64_t bit = uint64_t(1) << (hash >> 56 & 63);
        bool found = (word & bit) != 0;
        word |= bit;
        return found;
    }
};

/// Finds a key that is twice in an object, comparing what the keys stand for.
class DuplicateSearch {
public:
    /// The number of keys up to which each is compared with each.
    static constexpr uint32_t pairwiseMax = 16;

    /// Compares `key`, the last token so far, with the keys before it in the object at token `object`.
    /// None of them has escapes, or the object will be searched anyway.
    static Failure compare(
        const uint8_t *text, const livelog_json_token *tokens, uint32_t object,
        const livelog_json_token &key) {
        const livelog_json_token *at = tokens + object + 1;
        for (; at != &key; at = tokens + at[1].next) {
            bool isSame = at->length == key.length
                && std::memcmp(text + at->start, text + key.start, key.length) == 0;
            if (isSame) { return {LIVELOG_JSON_DUPLICATE_KEY, key.start}; }
        }
        return {};
    }

    /// Searches the object at token `object`, whose last token has the index `end - 1`.
    Failure run(
        const uint8_t *text, const livelog_json_token *tokens, uint32_t object, uint32_t end) {
        keys_.clear();
        unescaped_.clear();
        uint32_t escapedBytes = 0;
        uint32_t count = 0;
        for (uint32_t at = object + 1; at < end; at = tokens[at + 1].next) {
            count++;
            if (tokens[at].escaped) { escapedBytes += tokens[at].length; }
        }
        if (!keys_.reserve(count) || !unescaped_.reserve(escapedBytes)) {
            return {LIVELOG_JSON_NO_MEMORY, tokens[object].start};
        }
        for (uint32_t at = object + 1; at < end; at = tokens[at + 1].next) {
            const livelog_json_token &token = tokens[at];
            Key key = {text + token.start, token.length, token.start};
            if (token.escaped) {
                uint8_t *target = unescaped_.data() + unescaped_.count();
                key.length = unescape(key.content, token.length, target);
                key.content = target;
                unescaped_.cut(unescaped_.count() + key.length);
            }
            keys_.push(key);
        }
        return count <= pairwiseMax ? comparePairs(count) : sortAndCompare(count);
    }

    /// Gives back memory that is large.
    void trim(uint32_t countMax) {
        keys_.trim(countMax);
        unescaped_.trim(countMax);
    }

private:
    struct Key {
        const uint8_t *content;
        uint32_t length;
        uint32_t position;

        bool operator==(const Key &other) const {
            return length == other.length && std::memcmp(content, other.content, length) == 0;
        }
    };

    Failure comparePairs(uint32_t count) {
        for (uint32_t later = 1; later < count; later++) {
            for (uint32_t earlier = 0; earlier < later; earlier++) {
                if (keys_[earlier] == keys_[later]) {
                    return {LIVELOG_JSON_DUPLICATE_KEY, keys_[later].position};
                }
            }
        }
        return {};
    }

    Failure sortAndCompare(uint32_t count) {
        Key *keys = keys_.data();
        std::sort(keys, keys + count, [](const Key &left, const Key &right) {
            if (left.length != right.length) { return left.length < right.length; }
            int order = std::memcmp(left.content, right.content, left.length);
            return order != 0 ? order < 0 : left.position < right.position;
        });
        Failure first;
        for (uint32_t at = 1; at < count; at++) {
            bool isEarlier = !first || keys[at].position < first.position;
            if (isEarlier && keys[at - 1] == keys[at]) {
                first = {LIVELOG_JSON_DUPLICATE_KEY, keys[at].position};
            }
        }
        return first;
    }

    Buffer<Key> keys_;
    Buffer<uint8_t> unescaped_;
};

}  // namespace livelog::json
