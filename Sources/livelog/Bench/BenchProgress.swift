import LoadTest
import Synchronization

/// The line that shows a person what a load test does. Does nothing if nobody watches.
final class BenchProgress: Sendable {
    private struct State {
        var line = ProgressLine()
        var phase = ""
        /// When the last sample ended.
        var seconds = 0.0
    }

    private let scenario: Scenario
    private let state = Mutex(State())

    /// Creates a line for a scenario.
    init(scenario: Scenario) { self.scenario = scenario }

    /// Shows what happens.
    func show(_ progress: LoadGenerator.Progress) {
        self.state.withLock { state in
            switch progress {
            case .phase(let phase):
                state.phase = phase
                state.line.show { "\(self.scenario.rawValue): \(phase)" }
            case .sample(let sample):
                // A new measurement begins anew.
                let time =
                    sample.seconds > state.seconds ? sample.seconds - state.seconds : sample.seconds
                state.seconds = sample.seconds
                let phase = state.phase
                state.line.show {
                    "\(self.scenario.rawValue): \(phase), \(decimal(sample.seconds, digits: 1)) s, "
                        + "\(grouped(Double(sample.deliveries) / time))/s, "
                        + "p99 \(decimal(sample.p99Us / 1000, digits: 2)) ms, "
                        + "server \(decimal(sample.serverCpuS / time, digits: 2)) cores, "
                        + byteText(sample.serverResidentBytes)
                }
            }
        }
    }

    /// Takes the line away.
    func clear() { self.state.withLock { $0.line.clear() } }
}
