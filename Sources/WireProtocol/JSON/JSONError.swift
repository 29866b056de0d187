import CJSON

/// Why a JSON document was refused.
package struct JSONError: Error, Equatable, Sendable {
    /// The kind of fault. The raw values are part of the protocol.
    package enum Code: String, Sendable, CaseIterable {
        case emptyDocument = "empty-document"
        case malformed = "malformed-json"
        case invalidUTF8 = "invalid-utf8"
        case loneSurrogate = "lone-surrogate"
        case numberTooLong = "number-too-long"
        case numberOutOfRange = "number-out-of-range"
        case nestingTooDeep = "nesting-too-deep"
        case duplicateKey = "duplicate-key"
        case tooManyValues = "too-many-values"
        case documentTooLarge = "document-too-large"
        case outOfMemory = "out-of-memory"
    }

    /// The kind of fault.
    package let code: Code
    /// What is wrong, for people.
    package let message: String
    /// The byte of the document at which it was noticed, counted from 0.
    package let position: Int

    /// Creates an error.
    package init(code: Code, message: String, position: Int) {
        self.code = code
        self.message = message
        self.position = position
    }
}

extension JSONError {
    /// Translates an error of the scanner.
    init(scannerError: UInt32, position: Int, limits: JSONLimits) {
        let (code, message) = Self.explanation(of: scannerError, limits: limits)
        self.init(code: code, message: message, position: position)
    }

    private static func explanation(of error: UInt32, limits: JSONLimits) -> (Code, String) {
        switch Int(error) {
        case LIVELOG_JSON_EMPTY:
            (.emptyDocument, "there is no value")
        case LIVELOG_JSON_SOURCE_TOO_LARGE:
            (.documentTooLarge, "the document has 4 GiB or more")
        case LIVELOG_JSON_NO_MEMORY:
            (.outOfMemory, "there is no memory to read the document")
        case LIVELOG_JSON_INVALID_UTF8:
            (.invalidUTF8, "the text is not valid UTF-8")
        case LIVELOG_JSON_CONTROL_CHARACTER:
            (.malformed, "a control character in a string must be escaped")
        case LIVELOG_JSON_UNCLOSED_STRING:
            (.malformed, "the string that begins here does not end")
        case LIVELOG_JSON_UNCLOSED_CONTAINER:
            (.malformed, "the array or object is not closed")
        case LIVELOG_JSON_EXPECTED_KEY:
            (.malformed, "expected a key in double quotes")
        case LIVELOG_JSON_EXPECTED_COLON:
            (.malformed, "expected ':' after the key")
        case LIVELOG_JSON_EXPECTED_COMMA_OR_END:
            (.malformed, "expected ',' or the end of the array or object")
        case LIVELOG_JSON_TRAILING_CONTENT:
            (.malformed, "there is more after the value")
        case LIVELOG_JSON_INVALID_LITERAL:
            (.malformed, "expected true, false or null")
        case LIVELOG_JSON_INVALID_NUMBER:
            (.malformed, "the number is not written as JSON wants it")
        case LIVELOG_JSON_NUMBER_TOO_LONG:
            (.numberTooLong, "the number has more than \(limits.numberLengthMax) characters")
        case LIVELOG_JSON_NUMBER_OUT_OF_RANGE:
            (.numberOutOfRange, "the number does not fit into 64-bit floating point")
        case LIVELOG_JSON_INVALID_ESCAPE:
            (.malformed, "the escape in the string is unknown or incomplete")
        case LIVELOG_JSON_LONE_SURROGATE:
            (.loneSurrogate, "the escape is half of a surrogate pair")
        case LIVELOG_JSON_TOO_DEEP:
            (.nestingTooDeep, "arrays and objects nest deeper than \(limits.depthMax)")
        case LIVELOG_JSON_DUPLICATE_KEY:
            (.duplicateKey, "the object has this key already")
        case LIVELOG_JSON_TOO_MANY_TOKENS:
            (.tooManyValues, "the document has more than \(limits.tokensMax) values and keys")
        default:
            (.malformed, "expected a value")
        }
    }
}
