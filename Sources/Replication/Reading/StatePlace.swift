package import LogModel
package import LogStorage
package import WireProtocol

extension ChangeLog {
    /// The offset before which a state is asked for, always between two batches; nil for now.
    ///
    /// Throws a problem if the log does not reach so far; may block for reads.
    package func offset(of place: ModelsQuery.Place) throws(Problem) -> Offset? {
        if case .offset(let offset) = place, offset > self.watermarks.visible {
            throw Problem(
                .offsetAhead,
                message: "the log ends at offset \(self.watermarks.visible), before \(offset)")
        }
        do throws(StorageError) {
            switch place {
            case .now: return nil
            case .time(let time): return try self.offset(at: time)
            case .offset(let offset):
                guard offset >= self.first, let extent = try self.extent(at: offset) else {
                    return offset
                }
                return try extent.batch(of: offset).lowerBound
            }
        } catch {
            throw Problem(reading: error)
        }
    }
}
