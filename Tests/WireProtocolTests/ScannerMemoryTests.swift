import CJSON
import Glibc
import Testing

/// What the scanner may touch: the source and its padding, and nothing after them.
struct ScannerMemoryTests {
    @Test func nothingIsReadAfterThePadding() throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let protection = PROT_READ | PROT_WRITE
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let memory = try #require(mmap(nil, 2 * page, protection, flags, -1, 0))
        try #require(memory != MAP_FAILED)
        defer { munmap(memory, 2 * page) }
        try #require(mprotect(memory + page, page, PROT_NONE) == 0)
        let scanner = try #require(livelog_json_scanner_create())
        defer { livelog_json_scanner_free(scanner) }
        let limits = livelog_json_limits(depth_max: 32, tokens_max: 1000, number_length_max: 32)

        let texts = [
            "1", "12", "true", "tru", "\"a\"", "\"a", "{\"a\":1}", "{\"a", "-", "1e", "\"\\",
            "[1,2,3", "",
        ]
        for text in texts {
            for space in 0..<70 {
                let source = Array(repeating: UInt8(ascii: " "), count: space) + Array(text.utf8)
                let start = memory + page - Int(LIVELOG_JSON_PADDING) - source.count
                start.copyMemory(from: source, byteCount: source.count)
                // Padding that would continue the value, if it were taken for part of it.
                memset(start + source.count, Int32(UInt8(ascii: "1")), Int(LIVELOG_JSON_PADDING))
                let bytes = start.assumingMemoryBound(to: UInt8.self)
                let isRight = ["1", "12", "true", "\"a\"", "{\"a\":1}"].contains(text)
                let one = livelog_json_scan(scanner, bytes, source.count, limits)
                #expect((one.error == UInt32(LIVELOG_JSON_OK)) == isRight, "\(text) after \(space)")
                let lines = livelog_json_scan_lines(scanner, bytes, source.count, limits)
                #expect((lines.error == UInt32(LIVELOG_JSON_OK)) == (isRight || text.isEmpty))
                if isRight, let token = one.tokens?.pointee {
                    let quote = token.kind == UInt8(LIVELOG_JSON_STRING) ? 1 : 0
                    #expect(Int(token.start) + Int(token.length) + quote == source.count)
                }
            }
        }
    }

    @Test func aScannerIsUsableAfterARefusalAndAfterGivingMemoryBack() throws {
        let scanner = try #require(livelog_json_scanner_create())
        defer { livelog_json_scanner_free(scanner) }
        let limits = livelog_json_limits(
            depth_max: 32, tokens_max: 1_000_000, number_length_max: 32)
        let padding = [UInt8](repeating: 0, count: Int(LIVELOG_JSON_PADDING))
        let large =
            Array("[".utf8) + Array(repeatElement(Array("1,".utf8), count: 100_000).joined())
        for (source, expected) in [
            (large + Array("1]".utf8), LIVELOG_JSON_OK),
            (large + Array("]".utf8), LIVELOG_JSON_EXPECTED_VALUE),
            (Array("[1]".utf8), LIVELOG_JSON_OK),
        ] {
            let found = livelog_json_scan(scanner, source + padding, source.count, limits)
            #expect(found.error == UInt32(expected))
            #expect((found.token_count == 0) == (expected != LIVELOG_JSON_OK))
            livelog_json_scanner_trim(scanner, 1024)
        }
    }
}
