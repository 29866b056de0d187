import Foundation
import Synchronization

/// A program that a test started: its output line by line, its end, and what it complained about.
///
/// The one reader of the output is the test. When the test is cancelled, by its time limit too,
/// whatever waits here stops waiting. A program that nobody holds any more is killed.
final class ChildProcess: Sendable {
    /// How a program ended.
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    let name: String
    let processIdentifier: Int32
    private let process: Process
    private let lines: AsyncStream<String>
    private let ended: Task<Ending, Never>
    private let complaints = LineCollector()
    private let complained: Task<Void, Never>

    /// Starts a program.
    ///
    /// - Parameter directory: The working directory; the repository's root when `nil`.
    init(
        _ executable: URL,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: URL = Places.repository
    ) throws {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice

        let (lines, output) = AsyncStream.makeStream(of: String.self)
        process.standardOutput = Pipe.split {
            output.yield($0)
        } atEnd: {
            output.finish()
        }
        let (silences, silence) = AsyncStream.makeStream(of: Void.self)
        process.standardError = Pipe.split { [complaints] in
            complaints.append($0)
        } atEnd: {
            silence.finish()
        }
        self.complained = Task { for await _ in silences {} }

        let (endings, ending) = AsyncStream.makeStream(of: Ending.self)
        process.terminationHandler = { process in
            let status = process.terminationStatus
            ending.yield(
                process.terminationReason == .exit ? .exited(status) : .killed(signal: status))
            ending.finish()
        }
        self.name = executable.lastPathComponent
        self.lines = lines
        self.ended = Task {
            for await ending in endings { return ending }
            return .killed(signal: SIGKILL)
        }
        try process.run()
        self.process = process
        self.processIdentifier = process.processIdentifier
    }

    deinit {
        if process.isRunning { Self.kill(processIdentifier) }
    }

    /// Kills a program and those that it started: each program leads a process group of its own.
    private static func kill(_ processIdentifier: Int32) {
        Glibc.kill(-processIdentifier, SIGKILL)
    }

    /// The next line of the output, or `nil` when the program has closed it.
    func nextLine() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Reads lines until one passes `isWanted`.
    ///
    /// - Throws: `Failure` with what the program wrote to its error output, when it ends first.
    func line(where isWanted: (String) throws -> Bool) async throws -> String {
        while let line = await nextLine() {
            if try isWanted(line) { return line }
        }
        throw failure("ended its output before the awaited line")
    }

    /// Ends the program as a power cut of the process: it cannot react.
    func kill() async {
        if process.isRunning { Self.kill(processIdentifier) }
        _ = await ended.value
    }

    /// Waits for the end; a cancelled wait kills the program.
    @discardableResult
    func ending() async -> Ending {
        await withTaskCancellationHandler {
            await ended.value
        } onCancel: {
            if process.isRunning { Self.kill(processIdentifier) }
        }
    }

    /// What the program wrote to its error output so far.
    var errorOutput: String { complaints.text }

    /// All that the program wrote to its error output: waits until it, and whoever has it from it, has closed that.
    var finalErrorOutput: String {
        get async {
            await complained.value
            return complaints.text
        }
    }

    /// An error that tells who failed and what it said.
    func failure(_ what: String) -> Failure {
        Failure("\(name) (pid \(processIdentifier)) \(what); its error output:\n\(errorOutput)")
    }
}

/// What a test could not go on with.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Lines that arrive on one thread and are read on another.
private final class LineCollector: Sendable {
    private let lines = Mutex<[String]>([])

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
}

extension Pipe {
    /// A pipe that hands over each line, and what is left at the end.
    ///
    /// A thread of its own reads it, and ends with the last program that holds the writing side.
    fileprivate static func split(
        _ onLine: @escaping @Sendable (String) -> Void,
        atEnd: @escaping @Sendable () -> Void = {}
    ) -> Pipe {
        let pipe = Pipe()
        let reading = pipe.fileHandleForReading
        Thread.detachNewThread {
            var partial = Data()
            while case let data = reading.availableData, !data.isEmpty {
                partial.append(data)
                var lines = partial.split(
                    separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                partial = Data(lines.removeLast())
                for line in lines { onLine(String(decoding: line, as: UTF8.self)) }
            }
            if !partial.isEmpty { onLine(String(decoding: partial, as: UTF8.self)) }
            atEnd()
        }
        return pipe
    }
}
