import LogFormat
package import LogModel

extension ChangeLog {
    /// The group with this hash, by the record at `offset`, which carries it; nil if that cannot be read.
    package func group(_ hash: UInt64, at offset: Offset) -> GroupKey? {
        let found = try? self.withRecord(at: offset) { record -> GroupKey? in
            for index in 0..<record.groupCount where record.groupHash(index) == hash {
                let entry = record.group(index)
                return GroupKey(
                    model: Text(bytes: record.model.copy()),
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())))
            }
            return nil
        }
        return found ?? nil
    }
}
