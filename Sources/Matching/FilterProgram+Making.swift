import LogFormat
import LogModel

extension FilterProgram {
    /// The most bytes of a model, property or value in a record. Nothing that is longer is in any, so a filter
    /// that names it wants nothing.
    static let textCountMax = Int(UInt16.max)

    /// Makes the program of `filter`.
    ///
    /// - Parameters:
    ///   - driver: the condition that finds records; nil if the model group does.
    ///   - hash: gives the hash that records carry for a group.
    static func words(
        of filter: Filter, driver: Condition?, hash: @escaping (GroupKey) -> UInt64
    ) -> [UInt64] {
        var words = FilterWords(model: filter.model, driver: driver, hash: hash)
        guard filter.model.bytes.count <= Self.textCountMax else { return words.wordsOfNothing() }
        let program = words.beginProgram(filter.model)
        let chunkCount = words.appendChunks(filter.conjunction)
        if let choice = filter.choice {
            let part = words.beginPart()
            for conditions in choice {
                let alternative = words.beginPart()
                words.endPart(alternative, partCount: words.appendChunks(conditions))
            }
            words.endPart(part, partCount: choice.count)
        }
        words.endPart(program, partCount: chunkCount)
        return words.words
    }
}

/// Words that become a program.
private struct FilterWords {
    private(set) var words: [UInt64] = []
    private let model: Text
    private let driver: Condition?
    private let hash: (GroupKey) -> UInt64

    init(model: Text, driver: Condition?, hash: @escaping (GroupKey) -> UInt64) {
        self.model = model
        self.driver = driver
        self.hash = hash
    }

    /// Begins the program of a filter of `model`.
    mutating func beginProgram(_ model: Text) -> Int {
        self.words = [UInt64(model.bytes.count) << 32, 0]
        self.append(model.bytes)
        return 0
    }

    /// Begins a part with the text `text`; returns what ``endPart(_:partCount:)`` needs.
    mutating func beginPart(_ text: Text = "") -> Int {
        self.words.append(UInt64(text.bytes.count) << 32)
        self.append(text.bytes)
        return self.words.count - 1 - FilterProgram.padded(text.bytes.count) / 8
    }

    /// Ends the part that begins with the word at `first`.
    mutating func endPart(_ first: Int, partCount: Int) {
        precondition(partCount <= UInt16.max, "a part of \(partCount) parts")
        self.words[first] |= self.byteCount(from: first) | UInt64(partCount) << 48
    }

    /// Appends chunks of `conditions`; returns how many.
    mutating func appendChunks(_ conditions: [Condition]) -> Int {
        var chunkCount = 0
        var rest = conditions[...]
        while !rest.isEmpty {
            self.appendChunk(rest.prefix(FilterProgram.chunkTestsMax))
            rest = rest.dropFirst(FilterProgram.chunkTestsMax)
            chunkCount += 1
        }
        return chunkCount
    }

    /// Appends a chunk of `conditions`, of which those of one property stand together.
    mutating func appendChunk(_ conditions: ArraySlice<Condition>) {
        let chunk = self.beginPart()
        var propertyCount = 0
        var index = conditions.startIndex
        while index < conditions.endIndex {
            let property = conditions[index].property
            let same = conditions[index...].prefix { $0.property == property }
            if property.bytes.count <= FilterProgram.textCountMax {
                let part = self.beginPart(property)
                for condition in same {
                    // A condition is in a filter once.
                    if condition == self.driver {
                        self.words[1] = UInt64(part * 8) | UInt64(self.words.count * 8) << 32
                    }
                    self.append(condition)
                }
                self.endPart(part, partCount: same.count)
            } else {
                self.appendNever(count: same.count)
            }
            propertyCount += 1
            index = same.endIndex
        }
        self.endPart(chunk, partCount: propertyCount)
    }

