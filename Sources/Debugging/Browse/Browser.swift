package import LogModel
package import LogStorage
import WireProtocol

/// Somebody's look around in a log, as a value: keys go in, and a screen comes out.
///
///     var browser = Browser(log, name: "/var/lib/livelog", damage: damage, width: 80, height: 24)
///     _ = browser.press(.down)
///     for line in browser.screen { … }
///
/// It reads the log when a key is pressed, and of it what the screen then shows.
package struct Browser {
    /// What a key asks of whoever shows the browser.
    package enum Outcome: Hashable, Sendable {
        /// To show the screen.
        case goOn
        /// To open the log again, and to give it to ``reopen(_:)``.
        case reload
        /// To end.
        case quit
    }

    /// What fills the screen.
    enum View {
        case list(RecordList)
        case page(TextPage)
    }

    /// What is being typed.
    struct Prompt {
        enum Kind { case filter, jump }

        let kind: Kind
        var text: String
    }

    /// What is typed is not longer.
    private static let promptCharacterMax = 1000

    /// Views that are kept one over the other.
    private static let viewMax = 50

    private(set) var log: ChangeLog
    let name: String
    let damage: BrowserDamage
    private(set) var width: Int
    private(set) var height: Int
    /// What was opened, the last one on the screen. Never empty; the first is a list.
    private(set) var views: [View]
    private(set) var prompt: Prompt?
    /// What went wrong with the last key.
    private(set) var message: String?

    /// Begins with all records of `log`, those at its end or from `place` on.
    ///
    /// - Parameters:
    ///   - name: what the log is called on the screen.
    ///   - filter: the instances that are wanted at first; nil for all.
    ///   - filterText: the same as somebody would type it.
    ///   - damage: what is told of damage when the log is read.
    package init(
        _ log: ChangeLog, name: String, from place: Offset? = nil, filter: Filter? = nil,
        filterText: String = "", damage: BrowserDamage, width: Int, height: Int
    ) {
        self.log = log
        self.name = name
        self.damage = damage
        self.width = max(width, 1)
        self.height = max(height, 1)
        var list = RecordList(RecordList.Subject(filter: filter, filterText: filterText))
        self.views = []
        list.open(
            at: place ?? log.watermarks.visible, list.reader(log, damage), height: self.bodyHeight)
        self.views = [.list(list)]
    }

    /// The lines between the title and the line of state.
    var bodyHeight: Int { max(self.height - 2, 1) }

    /// What fills the screen.
    var view: View { self.views[self.views.count - 1] }

    /// Goes on with another size of the screen.
    package mutating func resize(width: Int, height: Int) {
        self.width = max(width, 1)
        self.height = max(height, 1)
        for index in self.views.indices {
            switch self.views[index] {
            case .list(var list):
                list.resize(list.reader(self.log, self.damage), height: self.bodyHeight)
                self.views[index] = .list(list)
            case .page(var page):
                page.resize(width: self.width, height: self.bodyHeight)
                self.views[index] = .page(page)
            }
        }
    }

    /// Goes on with the log as it is now, at the same record; or at the end, if the cursor was there.
    package mutating func reopen(_ log: ChangeLog) {
        let end = self.log.watermarks.visible
        self.log = log
        let added = log.watermarks.visible.rawValue - min(log.watermarks.visible, end).rawValue
        self.message = "\(added) more records"
        for index in self.views.indices {
            guard case .list(var list) = self.views[index] else { continue }
            let place = list.current?.offset
            let isEnd = place?.next == end || place == nil
            list.open(
                at: isEnd ? log.watermarks.visible : place ?? .zero,
                list.reader(log, self.damage), height: self.bodyHeight)
            self.views[index] = .list(list)
        }
    }

    /// Says `message` until the next key.
    package mutating func say(_ message: String) {
        self.message = message
    }

    /// Does what `key` means where the browser is.
    package mutating func press(_ key: BrowserKey) -> Outcome {
        self.message = nil
        if self.prompt != nil {
            self.type(key)
            return .goOn
        }
        switch key {
        case .character("q"): return .quit
        case .character("r"): return .reload
        case .escape, .backspace: self.back()
        case .character("?"): self.toggle(.help)
        case .character("D"): self.toggle(.damage)
        case .character("/"):
            self.prompt = Prompt(kind: .filter, text: self.list.subject.filterText)
        case .character(":"): self.prompt = Prompt(kind: .jump, text: "")
        case .character("h"): self.openHistory()
        case .character("B"): self.openBlame()
        default:
            switch self.view {
            case .list(let list): self.press(key, on: list)
            case .page(let page): self.press(key, on: page)
            }
        }
        return .goOn
    }

    private mutating func press(_ key: BrowserKey, on list: RecordList) {
        var list = list
        let reader = list.reader(self.log, self.damage)
        let height = self.bodyHeight
        switch key {
        case .down, .character("j"): list.down(1, reader, height: height)
        case .up, .character("k"): list.up(1, reader, height: height)
        case .pageDown, .character(" "): list.down(height, reader, height: height)
        case .pageUp, .character("b"): list.up(height, reader, height: height)
        case .home, .character("g"): list.open(at: self.log.first, reader, height: height)
        case .end, .character("G"):
            list.open(at: self.log.watermarks.visible, reader, height: height)
        case .enter, .right, .character("l"):
            self.openRecord()
            return
        case .left:
            self.back()
            return
        default:
            return
        }
        self.replace(.list(list))
    }

    private mutating func press(_ key: BrowserKey, on page: TextPage) {
        var page = page
        let height = self.bodyHeight
        switch key {
        case .down, .character("j"), .enter: page.scroll(1, height: height)
        case .up, .character("k"): page.scroll(-1, height: height)
        case .pageDown, .character(" "): page.scroll(height, height: height)
        case .pageUp, .character("b"): page.scroll(-height, height: height)
        case .home, .character("g"): page.scroll(-page.top, height: height)
        case .end, .character("G"): page.scroll(page.wrapped.count, height: height)
        case .left: return self.back()
        case .character("n"): return self.openNeighbour(1, of: page)
        case .character("p"): return self.openNeighbour(-1, of: page)
        default: return
        }
        self.replace(.page(page))
    }
}

