import Glibc

/// How words stand out on a terminal; without one, or if `NO_COLOR` is set, they do not.
struct Style {
    /// Whether anything stands out.
    let isOn: Bool

    /// That of standard output.
    static let output = Style(
        isOn: StandardStream.output.isTerminal && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    )

    /// What is new.
    func added(_ text: String) -> String { self.paint(text, "32") }
    /// What is gone.
    func removed(_ text: String) -> String { self.paint(text, "31") }
    /// What has changed.
    func changed(_ text: String) -> String { self.paint(text, "33") }
    /// What the eye looks for.
    func strong(_ text: String) -> String { self.paint(text, "1") }
    /// What is by the way.
    func faint(_ text: String) -> String { self.paint(text, "2") }

    private func paint(_ text: String, _ code: String) -> String {
        self.isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
