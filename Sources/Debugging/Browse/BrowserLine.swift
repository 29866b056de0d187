/// A line of a screen: pieces of text that stand out in their ways.
///
/// Its text never moves the cursor of a terminal but to the right: everything else is shown as an escape.
package struct BrowserLine: Hashable, Sendable {
    /// How a piece of text stands out.
    package enum Style: Hashable, Sendable {
        case plain, strong, faint, added, changed, removed, selected
    }

    /// One piece.
    package struct Piece: Hashable, Sendable {
        /// What is printed.
        package let text: String
        /// How.
        package let style: Style
    }

    /// The pieces from left to right.
    package private(set) var pieces: [Piece] = []
    /// How many columns of a terminal it takes.
    package private(set) var width = 0

    /// Creates a line of one piece, or an empty one.
    init(_ text: String = "", _ style: Style = .plain) {
        self.add(text, style)
    }

    /// All text.
    package var text: String { self.pieces.map(\.text).joined() }

    /// Adds `text` on the right.
    mutating func add(_ text: String, _ style: Style = .plain) {
        guard !text.isEmpty else { return }
        var printable = ""
        for scalar in text.unicodeScalars {
            if let width = scalar.columnCount {
                printable.unicodeScalars.append(scalar)
                self.width += width
            } else {
                let escape = scalar.visibleEscape
                printable += escape
                self.width += escape.utf8.count
            }
        }
        self.pieces.append(Piece(text: printable, style: style))
    }

    /// The line cut to `width` columns, with `…` where something is missing.
    func cut(to width: Int) -> BrowserLine {
        guard self.width > width else { return self }
        guard width > 0 else { return BrowserLine() }
        var line = self.wrapped(to: width, indent: 0, limit: 1).first ?? BrowserLine()
        if line.width == width {
            line = line.wrapped(to: width - 1, indent: 0, limit: 1).first ?? line
        }
        if line.width < width { line.add("…", self.pieces.last?.style ?? .plain) }
        return line
    }

    /// The line with spaces up to `width` columns, all in one style.
    func filled(to width: Int, _ style: Style) -> BrowserLine {
        let cut = self.cut(to: width)
        return BrowserLine(cut.text + String(repeating: " ", count: width - cut.width), style)
    }

    /// The line as lines of at most `width` columns each, at most `limit` of them; those behind the first are indented.
    func wrapped(to width: Int, indent: Int = 4, limit: Int = .max) -> [BrowserLine] {
        guard width > 0 else { return [BrowserLine()] }
        guard self.width > width else { return [self] }
        let indent = indent * 3 < width ? indent : 0
        var lines: [BrowserLine] = []
        var line = BrowserLine()
        for piece in self.pieces {
            var text = ""
            var textWidth = 0
            for scalar in piece.text.unicodeScalars {
                // What is wider than the whole line is not shown.
                let own = scalar.columnCount ?? 0
                let shown: Unicode.Scalar = own > width ? "?" : scalar
                let count = min(own, width)
                if line.width + textWidth + count > width {
                    line.add(text, piece.style)
                    lines.append(line)
                    if lines.count == limit { return lines }
                    line = BrowserLine(String(repeating: " ", count: indent))
                    (text, textWidth) = ("", 0)
                }
                text.unicodeScalars.append(shown)
                textWidth += shown == scalar ? own : 1
            }
            line.add(text, piece.style)
        }
        lines.append(line)
        return lines
    }
}

extension Unicode.Scalar {
    /// How many columns it takes on a terminal: 0 to 2. Nil if it may do something else there than to be shown.
    var columnCount: Int? {
        if 0x20..<0x7F ~= self.value { return 1 }
        switch self.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            return nil
        case .nonspacingMark, .enclosingMark:
            // Selectors make the character before them wider or narrower than it is.
            return self.properties.isVariationSelector ? nil : 0
        default:
            return self.isWide ? 2 : 1
        }
    }

    /// Whether it is one of the wide scripts, or an emoji.
    private var isWide: Bool {
        switch self.value {
        case 0..<0x1100: false
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF,
            0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FF, 0x1F200...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: self.properties.isEmojiPresentation
        }
    }

    /// `\n`, or `\u{1b}`.
    var visibleEscape: String {
        switch self {
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        default: "\\u{\(String(self.value, radix: 16))}"
        }
    }
}
