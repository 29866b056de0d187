import LogFormat
import LogModel

/// The index file and the hash run of the golden fixtures and of the worked examples in `docs/format/`.
enum ExampleIndex {
    /// The digest that the index is bound to: bytes that count up.
    static let binding = SegmentDigest(reading: [UInt8](0x60...0x7F).span.bytes, at: 0)

    /// The index of the example log's segment: two records at 4096 and 4280.
    static let file: [UInt8] = {
        let hasher = GroupHasher(key: ExampleLog.hashKey)
        var builder = IndexBuilder(recordCount: 2, postingCount: 9)
        for (record, position) in zip(ExampleLog.records, [4096, 4280] as [UInt32]) {
            builder.add(place: position / 8)
            for group in record.groups { builder.note(group.hash, .group) }
            builder.note(record.keyHash, .key)
            if let producer = record.producer?.id {
                builder.note(
                    hasher.producerHash(low: producer.low, high: producer.high), .producer)
            }
        }
        return builder.finish(
            identity: ExampleLog.identity, epoch: ExampleLog.epoch, base: ExampleLog.header.base,
            binding: Self.binding)
    }()

    /// The index of a segment of 401 records, of which compaction has removed those from 129 to 399. One
    /// hash finds all that are left: a list of two blocks, with a step of two bytes.
    static let longList: [UInt8] = {
        var builder = IndexBuilder(recordCount: 401, postingCount: 130)
        for ordinal in 0...400 as ClosedRange<UInt32> {
            let isRemoved = 129..<400 ~= ordinal
            builder.add(place: isRemoved ? 0 : 512 + ordinal * 15)
            if !isRemoved { builder.note(1, .group) }
        }
        return builder.finish(
            identity: ExampleLog.identity, epoch: ExampleLog.epoch, base: .zero,
            binding: Self.binding)
    }()

    /// The postings of ``longList``, by their position in the file.
    static let longListPostings = HexListing.text(
        of: [UInt8](repeating: 0, count: Self.longList.count - 192) + Self.longList.suffix(192))

    /// The entries of the example run, by hash.
    static let runEntries = [
        RunEntry(hash: 0x12AF_B648_5F71_BA36, offset: 13),
        RunEntry(hash: 0x5051_5253_5455_5657, offset: 4),
        RunEntry(hash: 0xD0D1_D2D3_D4D5_D6D7, offset: 9),
    ]

    /// The run about the offsets 0 to 13: two partitions, so that there is more than one.
    static let run: [UInt8] = {
        var file = [UInt8](repeating: 0, count: RunHeader.count)
        func take(_ bytes: RawSpan, _ position: Int) {
            let end = position + bytes.byteCount
            if file.count < end {
                file.append(contentsOf: repeatElement(0, count: end - file.count))
            }
            file.replaceSubrange(position..<end, with: bytes.copy())
        }
        var writer = RunWriter(
            identity: ExampleLog.identity, kind: .key, first: .zero, end: Offset(14),
            entryCountMax: 5000)
        for entry in Self.runEntries { writer.add(entry, to: take) }
        writer.finish(to: take)
        return file
    }()
}
