import LogModel
import TestSupport
import WireProtocol

/// What was said on one connection, and what the log was meanwhile: `Tests/Fixtures/transcripts`.
struct Transcript {
    enum Line {
        /// The change that has the next offset.
        case appended(ReadableRecord)
        case sent([UInt8])
        case received([UInt8])
    }

    /// A change of the log, as far as a subscriber sees it.
    struct ReadableRecord {
        let model: String
        let action: Action
        let instance: String
        let key: Scalar
    }

    private(set) var lines: [Line] = []

    /// Reads lines; those that are for people only are left out, and tokens are put in place.
    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let rest = Self.withTokens(String(line.dropFirst(3)))
            switch line.prefix(3) {
            case "#- ":
                // Records that nobody is told of, for their offsets.
                let record = ReadableRecord(
                    model: "large", action: .created, instance: "{}", key: .number(1))
                self.lines += Array(repeating: .appended(record), count: 4)
            case "-> ": self.lines.append(.sent(Array(rest.utf8)))
            case "<- ": self.lines.append(.received(Array(rest.utf8)))
            case "#+ ":
                let document = try JSONDocument(parsing: Array(rest.utf8))
                let elements = document.elements(of: document.root)
                for change in elements.isEmpty ? [document.root] : elements {
                    if let record = ReadableRecord(change, of: document) {
                        self.lines.append(.appended(record))
                    }
                }
            default: break
            }
        }
    }

    /// The token that stands for `<token of N>`.
    static func token(_ next: UInt64, epoch: UInt64 = 1) -> ResumeToken {
        ResumeToken(epoch: Epoch(epoch), next: Offset(next), checksum: UInt32(next) + 1)
    }

    /// The token that stands for `<token of another log>`.
    static let otherToken = token(1, epoch: 2)

    /// The token that stands for `<token beyond the end>`.
    static let tokenBeyond = token(99)

    private static func withTokens(_ line: String) -> String {
        var line = line.replacing("<token of another log>", with: self.otherToken.text)
            .replacing("<token beyond the end>", with: self.tokenBeyond.text)
        for number in 0..<16 as Range<UInt64> {
            line = line.replacing("<token of \(number)>", with: self.token(number).text)
        }
        return line
    }
}

extension Transcript.ReadableRecord {
    fileprivate init?(_ change: JSONDocument.Node, of document: JSONDocument) {
        func text(_ name: String) -> String? {
            document.member(name, of: change).flatMap(document.string)
        }
        let action = Action.allCases.first { "\($0.name)" == text("action") }
        guard let action, let model = text("model"),
            let instance = document.member("instance", of: change),
            let key = document.member("id", of: instance).flatMap(document.scalar)
        else { return nil }
        self.init(
            model: model, action: action,
            instance: String(decoding: document.rawText(of: instance), as: UTF8.self), key: key)
    }
}
