import Debugging

/// Makes what a terminal is sent of the lines of a screen: only those that are not there already.
struct ScreenRenderer {
    private let style: Style
    private var shown: [BrowserLine] = []
    private var width = 0

    init(_ style: Style = .output) {
        self.style = style
    }

    /// Takes it that the terminal shows something else.
    mutating func forget() {
        self.shown = []
    }

    /// What makes the screen show `lines`, `width` columns wide.
    mutating func text(_ lines: [BrowserLine], width: Int) -> String {
        var text = ""
        let isAnew = self.shown.count != lines.count || self.width != width
        if isAnew { text += "\u{1B}[0m\u{1B}[2J" }
        for (index, line) in lines.enumerated() where isAnew || self.shown[index] != line {
            // Each line begins where it belongs, whatever the terminal made of the one before.
            text += "\u{1B}[\(index + 1);1H\u{1B}[2K"
            for piece in line.pieces { text += self.paint(piece) }
        }
        (self.shown, self.width) = (lines, width)
        return text
    }

    private func paint(_ piece: BrowserLine.Piece) -> String {
        switch piece.style {
        case .plain: piece.text
        case .strong: self.style.strong(piece.text)
        case .faint: self.style.faint(piece.text)
        case .added: self.style.added(piece.text)
        case .changed: self.style.changed(piece.text)
        case .removed: self.style.removed(piece.text)
        // Not a colour: what keys are about is to be seen without any.
        case .selected: "\u{1B}[7m\(piece.text)\u{1B}[0m"
        }
    }
}
