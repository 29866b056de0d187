import LogModel
import Yams

/// Reads values out of the nodes of a YAML document and notes what is wrong with them, so that all of a file's faults
/// are told at once.
final class SettingsReader {
    private(set) var findings: [SettingsError.Finding] = []
    /// Nodes that were looked at: an alias of YAML is looked at each time, so that a small file can have very many.
    private var nodeCount = 0
    private static let nodesMax = 100_000
    private let files: any SettingsFiles

    init(files: any SettingsFiles) {
        self.files = files
    }

    /// Notes that something is wrong with `node`.
    func note(_ node: Node, _ path: String, _ reason: String) {
        self.findings.append(
            SettingsError.Finding(
                line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, path: path,
                reason: reason))
    }

    /// The members of a mapping, by name; notes what is none, and names besides `known`.
    func members(_ node: Node, _ path: String, known: [String]) -> [String: Node] {
        var members: [String: Node] = [:]
        for (key, name, value) in self.pairs(node, path) {
            if known.contains(name) {
                members[name] = value
            } else {
                let near = known.first { Self.isNear($0, name) }
                self.note(
                    key, path,
                    near.map { "there is no \"\(name)\" here; did you mean \"\($0)\"?" }
                        ?? "there is no \"\(name)\" here; there are \(known.joined(separator: ", "))"
                )
            }
        }
        return members
    }

    /// The members of a mapping in order, each with its key's node.
    func pairs(_ node: Node, _ path: String) -> [(key: Node, name: String, value: Node)] {
        guard case .mapping(let mapping) = node else {
            self.note(node, path, "this has to be a mapping, a name and a value a line")
            return []
        }
        guard self.hasRoom(for: mapping.count, node, path) else { return [] }
        return mapping.compactMap { key, value in
            guard case .scalar(let scalar) = key else {
                self.note(key, path, "a name has to be a word")
                return nil
            }
            return (key, scalar.string, value)
        }
    }

    /// The elements of a list.
    func elements(_ node: Node, _ path: String) -> [Node] {
        guard case .sequence(let sequence) = node else {
            self.note(node, path, "this has to be a list, [a, b] or a \"- \" a line")
            return []
        }
        return self.hasRoom(for: sequence.count, node, path) ? Array(sequence) : []
    }

    private func hasRoom(for count: Int, _ node: Node, _ path: String) -> Bool {
        let before = self.nodeCount
        self.nodeCount += count
        if before <= Self.nodesMax, self.nodeCount > Self.nodesMax {
            self.note(node, path, "a configuration has at most \(Self.nodesMax) values")
        }
        return self.nodeCount <= Self.nodesMax
    }

    /// Text that is not empty.
    func text(_ node: Node, _ path: String, countMax: Int = 1024) -> String? {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty,
            scalar.string.utf8.count <= countMax
        else {
            self.note(node, path, "this has to be text of 1 to \(countMax) bytes")
            return nil
        }
        return scalar.string
    }

    /// A list of text.
    func texts(_ node: Node, _ path: String) -> [String] {
        var seen: Set<String> = []
        return self.elements(node, path).enumerated().compactMap { index, element in
            let text = self.text(element, "\(path)[\(index)]")
            if let text, !seen.insert(text).inserted {
                self.note(element, "\(path)[\(index)]", "\"\(text)\" is there twice")
            }
            return text
        }
    }

    /// A whole number in `range`.
    func number(_ node: Node, _ path: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = node.int, range.contains(number) else {
            self.note(
                node, path,
                "this has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// `true` or `false`.
    func boolean(_ node: Node, _ path: String) -> Bool? {
        guard let value = node.bool else {
            self.note(node, path, "this has to be true or false")
            return nil
        }
        return value
    }

    /// A value that a property or a claim can have: quoted, it is a string; otherwise what YAML takes it for.
    func scalar(_ node: Node, _ path: String) -> Scalar? {
        guard case .scalar(let scalar) = node else {
            self.note(node, path, "this has to be a string, a number, true or false")
            return nil
        }
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if let value = node.bool { return .boolean(value) }
        let isNumber = scalar.string.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
        }
        if isNumber, Double(scalar.string) != nil {
            return Scalar(kind: .number, text: Text(scalar.string))
        }
        guard node.null == nil else {
            self.note(node, path, "null is nobody's: name a value")
            return nil
        }
        return .string(scalar.string)
    }

    /// The text of the file that `node` names, without the line end at its end.
    func file(_ node: Node, _ path: String) -> String? {
        guard let name = self.text(node, path) else { return nil }
        switch self.files.read(name) {
        case .success(let text):
            return text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
        case .failure(let error):
            self.note(node, path, error.description)
            return nil
        }
    }

    /// Where the file is that `node` names, if it can be read.
    func existing(_ node: Node, _ path: String) -> String? {
        guard self.file(node, path) != nil, let name = self.text(node, path) else { return nil }
        return self.files.place(of: name)
    }

    /// The files of a certificate and its key, if they can be read.
    func tls(_ node: Node, _ path: String) -> CertificateFiles? {
        let members = self.members(node, path, known: ["certificate", "key"])
        for name in ["certificate", "key"] where members[name] == nil {
            self.note(node, path, "the \(name) is missing: a file in PEM")
        }
        guard let certificate = members["certificate"], let key = members["key"],
            let certificateFile = self.existing(certificate, "\(path).certificate"),
            let keyFile = self.existing(key, "\(path).key")
        else { return nil }
        return CertificateFiles(certificate: certificateFile, key: keyFile)
    }

    /// Whether two names differ by one letter, or by the order of two.
    private static func isNear(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left), Array(right))
        guard abs(left.count - right.count) <= 1, left != right else { return false }
        let start = zip(left, right).prefix { $0 == $1 }.count
        let (ends, others) = (left[start...], right[start...])
        if left.count == right.count {
            return ends.dropFirst().elementsEqual(others.dropFirst())
                || (ends.count > 1 && ends.prefix(2).elementsEqual(others.prefix(2).reversed())
                    && ends.dropFirst(2).elementsEqual(others.dropFirst(2)))
        }
        return left.count > right.count
            ? ends.dropFirst().elementsEqual(others) : ends.elementsEqual(others.dropFirst())
    }
}

/// The files that a configuration names.
package protocol SettingsFiles {
    /// The text of a file, or why there is none.
    func read(_ name: String) -> Result<String, SettingsFileError>
    /// Where the file is, for who reads it later.
    func place(of name: String) -> String
}

/// Why a file that a configuration names cannot be read.
package struct SettingsFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for people.
    package let description: String

    /// Creates an error.
    package init(_ description: String) { self.description = description }
}
