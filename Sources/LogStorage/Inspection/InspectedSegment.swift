import LogFormat
import LogModel

/// One segment, read without trusting it: its first page and its last are whole and belong to it, of its records
/// nothing is known yet.
///
/// A hot segment is in memory as a whole, a cold one as its compressed file.
struct InspectedSegment {
    enum Contents {
        case hot([UInt8])
        case cold(ColdSegment)
    }

    let name: String
    let header: SegmentHeader
    /// What it was sealed with, if it is.
    let facts: SealedFacts?
    /// Why a last page that is not zeros does not count.
    let footerFailure: FormatError?
    let contents: Contents

    /// Bytes of the file.
    var fileByteCount: Int {
        switch self.contents {
        case .hot(let bytes): bytes.count
        case .cold(let cold): Int(cold.header.fileCount)
        }
    }

    /// What ties an index to these records, if it is sealed.
    var binding: SegmentDigest? {
        switch self.contents {
        case .hot: self.facts?.digest
        case .cold(let cold): cold.binding
        }
    }

    /// Takes the memory of its bytes for another segment.
    consuming func recycle(into memory: inout [UInt8]) {
        if case .hot(let bytes) = self.contents { memory = bytes }
    }

    /// How often compaction took records away.
    var generation: UInt32 {
        if case .cold(let cold) = self.contents { cold.header.generation } else { 0 }
    }
}

extension InspectedSegment {
    /// What is whole of a segment that is not sealed; nil if it is cold.
    func scan() -> SegmentScan? {
        guard case .hot(let bytes) = self.contents else { return nil }
        return SegmentScan(Array(bytes[..<self.header.recordsEnd]), header: self.header) { _, _ in }
    }
}

extension LogInspector {
    /// Reads the segment `item`, or gives nil if its file is gone.
    ///
    /// Throws `corrupt` if its first page or its tables are damaged, or if it has another length than it was
    /// made with; or `io`.
    func segment(_ item: LogListing.Item) throws(StorageError) -> InspectedSegment? {
        var memory: [UInt8] = []
        return try self.segment(item, reusing: &memory)
    }

    /// The same in the memory of a segment that is no longer needed, `memory`, which is empty then.
    func segment(
        _ item: LogListing.Item, reusing memory: inout [UInt8]
    ) throws(StorageError) -> InspectedSegment? {
        guard let bytes = try self.bytes(item.name, reusing: &memory) else { return nil }
        let path = self.directory.path(of: item.name)
        guard !item.isCold else {
            guard !bytes.isEmpty else {
                throw StorageError(
                    .corrupt, "the cold segment is empty: restore it from a copy", path: path,
                    position: 0)
            }
            let cold = try ColdSegment(
                path: path, file: Mapping(copying: bytes), cache: BlockCache(byteCountMax: 0))
            return InspectedSegment(
                name: item.name, header: cold.header.facts.header, facts: cold.header.facts,
                footerFailure: nil, contents: .cold(cold))
        }
        do throws(FormatError) {
            let header = try SegmentHeader(reading: bytes.span.bytes)
            let zeros = SegmentHeader.unused
            guard bytes[zeros].allSatisfy({ $0 == 0 }) else {
                throw FormatError(
                    .wrongField, "bytes of the first page that must be zero are not",
                    position: zeros.lowerBound)
            }
            guard
                header.fileCount == UInt64(bytes.count),
                header.recordsEnd >= SegmentHeader.count
            else {
                throw FormatError(
                    .wrongLength,
                    "the segment was created with \(header.fileCount) bytes and has \(bytes.count)",
                    position: min(bytes.count, Int(clamping: header.fileCount)))
            }
            let footer = bytes.span.bytes.slice(header.recordsEnd, SegmentFooter.count)
            var facts: SealedFacts?
            var failure: FormatError?
            do throws(FormatError) {
                let read = try SegmentFooter.facts(reading: footer, header: header)
                guard footer.isEqual(to: SegmentFooter.bytes(of: read).span.bytes) else {
                    throw FormatError(
                        .wrongField, "bytes of the last page that must be zero are not",
                        position: 128)
                }
                facts = read
            } catch {
                let isUnwritten = bytes[header.recordsEnd...].allSatisfy { $0 == 0 }
                failure = isUnwritten ? nil : error
            }
            return InspectedSegment(
                name: item.name, header: header, facts: facts, footerFailure: failure,
                contents: .hot(bytes))
        } catch {
            throw StorageError(.corrupt, error.message, path: path, position: error.position)
        }
    }
}

extension SegmentHeader {
    /// The bytes of the page that are zero.
    fileprivate static let unused = 68..<Self.count - 4
}
