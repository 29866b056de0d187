package import LogModel
package import LogStorage

/// Where two logs part: the first place at which they do not have the same change.
///
/// Two records are the same change if model, action, key, instance, views and groups are the same, whenever they were
/// appended. A stretch that both have in the same sealed file is not looked at, as far as that is cheap to know.
package struct LogDifference: Sendable {
    /// The first offset at which they differ; the end of the shorter one if that is a beginning of the other.
    package let fork: Offset
    /// The ends of both.
    package let ends: (Offset, Offset)

    /// Whether neither has a change that the other has not.
    package var isNone: Bool { self.fork == self.ends.0 && self.fork == self.ends.1 }

    /// Compares two logs. Reads both up to the first difference.
    ///
    /// Throws `corrupt`, or `retained` if one begins later than the other and so has nothing to compare.
    ///
    /// - Parameter progress: told now and then which offset is reached.
    package init(
        _ one: ChangeLog, _ other: ChangeLog, progress: (Offset) -> Void
    ) throws(StorageError) {
        self.ends = (one.watermarks.visible, other.watermarks.visible)
        let end = min(self.ends.0, self.ends.1)
        var at = max(one.first, other.first)
        while at < end {
            if at.rawValue % 4096 == 0 { progress(at) }
            let left = try one.withRecord(at: at) { ChangeImage($0) }
            let right = try other.withRecord(at: at) { ChangeImage($0) }
            // What one of them has compacted away says nothing.
            if let left, let right, left != right { break }
            at = at.next
        }
        self.fork = at
    }
}
