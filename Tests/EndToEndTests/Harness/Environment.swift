import Foundation

/// What the surroundings say about this run.
enum Environment {
    /// Where a test that cannot run fails instead of being left out.
    static let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] == "true"
}
