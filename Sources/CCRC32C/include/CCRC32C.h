#ifndef CCRC32C_H
#define CCRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Continues the CRC32C (Castagnoli, RFC 3720 section B.4) `crc` over `count` bytes.
///
/// Begin with 0. The checksum of a concatenation is the checksum of the first part continued over the
/// second. Uses the processor's instructions where it has them, a table where it does not; both give the
/// same value. Reads only the bytes given; keeps no state; may be called from any thread.
uint32_t livelog_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by table, to test the other against.
uint32_t livelog_crc32c_table(uint32_t crc, const void *bytes, size_t count);

#endif
