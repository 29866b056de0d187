import CJSON
import LogModel

/// Collects the changes of one body, checking each.
///
/// Text that is not in the body as it must be, because of escapes or whitespace, goes to `extra`, which
/// in the end follows the body; slices into it are counted from there already.
struct ChangeBuilder: ~Copyable {
    typealias Token = ChangeSource.Token

    let limits: ChangeLimits
    private let textCount: Int
    let rules: ModelRules
    /// Where the rules of the last model are that was looked up; nil if it has none.
    var lastRules: Int?
    private let batching: Batching
    private var list: [Changes.Change] = []
    var groups: [Changes.Group] = []
    private var views: [Changes.View] = []
    private var batchEnds: [Int] = []
    private var batchBytes = 0
    private var extra: [UInt8] = []

    /// Begins with no changes of a body that has `textCount` bytes with its padding.
    init(textCount: Int, limits: ChangeLimits, batching: Batching, rules: ModelRules) {
        self.textCount = textCount
        self.limits = limits
        self.rules = rules
        self.batching = batching
    }

    /// The number of changes so far.
    var count: Int { self.list.count }

    /// Makes room for what `tokenCount` tokens bring at most: of the tokens of a change at least nine are no
    /// group's, those of the change, its model, action and instance with their keys, and its key's.
    mutating func reserve(tokenCount: Int) {
        self.list.reserveCapacity(min(tokenCount / 9 + 1, self.limits.changesMax))
        self.groups.reserveCapacity(tokenCount / 2)
    }

    /// Makes room for what `bytes` bytes bring, if they are like the `done` bytes that were read.
    mutating func reserve(bytes: Int, like done: Int) {
        func estimate(_ count: Int) -> Int { count * bytes / done * 9 / 8 + 16 }
        self.list.reserveCapacity(min(estimate(self.list.count), self.limits.changesMax))
        self.groups.reserveCapacity(
            min(estimate(self.groups.count), self.limits.changesMax * 16))
    }

    /// The collected changes over `text`, the body with its padding.
    consuming func finish(text: consuming [UInt8]) -> Changes {
        precondition(text.count == self.textCount, "another body was given back")
        if self.batchEnds.last != self.list.count, !self.list.isEmpty {
            self.batchEnds.append(self.list.count)
        }
        text.append(contentsOf: self.extra)
        var changes = Changes(text: text)
        changes.list = self.list
        changes.groups = self.groups
        changes.views = self.views
        changes.batchEnds = self.batchEnds
        return changes
    }

    /// Adds the change whose token is `root`.
    mutating func addChange(
        at root: Int, of source: borrowing ChangeSource
    ) throws(ChangeRefusal) {
        let token = source.tokens[root]
        guard token.kind == Token.object else {
            throw self.refusal(
                "not-a-change", "expected a JSON object with model, action and instance",
                root, root, source)
        }
        guard token.length <= self.limits.changeBytesMax else {
            throw .changeTooLarge(
                limit: self.limits.changeBytesMax, start: source.range(of: token).lowerBound)
        }
        guard self.list.count < self.limits.changesMax else {
            throw self.refusal(
                "too-many-changes",
                "a request has at most \(self.limits.changesMax) changes: send the rest in another",
                root, root, source)
        }
        let members = try self.members(of: root, source)
        let model = try self.model(members.model, root, source)
        let action = try self.action(members.action, root, source)
        let firstGroup = self.groups.count
        let rules = self.rules.isEmpty ? nil : self.findRules(of: model, source)
        let (instance, id) = try self.instance(members.instance, rules, root, source)
        let key = try self.key(members.key, id: id, rules, root, source)
        if members.groups != 0 {
            try self.addGroups(at: members.groups, first: firstGroup, rules, root, source)
        }
        if let rules { self.completeGroups(from: firstGroup, key, self.rules[rules], source) }
        let firstView = self.views.count
        if members.views != 0 { try self.addViews(at: members.views, root, source) }
        self.endBatchIfFull(before: Int(token.length))
        self.list.append(
            Changes.Change(
                action: action, model: model, key: key, groups: firstGroup..<self.groups.count,
                instance: instance, views: firstView..<self.views.count))
    }

    private mutating func endBatchIfFull(before changeBytes: Int) {
        guard self.batching == .bySize else { return }
        let batchStart = self.batchEnds.last ?? 0
        let isFull =
            self.list.count - batchStart >= self.limits.batchCountMax
            || self.batchBytes + changeBytes > self.limits.batchBytesMax
        if isFull, self.list.count > batchStart {
            self.batchEnds.append(self.list.count)
            self.batchBytes = 0
        }
        self.batchBytes += changeBytes
    }

