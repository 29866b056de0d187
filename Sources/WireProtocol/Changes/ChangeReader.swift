import CJSON
package import LogModel

/// How a body holds changes.
package enum BodyForm: Sendable, Hashable, CaseIterable {
    /// One JSON object, which is one change, or a JSON array of changes. Always one atomic batch.
    case json
    /// Each line a change. Blank lines are skipped, a line may end with CR LF, the last one may have no
    /// end.
    case ndjson
}

/// How the changes of a body of lines become batches.
package enum Batching: Sendable, Hashable, CaseIterable {
    /// The whole body is one batch.
    case atomic
    /// A batch ends where the next change would exceed ``ChangeLimits/batchCountMax`` or
    /// ``ChangeLimits/batchBytesMax``.
    case bySize
}

/// Reads changes from the body of a request.
///
/// What a change looks like:
///
///     {"model": "todolist.Task", "action": "UPDATED", "instance": {"id": 1, "done": true},
///      "key": 1, "groups": {"list_id": 42}, "views": {"short": {"id": 1}}}
///
/// - `model`, `action` and `instance` are required, nothing but these six members is allowed.
/// - `key` is by default the property `id` of the instance, or what the rules of its model name.
/// - Each scalar property of the instance is a group, in the order of the instance, except those with
///   an empty or too long name, with a too long value, or beyond the number of groups: these are just
///   not groups, since nobody asked for them. What `groups` names, in contrast, is a group or refused;
///   it replaces the value of a property of the instance, or follows the instance's, and takes the
///   place of the instance's last ones where there is no room for all.
/// - Of a model whose rules name its groups only these are groups, and `groups` can name no others.
///
/// The body's bytes become the text of the result, and nearly all slices point to where the body has
/// them. Only what has escapes, or an instance with whitespace, is rewritten behind it.
///
/// Threads: used by one at a time; keeps its memory, within bounds, for the next body.
package struct ChangeReader: ~Copyable {
    /// The spare capacity in a body that spares it from being copied.
    package static var padding: Int { JSONScanner.padding }

    /// How much of a body of lines is indexed at once: large enough that starting costs nothing, small
    /// enough that index, tokens and text stay in the processor's cache.
    private static let pieceBytes = 64 << 10
    /// The longest body for which the scanner's memory is kept.
    private static let keptBytes = 1 << 20

    private static let zeros = [UInt8](repeating: 0, count: Self.padding)

    private let limits: ChangeLimits
    private var scanner = JSONScanner()

    /// Creates a reader.
    package init(limits: ChangeLimits = .default) {
        self.limits = limits
    }

    /// Reads a body. The result has at least one change.
    ///
    /// - Parameter part: the bytes that hold the changes, if something else is around them; positions in
    ///   errors are the body's all the same.
    /// - Parameter rules: what is configured of models. Whether a model may be published is not its reader's to say.
    package mutating func read(
        _ body: consuming [UInt8], in part: Range<Int>? = nil, as form: BodyForm,
        batching: Batching, rules: ModelRules = .none
    ) throws(ChangeError) -> Changes {
        defer { self.scanner.trim(lengthMax: Self.keptBytes) }
        let part = part ?? 0..<body.count
        body.append(contentsOf: Self.zeros)
        var builder = ChangeBuilder(
            textCount: body.count, limits: self.limits,
            batching: form == .json ? .atomic : batching, rules: rules)
        do throws(ChangeRefusal) {
            switch form {
            case .json: try self.readDocument(body.span, part, into: &builder)
            case .ndjson: try self.readLines(body.span, part, into: &builder)
            }
            guard builder.count > 0 else {
                throw ChangeRefusal(
                    code: "empty-body", message: "the body has no change: send at least one",
                    position: part.lowerBound, lineAnchor: part.lowerBound)
            }
        } catch {
            throw error.error(in: body)
        }
        return builder.finish(text: body)
    }

    private mutating func readDocument(
        _ text: Span<UInt8>, _ part: Range<Int>, into builder: inout ChangeBuilder
    ) throws(ChangeRefusal) {
        var first = part.lowerBound
        while first < part.upperBound, text[first] <= UInt8(ascii: " ") { first += 1 }
        let isArray = text[first] == UInt8(ascii: "[")
        let limits = JSONLimits(
            depthMax: self.limits.depthMax + (isArray ? 1 : 0),
            tokensMax: self.limits.bodyValuesMax, numberLengthMax: self.limits.numberLengthMax)
        try self.scanner.withTokens(of: text, in: part, asLines: false, limits: limits) {
            (tokens, error) throws(ChangeRefusal) in
            if let error { throw ChangeRefusal(error, start: part.lowerBound) }
            builder.reserve(tokenCount: tokens.count)
            let source = ChangeSource(tokens: tokens, text: text, base: part.lowerBound)
            var index = tokens[0].kind == ChangeSource.Token.array ? 1 : 0
            while index < tokens.count {
                try Self.add(tokenAt: index, of: source, to: &builder)
                index = Int(tokens[index].next)
            }
        }
    }

    private mutating func readLines(
        _ text: Span<UInt8>, _ part: Range<Int>, into builder: inout ChangeBuilder
    ) throws(ChangeRefusal) {
        let limits = JSONLimits(
            depthMax: self.limits.depthMax, tokensMax: self.limits.changeValuesMax,
            numberLengthMax: self.limits.numberLengthMax)
        var start = part.lowerBound
        while start < part.upperBound {
            let end = try self.endOfPiece(text, from: start, upTo: part.upperBound)
            try self.scanner.withTokens(of: text, in: start..<end, asLines: true, limits: limits) {
                (tokens, error) throws(ChangeRefusal) in
                if start == part.lowerBound { builder.reserve(tokenCount: tokens.count) }
                let source = ChangeSource(tokens: tokens, text: text, base: start)
                var index = 0
                while index < tokens.count {
                    try Self.add(tokenAt: index, of: source, to: &builder)
                    index = Int(tokens[index].next)
                }
                if let error { throw ChangeRefusal(error, start: start) }
            }
            if start == part.lowerBound, builder.count > 0 {
                builder.reserve(bytes: part.count, like: end - start)
            }
            start = end
        }
    }

    /// Adds a change; a refusal says which one it is about.
    private static func add(
        tokenAt index: Int, of source: borrowing ChangeSource, to builder: inout ChangeBuilder
    ) throws(ChangeRefusal) {
        do throws(ChangeRefusal) {
            try builder.addChange(at: index, of: source)
        } catch {
            var refusal = error
            refusal.change = builder.count
            throw refusal
        }
    }

    /// Where the lines that begin at `start` end, as many as fit into a piece but at least one.
    private func endOfPiece(
        _ text: Span<UInt8>, from start: Int, upTo count: Int
    ) throws(ChangeRefusal) -> Int {
        guard count - start > Self.pieceBytes else { return count }
        var end = start + Self.pieceBytes
        while end > start, text[end - 1] != UInt8(ascii: "\n") { end -= 1 }
        guard end == start else { return end }
        end = start + Self.pieceBytes
        let bound = min(count, start + max(self.limits.changeBytesMax, Self.pieceBytes))
        while end < bound, text[end] != UInt8(ascii: "\n") { end += 1 }
        guard end == count || text[end] == UInt8(ascii: "\n") else {
            throw ChangeRefusal.changeTooLarge(limit: self.limits.changeBytesMax, start: start)
        }
        return min(end + 1, count)
    }
}

extension ChangeRefusal {
    static func changeTooLarge(limit: Int, start: Int) -> ChangeRefusal {
        ChangeRefusal(
            code: "change-too-large",
            message: "the change has more than \(limit) bytes: send less data in it",
            position: start, lineAnchor: start)
    }
}
