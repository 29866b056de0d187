import Glibc

/// Bytes of a file in memory, for reading only: a stray pointer cannot write to the log.
///
/// Thread safety: any thread may read at any time. The bytes behind a record become visible to a reader
/// through `Watermarks`, never by looking at the bytes themselves.
///
/// `@unchecked Sendable` because
/// 1. `base` never changes, and stays mapped until the last reference is gone;
/// 2. nobody writes through it, and no file that is mapped is ever truncated.
package final class Mapping: @unchecked Sendable {
    /// All bytes. Whoever looks at them keeps this object.
    package let base: UnsafeRawBufferPointer
    private let release: () -> Void

    /// Takes bytes that stay where they are until `release` is called, which happens once, at the end.
    package init(_ base: UnsafeRawBufferPointer, release: @escaping () -> Void) {
        self.base = base
        self.release = release
    }

    /// Copies `bytes` to memory of its own.
    convenience init(copying bytes: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        memory.copyBytes(from: bytes)
        self.init(UnsafeRawBufferPointer(memory)) { memory.deallocate() }
    }

    deinit { self.release() }
}

/// A table of 32-bit numbers with one writer and many readers, that takes memory only as it is filled.
///
/// Thread safety: one thread writes, each place once, before it is published through `Watermarks`; any
/// thread reads places that were published to it.
///
/// `@unchecked Sendable` because a place is never written and read at the same time, by the rule above.
final class NumberTable: @unchecked Sendable {
    private let base: UnsafeMutableBufferPointer<UInt32>
    private let byteCount: Int

    /// Reserves addresses for `capacity` numbers. Throws if the system has none.
    init(capacity: Int) throws(StorageError) {
        self.byteCount = max(capacity, 1) * MemoryLayout<UInt32>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard
            let memory = mmap(nil, self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
            memory != MAP_FAILED
        else { throw SystemCall.error("mmap", "memory", errno) }
        self.base = UnsafeMutableRawBufferPointer(start: memory, count: self.byteCount)
            .bindMemory(to: UInt32.self)
    }

    deinit {
        munmap(self.base.baseAddress, self.byteCount)
    }

    subscript(index: Int) -> UInt32 {
        get {
            precondition(index >= 0 && index < self.base.count, "no place \(index) in the table")
            return self.base[index]
        }
        set {
            precondition(index >= 0 && index < self.base.count, "no place \(index) in the table")
            self.base[index] = newValue
        }
    }
}