    private func members(
        of root: Int, _ source: borrowing ChangeSource
    ) throws(ChangeRefusal) -> ChangeMembers {
        var members = ChangeMembers()
        var index = root + 1
        let end = Int(source.tokens[root].next)
        while index < end {
            let token = source.tokens[index]
            let word = source.word(of: token)
            switch word.flatMap(ChangeMember.init(word:)) ?? self.escapedMember(index, source) {
            case .model: members.model = index + 1
            case .action: members.action = index + 1
            case .instance: members.instance = index + 1
            case .key: members.key = index + 1
            case .groups: members.groups = index + 1
            case .views: members.views = index + 1
            case nil: throw self.unknownMember(index, root, source)
            }
            index = Int(source.tokens[index + 1].next)
        }
        return members
    }

    /// The member whose name, for its escapes, has no word.
    @inline(never)
    private func escapedMember(_ index: Int, _ source: borrowing ChangeSource) -> ChangeMember? {
        ChangeMember(rawValue: source.string(of: source.tokens[index]))
    }

    @inline(never)
    private func unknownMember(
        _ index: Int, _ root: Int, _ source: borrowing ChangeSource
    ) -> ChangeRefusal {
        self.refusal(
            "unknown-member",
            "a change has no member \"\(source.string(of: source.tokens[index]).prefix(64))\": it has "
                + "model, action, instance, key, groups and views", index, root, source)
    }

    /// Where the content of a key or scalar is in the final text; of `null`, nothing.
    @inline(__always)
    mutating func content(
        of token: Token, _ source: borrowing ChangeSource
    ) -> Changes.Slice {
        if token.escaped == 0 {
            let count = token.kind == Token.null ? 0 : Int(token.length)
            return Changes.Slice(start: source.base + Int(token.start), count: count)
        }
        return self.rewritten(token, source, by: JSONText.appendUnescaped)
    }

    /// Where the minified JSON of a value is in the final text.
    mutating func minified(
        _ token: Token, _ source: borrowing ChangeSource
    ) -> Changes.Slice {
        if token.compact == 1 {
            let quotes = token.kind == Token.string ? 1 : 0
            return Changes.Slice(
                start: source.base + Int(token.start) - quotes,
                count: Int(token.length) + 2 * quotes)
        }
        return self.rewritten(token, source, by: JSONText.appendMinified)
    }

    /// Where a text that is not in the body is in the final text.
    mutating func added(_ text: Text) -> Changes.Slice {
        let start = self.textCount + self.extra.count
        self.extra.append(contentsOf: text.bytes)
        return Changes.Slice(start: start, count: text.bytes.count)
    }

    /// Whether a slice of the final text has these bytes.
    func isSame(
        _ slice: Changes.Slice, _ text: Text, _ source: borrowing ChangeSource
    ) -> Bool {
        guard slice.count == text.bytes.count else { return false }
        let isExtra = slice.start >= self.textCount
        let start = isExtra ? slice.start - self.textCount : slice.start
        for index in 0..<slice.count {
            let byte = isExtra ? self.extra[start + index] : source.text[start + index]
            guard byte == text.bytes[index] else { return false }
        }
        return true
    }

    /// Gives back the text of `slice` if it is the last that was rewritten.
    mutating func discard(_ slice: Changes.Slice) {
        guard slice.count > 0, slice.start >= self.textCount else { return }
        if slice.range.upperBound == self.textCount + self.extra.count {
            self.extra.removeLast(slice.count)
        }
    }

    /// The bytes of a slice of the final text.
    func bytes(_ slice: Changes.Slice, _ source: borrowing ChangeSource) -> [UInt8] {
        if slice.start >= self.textCount {
            let start = slice.start - self.textCount
            return Array(self.extra[start..<start + slice.count])
        }
        return slice.range.map { source.text[$0] }
    }

    @inline(never)
    private mutating func rewritten(
        _ token: Token, _ source: borrowing ChangeSource,
        by append: (Span<UInt8>, inout [UInt8]) -> Void
    ) -> Changes.Slice {
        let start = self.extra.count
        append(source.text.extracting(source.range(of: token)), &self.extra)
        return Changes.Slice(
            start: self.textCount + start, count: self.extra.count - start)
    }

    mutating func addView(name: Changes.Slice, json: Changes.Slice) {
        self.views.append(Changes.View(name: name, json: json))
    }

    /// A refusal at a token of the change at `root`.
    @inline(never)
    func refusal(
        _ code: String, _ message: String, _ index: Int, _ root: Int,
        _ source: borrowing ChangeSource
    ) -> ChangeRefusal {
        ChangeRefusal(
            code: code, message: message,
            position: source.base + source.tokens[index].raw.lowerBound,
            lineAnchor: source.base + Int(source.tokens[root].start))
    }
}
