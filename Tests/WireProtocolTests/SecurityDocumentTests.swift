import Foundation
import Testing

/// What `docs/security.md` says is shown by something that is there.
struct SecurityDocumentTests {
    @Test(arguments: [
        ("## HTTP and WebSockets", 19), ("## Tokens and rights", 9),
        ("## Input, data and operations", 10),
    ])
    func everyRuleIsShownByWhatIsThere(heading: String, count: Int) throws {
        let tables = MarkdownTable.all(
            in: try RepositoryFile.text("docs/security.md"), below: heading)
        let table = try #require(tables.first)
        #expect(table.rows.count == count)
        let folders = try RepositoryFile.names(in: "Tests").filter { $0.hasSuffix("Tests") }
        for row in table.rows {
            #expect(row.count == 3 && row.allSatisfy { !$0.isEmpty }, "\(row)")
            for name in MarkdownTable.code(in: row.last ?? "") where name.first?.isUppercase == true
            {
                let parts = name.split(separator: ".").map(String.init)
                guard let suite = parts.first, suite.hasSuffix("Tests") else { continue }
                let sources = try Self.sources(of: suite, in: folders)
                #expect(!sources.isEmpty, "\(name)")
                if let function = parts.dropFirst().first {
                    #expect(sources.contains { $0.contains("func \(function)(") }, "\(name)")
                }
            }
        }
    }

    /// The texts of the files `suite.swift` in `folders` of `Tests`, and in the folders in those.
    private static func sources(of suite: String, in folders: [String]) throws -> [String] {
        try folders.flatMap { folder in
            let names = try RepositoryFile.names(in: "Tests/\(folder)")
            let inner = names.filter { !$0.contains(".") }.map { "\($0)/" }
            return try ([""] + inner).compactMap { place -> String? in
                let path = "Tests/\(folder)/\(place)"
                guard try RepositoryFile.names(in: path).contains("\(suite).swift") else {
                    return nil
                }
                return try RepositoryFile.text("\(path)\(suite).swift")
            }
        }
    }
}
