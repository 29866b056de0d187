/// Why a configuration file is not taken: everything that is wrong with it.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    package struct Finding: Hashable, Sendable {
        /// Where, from 1.
        package let line: Int
        /// Where in the line, from 1.
        package let column: Int
        /// At which key, `models.todolist.Task.views[0].who`; empty for the file as a whole.
        package let path: String
        /// What is wrong and what is right, for people.
        package let reason: String
    }

    /// What is wrong, in the order of the file; at least one thing.
    package let findings: [Finding]

    init(_ findings: [Finding]) {
        self.findings = findings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    /// One fault of the file as a whole.
    package init(file reason: String) {
        self.findings = [Finding(line: 1, column: 1, path: "", reason: reason)]
    }

    /// The findings, a line each, as `FILE:LINE:COLUMN: path: reason`.
    package func text(file: String) -> String {
        self.findings.map { finding in
            let path = finding.path.isEmpty ? "" : "\(finding.path): "
            return "\(file):\(finding.line):\(finding.column): \(path)\(finding.reason)"
        }.joined(separator: "\n")
    }

    /// The findings, of a file without a name.
    package var description: String { self.text(file: "configuration") }
}