// MARK: - Views

extension Browser {
    /// The list that is on the screen, or under the page that is.
    var list: RecordList {
        for view in self.views.reversed() {
            if case .list(let list) = view { return list }
        }
        return RecordList(RecordList.Subject())
    }

    /// The record that keys are about.
    var offset: Offset? {
        switch self.view {
        case .list(let list): list.current?.offset
        case .page(let page): page.offset
        }
    }

    private mutating func replace(_ view: View) {
        self.views[self.views.count - 1] = view
    }

    private mutating func back() {
        if self.views.count > 1 {
            self.views.removeLast()
        } else if self.list.subject.filter != nil {
            self.show(RecordList.Subject(), at: self.offset)
        }
    }

    /// Opens a page, or closes it if it is open.
    private mutating func toggle(_ subject: TextPage.Subject) {
        if case .page(let page) = self.view, page.subject == subject { return self.back() }
        if subject == .help {
            self.open(subject, title: "help", Self.help)
        } else if self.damage.texts.isEmpty {
            self.message = "nothing that was read so far is damaged"
        } else {
            self.open(
                subject, title: "what is damaged, as far as it was read",
                self.damage.texts.map { BrowserLine($0, .removed) })
        }
    }

    private mutating func open(
        _ subject: TextPage.Subject, title: String, _ lines: [BrowserLine]
    ) {
        let page = TextPage(
            subject, title: title, lines, width: self.width, height: self.bodyHeight)
        self.push(.page(page))
    }

    /// Puts a view over the others; of very many the oldest are forgotten.
    private mutating func push(_ view: View) {
        self.views.append(view)
        if self.views.count > Self.viewMax { self.views.remove(at: 1) }
    }

    /// Makes the first view a list of other records, near `place`, and closes the others.
    private mutating func show(_ subject: RecordList.Subject, at place: Offset?) {
        var list = RecordList(subject)
        list.open(
            at: place ?? self.log.watermarks.visible, list.reader(self.log, self.damage),
            height: self.bodyHeight)
        self.views = [.list(list)]
    }

