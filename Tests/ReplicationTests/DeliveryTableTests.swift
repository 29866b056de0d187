import Foundation
import Testing

/// The table in `docs/delivery-tests.md` names tests that exist.
struct DeliveryTableTests {
    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent()  // ReplicationTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()

    @Test func eachBugClassHasTestsThatExist() throws {
        let document = try String(
            contentsOf: Self.repository.appending(path: "docs/delivery-tests.md"), encoding: .utf8)
        var rows = 0
        for line in document.split(separator: "\n") {
            guard let row = line.wholeMatch(of: /\| (\d+) \| (.+) \| (.+) \|/) else { continue }
            rows += 1
            #expect(Int(row.1) == rows)
            let tests = try Self.tests(in: row.3)
            #expect(!tests.isEmpty, "\(line)")
            for (file, name) in tests {
                let source = try String(
                    contentsOf: Self.repository.appending(path: file), encoding: .utf8)
                #expect(Self.declares(name, in: source), "\(file) has no test \(name)")
            }
        }
        #expect(rows == 16)
    }

    /// Whether `source` has a function `name` with `@Test` between it and the function before it.
    private static func declares(_ name: String, in source: String) -> Bool {
        guard let place = source.firstRange(of: "func \(name)(")?.lowerBound else { return false }
        let before = source[..<place].components(separatedBy: "func ").last ?? ""
        return before.contains("@Test")
    }

    /// The tests of a row: a file's path, a colon, and names.
    private static func tests(in cell: Substring) throws -> [(file: String, name: String)] {
        var tests: [(file: String, name: String)] = []
        for part in cell.split(separator: ";") {
            // What stands between backticks is every second piece, also if nothing is before the first one.
            let spans = part.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
            let file = try #require(spans.first)
            #expect(spans.count > 1, "no test of \(file)")
            tests += spans.dropFirst().map { (file, $0) }
        }
        return tests
    }
}
