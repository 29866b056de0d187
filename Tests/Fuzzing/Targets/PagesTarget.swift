import LogFormat

/// The first and last pages of files: what is read is written as the same page.
enum PagesTarget {
    private static let pageCount = 4096

    /// The first byte of `input` chooses the kind; the rest begins a page, whose end, the checksum, is right.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first else { return 0 }
        let page = Self.page(Array(input[1...]))
        do throws(FormatError) {
            switch choice % 3 {
            case 0:
                let read = try MetaPage(reading: page.span.bytes)
                let again = try MetaPage(reading: read.bytes.span.bytes)
                require(again == read, "the page is written as another one")
                return Int(truncatingIfNeeded: read.generation)
            case 1:
                let read = try SegmentHeader(reading: page.span.bytes)
                let again = try SegmentHeader(reading: read.bytes.span.bytes)
                require(again == read, "the page is written as another one")
                return self.footer(of: read, page)
            default:
                let read = try ColdHeader(reading: page.span.bytes)
                require(read.bytes == page, "the page is written as another one")
                return Int(truncatingIfNeeded: read.fileCount)
            }
        } catch {
            return error.message.utf8.count
        }
    }

    /// The last page of the segment that begins with `header`: the second half of what the input gives.
    private static func footer(of header: SegmentHeader, _ page: [UInt8]) -> Int {
        let last = Self.page(Array(page[128..<384]))
        do throws(FormatError) {
            let facts = try SegmentFooter.facts(reading: last.span.bytes, header: header)
            let written = SegmentFooter.bytes(of: facts)
            let again = try SegmentFooter.facts(reading: written.span.bytes, header: header)
            require(again == facts, "the last page is written as another one")
            return facts.recordCount
        } catch {
            return error.message.utf8.count
        }
    }

    /// A page that begins with `bytes` and has the checksum that they want.
    static func page(_ bytes: [UInt8]) -> [UInt8] {
        var page = Array(bytes.prefix(Self.pageCount - 4))
        page += [UInt8](repeating: 0, count: Self.pageCount - 4 - page.count)
        return page + RecordTarget.littleEndian(Checksum.crc32c(page.span.bytes))
    }
}
