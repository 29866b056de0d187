import ArgumentParser
import Glibc
import LoadTest
import LogStorage
import NIOCore
import NIOPosix

/// One run of `livelog bench`, from its server to its result.
struct BenchRun {
    let scenario: Scenario
    let bench: BenchOptions
    let options: LoadOptions
    let objective: Objective?
    let serveArguments: [String]

    /// Runs it and prints what it found.
    ///
    /// - Throws: `ExitCode.failure` after saying why.
    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        _ = Machine.raiseFileLimit()
        let result: LoadResult?
        do {
            result = try await untilSignal { try await self.measure() }
        } catch let error as LoadError {
            Diagnostics.say("\(self.scenario.rawValue) failed: \(error.message)")
            throw ExitCode.failure
        }
        guard let result else {
            Diagnostics.say("stopped before there was a result")
            throw ExitCode.failure
        }
        if let file = self.bench.html {
            do {
                try HTMLReport(of: result).write(to: file)
            } catch {
                Diagnostics.say(error.message)
                throw ExitCode.failure
            }
        }
        switch self.bench.format {
        case .json: StandardStream.output.write(try result.json() + "\n")
        case .text: StandardStream.output.write(BenchTable(result).text)
        }
    }

    private func measure() async throws -> LoadResult {
        if let server = self.bench.given { return try await self.measure(server) }
        return try await LocalServer.run(
            executable: "/proc/self/exe", version: Version.text,
            acknowledgement: self.bench.ack.rawValue,
            arguments: self.serveArguments, directory: self.bench.directory
        ) { try await self.measure($0) }
    }

    private func measure(_ server: LoadedServer) async throws -> LoadResult {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let progress = BenchProgress(scenario: self.scenario)
        let generator = LoadGenerator(
            on: loops.next(), beside: loops.next(), server: server, options: self.options
        ) { progress.show($0) }
        let result: Result<LoadResult, any Error>
        do {
            if let objective {
                result = .success(try await generator.findRate(holding: objective))
            } else {
                result = .success(try await generator.run(self.scenario))
            }
        } catch {
            result = .failure(error)
        }
        progress.clear()
        try await loops.shutdownGracefully()
        return try result.get()
    }
}
