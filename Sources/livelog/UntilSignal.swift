import UnixSignals

/// Runs `body` and cancels it when the process is asked to stop; then the result is `nil`.
func untilSignal<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            do {
                return try await body()
            } catch is CancellationError {
                return nil
            }
        }
        group.addTask {
            for await _ in signals { break }
            return nil
        }
        var result: Result?
        while let outcome = try await group.next() {
            // Whichever ends first also ends the other.
            group.cancelAll()
            result = outcome ?? result
        }
        return result
    }
}
