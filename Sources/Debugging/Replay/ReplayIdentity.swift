package import LogFormat
package import LogModel
import WireProtocol

/// What makes two runs of a replay the same: then a batch that both send is applied once.
///
/// Where it ends and how fast it goes is not part of it. Where it begins is: the target only knows the last batch of each
/// replay, so that one that begins earlier would be taken for repeated.
package struct ReplayIdentity: Hashable, Sendable {
    /// The log whose changes are sent.
    package let log: LogIdentity
    /// Where it begins; nil for the log's beginning.
    package let start: LogPlace?
    /// What is sent; nil for all.
    package let filter: Filter?
    /// What tells it from others that would be the same otherwise.
    package let run: String?

    /// Creates an identity.
    package init(log: LogIdentity, from start: LogPlace?, filter: Filter?, run: String?) {
        self.log = log
        self.start = start
        self.filter = filter
        self.run = run
    }

    /// One JSON object, always the same for the same replay.
    ///
    /// - Parameter target: the server's URL, if the replay to it is meant.
    package func json(to target: String? = nil) -> String {
        var json = JSONLine()
        json.add("log", self.log.low.hexadecimal + self.log.high.hexadecimal)
        json.add("to", target)
        switch self.start {
        case .offset(let offset): json.add("from", offset)
        case .time(let time): json.add("from", RFC3339.text(ofRecord: time))
        case nil: break
        }
        if let filter {
            json.add("model", filter.model.string)
            let texts = filter.conditions.flatMap(FilterExpression.texts(of:)).map { text in
                var string: [UInt8] = []
                JSONText.append(string: text, to: &string)
                return String(decoding: string, as: UTF8.self)
            }
            json.add("where", json: "[\(texts.joined(separator: ","))]".utf8)
        }
        json.add("run", self.run)
        return json.text
    }
}
