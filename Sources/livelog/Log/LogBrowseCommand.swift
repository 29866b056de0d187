import ArgumentParser
import Debugging
import LogModel
import LogStorage

/// `livelog log browse`: a look around on the whole screen.
struct LogBrowseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "browse",
        abstract: "Look around in a log on the whole screen of a terminal.",
        discussion: """
            The newest records are at the bottom. Arrows move, Enter shows a record and what it changed, \
            h the history of its instance, B which record set each of its properties; / filters, : jumps \
            to an offset or a time, ? lists all keys, q quits.

            Exit code 0: the end. 1: the log cannot be read, or something that was looked at is damaged. \
            64: there is no terminal.
            """)

    @OptionGroup var log: LogDirectoryArgument
    @OptionGroup var filter: FilterArguments

    @Option(
        help: ArgumentHelp(
            "Begin at this offset or time instead of at the end.", valueName: "place"))
    var from: LogPlace?

    func run() throws {
        guard RawTerminal.isThere else {
            throw ValidationError(
                "browse needs a terminal for input and output; livelog log cat prints the records.")
        }
        let damage = BrowserDamage()
        let filter = try self.filter.filter()
        let (log, place) = try self.orFail { () throws(StorageError) in
            let log = try self.open(damage)
            return (log, try self.from?.offset(in: log))
        }
        guard let terminal = RawTerminal() else {
            Diagnostics.say("the terminal cannot be used: livelog log cat prints the records")
            throw ExitCode.failure
        }
        let size = terminal.size
        var browser = Browser(
            log, name: self.log.path, from: place, filter: filter,
            filterText: ([self.filter.model].compactMap(\.self) + self.filter.conditions)
                .joined(separator: " "),
            damage: damage, width: size.width, height: size.height)
        self.show(&browser, on: terminal, damage)
        terminal.close()
        for text in damage.texts { Diagnostics.say("damaged: \(text)") }
        if damage.count > 0 { throw ExitCode.failure }
    }

    private func open(_ damage: BrowserDamage) throws(StorageError) -> ChangeLog {
        try LogInspector(self.log.directory).openLog(damage: damage.handler)
    }

    private func show(
        _ browser: inout Browser, on terminal: RawTerminal, _ damage: BrowserDamage
    ) {
        var renderer = ScreenRenderer()
        var width = terminal.size.width
        while true {
            terminal.write(renderer.text(browser.screen, width: width))
            switch terminal.next() {
            case .gone:
                return
            case .resized:
                let size = terminal.size
                width = size.width
                browser.resize(width: size.width, height: size.height)
                renderer.forget()
            case .keys(let keys):
                for key in keys {
                    switch browser.press(key) {
                    case .goOn: break
                    case .quit: return
                    case .reload: self.reload(&browser, damage)
                    }
                }
            }
        }
    }

    private func reload(_ browser: inout Browser, _ damage: BrowserDamage) {
        do throws(StorageError) {
            browser.reopen(try self.open(damage))
        } catch {
            browser.say(error.description)
        }
    }
}
