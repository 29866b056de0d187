/// How many segments a log has, and how many bytes their files have.
package struct LogVolume: Hashable, Sendable {
    /// The segments of one kind.
    package struct Part: Hashable, Sendable {
        /// Segments.
        package var segmentCount = 0
        /// Bytes of their files; of those that grow, what is set aside for them.
        package var byteCount = 0

        /// Creates a part of nothing.
        package init() {}
    }

    /// Segments that are appended to, or that wait to be sealed.
    package var growing = Part()
    /// Sealed segments.
    package var sealed = Part()
    /// Compressed segments.
    package var cold = Part()

    /// Creates a volume of nothing.
    package init() {}
}

extension ChangeLog {
    /// How much the log has at the moment. O(segments).
    package var volume: LogVolume {
        var volume = LogVolume()
        for segment in self.segments.all {
            let part: WritableKeyPath<LogVolume, LogVolume.Part> =
                if segment.cold != nil {
                    \.cold
                } else if segment.facts != nil {
                    \.sealed
                } else {
                    \.growing
                }
            volume[keyPath: part].segmentCount += 1
            volume[keyPath: part].byteCount += segment.fileByteCount
        }
        return volume
    }
}