    private mutating func openRecord() {
        guard let row = self.list.current else { return }
        let lines = self.reading { browser throws(StorageError) in
            if case .damaged(let text) = row.content { return [BrowserLine(text, .removed)] }
            return try browser.lines(ofRecord: row.offset)
        }
        self.open(.record(row.offset), title: "record \(row.offset)", lines)
    }

    /// Goes to the record before or after that of a page, in the list below.
    private mutating func openNeighbour(_ step: Int, of page: TextPage) {
        guard case .record = page.subject, self.views.count > 1,
            case .list(var list) = self.views[self.views.count - 2]
        else { return }
        let reader = list.reader(self.log, self.damage)
        if step > 0 {
            list.down(1, reader, height: self.bodyHeight)
        } else {
            list.up(1, reader, height: self.bodyHeight)
        }
        self.views.removeLast()
        self.replace(.list(list))
        self.openRecord()
    }

    private mutating func openHistory() {
        guard let record = self.record() else { return }
        let filter = Filter(model: record.model)
        var list = RecordList(
            RecordList.Subject(filter: filter, key: record.key.text))
        list.open(
            at: record.offset, list.reader(self.log, self.damage), height: self.bodyHeight)
        // The history of the same instance is not opened once more.
        if case .list(let below) = self.view, below.subject == list.subject { return }
        self.push(.list(list))
    }

    private mutating func openBlame() {
        guard let record = self.record() else { return }
        if case .page(let page) = self.view, page.subject == .blame(record.offset) { return }
        let lines = self.reading { browser throws(StorageError) in
            try browser.lines(ofBlame: record)
        }
        self.open(
            .blame(record.offset),
            title: "who set what of \(record.model) \(record.key.json), as of \(record.offset)",
            lines)
    }

    /// The record that keys are about, if it can be read.
    private mutating func record() -> RecordFacts? {
        guard let offset = self.offset else { return nil }
        do throws(StorageError) {
            return try RecordFacts(at: offset, in: self.log)
        } catch {
            self.damage.add(error)
            self.message = error.description
            return nil
        }
    }

    /// What `body` gives, or what kept it from giving it.
    private func reading(
        _ body: (Browser) throws(StorageError) -> [BrowserLine]
    ) -> [BrowserLine] {
        do throws(StorageError) {
            return try body(self)
        } catch {
            if error.code == .corrupt { self.damage.add(error) }
            return [BrowserLine(error.description, .removed)]
        }
    }
}

// MARK: - What is typed

extension Browser {
    private mutating func type(_ key: BrowserKey) {
        guard var prompt = self.prompt else { return }
        switch key {
        case .escape:
            self.prompt = nil
        case .enter:
            self.prompt = nil
            self.apply(prompt)
        case .backspace:
            self.prompt = prompt.text.isEmpty ? nil : prompt
            prompt.text = String(prompt.text.dropLast())
            if self.prompt != nil { self.prompt = prompt }
        case .character(let scalar) where prompt.text.count < Self.promptCharacterMax:
            prompt.text.unicodeScalars.append(scalar)
            self.prompt = prompt
        default:
            break
        }
    }

    private mutating func apply(_ prompt: Prompt) {
        let text = prompt.text.trimmed
        switch prompt.kind {
        case .jump:
            guard !text.isEmpty else { return }
            guard let place = LogPlace(text) else {
                self.message =
                    "neither an offset nor a time (2026-11-23T10:00:00Z, or ...+01:00): \(text)"
                return
            }
            self.jump(to: place)
        case .filter:
            let place = self.offset
            do throws(RequestError) {
                let filter = try BrowserFilter.filter(text)
                self.show(RecordList.Subject(filter: filter, filterText: text), at: place)
            } catch {
                // So that it can be mended.
                self.prompt = prompt
                self.message = error.message
            }
        }
    }

    private mutating func jump(to place: LogPlace) {
        do throws(StorageError) {
            let offset = try place.offset(in: self.log)
            while self.views.count > 1, case .page = self.view { self.views.removeLast() }
            guard case .list(var list) = self.view else { return }
            list.open(
                at: offset, list.reader(self.log, self.damage), height: self.bodyHeight)
            self.replace(.list(list))
            if offset < self.log.first {
                self.message = "records before \(self.log.first) are not kept"
            }
        } catch {
            self.damage.add(error)
            self.message = error.description
        }
    }
}
