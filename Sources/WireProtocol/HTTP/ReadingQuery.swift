/// The parameters of a URL with which something is read.
struct ReadingQuery {
    /// In their order, without percent-encoding.
    let parameters: [(name: String, value: String)]

    init(_ query: String) throws(Problem) {
        guard let parameters = URLText.parameters(ofQuery: query) else {
            throw Problem(reading: "invalid-url", "the query is not percent-encoded UTF-8")
        }
        self.parameters = parameters
    }

    /// The value of the first parameter `name`.
    func value(_ name: String) -> String? {
        self.parameters.first { $0.name == name }?.value
    }

    /// Refuses parameters besides `names`, and those that are there twice and may not be.
    func check(names: [String], repeatable: Set<String> = []) throws(Problem) {
        for parameter in self.parameters where !names.contains(parameter.name) {
            throw Problem(
                reading: "unknown-parameter",
                "\(RequestError.excerpt(parameter.name)) is not a parameter here; there are "
                    + names.joined(separator: ", "))
        }
        try self.checkOnce(names.filter { !repeatable.contains($0) })
    }

    /// Refuses those of `names` that are there twice.
    func checkOnce(_ names: some Sequence<String>) throws(Problem) {
        for name in names where self.parameters.count(where: { $0.name == name }) > 1 {
            throw Problem(reading: "duplicate-parameter", "\(name) is given twice")
        }
    }

    /// The number that is the value of `name`, or `number` if there is no such parameter.
    func number(
        _ name: String, in range: ClosedRange<Int>, default number: Int
    ) throws(Problem) -> Int {
        guard let text = self.value(name) else { return number }
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isPlain, let found = Int(text), range.contains(found) else {
            throw Problem(
                reading: "invalid-\(name)",
                range.upperBound == .max
                    ? "\(name) must be an offset (digits)"
                    : "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return found
    }
}

extension Problem {
    /// A request to read that is malformed.
    package init(reading code: String, _ detail: String) {
        self.init(
            status: 400, code: code, title: "The request is not understood", detail: detail)
    }

    /// A place at which nothing can begin any more: the reader takes a snapshot, or begins anew.
    package init(_ reason: ResetReason, message: String) {
        self.init(status: 410, code: reason.rawValue, title: "Not there any more", detail: message)
    }
}
