import LoadTest

/// The result of a load test as a table for people.
struct BenchTable {
    private let result: LoadResult

    init(_ result: LoadResult) { self.result = result }

    /// The table, ending with a new line.
    var text: String {
        let parameters = self.result.parameters.sorted { $0.key < $1.key }
            .map { "\($0.key.replacing("_", with: " ")) \($0.value.description)" }.joined(
                separator: ", ")
        var lines = [
            "\(self.result.scenario.rawValue) on \(self.result.target.rawValue): \(parameters)", "",
        ]
        let figures = self.result.figures.sorted { $0.key < $1.key }.map {
            Figure(name: $0.key, value: $0.value)
        }
        let width =
            (figures.map(\.label.count) + self.result.latenciesUs.keys.map(\.count)).max() ?? 0
        for figure in figures {
            lines.append("  \(figure.label.padded(to: width))  \(figure.text)")
        }
        for (name, latency) in self.result.latenciesUs.sorted(by: { $0.key < $1.key })
        where latency.count > 0 {
            lines += [
                "",
                "  " + name.replacing("_", with: " ")
                    + ": milliseconds of \(grouped(Double(latency.count)))",
            ]
            let columns = [
                ("mean", latency.mean), ("p50", latency.p50), ("p90", latency.p90),
                ("p99", latency.p99),
                ("p99.9", latency.p999), ("p99.99", latency.p9999), ("max", latency.max),
            ]
            lines.append("  " + columns.map { $0.0.padded(to: 10) }.joined())
            lines.append(
                "  " + columns.map { decimal($0.1 / 1000, digits: 3).padded(to: 10) }.joined())
        }
        let machine = self.result.machine
        lines += [
            "", "  Every client got its events in order: none lost, none twice.",
            "  \(self.result.version); \(machine.processor), \(machine.cores) cores, "
                + "\(byteText(machine.memoryBytes)), Linux \(machine.kernel), load average \(machine.loadAverage)",
        ]
        return lines.map { line in
            var line = Substring(line)
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

/// A figure with its unit, which is the end of its name.
private struct Figure {
    let name: String
    let value: Double

    private static let units = [
        ("_cpu_s_per_million", "CPU s a million"), ("_records_per_second", "records a second"),
        ("_per_second", "a second"), ("_bytes_each", "bytes each"), ("_ms_each", "ms each"),
        ("_bytes_per_hour", "bytes an hour"), ("_percent", "%"), ("_seconds", "s"), ("_us", "µs"),
    ]

    private var unit: (suffix: String, text: String)? {
        Self.units.first { self.name.hasSuffix($0.0) }.map { ($0.0, $0.1) }
    }

    var label: String {
        String(self.name.dropLast(self.unit?.suffix.count ?? 0)).replacing("_", with: " ")
            .replacing(" bytes", with: "")
    }

    var text: String {
        if self.unit == nil, self.name.hasSuffix("_bytes") { return byteText(Int(self.value)) }
        let number = abs(self.value) >= 1000 ? grouped(self.value) : decimal(self.value, digits: 3)
        return self.unit.map { "\(number) \($0.text)" } ?? number
    }
}

extension String {
    /// The text with spaces after it, up to a width.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }
}
