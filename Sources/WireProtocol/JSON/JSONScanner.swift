import CJSON

/// The memory that reading JSON needs, kept from document to document.
///
/// Threads: used by one at a time.
struct JSONScanner: ~Copyable {
    typealias Token = livelog_json_token

    /// The number of readable bytes that must follow each source.
    static let padding = Int(LIVELOG_JSON_PADDING)

    private let handle: OpaquePointer

    /// Creates a scanner. Traps if there is no memory for a few kilobytes.
    init() {
        guard let handle = livelog_json_scanner_create() else {
            preconditionFailure("no memory for a JSON scanner")
        }
        self.handle = handle
    }

    deinit {
        livelog_json_scanner_free(self.handle)
    }

    /// Scans one document, or lines of one document each, and lends its tokens and what is wrong.
    ///
    /// Positions are counted from the start of `range`, after which `source` must have ``padding``
    /// bytes. With an error the tokens are those of the lines before, if there are lines, or none.
    mutating func withTokens<Result, Failure: Error>(
        of source: Span<UInt8>, in range: Range<Int>, asLines: Bool, limits: JSONLimits,
        _ body: (Span<Token>, JSONError?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(
            range.lowerBound >= 0 && range.upperBound + Self.padding <= source.count,
            "\(range) is not followed by padding in \(source.count) bytes")
        let handle = self.handle
        // Raw memory: C reads the source within the call, and owns the tokens, which `body` borrows.
        let found = source.extracting(range.lowerBound..<source.count).withUnsafeBufferPointer {
            let scan = asLines ? livelog_json_scan_lines : livelog_json_scan
            return scan(handle, $0.baseAddress, range.count, limits.scannerLimits)
        }
        var error: JSONError?
        if found.error != UInt32(LIVELOG_JSON_OK) {
            error = JSONError(
                scannerError: found.error, position: Int(found.error_position), limits: limits)
        }
        let tokens = UnsafeBufferPointer(start: found.tokens, count: Int(found.token_count))
        return try body(tokens.span, error)
    }

    /// Gives back memory that only a source longer than `lengthMax` bytes needs.
    mutating func trim(lengthMax: Int) {
        livelog_json_scanner_trim(self.handle, UInt32(clamping: lengthMax))
    }
}

extension JSONLimits {
    var scannerLimits: livelog_json_limits {
        livelog_json_limits(
            depth_max: UInt32(clamping: self.depthMax),
            tokens_max: UInt32(clamping: self.tokensMax),
            number_length_max: UInt32(clamping: self.numberLengthMax))
    }
}

extension livelog_json_token {
    /// The text in the source: of strings and keys the content without quotes.
    var content: Range<Int> { Int(self.start)..<Int(self.start) + Int(self.length) }

    /// The text in the source, with quotes.
    var raw: Range<Int> {
        let quotes = self.isQuoted ? 1 : 0
        return self.content.lowerBound - quotes..<self.content.upperBound + quotes
    }

    var isQuoted: Bool { self.kind == Self.string || self.kind == Self.key }

    var isContainer: Bool { self.kind == Self.array || self.kind == Self.object }

    static var null: UInt8 { UInt8(LIVELOG_JSON_NULL) }
    static var string: UInt8 { UInt8(LIVELOG_JSON_STRING) }
    static var number: UInt8 { UInt8(LIVELOG_JSON_NUMBER) }
    static var boolean: UInt8 { UInt8(LIVELOG_JSON_BOOLEAN) }
    static var array: UInt8 { UInt8(LIVELOG_JSON_ARRAY) }
    static var object: UInt8 { UInt8(LIVELOG_JSON_OBJECT) }
    static var key: UInt8 { UInt8(LIVELOG_JSON_KEY) }
}