    /// The program of a filter that wants nothing.
    mutating func wordsOfNothing() -> [UInt64] {
        let program = self.beginProgram("")
        let chunk = self.beginPart()
        self.appendNever(count: 1)
        self.endPart(chunk, partCount: 1)
        self.endPart(program, partCount: 1)
        return self.words
    }

    private mutating func appendNever(count: Int) {
        let part = self.beginPart()
        for _ in 0..<count { self.append(.never, "") }
        self.endPart(part, partCount: count)
    }

    private mutating func append(_ condition: Condition) {
        typealias Outcome = FilterProgram.Outcome
        switch condition.test {
        case .isIn(let values): self.append(.isIn, values, of: condition.property)
        case .isNot(let values): self.append(.isNot, values, of: condition.property)
        case .order(let order, let value):
            let outcomes: UInt8 =
                switch order {
                case .less: Outcome.less
                case .atMost: Outcome.less | Outcome.equal
                case .greater: Outcome.greater
                case .atLeast: Outcome.greater | Outcome.equal
                }
            switch value.kind {
            case .string: self.append(.string, value.text, outcomes)
            case .number: self.append(number: value.text, outcomes)
            case .null, .boolean: self.append(.never, "")
            }
        case .hasPrefix(let text): self.append(.prefix, text)
        }
    }

    private mutating func append(number text: Text, _ outcomes: UInt8) {
        let bytes = text.bytes.span.bytes
        guard let decimal = DecimalText(bytes) else {
            self.append(.never, "")
            return
        }
        let first = self.beginTest(.number, outcomes, count: bytes.byteCount)
        self.words.append(UInt64(bitPattern: decimal.integer(bytes) ?? .min))
        self.append(text.bytes)
        self.endTest(first)
    }

    private mutating func append(
        _ operation: FilterProgram.Operation, _ text: Text, _ outcomes: UInt8 = 0
    ) {
        let first = self.beginTest(operation, outcomes, count: text.bytes.count)
        self.append(text.bytes)
        self.endTest(first)
    }

    private mutating func append(
        _ operation: FilterProgram.Operation, _ values: [Scalar], of property: Text
    ) {
        var lines: [(hash: UInt64, value: Scalar)] = []
        for value in values where value.text.bytes.count <= FilterProgram.textCountMax {
            let group = GroupKey(model: self.model, property: property, value: value)
            lines.append((self.hash(group), value))
        }
        lines.sort { $0.hash < $1.hash }
        let first = self.beginTest(operation, count: lines.count)
        var text = FilterProgram.wordCount * (2 + 2 * lines.count)
        for (hash, value) in lines {
            let count = value.text.bytes.count
            let isNull: UInt64 = value.kind.isNull ? 1 : 0
            self.words.append(hash)
            self.words.append(UInt64(text) | UInt64(count) << 32 | isNull << 48)
            text += FilterProgram.padded(count)
        }
        for (_, value) in lines { self.append(value.text.bytes) }
        self.endTest(first)
    }

    private mutating func beginTest(
        _ operation: FilterProgram.Operation, _ outcomes: UInt8 = 0, count: Int
    ) -> Int {
        self.words.append(UInt64(operation.rawValue) << 32 | UInt64(outcomes) << 40)
        self.words.append(UInt64(count))
        return self.words.count - 2
    }

    private mutating func endTest(_ first: Int) {
        self.words[first] |= self.byteCount(from: first)
    }

    private func byteCount(from first: Int) -> UInt64 {
        let count = (self.words.count - first) * FilterProgram.wordCount
        precondition(count <= UInt32.max, "a filter of \(count) bytes")
        return UInt64(count)
    }

    /// Appends `bytes`, and zeros to a multiple of 8.
    private mutating func append(_ bytes: [UInt8]) {
        let bytes = bytes.span.bytes
        var at = 0
        while at < bytes.byteCount {
            self.words.append(bytes.paddedWord(at))
            at += FilterProgram.wordCount
        }
    }
}
