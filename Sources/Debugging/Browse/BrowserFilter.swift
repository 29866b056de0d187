import LogModel
import WireProtocol

/// A filter as it is typed into a ``Browser``: `todolist.Task list_id=42 "state" in ["a b","c"]`.
enum BrowserFilter {
    /// The filter; nil of an empty text.
    static func filter(_ text: String) throws(RequestError) -> Filter? {
        let words = self.words(text)
        guard let model = words.first else { return nil }
        let query =
            [(name: "model", value: model)]
            + self.conditions(words.dropFirst()).map { (name: "where", value: $0) }
        return try SubscriptionRequest(query: query).filter
    }

    /// What stands between spaces; those in quotes and brackets part nothing.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        var depth = 0
        for scalar in text.unicodeScalars {
            if scalar == " ", !isQuoted, depth == 0 {
                if !word.isEmpty { words.append(String(word)) }
                word = String.UnicodeScalarView()
                continue
            }
            word.append(scalar)
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, scalar == "[" {
                depth += 1
            } else if !isQuoted, scalar == "]" {
                depth = max(depth - 1, 0)
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    /// The words put together that are one condition: `list_id in [1,2]`, or `total >= 10`.
    private static func conditions(_ words: ArraySlice<String>) -> [String] {
        let operators: Set<String> = ["in", "=", "!=", "<", "<=", ">", ">=", "^="]
        var conditions: [String] = []
        var isOpen = false
        for word in words {
            if operators.contains(word), let last = conditions.popLast() {
                conditions.append(last + " " + word)
                isOpen = true
            } else if isOpen, let last = conditions.popLast() {
                conditions.append(last + " " + word)
                isOpen = false
            } else {
                conditions.append(word)
            }
        }
        return conditions
    }
}

extension String {
    /// Without spaces around it.
    var trimmed: String {
        let start = self.drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
