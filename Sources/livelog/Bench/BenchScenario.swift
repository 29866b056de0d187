import ArgumentParser
import LoadTest

/// A scenario of `livelog bench`, with the options that are its own.
protocol BenchScenario: AsyncParsableCommand {
    /// What is run.
    var scenario: Scenario { get }
    /// Where, and how it is told.
    var bench: BenchOptions { get }
    /// Options that a server needs which is started for this scenario.
    var serveArguments: [String] { get }
    /// What deliveries must keep to, if the highest rate at which they do is wanted.
    var objective: Objective? { get throws(LoadError) }
    /// Puts the scenario's own options into `options`.
    func apply(to options: inout LoadOptions)
}

extension BenchScenario {
    var serveArguments: [String] { [] }
    var objective: Objective? { get throws(LoadError) { nil } }

    mutating func validate() throws {
        do throws(LoadError) {
            _ = try self.loadOptions()
            _ = try self.objective
        } catch {
            throw ValidationError(error.message)
        }
    }

    mutating func run() async throws {
        try await BenchRun(
            scenario: self.scenario, bench: self.bench, options: self.loadOptions(),
            objective: self.objective,
            serveArguments: self.serveArguments
        ).run()
    }

    private func loadOptions() throws(LoadError) -> LoadOptions {
        var options = LoadOptions()
        options.target = self.bench.target
        options.model = self.bench.model
        options.patience = self.bench.patience
        self.apply(to: &options)
        try options.validate()
        return options
    }
}
