/// Rows of words, in columns that are as wide as their widest word.
struct TextTable {
    private var rows: [[String]] = []

    /// Whether there is no row.
    var isEmpty: Bool { self.rows.isEmpty }

    /// Adds a row.
    mutating func add(_ row: [String]) {
        self.rows.append(row)
    }

    /// The lines, two spaces between columns.
    ///
    /// - Parameter styles: how the first columns stand out; the others do not.
    func lines(styles: [(String) -> String] = []) -> [String] {
        let columnCount = self.rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return self.rows.map { row in
            var line = ""
            for (column, word) in row.enumerated() {
                let isLast = row[(column + 1)...].allSatisfy(\.isEmpty)
                let gap = isLast ? 0 : widths[column] - word.count + 2
                line += column < styles.count ? styles[column](word) : word
                if isLast { break }
                line += String(repeating: " ", count: gap)
            }
            return line
        }
    }
}
