import LogFormat
import LogModel

/// Records in arbitrary bytes: of what passes the check every accessor works, and encoding it again gives its bytes.
enum RecordTarget {
    /// If the first byte of `input` is odd the record in the rest gets a length and a checksum that are right, so
    /// that the check of the fields is reached.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first, input.count > 8 else { return 0 }
        var bytes = Array(input[1...])
        if choice & 1 == 1 { Self.mend(&bytes) }
        let span = bytes.span.bytes
        do throws(FormatError) {
            let record = try RecordView(checking: span, at: 0, seed: 0)
            let encoded = Self.encoded(record)
            require(
                encoded.elementsEqual(bytes[..<record.count]), "encoded again it has other bytes")
            return encoded.count
        } catch {
            return error.message.utf8.count
        }
    }

    /// Gives the record that fills `bytes` its length and checksum.
    static func mend(_ bytes: inout [UInt8]) {
        bytes.removeLast(bytes.count % 8)
        bytes.replaceSubrange(0..<4, with: Self.littleEndian(UInt32(bytes.count)))
        let checksum = Self.checksum(of: bytes.span.bytes)
        bytes.replaceSubrange(4..<8, with: Self.littleEndian(checksum))
    }

    /// Over the length and all that follows the checksum, as the format wants it.
    private static func checksum(of record: RawSpan) -> UInt32 {
        Checksum.crc32c(
            record.slice(8, record.byteCount - 8),
            continuing: Checksum.crc32c(record.slice(0, 4), continuing: 0))
    }

    /// The bytes of `number`, the lowest first.
    static func littleEndian(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func encoded(_ record: borrowing RecordView) -> [UInt8] {
        var changes = Changes()
        let model = changes.add(record.model)
        let key = Changes.ScalarSlice(kind: record.keyKind, text: changes.add(record.key))
        var groups: [PlannedGroup] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            require(record.groupHash(index) == entry.hash)
            var group = PlannedGroup(
                hash: entry.hash, membership: entry.membership,
                property: changes.add(record.property(of: entry)),
                value: Changes.ScalarSlice(
                    kind: entry.valueKind, text: changes.add(record.value(of: entry))))
            group.previousDistance = entry.previousDistance
            groups.append(group)
        }
        let instance = changes.add(record.instance)
        for index in 0..<record.viewCount {
            let view = record.view(index)
            changes.views.append(
                Changes.View(
                    name: changes.add(record.name(of: view)),
                    json: changes.add(record.json(of: view))))
        }
        let change = Changes.Change(
            action: record.action, model: model, key: key, groups: 0..<0, instance: instance,
            views: 0..<changes.views.count)
        let fields = RecordFields(
            offset: record.offset, durable: record.durable, time: record.time,
            keyHash: record.keyHash, previousOfKey: record.previousOfKey,
            producer: record.producer, isFirstOfBatch: record.isFirstOfBatch,
            isLastOfBatch: record.isLastOfBatch)
        var bytes: [UInt8] = []
        RecordEncoder.append(
            change, of: changes, groups: groups[...], fields: fields, seed: 0, to: &bytes)
        return bytes
    }
}
