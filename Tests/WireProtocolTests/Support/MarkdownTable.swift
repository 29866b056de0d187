/// The tables of a section of a document.
struct MarkdownTable {
    /// The cells of each row without the heading.
    let rows: [[String]]

    /// The tables below the heading that is exactly `heading`, until the next one of any level.
    static func all(in document: String, below heading: String) -> [MarkdownTable] {
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: heading[...]) else { return [] }
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
        return section.split { !$0.hasPrefix("|") }.map { table in
            MarkdownTable(
                rows: table.dropFirst(2).map { row in
                    row.split(separator: "|").map { cell in
                        String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                    }
                })
        }
    }

    /// What stands between backticks in `cell`.
    static func code(in cell: String) -> [String] {
        let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }

    /// What stands between backticks in the first column, row by row.
    var codes: [String] {
        self.rows.flatMap { row in row.first.map { Self.code(in: $0) } ?? [] }
    }
}
