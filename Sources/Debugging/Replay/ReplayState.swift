package import LogModel
package import LogStorage
import WireProtocol

/// How far a replay has got, kept between runs. Two lines: which replay it is, and where it is.
///
///     {"log":"…","to":"http://…"}
///     {"token":"…","next":1200,"epoch":"…","last":1199,"refused":[[17,19]]}
package struct ReplayState: Hashable, Sendable {
    /// The place in the log from which on nothing is known to be at the target; it proves itself.
    package let token: ResumeToken
    /// Where the target put what it took last, if it took anything.
    package private(set) var target: ReplayTally.Stretch?
    /// The batches below the place that were refused and are not at the target: at most
    /// ``ReplayTally/refusalsMax`` of them.
    package private(set) var refused: [ClosedRange<Offset>] = []
    /// Whether the target has lost what it had acknowledged: then nothing is gone on with.
    package private(set) var hasLoss: Bool

    /// Creates a state.
    package init(
        token: ResumeToken, target: ReplayTally.Stretch? = nil,
        refused: [ClosedRange<Offset>] = [], hasLoss: Bool = false
    ) {
        self.token = token
        self.target = target
        self.refused = refused
        self.hasLoss = hasLoss
    }

    /// The lines, for the replay that is `identity`.
    package func text(of identity: String) -> String {
        var json = JSONLine()
        json.add("token", self.token.text)
        json.add("next", self.token.next)
        json.add("epoch", self.target?.epoch)
        json.add("last", self.target?.last)
        let ranges = self.refused.map { "[\($0.lowerBound),\($0.upperBound)]" }
        json.add("refused", json: "[\(ranges.joined(separator: ","))]".utf8)
        if self.hasLoss { json.add("lost", true) }
        return identity + "\n" + json.text + "\n"
    }

    /// Reads the lines back.
    ///
    /// - Throws: if they are something else, or those of another replay than `identity`.
    package init(text: String, of identity: String) throws(ReplayStateError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, lines[2].isEmpty,
            let document = try? JSONDocument(parsing: Array(lines[1].utf8))
        else { throw .unreadable }
        func member(_ name: String) -> JSONDocument.Node? {
            document.member(name, of: document.root)
        }
        guard let token = member("token").flatMap(document.string).flatMap(ResumeToken.init(text:))
        else { throw .unreadable }
        guard lines[0].utf8.elementsEqual(identity.utf8) else {
            throw .otherReplay(kept: String(lines[0]), asked: identity)
        }
        self.token = token
        self.hasLoss = member("lost").flatMap(document.boolean) ?? false
        if let epoch = member("epoch").flatMap(document.string),
            let last = member("last").flatMap(document.unsignedInteger)
        {
            self.target = ReplayTally.Stretch(epoch: epoch, first: last, last: last)
        }
        for range in member("refused").map(document.elements) ?? [] {
            let ends = document.elements(of: range).compactMap(document.unsignedInteger)
            guard ends.count == 2, ends[0] <= ends[1] else { throw .unreadable }
            self.refused.append(Offset(ends[0])...Offset(ends[1]))
        }
    }

    /// Where `log` goes on from the place.
    ///
    /// - Throws: ``ReplayStateError/otherHistory(_:)`` if the log is not as it was then,
    ///   ``ReplayStateError/targetLoss`` if the target was not; what the storage throws.
    package func place(in log: ChangeLog) throws -> Offset {
        if self.hasLoss { throw ReplayStateError.targetLoss }
        let next = self.token.next
        guard next <= log.watermarks.visible else { throw ReplayStateError.otherHistory(next) }
        // Of what is no longer kept nothing can be proved.
        guard next > log.first else { return log.first }
        guard try log.token(at: next) == self.token else {
            throw ReplayStateError.otherHistory(next)
        }
        return next
    }
}

/// A kept state that cannot be gone on from.
package enum ReplayStateError: Error, Hashable, Sendable {
    /// It is something else.
    case unreadable
    /// It belongs to another replay.
    case otherReplay(kept: String, asked: String)
    /// The log has lost records that were sent before this offset.
    case otherHistory(Offset)
    /// The target has lost what it had acknowledged.
    case targetLoss
}
