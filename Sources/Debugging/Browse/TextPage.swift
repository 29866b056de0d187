import LogModel

/// Lines that are read, and moved up and down.
struct TextPage {
    /// What it is about.
    enum Subject: Hashable {
        case record(Offset), blame(Offset), help, damage
    }

    let subject: Subject
    let title: String
    private let lines: [BrowserLine]
    /// The lines, wrapped to the width of the screen.
    private(set) var wrapped: [BrowserLine] = []
    private(set) var top = 0

    /// Creates a page, with its beginning on a screen.
    init(
        _ subject: Subject, title: String, _ lines: [BrowserLine], width: Int, height: Int
    ) {
        self.subject = subject
        self.title = title
        self.lines = lines
        self.resize(width: width, height: height)
    }

    /// The record that it is about.
    var offset: Offset? {
        switch self.subject {
        case .record(let offset), .blame(let offset): offset
        case .help, .damage: nil
        }
    }

    /// Goes on with another size.
    mutating func resize(width: Int, height: Int) {
        self.wrapped = self.lines.flatMap { $0.wrapped(to: width) }
        self.scroll(0, height: height)
    }

    /// Goes down, or up, as far as there are lines.
    mutating func scroll(_ count: Int, height: Int) {
        let last = max(self.wrapped.count - height, 0)
        // What is added is at most a screen, or as good as all.
        self.top = max(
            min(self.top.addingReportingOverflow(count).overflow ? last : self.top + count, last), 0
        )
    }
}
