import CPrefetch

extension RawSpan {
    /// Begins to bring the cache line at `position` near, without waiting for it: for who reads it soon. A hint,
    /// which is right for any position.
    @inline(__always)
    func expect(_ position: Int) {
        // An address that is not read here.
        self.withUnsafeBytes { bytes in livelog_prefetch(bytes.baseAddress.map { $0 + position }) }
    }
}
