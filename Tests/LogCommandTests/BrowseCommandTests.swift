import Foundation
import Glibc
import Testing

/// `livelog log browse` on a terminal.
@Suite struct BrowseCommandTests {
    private static let enter = "\u{1B}[?1049h"
    private static let leave = "\u{1B}[?1049l"

    @Test func keysMoveAroundAndTheTerminalIsGivenBack() throws {
        try withSampleLog { path in
            let terminal = try PseudoTerminal("browse", path)
            #expect(terminal.wait(for: Self.enter) && terminal.wait(for: "> 1999"))
            #expect(!terminal.isRestored)
            // A key that arrives in pieces.
            try terminal.send("\u{1B}")
            try terminal.send("[A")
            #expect(terminal.wait(for: "> 1998"))
            try terminal.send("h")
            #expect(terminal.wait(for: "history of todo."))
            try terminal.send("\u{1B}")
            #expect(terminal.wait(for: "records of \(path)"))
            try terminal.send(":7\r\r")
            #expect(terminal.wait(for: "record 7") && terminal.wait(for: "list_id: "))
            try terminal.send("q")
            terminal.finish()
            #expect(terminal.process.terminationStatus == 0)
            #expect(terminal.output.contains(Self.leave) && terminal.isRestored)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func aSignalGivesTheTerminalBack(signal: Int32) throws {
        try withSampleLog(changes: 40) { path in
            let terminal = try PseudoTerminal("browse", path)
            #expect(terminal.wait(for: "> 39"))
            kill(terminal.process.processIdentifier, signal)
            terminal.finish()
            #expect(terminal.process.terminationReason == .uncaughtSignal)
            #expect(terminal.process.terminationStatus == signal)
            #expect(terminal.output.contains(Self.leave) && terminal.isRestored)
        }
    }

    @Test func anotherSizeIsDrawnAndNoColorIsRespected() throws {
        try withSampleLog(changes: 40) { path in
            let terminal = try PseudoTerminal(
                "browse", path, "--from", "3", "--model", "todo.Task", "--where", "list_id=1",
                environment: ["NO_COLOR": "1"])
            #expect(terminal.wait(for: "> ") && terminal.wait(for: "/todo.Task list_id=1"))
            try terminal.resize(columns: 30, rows: 6)
            kill(terminal.process.processIdentifier, SIGWINCH)
            #expect(terminal.wait(for: "\u{1B}[6;1H"))
            try terminal.send("q")
            terminal.finish()
            #expect(terminal.isRestored)
            for colour in [1, 2, 31, 32, 33] {
                #expect(!terminal.output.contains("\u{1B}[\(colour)m"))
            }
        }
    }

    @Test func withoutATerminalItSaysWhatToDo() throws {
        try withSampleLog(changes: 20) { path in
            let result = try Command("browse", path)
            #expect(result.status == 64 && result.output.isEmpty)
            #expect(result.errors.contains("needs a terminal"))
            #expect(result.errors.contains("livelog log cat"))
        }
    }
}
