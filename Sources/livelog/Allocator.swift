import CMalloc

/// How the process gets its memory from the system.
enum Allocator {
    /// Keeps what is freed for what is needed next, up to 128 MiB.
    ///
    /// Each batch that is read needs some arrays of a few hundred kilobytes for a moment. By default the C library
    /// maps each of these anew and gives it back, and a fault for each page takes a tenth of what an append costs.
    static func keepFreedMemory() {
        mallopt(M_MMAP_THRESHOLD, 64 << 20)
        mallopt(M_TRIM_THRESHOLD, 128 << 20)
    }
}
