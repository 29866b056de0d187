/// What deliveries must keep to: a percentile of their lateness below a limit.
package struct Objective: Sendable {
    /// Of all deliveries, in percent.
    package var percentile: Double
    /// In nanoseconds.
    package var limit: UInt64

    /// Reads `p99<10ms`, `p99.9<500us`, `p50<1s`.
    ///
    /// - Throws: ``LoadError/Code/invalidOptions`` with an example.
    package init(_ text: String) throws(LoadError) {
        let parts = text.split(separator: "<", maxSplits: 1).map(String.init)
        let units: [(String, Double)] = [("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]
        guard parts.count == 2, parts[0].first == "p",
            let percentile = Double(parts[0].dropFirst()),
            percentile > 0, percentile <= 100,
            let unit = units.first(where: { parts[1].hasSuffix($0.0) }),
            let amount = Double(parts[1].dropLast(unit.0.count)), amount > 0, amount * unit.1 < 1e15
        else {
            throw LoadError(
                .invalidOptions,
                "an objective is a percentile below a time, such as p99<10ms, not \(text)")
        }
        self.percentile = percentile
        self.limit = UInt64(amount * unit.1)
    }
}

extension LoadGenerator {
    /// One rate that was tried.
    private struct Trial {
        var rate: Double
        var measurement: Measurement
        /// Why the objective does not hold; `nil` if it does.
        var reason: String?
    }

    /// Finds the highest rate of events at which an objective holds, and nothing piles up: twice as high each time
    /// until it does not, then between the last two until they are within 5 %.
    ///
    /// The result is that of the highest rate that held. All rates are tried on the same clients, in the same log.
    package func findRate(holding objective: Objective) async throws -> LoadResult {
        defer { self.close() }
        let load = try await self.openFanout()
        _ = try await self.deliver(
            load, pace: .rate(10), groups: 0..<self.options.groups,
            seconds: max(self.options.warmup, 0.5), "warming up")
        var best: (trial: Trial, figures: [String: Double])?
        var trials: [Trial] = []
        var rate = self.options.rate ?? 10
        var failing: Double?
        while trials.count < 24 {
            let trial = try await self.attempt(rate, load, objective)
            trials.append(trial)
            self.tell("\(decimal(rate)) events a second: \(trial.reason ?? "holds")")
            if trial.reason == nil {
                best = (trial, self.figures(of: trial.measurement, load))
            } else {
                failing = rate
            }
            guard let failing else {
                rate *= 2
                continue
            }
            let low = best?.trial.rate ?? 0
            // Below one event a second there is nothing to find.
            if failing <= low * 1.05 || failing < 1 { break }
            rate = low > 0 ? (low + failing) / 2 : failing / 2
        }
        guard let best else {
            throw LoadError(
                .late, "the objective does not even hold at \(decimal(rate)) events a second")
        }
        var figures = best.figures
        figures["highest_rate"] = best.trial.rate
        figures["trials"] = Double(trials.count)
        return try self.result(
            .fanout, load, parameters: self.fanoutParameters(rate: best.trial.rate),
            figures: figures,
            latencies: ["delivery": best.trial.measurement.latency],
            series: best.trial.measurement.samples)
    }

    /// Tries a rate.
    private func attempt(_ rate: Double, _ load: Load, _ objective: Objective) async throws -> Trial
    {
        let measurement = try await self.deliver(
            load, pace: .rate(rate), groups: 0..<self.options.groups, seconds: self.options.seconds,
            "trying \(decimal(rate)) events a second")
        return Trial(
            rate: rate, measurement: measurement, reason: Self.reason(measurement, rate, objective))
    }

    private static func reason(_ measurement: Measurement, _ rate: Double, _ objective: Objective)
        -> String?
    {
        let late = measurement.latency.value(atPercentile: objective.percentile)
        if late >= objective.limit {
            return "p\(decimal(objective.percentile)) is \(decimal(Double(late) / 1e6)) ms"
        }
        // The last sample is that of draining.
        let samples = measurement.samples.dropLast()
        let backlog = slope(of: samples.map { ($0.seconds, Double($0.outstanding)) })
        if backlog > rate * 0.02 {
            return "the backlog grows by \(decimal(backlog)) events a second"
        }
        // A growing log needs some memory; what piles up needs more.
        let growth = slope(of: samples.map { ($0.seconds, Double($0.serverOwnBytes)) })
        if let least = samples.map(\.serverOwnBytes).min(),
            growth * measurement.seconds > max(Double(least), 64e6)
        {
            return "memory grows by \(decimal(growth / 1e6)) MB a second"
        }
        return nil
    }
}

/// The slope of a line through points by least squares; 0 if there are fewer than two.
func slope(of points: [(x: Double, y: Double)]) -> Double {
    let count = Double(points.count)
    guard count >= 2 else { return 0 }
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    return spread == 0 ? 0 : points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread
}

/// A number with at most two decimals.
private func decimal(_ value: Double) -> String {
    let hundredths = (value * 100).rounded() / 100
    return hundredths == hundredths.rounded() ? "\(Int(hundredths))" : "\(hundredths)"
}
