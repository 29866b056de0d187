import LogModel
import LogStorage

extension StorageError {
    /// What the record at `offset` took away from a reader is not known: what was decided about the one before it is forgotten,
    /// and that record was removed.
    static func undecidable(at offset: Offset) -> StorageError {
        StorageError(
            .retained,
            "a record was removed by which it was decided what you may see: begin anew from a snapshot",
            offset: offset)
    }
}
