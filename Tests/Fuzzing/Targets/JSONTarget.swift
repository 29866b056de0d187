import WireProtocol

/// JSON documents: the scanner and the reference of the tests must accept the same ones, and read the same values.
enum JSONTarget {
    /// Reads `input` as one document.
    static func run(_ input: [UInt8]) -> Int {
        // The reference is recursive, and knows no limits.
        let openings = input.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        guard openings < 200 else { return 0 }
        let limits = JSONLimits(depthMax: 1024, numberLengthMax: 100_000)
        let expected = JSONReference.read(input)
        do throws(JSONError) {
            let document = try JSONDocument(parsing: input, limits: limits)
            let value = document.value(document.root)
            require(value == expected, "the reference refuses it, or reads another value")
            self.checkMinified(document, like: value, limits)
            return value.range.count
        } catch {
            require(expected == nil, "refused and right: \(error)")
            require(error.position <= input.count, "the fault is not in the document")
            return error.message.utf8.count
        }
    }

    /// What is minified has the same values, and cannot be minified further.
    private static func checkMinified(
        _ document: JSONDocument, like value: ReferenceValue, _ limits: JSONLimits
    ) {
        let minified = JSONText.minified(document.rawText(of: document.root))
        guard let again = JSONReference.read(minified) else {
            fail("what was minified is not JSON")
        }
        require(again.isLike(value), "what was minified has other values")
        require(JSONText.minified(minified[...]) == minified, "it was minified in part")
    }
}

extension ReferenceValue {
    /// Whether both have the same values, wherever these stand.
    fileprivate func isLike(_ other: ReferenceValue) -> Bool {
        switch (self.content, other.content) {
        case (.scalar(let own), .scalar(let other)): own == other
        case (.array(let own), .array(let others)):
            own.count == others.count && zip(own, others).allSatisfy { $0.isLike($1) }
        case (.object(let own), .object(let others)):
            own.count == others.count
                && zip(own, others).allSatisfy { $0.key == $1.key && $0.value.isLike($1.value) }
        default: false
        }
    }
}
