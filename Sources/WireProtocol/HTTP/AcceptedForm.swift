/// A form in which changes are read over HTTP.
package enum AcceptedForm: String, Hashable, Sendable, CaseIterable {
    /// A page.
    case json = "application/json"
    /// A stream of lines.
    case ndjson = "application/x-ndjson"
    /// A stream of events.
    case serverSentEvents = "text/event-stream"

    /// The form that a client wants most (RFC 9110 section 12.5.1), or nil if it wants none of them. Without an
    /// `Accept`, or with `*/*`, that is a page; of several that it wants equally, the one that it names first.
    ///
    /// - Parameter fields: the values of the header `Accept`.
    package init?(accept fields: [String]) {
        let ranges = fields.flatMap { $0.split(separator: ",") }.enumerated().compactMap {
            MediaRange($0.element, place: $0.offset)
        }
        guard !ranges.isEmpty else {
            guard fields.allSatisfy(\.isEmpty) else { return nil }
            self = .json
            return
        }
        var best: (form: Self, range: MediaRange)?
        for form in Self.allCases {
            let matches = ranges.filter { $0.includes(form) }
            // The narrowest range says how much it is wanted.
            guard let range = matches.max(by: { $0.narrowness < $1.narrowness }),
                range.quality > 0
            else { continue }
            if let found = best?.range,
                (found.quality, -found.place) >= (range.quality, -range.place)
            {
                continue
            }
            best = (form, range)
        }
        guard let best else { return nil }
        self = best.form
    }

    /// Other names of the form.
    fileprivate var names: [String] {
        self == .ndjson
            ? [self.rawValue, "application/ndjson", "application/jsonl"] : [self.rawValue]
    }
}

/// One element of an `Accept`.
private struct MediaRange {
    let name: String
    /// From 0, not at all, to 1000.
    let quality: Int
    /// Which element it is.
    let place: Int

    init?(_ text: Substring, place: Int) {
        let parts = text.split(separator: ";").map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        guard let name = parts.first, name.split(separator: "/").count == 2 else { return nil }
        var quality = 1000
        for part in parts.dropFirst() where part.hasPrefix("q=") {
            guard let number = Double(part.dropFirst(2)), (0...1).contains(number) else {
                return nil
            }
            quality = Int(number * 1000)
        }
        self.name = name
        self.quality = quality
        self.place = place
    }

    /// How much is not left open.
    var narrowness: Int {
        self.name == "*/*" ? 0 : self.name.hasSuffix("/*") ? 1 : 2
    }

    func includes(_ form: AcceptedForm) -> Bool {
        form.names.contains { name in
            switch self.narrowness {
            case 0: true
            case 1: name.hasPrefix(self.name.dropLast())
            default: name == self.name
            }
        }
    }
}
